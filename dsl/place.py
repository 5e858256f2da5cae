"""Where a sentence of an ordinance stands, and the affairs its phrases lead to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dsl.instrument import Instrument, branch, value
from dsl.regulation import Narrowing
from dsl.syntax import Annotation, Article, Cell, Paragraph, Row, Table
from engine.period import Period
from engine.rule_set import Citation, Condition


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sentence stands, the days it is in force and its citations."""

    instrument: Instrument
    article: Article
    paragraph: Paragraph
    period: Period
    citations: tuple[Citation, ...]
    conditions: tuple[Condition, ...] = ()  # 〔事実 …〕 on the sentence


@dataclass(frozen=True, slots=True)
class Entry:
    """One affair that a phrase names, with the chain of citations and the days that lead to it."""

    affair: str
    row: Row | None
    table: Table | None
    bases: tuple[Sequence[Citation], ...]
    period: Period
    narrowings: tuple[Narrowing, ...]
    void: str | None
    statutory_parties: frozenset[str] = frozenset()
    statutory_information: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()  # the row and its continuation rows
    conditions: tuple[Condition, ...] = ()  # 〔事実 …〕 on the row or item


def placed(table: Table, article: Article, paragraph: Paragraph) -> Table:
    """A table inside a paragraph, numbered by its place (第3条第1項)."""
    place = branch(article.number, "条") + (branch(paragraph.number, "項") if len(article.paragraphs) > 1 else "")
    return replace(table, number=place)


def column_index(name: str, columns: Sequence[str]) -> int | None:
    """The index of a column by the way drafting refers to it; None when the table has no such column.

    Examples:
        >>> column_index("右欄", ("機関", "事務", "特定個人情報")), column_index("第2欄", ("機関", "事務"))
        (2, 1)
    """
    if name.removesuffix("の欄") in columns:
        return list(columns).index(name.removesuffix("の欄"))
    if name in ("左欄", "上欄"):
        return 0
    if name in ("右欄", "下欄"):
        return len(columns) - 1
    if name == "中欄":
        return 1 if len(columns) == 3 else None
    digits = "".join(ch for ch in name if ch.isdigit())
    return int(digits) - 1 if digits and 1 <= int(digits) <= len(columns) else None


def row_annotations(row: Row) -> tuple[Annotation, ...]:
    """The annotations of a row and of its cells."""
    return (*row.annotations, *(a for cell in row.cells for a in cell.annotations))


def affair_cell(row: Row, table: Table) -> Cell | None:
    """The cell that words the affair: the one annotated 〔事務〕, else the column of 事務, else the first that speaks of 事務."""
    marked = next((c for c in row.cells if value(c.annotations, "事務")), None)
    if marked:
        return marked
    for name, cell in zip(table.columns, row.cells, strict=False):
        if "事務" in name:
            return cell
    return next((c for c in row.cells if "事務" in c.text.raw), None)


def table_word(table: Table) -> str:
    """別表第1, or 第3条第1項の表 for a table inside a paragraph."""
    if not table.number:
        return "別表"
    return f"{table.number}の表" if table.number.startswith("第") else f"別表第{table.number.replace('-', 'の')}"


def for_number_use(narrowings: Sequence[Narrowing]) -> tuple[Narrowing, ...]:
    """The narrowings that bound the use of the number: the lists, or the pairs where there is no list."""
    lists = tuple(n for n in narrowings if n.information is None)
    return lists or tuple(narrowings)
