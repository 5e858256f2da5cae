"""Reads the body of a request strictly: what two readers could read differently, or what may be a number of a person,
is refused before anything is decided.

Refused are malformed UTF-8 and JSON, NaN and infinities, integers beyond 2^53, duplicate member names at any depth,
nesting beyond a limit, and any run of twelve digits in any member name or value. Nothing of the body is repeated.

How it is fast: `msgspec` decodes (its strictness covers UTF-8, NaN, lone surrogates and trailing text) but keeps the
last of two equal names. One walk over the decoded value counts names and strings; each is written with two quotation
marks, so a body without escapes that holds more quotation marks than twice that count held a name twice. That takes
half the time of `json.loads` with `object_pairs_hook` (3 µs against 5 µs for 317 bytes), which reads bodies with
escapes. Twelve digits are looked for with regular expressions over the whole text, wider than the rule; only where
it finds something, `engine.reading.digits_anywhere` decides.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import msgspec

from engine.reading import digits_anywhere

#: Integers that every reader of JSON keeps exactly (RFC 7493).
SAFE_INTEGER: Final = 2**53 - 1
_LARGE = 10**11  # from here on an integer may be read as a run of twelve digits

_decode = msgspec.json.Decoder().decode

# ASCII digits as 0, what may stand between them deleted, all else as x
_TABLE: Final = bytes(0x30 if 0x30 <= code <= 0x39 else 0x78 for code in range(256))
_BETWEEN: Final = b" \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f-_.,/:|"
_RUN: Final = b"0" * 12

#: Beside ASCII, what Japanese is written with; a character outside it may be a digit of another script, or made of some.
_OUTSIDE: Final = re.compile("[^\0-\x7f\u3000-\u3020\u3041-\u3096\u30a1-\u30ff\u4e00-\u9fff\uff01-\uffef]")
_DIGIT = "0-9０-９〇零一二三四五六七八九"
#: What may stand between digits: more than the rule allows, namely all blanks and marks.
_MARKS = (
    r"\t-\r\x1c-\x20!#-/:-@\[-`{-~\u3000-\u3006\u3008-\u3020\u30fb-\u30ff"
    r"\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff70"
)
_SUSPECT: Final = re.compile(f"[{_DIGIT}](?:[{_MARKS}]*[{_DIGIT}]){{11}}")


class Unreadable(Exception):
    """A body that is refused before it is looked at; `name` says why (`api.service.problems`)."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def read(body: bytes, depth: int) -> Any:
    """The value that a body holds.

    Args:
        body: The bytes of the body.
        depth: How deep objects and arrays may be nested.

    Raises:
        Unreadable: Named `body-empty`, `body-malformed`, `duplicate-member`, `nesting-too-deep`,
            `number-out-of-range` or `personal-number-not-allowed`.
    """
    try:
        value = _decode(body)
    except RecursionError:
        raise Unreadable("nesting-too-deep") from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        raise Unreadable("body-malformed" if body.strip(b" \t\r\n") else "body-empty") from None
    kind = value.__class__
    if kind is dict or kind is list:
        strings, doubtful = _walk(value, depth)
    else:
        strings, doubtful = _of_scalar(value)
    if b"\\" in body:
        _refuse_duplicates(body)
        doubtful = True
    elif body.count(b'"') != 2 * strings:
        raise Unreadable("duplicate-member")
    if doubtful or _suspect(body):
        _refuse_digits(value)
    return value


def _walk(value: Any, depth: int) -> tuple[int, bool]:
    """How many strings a value holds, names among them, and whether a number in it needs a closer look."""
    if depth <= 0:
        raise Unreadable("nesting-too-deep")
    doubtful = False
    if value.__class__ is dict:
        strings = len(value)
        value = value.values()
    else:
        strings = 0
    for inner in value:
        kind = inner.__class__
        if kind is str:
            strings += 1
        elif kind is dict or kind is list:
            more, doubt = _walk(inner, depth - 1)
            strings += more
            doubtful = doubtful or doubt
        elif kind is int or kind is float:
            doubtful = _of_number(inner) or doubtful
    return strings, doubtful


def _of_scalar(value: Any) -> tuple[int, bool]:
    if value.__class__ is str:
        return 1, False
    return 0, value.__class__ in (int, float) and _of_number(value)


def _of_number(value: float) -> bool:
    if value.__class__ is float:
        return True
    if not -SAFE_INTEGER <= value <= SAFE_INTEGER:
        # a run of digits is the graver fault: say that one
        raise Unreadable("personal-number-not-allowed" if digits_anywhere(value) else "number-out-of-range")
    return not -_LARGE < value < _LARGE


def _suspect(body: bytes) -> bool:
    """Whether twelve digits may run on somewhere: sometimes true without need, never false where they do."""
    if body.isascii():
        return _RUN in body.translate(_TABLE, _BETWEEN)
    text = body.decode()
    return _OUTSIDE.search(text) is not None or _SUSPECT.search(text) is not None


def _refuse_digits(value: Any) -> None:
    try:
        found = digits_anywhere(value)
    except ValueError:  # an integer of thousands of digits has no text
        found = True
    if found:
        raise Unreadable("personal-number-not-allowed")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable("duplicate-member")
    return found


_unique = json.JSONDecoder(object_pairs_hook=_pairs).decode


def _refuse_duplicates(body: bytes) -> None:
    try:
        _unique(body.decode())
    except (ValueError, RecursionError):
        raise Unreadable("body-malformed") from None
