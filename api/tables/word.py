"""Tables as a Word document: heading, names of columns, vertically merged cells where one goes on over several rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.tables.grid import Grid
from api.tables.shown import heading_of, shown_columns, shown_rows

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

_FONT = "ＭＳ 明朝"


def write_docx(tables: Sequence[Grid], path: Path, *, annotated: bool = False) -> None:
    """Write tables as a .docx file, as a gazette prints them.

    Args:
        tables: the tables, one below the other.
        path: the file; one that is there is overwritten.
        annotated: whether 〔…〕 is shown.

    Raises:
        OSError: If the file cannot be written.
    """
    document = _page()
    for table in tables:
        document.add_paragraph(heading_of(table))
        _table(document, table, annotated)
        document.add_paragraph()
    document.save(str(path))


def _page() -> WordDocument:
    import docx
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    normal: Any = document.styles["Normal"]
    normal.font.name, normal.font.size = _FONT, Pt(10.5)
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _FONT)
    normal.paragraph_format.space_after = Pt(0)
    document.core_properties.language = "ja-JP"
    return document


def _table(document: WordDocument, grid: Grid, annotated: bool) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    columns, rows = shown_columns(grid, annotated=annotated), shown_rows(grid, annotated=annotated)
    table = document.add_table(rows=len(rows) + 1, cols=len(columns))
    table.style = "Table Grid"
    every = [(row, row.cells) for row in table.rows]  # table.cell(…) walks the whole table each time
    for cell, name in zip(every[0][1], columns, strict=True):
        cell.text = name
    every[0][0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for at, (texts, (_, cells)) in enumerate(zip(rows, every[1:], strict=True)):
        for column, (cell, text) in enumerate(zip(cells, texts, strict=True)):
            cell.text = text
            if column >= len(grid.columns):
                continue
            goes_on = _goes_on(grid, rows, at, column)
            if goes_on or _goes_on(grid, rows, at + 1, column):
                merge = OxmlElement("w:vMerge")
                merge.set(qn("w:val"), "continue" if goes_on else "restart")
                cell._tc.get_or_add_tcPr().append(merge)


def _goes_on(grid: Grid, rows: Sequence[Sequence[str]], at: int, column: int) -> bool:
    """Whether a cell is one with the cell above; one with an annotation of its own stays by itself."""
    return at < len(rows) and grid.continues(at, column) and not rows[at][column]
