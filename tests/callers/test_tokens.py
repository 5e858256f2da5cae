"""Attacks on access tokens. Each attack differs from a token that is accepted in the one thing it attacks."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OKPKey

from api.callers import NotAuthenticated, Role
from api.callers.model import EVALUATE, LOG_READ
from api.callers.tokens import Tokens
from api.clock import FixedClock
from api.keys import KeyStore, Purpose
from tests.callers.conftest import BASE, House


def _encode(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, claims, _ = token.split(".")
    return tuple(json.loads(base64.urlsafe_b64decode(p + "=" * (-len(p) % 4))) for p in (header, claims))  # type: ignore[return-value]


def _signed(header: dict[str, Any], claims: Any, sign: Callable[[bytes], bytes]) -> str:
    message = f"{_encode(header)}.{_encode(claims)}"
    return f"{message}.{_encode(sign(message.encode()))}"


def _sign(here: House) -> Callable[[bytes], bytes]:
    private = here.keys.signing_key(Purpose.TOKEN).get_op_key("sign")
    assert isinstance(private, Ed25519PrivateKey)
    return private.sign


@pytest.fixture
def secret(here: House, clock: FixedClock) -> str:
    here.add()
    made = here.register.rotate_secret("child-medical")
    clock.advance(timedelta(seconds=1))
    return made


@pytest.fixture
def token(here: House, secret: str) -> str:
    return here.token(secret)


def _resigned(here: House, token: str, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """The token signed again with the right key, some things changed."""
    old_header, old_claims = _parts(token)
    changed = {n: v for n, v in (old_claims | claims).items() if v is not ...}
    key = here.keys.signing_key(Purpose.TOKEN)
    return jws.serialize_compact(old_header | (header or {}), json.dumps(changed), key, algorithms=["Ed25519"])


def _refused(here: House, token: str) -> None:
    with pytest.raises(NotAuthenticated) as refused:
        here.who(f"Bearer {token}")
    assert token not in str(refused.value)
    assert refused.value.headers == (("WWW-Authenticate", 'Bearer realm="jorei", error="invalid_token"'),)


def test_a_token_is_of_one_type_and_short(here: House, token: str) -> None:
    header, claims = _parts(token)
    assert (header["alg"], header["typ"]) == ("Ed25519", "at+jwt")
    assert claims["exp"] - claims["iat"] <= 15 * 60
    assert claims["iss"] == BASE
    assert here.who(f"Bearer {token}").client_id == "child-medical"
    assert here.who(f"Bearer {_resigned(here, token)}").client_id == "child-medical", (
        "the attacks below start from here"
    )


def test_no_token_lives_longer_than_fifteen_minutes(keys: KeyStore, clock: FixedClock) -> None:
    with pytest.raises(ValueError, match="fifteen"):
        Tokens(keys, clock, BASE, timedelta(minutes=15, seconds=1))


def test_a_token_holds_only_what_it_was_asked_for(here: House, secret: str) -> None:
    assert here.who(f"Bearer {here.token(secret, scope=EVALUATE)}").scopes == {EVALUATE}


def test_a_token_gives_no_scope_that_the_caller_lost(here: House, token: str) -> None:
    forged = _resigned(here, token, scope=f"{EVALUATE} {LOG_READ}")
    assert here.who(f"Bearer {forged}").scopes == {EVALUATE}


def test_without_a_signature(here: House, token: str) -> None:
    header, claims = _parts(token)
    for alg in ("none", "None", "NONE", ""):
        _refused(here, f"{_encode(header | {'alg': alg})}.{_encode(claims)}.")
    _refused(here, token.rsplit(".", 1)[0] + ".")


def test_the_public_key_as_a_shared_secret(here: House, token: str) -> None:
    header, claims = _parts(token)
    public = here.keys.signing_key(Purpose.TOKEN)
    raw = base64.urlsafe_b64decode(str(public.as_dict(private=False)["x"]) + "=")
    pem = public.as_pem(private=False)
    for shared in (raw, pem, str(public.as_dict(private=False)["x"]).encode()):
        _refused(here, _signed(header | {"alg": "HS256"}, claims, lambda m, k=shared: hmac.digest(k, m, "sha256")))


def test_the_right_key_under_another_name_of_the_algorithm(here: House, token: str) -> None:
    header, claims = _parts(token)
    assert here.who(f"Bearer {_signed(header, claims, _sign(here))}").client_id == "child-medical"
    for alg in ("EdDSA", "ed25519", "Ed448", "HS256", "none", None, 1):
        _refused(here, _signed(header | {"alg": alg}, claims, _sign(here)))


def test_a_key_of_the_strangers_own(here: House, token: str) -> None:
    header, claims = _parts(token)
    own = OKPKey.generate_key("Ed25519")
    for changed in ({}, {"kid": own.thumbprint()}, {"jwk": own.as_dict(private=False)}, {"kid": ...}):
        sent = {n: v for n, v in (header | changed).items() if v is not ...}
        _refused(here, jws.serialize_compact(sent, json.dumps(claims), own, algorithms=["Ed25519"]))


def test_a_key_of_another_purpose(here: House, token: str) -> None:
    header, claims = _parts(token)
    other = here.keys.signing_key(Purpose.PERMIT)
    for kid in (other.kid, header["kid"]):
        _refused(here, jws.serialize_compact(header | {"kid": kid}, json.dumps(claims), other, algorithms=["Ed25519"]))


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "jorei-linkage"},
        {"aud": ...},
        {"aud": ["jorei", "other"]},
        {"iss": "https://other.example"},
        {"iss": f"{BASE}/"},
        {"sub": "other-client"},
        {"client_id": "other-client"},
        {"sub": "nobody", "client_id": "nobody"},
        {"exp": ...},
        {"exp": "2099"},
        {"exp": True},
        {"exp": None},
        {"exp": 10**30},
        {"exp": -1},
        {"iat": ...},
        {"jti": ...},
        {"jti": 7},
        {"scope": ...},
        {"scope": ["jorei:decision:evaluate"]},
        {"cnf": {}},
        {"cnf": {"jkt": "x"}},
        {"cnf": "x"},
        {"cnf": {"x5t#S256": None}},
    ],
    ids=str,
)
def test_claims_that_are_not_right(here: House, token: str, change: dict[str, Any]) -> None:
    _refused(here, _resigned(here, token, **change))


@pytest.mark.parametrize(
    "header",
    [{"typ": "JWT"}, {"typ": "authz-permit+jwt"}, {"typ": None}, {"crit": ["kid"]}, {"kid": "other"}, {"b64": True}],
    ids=str,
)
def test_headers_that_are_not_right(here: House, token: str, header: dict[str, Any]) -> None:
    changed, claims = _parts(token)
    _refused(here, _signed(changed | header, claims, _sign(here)))


def test_repeated_members(here: House, token: str) -> None:
    header, claims = _parts(token)
    doubled = json.dumps(claims)[:-1] + ',"client_id":"child-medical"}'
    _refused(here, _signed(header, doubled.encode(), _sign(here)))


def test_a_token_ends_to_the_millisecond(here: House, token: str, clock: FixedClock) -> None:
    life = timedelta(minutes=10) - (clock.now() - clock.now().replace(microsecond=0))
    clock.advance(life - timedelta(milliseconds=1))
    here.who(f"Bearer {token}")
    clock.advance(timedelta(milliseconds=1))
    with pytest.raises(NotAuthenticated) as refused:
        here.who(f"Bearer {token}")
    assert refused.value.code == "C0503"


def test_a_clock_stepped_back_lets_no_token_live_longer(here: House, token: str, clock: FixedClock) -> None:
    clock.advance(timedelta(seconds=-20))
    here.who(f"Bearer {token}")
    clock.advance(timedelta(hours=-1))
    here.authenticator._remembered.clear()
    _refused(here, token)


def test_a_revoked_signing_key_signs_nobody_in(here: House, token: str) -> None:
    kid = here.keys.signing_key(Purpose.TOKEN).kid
    assert kid is not None
    here.keys.revoke(kid)
    here.authenticator._remembered.clear()
    _refused(here, token)


def test_tokens_of_a_key_rotated_out_live_on(here: House, token: str) -> None:
    here.keys.rotate(Purpose.TOKEN)
    here.authenticator._remembered.clear()
    assert here.who(f"Bearer {token}").client_id == "child-medical"


@given(st.integers(0, 10_000), st.integers(1, 255))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_changed_byte_passes(here: House, token: str, place: int, change: int) -> None:
    raw = bytearray(token.encode())
    at = place % len(raw)
    raw[at] = (raw[at] ^ change) & 0x7F
    if bytes(raw) != token.encode():
        with pytest.raises(NotAuthenticated):
            here.authenticator.authenticate([(b"authorization", b"Bearer " + bytes(raw))], None)


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_refused_and_nothing_else(here: House, sent: bytes) -> None:
    for credential in (sent, b"Bearer " + sent, b"ApiKey " + sent, b"Bearer a.b." + sent, b"jk_" + sent):
        with pytest.raises(NotAuthenticated):
            here.authenticator.authenticate([(b"authorization", credential)], None)


def test_a_token_of_one_caller_is_not_anothers(here: House, token: str) -> None:
    here.add("auditor-one", Role.AUDITOR)
    assert here.who(f"Bearer {token}").client_id == "child-medical"
    _refused(here, _resigned(here, token, client_id="auditor-one"))
