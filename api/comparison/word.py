"""The 新旧対照表 as a Word document: A4 landscape, real underlines, tables with borders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.comparison.entries import Comparison
from api.comparison.rows import Cell, Row, rows, visible

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.table import _Cell

_FONT, _SIZE = "ＭＳ 明朝", 9
#: width of a column in millimetres: A4 landscape without its margins, halved
_COLUMN = 133


def write_docx(comparison: Comparison, path: Path, *, title: str = "", new_first: bool = True) -> None:
    """Write the 新旧対照表 as a .docx file.

    Args:
        comparison: the two editions.
        path: the file; one that is there is overwritten.
        title: what the comparison is of, in the heading.
        new_first: whether 改正後 stands on the left.

    Raises:
        OSError: If the file cannot be written.
    """
    document = _page(visible(f"{title}　新旧対照表" if title else "新旧対照表"))
    shown = rows(comparison)
    if not shown:
        document.add_paragraph("条文に違いはありません。")
    else:
        document.add_paragraph("下線を付けた部分は、改正に係る部分である。")
        _table(document, shown, new_first)
    document.save(str(path))


def _page(heading: str) -> WordDocument:
    import docx
    from docx.enum.section import WD_ORIENT
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    document = docx.Document()
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(15)
    normal: Any = document.styles["Normal"]
    normal.font.name, normal.font.size = _FONT, Pt(_SIZE)
    fonts = normal.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), _FONT)
    normal.paragraph_format.space_after = Pt(0)
    document.core_properties.language = "ja-JP"
    document.core_properties.title = heading
    document.add_paragraph(heading).alignment = WD_ALIGN_PARAGRAPH.CENTER
    return document


def _table(document: WordDocument, shown: tuple[Row, ...], new_first: bool) -> None:
    from docx.oxml import OxmlElement
    from docx.shared import Mm

    table = document.add_table(rows=len(shown) + 1, cols=2)
    table.style = "Table Grid"
    table.autofit = False
    for column in table.columns:
        column.width = Mm(_COLUMN)
    # table.cell(…) walks the whole table each time; the rows are walked once
    every = [(row, row.cells) for row in table.rows]
    head, cells = every[0]
    for cell, name in zip(cells, ("改正後", "改正前") if new_first else ("改正前", "改正後"), strict=True):
        cell.text = name
    properties = head._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:tblHeader"))
    for row, (_, cells) in zip(shown, every[1:], strict=True):
        _side(cells[0], row, new=new_first)
        _side(cells[1], row, new=not new_first)


def _side(target: _Cell, row: Row, *, new: bool) -> None:
    from docx.shared import Mm, Pt

    target.width = Mm(_COLUMN)  # Word lays a cell out by its own width
    cells = row.new if new else row.old
    first = target.paragraphs[0]
    if cells is None:
        first.add_run(row.word)
        return
    if row.tabular:
        table = target.add_table(rows=1, cols=len(cells))
        table.style = target.part.document.styles["Table Grid"]  # type: ignore[attr-defined]
        for cell, inner in zip(cells, table.rows[0].cells, strict=True):
            _runs(inner.paragraphs[0], cell)
        if new and row.moved:
            table.rows[0].cells[0].paragraphs[0].add_run(f"［{row.moved}］")
        first._p.getparent().remove(first._p)  # the paragraph that Word wants behind the inner table stays
        return
    first.paragraph_format.left_indent = Pt(_SIZE * max(row.depth - 1, 0))
    _runs(first, cells[0])
    if new and row.moved:
        first.add_run(f"　［{row.moved}］")


def _runs(paragraph: Any, cell: Cell) -> None:
    for piece in cell:
        run = paragraph.add_run(piece.text)
        if piece.changed:
            run.underline = True
