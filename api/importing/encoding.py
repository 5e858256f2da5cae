"""Bytes to text: byte order marks, declared encodings, and the encodings that Japanese files come in."""

from __future__ import annotations

import re

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_\-]+)""", re.IGNORECASE)
_NAMES = {
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "ms932": "cp932",
    "x-euc-jp": "euc-jp",
}
_SHOWN = {
    "utf-8-sig": "UTF-8",
    "utf-8": "UTF-8",
    "cp932": "シフトJIS（CP932）",
    "euc-jp": "EUC-JP",
    "utf-16": "UTF-16",
    "iso2022_jp": "JIS",
}


def decode(data: bytes) -> tuple[str, str] | None:
    """The text of a file and the name of its encoding; None when it is text in no encoding known here.

    Args:
        data: the file's bytes.

    Examples:
        >>> decode("第１条（趣旨）この条例は、".encode("euc-jp"))
        ('第１条（趣旨）この条例は、', 'EUC-JP')
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _strict(data, name)
    if b"\x1b$" in data or b"\x1b(" in data:
        found = _strict(data, "iso2022_jp")
        if found:
            return found
    declared = _DECLARED.search(data[:4096])
    if declared:
        name = declared.group(1).decode("ascii").lower()
        found = _strict(data, _NAMES.get(name, name))
        if found:
            return found
    found = _strict(data, "utf-8")
    if found:
        return found
    candidates = [c for c in (_strict(data, "cp932"), _strict(data, "euc-jp")) if c]
    return max(candidates, key=lambda c: _likeness(c[0]), default=None)


def _strict(data: bytes, name: str) -> tuple[str, str] | None:
    try:
        text = data.decode(name)
    except (UnicodeError, LookupError, ValueError):
        return None
    return (text, _SHOWN.get(name, name.upper())) if "\x00" not in text else None


def _likeness(text: str) -> float:
    """How much a text looks Japanese: kana and the words of ordinances, against half-width kana and rare kanji."""
    if not text:
        return 0.0
    kana = sum("ぁ" <= c <= "ヶ" or c in "、。（）「」" for c in text)
    half = sum("｡" <= c <= "ﾟ" for c in text)
    rare = sum("\ue000" <= c <= "\uf8ff" for c in text)
    words = sum(text.count(w) for w in ("第", "条", "事務", "規定", "する", "及び"))
    return (kana + 2 * words - 2 * half - 3 * rare) / len(text)
