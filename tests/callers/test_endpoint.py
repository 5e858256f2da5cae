"""The token endpoint: RFC 6749 to the letter, and attacks on `client_secret_jwt` (RFC 7523)."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from sqlalchemy import func, select, text

from api.callers import Role
from api.callers.endpoint import Answer
from api.callers.model import EVALUATE, INTROSPECT
from api.callers.tables import caller_assertion
from api.clock import FixedClock
from tests.callers.conftest import BASE, FORM, PEER, House


@pytest.fixture
def secret(here: House, clock: FixedClock) -> str:
    here.add()
    made = here.register.rotate_secret("child-medical")
    clock.advance(timedelta(seconds=1))
    return made


def _basic(client_id: str, secret: str) -> tuple[bytes, bytes]:
    text = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return b"authorization", b"Basic " + base64.b64encode(text.encode())


def _is(answer: Answer, status: int, error: str) -> None:
    assert (answer.status, answer.body["error"]) == (status, error)
    headers = dict(answer.headers)
    assert headers["Cache-Control"] == "no-store"
    assert headers["Pragma"] == "no-cache"
    assert ("WWW-Authenticate" in headers) == (status == 401)
    description = answer.body["error_description"]
    assert all(c == "\x20" or c == "\x21" or "\x23" <= c <= "\x5b" or "\x5d" <= c <= "\x7e" for c in description)
    assert any(ord(c) > 127 for c in answer.body["message"]), "for people, in Japanese"


def test_a_token_for_a_proof(here: House, secret: str) -> None:
    answer = here.ask_with(here.assertion(secret))
    assert answer.status == 200
    assert answer.body["token_type"] == "Bearer"
    assert answer.body["expires_in"] == 600
    assert EVALUATE in answer.body["scope"].split()
    assert set(answer.body) == {"access_token", "token_type", "expires_in", "scope"}, "no refresh token"
    assert dict(answer.headers) == {"Cache-Control": "no-store", "Pragma": "no-cache"}
    assert here.who(f"Bearer {answer.body['access_token']}").client_id == "child-medical"


def test_the_issuer_is_an_audience_too_also_in_a_list(here: House, secret: str) -> None:
    assert here.ask_with(here.assertion(secret, aud=BASE)).status == 200
    assert here.ask_with(here.assertion(secret, aud=["https://x.example", f"{BASE}/oauth/token"])).status == 200


def test_a_proof_is_good_once_on_both_databases(house: House, clock: FixedClock) -> None:
    house.add()
    made = house.register.rotate_secret("child-medical")
    clock.advance(timedelta(seconds=1))
    proof = house.assertion(made)
    assert house.ask_with(proof).status == 200
    _is(house.ask_with(proof), 401, "invalid_client")
    assert house.ask_with(house.assertion(made)).status == 200


def test_of_twenty_who_show_one_proof_at_once_one_is_let_in(house: House, clock: FixedClock) -> None:
    house.add()
    made = house.register.rotate_secret("child-medical")
    clock.advance(timedelta(seconds=1))
    proof = house.assertion(made)
    with ThreadPoolExecutor(20) as pool:
        statuses = sorted(pool.map(lambda _: house.ask_with(proof).status, range(20)))
    assert statuses == [200, *[401] * 19]


def test_a_used_proof_stays_used_when_the_clock_is_stepped_back(here: House, secret: str, clock: FixedClock) -> None:
    proof = here.assertion(secret)
    assert here.ask_with(proof).status == 200
    clock.advance(timedelta(hours=1))
    assert here.ask_with(here.assertion(secret)).status == 200, "which clears away what is old"
    clock.advance(timedelta(hours=-1))
    _is(here.ask_with(proof), 401, "invalid_client")


def test_used_proofs_are_cleared_away_in_the_end(here: House, secret: str, clock: FixedClock) -> None:
    for _ in range(5):
        here.ask_with(here.assertion(secret))
    clock.advance(timedelta(days=2))
    here.ask_with(here.assertion(secret))
    with here.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(caller_assertion)).scalar_one() == 1


def test_what_a_client_puts_into_its_jti_is_not_kept(here: House, secret: str) -> None:
    assert here.ask_with(here.assertion(secret, jti="山田太郎 123456789012")).status == 200
    with here.database.read() as connection:
        assert "123456789012" not in str(connection.execute(text("SELECT * FROM caller_assertion")).all())


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "https://other.example/oauth/token"},
        {"aud": ...},
        {"aud": []},
        {"aud": [None, 7]},
        {"iss": "other-client"},
        {"iss": ...},
        {"sub": ...},
        {"sub": 7, "iss": 7},
        {"exp": ...},
        {"exp": "soon"},
        {"exp": True},
        {"exp": -5},
        {"exp": 1e300},
        {"jti": ...},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 201},
        {"iat": "now"},
        {"nbf": None},
        {"sub": "nobody-here", "iss": "nobody-here"},
    ],
    ids=str,
)
def test_proofs_whose_claims_are_not_right(here: House, secret: str, change: dict[str, Any]) -> None:
    _is(here.ask_with(here.assertion(secret, **change)), 401, "invalid_client")


@pytest.mark.parametrize(
    ("name", "seconds", "taken"),
    [
        ("exp", -29, True),
        ("exp", -31, False),
        ("exp", 329, True),
        ("exp", 331, False),
        ("nbf", 29, True),
        ("nbf", 31, False),
        ("iat", 29, True),
        ("iat", 31, False),
    ],
)
def test_clocks_may_differ_by_half_a_minute(here: House, secret: str, name: str, seconds: int, taken: bool) -> None:
    claims = {name: here.clock.now().timestamp() + seconds}
    assert (here.ask_with(here.assertion(secret, **claims)).status == 200) is taken


def _encode(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _signed(secret: str, header: dict[str, Any], claims: Any, digest: str = "sha256") -> str:
    message = f"{_encode(header)}.{_encode(claims)}"
    return f"{message}.{_encode(hmac.digest(secret.encode(), message.encode(), digest))}"


def test_algorithms_and_headers_other_than_the_one(here: House, secret: str) -> None:
    good = here.claims("child-medical")
    assert here.ask_with(_signed(secret, {"alg": "HS256", "typ": "JWT"}, good)).status == 200
    for header in (
        {"alg": "none"},
        {"alg": "HS512"},
        {"alg": "RS256"},
        {"alg": "HS256", "typ": "at+jwt"},
        {"alg": "HS256", "crit": ["exp"], "exp": 1},
        {"alg": "HS256", "b64": False},
        {},
    ):
        claims = here.claims("child-medical")
        _is(here.ask_with(_signed(secret, header, claims)), 401, "invalid_client")
        _is(here.ask_with(_signed(secret, header, claims).rsplit(".", 1)[0] + "."), 401, "invalid_client")
    wrong = _signed(secret, {"alg": "HS512"}, here.claims("child-medical"), "sha512")
    _is(here.ask_with(wrong), 401, "invalid_client")


def test_repeated_claims_are_not_chosen_from(here: House, secret: str) -> None:
    doubled = json.dumps(here.claims("child-medical"))[:-1] + ',"aud":"https://other.example"}'
    _is(here.ask_with(_signed(secret, {"alg": "HS256"}, doubled.encode())), 401, "invalid_client")
    endless = json.dumps(here.claims("child-medical"))[:-1] + ',"nbf":NaN}'
    _is(here.ask_with(_signed(secret, {"alg": "HS256"}, endless.encode())), 401, "invalid_client")


def test_the_secret_of_another_client(here: House, secret: str, clock: FixedClock) -> None:
    here.add("other-client")
    others = here.register.rotate_secret("other-client")
    clock.advance(timedelta(seconds=1))
    assert here.ask_with(here.assertion(others, "other-client")).status == 200
    _is(here.ask_with(here.assertion(others, "child-medical")), 401, "invalid_client")
    _is(here.ask_with(here.assertion(secret, "other-client")), 401, "invalid_client")
    _is(here.ask_with(here.assertion(secret), client_id="other-client"), 401, "invalid_client")


def test_a_client_that_has_no_secret(here: House, secret: str) -> None:
    here.add("key-only")
    _is(here.ask_with(here.assertion(secret, "key-only")), 401, "invalid_client")
    _is(here.ask({"grant_type": "client_credentials"}, _basic("key-only", "")), 401, "invalid_client")


def test_strangers_and_wrong_secrets_get_the_same_answer(here: House, secret: str) -> None:
    answers = [
        here.ask_with(here.assertion(secret + "x")),
        here.ask_with(here.assertion(secret, "nobody-here")),
    ]
    assert answers[0] == answers[1]
    basic = [
        here.ask({"grant_type": "client_credentials"}, _basic(name, "js_wrong"))
        for name in ("child-medical", "nobody-here")
    ]
    assert basic[0] == basic[1]


def test_secrets_are_compared_in_constant_time(here: House, secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every comparison of a secret passes through `hmac.compare_digest`, known client or not."""
    compared: list[tuple[Any, Any]] = []
    real = hmac.compare_digest

    def seen(a: Any, b: Any) -> bool:
        compared.append((a, b))
        return real(a, b)

    monkeypatch.setattr(hmac, "compare_digest", seen)
    for name in ("child-medical", "nobody-here"):
        compared.clear()
        here.ask({"grant_type": "client_credentials"}, _basic(name, "js_" + "a" * 52))
        assert [a for a, _ in compared] == [b"js_" + b"a" * 52]
    compared.clear()
    here.ask_with(here.assertion(secret))
    assert compared, "joserfc compares HMACs through it"


