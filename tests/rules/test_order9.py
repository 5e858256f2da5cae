"""Order No. 9 of 2024: the table of Article 2, the details behind it, and the identity of the old items."""

from __future__ import annotations

import re

import pytest

from dsl.instrument import Instrument, values
from dsl.linkage_details import IROHA, details
from dsl.parse import parse
from dsl.phrases import agencies, information, persons
from dsl.place import row_annotations
from tests.rules.promulgated import RULES

PATH = RULES / "利用特定個人情報提供命令.jorei"


@pytest.fixture(scope="module")
def order():
    document, findings = parse(PATH.name, PATH.read_text(encoding="utf-8"))
    assert findings == ()
    return Instrument(document)


@pytest.fixture(scope="module")
def table(order):
    return order.articles["2"].paragraphs[0].table


@pytest.fixture(scope="module")
def opened(order):
    return details(order, "第2条")


def test_181_items_and_456_pairs_one_deleted(table):
    assert len({r.number for r in table.rows}) == 181
    assert [r.number for r in table.rows if r.deleted] == ["157"]
    assert sum(not r.deleted for r in table.rows) == 456
    assert table.columns == ("情報照会者", "特定個人番号利用事務", "情報提供者", "利用特定個人情報")


def test_54_items_have_details_and_no_reference_leads_nowhere(opened):
    assert len(opened) == 54
    assert sum(len(each) for each in opened.values()) == 288
    assert [(d.name, d.unread) for each in opened.values() for d in each if d.unread] == []
    assert [d.name for each in opened.values() for d in each if not d.opened] == []


def test_details_open_just_the_information_of_their_item(table, opened):
    for number, each in opened.items():
        rows = [r for r in table.rows if r.number == number]
        named = {n for r in rows for n in information(r.cells[3].text.raw)}
        assert {o.name for d in each for o in d.opened} == named, number


def test_a_reference_opens_the_lettered_information_of_the_item_it_names(opened):
    """第五十五条第七号: 第一号イからニまで、ヘ及びトに掲げる情報."""
    first, seventh = (next(d for d in opened["53"] if d.name == f"55.{n}") for n in ("1", "7"))
    assert {o.name for o in seventh.opened} < {o.name for o in first.opened}
    assert {o.person for o in seventh.opened} == {"公営住宅の入居者", "同居者"}


def test_every_lettered_reference_has_its_letter(order):
    """The numbers are the editors': that the text's own references fit them is the proof there is."""
    checked = 0
    for article in order.document.articles:
        for paragraph in article.paragraphs:
            for item in paragraph.items:
                text = item.definition.raw if item.definition else item.text.raw
                for letters in re.findall(r"(?:第一号|前号)([ァ-ヱ][^号。]*?)に掲げる情報", text):
                    first = paragraph.items[0]
                    furthest = max(IROHA.index(ch) for ch in letters if ch in IROHA)
                    assert furthest < len(first.items), (article.number, item.number)
                    checked += 1
    assert checked >= 20


def test_old_items_keep_their_identity(table):
    held = {}
    for row in table.rows:
        for id_ in values(row_annotations(row), "事務"):
            if not row.continuation:
                assert held.setdefault(id_, row.number) == row.number
    old = {id_.rpartition("/")[2]: number for id_, number in held.items() if id_.startswith("番号法別表第二/")}
    expected = {
        "9": "13",
        "17": "27",
        "19": "29",
        "26": "42",
        "68": "93",
        "69": "93",
        "74": "106",
        "75": "107",
        "87": "125",
    }
    assert {k: old.get(k) for k in expected} == expected
    assert "45" not in old  # 特別徴収の方法による保険料の徴収: no item of the order has this affair


def test_quasi_statutory_affairs_are_those_that_rest_on_no_statute(table):
    marked = {r.number for r in table.rows if values(row_annotations(r), "準法定事務") and not r.continuation}
    assert marked == {str(n) for n in range(161, 174)} | {"173-2"}


def test_provider_cells_end_in_agencies(table):
    for row in table.rows:
        for part in () if row.deleted else agencies(row.cells[2].text.raw):
            assert not re.search("関する情報|事務", part.name[-5:]), part.name


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("当該申請に係る障害児の保護者又は当該保護者と同一の世帯に属する者", ("保護者", "世帯員")),
        ("要保護者等", ("要保護者等",)),
        ("措置児童を監護又は養育する者", ("措置児童を監護又は養育する者",)),
    ],
)
def test_persons_are_parted_only_between_persons(text, words):
    assert persons(text) == words
