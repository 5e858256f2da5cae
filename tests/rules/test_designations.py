"""The classes of agencies in rules/designations.yaml comprise what the defining cells of the Act say."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.national_registers import Designation, read_designations
from dsl.parse import parse
from dsl.phrases import definitions, without_parentheses

RULES = Path(__file__).parents[2] / "rules"
ENTRIES, _ = read_designations("designations.yaml", (RULES / "designations.yaml").read_text("utf-8"))
DEFINED = [entry for entry in ENTRIES if entry.defined_in]


def defining_cells(entry: Designation) -> str:
    act, _ = parse("番号法.jorei", (RULES / "番号法.jorei").read_text("utf-8"))
    place, _, number = (entry.defined_in or "").rpartition("/")
    table = next(t for t in act.tables if t.number == {"番号法別表第一": "1", "番号法別表第二": "2"}[place])
    return "".join(c.text.raw for row in table.rows if row.number == number for c in row.cells if not c.continued)


def test_there_are_defined_classes() -> None:
    assert {"都道府県知事等", "医療保険者"} <= {entry.name for entry in DEFINED}


@pytest.mark.parametrize("entry", DEFINED, ids=lambda e: e.name)
def test_the_cell_defines_the_class(entry: Designation) -> None:
    words = defining_cells(entry)
    _, explained, remark = words.partition(f"{entry.name}（")  # X（…をいう。以下同じ。）
    by_remark = bool(explained) and "をいう。以下同じ。" in remark
    assert by_remark or entry.name in definitions(words) or f"「{entry.name}」" in words


@pytest.mark.parametrize("entry", DEFINED, ids=lambda e: e.name)
def test_every_member_stands_in_the_cell(entry: Designation) -> None:
    words = defining_cells(entry)
    bare = words.replace("（昭和二十六年法律第四十五号）", "")
    missing = [m for m in entry.members if m not in words and m not in bare and m not in without_parentheses(words)]
    assert missing == []
