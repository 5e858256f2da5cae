"""Runs of twelve digits: what may be an Individual Number is refused in rule files and never shown."""

from __future__ import annotations

import hashlib
import re
import unicodedata

#: blanks and hyphens of any width that may stand between groups
_BETWEEN = r"[\s\-‐‑‒–—―−ー－ｰ﹣_]*"
_TWELVE = re.compile(rf"(?<!\d)(?<!\d[\-\s])\d(?:{_BETWEEN}\d){{11}}(?!{_BETWEEN}\d)")
_DATES = re.compile(r"\d{4}-\d{2}-\d{2}")


#: a decimal digit of any script
_ANY_DIGIT = re.compile(r"\d")


def twelve_digits(text: str) -> tuple[tuple[int, int], ...]:
    """The ranges of a line that hold exactly twelve digits, full or half width, alone or in groups.

    Examples:
        >>> twelve_digits("番号 1234-5678 ９０１２ です"), twelve_digits("平成28年1月1日、2016-08-02、12345678901234")
        (((3, 17),), ())
    """
    if len(_ANY_DIGIT.findall(text)) < 12:
        return ()
    plain = "".join(_digit(ch) for ch in text)
    dates = [m.span() for m in _DATES.finditer(plain)]
    found = []
    for match in _TWELVE.finditer(plain):
        start, end = match.span()
        if not any(low < end and start < high for low, high in dates):
            found.append((start, end))
    return tuple(found)


def _digit(ch: str) -> str:
    """A digit of any script as ASCII, so that positions stay."""
    return str(unicodedata.decimal(ch)) if unicodedata.decimal(ch, None) is not None else ch


def mask(text: str) -> str:
    """The text with such digits as asterisks; its length stays.

    Examples:
        >>> mask("番号 1234 5678 9012")
        '番号 **** **** ****'
    """
    out = list(text)
    for start, end in twelve_digits(text):
        out[start:end] = ["*" if unicodedata.decimal(ch, None) is not None else ch for ch in out[start:end]]
    return "".join(out)


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal, hashed again while it holds twelve digits in a row: one digest in forty would.

    Such a digest could stand in no record, since nobody can tell that run from an Individual Number.

    Examples:
        >>> digest(b"25")[:12] == hashlib.sha256(b"25").hexdigest()[:12], twelve_digits(digest(b"25"))
        (True, ())
    """
    found = hashlib.sha256(data).hexdigest()
    while twelve_digits(found):
        found = hashlib.sha256(bytes.fromhex(found)).hexdigest()
    return found