def test_the_interim_client_secret_basic(here: House, secret: str) -> None:
    answer = here.ask({"grant_type": "client_credentials"}, _basic("child-medical", secret))
    assert answer.status == 200
    for wrong in (secret[:-1], secret.upper(), "", secret + " "):
        _is(here.ask({"grant_type": "client_credentials"}, _basic("child-medical", wrong)), 401, "invalid_client")
    for header in (b"Basic", b"Basic !!!", b"Basic " + base64.b64encode(b"\xff\xfe"), b"Digest x", b"Bearer jk_x"):
        _is(here.ask({"grant_type": "client_credentials"}, (b"authorization", header)), 401, "invalid_client")


def test_client_secret_basic_can_be_switched_off(build: Callable[..., House], clock: FixedClock) -> None:
    house = build(allow_basic=False)
    house.add()
    made = house.register.rotate_secret("child-medical")
    clock.advance(timedelta(seconds=1))
    _is(house.ask({"grant_type": "client_credentials"}, _basic("child-medical", made)), 401, "invalid_client")
    assert house.ask_with(house.assertion(made)).status == 200


def test_one_way_of_authentication_only(here: House, secret: str) -> None:
    sent = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": here.assertion(secret),
    }
    _is(here.ask(sent, _basic("child-medical", secret)), 400, "invalid_request")
    twice = {"grant_type": "client_credentials"}, _basic("child-medical", secret), _basic("child-medical", secret)
    _is(here.ask(*twice), 400, "invalid_request")
    post = {"grant_type": "client_credentials", "client_id": "child-medical", "client_secret": secret}
    _is(here.ask(post), 401, "invalid_client")
    _is(here.ask({"grant_type": "client_credentials"}), 401, "invalid_client")


