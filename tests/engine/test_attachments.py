"""Lawful use and droppable paper are two questions."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from engine.attachments import Attachment, attachments
from engine.period import Period
from engine.rule_set import (
    Action,
    Assumption,
    DeemedSubmission,
    Fact,
    Gate,
    GrantedInformation,
    Holdings,
    RequiredDocument,
    RuleSet,
)
from tests.engine.build import (
    AFFAIR,
    BOARD,
    MAYOR,
    RESIDENCE,
    TAX,
    a_request,
    a_rule_set,
    by_network,
    cite,
    from_agency,
    needs,
    own_use,
    period,
)

CERTIFICATE = "所得課税証明書"
GATES = (
    Gate("trial-operation", "試行運用", date(2017, 7, 18), ""),
    Gate("full-operation", "本格運用", date(2017, 11, 13), ""),
)
HELD = (Holdings(MAYOR, TAX, AFFAIR), Holdings(MAYOR, RESIDENCE, AFFAIR))


def paper(*proves: str | tuple[str, str], demanded_by: str = "規則", **changes: Any) -> RequiredDocument:
    things = tuple(GrantedInformation(p) if isinstance(p, str) else GrantedInformation(*p) for p in proves)
    fields = {"procedures": None, "period": period()} | changes
    return RequiredDocument(
        "doc", CERTIFICATE, AFFAIR, proves=things, citation=cite("規則第5条"), demanded_by=demanded_by, **fields
    )


def deemed(*triggers: str, covers: tuple[str, ...] = ("条例", "規則"), network: bool = False) -> DeemedSubmission:
    return DeemedSubmission(
        "deemed", cite("条例第3条第4項"), frozenset(triggers), frozenset(covers), period(), network=network
    )


def rules(
    *grants: Any, papers: Any = (), clauses: Any = (), held: Any = HELD, linked: Any = (), **more: Any
) -> RuleSet:
    return a_rule_set(
        grants, linked, documents=tuple(papers), deemed=tuple(clauses), holdings=held, national_gates=GATES, **more
    )


def only(rule_set: RuleSet, **changes: Any) -> Attachment:
    (answer,) = attachments(rule_set, a_request(**changes))
    return answer


OWN = {"papers": [paper(TAX)], "clauses": [deemed("clause-own")]}


def test_own_information_with_a_deeming_clause_replaces_the_paper() -> None:
    answer = only(rules(own_use("own", TAX), **OWN))
    assert answer.droppable == "yes"
    assert [basis.label for basis in answer.bases] == ["根拠own", "条例第3条第4項"]


def test_lawful_use_without_a_deeming_clause_leaves_the_paper() -> None:
    answer = only(rules(own_use("own", TAX), papers=[paper(TAX)], clauses=[deemed("another")]))
    assert answer.droppable == "no"
    assert "適法ですが" in answer.reasons[0]
    assert "みなす規定がありません" in answer.reasons[0]


def test_the_clause_must_cover_the_norm_that_demands_the_paper() -> None:
    answer = only(rules(own_use("own", TAX), papers=[paper(TAX, demanded_by="規程")], clauses=[deemed("clause-own")]))
    assert answer.droppable == "no"
    assert "規程が求めるこの書類には及びません" in answer.reasons[0]


def test_a_clause_out_of_force_deems_nothing() -> None:
    late = replace(deemed("clause-own"), period=period("2019-01-01"))
    rule_set = rules(own_use("own", TAX), papers=[paper(TAX)], clauses=[late])
    assert only(rule_set).droppable == "no"
    assert only(rule_set, on="2019-01-01").droppable == "yes"


def test_unlawful_use_leaves_the_paper() -> None:
    answer = only(rules(own_use("own", TAX, conditions=(needs("consent"),)), **OWN))
    assert answer.droppable == "no"
    assert not any("適法" in reason for reason in answer.reasons)
    assert (
        only(rules(own_use("own", TAX, conditions=(needs("consent"),)), **OWN), facts={"consent": True}).droppable
        == "yes"
    )


def test_information_the_agency_does_not_hold_does_not_arrive() -> None:
    answer = only(rules(own_use("own", TAX), held=(), **OWN))
    assert answer.droppable == "no"
    assert "登録にありません" in answer.reasons[0]


@pytest.mark.parametrize(("facts", "droppable"), [({"resident": True}, "yes"), ({"resident": False}, "no"), ({}, "no")])
def test_information_held_by_the_city_of_residence(facts: dict[str, bool], droppable: str) -> None:
    linked = [by_network("link", TAX, affair="他の事務")]
    answer = only(rules(own_use("own", TAX), linked=linked, **OWN), facts=facts)
    assert answer.droppable == droppable
    if not facts:
        assert "resident" in answer.reasons[0]


def test_part_of_what_a_paper_proves() -> None:
    answer = only(rules(own_use("own", TAX), papers=[paper(TAX, RESIDENCE)], clauses=[deemed("clause-own")]))
    assert answer.droppable == "partial"
    assert len(answer.reasons) >= 2


def test_each_person_counts() -> None:
    own = own_use("own", (TAX, "申請者"))
    both = rules(own, papers=[paper((TAX, "申請者"), (TAX, "世帯員"))], clauses=[deemed("clause-own")])
    assert only(both).droppable == "partial"
    assert only(rules(own, papers=[paper((TAX, "世帯員"))], clauses=[deemed("clause-own")])).droppable == "no"


def test_another_agency_of_the_city() -> None:
    rule_set = rules(from_agency("t", TAX), papers=[paper(TAX)], clauses=[deemed("clause-t")])
    assert only(rule_set, party=BOARD).droppable == "yes"
    assert (
        only(
            rules(from_agency("t", TAX), papers=[paper(TAX)], clauses=[deemed("clause-t")], held=()), party=BOARD
        ).droppable
        == "no"
    )


LINK = {"linked": [by_network("link", TAX)], "papers": [paper(TAX, demanded_by="法令")]}
STATUTE = deemed("clause-link", covers=("法令",), network=True)


@pytest.mark.parametrize(
    ("day", "droppable", "word"),
    [
        ("2017-07-17", "no", "規定が"),
        ("2017-07-18", "no", "試行"),
        ("2017-11-12", "no", "試行"),
        ("2017-11-13", "yes", "情報連携"),
    ],
)
def test_the_trial_of_the_network_spares_no_paper(day: str, droppable: str, word: str) -> None:
    answer = only(rules(clauses=[STATUTE], **LINK), on=day, facts={"resident": False})
    assert answer.droppable == droppable
    assert any(word in reason for reason in answer.reasons)


@pytest.mark.parametrize("facts", [{"same_day": True}, {"network_up": False}, {"resident": True}, {"resident": None}])
def test_what_closes_the_network(facts: dict[str, bool | None]) -> None:
    known = {name: value for name, value in ({"resident": False} | facts).items() if value is not None}
    answer = only(rules(clauses=[STATUTE], **LINK), facts=known)
    assert answer.droppable == "no"
    assert "適法ですが" in answer.reasons[0]


def test_the_statutory_clause_does_not_cover_papers_of_ordinances() -> None:
    rule_set = rules(linked=LINK["linked"], papers=[paper(TAX, demanded_by="条例")], clauses=[STATUTE])
    answer = only(rule_set, facts={"resident": False})
    assert answer.droppable == "no"
    assert "及びません" in answer.reasons[0]


def test_papers_of_the_procedure_on_the_day_or_as_named() -> None:
    first = paper(TAX, procedures=frozenset({f"{AFFAIR}/1"}))
    rule_set = rules(own_use("own", TAX), papers=[first], clauses=[deemed("clause-own")])
    assert attachments(rule_set, a_request(procedure=f"{AFFAIR}/2")) == ()
    assert [a.name for a in attachments(rule_set, a_request(procedure=f"{AFFAIR}/1"))] == [CERTIFICATE]
    named = attachments(rule_set, a_request(attachments=(CERTIFICATE, "診断書")))
    assert [(a.name, a.droppable.value) for a in named] == [(CERTIFICATE, "yes"), ("診断書", "no")]


def test_a_paper_that_proves_nothing_known_is_brought() -> None:
    assert only(rules(own_use("own", TAX), papers=[paper()], clauses=[deemed("clause-own")])).droppable == "no"


def test_the_action_asked_about_does_not_matter() -> None:
    rule_set = rules(own_use("own", TAX), **OWN)
    information = (GrantedInformation(TAX),)
    assert only(rule_set, action=Action.LINK, information=information).droppable == "yes"


def test_without_a_procedure_a_paper_must_be_spared_in_every_one() -> None:
    known = {"papers": [paper(TAX)], "clauses": [deemed("clause-own")]}
    first = rules(own_use("own", TAX, procedures=frozenset({f"{AFFAIR}/1"})), **known)
    assert only(first, procedure=f"{AFFAIR}/1").droppable == "yes"
    answer = only(first)
    assert answer.droppable == "no"
    assert "第1号の手続に限られます" in answer.reasons[0]
    both = own_use("own", TAX, procedures=frozenset({f"{AFFAIR}/1", f"{AFFAIR}/2"}))
    assert only(rules(both, **known)).droppable == "yes"


def test_what_stands_against_a_ground_is_the_reason() -> None:
    grants = (own_use("own", TAX, conditions=(needs(Fact.CONSENT),)),)
    rule_set = rules(*grants, **OWN)
    assert only(rule_set, facts={"consent": True}).droppable == "yes"
    assert "満たされていません" in only(rule_set, facts={"consent": False}).reasons[0]
    assert "本人等の同意" in only(rule_set).reasons[0]


def test_only_assumptions_of_the_day_are_named() -> None:
    old = Assumption("OLD", "", "", Period(date(2013, 5, 31), date(2015, 12, 31)))
    grants = (own_use("own", TAX, assumptions=("OLD", "NEW")),)
    assert only(rules(*grants, national_assumptions={"OLD": old}, **OWN)).assumptions == ("NEW",)
