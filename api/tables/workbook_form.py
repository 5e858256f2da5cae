"""The form of a workbook of tables, which writing and reading share."""

from __future__ import annotations

from dataclasses import dataclass

#: the hidden sheet that says what was written, and the mark of its form
ORIGIN, FORM = "jorei", "jorei tables 1"
#: the rows of a sheet: the heading, the names of the columns, the first row of the table
HEADING_ROW, COLUMNS_ROW, FIRST_ROW = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Written:
    """One line of the hidden sheet: which sheet is which table, as it stood."""

    sheet: str
    table: str
    digest: str
    columns: tuple[str, ...]
