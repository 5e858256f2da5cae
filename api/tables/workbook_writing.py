"""Tables as a workbook: a sheet a table, text only, and a hidden sheet that tells the import where it came from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wcwidth import wcswidth

from api.tables.delimited import guarded
from api.tables.grid import Grid
from api.tables.shown import heading_of, shown_columns, shown_rows
from api.tables.workbook_form import COLUMNS_ROW, FIRST_ROW, FORM, HEADING_ROW, ORIGIN

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

_NARROW, _WIDE = 6, 60
_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")


def write_workbook(tables: Sequence[Grid], path: Path, *, document: str, annotated: bool = False) -> None:
    """Write tables as an .xlsx file that can be edited and read back.

    Args:
        tables: the tables, a sheet each.
        path: the file; one that is there is overwritten.
        document: the rule file they are from, for the hidden sheet.
        annotated: whether the cells hold 〔…〕 too.

    Raises:
        OSError: If the file cannot be written.
    """
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    names = _sheet_names(tables)
    for name, table in zip(names, tables, strict=True):
        _sheet(book, name, table, annotated)
    hidden = book.create_sheet(ORIGIN)
    hidden.sheet_state = "hidden"
    lines = [
        ("形式", FORM),
        ("文書", document),
        ("注記", "あり" if annotated else "なし"),
        *(
            (name, table.name, table.digest, *shown_columns(table, annotated=annotated))
            for name, table in zip(names, tables, strict=True)
        ),
    ]
    for at, line in enumerate(lines, 1):
        for column, text in enumerate(line, 1):
            _put(hidden.cell(at, column), text)
    book.save(path)


def _sheet_names(tables: Sequence[Grid]) -> list[str]:
    """Names that a spreadsheet takes: 31 characters, none of them twice."""
    names: list[str] = []
    for table in tables:
        plain = _FORBIDDEN.sub("", table.name)[:27]
        name, count = plain, 1
        while name in names or name == ORIGIN:
            count += 1
            name = f"{plain}_{count}"
        names.append(name)
    return names


def _sheet(book: Workbook, name: str, table: Grid, annotated: bool) -> None:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet: Worksheet = book.create_sheet(name)
    columns, rows = shown_columns(table, annotated=annotated), shown_rows(table, annotated=annotated)
    border = Border(left=Side("thin"), right=Side("thin"), top=Side("thin"), bottom=Side("thin"))
    wrapped = Alignment(wrap_text=True, vertical="top")
    bold = Font(bold=True)
    fill = PatternFill("solid", start_color="E7E6E6")
    _put(sheet.cell(HEADING_ROW, 1), heading_of(table))
    sheet.cell(HEADING_ROW, 1).font = bold
    for at, texts in enumerate([columns, *rows], COLUMNS_ROW):
        for column, text in enumerate(texts, 1):
            cell = sheet.cell(at, column)
            _put(cell, text)
            cell.border, cell.alignment = border, wrapped
            if at == COLUMNS_ROW:
                cell.font, cell.fill = bold, fill
    for column in range(len(table.columns)):
        _merge(sheet, table, [row[column] for row in rows], column)
    for column in range(len(columns)):
        widest = max((wcswidth(texts[column]) for texts in (columns, *rows)), default=0)
        sheet.column_dimensions[get_column_letter(column + 1)].width = min(max(widest + 2, _NARROW), _WIDE)
    sheet.freeze_panes = f"A{FIRST_ROW}"
    sheet.print_title_rows = f"{HEADING_ROW}:{COLUMNS_ROW}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _put(cell: Cell | MergedCell, text: str) -> None:
    """A cell that is text whatever it begins with, and stays text when it is edited."""
    if text:
        cell.value = text
        cell.data_type = "s"
    cell.number_format = "@"
    if guarded(text) != text:
        cell.quotePrefix = True


def _merge(sheet: Worksheet, table: Grid, shown: Sequence[str], column: int) -> None:
    """One cell where a cell goes on over the rows below; one with an annotation of its own stays by itself."""
    start = 0
    for at in range(1, len(table.rows) + 1):
        if at < len(table.rows) and table.continues(at, column) and not shown[at]:
            continue
        if at - start > 1:
            sheet.merge_cells(None, FIRST_ROW + start, column + 1, FIRST_ROW + at - 1, column + 1)
        start = at
