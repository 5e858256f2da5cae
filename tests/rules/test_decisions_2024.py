"""Decisions under the Number Use Act of 2024-05-27: a city's statutory affairs by the single table."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from dsl.compile import SourceFile, build
from engine.answer import answer
from engine.compiled import CompiledIndex
from engine.resolve import resolve
from engine.rule_set import Action, RuleSet
from tests.rules.promulgated import RULES

ORDINANCE = """条例 試験市個人番号の利用に関する条例
〔団体 試験市 990099〕〔状態 案〕〔略称 試験市番号利用条例〕〔公布 平成27年12月22日〕

第3条（個人番号の利用範囲） 法第9条第2項の条例で定める事務は、別表第1の左欄に掲げる機関が行う同表の右欄に掲げる事務とする。

別表第1（第3条関係）
| 項 | 機関 | 事務 |
| 1 | 市長 | 子ども医療費の助成に関する事務 〔事務 child-medical・分野 福祉〕 |

附則
1 この条例は、平成28年1月1日から施行する。
"""
ORGANISATION = """団体: {名称: 試験市, コード: "990099", 種類: 市, 福祉事務所: true, 保健所設置: false}
機関:
  - {名称: 市長}
  - {名称: 教育委員会}
"""


@cache
def rules() -> RuleSet:
    national = [SourceFile(p.name, p.read_text(encoding="utf-8")) for p in sorted(RULES.iterdir()) if p.is_file()]
    city = [SourceFile("t/条例.jorei", ORDINANCE), SourceFile("t/organisation.yaml", ORGANISATION)]
    built = build(national, [city])
    assert built.ok, [f"{d.code} {d.path}:{d.span.line} {d.message}" for d in built.diagnostics]
    return built.rule_set


def decided(affair: str, on: str, procedure: str | None = None, agency: str = "市長") -> dict[str, Any]:
    request: dict[str, Any] = {"action": "use", "municipality": "試験市", "agency": agency, "affair": affair, "on": on}
    if procedure is not None:
        request["procedure"] = procedure
    return answer(rules(), CompiledIndex(rules()), resolve(rules(), request)).to_json()


def cited(answer_: dict[str, Any]) -> set[str]:
    return {basis["label"] for item in answer_["items"] for basis in item["basis"]}


@pytest.mark.parametrize(
    ("affair", "row", "article"),
    [
        ("public-assistance", "番号法別表の23の項", "別表主務省令第15条"),
        ("local-tax", "番号法別表の24の項", "別表主務省令第16条"),
        ("national-health-insurance", "番号法別表の44の項", "別表主務省令第24条"),
        ("child-rearing-allowance", "番号法別表の56の項", "別表主務省令第29条"),
        ("番号法別表第一/68", "番号法別表の100の項", "別表主務省令第50条"),
        ("番号法別表の八十二の二の項", "番号法別表の82の2の項", "別表主務省令第44条の4"),
    ],
)
def test_a_statutory_affair_is_permitted_by_its_row_of_the_single_table(affair: str, row: str, article: str) -> None:
    found = decided(affair, "2024-05-27")
    assert found["lawful"]
    assert {"番号法第9条第1項", row, article} <= cited(found)
    assert {"A-ACT-2025", "A-TABLE-2025", "A-ORDER5-2026"} <= {a["id"] for a in found["assumptions"]}


def test_the_day_before_the_old_table_is_cited() -> None:
    found = decided("番号法別表の23の項", "2024-05-26")
    assert found["lawful"]
    assert {"番号法第9条第1項", "番号法別表第一の15の項", "別表第一主務省令第15条"} <= cited(found)


def test_an_affair_that_was_added_had_no_basis_before() -> None:
    found = decided("番号法別表/82-2", "2024-05-26")
    assert found["outcome"] == "no_basis"
    assert "番号法別表の82の2の項の施行" in str(found)


def test_a_renumbered_procedure_is_named_by_its_address_of_the_day() -> None:
    found = decided("public-assistance", "2024-05-27", "別表主務省令第15条第9号")
    assert found["lawful"]
    assert "別表主務省令第15条第9号" in cited(found)
    before = decided("public-assistance", "2024-05-26", "別表第一主務省令第15条第7号")
    assert "別表第一主務省令第15条第7号" in cited(before)


def test_support_for_expectant_mothers_begins_on_2025_04_01() -> None:
    procedure = "別表主務省令第68条第1号"
    assert decided("child-and-childcare-support", "2025-03-31", procedure)["outcome"] == "no_basis"
    assert decided("child-and-childcare-support", "2025-04-01", procedure)["lawful"]


def test_another_agency_of_the_city_does_not_have_the_affair() -> None:
    assert decided("public-assistance", "2024-05-27", agency="教育委員会")["outcome"] == "no_basis"
    assert decided("school-health-medical-aid", "2024-05-27", agency="教育委員会")["lawful"]


def test_a_city_without_a_health_centre_has_no_part_in_the_row_on_infectious_diseases() -> None:
    assert decided("番号法別表の105の項", "2024-05-27")["outcome"] == "no_basis"


def test_a_row_without_an_article_of_the_order_opens_nothing() -> None:
    assert decided("番号法別表の130の2の項", "2024-05-27")["outcome"] != "permitted"


@pytest.mark.parametrize(("on", "told"), [("2023-06-08", False), ("2023-06-09", True), ("2024-05-27", True)])
def test_other_affairs_of_art_9_2_are_told_to_be_missing_from_the_day_they_came(on: str, told: bool) -> None:
    found = decided("child-medical", on)
    assert found["lawful"]
    assert ("A-ART9-2-OTHER" in {a["id"] for a in found["assumptions"]}) is told


def test_the_change_of_words_of_art_9_2_cuts_no_grant_in_two() -> None:
    grants = [
        g for g in rules().bodies["990099"].grants if Action.USE in g.actions and g.affair.endswith("child-medical")
    ]
    assert [g.period.first.isoformat() for g in grants] == [
        "2016-01-01",
        "2024-05-27",
    ]  # the words of 2024 rest on other assumptions


def test_the_ordinance_goes_on_under_the_new_act() -> None:
    found = decided("child-medical", "2024-05-27")
    assert found["lawful"]
    assert "番号法第9条第2項" in cited(found)
