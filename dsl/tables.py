"""Rows of `| … |` into tables: header, numbers, rowspans, deleted rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from dsl.codes import Reporter
from dsl.fragment import BLANKS, Fragment
from dsl.lines import Line
from dsl.normalise import normalise, provision_number
from dsl.syntax import Annotation, Cell, Row, Span, Table, Text

#: names of the column that numbers the rows
_NUMBER_COLUMN = ("項", "番号", "項番", "号")
#: what declares that nothing follows from a row
_VOID = ("効力なし", "未表現", "対象外")


def text_of(fragment: Fragment) -> Text:
    """A fragment as promulgated text, normalised."""
    return Text(fragment.text, normalise(fragment.text).text, fragment.span())


def build_table(
    number: str,
    rows: Sequence[Line],
    heading: Span,
    caption: str | None,
    annotations: Sequence[Annotation],
    report: Reporter,
) -> Table:
    """A table from its lines.

    Args:
        number: canonical number, "" inside a paragraph.
        rows: the lines, the header first unless `annotations` has 〔列 …〕.
        heading: where the table is announced.
        caption: （第3条関係）.
        annotations: on the table.
        report: where unreadable rows go.
    """
    declared = next((a.value.split() for a in annotations if a.name == "列"), None)
    body = list(rows)
    extra: tuple[Annotation, ...] = ()
    if declared is None and body:
        header = body.pop(0)
        declared = [c.text for c, _ in _cells(header)[0]]
        extra = tuple(a for _, a in header.marked.annotations)
    names = declared or []
    # the model tables print the numbers without a name above them
    numbered = bool(names) and (names[0] in _NUMBER_COLUMN or (not names[0] and len(names) > 1))
    reader = _Reader(tuple(names[1:] if numbered else names), numbered, report)
    for line in body:
        reader.take(line)
    span = (
        Span(heading.line, heading.column, rows[-1].fragment.line, rows[-1].fragment.span().end_column)
        if rows
        else heading
    )
    return Table(number, reader.columns, tuple(reader.rows), span, caption, (*annotations, *extra))


def _cells(line: Line) -> tuple[list[tuple[Fragment, tuple[Annotation, ...]]], tuple[Annotation, ...]]:
    """The cells of a row with their annotations, and the annotations behind the last bar."""
    text = line.fragment.text
    bars = [i for i, ch in enumerate(text) if ch in "|｜"]
    closed = not text[bars[-1] + 1 :].strip(BLANKS)
    edges = bars if closed and len(bars) > 1 else [*bars, len(text)]
    cells = []
    for start, end in pairwise(edges):
        cells.append((line.fragment.part(start + 1, end).strip(), line.marked.within(start + 1, end)))
    behind = line.marked.within(edges[-1] + 1) if closed else ()
    return cells, behind


class _Reader:
    """Reads body rows; a blank cell repeats the cell above."""

    def __init__(self, columns: tuple[str, ...], numbered: bool, report: Reporter) -> None:
        self.columns, self.numbered, self.report = columns, numbered, report
        self.rows: list[Row] = []
        self.above: tuple[Cell, ...] = ()

    def take(self, line: Line) -> None:
        cells, annotations = _cells(line)
        span = line.fragment.strip().span()
        held = (*annotations, *(a for _, marks in cells for a in marks))
        if any(a.name in _VOID for a in held):
            self._void(cells, held, span)
            return
        number, continuation = self._number(cells, span)
        if self.numbered and cells:
            annotations = (*cells[0][1], *annotations)
            cells = cells[1:]
        if number is None:
            return
        deleted = bool(cells) and cells[0][0].text == "削除" and not continuation
        if deleted:
            empty = [Cell(text_of(c), a) for c, a in cells]
            self.rows.append(Row(number, tuple(empty), True, False, span, annotations))
            return
        if len(cells) != len(self.columns):
            self.report.add(
                "J0041",
                span,
                f"この行の欄は{len(cells)}個ですが、表の見出しの欄は{len(self.columns)}個です",
                f"見出しは {'・'.join(self.columns)} です。「|」の過不足を確かめてください。",
            )
            return
        filled = tuple(self._cell(i, c, a) for i, (c, a) in enumerate(cells))
        self.rows.append(Row(number, filled, False, continuation, span, annotations))
        self.above = filled

    def _void(
        self, cells: list[tuple[Fragment, tuple[Annotation, ...]]], held: tuple[Annotation, ...], span: Span
    ) -> None:
        """A row declared without effect: nothing follows from it, but a blank cell below still repeats its cells."""
        number = provision_number(cells[0][0].text) if self.numbered and cells else None
        texts = cells[1:] if self.numbered else cells
        before = self.above if len(self.above) == len(texts) else ()
        filled = tuple(
            before[i] if before and not c.text else Cell(text_of(c), marks) for i, (c, marks) in enumerate(texts)
        )
        kept = number or (self.rows[-1].number if self.rows else "1")
        self.rows.append(Row(kept, filled, True, False, span, held))
        self.above = filled if len(filled) == len(self.columns) else ()

    def _number(self, cells: list[tuple[Fragment, tuple[Annotation, ...]]], span: Span) -> tuple[str | None, bool]:
        if not cells:
            self.report.add(
                "J0041", span, "この行には欄がありません", "「| 1 | 市長 | …に関する事務 |」のように書いてください。"
            )
            return None, False
        written = cells[0][0]
        if not written.text and not self._own_affair(cells):
            if self.rows and not self.rows[-1].deleted:
                return self.rows[-1].number, True
            self.report.add(
                "J0043",
                written.span(),
                "項の番号が空ですが、続けるべき上の行がありません",
                "項の番号を書いてください。",
            )
            return None, False
        if not self.numbered:
            return str(len({r.number for r in self.rows}) + 1), False
        number = provision_number(written.text)
        if number is None:
            self.report.add(
                "J0042",
                written.span(),
                f"「{written.text}」は項の番号として読めません",
                "1、1の2、六の二 のように書いてください。",
            )
        return number, False

    def _own_affair(self, cells: list[tuple[Fragment, tuple[Annotation, ...]]]) -> bool:
        """Whether a row of a table without numbers words an affair of its own: only the agency above goes on."""
        if self.numbered:
            return False
        named = [i for i, name in enumerate(self.columns) if "事務" in name and i < len(cells)]
        return any(cells[i][0].text for i in named)

    def _cell(self, index: int, fragment: Fragment, annotations: tuple[Annotation, ...]) -> Cell:
        if fragment.text:
            return Cell(text_of(fragment), annotations)
        above = self.above[index] if index < len(self.above) else None
        if above is None:
            self.report.add(
                "J0043",
                fragment.span(),
                f"「{self.columns[index]}」の欄が空ですが、続けるべき上の欄がありません",
                "欄を埋めてください。空の欄は、すぐ上の欄が続いていることを表します。",
            )
            return Cell(text_of(fragment), annotations)
        return replace(above, annotations=(*above.annotations, *annotations), continued=True)
