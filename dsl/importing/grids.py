"""Tables of a document as rows of the rule language: merged cells as blank cells, the header, numbers inside cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from dsl.fragment import BLANKS
from dsl.importing.source import Grid, GridCell, Ledger, joined, plain
from dsl.normalise import KANJI_NUMBER, provision_number

_NAME = re.compile(
    r"(項番?|番号|号|第?[0-9０-９一二三四]+欄|[左右上中下]欄|.{0,14}機関|.{0,12}(事務|情報|者|名称|書類|区分|部|課)(の(種類|名称|内容|区分))?|.{0,14}(長|委員会|知事)等?)$"
)
_DATA = re.compile(r"に関する(事務|情報)|であって|[（(]以下|^(市長|町長|村長|区長|知事|教育委員会|議会)$")
_NUMBERED = re.compile(
    rf"([0-9０-９]+(?:の[0-9０-９]+)*)[{BLANKS}]*(?=[^0-9０-９の.．])|({KANJI_NUMBER}(?:の{KANJI_NUMBER})*)[{BLANKS}]+"
)
#: names of the column that numbers the rows
_NUMBER_NAMES = ("項", "項番", "番号", "号", "")
_ENTRY = re.compile(r"(情報|もの|事項|[）)」])$")
_LISTED = re.compile(r"[（(]?[0-9０-９一二三四五六七八九十ア-ン①-⑳][）)]?")


@dataclass(slots=True)
class RowLine:
    """A row to write: its cells, and why a person should look at it."""

    cells: list[str]
    doubt: str | None = None
    at: int = 0

    @property
    def text(self) -> str:
        """The row in the language."""
        return "|" + "".join(f" {c} |" if c else " |" for c in self.cells)


@dataclass(slots=True)
class Rows:
    """The rows of a table; `names` are given where the table prints no header."""

    lines: list[RowLine]
    names: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Spot:
    """A place of the grid: the cell that begins here, or how an earlier one reaches here."""

    cell: GridCell | None
    reached: str = ""  # down | across


def is_table(grid: Grid) -> bool:
    """Whether a grid can be a table of the instrument by its own form: a header of column names."""
    return bool(grid.rows) and len(grid.rows) > 1 and _is_header(_spots(grid)[0])


def rows_of(grid: Grid, ledger: Ledger) -> Rows:
    """A grid as rows.

    Args:
        grid: the table of the document.
        ledger: where separators inside cells go.
    """
    spots = _spots(grid)
    if not spots or not spots[0]:
        return Rows([])
    headed = _is_header(spots[0]) or (grid.head and len(spots) > 1)
    if headed:
        spots = _within(spots)
    body = spots[1:] if headed else spots
    names = [] if headed else _guess(body)
    lines = [RowLine([_one_line(s.cell) for s in spots[0]], _header_doubt(spots[0]), grid.at)] if headed else []
    split = _numbers_inside([_one_line(s.cell) for s in spots[0]] if headed else names, body)
    if split and headed:
        lines[0].cells.insert(0, "")
    if split and not headed:
        names.insert(0, "項")
    first = len(lines)
    for row in body:
        lines += _body_row(row, grid, split)
    _doubt_broken_affairs(lines, lines[0].cells if headed else names, first)
    return Rows(lines, names)


def _doubt_broken_affairs(lines: Sequence[RowLine], names: Sequence[str], first: int) -> None:
    """An item that goes on with words of an affair: a second affair, or a line of a broken cell. A person must say which."""
    at = next((i for i, name in enumerate(names) if "事務" in name), None)
    if at is None or not names or names[0] not in _NUMBER_NAMES:
        return
    head: RowLine | None = None
    for line in lines[first:]:
        if line.cells[0]:
            head = line
        elif head is not None and at < len(line.cells) and line.cells[at]:
            head.doubt = line.doubt = "一つの項の中で事務の欄が分かれている"


def _spots(grid: Grid) -> list[list[_Spot]]:
    """The grid with every merged cell spread over its places."""
    width = max((sum(max(1, min(c.across, 60)) for c in row) for row in grid.rows), default=0)
    reach: dict[tuple[int, int], _Spot] = {}
    out: list[list[_Spot]] = []
    for y, row in enumerate(grid.rows):
        x, spots = 0, []
        cells = list(row)
        while cells or (y, x) in reach:
            if (y, x) in reach:
                spots.append(reach.pop((y, x)))
                x += 1
                continue
            cell = cells.pop(0)
            across, down = max(1, min(cell.across, 60)), max(1, min(cell.down, len(grid.rows) - y))
            for dy in range(down):
                for dx in range(across):
                    if dy or dx:
                        reach[y + dy, x + dx] = _Spot(None, "across" if dx else "down")
            spots.append(_Spot(cell))
            x += 1
        width = max(width, len(spots))
        out.append(spots)
    return [row + [_Spot(None, "missing")] * (0 if not row else max(0, width - len(row))) for row in out]


def _within(spots: list[list[_Spot]]) -> list[list[_Spot]]:
    """Rows as wide as the header, but for those that have more cells: one of them does not make every other too short."""
    width = sum(s.reached != "missing" for s in spots[0])
    return [row[:width] if all(s.reached == "missing" for s in row[width:]) else row for row in spots]


def _one_line(cell: GridCell | None) -> str:
    return re.sub(r"[|｜]", "", joined(cell.lines)) if cell else ""


def _is_header(row: Sequence[_Spot]) -> bool:
    texts = [plain(s.cell.text) for s in row if s.cell is not None]
    filled = [t for t in texts if t]
    if len(filled) < 1 or len(row) < 2 or any(len(t) > 24 or _DATA.search(t) for t in filled):
        return False
    return sum(_NAME.match(t) is not None for t in filled) * 2 > len(filled)


def _header_doubt(row: Sequence[_Spot]) -> str | None:
    return "見出しの欄が結合されている" if any(s.reached == "across" for s in row) else None


def _guess(body: Sequence[Sequence[_Spot]]) -> list[str]:
    """Names for the columns of a table without a header, by what the cells hold."""
    width = max(len(r) for r in body)
    names = []
    for x in range(width):
        texts = [plain(r[x].cell.text) for r in body if x < len(r) and r[x].cell]  # type: ignore[union-attr]
        filled = [t for t in texts if t] or [""]
        if x == 0 and all(provision_number(t) for t in filled):
            name = "項"
        elif sum("事務" in t for t in filled) * 2 > len(filled):
            name = "事務"
        elif sum(t.endswith(("情報", "もの", "事項")) for t in filled) * 2 > len(filled):
            name = "特定個人情報"
        elif all(len(t) <= 24 for t in filled):
            name = "機関"
        else:
            name = f"第{x + 1}欄"
        names.append(name if name not in names else f"第{x + 1}欄")
    return names


def _numbers_inside(names: Sequence[str], body: Sequence[Sequence[_Spot]]) -> bool:
    """Whether the first cells begin with the number of the item (1 市長)."""
    if not names or names[0] in _NUMBER_NAMES:
        return False
    firsts = [_one_line(r[0].cell) for r in body if r and r[0].cell and plain(r[0].cell.text)]
    numbers = [m.group(1) or m.group(2) for t in firsts if (m := _NUMBERED.match(t)) and t[m.end() :]]
    return bool(firsts) and len(numbers) == len(firsts) and provision_number(numbers[0]) == "1"


def _body_row(row: Sequence[_Spot], grid: Grid, split: bool) -> list[RowLine]:
    cells = [_one_line(s.cell) for s in row]
    if split:
        match = _NUMBERED.match(cells[0])
        cells[0:1] = [match.group(1) or match.group(2), cells[0][match.end() :]] if match else ["", cells[0]]
    deleted = "削除" in [plain(c) for c in cells[:3]]
    doubt = None
    if not deleted:
        doubt = _doubt(row, grid)
    elif plain(cells[0]) != "削除" and plain("".join(cells[1:])) == "削除":
        cells = [cells[0], "削除", *[""] * (len(cells) - 2)]
    last = row[-1].cell
    lines = [x.strip(BLANKS) for x in last.lines if x.strip(BLANKS)] if last else []
    if (
        not deleted
        and len(row) > 1
        and len(lines) > 1
        and all(_ENTRY.search(x) and not _LISTED.match(x) for x in lines)
    ):
        more = [[*[""] * (len(cells) - 1), re.sub(r"[|｜]", "", x)] for x in lines[1:]]
        cells[-1] = re.sub(r"[|｜]", "", lines[0])
        return [RowLine(cells, doubt, grid.at), *(RowLine(m, doubt, grid.at) for m in more)]
    return [RowLine(cells, doubt, grid.at)]


def _several_affairs(cell: GridCell) -> bool:
    """Whether a line of a cell ends an affair and another one follows it."""
    lines = [plain(x) for x in cell.lines if plain(x)]
    return any(line.endswith(("に関する事務", "事務であって規則で定めるもの")) for line in lines[:-1])


def _doubt(row: Sequence[_Spot], grid: Grid) -> str | None:
    if any(s.reached == "across" for s in row):
        return "横に結合された欄がある"
    if any(s.reached == "missing" for s in row):
        return "欄が足りない"
    cells = [s.cell for s in row if s.cell is not None]
    if any(cell.nested for cell in cells):
        return "欄の中に表がある"
    if any(_several_affairs(cell) for cell in cells):
        return "一つの欄に事務が二つ以上ある"
    if grid.merges_known and any(s.cell is not None and not plain(s.cell.text) for s in row):
        return "空の欄がある（上の欄の続きではない）"
    return None
