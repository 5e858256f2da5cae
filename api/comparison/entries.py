"""Two editions of an instrument compared, provision by provision and character by character."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from api.comparison.alignment import align
from api.comparison.marks import Ranges, marks, same
from api.comparison.provisions import Part, Passage, Provision, provisions
from dsl.syntax import Document


@dataclass(frozen=True, slots=True)
class Side:
    """A passage in one edition, with the ranges of its text that the other edition does not have."""

    passage: Passage
    marks: Ranges


@dataclass(frozen=True, slots=True)
class Entry:
    """A provision in both editions; a side is None where the provision is not in that edition.

    `move` is 繰下げ or 繰上げ where its number changed. Its caption and what stands under it are entries of their own.
    """

    part: Part
    old: Side | None
    new: Side | None
    old_number: str
    new_number: str
    caption: Entry | None
    children: tuple[Entry, ...]

    @property
    def move(self) -> str:
        """Whether the provision went down (繰下げ) or up (繰上げ) in the numbering; "" when it did neither."""
        if self.old is None or self.new is None or self.part in (Part.SUPPLEMENTARY, Part.CHAPTER):
            return ""
        before, after = _order(self.old_number), _order(self.new_number)
        if not before or not after or before == after:
            return ""
        return "繰下げ" if after > before else "繰上げ"

    @property
    def own_change(self) -> bool:
        """Whether its own line differs (not its caption, not what is under it)."""
        if self.old is None or self.new is None:
            return True
        return bool(self.old.marks or self.new.marks)

    @property
    def changed(self) -> bool:
        """Whether anything in it differs."""
        return (
            self.own_change
            or (self.caption is not None and self.caption.changed)
            or any(child.changed for child in self.children)
        )

    def sides(self) -> Iterator[tuple[Side | None, Side | None]]:
        """Both sides of every passage in it."""
        if self.caption is not None:
            yield from self.caption.sides()
        yield self.old, self.new
        for child in self.children:
            yield from child.sides()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two editions side by side. Nothing of either is left out: what a 新旧対照表 leaves out, `rows` decides."""

    entries: tuple[Entry, ...]

    @property
    def differs(self) -> bool:
        """Whether the promulgated texts differ in more than white space."""
        return any(entry.changed for entry in self.entries)

    @property
    def old_text(self) -> str:
        """The old promulgated text, rebuilt."""
        return _rebuilt(old for entry in self.entries for old, _ in entry.sides())

    @property
    def new_text(self) -> str:
        """The new promulgated text, rebuilt."""
        return _rebuilt(new for entry in self.entries for _, new in entry.sides())


def compare(old: Document | None, new: Document | None) -> Comparison:
    """Compare the promulgated texts of two editions of an instrument.

    Provisions are the same by 〔旧番号〕, by the ids of their affairs, by their numbers, and where numbers moved by
    their wording. Annotations are no part of the text and are not compared.

    Args:
        old: the edition before the amendment; None when the instrument is new.
        new: the edition after it; None when the instrument is repealed.
    """
    before = provisions(old.source) if old is not None else ()
    after = provisions(new.source) if new is not None else ()
    return Comparison(_entries(before, after))


def _entries(old: Sequence[Provision], new: Sequence[Provision]) -> tuple[Entry, ...]:
    return tuple(_entry(one, other) for one, other in align(old, new))


def _entry(old: Provision | None, new: Provision | None) -> Entry:
    ours, theirs = _sides(old.passage if old else None, new.passage if new else None)
    one = old or new
    assert one is not None
    captions = (old.caption if old else None, new.caption if new else None)
    caption = None
    if captions != (None, None):
        caption = Entry(Part.CAPTION, *_sides(*captions), "", "", None, ())
    children = _entries(old.children if old else (), new.children if new else ())
    return Entry(one.part, ours, theirs, old.number if old else "", new.number if new else "", caption, children)


def _sides(old: Passage | None, new: Passage | None) -> tuple[Side | None, Side | None]:
    if old is None or new is None:
        return _whole(old), _whole(new)
    if same(old.text, new.text):
        return Side(old, ()), Side(new, ())
    if old.cells and len(old.cells) == len(new.cells):
        ours, theirs = _by_cells(old, new)
    else:
        ours, theirs = marks(old.text, new.text)
    return Side(old, ours), Side(new, theirs)


def _whole(passage: Passage | None) -> Side | None:
    if passage is None:
        return None
    return Side(passage, ((0, len(passage.text)),) if passage.text else ())


def _by_cells(old: Passage, new: Passage) -> tuple[Ranges, Ranges]:
    """Words that moved from one column to another are a change."""
    ours: list[tuple[int, int]] = []
    theirs: list[tuple[int, int]] = []
    for (a, b), (c, d) in zip(old.cells, new.cells, strict=True):
        if same(old.text[a:b], new.text[c:d]):
            continue
        in_old, in_new = marks(old.text[a:b], new.text[c:d])
        ours += [(a + start, a + end) for start, end in in_old]
        theirs += [(c + start, c + end) for start, end in in_new]
    return tuple(ours), tuple(theirs)


def _order(number: str) -> tuple[int, ...]:
    parts = number.split("-")
    return tuple(int(p) for p in parts) if all(p.isdecimal() for p in parts) else ()


def _rebuilt(sides: Iterable[Side | None]) -> str:
    passages = sorted((side.passage for side in sides if side is not None), key=lambda passage: passage.place)
    return "".join(passage.text + passage.layout for passage in passages)
