"""Edited rows put into a rule file: just that table changes, and every other byte of the file stays as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from api.tables.grid import Grid, GridRow, find, grids
from dsl.normalise import normalise

#: how alike the wording of a row must stay for it to be the row of that number still
_LIKE = 0.5
_BRACKET = re.compile(r"〔[^〔〕]*〕")


class TableNotFoundError(Exception):
    """The file has no such table; the text says so in Japanese."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What a person should look at: annotations that stay in a cell with other words, or go with their row.

    `row` is the index of the edited row, None when the row is gone; `column` that of the cell.
    """

    row: int | None
    column: int
    number: str
    annotations: str


@dataclass(frozen=True, slots=True)
class Applied:
    """The new file, which old row each edited one is (None: a new row), and what to look at."""

    source: str
    origin: tuple[int | None, ...]
    remarks: tuple[Remark, ...]
    removed: int
    reworded: int


def apply_rows(source: str, table: str, rows: Sequence[Sequence[str]], *, annotated: bool = False) -> str:
    """The rule file with the rows of one table replaced.

    Args:
        source: the text of the file, as it is.
        table: the table, as `find` takes it.
        rows: the cells of each row, "" where the cell above goes on.
        annotated: whether the cells hold 〔…〕 too (and one more cell for what stands behind the row); otherwise the
            annotations of the file are kept for every row that is still the same.

    Raises:
        TableNotFoundError: If there is no such table.
    """
    return applied(source, table, rows, annotated=annotated).source


def applied(source: str, table: str, rows: Sequence[Sequence[str]], *, annotated: bool = False) -> Applied:
    """What `apply_rows` does, told in full.

    Raises:
        TableNotFoundError: If there is no such table.
    """
    grid = find(grids(source), table)
    if grid is None:
        raise TableNotFoundError(f"{table} という表は、この文書にありません")
    edited = [tuple(row) for row in rows]
    origin = _origin(grid, edited, annotated=annotated)
    remarks: list[Remark] = []
    lines: list[str] = []
    reworded = 0
    for at, (row, old) in enumerate(zip(edited, origin, strict=True)):
        line = None if old is None else _kept(source, grid.rows[old], row, annotated=annotated)
        if line is None:
            reworded += old is not None
            line = _line(at, row, None if old is None else grid.rows[old], remarks, annotated=annotated)
        lines.append(line)
    taken = {old for old in origin if old is not None}
    gone = [i for i in range(len(grid.rows)) if i not in taken]
    if not annotated:
        lost = [row for row in (grid.rows[i] for i in gone) if _marks_of(row)]
        remarks += [Remark(None, 0, row.texts[0], _marks_of(row)) for row in lost]
    return Applied(_placed(source, grid, lines, origin), tuple(origin), tuple(remarks), len(gone), reworded)


# ---- which row is which ---------------------------------------------------------------------------


def _origin(grid: Grid, rows: Sequence[tuple[str, ...]], *, annotated: bool) -> list[int | None]:
    """For each edited row the old one that it is: unchanged, else of the same words, else of the same number."""
    old = [_cells(row, annotated=annotated) for row in grid.rows]
    origin: list[int | None] = [None] * len(rows)
    matcher = SequenceMatcher(None, old, list(rows), autojunk=False)
    for i, j, size in matcher.get_matching_blocks():
        for step in range(size):
            origin[j + step] = i + step
    ours = _groups(grid.numbered, [row.texts for row in grid.rows])
    theirs = _groups(grid.numbered, [bare(row, annotated=annotated) for row in rows])
    free = set(range(len(old))) - {i for i in origin if i is not None}
    for same in (_same_words, _same_number):
        for j, new in enumerate(theirs):
            if origin[j] is not None:
                continue
            found = next((i for i in sorted(free) if same(grid.numbered, ours[i], new)), None)
            if found is not None:
                origin[j] = found
                free.remove(found)
    return origin


def _cells(row: GridRow, *, annotated: bool) -> tuple[str, ...]:
    return (*(cell.typed for cell in row.cells), row.behind) if annotated else row.texts


def bare(row: Sequence[str], *, annotated: bool) -> tuple[str, ...]:
    """The cells of an edited row as promulgated, without the one for what stands behind the row."""
    return tuple(_BRACKET.sub("", cell).strip() for cell in row[:-1]) if annotated else tuple(row)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A row with the number it belongs to, and whether it goes on from the row above."""

    number: str
    goes_on: bool
    cells: tuple[str, ...]

    def words(self, numbered: bool) -> tuple[str, ...]:
        return self.cells[1:] if numbered else self.cells


