"""The national part that the compiler makes of the files: municipal rows, days, and nothing granted by silence."""

from __future__ import annotations

from datetime import date

import pytest

from dsl.compile import SourceFile, build
from engine.rule_set import Action
from tests.rules.promulgated import RULES


@pytest.fixture(scope="module")
def national():
    files = [SourceFile(p.name, p.read_text(encoding="utf-8")) for p in sorted(RULES.iterdir()) if p.is_file()]
    built = build(files, [])
    assert [f"{d.path}:{d.span.line}: {d.code} {d.message}" for d in built.diagnostics] == []
    assert built.ok
    return built.rule_set.national


def test_municipal_rows_are_27_and_41(national):
    municipal = [c.id for c in national.clauses if c.municipal]
    assert sum("/別表1/" in id_ for id_ in municipal) == 27
    assert sum("/別表2/" in id_ for id_ in municipal) == 41


def test_no_use_before_2016_and_no_linkage_before_the_trial_operation(national):
    assert min(g.period.first for g in national.grants if Action.USE in g.actions) == date(2016, 1, 1)
    local = [
        g for g in national.grants if Action.LINK in g.actions and g.parties & {"市町村長", "市長", "市町村教育委員会"}
    ]
    assert min(g.period.first for g in local) == date(2017, 7, 18)


def test_nothing_stands_after_table_two_was_repealed(national):
    assert max(g.period.last for g in national.grants) == date(2024, 5, 26)


def test_every_linkage_says_that_the_order_is_not_at_hand(national):
    for grant in national.grants:
        if Action.LINK in grant.actions:
            assert {"A-LINK-START", "A-ORDER7-TEXT", "A-TABLE-GAP"} <= set(grant.assumptions)


def test_rows_without_an_expressed_article_grant_nothing(national):
    without = ("13", "18", "51", "52", "58", "61", "64", "65", "79", "80", "82", "85", "93", "95", "96", "97")
    assert {v.affair for v in national.voids} == {f"番号法別表第一/{row}" for row in without}
    uses = {g.affair for g in national.grants if Action.USE in g.actions}
    assert not uses & {v.affair for v in national.voids}


@pytest.mark.parametrize(
    ("on", "label"),
    [(date(2017, 5, 30), "番号法第19条第7号"), (date(2021, 9, 1), "番号法第19条第8号")],
)
def test_linkage_is_cited_at_its_address_of_the_day(national, on, label):
    labels = {
        g.bases[0].label
        for g in national.grants
        if Action.LINK in g.actions and g.period.first <= on <= g.period.last and "/別表2/2#" in g.id
    }
    assert labels == {label}


def test_duties_follow_the_renumbering(national):
    training = [(d.citation.label, d.citation.in_force.first) for d in national.duties if d.id == "staff-training"]
    assert training == [("番号法第28条の2", date(2016, 1, 1)), ("番号法第29条の2", date(2017, 5, 30))]
