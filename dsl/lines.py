"""What a line of an instrument is: heading, article, paragraph, item, table row, …"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from dsl.annotations import Marked
from dsl.fragment import BLANKS, Fragment
from dsl.normalise import KANJI_NUMBER, provision_number


class Kind(enum.Enum):
    """The kinds of line of LANGUAGE.md §1."""

    BLANK = enum.auto()
    ANNOTATIONS = enum.auto()
    ARTICLE = enum.auto()
    CAPTION = enum.auto()
    PARAGRAPH = enum.auto()
    ITEM = enum.auto()
    TABLE = enum.auto()
    ROW = enum.auto()
    SUPPLEMENTARY = enum.auto()
    CHAPTER = enum.auto()
    TEXT = enum.auto()


@dataclass(frozen=True, slots=True)
class Line:
    """A classified line; `head_end` is where its text begins in `marked.text`, `style` the numbering style of an item."""

    kind: Kind
    marked: Marked
    number: str = ""
    caption: str | None = None
    head_end: int = 0
    style: str = ""

    @property
    def fragment(self) -> Fragment:
        """The line without annotations."""
        return self.marked.text

    @property
    def text(self) -> Fragment:
        """What follows the head."""
        return self.fragment.part(self.head_end).strip()


_B = f"[{BLANKS}]"
_D = "[0-9０-９]+"
_N = f"(?:{_D}|{KANJI_NUMBER})"
_NUM = f"{_N}(?:の{_N})*"
_ARTICLE = re.compile(rf"{_B}*第({_N})条((?:の{_N})*)")
#: several articles repealed in one line
_REPEALED = re.compile(
    rf"{_B}*第({_N})条((?:の{_N})*)(?:から第{_N}条(?:の{_N})*まで|(?:及び|・)第{_N}条(?:の{_N})*){_B}+(?=削除{_B}*$)"
)
_CAPTION = re.compile(r"[（(]([^（()）]*(?:[（(][^（()）]*[)）][^（()）]*)*)[）)]")
_TABLE = re.compile(rf"{_B}*別表(?:第({_NUM}))?{_B}*(?:[（(]([^（()）]*)[）)])?{_B}*$")
_SUPPLEMENTARY = re.compile(rf"{_B}*附{_B}*則{_B}*(?:[（(](.*)[）)])?{_B}*$")
_CHAPTER = re.compile(rf"{_B}*第{_NUM}[編章節款](?:の{_N})*{_B}+\S")
_PARAGRAPH = re.compile(rf"{_B}*({_D}(?:の{_D})*){_B}+")
_ITEMS = (
    ("paren", re.compile(rf"{_B}*([（(]{_N}[）)](?:の{_N})*){_B}*")),
    ("kanji", re.compile(rf"{_B}*({KANJI_NUMBER}(?:の{KANJI_NUMBER})*){_B}+")),
    ("kata", re.compile(rf"{_B}*([ア-ン]){_B}+")),
    ("paren-kata", re.compile(rf"{_B}*[（(]([ア-ン])[）)]{_B}*")),
    ("circled", re.compile(rf"{_B}*([①-⑳]){_B}*")),
    ("alpha", re.compile(rf"{_B}*([a-zａ-ｚ]){_B}+")),
)
#: 第3条の規定… and 第3条第2項… begin a sentence, not an article
_GOES_ON = re.compile(r"[のにをはがとでへ、。及又並若第各中関以及]")


def classify(marked: Marked) -> Line:
    """Tell what a line is by its head.

    Args:
        marked: the line without its annotations.
    """
    text = marked.text.text
    if not text.strip(BLANKS):
        return Line(Kind.ANNOTATIONS if marked.annotations or marked.comment_only else Kind.BLANK, marked)
    if text.lstrip(BLANKS)[0] in "|｜":
        return Line(Kind.ROW, marked)
    table = _TABLE.match(text)
    if table:
        return Line(Kind.TABLE, marked, provision_number(table.group(1) or "") or "", table.group(2))
    supplementary = _SUPPLEMENTARY.match(text)
    if supplementary:
        return Line(Kind.SUPPLEMENTARY, marked, caption=supplementary.group(1))
    return _article(marked) or _item(marked) or _other(marked)


def _article(marked: Marked) -> Line | None:
    text = marked.text.text
    repealed = _REPEALED.match(text)
    if repealed:
        number = provision_number(repealed.group(1) + repealed.group(2))
        return Line(Kind.ARTICLE, marked, number or "", None, repealed.end())
    match = _ARTICLE.match(text)
    if match is None:
        return None
    number = provision_number(match.group(1) + match.group(2))
    end, caption = match.end(), None
    captioned = _CAPTION.match(text, end)
    if captioned:
        end, caption = captioned.end(), captioned.group(1)
    rest = text[end:]
    if number is None or (rest and rest[0] not in BLANKS and (caption is None or _GOES_ON.match(rest))):
        return None
    if caption is None:
        captioned = re.compile(rf"{_B}*{_CAPTION.pattern}{_B}*$").match(text, end)
        if captioned:
            end, caption = captioned.end(), captioned.group(1)
    end += len(text[end:]) - len(text[end:].lstrip(BLANKS))
    return Line(Kind.ARTICLE, marked, number, caption, end)


def _item(marked: Marked) -> Line | None:
    text = marked.text.text
    for style, pattern in _ITEMS:
        match = pattern.match(text)
        if match is None:
            continue
        written = match.group(1)
        number = written if "kata" in style or style == "alpha" else provision_number(written)
        if number is not None:
            return Line(Kind.ITEM, marked, number, None, match.end(), style)
    return None


def _other(marked: Marked) -> Line:
    text = marked.text.text
    if _CHAPTER.match(text):
        return Line(Kind.CHAPTER, marked)
    paragraph = _PARAGRAPH.match(text)
    if paragraph:
        return Line(Kind.PARAGRAPH, marked, provision_number(paragraph.group(1)) or "", None, paragraph.end())
    caption = _CAPTION.fullmatch(text.strip(BLANKS))
    if caption:
        return Line(Kind.CAPTION, marked, caption=caption.group(1))
    return Line(Kind.TEXT, marked)
