"""Identifiers that cannot be guessed and that never look like an Individual Number."""

from __future__ import annotations

import base64
import re
import secrets

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
LENGTH = 26

#: At least what the redactor masks: the part after the prefix holds no separators.
_TWELVE = re.compile(r"[2-7]{12}")
_PREFIX = re.compile(r"[a-z]{1,8}")


def new(prefix: str) -> str:
    """A fresh identifier of 128 random bits: prefix, `_`, 26 characters of base32.

    Examples:
        >>> len(new("ev")), new("ev")[:3]
        (29, 'ev_')
    """
    if not _PREFIX.fullmatch(prefix):
        raise ValueError("a prefix is one to eight letters")
    while True:
        drawn = base64.b32encode(secrets.token_bytes(16)).decode("ascii").rstrip("=").lower()
        if not _TWELVE.search(drawn):
            return f"{prefix}_{drawn}"
