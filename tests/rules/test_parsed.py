"""The national law as the parser reads it: no finding, every sentence with its effect, tables as counted."""

from __future__ import annotations

import pytest

from dsl.parse import parse
from dsl.syntax import (
    Definitions,
    NarrowingList,
    NoEffect,
    NotExpressible,
    StatutoryFormula,
)
from tests.rules.promulgated import ACT, FILES, ORDER_5

EFFECTS = {
    "9/1": ("statutory_use", "entrusted_use"),
    "9/2": ("ordinance_use", "ordinance_use", "entrusted_use"),  # to 2023-06-08, and from 2023-06-09
    "9/3": ("related_affair_use", "entrusted_use"),
    "9/4": ("disaster_payment_use",),
    "9/5": ("received_use",),
    "10/1": ("duty",),
    "11/1": ("duty",),
    "12/1": ("duty",),
    "15/1": ("prohibition_of_request",),
    "16/1": ("duty",),
    "18/1": ("card_area", "duty"),
    "19/1": ("prohibition_of_provision",),
    "20/1": ("prohibition_of_collection",),
    "21/2": ("network_notification",),
    "22/1": ("provider_obligation",),
    "22/2": ("statutory_deemed_submission",),
    "23/1": ("duty",),
    "23/2": ("duty",),
    "24/1": ("duty",),
    "25/1": ("duty",),
    "27/1": ("assessment", "duty"),
    "27/4": ("duty",),
    "27/6": ("assessment_before_linkage",),
    "28/1": ("prohibition_of_file_creation",),
    "28-2/1": ("duty",),
    "28-3/2": ("duty",),
    "28-4/1": ("duty",),
}
ITEMS_OF_19 = {str(n): "provision_ground" for n in range(1, 15)} | {"7": "statutory_linkage", "9": "agency_provision"}


def read(path):
    return parse(path.name, path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def act():
    document, findings = read(ACT)
    assert not findings
    return document


@pytest.fixture(scope="module")
def order():
    document, findings = read(ORDER_5)
    assert not findings
    return document


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_no_finding(path):
    document, findings = read(path)
    assert document is not None
    assert [f"{f.span.line}: {f.code} {f.message}" for f in findings] == []


def test_each_deciding_sentence_of_the_act_has_its_effect(act):
    found = {
        f"{article.number}/{paragraph.number}": effects
        for article in act.articles
        for paragraph in article.paragraphs
        if (effects := tuple(s.formula.effect for s in paragraph.sentences if isinstance(s.formula, StatutoryFormula)))
    }
    assert found == EFFECTS


def test_every_other_sentence_of_the_act_is_accounted_for(act):
    for article in act.articles:
        for paragraph in article.paragraphs:
            for sentence in paragraph.sentences:
                kinds = (StatutoryFormula, Definitions, NoEffect, NotExpressible)
                assert isinstance(sentence.formula, kinds), f"{article.number}/{paragraph.number} {sentence.text.raw}"


def test_items_of_article_19_have_their_grounds(act):
    items = next(a for a in act.articles if a.number == "19").paragraphs[0].items
    assert {i.number: getattr(i.formula, "effect", None) for i in items} == ITEMS_OF_19


def test_tables_of_the_act(act):
    one, two = act.tables
    assert (one.number, one.columns, len(one.rows)) == ("1", ("上欄", "下欄"), 101)
    assert [r.number for r in one.rows if r.deleted] == ["25"]
    assert sum(any(a.name == "事務" for c in r.cells for a in c.annotations) for r in one.rows) == 27
    assert (two.number, two.columns) == ("2", ("第一欄", "第二欄", "第三欄", "第四欄"))
    assert len({r.number for r in two.rows}) == 120
    assert [r.number for r in two.rows if r.deleted] == ["36"]
    ended = [r for r in two.rows if any(a.name == "期間" and a.value.endswith("まで") for a in r.annotations)]
    assert len(two.rows) - 1 - len(ended) == 259


def test_order_narrows_each_row_to_its_procedures(order):
    narrowings = [
        (article.number, paragraph, sentence.formula)
        for article in order.articles
        for paragraph in article.paragraphs
        for sentence in paragraph.sentences
        if isinstance(sentence.formula, NarrowingList)
    ]
    unexpressed = {"69", "70", "71"}  # read differently until 2017-03-31: they grant nothing
    assert sum(len(a.paragraphs) for a in order.articles) + sum(a.deleted for a in order.articles) == 93
    assert {a.number for a in order.articles if a.deleted} == {"13", "58"}
    assert len(narrowings) == 93 - 2 - 1 - len(unexpressed)
    held = sum(len(p.items) or 1 for _, p, _ in narrowings)
    assert held + sum(len(a.paragraphs[0].items) for a in order.articles if a.number in unexpressed) == 442
    assert all(t.table.number == "1" for _, _, f in narrowings for t in f.targets)
    by_row = {t.row: article for article, _, f in narrowings for t in f.targets}
    assert (by_row["15"], by_row["16"], by_row["56"], by_row["61-2"]) == ("15", "16", "44", "46-3")
