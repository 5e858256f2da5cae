"""Runs of eleven to thirteen digits leave no trace: the last line before every sink.

An Individual Number has twelve digits, a residence record code eleven, a corporate number thirteen. The check digit is
never asked: a wrong number is personal too. What is masked stays as long as it was, so that columns and offsets hold.
Wider than `dsl.masking`, which spares rule files: here digits of any script count (full width, circled, kanji),
between any marks, blanks and invisible characters, also percent-encoded or as JSON escapes.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Set
from datetime import date, time, timedelta
from enum import Enum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final
from urllib.parse import unquote

import msgspec

SHORTEST: Final = 11
LONGEST: Final = 13
STAR: Final = "*"
_DEEPEST = 24
_TOO_DEEP = "…"

_KANJI = {ch: str(i) for i, ch in enumerate("〇一二三四五六七八九")} | {"零": "0"}
#: what of the plain text may hold a number: eleven digits with no letter between
_SUSPECT = re.compile(r"[0-9](?:[^0-9A]*[0-9]){10}")
_CHAIN = re.compile(r"[0-9][0-9 ]*")
_GROUP = re.compile(r"[0-9]+")
_ASCII_PLAIN = {i: "A" if chr(i).isalpha() else chr(i) if chr(i).isdigit() else " " for i in range(128)}


def _day(mark: str) -> str:
    """A day as ISO or with slashes or points, its mark under a name of its own."""
    return (
        rf"(?:1[89]|20|21)[0-9]{{2}}(?P<{mark}>[-/.])(?:0?[1-9]|1[0-2])(?P={mark})"
        r"(?:0?[1-9]|[12][0-9]|3[01])(?![0-9])"
    )


_HOUR = r"(?:[01][0-9]|2[0-4]):[0-5][0-9](?::[0-6][0-9](?:[.,][0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?(?![0-9])"
#: a moment: unmistakable by its colons, wherever it stands
_MOMENT = re.compile(rf"(?<![0-9]){_day('a')}[T ]{_HOUR}")
#: days alone: spared only when the whole chain of digits consists of days
_DAYS_ONLY = re.compile(rf"{_day('a')}(?:[^0-9A-Za-z]+{_day('b')})*[^0-9A-Za-z]*")
_CLOCK_ONLY = re.compile(rf"{_HOUR}[^0-9A-Za-z]*")
_UUID = re.compile(
    r"(?<![0-9A-Za-z])[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}"
    r"-(?=[0-9]*[a-fA-F])[0-9a-fA-F]{12}(?![0-9A-Za-z])"
)
#: digests and trace ids: hexadecimal of 32 places or more, with letters among them
_HEXADECIMAL = re.compile(r"(?<![0-9A-Za-z])(?=[0-9a-f]*[a-f][0-9a-f]*[a-f])[0-9a-f]{32,128}(?![0-9A-Za-z])")
_AUTHORITY = re.compile(r"(?<=://)[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]{1,5})?(?![0-9])")
_SPARED = (_MOMENT, _UUID, _HEXADECIMAL, _AUTHORITY)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|U0([0-9a-fA-F]{7})|[abfnrtv\\/'\"])")


def redact_text(text: str) -> str:
    """The text with every run of eleven to thirteen digits as asterisks.

    Examples:
        >>> redact_text("番号 1234-5678 ９０１２"), redact_text("2016-08-02 12:34:56.789、ev_a2b3")
        ('番号 ****-**** ****', '2016-08-02 12:34:56.789、ev_a2b3')
        >>> redact_text("Key (n)=(123456789012) exists"), redact_text("/v1/x?n=1234%2D5678%2D9012")
        ('Key (n)=(************) exists', '/v1/x?n=****-****-****')
    """
    if "%" in text:
        text = _decoded_when_suspect(text, unquote(text))
    if "\\" in text:
        text = _decoded_when_suspect(text, _unescaped(text))
    return _masked(text)


def _unescaped(text: str) -> str:
    """Escapes of JSON and Python as their characters, those beyond 16 bits too; what is only a mark as a blank."""
    plain = _ESCAPE.sub(_meant, text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _meant(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2] or escape[3]
    return " " if code is None else chr(min(int(code, 16), 0x10FFFF))


def _decoded_when_suspect(text: str, decoded: str) -> str:
    """The decoded text when decoding brings a number to light, else the text as it is."""
    return decoded if decoded != text and _masked(decoded) != decoded else text


def is_clean(text: str) -> bool:
    """Whether the text may leave as it is."""
    return redact_text(text) == text


def _masked(text: str) -> str:
    plain, places = _plain(text)
    if _SUSPECT.search(plain) is None:
        return text
    hidden = set(_hidden(text, plain, places))
    if not hidden:
        return text
    return "".join(STAR if i in hidden else ch for i, ch in enumerate(text))


def _plain(text: str) -> tuple[str, list[int] | None]:
    """Digits as ASCII, letters as A, all else blank; and the place in `text` of each character (None: the same)."""
    if text.isascii():
        return text.translate(_ASCII_PLAIN), None
    signs = [_sign(ch) for ch in text]
    plain = "".join(signs)
    if len(plain) == len(text) and "" not in signs:
        return plain, None
    return plain, [i for i, sign in enumerate(signs) for _ in sign]


@lru_cache(maxsize=8192)
def _sign(ch: str) -> str:
    """What one character is: its digits in ASCII, A for a letter, a blank for a mark."""
    if ch in _KANJI:
        return _KANJI[ch]
    decimal = unicodedata.decimal(ch, None)
    if decimal is not None:
        return str(decimal)
    folded = unicodedata.normalize("NFKC", ch)
    digits = "".join(str(unicodedata.decimal(c)) for c in folded if unicodedata.decimal(c, None) is not None)
    if digits and not any(c.isalpha() for c in folded):
        return digits  # ① ⑫ ⑴ ¹
    digit = unicodedata.digit(ch, None)
    if digit is not None:
        return str(digit)
    return "A" if unicodedata.category(ch)[0] == "L" and ch not in "ーｰ" else " "


def _hidden(text: str, plain: str, places: list[int] | None) -> Iterator[int]:
    """The places in the text of the digits to hide."""
    bare = plain if places is None else "".join(plain)
    signs = list(bare)
    if places is None:
        for shape in _SPARED:
            for found in shape.finditer(text):
                signs[found.start() : found.end()] = "A" * (found.end() - found.start())
    for chain in _CHAIN.finditer("".join(signs)):
        groups = [m.span() for m in _GROUP.finditer("".join(signs), chain.start(), chain.end())]
        if places is None and _only_times(text[groups[0][0] : groups[-1][1]]):
            continue
        for start, end in _windows(groups):
            for at in range(start, end):
                if signs[at] != " ":
                    yield at if places is None else places[at]


def _only_times(text: str) -> bool:
    return _DAYS_ONLY.fullmatch(text) is not None or _CLOCK_ONLY.fullmatch(text) is not None


def _windows(groups: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Every stretch of neighbouring groups that holds eleven to thirteen digits."""
    lengths = [end - start for start, end in groups]
    for first in range(len(groups)):
        total = 0
        for last in range(first, len(groups)):
            total += lengths[last]
            if total > LONGEST:
                break
            if total >= SHORTEST:
                yield groups[first][0], groups[last][1]


