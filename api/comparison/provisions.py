"""The promulgated text of an instrument as a tree of provisions that loses no character of it.

Unlike the syntax tree of `dsl.parse`, lines that fit nowhere, blank lines and the white space of the layout are kept,
so that a comparison can show, and give back, exactly what each edition says.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from dsl.annotations import extract
from dsl.codes import Reporter
from dsl.fragment import BLANKS, Fragment
from dsl.lines import Kind, Line, classify
from dsl.normalise import normalise, provision_number
from dsl.syntax import Annotation
from dsl.text import promulgated_text


class Part(enum.StrEnum):
    """What a provision is."""

    TITLE = "題名"
    CHAPTER = "章"
    CAPTION = "見出し"
    ARTICLE = "条"
    PARAGRAPH = "項"
    ITEM = "号"
    TABLE = "別表"
    HEADER = "表の見出し"
    ROW = "表の項"
    SUPPLEMENTARY = "附則"
    OTHER = "その他"


@dataclass(frozen=True, slots=True)
class Passage:
    """A line of promulgated text, or the part of one that is a heading or the first paragraph behind it.

    `text` followed by `layout` (line feeds, blank lines) is what stands in the file; the wording begins at `head`.
    """

    place: int
    text: str
    layout: str
    head: int = 0
    cells: tuple[tuple[int, int], ...] = ()

    @property
    def wording(self) -> str:
        """The text behind 第3条, 2 or (1)."""
        return self.text[self.head :]


@dataclass(frozen=True, slots=True)
class Provision:
    """A provision with what stands under it.

    `address` is its number in this text (第3条第2項), `former` the one that 〔旧番号〕 gives it, and `named` the ids of
    its affairs and procedures: by these it is known again in another edition.
    """

    part: Part
    number: str
    passage: Passage
    caption: Passage | None
    children: tuple[Provision, ...]
    address: str
    former: str
    named: frozenset[str]

    def passages(self) -> Iterator[Passage]:
        """Every passage of it, in the order of the tree."""
        if self.caption is not None:
            yield self.caption
        yield self.passage
        for child in self.children:
            yield from child.passages()


@dataclass(slots=True)
class _Draft:
    """A provision whose end has not been seen."""

    part: Part
    number: str
    passage: Passage | None
    caption: Passage | None = None
    children: list[_Draft] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    style: str = ""
    open_heading: bool = False

    def finished(self, above: str = "") -> Provision:
        assert self.passage is not None
        address = _address(self, above)
        values = {a.name: a.value for a in self.annotations}
        return Provision(
            self.part,
            self.number,
            self.passage,
            self.caption,
            tuple(child.finished(address) for child in self.children),
            address,
            normalise(values.get("旧番号", "")).text,
            frozenset(f"{a.name} {a.value}" for a in self.annotations if a.name in ("事務", "手続")),
        )


def provisions(source: str) -> tuple[Provision, ...]:
    """The provisions of a rule file.

    Args:
        source: its text; annotations are no part of what is promulgated and only tell which provision is which.

    Returns:
        The provisions at the top; all their passages, by place, joined make up `promulgated_text(source)`.
    """
    walk = _Walk()
    for promulgated, marks in _lines(source):
        walk.take(promulgated, marks)
    return tuple(draft.finished() for draft in walk.finish())


def _lines(source: str) -> Iterator[tuple[str | None, list[Annotation]]]:
    """Each line as promulgated (None when it held annotations only), with its annotations."""
    report = Reporter("")
    for number, line in enumerate(source.split("\n"), 1):
        marks = [a for _, a in extract(Fragment.of_line(number, line.rstrip("\r")), report).annotations]
        text = promulgated_text(line)
        gone = bool(line.strip(BLANKS + "\r")) and not text.strip(BLANKS + "\r")
        yield (None if gone else text), marks


def _classified(text: str) -> Line:
    return classify(extract(Fragment.of_line(1, text), Reporter("")))


def cells_of(text: str) -> tuple[tuple[int, int], ...]:
    """The ranges of the cells in a row of a table, without the blanks around them.

    Examples:
        >>> [ "| 1 | 市長 | |"[a:b] for a, b in cells_of("| 1 | 市長 | |")]
        ['1', '市長', '']
    """
    bars = [i for i, ch in enumerate(text) if ch in "|｜"]
    closed = not text[bars[-1] + 1 :].strip(BLANKS)
    found = []
    for start, end in pairwise(bars if closed and len(bars) > 1 else [*bars, len(text)]):
        inner = text[start + 1 : end]
        left = start + 1 + len(inner) - len(inner.lstrip(BLANKS))
        found.append((left, left + len(inner.strip(BLANKS))))
    return tuple(found)


class _Walk:
    """Puts the lines under each other; `open` holds the provisions that may still receive some, outermost first."""

    def __init__(self) -> None:
        self.top: list[_Draft] = []
        self.open: list[_Draft] = []
        self.titled = False
        self.before: list[_Draft] = []  # a caption that waits for its article
        self.last: tuple[_Draft, str] | None = None  # the draft with the last passage, and which passage
        self.place = 0

    # ---- passages --------------------------------------------------------------------------

    def take(self, text: str | None, marks: list[Annotation]) -> None:
        """One line of the file; None where it holds annotations only."""
        if text is None:
            if self.open:
                self.open[-1].annotations += marks
            return
        carriage = "\r" if text.endswith("\r") else ""
        text = text.removesuffix("\r")
        if not text.strip(BLANKS) and self.last is not None:
            self._lay(text + carriage + "\n")
            return
        self._place(text, carriage + "\n", marks)

    def finish(self) -> list[_Draft]:
        """The provisions at the top, after the last line (which no line feed follows)."""
        self._lost_caption()
        if self.last is not None:
            passage = self._passage()
            self._set(Passage(passage.place, passage.text, passage.layout[:-1], passage.head, passage.cells))
        return self.top

    def _passage(self) -> Passage:
        assert self.last is not None
        passage: Passage = getattr(self.last[0], self.last[1])
        return passage

    def _set(self, passage: Passage) -> None:
        assert self.last is not None
        setattr(self.last[0], self.last[1], passage)

    def _lay(self, layout: str) -> None:
        passage = self._passage()
        self._set(Passage(passage.place, passage.text, passage.layout + layout, passage.head, passage.cells))

    def _new(self, text: str, layout: str, head: int = 0, cells: tuple[tuple[int, int], ...] = ()) -> Passage:
        self.place += 1
        return Passage(self.place, text, layout, head, cells)

    # ---- provisions ------------------------------------------------------------------------

    def _place(self, text: str, layout: str, marks: list[Annotation]) -> None:
        line = _classified(text)
        if not self.titled and text.strip(BLANKS):
            self.titled = True
            self._add(_Draft(Part.TITLE, "", self._new(text, layout)), marks, keep=False)
            return
        takes_caption = line.kind is Kind.ARTICLE or (
            line.kind in (Kind.PARAGRAPH, Kind.TEXT) and any(d.part is Part.SUPPLEMENTARY for d in self.open)
        )
        if not takes_caption:
            self._lost_caption()
        match line.kind:
            case Kind.CAPTION:
                draft = _Draft(Part.OTHER, "", self._new(text, layout), annotations=marks)
                self.before = [draft]
                self.last = (draft, "passage")
            case Kind.ARTICLE:
                self._article(line, text, layout, marks)
            case Kind.TABLE:
                self._close()
                self._add(_Draft(Part.TABLE, line.number, self._new(text, layout)), marks)
            case Kind.SUPPLEMENTARY:
                self._close()
                number = normalise(line.caption or "").text
                passage = self._new(text, layout)
                self._add(_Draft(Part.SUPPLEMENTARY, number, passage, open_heading=True), marks)
            case Kind.CHAPTER:
                self._close()
                number = normalise(text).text
                self._add(_Draft(Part.CHAPTER, number, self._new(text, layout)), marks, keep=False)
            case Kind.PARAGRAPH if any(d.part in (Part.ARTICLE, Part.SUPPLEMENTARY) for d in self.open):
                self._close(Part.ARTICLE, Part.SUPPLEMENTARY)
                self._add(_Draft(Part.PARAGRAPH, line.number, self._new(text, layout, line.head_end)), marks)
            case Kind.ITEM if any(d.part in (Part.ARTICLE, Part.PARAGRAPH) for d in self.open):
                self._item(line, text, layout, marks)
            case Kind.ROW:
                self._row(text, layout, marks)
            case Kind.TEXT if self.open and self.open[-1].open_heading and not self.open[-1].children:
                self._add(_Draft(Part.PARAGRAPH, "1", self._new(text, layout)), marks)
            case _:
                self._add(_Draft(Part.OTHER, "", self._new(text, layout)), marks, keep=False)

    def _add(self, draft: _Draft, marks: list[Annotation], *, keep: bool = True) -> None:
        if self.before:
            waiting = self.before.pop()
            draft.caption = waiting.passage
            draft.annotations += waiting.annotations
            if self.last is not None and self.last[0] is waiting:
                self.last = (draft, "caption")
        draft.annotations += marks
        (self.open[-1].children if self.open else self.top).append(draft)
        if keep:
            self.open.append(draft)
        self.last = (draft, "passage")

    def _close(self, *unless: Part) -> None:
        """End the open provisions from the inside, up to one of the given parts."""
        while self.open and self.open[-1].part not in unless:
            self.open.pop()

    def _lost_caption(self) -> None:
        """A caption without an article is a line of its own."""
        while self.before:
            draft = self.before.pop()
            (self.open[-1].children if self.open else self.top).append(draft)

    def _article(self, line: Line, text: str, layout: str, marks: list[Annotation]) -> None:
        self._close(Part.SUPPLEMENTARY)
        wording = text[line.head_end :].strip(BLANKS)
        if not wording or wording == "削除":
            passage = self._new(text, layout)
            self._add(_Draft(Part.ARTICLE, line.number, passage, open_heading=not wording), marks)
            return
        self._add(_Draft(Part.ARTICLE, line.number, self._new(text[: line.head_end], "")), marks)
        self._add(_Draft(Part.PARAGRAPH, "1", self._new(text[line.head_end :], layout)), [])

    def _item(self, line: Line, text: str, layout: str, marks: list[Annotation]) -> None:
        self._close(Part.ARTICLE, Part.PARAGRAPH, Part.ITEM)
        styles = [d.style for d in self.open]
        if line.style in styles:
            del self.open[styles.index(line.style) :]
        draft = _Draft(Part.ITEM, line.number, self._new(text, layout, line.head_end), style=line.style)
        self._add(draft, marks)

    def _row(self, text: str, layout: str, marks: list[Annotation]) -> None:
        cells = cells_of(text)
        passage = self._new(text, layout, 0, cells)
        first = text[cells[0][0] : cells[0][1]] if cells else ""
        if not first and self.open and self.open[-1].part is Part.ROW:
            self._add(_Draft(Part.ROW, "", passage), marks, keep=False)
            return
        self._close(Part.TABLE, Part.PARAGRAPH, Part.ARTICLE, Part.SUPPLEMENTARY)
        above = self.open[-1] if self.open else None
        printed = above is not None and not any(a.name == "列" for a in above.annotations)
        if printed and above is not None and not any(c.part in (Part.HEADER, Part.ROW) for c in above.children):
            self._add(_Draft(Part.HEADER, "", passage), marks, keep=False)
        else:
            self._add(_Draft(Part.ROW, provision_number(first) or "", passage), marks)


def _address(draft: _Draft, above: str) -> str:
    """第19条第2項第1号, in the form that normalised text gives a reference."""
    first, _, branch = draft.number.partition("-")
    tail = f"の{branch.replace('-', 'の')}" if branch else ""
    match draft.part:
        case Part.ARTICLE:
            return f"{above}第{first}条{tail}"
        case Part.PARAGRAPH:
            return above if draft.number == "1" else f"{above}第{first}項{tail}"
        case Part.ITEM if draft.style in ("paren", "kanji"):
            return f"{above}第{first}号{tail}"
        case Part.ITEM:
            return f"{above}{draft.number}"
        case Part.TABLE:
            return f"別表第{first}{tail}" if first else "別表"
        case Part.ROW if draft.number:
            return f"{above}の{first}{tail}の項"
        case Part.SUPPLEMENTARY:
            return f"附則（{draft.number}）" if draft.number else "附則"
        case _:
            return above
