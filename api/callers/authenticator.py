"""From the headers of a request to who calls. The core knows no web framework."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Final

import msgspec

from api.callers.certificates import thumbprint
from api.callers.limiting import Limits
from api.callers.model import Caller
from api.callers.refused import (
    BAD_CREDENTIAL,
    NO_CREDENTIAL,
    UNAVAILABLE,
    UNTRUSTED_PROXY,
    WRONG_CERTIFICATE,
    NotAuthenticated,
    RegisterUnavailable,
)
from api.callers.register import API_KEY, Known, Register, Snapshot, hash_of
from api.callers.tokens import Tokens
from api.clock import Clock
from api.keys import KeyRefused

if TYPE_CHECKING:
    from api.callers.endpoint import Endpoint

Headers = Iterable[tuple[bytes, bytes]]

_AUTHORIZATION: Final = b"authorization"
_MOST_REMEMBERED = 10_000
_LONGEST = 8_192 + 16
#: A credential is looked at anew after this many seconds, so that a revoked signing key lets nobody in for long.
_RECHECK = 5.0


class _Remembered(msgspec.Struct, frozen=True):
    caller: Caller
    expires: datetime | None
    recheck: float


class Authenticator:
    """Says who calls, by API key, bearer token or client certificate.

    What it found is remembered until the register changes, which it asks every `look_every` seconds (at once after a
    change in this process). When the register cannot be read, nobody is let in.

    Args:
        certificate_header: in which the proxies hand on the client certificate; None when there is no mTLS.
        proxies: addresses or networks whose header is believed. From anywhere else the header is refused.
    """

    def __init__(
        self,
        register: Register,
        tokens: Tokens,
        clock: Clock,
        limits: Limits,
        *,
        certificate_header: str | None = None,
        proxies: Iterable[str] = (),
        look_every: float = 1.0,
    ) -> None:
        self.register, self.tokens, self.limits, self._clock = register, tokens, limits, clock
        self._header = certificate_header.lower().encode("ascii") if certificate_header else b""
        networks = tuple(ip_network(text) for text in proxies)

        @lru_cache(maxsize=1024)
        def trusted(peer: str | None) -> bool:
            try:
                return peer is not None and any(ip_address(peer) in network for network in networks)
            except ValueError:
                return False

        self._trusted = trusted
        self._every = look_every
        self._look_at = 0.0
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._unavailable: RegisterUnavailable | None = None
        self._remembered: dict[tuple[bytes | None, bytes | None], _Remembered] = {}
        self.endpoint: Endpoint | None = None  # what answers /oauth, when it was opened with one
        register.changed.append(self.look_now)

    def look_now(self) -> None:
        """Ask the register at the next call."""
        self._look_at = 0.0

    def authenticate(self, headers: Headers, peer: str | None) -> Caller:
        """Who calls.

        Args:
            headers: names in lower case, as ASGI hands them on.
            peer: the address that the connection comes from.

        Raises:
            NotAuthenticated: no credential, or not a good one.
            RegisterUnavailable: the register cannot be read.
        """
        credential = certificate = None
        for name, value in headers:
            if name == _AUTHORIZATION:
                if credential is not None:
                    raise _bad()
                credential = value
            elif name == self._header:
                if certificate is not None:
                    raise _bad()
                certificate = value
        now = time.monotonic()
        if now >= self._look_at:
            self._look(now)
        if certificate is not None and not self._trusted(peer):
            raise NotAuthenticated(UNTRUSTED_PROXY, "証明書の見出しが、設定された中継装置から来ていません")
        found = self._remembered.get((credential, certificate))
        if found is not None and now < found.recheck and (found.expires is None or self._clock.now() < found.expires):
            return found.caller
        return self._first(credential, certificate, now)

    def admit(self, headers: Headers, peer: str | None) -> Caller:
        """Who calls, within its limit. Calls without a good credential are limited by where they come from.

        Raises:
            TooManyRequests: beside those of `authenticate`.
        """
        try:
            caller = self.authenticate(headers, peer)
        except NotAuthenticated:
            self.limits.stranger(peer)
            raise
        self.limits.caller(caller)
        return caller

    def known(self, client_id: str) -> Known | None:
        """An enabled caller of the register."""
        return self._current().callers.get(client_id)

    def certificate_of(self, headers: Headers, peer: str | None) -> str | None:
        """The x5t#S256 that a trusted proxy handed on, None without one."""
        values = [value for name, value in headers if self._header and name == self._header]
        if not values:
            return None
        if not self._trusted(peer):
            raise NotAuthenticated(UNTRUSTED_PROXY, "証明書の見出しが、設定された中継装置から来ていません")
        if len(values) > 1:
            raise _bad()
        return _shown(values[0])

    def by_token(self, token: str, certificate: str | None) -> tuple[Caller, datetime]:
        """The caller of an access token, with the scopes of the token only, and until when.

        Raises:
            NotAuthenticated: also when the caller was disabled, or its secret renewed, after the token was made.
        """
        try:
            read = self.tokens.verify(token)
        except KeyRefused:
            raise RegisterUnavailable(UNAVAILABLE, "鍵のフォルダを読めないため、トークンを確かめられません") from None
        known = self._current().callers.get(read.client_id)
        if known is None or read.issued_ms < known.tokens_from_ms:
            raise _bad()
        if read.thumbprint is not None and (certificate is None or not _same(read.thumbprint, certificate)):
            raise _wrong_certificate()
        caller = known.caller
        return msgspec.structs.replace(caller, scopes=caller.scopes & read.scopes), read.expires

    def _first(self, credential: bytes | None, certificate: bytes | None, now: float) -> Caller:
        """Check a credential that is not remembered; remember it when it is good."""
        remembered = self._remembered  # of the revision that the snapshot below has, or of one before
        shown = _shown(certificate)
        by_certificate = self._by_certificate(shown)
        expires = None
        if credential is None:
            if by_certificate is None:
                raise NotAuthenticated(NO_CREDENTIAL, "認証が要ります")
            caller = by_certificate
        else:
            caller, expires = self._by_credential(credential, shown)
            if by_certificate is not None and by_certificate.client_id != caller.client_id:
                raise _wrong_certificate()
        if len(remembered) >= _MOST_REMEMBERED:
            remembered.clear()
        remembered[(credential, certificate)] = _Remembered(caller, expires, now + _RECHECK)
        return caller

    def _by_certificate(self, shown: str | None) -> Caller | None:
        if shown is None:
            return None
        snapshot = self._current()
        client_id = snapshot.thumbprints.get(shown)
        return None if client_id is None else snapshot.callers[client_id].caller

    def _by_credential(self, credential: bytes, certificate: str | None) -> tuple[Caller, datetime | None]:
        if len(credential) > _LONGEST or not credential.isascii():
            raise _bad()
        scheme, _, rest = credential.decode("ascii").strip().partition(" ")
        if not rest and scheme.startswith(API_KEY):
            return self._by_api_key(scheme), None
        secret, scheme = rest.strip(), scheme.lower()
        if scheme in ("bearer", "apikey") and secret.startswith(API_KEY):
            return self._by_api_key(secret), None
        if scheme == "bearer":
            return self.by_token(secret, certificate)
        raise _bad()

    def _by_api_key(self, key: str) -> Caller:
        snapshot = self._current()
        client_id = snapshot.keys.get(hash_of(key))
        if client_id is None:
            raise _bad()
        return snapshot.callers[client_id].caller

    def _current(self) -> Snapshot:
        now = time.monotonic()
        if self._snapshot is None or now >= self._look_at:
            self._look(now)
        assert self._snapshot is not None
        return self._snapshot

    def _look(self, now: float) -> None:
        """Read the register again when its revision has moved; forget what was remembered of the one before.

        After a failure it is not asked again before its time, so that callers do not all wait for a dead database.
        """
        with self._lock:
            if now < self._look_at:
                if self._unavailable is not None:
                    raise self._unavailable
                return
            try:
                if self._snapshot is None or self.register.revision() != self._snapshot.revision:
                    self._snapshot = self.register.snapshot()
                    self._remembered = {}
                self._unavailable = None
            except RegisterUnavailable as refused:
                self._unavailable = refused
                self._remembered, self._snapshot = {}, None
                raise
            finally:
                self._look_at = time.monotonic() + self._every


def _shown(certificate: bytes | None) -> str | None:
    if certificate is None:
        return None
    found = thumbprint(certificate)
    if found is None:
        raise _bad()
    return found


def _same(a: str, b: str) -> bool:
    return hmac.compare_digest(a.encode(), b.encode())


def _bad() -> NotAuthenticated:
    return NotAuthenticated(BAD_CREDENTIAL, "認証の情報が正しくありません")


def _wrong_certificate() -> NotAuthenticated:
    return NotAuthenticated(WRONG_CERTIFICATE, "クライアント証明書が、この認証の情報のものではありません")
