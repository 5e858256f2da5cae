"""`client_secret_jwt` (RFC 7523): a client proves that it knows its secret without sending it, once for each proof."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from sqlalchemy import delete, insert
from sqlalchemy.exc import IntegrityError

from api.callers import tables
from api.callers.strict import NotStrict, jws_parts
from api.clock import Clock, to_ms
from api.storage.database import Database

ALGORITHM: Final = "HS256"
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_LIFE: Final = timedelta(minutes=5)
_LONGEST_JTI = 200
#: How long a used assertion is remembered after it has expired, should the clock be stepped back.
_KEEP = timedelta(days=1)
#: Checked against when there is no such client, so that the answer takes as long.
_NOBODY: Final = OctKey.import_key(secrets.token_bytes(32))


class AssertionRefused(Exception):
    """An assertion is not good. Its text is English (RFC 6749 asks for ASCII) and repeats nothing of it."""


def client_of(assertion: str) -> str:
    """The client that an assertion names, unverified."""
    try:
        _, claims = jws_parts(assertion)
    except NotStrict:
        raise AssertionRefused("malformed assertion") from None
    found = claims.get("sub")
    if not isinstance(found, str) or claims.get("iss") != found:
        raise AssertionRefused("iss and sub must be the client_id")
    return found


class Assertions:
    """Verifies assertions and remembers which were used.

    Args:
        audiences: what `aud` may name: the issuer or the token endpoint.
        skew: by how much the clocks may differ.
    """

    def __init__(
        self, database: Database, clock: Clock, audiences: Collection[str], skew: timedelta = timedelta(seconds=30)
    ) -> None:
        self._database, self._clock, self._audiences, self._skew = database, clock, frozenset(audiences), skew

    def verify(self, assertion: str, client_id: str, secret: str | None) -> None:
        """Check every claim and use the assertion up.

        Args:
            secret: of the client; None when there is no such client or it has none.

        Raises:
            AssertionRefused: for whatever reason.
        """
        key = _NOBODY if secret is None else OctKey.import_key(secret.encode())
        try:
            header, claims = jws_parts(assertion)
            if header.get("alg") != ALGORITHM or header.get("typ", "JWT") != "JWT":
                raise AssertionRefused("algorithm must be HS256")
            jws.deserialize_compact(assertion, key, algorithms=[ALGORITHM])
        except (JoseError, NotStrict, ValueError):
            raise AssertionRefused("client authentication failed") from None
        if secret is None or claims.get("iss") != client_id or claims.get("sub") != client_id:
            raise AssertionRefused("client authentication failed")
        self._check_audience(claims.get("aud"))
        self._use(client_id, self._jti(claims), self._expiry_ms(claims))

    def _check_audience(self, audience: Any) -> None:
        named = audience if isinstance(audience, list) else [audience]
        if not any(isinstance(one, str) and one in self._audiences for one in named):
            raise AssertionRefused("wrong audience")

    def _expiry_ms(self, claims: dict[str, Any]) -> int:
        now, skew = to_ms(self._clock.now()), self._skew // timedelta(milliseconds=1)
        expires = _ms(claims.get("exp"))
        if expires is None:
            raise AssertionRefused("exp is required")
        if expires <= now - skew:
            raise AssertionRefused("assertion expired")
        if expires > now + skew + LONGEST_LIFE // timedelta(milliseconds=1):
            raise AssertionRefused("exp is more than five minutes ahead")
        for name in ("iat", "nbf"):
            if name in claims:
                at = _ms(claims[name])
                if at is None or at > now + skew:
                    raise AssertionRefused("assertion not yet valid")
        return expires

    @staticmethod
    def _jti(claims: dict[str, Any]) -> str:
        jti = claims.get("jti")
        if not isinstance(jti, str) or not 1 <= len(jti) <= _LONGEST_JTI:
            raise AssertionRefused("jti is required")
        return jti

    def _use(self, client_id: str, jti: str, expires_ms: int) -> None:
        """Write down that it was used; refuse when it was already. Only the hash of what the client chose is kept."""
        used = tables.caller_assertion
        row = {
            "client_id": client_id,
            "jti": hashlib.sha256(jti.encode("utf-8", "surrogatepass")).digest(),
            "expires_ms": expires_ms,
        }
        old = to_ms(self._clock.now() - self._skew - _KEEP)
        try:
            with self._database.begin() as connection:
                connection.execute(insert(used), row)
                connection.execute(delete(used).where(used.c.expires_ms < old))
        except IntegrityError:
            raise AssertionRefused("assertion already used") from None


def _ms(value: object) -> int | None:
    """Milliseconds of a NumericDate."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
        return None
    return int(value * 1000)
