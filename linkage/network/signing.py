"""Requests signed by intermediate servers and answers signed by the network: Ed25519, one use, for a minute.

A signature covers the sender, the time, a nonce, the method, the path with its query, and the hash of the body; an
answer's covers the nonce it answers, its status and its body. So neither side can be spoken for, and an answer cannot be
put under another request.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import threading
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from api.clock import Clock, to_ms
from linkage.network.refusals import NetworkRefused
from linkage.network.sealing import kept_secret

MEMBER, AT, NONCE, SIGNATURE = "x-jorei-member", "x-jorei-at", "x-jorei-nonce", "x-jorei-signature"
#: How far the clocks of two machines may differ.
WINDOW_MS = 60_000


class SignKey:
    """A private key, in a file of mode 0600."""

    def __init__(self, file: Path) -> None:
        raw = kept_secret(file, lambda: Ed25519PrivateKey.generate().private_bytes_raw())
        self._key = Ed25519PrivateKey.from_private_bytes(raw)
        self.public = encoded(self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> str:
        """The signature, base64url."""
        return encoded(self._key.sign(message))


def encoded(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """The bytes of base64url without padding; none when it is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def request_headers(key: SignKey, member: str, clock: Clock, method: str, target: str, body: bytes) -> dict[str, str]:
    """The headers of a signed request; `target` is the path with its query."""
    at, nonce = str(to_ms(clock.now())), secrets.token_hex(16)
    return {
        MEMBER: member,
        AT: at,
        NONCE: nonce,
        SIGNATURE: key.sign(_request_words(member, at, nonce, method, target, body)),
    }


def answer_signature(key: SignKey, nonce: str, status: int, body: bytes) -> str:
    """The signature of an answer."""
    return key.sign(_answer_words(nonce, status, body))


def answer_holds(public: str, nonce: str, status: int, body: bytes, signature: str) -> bool:
    """Whether an answer is the network's, to this very request."""
    return _holds(public, _answer_words(nonce, status, body), signature)


class Gatekeeper:
    """Believes each signed request once. Requests older than this process are refused: it cannot know their nonces."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._started = to_ms(clock.now())
        self._seen: dict[str, int] = {}
        self._lock = threading.Lock()

    def believe(self, public: str | None, headers: Mapping[str, str], method: str, target: str, body: bytes) -> None:
        """Return when the request is its sender's, fresh, and not seen before.

        Raises:
            NetworkRefused: N0201.
        """
        member, at, nonce = (headers.get(name, "") for name in (MEMBER, AT, NONCE))
        words = _request_words(member, at, nonce, method, target, body)
        if public is None or not _holds(public, words, headers.get(SIGNATURE, "")):
            raise NetworkRefused("N0201", status=401)
        now = to_ms(self._clock.now())
        sent = int(at) if at.isdecimal() and at.isascii() else 0
        if abs(now - sent) > WINDOW_MS or sent < self._started - 1000:
            raise NetworkRefused("N0201", status=401)
        with self._lock:
            if nonce in self._seen:
                raise NetworkRefused("N0201", status=401)
            self._seen[nonce] = sent
            if len(self._seen) > 10_000:
                self._seen = {one: ms for one, ms in self._seen.items() if now - ms <= 2 * WINDOW_MS}


def _holds(public: str, words: bytes, signature: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(decoded(public)).verify(decoded(signature), words)
    except (InvalidSignature, ValueError):
        return False
    return True


def _request_words(member: str, at: str, nonce: str, method: str, target: str, body: bytes) -> bytes:
    parts = ("jorei-network/1", member, at, nonce, method, target, hashlib.sha256(body).hexdigest())
    return "\n".join(parts).encode()


def _answer_words(nonce: str, status: int, body: bytes) -> bytes:
    return "\n".join(("jorei-network-answer/1", nonce, str(status), hashlib.sha256(body).hexdigest())).encode()