def redact(value: Any, depth: int = 0) -> Any:
    """Any structure as JSON would hold it, without such runs in any key, text or number.

    Days, times, truth values and None stay as they are; a number of eleven to thirteen digits becomes asterisks.

    Examples:
        >>> redact({"a": [123456789012, "番号123456789012", 0.25, True], "b": date(2016, 1, 1)})
        {'a': ['************', '番号************', 0.25, True], 'b': '2016-01-01'}
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return redact(value.value, depth)
    if isinstance(value, str):
        return redact_text(str(value))
    if isinstance(value, int):
        return STAR * len(str(abs(value))) if SHORTEST <= len(str(abs(value))) <= LONGEST else value
    if isinstance(value, float):
        return value if abs(value) < 10 ** (SHORTEST - 1) else redact_text(f"{value:.0f}")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta | IPv4Address | IPv6Address):
        return str(value)
    return _TOO_DEEP if depth >= _DEEPEST else _redact_inside(value, depth + 1)


def _redact_inside(value: Any, depth: int) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        return redact_text(bytes(value).decode("utf-8", "replace"))
    if isinstance(value, Mapping):
        return {_key(k, depth): redact(v, depth) for k, v in value.items()}
    if isinstance(value, BaseException):
        return {"type": type(value).__name__, "message": redact_text(str(value))}
    if isinstance(value, msgspec.Struct):
        return {name: redact(getattr(value, name), depth) for name in value.__struct_fields__}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: redact(getattr(value, f.name), depth) for f in dataclasses.fields(value)}
    if isinstance(value, Set | list | tuple) or (isinstance(value, Iterable) and isinstance(value, Iterator)):
        return [redact(v, depth) for v in value]
    return redact_text(str(value))


def _key(key: Any, depth: int) -> str:
    shown = redact(key, depth)
    return shown if isinstance(shown, str) else str(shown)
