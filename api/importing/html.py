"""HTML of collections of ordinances into lines and tables, in the order of the document."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from lxml import etree, html

from dsl.importing.codes import finding
from dsl.importing.gaps import GAP, gap_found, is_gap, struck_found
from dsl.importing.source import Grid, GridCell, Piece, Source, Words, plain

#: elements that end a line before and behind them
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body center dd details dir div dl dt fieldset figcaption figure footer form "
        "h1 h2 h3 h4 h5 h6 header hr html li main menu nav ol p pre section summary table tbody tfoot thead tr td th "
        "ul br caption option select button legend noscript",
    )
)
_SILENT = frozenset(("script", "style", "head", "rp"))
_ASIDE = {
    "textarea": "入力欄",
    "iframe": "枠の中",
    "object": "画面の部品",
    "svg": "図",
    "template": "画面に出ない部分",
    "nav": "画面の部品",
    "footer": "画面の部品",
    "aside": "画面の部品",
    "select": "画面の部品",
    "button": "画面の部品",
    "noscript": "画面の部品",
}
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_STRUCK = frozenset(("del", "s", "strike"))
#: pictures that only lay the page out, by their file's name
_SPACER = re.compile(r"spacer|blank|space|dot|clear|line|arrow|bullet|icon|btn|button", re.IGNORECASE)
_LINE_THROUGH = re.compile(r"text-decoration[^;]*line-through", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_ARTICLE = re.compile(r"^[\s　]*(第[0-9０-９〇一二三四五六七八九十百]+条|附[\s　]*則|別表)")
_BLANK = re.compile(r"[ \t\f\v]+")
#: a line of the file that was broken: between Japanese characters no blank stands for it
_BREAK = re.compile(r"(?<=[^\x00-\x7f])[ \t]*[\r\n][ \t\r\n]*(?=[^\x00-\x7f])")


@dataclass(slots=True)
class _Table:
    """A table that is open: rows of cells, each cell with the pieces in it."""

    line: int
    rows: list[list[_Cell]] = field(default_factory=list)


@dataclass(slots=True)
class _Cell:
    pieces: list[Piece]
    across: int
    down: int
    header: bool


def read_html(path: str, text: str) -> Source:
    """Read HTML.

    Args:
        path: the file, for messages.
        text: its text.

    Returns:
        Its lines and tables; hidden parts and menus are marked as aside. Markup that cannot be read gives no pieces.
    """
    try:
        root = html.document_fromstring(
            re.sub(r"^\s*<\?xml[^>]*\?>", "", text),
            parser=html.HTMLParser(remove_comments=True, remove_pis=True, huge_tree=True),
        )
    except (etree.ParserError, ValueError, AssertionError):
        return Source(path, "HTML", "行", ())
    reader = _Reader()
    reader.walk(root)
    pieces = [_picture(p) for p in reader.sinks[0]]
    apart = {p.at for p in pieces if isinstance(p, Words) and p.aside}
    notices = [gap_found(path, line, what) for at, line, what in reader.gaps if at not in apart]
    if reader.struck:
        notices.append(struck_found(path, 1, reader.struck, "取消線のある字句"))
    if reader.ruby:
        shown = "、".join(dict.fromkeys(reader.ruby))[:60]
        notices.append(
            finding(
                "I0122",
                path,
                1,
                f"ふりがな {len(reader.ruby)}か所（{shown}）は条文に写していません",
                "ふりがなが公布された条文の一部であれば、原本どおりに書き加えてください。",
            )
        )
    return Source(path, "HTML", "行", tuple(pieces), reader.places, tuple(notices))


def _picture(piece: Piece) -> Piece:
    """A line that is only a picture is no line of the text."""
    if isinstance(piece, Words) and piece.aside is None and is_gap(piece.text):
        return replace(piece, aside="画像")
    return piece


class _Reader:
    """Walks the tree; `sinks` are the lists that lines go to: the document, then the cell of each open table."""

    def __init__(self) -> None:
        self.sinks: list[list[Piece]] = [[]]
        self.tables: list[_Table] = []
        self.text: list[str] = []
        self.line = 1
        self.count = 0
        self.aside: list[str] = []
        self.silent = 0
        self.heading = 0
        self.ruby: list[str] = []
        self.typed = 0
        self.struck: list[str] = []
        self.gaps: list[tuple[int, int, str]] = []  # the piece it is in, its line, what it is
        self.places: dict[int, int] = {}

    def walk(self, root: Any) -> None:
        for event, element in etree.iterwalk(root, events=("start", "end")):
            tag = element.tag if isinstance(element.tag, str) else ""
            if event == "start":
                self._start(tag.lower(), element)
            else:
                self._end(tag.lower(), element)
        self._flush()
        while self.tables:
            self._close_table()

    def _start(self, tag: str, element: Any) -> None:
        if tag in _BLOCKS:
            self._flush()
        self.line = element.sourceline or self.line
        if tag in _SILENT:
            self.silent += 1
        if tag in _STRUCK or _LINE_THROUGH.search(element.get("style") or ""):
            self.struck.append("".join(element.itertext()).strip())
        self._unwritten(tag, element)
        if tag in ("rt", "rtc"):
            self.ruby.append("".join(element.itertext()).strip())
            self.silent += 1
        reason = _ASIDE.get(tag)
        if element.get("hidden") is not None or _HIDDEN.search(element.get("style") or ""):
            reason = "画面に出ない部分"
        if reason:
            self._flush()
            self.aside.append(reason)
        if tag in _HEADINGS:
            self.heading += 1
        if tag == "table":
            self.tables.append(_Table(self.line))
            self.sinks.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].rows.append([])
        elif tag in ("td", "th") and self.tables:
            if not self.tables[-1].rows:
                self.tables[-1].rows.append([])
            cell = _Cell([], _number(element.get("colspan")), _number(element.get("rowspan"), 0), tag == "th")
            self.tables[-1].rows[-1].append(cell)
            self.sinks.append(cell.pieces)
        if tag == "pre":
            self.typed += 1
        if not self.silent and element.text:
            self._say(element.text)

    def _unwritten(self, tag: str, element: Any) -> None:
        """A picture, or a bare < that the parser took for markup: 〓, and told; what is typed into a field is aside."""
        if self.silent:
            return
        if tag == "img" and not _decorates(element):
            self._gap(f"画像（{_described(element)}）")
        elif tag == "input" and (element.get("value") or "").strip() and element.get("type", "text") == "text":
            self._flush()
            self._piece(str(element.get("value")), "入力欄")
        elif not all(name.isascii() for name in (tag, *element.attrib)):
            self._gap(f"HTML の印として読まれた所（「<{' '.join((tag, *element.attrib))[:20]}」から後）")

    def _gap(self, what: str) -> None:
        self.text.append(GAP)
        self.gaps.append((self.count + 1, self.line, what))

    def _end(self, tag: str, element: Any) -> None:
        if tag in _BLOCKS:
            self._flush()
        if tag in _SILENT or tag in ("rt", "rtc"):
            self.silent -= 1
        if tag in _HEADINGS:
            self.heading -= 1
        hidden = element.get("hidden") is not None or _HIDDEN.search(element.get("style") or "")
        if tag in _ASIDE or hidden:
            self._flush()
            self.aside.pop()
        if tag in ("td", "th") and self.tables and len(self.sinks) > 2:
            self.sinks.pop()
        if tag == "table" and self.tables:
            self._close_table()
        if tag == "pre":
            self.typed -= 1
        if not self.silent and element.tail:
            self._say(element.tail)

    def _say(self, text: str) -> None:
        """Add words; in <pre> a line of the file is a line, and tabs part cells."""
        if not self.typed:
            self.text.append(text)
            return
        first, *rest = re.split("\r\n|\r|\n", text)
        self.text.append(first)
        for line in rest:
            self._flush()
            self.text.append(line)

    def _flush(self) -> None:
        if self.typed:
            text, self.text = "".join(self.text), []
            if plain(text):
                self._piece(text, self.aside[-1] if self.aside else None)
            return
        text = _BLANK.sub(" ", _BREAK.sub("", "".join(self.text)).replace("\r", " ").replace("\n", " ")).strip(" ")
        self.text = []
        if plain(text):
            self._piece(text, self.aside[-1] if self.aside else None)

    def _piece(self, text: str, aside: str | None) -> None:
        self.count += 1
        self.places[self.count] = self.line
        self.sinks[-1].append(Words(text, self.count, aside, bool(self.heading)))

    def _close_table(self) -> None:
        """A table of data becomes a grid; one that only arranges the page is taken apart into its lines."""
        table, loose = self.tables.pop(), self.sinks.pop()
        cells = [c for row in table.rows for c in row]
        said = [p for c in cells for p in c.pieces if isinstance(p, Grid) or not p.aside]
        arranged = not said or any(isinstance(p, Grid) or _ARTICLE.match(p.text) for p in said)
        sink = self.sinks[-1]
        sink += loose
        if arranged or len(cells) < 2:
            for cell in cells:
                sink += cell.pieces
            return
        sink += [p for c in cells for p in c.pieces if isinstance(p, Words) and p.aside]
        self.count += 1
        self.places[self.count] = table.line
        rows = tuple(
            tuple(
                GridCell(
                    tuple(p.text for p in c.pieces if isinstance(p, Words) and not p.aside),
                    c.across,
                    c.down or len(table.rows),
                )
                for c in row
            )
            for row in table.rows
            if row
        )
        head = bool(table.rows[0]) and all(c.header for c in table.rows[0])
        sink.append(Grid(rows, self.count, head=head))


def _decorates(image: Any) -> bool:
    """Whether a picture only lays the page out: said to mean nothing (alt=""), of no size, or named so."""
    sizes = (image.get("width") or "", image.get("height") or "")
    return image.get("alt") == "" or any(s in ("0", "1") for s in sizes) or bool(_SPACER.search(_file(image)))


def _file(image: Any) -> str:
    return str(image.get("src") or "").rsplit("/", 1)[-1][:40]


def _described(image: Any) -> str:
    alternative = (image.get("alt") or "").strip()
    return _file(image) + (f"、代わりの文字「{alternative}」" if alternative else "")


def _number(written: str | None, least: int = 1) -> int:
    digits = (written or "").strip()
    return max(least, min(int(digits), 1000)) if digits.isdecimal() and len(digits) < 6 else 1
