"""Each property holds of the rules, and each mutation of them is caught by the property meant, with a request that shows it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

import engine.attachments
import engine.naive
from api.project import HOME, load
from api.scenario import same_provision
from engine.attachments import Droppable, attachments
from engine.decision import Decision, Outcome
from engine.naive import NaiveEvaluator, Reach
from engine.period import Period
from engine.properties.article_9_2 import within_article_9_2
from engine.properties.bars_and_consent import bars_hold
from engine.properties.citations_in_force import cited_in_force
from engine.properties.expected_citations import Expected, expected_citations_exist
from engine.properties.gates import not_before_gates
from engine.properties.identities import unique_names
from engine.properties.independent_effect import every_clause_has_effect
from engine.properties.limits import within_limits
from engine.properties.papers import Obtained, papers_arrive
from engine.properties.space import Space
from engine.properties.verdict import Counterexample, Verdict
from engine.resolve import Resolver
from engine.rule_set import Action, Bar, Clause, ClauseStatus, Grant, Holding, Literal, RuleSet
from tests.engine.build import AFFAIR, CITY, MAYOR, TAX, a_rule_set, by_network, cite, needs, own_use, period
from tests.engine.test_attachments import GATES, HELD, deemed, paper

ISHINOMAKI = "042021"


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load(None, (HOME / "ordinances" / "ishinomaki",)).rule_set


def papers_of(rule_set: RuleSet) -> Verdict:
    space = Space(rule_set)
    return papers_arrive(space, Obtained(space))


def gates_of(rule_set: RuleSet) -> Verdict:
    space = Space(rule_set)
    return not_before_gates(space, Obtained(space))


def without_papers(rule_set: RuleSet) -> RuleSet:
    bodies = {code: replace(part, documents=()) for code, part in rule_set.bodies.items()}
    return replace(rule_set, bodies=bodies)


def mutated(rule_set: RuleSet, wanted: Callable[[Grant], bool], **changes: Any) -> tuple[RuleSet, Grant]:
    """The first grant of Ishinomaki that is wanted, changed; values may be functions of the grant."""
    part = rule_set.bodies[ISHINOMAKI]
    old = next(grant for grant in part.grants if wanted(grant))
    new = replace(old, **{name: value(old) if callable(value) else value for name, value in changes.items()})
    grants = tuple(new if grant is old else grant for grant in part.grants)
    return replace(rule_set, bodies={**rule_set.bodies, ISHINOMAKI: replace(part, grants=grants)}), new


def with_part(rule_set: RuleSet, **changes: Any) -> RuleSet:
    part = rule_set.bodies[ISHINOMAKI]
    return replace(rule_set, bodies={**rule_set.bodies, ISHINOMAKI: replace(part, **changes)})


def shown(rule_set: RuleSet, one: Counterexample) -> Decision:
    """What the naive evaluator, knowing nothing of the property, says to the request of a counterexample."""
    assert one.request is not None
    return NaiveEvaluator(rule_set).decide(Resolver(rule_set).resolve(one.request))


def by_row(grant: Grant) -> bool:
    return Action.USE in grant.actions and grant.information is None and "child-medical" in grant.affair


def linked(grant: Grant) -> bool:
    return Action.LINK in grant.actions and "child-medical" in grant.affair


# ---- the rules as they are --------------------------------------------------------------------------


@pytest.mark.parametrize("prove", [cited_in_force, within_article_9_2, bars_hold, unique_names, within_limits])
def test_holds_of_the_rules(rules: RuleSet, prove: Callable[[Space], Verdict]) -> None:
    verdict = prove(Space(rules))
    assert verdict.proved, verdict.counterexamples
    assert verdict.examined > 100


def test_papers_and_gates_hold_of_the_rules(rules: RuleSet) -> None:
    space = Space(rules)
    obtained = Obtained(space)
    assert papers_arrive(space, obtained).proved
    assert not_before_gates(space, obtained).proved
    assert {case.document.name for case in obtained.droppable()} >= {"所得課税証明書", "児童扶養手当証書の写し"}


def test_requests_drawn_at_random_agree_with_the_classes(rules: RuleSet) -> None:
    """Not only one request of each class: any paper that may be dropped arrives, whoever asks, whenever."""
    space = Space(rules)
    draw = random.Random(9)
    part = rules.bodies[ISHINOMAKI]
    naive = NaiveEvaluator(rules)
    dropped = 0
    for _ in range(1500):
        document = draw.choice(part.documents)
        affair = space.affair(ISHINOMAKI, document.affair)
        assert affair is not None
        said = {
            f: draw.choice((True, False)) for f in ("consent", "pia", "resident", "ppc_notified") if draw.random() < 0.8
        }
        raw: dict[str, object] = {
            "action": "use",
            "municipality": "石巻市",
            "agency": draw.choice(("市長", "教育委員会")),
            "affair": document.affair,
            "procedure": draw.choice(space.procedures(ISHINOMAKI, affair)),
            "facts": said,
            "on": (date(2016, 1, 1) + timedelta(days=draw.randrange(4000))).isoformat(),
        }
        request = space.resolver.resolve(raw)
        for answer in attachments(rules, request):
            if answer.droppable is not Droppable.YES or answer.name != document.name:
                continue
            dropped += 1
            for item in document.proves:
                asked = [
                    replace(request, information=(item,)),
                    replace(request, action=Action.LINK, information=(item,)),
                ]
                asked += [
                    replace(
                        request,
                        action=Action.TRANSFER,
                        information=(item,),
                        holder=p.key,
                        holder_designations=p.designations,
                        holder_body=p.body,
                    )
                    for p in part.parties.values()
                ]
                assert any(naive.decide(ask).lawful for ask in asked), (raw, item)
    assert dropped > 20


def test_near_grants_decide_like_all_grants(rules: RuleSet) -> None:
    space = Space(rules)
    naive = NaiveEvaluator(rules)
    draw = random.Random(4)
    grants = list(space.owned_grants())
    permitted = 0
    for _ in range(60):
        owner, grant = draw.choice(grants)
        point = next(space.points(owner, grant), None)
        request = None if point is None else space.resolved(point, grant.period.first, {"pia": True, "consent": True})
        if point is None or request is None:
            continue
        near, every = space.near(point.body, point.affair).decide(request), naive.decide(request)
        assert (near.outcome, near.items[0].grants) == (every.outcome, every.items[0].grants)
        permitted += every.lawful
    assert permitted > 5


# ---- P1 ---------------------------------------------------------------------------------------------


def test_a_citation_that_loses_days(rules: RuleSet) -> None:
    def shorter(grant: Grant) -> Any:
        first = replace(grant.bases[0], in_force=Period(grant.bases[0].in_force.first, date(2018, 12, 31)))
        return (first, *grant.bases[1:])

    wrong, grant = mutated(rules, by_row, bases=shorter)
    (one,) = cited_in_force(Space(wrong)).counterexamples
    decision = shown(wrong, one)
    assert decision.lawful
    assert one.citation == grant.bases[0]
    assert decision.on == date(2019, 1, 1)
    assert any(basis == one.citation and not basis.in_force.contains(decision.on) for basis in decision.items[0].bases)


def test_a_period_prolonged_beyond_its_citations(rules: RuleSet) -> None:
    wanted = lambda g: linked(g) and g.bases[0].in_force.last is not None  # noqa: E731
    wrong, grant = mutated(rules, wanted, period=lambda g: Period(g.period.first, None))
    faults = cited_in_force(Space(wrong)).counterexamples
    assert grant.bases[0] in {one.citation for one in faults}
    last = grant.bases[0].in_force.last
    assert last is not None
    one = next(f for f in faults if f.citation == grant.bases[0])
    assert shown(wrong, one).on > last
    assert shown(wrong, one).lawful


def test_a_grant_without_any_citation(rules: RuleSet) -> None:
    wrong, _ = mutated(rules, by_row, bases=())
    assert any(shown(wrong, one).lawful for one in cited_in_force(Space(wrong)).counterexamples)


def test_a_procedure_without_address_on_a_day(rules: RuleSet) -> None:
    part = rules.bodies[ISHINOMAKI]
    key = f"{ISHINOMAKI}/child-medical/3"
    old = part.procedures[key]
    late = tuple(replace(c, in_force=Period(date(2017, 1, 1))) for c in old.citations)
    wrong = with_part(rules, procedures={**part.procedures, key: replace(old, citations=late)})
    faults = cited_in_force(Space(wrong)).counterexamples
    assert faults
    assert all(one.text.startswith("手続") for one in faults)
    assert shown(wrong, faults[0]).on < date(2017, 1, 1)


def test_a_deeming_clause_beyond_its_days(rules: RuleSet) -> None:
    part = rules.bodies[ISHINOMAKI]
    clause = replace(
        part.deemed[0], citation=replace(part.deemed[0].citation, in_force=period("2016-01-01", "2019-12-31"))
    )
    wrong = with_part(rules, deemed=(clause, *part.deemed[1:]))
    (one,) = cited_in_force(Space(wrong)).counterexamples
    assert one.citation == clause.citation
    verdict = papers_of(wrong)
    assert not verdict.proved
    assert all("みなす規定" in fault.text for fault in verdict.counterexamples)


# ---- P2 ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "first", "gate"),
    [(by_row, date(2015, 12, 1), date(2016, 1, 1)), (linked, date(2017, 6, 1), date(2017, 7, 18))],
)
def test_a_grant_before_its_gate(rules: RuleSet, wanted: Callable[[Grant], bool], first: date, gate: date) -> None:
    wrong, _ = mutated(without_papers(rules), wanted, period=lambda g: Period(first, g.period.last))
    (one,) = gates_of(wrong).counterexamples
    decision = shown(wrong, one)
    assert decision.lawful
    assert first <= decision.on < gate


def test_a_missing_gate_refutes(rules: RuleSet) -> None:
    gates = tuple(gate for gate in rules.national.gates if gate.id != "number-use")
    wrong = replace(without_papers(rules), national=replace(rules.national, gates=gates))
    assert [one.text for one in gates_of(wrong).counterexamples] == [
        "制度の始期「number-use」が定められていない（rules/gates.yaml）"
    ]


def by_network_alone() -> RuleSet:
    """A paper that only the network brings, from 2017-07-18."""
    clause = replace(deemed(network=True), period=period("2017-07-18"))
    gates = (*GATES, replace(GATES[0], id="number-use", first=date(2016, 1, 1)), replace(GATES[0], id="linkage-in-law"))
    return a_rule_set(
        (), (by_network("n", TAX),), documents=(paper(TAX),), deemed=(clause,), holdings=HELD, national_gates=gates
    )


def test_papers_dropped_by_the_network_in_the_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    rule_set = by_network_alone()
    assert gates_of(rule_set).proved
    monkeypatch.setattr(engine.attachments, "FULL_OPERATION", "trial-operation")
    faults = [one for one in gates_of(rule_set).counterexamples if "情報連携によってしか" in one.text]
    assert faults
    assert not shown(rule_set, faults[0]).lawful
    assert date(2017, 7, 18) <= shown(rule_set, faults[0]).on < date(2017, 11, 13)


# ---- P3 ---------------------------------------------------------------------------------------------


def test_an_agency_of_another_kind(rules: RuleSet) -> None:
    part = rules.bodies[ISHINOMAKI]
    council = replace(
        part.parties[f"{ISHINOMAKI}/監査委員"],
        key=f"{ISHINOMAKI}/議会",
        name="議会",
        designations=frozenset({f"{ISHINOMAKI}/議会"}),
    )
    with_council = with_part(rules, parties={**part.parties, council.key: council})
    wrong, _ = mutated(with_council, by_row, parties=frozenset({council.key}))
    (one,) = within_article_9_2(Space(wrong)).counterexamples
    assert "執行機関ではない" in one.text
    assert one.request is not None
    assert one.request["agency"] == "議会"
    assert shown(wrong, one).lawful


def test_an_agency_of_another_body(rules: RuleSet) -> None:
    wrong, _ = mutated(rules, by_row, parties=frozenset({"041009/市長"}))
    (one,) = within_article_9_2(Space(wrong)).counterexamples
    assert "当該団体の機関ではない" in one.text
    assert one.request is None  # nobody who is registered can ask


def test_a_field_that_the_act_does_not_list(rules: RuleSet) -> None:
    part = rules.bodies[ISHINOMAKI]
    key = f"{ISHINOMAKI}/child-medical"
    wrong = with_part(rules, affairs={**part.affairs, key: replace(part.affairs[key], fields=frozenset({"観光"}))})
    faults = within_article_9_2(Space(wrong)).counterexamples
    decisions = [shown(wrong, one) for one in faults if one.request is not None]
    assert any(decision.lawful for decision in decisions)
    assert all(decision.on < date(2023, 6, 9) for decision in decisions)  # since then 「その他の事務」


def test_a_chain_without_the_enabling_provision(rules: RuleSet) -> None:
    for wanted in (by_row, linked, lambda g: Action.CARD in g.actions, lambda g: g.holding is Holding.OTHER_AGENCY):
        wrong, _ = mutated(
            rules, wanted, bases=lambda g: tuple(b for b in g.bases if b.instrument != "番号法" or b.table is not None)
        )
        faults = within_article_9_2(Space(wrong)).counterexamples
        assert faults
        assert all("条例に委ねる規定" in one.text for one in faults)
        assert any(one.request is not None and shown(wrong, one).lawful for one in faults)


# ---- P4 ---------------------------------------------------------------------------------------------


def own_paper(**more: Any) -> RuleSet:
    grants = (own_use("own", TAX, conditions=(needs("consent"),)),)
    return a_rule_set(
        grants, (), documents=(paper(TAX),), deemed=(deemed("clause-own"),), holdings=HELD, national_gates=GATES, **more
    )


def test_a_paper_dropped_though_its_information_may_not_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    rule_set = own_paper()
    assert papers_of(rule_set).proved
    monkeypatch.setattr(engine.attachments, "_permitting", lambda reaching: [grant for grant, _ in reaching])
    faults = papers_of(rule_set).counterexamples
    assert faults
    assert shown(rule_set, faults[0]).outcome in (Outcome.UNDETERMINED, Outcome.CONDITION_UNMET)


def test_a_paper_dropped_by_texts_that_cannot_be_relied_on() -> None:
    rule_set = own_paper(faults=("J0302 読めない",))
    (one,) = {fault.text: fault for fault in papers_of(rule_set).counterexamples}.values()
    assert shown(rule_set, one).outcome is Outcome.RULE_SET_FAULT


# ---- P5 ---------------------------------------------------------------------------------------------


def clause(name: str, line: int) -> Clause:
    return Clause(name, cite(name), name, ClauseStatus.ENCODED, "項", "条例.jorei", line, effective=True)


def test_a_row_that_another_covers_has_no_effect_of_its_own() -> None:
    narrow = own_use(
        "narrow", (TAX, "申請者"), bases=(cite("別表第1の1の項"),), period=period("2017-01-01", "2018-12-31")
    )
    wide = own_use("wide", TAX, bases=(cite("別表第1の2の項"),))
    clauses = (clause("別表第1の1の項", 1), clause("別表第1の2の項", 2), clause("別表第1の3の項", 3))
    verdict = every_clause_has_effect(Space(a_rule_set((narrow, wide), clauses=clauses)))
    assert verdict.proved
    assert [(remark.place, "現れない" in remark.text) for remark in verdict.remarks] == [
        ("条例.jorei:1", False),
        ("条例.jorei:3", True),
    ]
    longer = replace(narrow, period=period("2015-12-01", "2018-12-31"))
    beyond = every_clause_has_effect(Space(a_rule_set((longer, wide), clauses=clauses)))
    assert [remark.place for remark in beyond.remarks] == ["条例.jorei:3"]


def test_a_condition_has_an_effect() -> None:
    grant = own_use("own", TAX, bases=(cite("別表第1の1の項"),), conditions=(needs("consent"),))
    clauses = (clause("consentの定め", 1),)
    assert not every_clause_has_effect(Space(a_rule_set((grant,), clauses=clauses))).remarks
    free = own_use("free", TAX)
    assert every_clause_has_effect(Space(a_rule_set((grant, free), clauses=clauses))).remarks


# ---- P6 ---------------------------------------------------------------------------------------------


def test_expected_provisions(rules: RuleSet) -> None:
    request = {
        "action": "use",
        "municipality": "石巻市",
        "agency": "市長",
        "affair": "child-medical",
        "on": "2016-01-01",
    }

    def asked(label: str, on: str) -> Verdict:
        day = date.fromisoformat(on)
        one = Expected(label, {**request, "on": on}, ISHINOMAKI, day, "事例.yaml:3")
        return expected_citations_exist(Space(rules), [one], same_provision)

    assert asked("石巻市番号利用条例 第3条第1項", "2016-01-01").proved
    assert "効力がない" in asked("石巻市番号利用条例 第3条第1項", "2015-12-31").counterexamples[0].text
    missing = asked("石巻市番号利用条例 第33条", "2016-01-01").counterexamples[0]
    assert "規則集にない" in missing.text
    assert missing.place == "事例.yaml:3"
    assert missing.request is not None


# ---- P7 ---------------------------------------------------------------------------------------------


def test_a_barred_route_opened_beside(rules: RuleSet) -> None:
    part = rules.bodies[ISHINOMAKI]
    barred = next(g for g in part.grants if g.bars and Action.TRANSFER in g.actions)
    wrong = with_part(rules, grants=(*part.grants, replace(barred, id="twin", bars=())))
    faults = bars_hold(Space(wrong)).counterexamples
    assert faults
    decision = shown(wrong, faults[0])
    assert decision.items[0].grants == ("twin",) or "twin" in decision.items[0].grants
    assert not shown(rules, faults[0]).lawful


def test_consent_that_lifts_a_bar(rules: RuleSet) -> None:
    def lifted(grant: Grant) -> tuple[Bar, ...]:
        return (replace(grant.bars[0], literals=(Literal("consent", False),)), *grant.bars[1:])

    wrong, _ = mutated(rules, lambda g: bool(g.bars), bars=lifted)
    assert any("同意があれば" in one.text for one in bars_hold(Space(wrong)).counterexamples)


def test_consent_asked_for_and_bypassed(rules: RuleSet) -> None:
    part = rules.bodies[ISHINOMAKI]
    asks = next(
        g
        for g in part.grants
        if Action.TRANSFER in g.actions and any(c.literal.fact == "consent" for c in g.conditions)
    )
    wrong = with_part(rules, grants=(*part.grants, replace(asks, id="free", clause="other", conditions=())))
    faults = bars_hold(Space(wrong)).counterexamples
    assert faults
    assert "free" in shown(wrong, faults[0]).items[0].grants
    assert not shown(rules, faults[0]).lawful


# ---- P8 ---------------------------------------------------------------------------------------------


def test_two_grants_of_one_id(rules: RuleSet) -> None:
    part = rules.bodies[ISHINOMAKI]
    one, other = part.grants[0], part.grants[1]
    wrong = with_part(rules, grants=(*part.grants, replace(other, id=one.id)))
    (fault,) = unique_names(Space(wrong)).counterexamples
    assert one.id in fault.text
    assert shown(wrong, fault).items


def test_one_provision_under_two_addresses(rules: RuleSet) -> None:
    wrong, _ = mutated(rules, by_row, bases=lambda g: (replace(g.bases[0], label="別の名"), *g.bases[1:]))
    assert any("別の名" in one.text for one in unique_names(Space(wrong)).counterexamples)


def test_one_provision_twice_on_a_day(rules: RuleSet) -> None:
    part = rules.bodies[ISHINOMAKI]
    old = part.clauses[-1]
    wrong = with_part(rules, clauses=(*part.clauses, replace(old, text="別の文", line=999)))
    assert [one.place for one in unique_names(Space(wrong)).counterexamples] == [f"{old.file}:999"]


# ---- P9 ---------------------------------------------------------------------------------------------


def test_a_limit_overrun(rules: RuleSet) -> None:
    wrong, _ = mutated(
        rules,
        by_row,
        limits=lambda g: (replace(g.limits[0], period=Period(g.period.first, date(2017, 12, 31))), *g.limits[1:]),
    )
    (one,) = within_limits(Space(wrong)).counterexamples
    assert shown(wrong, one).lawful
    assert shown(wrong, one).on == date(2018, 1, 1)


def test_an_evaluator_that_does_not_deny_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    rule_set = a_rule_set((own_use("own", TAX, parties=frozenset({MAYOR})),))
    assert within_limits(Space(rule_set)).proved
    monkeypatch.setattr(engine.naive, "_party", lambda grant, party: Reach.YES)
    faults = within_limits(Space(rule_set)).counterexamples
    assert faults
    assert shown(rule_set, faults[0]).outcome is not Outcome.NO_BASIS
    assert CITY in rule_set.bodies
    assert faults[0].request is not None
    assert faults[0].request["affair"] == AFFAIR
