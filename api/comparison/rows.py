"""What a 新旧対照表 shows of a comparison: changed provisions whole, unchanged ones as （略）, the rest left out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from api.comparison.entries import Comparison, Entry, Side
from api.comparison.provisions import Part
from dsl.fragment import BLANKS
from dsl.masking import mask

ADDED, REMOVED, ABRIDGED = "（新設）", "（削除）", "（略）"
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
#: parts whose heading stands even where only something under it changes
_HEADINGS = (Part.TITLE, Part.ARTICLE, Part.TABLE, Part.HEADER, Part.SUPPLEMENTARY)


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text; `changed` when the other edition does not have it (it is underlined)."""

    text: str
    changed: bool = False


Cell = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the 新旧対照表; each side has one cell, or where it is a row of a table one a column, or none at all.

    `word` is what stands in the empty side of the first row of something added or removed; `moved` says a renumbering.
    """

    part: Part
    depth: int
    old: tuple[Cell, ...] | None
    new: tuple[Cell, ...] | None
    word: str = ""
    moved: str = ""

    @property
    def tabular(self) -> bool:
        """Whether the sides are rows of a table."""
        return self.part in (Part.HEADER, Part.ROW)


def rows(comparison: Comparison) -> tuple[Row, ...]:
    """The rows of the 新旧対照表; none when the texts do not differ. Runs of twelve digits are masked."""
    found: list[Row] = []
    for entry in comparison.entries:
        if entry.changed:
            found += _shown(entry, 0)
    return tuple(found)


def _shown(entry: Entry, depth: int) -> Iterator[Row]:
    """An entry in which something changes."""
    head = list(_headed(entry, depth))
    gone = entry.old is None or entry.new is None
    if gone:
        yield replace(head[0], word=ADDED if entry.old is None else REMOVED)
        yield from head[1:]
    else:
        yield from head
    if _abridged(entry) and not any(child.changed for child in entry.children):
        return
    for row in _below(entry, depth + 1):
        yield replace(row, word="") if gone else row


def _headed(entry: Entry, depth: int) -> Iterator[Row]:
    """The caption, and the line itself; on it the first paragraph that stands on the same line."""
    if entry.caption is not None:
        yield _row(entry.caption, depth)
    own = _row(entry, depth, abridged=_abridged(entry))
    inline = _inline(entry)
    if inline is not None:
        text = _row(inline, depth, abridged=not inline.own_change and inline.old is not None)
        own = replace(own, old=_joined(own.old, text.old), new=_joined(own.new, text.new))
    yield own


def _inline(entry: Entry) -> Entry | None:
    """The first paragraph of 第一条　この条例は…, where it stands behind the heading on every side that there is."""
    if entry.part is not Part.ARTICLE or not entry.children:
        return None
    first, sides = entry.children[0], [s for s in (entry.old, entry.new) if s is not None]
    both = (entry.old is None) == (first.old is None) and (entry.new is None) == (first.new is None)
    return first if both and all(not side.passage.layout for side in sides) else None


def _joined(head: tuple[Cell, ...] | None, text: tuple[Cell, ...] | None) -> tuple[Cell, ...] | None:
    if head is None or text is None:
        return head or text
    return ((*head[0], *text[0]),)


def _below(entry: Entry, depth: int) -> Iterator[Row]:
    children: Sequence[Entry] = entry.children
    inline = _inline(entry)
    if inline is not None:
        if inline.own_change or any(child.changed for child in inline.children):
            yield from _runs(inline.children, depth)
        children = children[1:]
    yield from _runs(children, depth)


def _runs(entries: Sequence[Entry], depth: int) -> Iterator[Row]:
    """Siblings: what changed in full, a run of what did not in one row."""
    for full, group in groupby(entries, key=lambda e: e.changed or e.part is Part.HEADER):
        run = list(group)
        if full:
            for entry in run:
                yield from _shown(entry, depth)
        else:
            for _, alike in groupby(run, key=lambda e: (e.part, bool(_label(e)))):
                yield _run(list(alike), depth)


def _run(run: Sequence[Entry], depth: int) -> Row:
    """Unchanged siblings of one kind as one row: 2～4　（略）."""
    old, new = [e.old for e in run if e.old is not None], [e.new for e in run if e.new is not None]
    return Row(run[0].part, depth, _run_side(old), _run_side(new))


def _run_side(sides: Sequence[Side]) -> tuple[Cell, ...]:
    first, last = _label_of(sides[0]), _label_of(sides[-1])
    label = first if len(sides) == 1 or not first else f"{first}{'・' if len(sides) == 2 else '～'}{last}"
    cells = sides[0].passage.cells
    if cells:
        return ((Piece(label or ABRIDGED),), *((Piece(ABRIDGED),) for _ in cells[1:]))
    return ((Piece(f"{label}　{ABRIDGED}" if label else ABRIDGED),),)


def _label(entry: Entry) -> str:
    return "" if entry.new is None else _label_of(entry.new)


def _label_of(side: Side) -> str:
    """The number of an unchanged provision as written: 2, (1), 1の2."""
    passage = side.passage
    if passage.cells:
        start, end = passage.cells[0]
        return passage.text[start:end]
    return passage.text[: passage.head].strip(BLANKS)


def _abridged(entry: Entry) -> bool:
    """Whether of an entry only its number is shown: its words are the same in both editions."""
    if entry.old is None or entry.new is None or entry.part in _HEADINGS:
        return False
    return all(all(end <= _number_end(side) for _, end in side.marks) for side in (entry.old, entry.new))


def _number_end(side: Side) -> int:
    passage = side.passage
    return passage.cells[0][1] if passage.cells else passage.head


def _row(entry: Entry, depth: int, *, abridged: bool = False) -> Row:
    old, new = (None if s is None else _cells(s, abridged) for s in (entry.old, entry.new))
    return Row(entry.part, depth, old, new, moved=entry.move)


def _cells(side: Side, abridged: bool) -> tuple[Cell, ...]:
    passage = side.passage
    text = visible(passage.text)
    if passage.cells:
        cells = tuple(_cut(text, side, start, end) for start, end in passage.cells)
        if not abridged:
            return cells
        return (cells[0] or (Piece(ABRIDGED),), *((Piece(ABRIDGED),) for _ in cells[1:]))
    if not abridged:
        return (_cut(text, side, 0, len(text)),)
    head = _cut(text, side, 0, len(text[: passage.head].rstrip(BLANKS)))
    return ((*head, Piece(f"　{ABRIDGED}" if head else ABRIDGED)),)


def visible(text: str) -> str:
    """A text of the same length to show: twelve digits masked, characters that no screen or file can show as dots."""
    return "".join("·" if unicodedata.category(ch) in _UNSEEN and ch != "\t" else ch for ch in mask(text))


def _cut(text: str, side: Side, start: int, end: int) -> Cell:
    """The text from `start` to `end` in pieces, changed and not."""
    pieces, at = [], start
    for low, high in side.marks:
        low, high = max(low, start), min(high, end)
        if low >= high:
            continue
        if at < low:
            pieces.append(Piece(text[at:low]))
        pieces.append(Piece(text[low:high], changed=True))
        at = high
    if at < end:
        pieces.append(Piece(text[at:end]))
    return tuple(pieces)
