"""Facts and the threshold table of impact assessments."""

from __future__ import annotations

from datetime import date

import pytest

from engine.facts import normalise
from engine.impact_assessment import required

DAY = date(2018, 4, 1)


@pytest.mark.parametrize("word", ["はい", "有", "あり", "yes", True, "ＴＲＵＥ"])
def test_yes(word: object) -> None:
    assert normalise({"consent": word}, DAY).facts == {"consent": True}


@pytest.mark.parametrize("word", ["いいえ", "無", "なし", "no", False])
def test_no(word: object) -> None:
    assert normalise({"同意": word}, DAY).facts == {"consent": False}


@pytest.mark.parametrize("word", [None, "不明", ""])
def test_not_given_is_missing_never_false(word: object) -> None:
    assert normalise({"resident": word}, DAY).facts == {}


def test_two_names_of_one_fact_must_agree_to_be_true() -> None:
    for facts in ({"consent": True, "同意": False}, {"同意": False, "consent": True}):
        assert normalise(facts, DAY).facts == {"consent": False}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("published", True),
        ("公表済", True),
        ("義務なし", True),
        ("not_required", True),
        ("未実施", False),
        ("要再実施", False),
        ("水準不足", False),
        ("outdated", False),
        (True, True),
    ],
)
def test_words_for_assessments(word: object, expected: bool) -> None:
    assert normalise({"pia": word}, DAY).facts == {"pia": expected}


def record(**changes: object) -> dict[str, object]:
    return {"level": "基礎", "published": "2016-01-01", "persons": 5_000, "handlers": 10, "incident": "無"} | changes


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"persons": 148_000}, False),
        ({"persons": 148_000, "level": "重点"}, True),
        ({"persons": 148_000, "level": "重点", "incident": True}, False),
        ({"persons": 400_000, "level": "full"}, True),
        ({"published": None}, False),
        ({"published": "2018-04-02"}, False),
        ({"changed": "2018-04-01"}, False),
        ({"changed": "2018-04-02"}, True),
        ({"changed": "2015-12-31"}, True),
        ({"persons": 999, "level": "義務なし", "published": None}, True),
        ({"persons": 1_000, "level": "義務なし", "published": None}, False),
    ],
)
def test_records_of_assessments(changes: dict[str, object], expected: bool) -> None:
    assert normalise({"pia": record(**changes)}, DAY).facts == {"pia": expected}


def test_an_unverified_cell_is_an_assumption() -> None:
    assert normalise({"pia": record()}, DAY).assumptions == ("A-PIA-THRESHOLD",)
    assert normalise({"pia": record(persons=400_000)}, DAY).assumptions == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"level": "並"},
        {"persons": -1},
        {"persons": True},
        {"handlers": None},
        {"published": "いつか"},
        {"incident": "?"},
        {"x": 1},
    ],
)
def test_unreadable_records(changes: dict[str, object]) -> None:
    read = normalise({"pia": record(**changes)}, DAY)
    assert [problem.code for problem in read.problems] == ["R0115"]
    assert read.facts == {}


@pytest.mark.parametrize("value", [3, ["学生", 1], {"": True}, {"学生": "?"}])
def test_unreadable_specific_facts(value: object) -> None:
    assert {problem.code for problem in normalise({"specific": value}, DAY).problems} == {"R0115"}


def test_the_edges_of_the_threshold_table() -> None:
    def level(persons: int, handlers: int = 0, incident: bool = False) -> str:
        return required(persons, handlers, incident=incident)[0]

    assert [level(n) for n in (999, 1_000, 9_999, 10_000, 99_999, 100_000, 299_999, 300_000)] == [
        "義務なし", "基礎", "基礎", "基礎", "基礎", "重点", "重点", "全項目",
    ]  # fmt: skip
    assert [level(n, 500) for n in (1_000, 10_000, 100_000)] == ["基礎", "重点", "全項目"]
    assert level(50_000, 499) == "基礎"
    assert level(50_000, 10, incident=True) == "重点"