def _groups(numbered: bool, rows: Sequence[tuple[str, ...]]) -> list[_Placed]:
    found: list[_Placed] = []
    number = ""
    for row in rows:
        goes_on = numbered and not row[0]
        number = number if goes_on else (row[0] if numbered else "")
        found.append(_Placed(number, goes_on, row))
    return found


def _same_words(numbered: bool, old: _Placed, new: _Placed) -> bool:
    """The same words under another number; a row that goes on keeps to its number."""
    if old.goes_on != new.goes_on or (old.goes_on and old.number != new.number):
        return False
    return old.words(numbered) == new.words(numbered)


def _same_number(numbered: bool, old: _Placed, new: _Placed) -> bool:
    """The same number and much the same words."""
    if (old.number, old.goes_on) != (new.number, new.goes_on):
        return False
    return _likeness("".join(old.words(numbered)), "".join(new.words(numbered))) >= _LIKE


def _likeness(one: str, other: str) -> float:
    """How many pairs of characters two texts share, from 0 to 1 (Dice's coefficient)."""
    a, b = (normalise(text).text for text in (one, other))
    pairs, others = ({t[i : i + 2] for i in range(len(t) - 1)} for t in (a, b))
    return 2 * len(pairs & others) / (len(pairs) + len(others)) if pairs or others else float(a == b)


# ---- lines ------------------------------------------------------------------------------------------


def _kept(source: str, old: GridRow, row: tuple[str, ...], *, annotated: bool) -> str | None:
    """The line as it is typed, when the row is as it was."""
    if _cells(old, annotated=annotated) != row:
        return None
    return source.split("\n")[old.line - 1].removesuffix("\r")


def _line(at: int, row: tuple[str, ...], old: GridRow | None, remarks: list[Remark], *, annotated: bool) -> str:
    """A row laid out, with the annotations of the row it was."""
    if annotated:
        return _laid_out(row[:-1], row[-1])
    cells = []
    for column, text in enumerate(row):
        before = old.cells[column] if old is not None and column < len(old.cells) else None
        if before is not None and before.text == text:
            cells.append(before.typed)
            continue
        marks = "".join(_BRACKET.findall(before.typed)) if before is not None else ""
        if marks:
            remarks.append(Remark(at, column, row[0], marks))
        cells.append(f"{text} {marks}" if marks and text else f"{text}{marks}")
    return _laid_out(cells, old.behind if old is not None else "")


def _laid_out(cells: Sequence[str], behind: str) -> str:
    line = "|" + "".join(f" {cell} |" if cell else " |" for cell in cells)
    return f"{line} {behind}" if behind else line


def _marks_of(row: GridRow) -> str:
    return "".join(mark for cell in row.cells for mark in _BRACKET.findall(cell.typed)) + row.behind


def _placed(source: str, grid: Grid, rows: Sequence[str], origin: Sequence[int | None]) -> str:
    """The rows in the place of the old ones; lines between those (annotations, blank lines) stay behind their row."""
    lines = source.split("\n")
    returns = "\r" if lines[grid.above - 1].endswith("\r") else ""
    if not grid.rows:
        return "\n".join([*lines[: grid.above], *(row + returns for row in rows), *lines[grid.above :]])
    first, last = grid.rows[0].line, grid.rows[-1].line
    behind, kept = _between(grid, lines, {i for i in origin if i is not None})
    out = list(behind)
    for row, old in zip(rows, origin, strict=True):
        out.append(row + returns)
        out += [] if old is None else kept[old]
    if last == len(lines) and out:  # no line feed ends the file, so its last line has no carriage return
        out[-1] = out[-1].removesuffix("\r") if not lines[-1].endswith("\r") else out[-1]
    return "\n".join([*lines[: first - 1], *out, *lines[last:]])


def _between(grid: Grid, lines: Sequence[str], taken: set[int]) -> tuple[list[str], dict[int, list[str]]]:
    """The lines between rows: those before every row that stays, and those behind each of them."""
    before: list[str] = []
    kept: dict[int, list[str]] = {}
    last: int | None = None
    for i, row in enumerate(grid.rows):
        last = i if i in taken else last
        end = grid.rows[i + 1].line - 1 if i + 1 < len(grid.rows) else row.line
        held = lines[row.line : end]
        if last is None:
            before += held
        else:
            kept[last] = [*kept.get(last, []), *held]
    return before, {i: kept.get(i, []) for i in taken}
