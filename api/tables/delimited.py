"""A table as CSV that a spreadsheet opens without running anything in it."""

from __future__ import annotations

import csv
import io

from api.tables.grid import Grid
from api.tables.shown import shown_columns, shown_rows

#: a cell that begins so is run by a spreadsheet as a formula, the wide ones by Japanese editions
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def as_csv(table: Grid, *, annotated: bool = False) -> str:
    """A table as CSV: the names of the columns, then the rows; every cell quoted, lines ended by CR LF.

    A cell that a spreadsheet would run as a formula has an apostrophe put before it.

    Args:
        table: the table.
        annotated: whether 〔…〕 is shown.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for row in (shown_columns(table, annotated=annotated), *shown_rows(table, annotated=annotated)):
        writer.writerow([guarded(cell) for cell in row])
    return out.getvalue()


def guarded(cell: str) -> str:
    """A cell that no spreadsheet runs.

    Examples:
        >>> guarded("=1+1"), guarded("市長")
        ("'=1+1", '市長')
    """
    return f"'{cell}" if cell.lstrip(" 　").startswith(_FORMULA) else cell