@pytest.mark.parametrize("grant", ["password", "authorization_code", "refresh_token", "CLIENT_CREDENTIALS"])
def test_other_grants(here: House, grant: str) -> None:
    _is(here.ask({"grant_type": grant}), 400, "unsupported_grant_type")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"grant_type=",
        b"grant_type=client_credentials&grant_type=client_credentials",
        b"grant_type=client_credentials&scope=a&scope=b",
        b"grant_type",
        b"grant_type=client_credentials&\xe7\x95\xaa",
        b"grant_type=%ff%fe",
        b"&".join(b"a%d=1" % i for i in range(30)),
        b"grant_type=client_credentials&pad=" + b"x" * 20_000,
    ],
    ids=lambda body: repr(body[:40]),
)
def test_forms_that_are_none(here: House, body: bytes) -> None:
    _is(here.callers.endpoint.token([FORM], body, PEER), 400, "invalid_request")


def test_another_content_type(here: House) -> None:
    for header in ([], [(b"content-type", b"application/json")], [FORM, FORM]):
        _is(here.callers.endpoint.token(header, b"grant_type=client_credentials", PEER), 400, "invalid_request")
    answer = here.callers.endpoint.token(
        [(b"content-type", b"Application/X-WWW-Form-Urlencoded; charset=UTF-8")], b"grant_type=x", PEER
    )
    _is(answer, 400, "unsupported_grant_type")


