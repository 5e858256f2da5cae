"""Access tokens: short, signed, of one type (RFC 9068), bound to a client certificate when there is one (RFC 8705)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from api import ids
from api.callers.model import Caller
from api.callers.refused import BAD_CREDENTIAL, EXPIRED, NotAuthenticated
from api.callers.strict import NotStrict, jws_parts
from api.clock import Clock, from_ms, to_ms
from api.keys import KeyStore, Purpose

ALGORITHM: Final = "Ed25519"
TYPE: Final = "at+jwt"
LONGEST_LIFE: Final = timedelta(minutes=15)
AUDIENCE: Final = "jorei"


class Token(msgspec.Struct, frozen=True):
    """What a verified token says."""

    client_id: str
    scopes: frozenset[str]
    issued_ms: int
    expires: datetime
    jti: str
    thumbprint: str | None


class Tokens:
    """Issues and verifies access tokens.

    Args:
        issuer: the base URL of the service.
        life: at most fifteen minutes.
        skew: how far a clock stepped back may make a token look as if it came from the future.
    """

    def __init__(
        self,
        keys: KeyStore,
        clock: Clock,
        issuer: str,
        life: timedelta = timedelta(minutes=10),
        skew: timedelta = timedelta(seconds=30),
    ) -> None:
        if not timedelta(seconds=1) <= life <= LONGEST_LIFE:
            raise ValueError("a token lives one second to fifteen minutes")
        self._keys, self._clock, self.issuer, self.life, self._skew = keys, clock, issuer, life, skew

    def issue(self, caller: Caller, scopes: Iterable[str], thumbprint: str | None = None) -> str:
        """A token for a caller that has authenticated, with some of its scopes."""
        now_ms = to_ms(self._clock.now())
        key = self._keys.signing_key(Purpose.TOKEN)
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": caller.client_id,
            "client_id": caller.client_id,
            "iat": now_ms / 1000,
            "exp": now_ms // 1000 + int(self.life.total_seconds()),
            "jti": ids.new("at"),
            "scope": " ".join(sorted(scopes)),
        }
        if thumbprint is not None:
            claims["cnf"] = {"x5t#S256": thumbprint}
        header = {"alg": ALGORITHM, "typ": TYPE, "kid": key.kid}
        return jws.serialize_compact(header, json.dumps(claims, separators=(",", ":")), key, algorithms=[ALGORITHM])

    def verify(self, token: str) -> Token:
        """What a token says, when every check passes.

        Raises:
            NotAuthenticated: else; nothing of the token is repeated.
        """
        try:
            header, claims = jws_parts(token)
            if header.get("alg") != ALGORITHM or header.get("typ") != TYPE:
                raise _bad()
            jws.deserialize_compact(token, self._key(header.get("kid")), algorithms=[ALGORITHM])
            found = self._read(claims)
        except (JoseError, NotStrict, ValueError, KeyError, TypeError, OverflowError):
            raise _bad() from None
        now = self._clock.now()
        if now >= found.expires:
            raise NotAuthenticated(EXPIRED, "アクセストークンの期限が切れています。取り直してください")
        if from_ms(found.issued_ms) > now + self._skew or found.expires > now + self.life + self._skew:
            raise _bad()
        return found

    def _key(self, kid: object) -> OKPKey:
        """The key of exactly this name, while it is trusted; none is tried by guess."""
        found = self._keys.verifying_key(Purpose.TOKEN, kid) if isinstance(kid, str) else None
        if found is None:
            raise _bad()
        return found

    def _read(self, claims: dict[str, Any]) -> Token:
        if claims["iss"] != self.issuer or claims["aud"] != AUDIENCE or claims["sub"] != claims["client_id"]:
            raise _bad()
        thumbprint = _text(claims["cnf"]["x5t#S256"]) if "cnf" in claims else None
        return Token(
            client_id=_text(claims["sub"]),
            scopes=frozenset(_text(claims["scope"]).split()),
            issued_ms=_ms(claims["iat"]),
            expires=from_ms(_ms(claims["exp"])),
            jti=_text(claims["jti"]),
            thumbprint=thumbprint,
        )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _ms(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
        raise TypeError
    return round(value * 1000)


def _bad() -> NotAuthenticated:
    return NotAuthenticated(BAD_CREDENTIAL, "アクセストークンが正しくありません")
