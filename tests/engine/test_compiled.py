"""Each rule of docs/SEMANTICS.md, by the compiled index."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from engine.compiled import CompiledIndex
from engine.decision import Decision, Outcome
from engine.request import Request
from engine.rule_set import Action, Affair, Assumption, Duty, Gate, Holding, PeriodLimit, Prohibition, RuleSet, Void
from tests.engine.build import (
    AFFAIR,
    BOARD,
    CHILD,
    CITY,
    MAYOR,
    MAYOR_PARTY,
    RESIDENCE,
    TAX,
    a_grant,
    a_request,
    a_rule_set,
    bars,
    by_network,
    cite,
    from_agency,
    needs,
    own_use,
    period,
)


def decide(rule_set: RuleSet, request: Request) -> Decision:
    return CompiledIndex(rule_set).decide(request)


def codes(decision: Decision, item: int = 0) -> list[str]:
    return [reason.code for reason in decision.items[item].unmet]


def test_use_of_the_number_names_its_ground() -> None:
    decision = decide(a_rule_set([a_grant("g")]), a_request())
    assert decision.outcome is Outcome.PERMITTED
    assert decision.items[0].grants == ("g",)
    assert [basis.label for basis in decision.items[0].bases] == ["根拠g"]
    assert decision.ruleset == "digest"
    assert decision.on == date(2018, 4, 1)


def test_nothing_granted_is_no_basis() -> None:
    decision = decide(a_rule_set(), a_request())
    assert decision.outcome is Outcome.NO_BASIS
    assert codes(decision) == ["no_ground"]


def test_own_part_comes_before_the_nations() -> None:
    rule_set = a_rule_set([a_grant("own")], [a_grant("national")])
    assert decide(rule_set, a_request()).items[0].grants == ("own", "national")


def test_rules_of_another_city_do_not_count() -> None:
    rule_set = a_rule_set([a_grant("g")])
    request = a_request(body="041009", party="041009/市長")
    assert decide(rule_set, request).outcome is Outcome.NO_BASIS


@pytest.mark.parametrize(
    ("day", "lawful"), [("2015-12-31", False), ("2016-01-01", True), ("2019-03-31", True), ("2019-04-01", False)]
)
def test_both_ends_of_the_period_count(day: str, lawful: bool) -> None:
    rule_set = a_rule_set([a_grant("g", period=period("2016-01-01", "2019-03-31"))])
    assert decide(rule_set, a_request(on=day)).lawful is lawful


def test_near_misses_in_time_name_the_day() -> None:
    rule_set = a_rule_set(
        [a_grant("old", period=period("2016-01-01", "2016-12-31")), a_grant("new", period=period("2020-04-01"))]
    )
    decision = decide(rule_set, a_request())
    assert codes(decision) == ["not_yet", "expired", "no_ground"]
    assert "令和2年4月1日" in decision.items[0].unmet[0].text


def test_other_agency_is_not_reached() -> None:
    assert not decide(a_rule_set([a_grant("g")]), a_request(party=BOARD)).lawful


def test_uncertain_designation_is_undetermined() -> None:
    decision = decide(a_rule_set([a_grant("g", parties=frozenset({"事業主体"}))]), a_request())
    assert decision.outcome is Outcome.UNDETERMINED
    assert codes(decision) == ["uncertain_designation"]


def test_affairs_in_scope_reach() -> None:
    narrow = Affair("narrow", "狭い事務", frozenset({"narrow", AFFAIR}))
    rule_set = a_rule_set([a_grant("g")], affairs={"narrow": narrow})
    assert decide(rule_set, a_request(affair="narrow")).lawful
    assert not decide(rule_set, a_request(affair=CHILD)).lawful


def test_rule_set_order_holds_across_the_affairs_of_a_scope() -> None:
    narrow = Affair("narrow", "狭い事務", frozenset({"narrow", AFFAIR}))
    grants = [a_grant("1"), a_grant("2", affair="narrow"), a_grant("3")]
    decision = decide(a_rule_set(grants, affairs={"narrow": narrow}), a_request(affair="narrow"))
    assert decision.items[0].grants == ("1", "2", "3")


def test_each_item_is_decided_and_the_worst_names_the_whole() -> None:
    decision = decide(a_rule_set([own_use("g", TAX)]), a_request(TAX, RESIDENCE))
    assert [item.outcome for item in decision.items] == [Outcome.PERMITTED, Outcome.NO_BASIS]
    assert decision.outcome is Outcome.NO_BASIS
    assert decision.duties == ()
    assert codes(decision, 1) == ["information", "no_ground"]


def test_a_ground_about_information_is_none_for_the_act_itself() -> None:
    assert not decide(a_rule_set([own_use("g", TAX)]), a_request()).lawful
    assert not decide(a_rule_set([a_grant("g")]), a_request(TAX)).lawful


@pytest.mark.parametrize(
    ("granted", "asked", "lawful"),
    [
        ((TAX, "申請者"), (TAX, "申請者"), True),
        ((TAX, "申請者"), (TAX, "世帯員"), False),
        ((TAX, "申請者"), TAX, True),
        (TAX, (TAX, "世帯員"), True),
    ],
)
def test_persons(granted: str | tuple[str, str], asked: str | tuple[str, str], lawful: bool) -> None:
    assert decide(a_rule_set([own_use("g", granted)]), a_request(asked)).lawful is lawful


@pytest.mark.parametrize(("asked", "lawful"), [(None, True), (f"{AFFAIR}/1", True), (f"{AFFAIR}/2", False)])
def test_procedures(asked: str | None, lawful: bool) -> None:
    rule_set = a_rule_set([a_grant("g", procedures=frozenset({f"{AFFAIR}/1"}))])
    decision = decide(rule_set, a_request(procedure=asked))
    assert decision.lawful is lawful
    assert lawful or codes(decision) == ["procedure", "no_ground"]


def held_by(key: str, *designations: str, body: str | None = None) -> dict[str, object]:
    return {"holder": key, "holder_designations": frozenset({key, *designations}), "holder_body": body}


OWN = {"holder": MAYOR, "holder_designations": MAYOR_PARTY.designations, "holder_body": CITY}
OTHER_CITY = held_by("041009/市長", "市町村長", body="041009")
UNREGISTERED = held_by("女川町長", "市町村長")


@pytest.mark.parametrize(
    ("action", "holder", "outcome"),
    [
        (Action.USE, {}, Outcome.PERMITTED),
        (Action.USE, OWN, Outcome.PERMITTED),
        (Action.TRANSFER, OWN, Outcome.PERMITTED),
        (Action.TRANSFER, {}, Outcome.UNDETERMINED),
        (Action.TRANSFER, OTHER_CITY, Outcome.NO_BASIS),
        (Action.LINK, {}, Outcome.NO_BASIS),
        (Action.STORE, {}, Outcome.PERMITTED),
    ],
)
def test_own_holdings(action: Action, holder: dict[str, object], outcome: Outcome) -> None:
    rule_set = a_rule_set([own_use("g", TAX, actions=frozenset(Action))])
    assert decide(rule_set, a_request(TAX, action=action, **holder)).outcome is outcome


@pytest.mark.parametrize(
    ("action", "holder", "outcome"),
    [
        (Action.TRANSFER, OWN, Outcome.PERMITTED),
        (Action.TRANSFER, {}, Outcome.UNDETERMINED),
        (Action.TRANSFER, held_by(BOARD, body=CITY), Outcome.NO_BASIS),
        (Action.TRANSFER, held_by(MAYOR), Outcome.NO_BASIS),
        (Action.USE, {}, Outcome.NO_BASIS),
        (Action.STORE, {}, Outcome.PERMITTED),
    ],
)
def test_holdings_of_another_agency(action: Action, holder: dict[str, object], outcome: Outcome) -> None:
    rule_set = a_rule_set([from_agency("g", TAX, actions=frozenset(Action))])
    assert decide(rule_set, a_request(TAX, action=action, party=BOARD, **holder)).outcome is outcome


@pytest.mark.parametrize(
    ("holder", "outcome"),
    [
        ({}, Outcome.PERMITTED),
        (OTHER_CITY, Outcome.PERMITTED),
        (UNREGISTERED, Outcome.PERMITTED),
        (OWN, Outcome.NO_BASIS),
        (held_by("厚生労働大臣"), Outcome.NO_BASIS),
    ],
)
def test_holdings_behind_the_network(holder: dict[str, object], outcome: Outcome) -> None:
    decision = decide(a_rule_set([], [by_network("g", TAX)]), a_request(TAX, action=Action.LINK, **holder))
    assert decision.outcome is outcome
    assert outcome is Outcome.PERMITTED or codes(decision) == ["holder", "no_ground"]


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({"consent": True}, Outcome.PERMITTED),
        ({"consent": False}, Outcome.CONDITION_UNMET),
        ({}, Outcome.UNDETERMINED),
    ],
)
def test_conditions(facts: dict[str, bool], outcome: Outcome) -> None:
    rule_set = a_rule_set([a_grant("g", conditions=(needs("consent"),))])
    assert decide(rule_set, a_request(facts=facts)).outcome is outcome


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({"a": True, "b": True}, Outcome.FORBIDDEN),
        ({"a": True, "b": False}, Outcome.PERMITTED),
        ({"a": True}, Outcome.UNDETERMINED),
        ({"b": False}, Outcome.PERMITTED),
    ],
)
def test_bars(facts: dict[str, bool], outcome: Outcome) -> None:
    assert decide(a_rule_set([a_grant("g", bars=(bars("a", "b"),))]), a_request(facts=facts)).outcome is outcome


def test_a_bar_without_literals_bars_on_its_days_only() -> None:
    rule_set = a_rule_set([a_grant("g", bars=(bars(stands=period("2017-07-18")),))])
    assert decide(rule_set, a_request(on="2017-07-17")).lawful
    assert decide(rule_set, a_request(on="2017-07-18")).outcome is Outcome.FORBIDDEN


def test_doubt_comes_before_an_unmet_condition_and_that_before_a_bar() -> None:
    barred, unmet = a_grant("b", bars=(bars(),)), a_grant("c", conditions=(needs("x"),))
    unknown = a_grant("u", conditions=(needs("y"),))
    facts = {"x": False}
    assert decide(a_rule_set([barred, unmet, unknown]), a_request(facts=facts)).outcome is Outcome.UNDETERMINED
    assert decide(a_rule_set([barred, unmet]), a_request(facts=facts)).outcome is Outcome.CONDITION_UNMET
    assert decide(a_rule_set([barred]), a_request(facts=facts)).outcome is Outcome.FORBIDDEN


def test_a_faulty_part_permits_nothing() -> None:
    decision = decide(a_rule_set([a_grant("g")], faults=("J0101 文が読めません",)), a_request())
    assert decision.outcome is Outcome.RULE_SET_FAULT
    assert codes(decision) == ["rule_set_fault"]


def test_a_void_provision_is_named() -> None:
    void = Void(
        frozenset({Action.USE}),
        frozenset({"市町村長"}),
        AFFAIR,
        period(),
        cite("別表第1の4の項"),
        "規則が定められていない",
    )
    assert codes(decide(a_rule_set(voids=(void,)), a_request())) == ["void", "no_ground"]


def test_duties_follow_a_permit_only() -> None:
    duty = Duty("identity-check", "本人確認をする", cite("番号法第16条"), frozenset({Action.USE}))
    card = Duty("card", "カードの安全管理", cite("番号法第18条"), frozenset({Action.CARD}))
    rule_set = a_rule_set([a_grant("g")], national_duties=(duty, card))
    assert decide(rule_set, a_request()).duties == (duty,)
    assert decide(rule_set, a_request(affair=CHILD)).duties == ()


def test_duties_follow_on_the_days_of_their_provision() -> None:
    late = Duty("record", "記録する", cite("番号法第23条", period("2017-05-30")), frozenset({Action.USE}))
    rule_set = a_rule_set([a_grant("g")], national_duties=(late,))
    engine = CompiledIndex(rule_set)
    assert engine.decide(a_request(on="2017-05-29")).duties == ()
    assert engine.decide(a_request(on="2017-05-30")).duties == (late,)


def test_the_procedure_asked_for_is_a_basis() -> None:
    decision = decide(a_rule_set([a_grant("g")]), a_request(procedure=f"{AFFAIR}/1"))
    assert [basis.label for basis in decision.items[0].bases] == ["根拠g", "第1号"]


def test_what_has_no_ground_names_the_general_prohibition() -> None:
    general = Prohibition(frozenset({Action.USE}), cite("番号法第9条", period("2016-01-01")), "次のほか、利用できない")
    engine = CompiledIndex(a_rule_set(national_prohibitions=(general,)))
    assert engine.decide(a_request()).items[0].unmet[0].citation == general.citation
    assert engine.decide(a_request(on="2015-12-31")).items[0].unmet[0].citation is None


def test_assumptions_of_grants_and_their_gates_on_their_days() -> None:
    gate = Gate("number-use", "個人番号の利用の開始", date(2016, 1, 1), "", "A-GATE")
    limit = PeriodLimit(period(), gate.text)
    grant = a_grant("g", assumptions=("A-LATER", "A-NOW"), limits=(limit,))
    known = {
        "A-NOW": Assumption("A-NOW", "", "", period()),
        "A-LATER": Assumption("A-LATER", "", "", period("2020-01-01")),
        "A-GATE": Assumption("A-GATE", "", "", period()),
    }
    rule_set = a_rule_set([grant], national_gates=(gate,), national_assumptions=known)
    engine = CompiledIndex(rule_set)
    assert engine.decide(a_request()).assumptions == ("A-GATE", "A-NOW")
    assert engine.decide(a_request(on="2020-01-01")).assumptions == ("A-GATE", "A-LATER", "A-NOW")


def test_card_use_has_no_information() -> None:
    rule_set = a_rule_set([a_grant("g", actions=frozenset({Action.CARD}), holding=Holding.NONE)])
    assert decide(rule_set, a_request(action=Action.CARD)).lawful


def test_unknown_party_affair_or_body_is_refused_not_raised() -> None:
    engine = CompiledIndex(a_rule_set([a_grant("g")]))
    for changes in ({"party": "誰か"}, {"affair": "何か"}, {"body": "999999"}):
        assert engine.decide(a_request(**changes)).outcome is Outcome.NO_BASIS


def test_the_answer_does_not_depend_on_what_was_asked_before() -> None:
    rule_set = a_rule_set(
        [own_use("g", TAX, conditions=(needs("consent"),)), own_use("h", RESIDENCE, period=period("2019-01-01"))]
    )
    asked = [
        a_request(name, on=day, facts=facts, procedure=procedure)
        for name in (TAX, RESIDENCE)
        for day in ("2015-12-31", "2016-01-01", "2019-01-01", "2025-01-01")
        for facts in ({}, {"consent": True}, {"consent": False}, {"other": True})
        for procedure in (None, f"{AFFAIR}/1")
    ]
    small = CompiledIndex(rule_set, plans=2)
    fresh = [CompiledIndex(rule_set).decide(request) for request in asked]
    assert [small.decide(request) for request in asked] == fresh
    assert [small.decide(request) for request in reversed(asked)] == fresh[::-1]


def test_threads_get_the_same_answers() -> None:
    rule_set = a_rule_set([own_use("g", TAX, conditions=(needs("consent"),))])
    asked = [a_request(TAX, on=date.fromordinal(736000 + n), facts={"consent": n % 2 == 0}) for n in range(400)]
    alone = [CompiledIndex(rule_set).decide(request) for request in asked]
    shared = CompiledIndex(rule_set, plans=3)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(shared.decide, asked * 5)) == alone * 5
