"""Layout of a rule file: indentation of items, blanks around table bars and annotations, blank lines. Never its words."""

from __future__ import annotations

import re

from dsl.annotations import Marked, extract
from dsl.codes import Reporter
from dsl.fragment import BLANKS, Fragment
from dsl.lines import Kind, Line, classify
from dsl.parse import typed_lines
from dsl.text import promulgated_text

_B = f"[{BLANKS}]"
_BRACKET = re.compile(r"〔([^〔〕]*)〕")
#: lines that stand after one blank line
_APART = (Kind.ARTICLE, Kind.CAPTION, Kind.TABLE, Kind.SUPPLEMENTARY, Kind.CHAPTER)


def format_source(source: str) -> str:
    """Lay a rule file out.

    Args:
        source: its text. Lines whose brackets do not match are left as they are.

    Returns:
        The same instrument: its promulgated text differs in layout white space only, and its syntax tree in positions only.
    """
    layout = _Layout()
    for number, text in enumerate(typed_lines(source), 1):
        layout.take(number, text.replace("\r", ""))
    return "\n".join(layout.lines).strip("\n") + "\n" if any(layout.lines) else ""


class _Layout:
    """Lines laid out so far; `styles` is the nesting of the items that are open."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.styles: list[str] = []
        self.before: Kind | None = None
        self.headed = False

    def take(self, number: int, text: str) -> None:
        report = Reporter("")
        marked = extract(Fragment.of_line(number, text.rstrip(BLANKS)), report)  # a blank that goes makes no item
        broken = any(d.code in ("J0010", "J0011", "J0015") for d in report.found)
        line = classify(marked)
        if line.kind is Kind.BLANK:
            self._blank()
            return
        if not self.headed and line.kind is not Kind.ANNOTATIONS:
            self.headed = True
            self.lines.append(text if broken else _spaced(re.sub(rf"^{_B}*(\S+){_B}+", r"\1 ", text)))
            return
        if line.kind in _APART and self.before is not Kind.CAPTION:
            self._blank()
        self.lines.append(text if broken else self._indent(line) + _laid_out(line, text))
        self.before = line.kind

    def _blank(self) -> None:
        if self.lines and self.lines[-1] and self.before is not Kind.CAPTION:
            self.lines.append("")

    def _indent(self, line: Line) -> str:
        if line.kind is not Kind.ITEM:
            if line.kind not in (Kind.ANNOTATIONS, Kind.ROW):
                self.styles = []
            return ""
        if line.style in self.styles:
            del self.styles[self.styles.index(line.style) :]
        self.styles.append(line.style)
        return "  " * (len(self.styles) - 1)


def _laid_out(line: Line, text: str) -> str:
    return _row(line.marked, text) if line.kind is Kind.ROW else _spaced(text)


def _spaced(text: str) -> str:
    """One blank before closing annotations (none after 。), none between them, one between name and value."""
    text = _BRACKET.sub(lambda m: f"〔{_inside(m.group(1))}〕", text.strip(BLANKS))
    text = re.sub(rf"〕{_B}+(?=〔)", "〕", text)
    text = re.sub(rf"(?<=[^。{BLANKS}〕〔]){_B}*(?=〔[^〔〕]*〕(?:〔[^〔〕]*〕)*$)", " ", text)
    return re.sub(rf"。{_B}+(?=〔)", "。", text)


def _inside(value: str) -> str:
    pieces = re.split(rf"{_B}*(?<!\\)・{_B}*", value.strip(BLANKS))
    return "・".join(re.sub(rf"^([^{BLANKS}]+){_B}+", r"\1 ", piece) for piece in pieces)


def _row(marked: Marked, text: str) -> str:
    """A table row with one blank on either side of each bar."""
    cells, depth, cell = [], 0, ""
    for ch in text.strip(BLANKS):
        depth += (ch == "〔") - (ch == "〕")
        if ch in "|｜" and depth == 0:
            cells.append(cell)
            cell = ""
        else:
            cell += ch
    behind = _spaced(cell)
    closed = not behind or behind.startswith("〔")
    inner = [_spaced(c) for c in (cells if closed else [*cells, cell])[1:]]
    laid = "|" + "".join(f" {c} |" if c else " |" for c in inner)
    if not closed:
        return laid.removesuffix("|").rstrip(BLANKS)
    return f"{laid} {behind}" if behind else laid


def same_words(one: str, other: str) -> bool:
    """Whether two rule files have the same promulgated text apart from white space and the width of table bars."""

    def words(source: str) -> str:
        return re.sub(r"\s", "", promulgated_text(source)).replace("｜", "|")

    return words(one) == words(other)
