"""The national part that the compiler makes of the files: municipal rows, days, and nothing granted by silence."""

from __future__ import annotations

from datetime import date

import pytest

from dsl.compile import SourceFile, build
from engine.rule_set import Action
from tests.rules.promulgated import RULES

#: the single table, and Order No. 9 in place of Table 2
CHANGE = date(2024, 5, 27)


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


def test_the_old_tables_open_nothing_after_they_were_repealed(national):
    cited = [(c.label, g.period) for g in national.grants for c in g.bases if c.table in ("1", "2")]
    assert cited
    assert {label for label, period in cited if period.contains(CHANGE)} == set()


def test_every_linkage_by_the_old_table_says_that_the_order_is_not_at_hand(national):
    for grant in national.grants:
        if Action.LINK in grant.actions and grant.period.first < CHANGE:
            assert {"A-LINK-START", "A-ORDER7-TEXT", "A-TABLE-GAP"} <= set(grant.assumptions)


def test_rows_without_an_expressed_article_grant_nothing(national):
    without = ("13", "18", "51", "52", "58", "61", "64", "65", "79", "80", "82", "85", "93", "95", "96", "97")
    voids = [v for v in national.voids if v.citation.table == "1"]
    assert {v.affair for v in voids} == {f"番号法別表第一/{row}" for row in without}
    uses = {g.affair for g in national.grants if Action.USE in g.actions and g.period.first < CHANGE}
    assert not uses & {v.affair for v in voids}


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
    assert training == [
        ("番号法第28条の2", date(2016, 1, 1)),
        ("番号法第29条の2", date(2017, 5, 30)),
        ("番号法第29条の2", CHANGE),  # with the words of the new edition
    ]


# ---- from 2024-05-27 ------------------------------------------------------------------------------

#: rows of the single table for which Order No. 5 has no article
WITHOUT_ARTICLE = (
    *("23-6", "26", "26-3", "26-4", "45", "73", "84", "90", "91-2", "92", "97", "105-2", "113", "114", "125", "130-2"),
)


def test_32_rows_of_the_single_table_can_be_municipal(national):
    municipal = [c.id.removeprefix("番号法/別表/") for c in national.clauses if c.municipal and "/別表/" in c.id]
    assert len(municipal) == 32
    assert set(municipal) > {"19-7", "82-2", "126", "130-2", "135"}  # beside the 27 that the old table had


def test_every_row_of_the_single_table_opens_uses_or_says_why_not(national):
    on_the_day = [g for g in national.grants if Action.USE in g.actions and g.period.contains(CHANGE)]
    opened = {c.row for g in on_the_day for c in g.bases if c.table == ""}
    voids = {v.citation.row for v in national.voids if v.citation.table == "" and v.period.contains(CHANGE)}
    assert voids == set(WITHOUT_ARTICLE)
    assert not opened & voids
    assert len(opened | voids) == 177


def test_an_affair_goes_on_under_both_addresses(national):
    affair = national.affairs["public-assistance"]
    assert set(affair.aliases) >= {
        "番号法別表第一/15",
        "番号法別表第一の15の項",
        "番号法別表/23",
        "番号法別表の23の項",
    }


@pytest.mark.parametrize(
    ("procedure", "before", "after"),
    [
        ("public-assistance/7", "別表第一主務省令第15条第7号", "別表主務省令第15条第9号"),
        ("public-assistance/令6-7", None, "別表主務省令第15条第7号"),
        ("child-allowance/4", "別表第一主務省令第44条第4号", "別表主務省令第44条第5号"),
        ("local-tax/1", "別表第一主務省令第16条", "別表主務省令第16条"),
        ("child-and-childcare-support/1", "別表第一主務省令第68条第1号", "別表主務省令第68条第6号"),
    ],
)
def test_a_procedure_goes_on_at_its_new_address(national, procedure, before, after):
    found = {c.in_force.first: c.label for c in national.procedures[procedure].citations}
    assert found == ({date(2016, 1, 1): before} if before else {}) | {CHANGE: after}


def test_provisions_keep_their_identity_across_the_editions(national):
    by_effect = {}
    for grant in national.grants:
        if Action.USE in grant.actions and grant.affair in (
            "related-affairs",
            "disaster-payments",
            "received-information",
        ):
            by_effect.setdefault(grant.affair, []).append(grant)
    for grants in by_effect.values():
        assert len({g.clause for g in grants}) == 1
    labels = {a: [g.bases[0].label for g in sorted(gs, key=lambda g: g.period)] for a, gs in by_effect.items()}
    assert labels == {
        "related-affairs": ["番号法第9条第3項", "番号法第9条第4項"],
        "disaster-payments": ["番号法第9条第4項", "番号法第9条第5項"],
        "received-information": ["番号法第9条第5項", "番号法第9条第6項"],
    }


def test_papers_that_an_ordinance_demands_are_spared_by_the_text_of_article_26(national):
    spared = [d for d in national.deemed if "条例" in d.covers and d.period.contains(CHANGE)]
    assert [d.citation.label for d in spared] == ["番号法第26条において準用する同法第22条第2項"]
    assert {d.triggers for d in spared} == {frozenset({"番号法/19/1/9@2024-05-27"})}
