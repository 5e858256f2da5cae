"""A token read as a permit: its form, its seal, whom it is for, and its time. Nothing of it is believed before that."""

from __future__ import annotations

import hmac
from typing import Any, Protocol

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from api.canonical import NotCanonicalError, canonical
from api.clock import Clock, to_ms
from api.keys import ALGORITHM, KeyRefused, Purpose
from api.permits.issuing import REGISTRY
from api.permits.model import ISSUER, LIFE, TYPE, Claims, Permit, binding_hash, decoded
from api.permits.refusals import (
    BAD_SIGNATURE,
    EXPIRED,
    MALFORMED,
    NOT_YET,
    UNKNOWN_KEY,
    WRONG_AUDIENCE,
    WRONG_CALLER,
    PermitRefused,
)

#: How far the clock that issued may be ahead of the clock that verifies. Nothing is given after the end.
AHEAD_MS = 2_000

_LONGEST = 65_536


class Keys(Protocol):
    """Where the verifier looks keys up (`api.keys.KeyStore`)."""

    def verifying_key(self, purpose: Purpose, kid: str) -> OKPKey | None:
        """The key of a name while it is trusted."""
        ...


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The only header there is; `crit` or any other member is refused."""

    alg: str
    kid: str
    typ: str


def verify(
    token: str,
    keys: Keys,
    clock: Clock,
    *,
    audience: str,
    caller: str,
    issuer: str = ISSUER,
    thumbprint: str | None = None,
) -> Permit:
    """The permit of a token.

    Args:
        token: the compact JWS.
        keys: whose permit keys are trusted.
        clock: the time.
        audience: who verifies.
        caller: who shows it.
        issuer: who must have issued it.
        thumbprint: x5t#S256 of the certificate by which the caller came, if it did.

    Raises:
        PermitRefused: P0310 to P0316.
    """
    claims = opened(token, keys)
    addressed(claims, audience=audience, caller=caller, issuer=issuer, thumbprint=thumbprint)
    timely(claims, clock)
    return claims.permit()


def opened(token: str, keys: Keys) -> Claims:
    """The claims of a token whose form and seal are right."""
    header, payload, _ = _segments(token)
    head = _strictly(header, _Header)
    if head.typ != TYPE or head.alg != ALGORITHM:
        raise PermitRefused(MALFORMED)
    try:
        key = keys.verifying_key(Purpose.PERMIT, head.kid)
    except KeyRefused:
        key = None
    if key is None:
        raise PermitRefused(UNKNOWN_KEY)
    try:
        jws.deserialize_compact(token, key, registry=REGISTRY)
    except (JoseError, ValueError, TypeError):
        raise PermitRefused(BAD_SIGNATURE) from None
    claims: Claims = _strictly(payload, Claims)
    if claims.binding_hash != binding_hash(claims.binding) or claims.log is None or claims.log.index < 0:
        raise PermitRefused(MALFORMED)
    try:
        sound = len(decoded(claims.ruleset.digest)) == len(decoded(claims.log.leaf_hash)) == 32
    except ValueError:
        sound = False
    if not sound:
        raise PermitRefused(MALFORMED)
    return claims


def addressed(claims: Claims, *, audience: str, caller: str, issuer: str, thumbprint: str | None) -> None:
    """Refuse what was issued by another, for another verifier or for another caller."""
    if claims.iss != issuer or audience not in claims.aud:
        raise PermitRefused(WRONG_AUDIENCE)
    if claims.sub != caller:
        raise PermitRefused(WRONG_CALLER)
    if claims.cnf is not None and not hmac.compare_digest(claims.cnf.x5t.encode(), (thumbprint or "").encode()):
        raise PermitRefused(WRONG_CALLER)


def timely(claims: Claims, clock: Clock) -> None:
    """Refuse what is past its time, before it, or was given more time than there is."""
    now = to_ms(clock.now())
    if not 0 < claims.exp - claims.iat <= LIFE or claims.nbf < claims.iat:
        raise PermitRefused(MALFORMED)
    if now >= claims.exp * 1000:
        raise PermitRefused(EXPIRED)
    if claims.nbf * 1000 > now + AHEAD_MS:
        raise PermitRefused(NOT_YET)


def _segments(token: str) -> list[bytes]:
    """The three parts; each must be the one way to write its bytes, or a token could be altered unseen."""
    parts = token.split(".") if isinstance(token, str) and len(token) <= _LONGEST and token.isascii() else []
    if len(parts) != 3:
        raise PermitRefused(MALFORMED)
    try:
        return [decoded(part) for part in parts]
    except ValueError:
        raise PermitRefused(MALFORMED) from None


def _strictly(data: bytes, form: type[Any]) -> Any:
    """JSON of a form, written canonically: so no member twice, none unknown, no other way to say the same."""
    try:
        value = msgspec.json.decode(data, type=form, strict=True)
        if canonical(value) == data:
            return value
    except (msgspec.MsgspecError, NotCanonicalError, UnicodeError, RecursionError):
        pass
    raise PermitRefused(MALFORMED)
