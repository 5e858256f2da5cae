"""What formulas mean: a right ordinance changed in one place changes decisions in exactly that way."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from engine.answer import answer
from engine.compiled import CompiledIndex
from engine.resolve import resolve
from tests.compile.bodies import ORDINANCE, REGULATION, compiled

USE = {"action": "use", "municipality": "試験市", "agency": "市長", "affair": "child-medical", "on": "2016-04-01"}
TRANSFER = {
    **USE,
    "action": "transfer",
    "procedure": 1,
    "information": ["地方税関係情報"],
    "holder": "市長",
}


def decided(request: dict[str, Any], **texts: str) -> dict[str, Any]:
    built = compiled(**texts)
    assert built.ok, [f"{d.code} {d.message}" for d in built.diagnostics]
    rules = built.rule_set
    return answer(rules, CompiledIndex(rules), resolve(rules, request)).to_json()


def test_a_limit_with_a_fact_waits_for_the_fact() -> None:
    row = "| 1 | 市長 | 子ども医療費の助成に関する事務であって規則で定めるもの 〔事務 child-medical・分野 福祉〕 |\n\n"
    limited = row.replace("事務であって", "事務（市外の医療機関で受けた医療に係るものに限る。）であって").replace(
        "分野 福祉〕", "分野 福祉・事実 市外の医療〕"
    )
    second = ORDINANCE.index("| 1 | 市長", ORDINANCE.index("別表第2（"))
    text = ORDINANCE.replace(row, limited)
    text = text[: second + len(limited) - len(row)] + text[second + len(limited) - len(row) :].replace(
        "助成に関する事務であって", "助成に関する事務（市外の医療機関で受けた医療に係るものに限る。）であって"
    ).replace("分野 福祉〕", "分野 福祉・事実 市外の医療〕")
    assert decided(USE, ordinance=text)["outcome"] == "undetermined"
    assert decided({**USE, "facts": {"specific": {"市外の医療": True}}}, ordinance=text)["lawful"]
    refused = decided({**USE, "facts": {"specific": {"市外の医療": False}}}, ordinance=text)
    assert refused["outcome"] == "condition_unmet"


def test_a_list_limited_to_some_cases_waits_for_the_fact() -> None:
    text = REGULATION.replace(
        "条例別表第1の1の項の規則で定める事務は、次の",
        "条例別表第1の1の項の規則で定める事務のうち、未就学児に係るものは、次の",
    )
    rules = compiled(regulation=text).rule_set
    limited = [g for g in rules.bodies["990099"].grants if g.procedures and not g.information]
    facts = {c.literal.fact for g in limited for c in g.conditions if g.bases[1].table == "1"}
    assert "specific:未就学児" in facts


def test_a_day_left_to_the_regulation_grants_nothing_until_it_is_written() -> None:
    open_ = ORDINANCE.replace("平成28年1月1日から施行する。\n", "規則で定める日から施行する。\n")
    assert [d.code for d in compiled(ordinance=open_).diagnostics if d.code == "J0313"]
    fixed = ORDINANCE.replace("平成28年1月1日から施行する。\n", "規則で定める日から施行する。〔施行 平成28年4月1日〕\n")
    assert decided(USE, ordinance=fixed)["lawful"]
    assert not decided({**USE, "on": "2016-03-31"}, ordinance=fixed)["lawful"]


def test_an_unnumbered_table_is_cited_as_it_is_printed() -> None:
    ordinance = f"""条例 試験市個人番号の利用に関する条例
〔団体 試験市 990099〕〔略称 試験市番号利用条例〕

第3条 法第9条第2項の条例で定める事務は、別表の左欄に掲げる機関が行う同表の右欄に掲げる事務とする。

別表（第3条関係）
| 項 | 機関 | 事務 |
| 1 | 市長 | 子ども医療費の助成に関する事務 〔事務 child-medical・分野 福祉〕 |

附則
{ORDINANCE.splitlines()[-1]}
"""
    said = decided(USE, ordinance=ordinance, regulation=None)  # type: ignore[arg-type]
    assert said["lawful"]
    assert "試験市番号利用条例別表の1の項" in [b["label"] for b in said["items"][0]["basis"]]


@pytest.mark.parametrize(("kind", "droppable"), [("規則", "yes"), ("法令", "no")])
def test_the_deemed_clause_covers_the_norms_it_names(kind: str, droppable: str) -> None:
    text = REGULATION.replace("添えなければならない。", f"添えなければならない。〔義務付け {kind}〕")
    papers = {p["name"]: p["droppable"] for p in decided(TRANSFER, regulation=text)["attachments"]}
    assert papers["所得課税証明書"] == droppable


def test_every_grant_has_an_identity_of_its_own() -> None:
    rules = compiled().rule_set
    ids = Counter(g.id for part in rules.parts("990099") for g in part.grants)
    assert [id_ for id_, count in ids.items() if count > 1] == []
