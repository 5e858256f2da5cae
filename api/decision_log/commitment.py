"""Salted commitments: the leaf binds the body without showing it, and goes on doing so after the body is erased."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from typing import Final

SALT = 32

#: Digits that the redactor might take for an Individual Number; it looks across `-` and `_`.
_DIGITS = re.compile(r"\d(?:[-_]*\d){11}")

#: From 2,048 bytes on `hashlib` lets go of the interpreter, and a busy thread then keeps it for milliseconds.
_PIECE: Final = 2_047
_DRAWN: Final = 128  # salts at a time: `os.urandom` lets go of it too

_salts: list[bytes] = []
os.register_at_fork(after_in_child=_salts.clear)


def commitment(salt: bytes, body: bytes) -> str:
    """base64url of SHA-256(salt ‖ body)."""
    hashed = hashlib.sha256(salt)
    view = memoryview(body)
    for at in range(0, len(body), _PIECE):
        hashed.update(view[at : at + _PIECE])
    return base64.urlsafe_b64encode(hashed.digest()).decode("ascii").rstrip("=")


def committed(body: bytes) -> tuple[bytes, str]:
    """A fresh salt and its commitment, drawn again while the commitment looks like twelve digits."""
    while True:
        salt = _salt()
        found = commitment(salt, body)
        if _DIGITS.search(found) is None:
            return salt, found


def _salt() -> bytes:
    """Random bytes that nobody was given before; from any thread."""
    while True:
        try:
            return _salts.pop()
        except IndexError:
            drawn = os.urandom(SALT * _DRAWN)
            _salts.extend([drawn[at : at + SALT] for at in range(0, len(drawn), SALT)])
