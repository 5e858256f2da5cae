"""The session cookie and the tokens of forms, both authenticated by a key that only this installation can derive."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from api.clock import to_ms
from api.keys import Purpose

if TYPE_CHECKING:
    from api.keys import KeyStore

#: Without a call for so long, the person is logged out.
IDLE = timedelta(minutes=15)
_INFO = b"jorei-portal-session/1"


class Cookies:
    """Makes and reads cookies. The key follows the installation's token key, and changes when that is rotated."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    def cookie(self, session: str, now: datetime, ends: datetime) -> str:
        """The value of the cookie: session, its last moment without another call, and their MAC."""
        body = f"{session}.{_letters(min(to_ms(now + IDLE), to_ms(ends)))}"
        return f"{body}.{self._mac('cookie', body)}"

    def session(self, value: str, now: datetime) -> str | None:
        """The session of a cookie that is ours and not past its time."""
        body, _, mac = value.rpartition(".")
        session, _, last = body.rpartition(".")
        if not session or not hmac.compare_digest(mac.encode(), self._mac("cookie", body).encode()):
            return None
        return session if to_ms(now) < _number(last) else None

    def form_token(self, session: str) -> str:
        """What a form of this session has to bring back."""
        return self._mac("form", session)

    def is_form_token(self, session: str, token: str) -> bool:
        """Whether a form came from a page of this session."""
        return hmac.compare_digest(token.encode(), self.form_token(session).encode())

    def _mac(self, purpose: str, text: str) -> str:
        """base32, so that no run of digits in it looks like an Individual Number."""
        made = hmac.new(self._key(), f"{purpose}|{text}".encode(), hashlib.sha256).digest()
        return base64.b32encode(made).decode("ascii").rstrip("=").lower().translate(_WITHOUT_DIGITS)

    def _key(self) -> bytes:
        private = self._keys.signing_key(Purpose.TOKEN).private_key
        if not isinstance(private, Ed25519PrivateKey):
            raise TypeError("the key of tokens is no Ed25519 key")
        return HKDF(hashes.SHA256(), 32, None, _INFO).derive(private.private_bytes_raw())


_WITHOUT_DIGITS = str.maketrans("234567", "BCDEFG")


def _letters(number: int) -> str:
    """A number in letters: milliseconds have thirteen digits, and no cookie is to look like a number of a person.

    Examples:
        >>> _letters(1024), _number(_letters(1024))
        ('bace', 1024)
    """
    return str(number).translate(str.maketrans("0123456789", "abcdefghij"))


def _number(letters: str) -> int:
    digits = letters.translate(str.maketrans("abcdefghij", "0123456789"))
    return int(digits) if digits.isascii() and digits.isdecimal() else 0
