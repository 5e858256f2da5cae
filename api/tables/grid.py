"""The tables of a rule file as they are typed: each cell as promulgated and with its annotations, and its line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from api.comparison.provisions import cells_of
from dsl.annotations import extract
from dsl.codes import Reporter
from dsl.fragment import BLANKS, Fragment
from dsl.lines import Line, classify
from dsl.normalise import provision_number
from dsl.structure import Draft, DraftArticle, DraftParagraph, build
from dsl.syntax import Annotation
from dsl.text import promulgated_text

#: names of the column that numbers the rows; the model tables print none above it
_NUMBER_COLUMN = ("", "項", "番号", "項番", "号")


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell as promulgated, and as it is typed with its annotations."""

    text: str
    typed: str


def is_deleted(texts: Sequence[str]) -> bool:
    """Whether a row is only the number of one that was deleted: | 2 | 削除 | |."""
    return "削除" in texts[:2] and sum(map(bool, texts)) <= 2


@dataclass(frozen=True, slots=True)
class GridRow:
    """A row: its cells, one for each column, what is typed behind the last bar, and its 1-based line in the file."""

    cells: tuple[GridCell, ...]
    behind: str
    line: int

    @property
    def texts(self) -> tuple[str, ...]:
        """The cells as promulgated."""
        return tuple(cell.text for cell in self.cells)

    @property
    def deleted(self) -> bool:
        """Whether the row is only the number of one that was deleted (削除)."""
        return is_deleted(self.texts)


@dataclass(frozen=True, slots=True)
class Grid:
    """A table.

    `name` finds it in its file (別表第1; 第3条第1項の表), `heading` is what stands above it in a gazette, `columns` are
    the names of its columns, which are promulgated only when `printed`. `above` is the line its rows follow.
    """

    name: str
    heading: str
    columns: tuple[str, ...]
    printed: bool
    rows: tuple[GridRow, ...]
    above: int
    digest: str

    @property
    def numbered(self) -> bool:
        """Whether the first column holds the numbers of the rows."""
        return len(self.columns) > 1 and self.columns[0] in _NUMBER_COLUMN

    def continues(self, row: int, column: int) -> bool:
        """Whether a cell is blank because the cell above goes on (rowspan)."""
        held = self.rows[row]
        return (
            row > 0
            and not held.cells[column].text
            and not held.deleted
            and not self.rows[row - 1].deleted
            and bool(self.rows[row - 1].cells[column].text or self.continues(row - 1, column))
        )


def grids(source: str) -> tuple[Grid, ...]:
    """Every table of a rule file, in the order of the text.

    Args:
        source: the text of the file, as it is.
    """
    lines = [line.removesuffix("\r") for line in source.removeprefix("\ufeff").split("\n")]
    report = Reporter("")
    classified = [classify(extract(Fragment.of_line(at, line), report)) for at, line in enumerate(lines, 1)]
    found = sorted(_grids(build(classified, report), lines), key=lambda grid: grid.above)
    return tuple(_named(found))


def _named(found: Iterable[Grid]) -> Iterator[Grid]:
    """Tables of one name stand side by side, each for its own days; they are told apart by their order."""
    seen: dict[str, int] = {}
    for grid in found:
        seen[grid.name] = count = seen.get(grid.name, 0) + 1
        yield grid if count == 1 else replace(grid, name=f"{grid.name}（{count}）")


def _grids(draft: Draft, lines: Sequence[str]) -> Iterator[Grid]:
    for table in draft.tables:
        heading = promulgated_text(lines[table.line.fragment.line - 1]).strip(BLANKS)
        name = f"別表第{_written(table.line.number)}" if table.line.number else "別表"
        yield _grid(name, heading, table.rows, table.annotations, table.line.fragment.line, lines)
    yield from _of_articles(draft.articles, "", lines)
    for supplementary in draft.supplementary:
        above = f"附則（{supplementary.line.caption}）" if supplementary.line.caption else "附則"
        yield from _of_paragraphs(supplementary.paragraphs, above, lines)
        yield from _of_articles(supplementary.articles, above, lines)


def _of_articles(articles: Iterable[DraftArticle], above: str, lines: Sequence[str]) -> Iterator[Grid]:
    for article in articles:
        first, _, branch = article.line.number.partition("-")
        name = f"{above}第{first}条" + (f"の{_written(branch)}" if branch else "")
        yield from _of_paragraphs(article.paragraphs, name, lines)


def _of_paragraphs(paragraphs: Iterable[DraftParagraph], above: str, lines: Sequence[str]) -> Iterator[Grid]:
    for paragraph in paragraphs:
        if paragraph.rows:
            name = f"{above}第{_written(paragraph.number)}項の表" if paragraph.numbered else f"{above}の表"
            yield _grid(name, name, paragraph.rows, paragraph.annotations, paragraph.line.fragment.line, lines)


def _written(number: str) -> str:
    return number.replace("-", "の")


def _grid(
    name: str, heading: str, rows: Sequence[Line], annotations: Sequence[Annotation], above: int, lines: Sequence[str]
) -> Grid:
    read = [_row(row.fragment.line, lines[row.fragment.line - 1]) for row in rows]
    declared = next((a.value.split() for a in annotations if a.name == "列"), None)
    printed = declared is None and bool(read)
    columns = read[0].texts if printed else tuple(declared or ())
    if printed:
        above = read[0].line
        read = read[1:]
    last = read[-1].line if read else above
    digest = hashlib.sha256("\n".join([heading, *columns, *lines[above:last]]).encode()).hexdigest()
    return Grid(name, heading, columns, printed, tuple(_padded(row, len(columns)) for row in read), above, digest)


def _padded(row: GridRow, count: int) -> GridRow:
    missing = (GridCell("", ""),) * max(count - len(row.cells), 0)
    return replace(row, cells=(*row.cells, *missing))


def _row(at: int, line: str) -> GridRow:
    promulgated = promulgated_text(line)
    texts = [promulgated[a:b] for a, b in cells_of(promulgated)]
    typed, behind = _typed(line)
    cells = tuple(GridCell(text, typed[i] if i < len(typed) else text) for i, text in enumerate(texts))
    return GridRow(cells, behind, at)


def _typed(line: str) -> tuple[list[str], str]:
    """The cells of a row with their annotations, and what is typed behind the last bar."""
    bars, depth = [], 0
    for i, ch in enumerate(line):
        depth += (ch == "〔") - (ch == "〕")
        if ch in "|｜" and depth == 0:
            bars.append(i)
    behind = line[bars[-1] + 1 :].strip(BLANKS)
    closed = not promulgated_text(behind).strip(BLANKS) and len(bars) > 1
    edges = bars if closed else [*bars, len(line)]
    return [line[a + 1 : b].strip(BLANKS) for a, b in pairwise(edges)], behind if closed else ""


def find(tables: Sequence[Grid], wanted: str) -> Grid | None:
    """The table that a user names: 1, 別表第1, 別表, 第3条第1項, 第3条第1項の表.

    Numerals may be of any width and kind (別表第一).
    """
    plain = wanted.strip()
    number = provision_number(plain)
    names = {plain, f"{plain}の表"}
    if number is not None:
        names |= {f"別表第{_written(number)}", *(["別表"] if number == "1" else [])}
    digits = provision_number(plain.removeprefix("別表第")) if plain.startswith("別表第") else None
    if digits is not None:
        names.add(f"別表第{_written(digits)}")
    return next((grid for grid in tables if grid.name in names), None)
