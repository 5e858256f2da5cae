"""What every form of a table shows: its heading, the names of its columns, its cells."""

from __future__ import annotations

from api.tables.grid import Grid
from dsl.masking import mask

#: the column for annotations that stand behind a row
BEHIND = "行の注記"


def heading_of(table: Grid) -> str:
    """What stands above the table."""
    return mask(table.heading)


def shown_columns(table: Grid, *, annotated: bool) -> tuple[str, ...]:
    """The names of the columns."""
    return (*(mask(name) for name in table.columns), *([BEHIND] if annotated else []))


def shown_rows(table: Grid, *, annotated: bool) -> list[tuple[str, ...]]:
    """The cells of each row, as promulgated or with their annotations; twelve digits are masked."""
    if annotated:
        return [(*(mask(cell.typed) for cell in row.cells), mask(row.behind)) for row in table.rows]
    return [tuple(mask(text) for text in row.texts) for row in table.rows]
