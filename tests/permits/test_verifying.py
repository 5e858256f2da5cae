"""The attack list: whatever is done to a token, it is refused, and for the reason."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.jwk import OKPKey

from api.canonical import canonical
from api.keys import KeyStore, Purpose
from api.permits import PermitRefused, verify
from tests.permits.office import CALLER, SHOW, Office, coded, parts, raw, sealed

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*utcfromtimestamp.*:DeprecationWarning"),
]


def code(office: Office, token: str, **more: Any) -> str:
    """The code by which the verifier refuses."""
    fields: dict[str, Any] = {"audience": "jorei-linkage", "caller": CALLER}
    try:
        verify(token, office.keys, office.clock, **(fields | more))
    except PermitRefused as refused:
        return refused.code
    raise AssertionError("it was taken")


def test_a_sound_token_sealed_by_hand_is_taken(desk: Office) -> None:
    """So that what follows is refused for what was changed, not for how it was made."""
    _, claims, _ = parts(desk.token())
    token = sealed(desk, claims)
    assert verify(token, desk.keys, desk.clock, audience="jorei-linkage", caller=CALLER).act == SHOW


# ---- the header -------------------------------------------------------------------------------------


def test_alg_none(desk: Office) -> None:
    token = desk.token()
    _, payload, _ = token.split(".")
    for alg in ("none", "None", "NONE", ""):
        kid = parts(token)[0]["kid"]
        header = coded(json.dumps({"alg": alg, "kid": kid, "typ": "authz-permit+jwt"}, separators=(",", ":")).encode())
        assert code(desk, f"{header}.{payload}.") == "P0310"
        assert code(desk, f"{header}.{payload}") == "P0310"


def test_hs256_with_the_public_key(desk: Office) -> None:
    _, claims, _ = parts(desk.token())
    kid = str(desk.keys.signing_key(Purpose.PERMIT).kid)
    key = desk.keys.verifying_key(Purpose.PERMIT, kid)
    assert key is not None
    for secret in (raw(str(key.as_dict(private=False)["x"])), key.as_pem(private=False), canonical(desk.keys.jwks())):
        for alg in ("HS256", "Ed25519"):
            header = {"alg": alg, "kid": kid, "typ": "authz-permit+jwt"}
            signed = f"{coded(canonical(header))}.{coded(canonical(claims))}"
            seal = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
            assert code(desk, f"{signed}.{coded(seal)}") == ("P0310" if alg == "HS256" else "P0311")


@pytest.mark.parametrize("alg", ["EdDSA", "ES256", "RS256", "Ed448", "ed25519", "HS256"])
def test_another_algorithm_named_in_the_header_is_never_trusted(desk: Office, alg: str) -> None:
    """Even with a right Ed25519 seal over it."""
    _, claims, _ = parts(desk.token())
    kid = str(desk.keys.signing_key(Purpose.PERMIT).kid)
    assert code(desk, sealed(desk, claims, {"alg": alg, "kid": kid, "typ": "authz-permit+jwt"})) == "P0310"


@pytest.mark.parametrize(
    "change",
    [
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": False},
        {"crit": []},
        {"jku": "https://example.com/jwks.json"},
        {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AA"}},
        {"x5c": []},
        {"typ": "JWT"},
        {"typ": "at+jwt"},
        {"typ": "application/authz-permit+jwt"},
        {"typ": None},
        {"kid": None},
        {"kid": 1},
    ],
)
def test_headers(desk: Office, change: dict[str, Any]) -> None:
    header, claims, _ = parts(desk.token())
    assert code(desk, sealed(desk, claims, header | change)) == "P0310"


def test_header_members_twice(desk: Office) -> None:
    header, claims, _ = parts(desk.token())
    twice = json.dumps(header, separators=(",", ":"))[:-1] + ',"alg":"Ed25519"}'
    assert code(desk, sealed(desk, claims, twice.encode())) == "P0310"


# ---- keys -------------------------------------------------------------------------------------------


def test_a_key_of_another(desk: Office) -> None:
    header, claims, _ = parts(desk.token())
    other = OKPKey.generate_key("Ed25519")
    assert code(desk, sealed(desk, claims, header, other)) == "P0311"
    assert code(desk, sealed(desk, claims, {**header, "kid": other.thumbprint()}, other)) == "P0312"


@pytest.mark.parametrize("purpose", [Purpose.TOKEN, Purpose.CHECKPOINT, Purpose.BUNDLE, Purpose.VAULT])
def test_a_key_for_something_else(desk: Office, purpose: Purpose) -> None:
    header, claims, _ = parts(desk.token())
    other = desk.keys.signing_key(purpose)
    assert code(desk, sealed(desk, claims, {**header, "kid": other.kid}, other)) == "P0312"


def test_a_revoked_key(desk: Office) -> None:
    token = desk.token()
    KeyStore(desk.folder / "keys", desk.clock).revoke(parts(token)[0]["kid"])  # in another process
    assert code(desk, token) == "P0312"
    assert desk.refusal(token) == "P0312"


def test_rotation_overlaps(desk: Office) -> None:
    token = desk.token()
    KeyStore(desk.folder / "keys", desk.clock).rotate(Purpose.PERMIT)
    after = desk.token()
    assert parts(after)[0]["kid"] != parts(token)[0]["kid"]
    desk.redeem(token)
    desk.redeem(after)


def test_a_key_past_its_overlap(desk: Office) -> None:
    header, claims, _ = parts(desk.token())
    old = desk.keys.signing_key(Purpose.PERMIT)
    desk.keys.rotate(Purpose.PERMIT)
    desk.clock.advance(timedelta(minutes=5))
    now = int(desk.clock.now().timestamp())
    fresh = claims | {"iat": now, "nbf": now, "exp": now + 60}
    assert code(desk, sealed(desk, fresh, header, old)) == "P0312"


# ---- whom it is for, and when -------------------------------------------------------------------------


def altered(change: Callable[[dict[str, Any]], None]) -> Callable[[Office], str]:
    """A token sealed with the right key over claims that a faulty issuer might make."""

    def make(office: Office) -> str:
        _, claims, _ = parts(office.token())
        change(claims)
        return sealed(office, claims)

    return make


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda c: c.update(aud=["other"]), "P0313"),
        (lambda c: c.update(aud=[]), "P0313"),
        (lambda c: c.update(aud="jorei-linkage"), "P0310"),
        (lambda c: c.update(iss="other"), "P0313"),
        (lambda c: c.update(sub="other"), "P0316"),
        (lambda c: c.update(exp=c["iat"] + 61), "P0310"),
        (lambda c: c.update(exp=c["iat"]), "P0310"),
        (lambda c: c.update(exp=c["iat"] - 1), "P0310"),
        (lambda c: c.update(nbf=c["nbf"] - 1), "P0310"),
        (lambda c: c.update(nbf=c["nbf"] + 3), "P0315"),
        (lambda c: c.update(iat=c["iat"] - 60, nbf=c["nbf"] - 60, exp=c["exp"] - 60), "P0314"),
        (lambda c: c.update(iat=c["iat"] + 30, nbf=c["nbf"] + 30, exp=c["exp"] + 30), "P0315"),
        (lambda c: c.update(uses=2), "P0310"),
        (lambda c: c.pop("uses"), "P0310"),
        (lambda c: c.pop("log"), "P0310"),
        (lambda c: c["log"].update(index=-1), "P0310"),
        (lambda c: c["log"].update(leaf_hash="AA"), "P0310"),
        (lambda c: c["ruleset"].update(digest="AA"), "P0310"),
        (lambda c: c["ruleset"].update(digest="=" * 43), "P0310"),
        (lambda c: c["binding"].update(action="store"), "P0310"),
        (lambda c: c.update(more=1), "P0310"),
        (lambda c: c["act"].update(more=1), "P0310"),
        (lambda c: c.update(epoch="0"), "P0310"),
        (lambda c: c.update(iat=str(c["iat"])), "P0310"),
        (lambda c: c.pop("jti"), "P0310"),
        (lambda c: c.update(jti=None), "P0310"),
    ],
)
def test_claims_of_a_faulty_issuer(desk: Office, change: Any, expected: str) -> None:
    assert code(desk, altered(change)(desk)) == expected


def test_claims_that_json_can_say_in_two_ways(desk: Office) -> None:
    _, claims, _ = parts(desk.token())
    text = canonical(claims).decode()
    same = text.replace(SHOW.name, "addressee.h\\u0069de")
    for other in (
        text[:-1] + f',"act":{json.dumps(claims["act"])}' + "}",  # a member twice, the later one the same
        text[:-1] + ',"act":{"handles":[],"name":"file.create","target":"file"}}',  # and another
        text.replace('"act":', '"act": '),
        json.dumps(claims, ensure_ascii=True),
        same,
        " " + text,
        text + "\n",
        "\ufeff" + text,
        "[" * 3000 + "]" * 3000,
        text.replace("jorei-linkage", "jorei\\u002dlinkage"),
    ):
        assert other != text
        assert code(desk, sealed(desk, other.encode())) == "P0310"
    assert code(desk, sealed(desk, text.encode("utf-16"))) == "P0310"
    assert code(desk, sealed(desk, b"\xff" + text.encode())) == "P0310"


def test_the_time_of_a_permit(desk: Office) -> None:
    token = desk.token()

    def at(**by: float) -> str:
        moment = desk.clock.now()
        desk.clock.advance(timedelta(**by))
        try:
            verify(token, desk.keys, desk.clock, audience="jorei-linkage", caller=CALLER)
        except PermitRefused as refused:
            return refused.code
        finally:
            desk.clock.set(moment)
        return "taken"

    assert at(seconds=0) == at(seconds=59.999) == "taken"
    assert at(seconds=60) == at(seconds=61) == at(days=1) == "P0314"
    assert at(seconds=-2) == "taken"
    assert at(seconds=-2.001) == at(days=-1) == "P0315"


def test_caller_and_certificate(desk: Office) -> None:
    token = desk.token()
    assert code(desk, token, caller="other") == "P0316"
    assert code(desk, token, caller="Juki") == code(desk, token, caller="ｊｕｋｉ") == "P0316"
    assert code(desk, token, audience="other") == code(desk, token, audience="") == "P0313"
    assert code(desk, token, issuer="other") == "P0313"
    bound = desk.token(thumbprint="t" * 43)
    assert code(desk, bound) == code(desk, bound, thumbprint="u" * 43) == code(desk, bound, thumbprint="") == "P0316"
    verify(bound, desk.keys, desk.clock, audience="jorei-linkage", caller=CALLER, thumbprint="t" * 43)


@pytest.mark.parametrize(
    "token", ["", ".", "..", "...", "a.b.c", "a" * 70_000, "é.é.é", "{}", "e30.e30.e30", "e30=.e30=.e30="]
)
def test_what_is_no_token(desk: Office, token: str) -> None:
    desk.token()
    assert code(desk, token) == "P0310"


def test_a_bearer_token_s_habits(desk: Office) -> None:
    token = desk.token()
    for other in (f" {token}", f"{token} ", f"{token}\n", f"Bearer {token}", f"{token}.", f"{token}.e30"):
        assert code(desk, other) == "P0310"


# ---- any single change -------------------------------------------------------------------------------


class Frozen:
    """One office and one token for many examples."""

    def __init__(self) -> None:
        self.made: tuple[Office, str] | None = None

    def of(self, office: Office) -> tuple[Office, str]:
        if self.made is None or self.made[0] is not office:
            self.made = (office, office.token())
        return self.made


FROZEN = Frozen()
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/"
_SETTINGS = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


@given(where=st.integers(0, 10**6), what=st.sampled_from(_ALPHABET), how=st.sampled_from(["put", "insert", "delete"]))
@_SETTINGS
def test_any_character_changed(desk: Office, where: int, what: str, how: str) -> None:
    office, token = FROZEN.of(desk)
    where %= len(token)
    changed = {
        "put": token[:where] + what + token[where + 1 :],
        "insert": token[:where] + what + token[where:],
        "delete": token[:where] + token[where + 1 :],
    }[how]
    if changed != token:
        assert code(office, changed) in ("P0310", "P0311", "P0312")


def test_every_last_character_changed(desk: Office) -> None:
    """The last character of a part has bits that mean nothing; another one there is another token."""
    office, token = FROZEN.of(desk)
    head, payload, seal = token.split(".")
    for letter in _ALPHABET[:64]:
        for changed in (
            f"{head[:-1]}{letter}.{payload}.{seal}",
            f"{head}.{payload[:-1]}{letter}.{seal}",
            f"{head}.{payload}.{seal[:-1]}{letter}",
        ):
            if changed != token:
                assert code(office, changed) in ("P0310", "P0311", "P0312")


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [found for key, one in value.items() for found in _leaves(one, (*path, key))] or [path]
    if isinstance(value, list):
        return [found for n, one in enumerate(value) for found in _leaves(one, (*path, n))] or [path]
    return [path]


@given(data=st.data())
@_SETTINGS
def test_any_claim_changed_under_the_old_seal(desk: Office, data: st.DataObject) -> None:
    office, token = FROZEN.of(desk)
    header, claims, seal = parts(token)
    path = data.draw(st.sampled_from(_leaves(claims)))
    value = data.draw(st.none() | st.booleans() | st.integers(0, 2**53 - 1) | st.text(max_size=20) | st.just([]))
    place: Any = claims
    for step in path[:-1]:
        place = place[step]
    if place[path[-1]] == value and type(place[path[-1]]) is type(value):
        return
    place[path[-1]] = value
    changed = f"{token.split('.', maxsplit=1)[0]}.{coded(canonical(claims))}.{seal}"
    assert header["alg"] == "Ed25519"
    assert code(office, changed) == "P0311"


@given(data=st.data())
@_SETTINGS
def test_any_claim_changed_by_a_faulty_issuer_is_not_this_permit(desk: Office, data: st.DataObject) -> None:
    """Sealed anew with the right key: refused, or a permit that differs from the one changed."""
    office, token = FROZEN.of(desk)
    _, claims, _ = parts(token)
    before = verify(token, office.keys, office.clock, audience="jorei-linkage", caller=CALLER)
    path = data.draw(st.sampled_from(_leaves(claims)))
    value = data.draw(st.none() | st.integers(0, 2**40) | st.text(max_size=8) | st.just([]) | st.just({}))
    place: Any = claims
    for step in path[:-1]:
        place = place[step]
    if place[path[-1]] == value:
        return
    place[path[-1]] = value
    try:
        after = verify(sealed(office, claims), office.keys, office.clock, audience="jorei-linkage", caller=CALLER)
    except PermitRefused:
        return
    assert after != before or path[0] in ("nbf", "log")