def test_scopes(here: House, secret: str) -> None:
    asked = here.ask_with(here.assertion(secret), scope=EVALUATE)
    assert asked.body["scope"] == EVALUATE
    for wrong in ("jorei:log:read", f"{EVALUATE} jorei:ruleset:edit", f" {EVALUATE}", "*", "jorei:*:*"):
        _is(here.ask_with(here.assertion(secret), scope=wrong), 400, "invalid_scope")


def test_introspection(here: House, secret: str, clock: FixedClock) -> None:
    here.add("asker-one", scopes=frozenset({INTROSPECT}))
    key = here.register.rotate_key("asker-one")
    token = here.token(secret, scope=EVALUATE)

    def ask(sent: dict[str, str], credential: str = f"Bearer {key}") -> Answer:
        headers = [FORM, (b"authorization", credential.encode())]
        return here.callers.endpoint.introspect(headers, urlencode(sent).encode(), PEER)

    active = ask({"token": token})
    assert active.status == 200
    assert active.body["active"] is True
    assert (active.body["client_id"], active.body["scope"], active.body["system"]) == (
        "child-medical",
        EVALUATE,
        "0123",
    )
    assert active.body["exp"] > active.body["iat"]
    for unknown in ("nonsense", token[:-2], key):
        assert ask({"token": unknown}).body == {"active": False}, "and nothing else"
    assert ask({}).body["error"] == "invalid_request"
    assert ask({"token": token}, f"Bearer {token}").status == 403, "without the scope"
    assert ask({"token": token}, "Bearer wrong").status == 401
    clock.advance(timedelta(minutes=11))
    assert ask({"token": token}).body == {"active": False}
    fresh = here.token(secret)
    assert ask({"token": fresh}).body["active"] is True
    here.register.disable("child-medical")
    assert ask({"token": fresh}).body == {"active": False}


def test_an_auditor_may_not_ask_about_tokens(here: House, secret: str) -> None:
    here.add("auditor-one", Role.AUDITOR)
    key = here.register.rotate_key("auditor-one")
    headers = [FORM, (b"authorization", f"Bearer {key}".encode())]
    assert here.callers.endpoint.introspect(headers, b"token=x", PEER).status == 403


def test_a_database_that_is_gone_is_503_and_no_token(here: House, secret: str) -> None:
    proof = here.assertion(secret)
    with here.database.begin() as connection:
        connection.execute(text("ALTER TABLE caller_assertion RENAME TO gone"))
    answer = here.ask_with(proof)
    assert (answer.status, answer.body["error"]) == (503, "temporarily_unavailable")
    with here.database.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO caller_assertion"))
    assert here.ask_with(proof).status == 200, "the proof was not used up"
