"""When a permit is issued, what it says, and what is recorded of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec
import pytest

from api.decision_log import JournalRefused
from api.decision_log.bodies import body_of
from api.decision_log.refused import READ_ONLY, refused
from api.keys import KeyRefused, KeyStore, Purpose
from api.permits import Act, Issuer, PermitRefused, verify
from api.permits import epoch as epochs
from api.permits.model import binding_hash, decoded
from engine.compiled import CompiledIndex
from engine.decision import Decision, Outcome
from engine.naive import NaiveEvaluator
from engine.request import Request
from engine.rule_set import Action
from tests.engine.build import BOARD, CITY, a_grant
from tests.permits.office import (
    CALLER,
    SHOW,
    TODAY,
    Office,
    a_use,
    digest,
    opinion,
    parts,
    rule_set,
)

pytestmark = pytest.mark.filterwarnings("ignore:.*utcfromtimestamp.*:DeprecationWarning")


def test_what_a_permit_says(office: Office) -> None:
    issuance = office.ask(thumbprint="t" * 43)
    assert issuance.issued is not None
    permit = issuance.issued.permit
    header, claims, _ = parts(issuance.issued.token)
    assert set(header) == {"alg", "kid", "typ"}
    assert header["alg"] == "Ed25519"
    assert header["typ"] == "authz-permit+jwt"
    assert header["kid"] == office.keys.signing_key(Purpose.PERMIT).kid
    assert claims["iss"] == "jorei"
    assert claims["aud"] == ["jorei-linkage"]
    assert claims["sub"] == CALLER
    assert claims["exp"] - claims["iat"] == 60
    assert claims["nbf"] == claims["iat"] == int(office.clock.now().timestamp())
    assert claims["act"] == {"name": SHOW.name, "target": SHOW.target, "handles": list(SHOW.handles)}
    assert claims["uses"] == 1
    assert claims["cnf"] == {"x5t#S256": "t" * 43}
    assert claims["evaluation_id"] == issuance.decided.id
    assert claims["log"]["index"] == issuance.decided.index == permit.log_index
    assert decoded(claims["log"]["leaf_hash"]) == issuance.decided.leaf_hash
    assert decoded(claims["ruleset"]["digest"]).hex() == office.digest == permit.ruleset
    assert claims["binding_hash"] == binding_hash(claims["binding"])
    assert claims["binding"]["action"] == "use"
    assert claims["on"] == claims["binding"]["on"] == TODAY.isoformat()
    assert permit.grants == ("根拠1", "根拠2")
    assert permit.citations == ("根拠根拠1", "根拠根拠2")
    assert permit.body == CITY
    assert permit.epoch == 0
    verified = verify(
        issuance.issued.token,
        office.keys,
        office.clock,
        audience="jorei-linkage",
        caller=CALLER,
        thumbprint="t" * 43,
    )
    assert verified == permit


def test_decision_and_permit_stand_side_by_side_in_the_log(office: Office) -> None:
    issuance = office.ask()
    assert issuance.issued is not None
    jti = issuance.issued.permit.jti
    with office.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT idx, id, kind FROM log_entry ORDER BY idx").all()
    assert [tuple(row) for row in rows] == [(0, issuance.decided.id, "decision"), (1, jti, "permit")]
    assert office.entries("permit")[0]["evaluation"] == issuance.decided.id


def test_from_an_event_loop(desk: Office) -> None:
    request = a_use()
    decision, entry = desk.decided(request)
    asked = desk.asked(request, decision, entry, SHOW)
    issuance = asyncio.run(desk.issuer.issue(desk.journal, entry, asked, desk.second, desk.digest))
    assert issuance.issued is not None
    assert desk.redeem(issuance.issued.token).jti == issuance.issued.permit.jti


def test_no_two_permits_are_alike(desk: Office) -> None:
    assert len({desk.token() for _ in range(20)}) == 20


def refusal(office: Office, act: Act = SHOW, request: Request | None = None, **more: object) -> str:
    issuance = office.ask(act, request, **more)
    assert issuance.issued is None
    assert issuance.refusal is not None
    assert office.entries("decision")[-1]["id"] == issuance.decided.id, "the decision is recorded all the same"
    assert office.entries("permit") == []
    return issuance.refusal.code


@pytest.mark.parametrize(
    "change", [{"action": Action.STORE}, {"party": BOARD}, {"affair": "ない事務"}, {"body": None}, {"body": "999999"}]
)
def test_no_permit_unless_lawful(desk: Office, change: dict[str, object]) -> None:
    assert refusal(desk, request=a_use(**change)) == "P0301"


@pytest.mark.parametrize("days", [-1, 1, -3000])
def test_no_permit_for_another_day(desk: Office, days: int) -> None:
    assert refusal(desk, request=a_use(TODAY + timedelta(days=days))) == "P0302"


def test_the_day_is_japan_s(desk: Office) -> None:
    desk.clock.set(desk.clock.now().replace(hour=0, minute=5))  # the day before in UTC
    assert desk.ask(request=a_use()).issued is not None


def test_no_permit_on_a_rule_set_that_is_no_longer_the_one(desk: Office) -> None:
    desk.digest = digest("cd")
    assert refusal(desk) == "P0304"


@pytest.mark.parametrize(
    "handle",
    [
        "123456789012",
        "1234-5678-9012",
        "１２３４５６７８９０１２",
        "ad_1234 5678 9012",
        "12345678901",
        "ad_00000000000000x",
        "一二三四五六七八九〇一二",
    ],
)
def test_numbers_never_become_handles(desk: Office, handle: str) -> None:
    assert refusal(desk, Act(SHOW.name, SHOW.target, (handle,))) == "P0305"


@pytest.mark.parametrize(
    "act",
    [
        Act("addressee.show", "addressee", ("ａｄ_kfmx",)),  # full width
        Act("addressee.show", "addressee", ("аd_kfmx",)),  # Cyrillic а
        Act("addressee.show", "addressee", ("ad_ﬁx",)),  # a ligature
        Act("addressee.show", "addressee", ("ad kfmx",)),
        Act("addressee.show", "addressee", ("",)),
        Act("addressee.show", "addressee", ("ad_\u200bx",)),
        Act("addressee.show", "addressee", ("a" * 201,)),
        Act("Addressee.show", "addressee", ("ad_kfmx",)),
        Act("", "addressee"),
        Act("addressee.show", "ａddressee"),
        Act("addressee.show\n", "addressee"),
    ],
)
def test_look_alikes_are_never_signed(desk: Office, act: Act) -> None:
    assert refusal(desk, act) == "P0306"


def test_a_number_in_any_claim_is_refused(desk: Office) -> None:
    assert refusal(desk, caller="123456789012") == "P0305"
    assert refusal(desk, thumbprint="123456789012") == "P0305"


def test_a_bundle_that_looks_like_a_number_is_left_out(desk: Office) -> None:
    issuance = desk.ask(bundle="000001-123456abcdef")
    assert issuance.issued is not None
    assert issuance.issued.permit.bundle is None


def test_another_decision_than_the_one_recorded(desk: Office) -> None:
    request = a_use()
    decision, entry = desk.decided(request)
    _, other = desk.decided(request)
    asked = desk.asked(request, decision, entry, SHOW)
    with pytest.raises(PermitRefused, match="P0307"):
        desk.issuer.issue_now(desk.journal, other, asked, desk.second, desk.digest)
    assert desk.entries("decision") == []


def test_a_decision_on_other_information_than_was_asked(desk: Office) -> None:
    request = a_use()
    decision, entry = desk.decided(request)
    other = msgspec.structs.replace(request, information=(next(iter(desk_information())),))
    asked = desk.asked(other, decision, entry, SHOW)
    issuance = desk.issuer.issue_now(desk.journal, entry, asked, desk.second, desk.digest)
    assert issuance.refusal is not None
    assert issuance.refusal.code == "P0307"


def desk_information() -> frozenset[object]:
    from tests.engine.build import TAX, items

    return items(TAX)


# ---- the second opinion ---------------------------------------------------------------------------


def test_a_rule_set_mutilated_for_the_other_interpreter(office: Office) -> None:
    """The second reads a rule set without one of two grounds: same outcome, other grounds, no permit."""
    fewer = NaiveEvaluator(rule_set("根拠1"))
    assert refusal(office, second=opinion(office.rules, fewer.decide)) == "P0303"
    assert len(office.alarms) == 1
    alarm = office.entries("alarm")
    assert len(alarm) == 1
    assert alarm[0]["evaluation"] == office.alarms[0]
    with office.database.read() as connection:
        body = body_of(connection, alarm[0]["id"])
    assert body is not None
    assert "根拠2".encode() in body


def test_a_rule_set_mutilated_for_the_compiled_index(desk: Office) -> None:
    """The index was given a ground that the texts do not hold: its wrong yes opens nothing."""
    desk.index = CompiledIndex(rule_set("根拠1", "根拠2", "偽の根拠"))
    assert refusal(desk) == "P0303"


def test_a_ground_only_the_index_knows(desk: Office) -> None:
    more = a_grant("収集", actions=frozenset({Action.STORE}))
    desk.index = CompiledIndex(msgspec.structs.replace(desk.rules, national=_with(desk.rules.national, more)))
    assert refusal(desk, request=a_use(action=Action.STORE)) == "P0303"


def _with(part: object, grant: object) -> object:
    return msgspec.structs.replace(part, grants=(*part.grants, grant))  # type: ignore[attr-defined, type-var]


def test_an_interpreter_that_fails_is_no_agreement(desk: Office) -> None:
    def fails(_: Request) -> Decision:
        raise MemoryError

    assert refusal(desk, second=opinion(desk.rules, fails)) == "P0303"


def test_same_grounds_but_other_duties_is_no_agreement(desk: Office) -> None:
    naive = NaiveEvaluator(desk.rules)
    second = opinion(desk.rules, lambda r: msgspec.structs.replace(naive.decide(r), ruleset=digest("00")))
    assert refusal(desk, second=second) == "P0303"


def test_the_second_opinion_is_rete_and_agrees(desk: Office) -> None:
    request = a_use()
    assert desk.second.name in ("rete", "naive")
    decision = desk.index.decide(request)
    assert decision.outcome is Outcome.PERMITTED
    assert desk.second.agrees(request, decision)


# ---- keys and the journal ---------------------------------------------------------------------------


def test_nothing_is_signed_when_nothing_is_recorded(desk: Office) -> None:
    desk.journal.refuse(refused(READ_ONLY))
    with pytest.raises(JournalRefused):
        desk.ask()
    assert desk.entries("decision") == desk.entries("permit") == []


def test_without_a_key_there_is_no_permit_but_the_decision_is_recorded(desk: Office) -> None:
    desk.token()
    kid = str(desk.keys.signing_key(Purpose.PERMIT).kid)
    (desk.folder / "keys" / "permit" / f"{kid}.jwk").write_bytes(b"{}")
    desk.issuer = Issuer(KeyStore(desk.folder / "keys", desk.clock), desk.clock)  # of another process
    before = len(desk.entries("decision"))
    issuance = desk.ask()
    assert issuance.issued is None
    assert issuance.refusal is not None
    assert issuance.refusal.code == "P0308"
    assert issuance.refusal.status == 503
    assert len(desk.entries("decision")) == before + 1


def test_the_same_token_again(office: Office) -> None:
    issuance = office.ask()
    assert issuance.issued is not None
    jti = issuance.issued.permit.jti
    office.keys.rotate(Purpose.PERMIT)
    office.clock.advance(timedelta(seconds=5))
    with office.database.read() as connection:
        again = office.issuer.again(connection, jti)
    assert again == issuance.issued
    with office.database.read() as connection:
        assert office.issuer.again(connection, "pm_ない") is None
    office.redeem(issuance.issued.token)
    office.keys.revoke(parts(issuance.issued.token)[0]["kid"])
    with office.database.read() as connection, pytest.raises(KeyRefused):
        office.issuer.again(connection, jti)


def test_an_epoch_read_before_the_decision_is_what_it_carries(desk: Office) -> None:
    with desk.database.begin() as connection:
        epochs.advance(connection, CITY, "評価書の取下げ", desk.clock)
    issuance = desk.ask()
    assert issuance.issued is not None
    assert issuance.issued.permit.epoch == 1
