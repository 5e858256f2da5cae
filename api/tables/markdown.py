"""Tables as Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from api.tables.grid import Grid
from api.tables.shown import heading_of, shown_columns, shown_rows

#: what Markdown would take for markup
_MARKUP = re.compile(r"([\\`*_<>\[\]|~])")


def as_markdown(tables: Sequence[Grid], *, annotated: bool = False) -> str:
    """Tables as Markdown, each under its heading.

    Args:
        tables: the tables.
        annotated: whether 〔…〕 is shown; otherwise the text is as promulgated.
    """
    return "\n".join(_table(table, annotated) for table in tables)


def _table(table: Grid, annotated: bool) -> str:
    columns = shown_columns(table, annotated=annotated)
    lines = [f"### {_escaped(heading_of(table))}", "", _line(columns), "|" + " --- |" * len(columns)]
    lines += [_line(row) for row in shown_rows(table, annotated=annotated)]
    return "\n".join([*lines, ""])


def _line(cells: Sequence[str]) -> str:
    return "|" + "".join(f" {_escaped(cell)} |" if cell else " |" for cell in cells)


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text).replace("\r\n", "\n").replace("\n", "<br>")
