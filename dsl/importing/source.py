"""What the readers of HTML, Word and text files hand over: lines and tables in the order of the document."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dsl.diagnostics import Diagnostic
from dsl.fragment import BLANKS


@dataclass(frozen=True, slots=True)
class Words:
    """A line of the document.

    `at` is its place (`Source.unit` says whether lines or paragraphs are counted); `aside` says why it is no part
    of the instrument's text, where the form of the file tells (a menu, a page header); `heading` marks headings.
    """

    text: str
    at: int
    aside: str | None = None
    heading: bool = False


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell: its lines, over how many columns and rows it reaches, and whether a table stands in it."""

    lines: tuple[str, ...]
    across: int = 1
    down: int = 1
    nested: bool = False

    @property
    def text(self) -> str:
        """Its lines as one."""
        return joined(self.lines)


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; `merges_known` when the file tells merged cells, so that an empty cell is really empty."""

    rows: tuple[tuple[GridCell, ...], ...]
    at: int
    merges_known: bool = True
    head: bool = False  # the file marks the first row as header cells


Piece = Words | Grid


@dataclass(frozen=True, slots=True)
class Source:
    """A document: `form` for people (HTML, Word …), `unit` of positions, its pieces.

    `at` of a piece is unique and rises; `places` gives the line of the file where it is another number.
    `notices` are what the reader of the file has to say (ruby left out, tracked changes).
    """

    path: str
    form: str
    unit: str
    pieces: tuple[Piece, ...]
    places: Mapping[int, int] = field(default_factory=dict)
    notices: tuple[Diagnostic, ...] = ()

    def place(self, at: int) -> int:
        """The line (or paragraph) of the file."""
        return self.places.get(at, at)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Words of the document that are not in the promulgated text of the rule file; `kept` when they are in an annotation."""

    at: int
    text: str
    why: str
    kept: bool = False


@dataclass(slots=True)
class Ledger:
    """Everything left out so far."""

    entries: list[LeftOut] = field(default_factory=list)

    def leave(self, at: int, text: str, why: str, *, kept: bool = False) -> None:
        """Record words that are left out."""
        if plain(text):
            self.entries.append(LeftOut(at, text, why, kept))


def joined(lines: Sequence[str]) -> str:
    """Lines of a cell or a wrapped sentence as one; a blank parts Latin words and entries that begin with a head."""
    out = ""
    for line in (x.strip(BLANKS) for x in lines):
        if not line:
            continue
        apart = out and (line[0] in "（(①②③④⑤⑥⑦⑧⑨" or (out[-1].isascii() and line[0].isascii()))
        out += (" " if apart else "") + line
    return out


def visible(text: str) -> str:
    """Without characters that cannot be seen (zero width, control); tabs and blanks stay."""
    return "".join(
        ch for ch in text if ch in "\t" or unicodedata.category(ch) not in ("Cf", "Cc", "Zl", "Zp", "Cs", "Co")
    )


def plain(text: str) -> str:
    """What counts as text when the result is compared: no white space, nothing invisible, no cell separators (bars, box drawing)."""
    kept = (ch for ch in visible(text) if not ch.isspace())
    return "".join(ch for ch in kept if ch not in "|｜" and not "\u2500" <= ch <= "\u257f")


def words_of(piece: Piece) -> Iterator[str]:
    """The texts of a piece in order."""
    if isinstance(piece, Words):
        yield piece.text
        return
    for row in piece.rows:
        for cell in row:
            yield from cell.lines
