"""Clauses that refer to an appended table of the Act on days on which the Act has no such table (L0103)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dsl.lint.days import in_words, uncovered
from dsl.lint.finding import AMENDS, Fix, Lint, lint
from dsl.lint.splitting import reworded
from dsl.lint.view import Passage, View, nodes
from dsl.syntax import (
    ProvisionToOtherAgency,
    RowRef,
    ScopeOfIndependentUse,
    TableRef,
    UseWithinAgency,
    Whose,
)
from engine.period import Period

_NUMBER_TWO = "[2２二]"
_AFFAIRS = re.compile(rf"法別表第{_NUMBER_TWO}の(?:第{_NUMBER_TWO}欄|中欄)に掲げる事務(?!（)")
_INFORMATION = re.compile(r"同表の(?:第[4４四]欄|下欄)に掲げる特定個人情報(?!（)")
#: a sentence that refers to the table in no other way
_OTHER = re.compile(r"法別表|同表の(?:項|第[1１一]欄|第[3３三]欄)")


def check(view: View) -> Iterator[Lint]:
    """Every reference of an operative sentence to a table of the Act, against the tables of the Act on each day."""
    for passage in view.passages:
        told: set[str] = set()
        rows = {r.table for r in nodes(passage.formula, RowRef)}
        for ref in nodes(passage.formula, TableRef):
            if ref.whose is not Whose.ACT or ref.number in told or (rows and ref in rows):
                continue
            told.add(ref.number)
            has = [on for on, national in view.nation.slices if ref.number in national.act.tables]
            missing = uncovered([passage.days], has)
            if missing and not _excludes_only(passage, ref.number):
                yield _told(view, passage, ref, missing)


def _excludes_only(passage: Passage, number: str) -> bool:
    """Whether the table is named only by what the sentence cuts out: what is cut out does not come back with the repeal."""
    formula = passage.formula
    if not isinstance(formula, ScopeOfIndependentUse):
        return False
    granting = {r.number for c in formula.clauses for r in nodes(c.affairs, TableRef) if r.whose is Whose.ACT}
    return number not in granting


def _told(view: View, passage: Passage, ref: TableRef, missing: tuple[Period, ...]) -> Lint:
    table = f"法別表第{ref.number}" if ref.number else "法別表"
    current = bool(view.nation.slices) and "" in view.nation.slices[-1][1].act.tables
    new = (
        "「法別表第2の第2欄に掲げる事務」は「特定個人番号利用事務」、「同表の第4欄に掲げる特定個人情報」は「利用特定個人情報」と改めます。"
        if ref.number == "2" and current
        else "その日の番号法の表を引くように改めます。"
    )
    return lint(
        "L0103",
        passage.edition.path,
        ref.span,
        f"{in_words(missing)}、番号法に{table.removeprefix('法')}はなく、{passage.label}のこの部分は何も認めません",
        new + AMENDS,
        _fix(passage, missing) if ref.number == "2" and current else None,
    )


def _fix(passage: Passage, missing: tuple[Period, ...]) -> Fix | None:
    """The wording of the new law from the day of the repeal, where the sentence is exactly the formula."""
    if not isinstance(passage.formula, UseWithinAgency | ScopeOfIndependentUse | ProvisionToOtherAgency):
        return None
    if len(missing) != 1 or missing[0].last != passage.days.last:
        return None
    raw = passage.sentence.text.raw
    renewed = _renewed(raw)
    if renewed is None or _OTHER.search(renewed):
        return None
    before = uncovered([passage.days], missing)
    runs = [(period, None) for period in before]
    return reworded(passage, [*runs, (missing[0], _renewed)])


def _renewed(text: str) -> str | None:
    changed, times = _AFFAIRS.subn("特定個人番号利用事務", text)
    if not times:
        return None
    return _INFORMATION.sub("利用特定個人情報", changed) if "特定個人番号利用事務を処理する" in changed else changed
