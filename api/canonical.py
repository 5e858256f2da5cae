"""Canonical JSON: RFC 8785 for values without floats, so that equal values have equal bytes and hashes."""

from __future__ import annotations

import re
from typing import Any

import msgspec

_ENCODE = msgspec.json.Encoder(order="sorted").encode
_AS_IS = msgspec.json.Encoder().encode

#: Integers that every reader of JSON keeps exact.
LARGEST = 2**53 - 1

#: What the fast encoder might have written otherwise than RFC 8785 asks, or from a value that has no canonical form:
#: null (also for NaN and infinities), fractions and exponents, long integers. Strings match too; the slow way then
#: writes the same.
_DOUBTFUL = re.compile(rb"[:\[,](?=[-n0-9])(?:null|-?[0-9]+[.eE]|-?[0-9]{16})")

#: All but the first bytes of characters beyond the first plane; RFC 8785 orders those by their UTF-16 units.
_FIRST_PLANE = bytes(code for code in range(256) if not 0xF0 <= code <= 0xF4)


class NotCanonicalError(ValueError):
    """The value has no canonical form here: a float, or an integer beyond 2^53."""


def canonical(value: Any) -> bytes:
    """The canonical JSON of a value; msgspec structs, dates and the like are written as msgspec writes them.

    Raises:
        NotCanonicalError: when it holds a float or an integer that JSON readers may round.

    Examples:
        >>> canonical({"b": [1, None], "a": "番号"}).decode()
        '{"a":"番号","b":[1,null]}'
    """
    try:
        written = _ENCODE(value)
    except UnicodeEncodeError:
        raise NotCanonicalError("a lone surrogate") from None
    if written[:1] in b'{["' and _DOUBTFUL.search(written) is None and not written.translate(None, _FIRST_PLANE):
        return written
    return _AS_IS(_ordered(msgspec.to_builtins(value)))


def _ordered(value: Any) -> Any:
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise NotCanonicalError("an integer beyond 2^53")
        return value
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=_utf16)}
    if isinstance(value, list | tuple):
        return [_ordered(one) for one in value]
    raise NotCanonicalError(f"a {type(value).__name__}")


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")
