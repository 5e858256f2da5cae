"""The information (特定個人情報) that tables and papers name: known by definition, by their own wording, or mistyped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsl.findings import nearest
from dsl.instrument import Instrument, values
from dsl.phrases import information, without_delegation
from dsl.syntax import Cell, Span

if TYPE_CHECKING:
    from dsl.municipal import Municipality

#: defined terms are short; longer names are wordings of their own
_TERM_LENGTH = 24


def information_in(cell: Cell) -> tuple[str, ...]:
    """The information that a cell lists: by 〔情報 …〕, else by its wording."""
    return values(cell.annotations, "情報") or information(cell.text.raw.strip())


def check_cells(m: Municipality, ordinance: Instrument) -> None:
    """Check the names in every cell that lists information, whatever refers to it."""
    within = [p.table for a in ordinance.document.articles for p in a.paragraphs if p.table]
    for table in (*within, *ordinance.document.tables):
        for row in table.rows:
            for cell in row.cells:
                if not cell.continued and without_delegation(cell.text.raw.strip()).endswith(("情報", "情法", "事項")):
                    for name in information_in(cell):
                        know(m, name, ordinance, _place(cell, name))


def _place(cell: Cell, name: str) -> Span:
    at = cell.text.raw.find(name)
    span = cell.text.span
    if at < 0:
        return span
    return Span(span.line, span.column + at, span.line, span.column + at + len(name))


def know(m: Municipality, name: str, instrument: Instrument, span: Span) -> None:
    """Take a name for information as known, or report it when it is a defined term mistyped or no name of information."""
    known = m.national.information.keys() | m.national.information_elsewhere
    if name in known or name in m.information:
        return
    hint = nearest(name, [n for n in known if len(n) <= _TERM_LENGTH])
    if name.endswith(("情報", "事項")) and not (hint and _mistyped(name, hint)):
        m.information[name] = instrument.short
        return
    help_ = (
        f"「{hint}」の誤りではありませんか。"
        if hint
        else "「…に関する情報」の形で書くか、番号法の定義語を使ってください。"
    )
    m.findings.add("J0303", instrument, span, f"「{name}」という特定個人情報は知られていません", help_)


def _mistyped(name: str, term: str) -> bool:
    """Whether a name differs from a term by at most two characters, its beginning being the same."""
    if abs(len(term) - len(name)) > 1:
        return False
    different = sum(a != b for a, b in zip(name, term, strict=False)) + abs(len(term) - len(name))
    return different <= 2 and name[:2] == term[:2]
