"""Client certificates as a trusted reverse proxy hands them on: only their SHA-256 matters (x5t#S256)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from urllib.parse import unquote

_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{64}")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]{43}")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*")
_LONGEST = 16_384


def thumbprint(value: bytes) -> str | None:
    """The x5t#S256 of what a proxy's header holds; None when it holds none.

    Taken are the SHA-256 itself in hexadecimal (with or without colons) or base64url, and the certificate as RFC 9440
    writes it (`:base64:`) or as percent-encoded PEM (nginx `$ssl_client_escaped_cert`).

    Examples:
        >>> thumbprint(b"00" * 32)
        'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
        >>> thumbprint(b"nothing") is None
        True
    """
    if len(value) > _LONGEST or not value.isascii():
        return None
    text = value.decode("ascii").strip()
    bare = text.replace(":", "")
    if _HEXADECIMAL.fullmatch(bare):
        return _encoded(bytes.fromhex(bare))
    if _BASE64URL.fullmatch(text):
        return text
    der = _der(text)
    return None if der is None else _encoded(hashlib.sha256(der).digest())


def _der(text: str) -> bytes | None:
    try:
        if len(text) > 2 and text[0] == text[-1] == ":":
            return base64.b64decode(text[1:-1], validate=True)
        found = _PEM.fullmatch(unquote(text))
        return None if found is None else base64.b64decode("".join(found[1].split()), validate=True)
    except (ValueError, binascii.Error):
        return None


def _encoded(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
