"""Word documents into lines and tables: automatic numbers written out, merged cells, ruby and tracked changes told."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from lxml import etree

from api.importing.word_numbers import Numbers
from dsl.importing.codes import finding
from dsl.importing.gaps import GAP, gap_found, is_gap, struck_found
from dsl.importing.left_out import UNSEEN
from dsl.importing.source import Grid, GridCell, Piece, Source, Words, plain

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_DROPPED = (
    f"{_W}del",
    f"{_W}moveFrom",
    f"{_W}rt",
    f"{_W}instrText",
    f"{_W}delText",
    f"{_MC}Fallback",
    f"{_W}pPr",
    f"{_W}rPr",
)
#: what stands in a line and is no text, with what it is called
_UNWRITTEN = {
    f"{_W}sym": "記号（外字）",
    f"{_M}oMath": "数式",
    f"{_W}drawing": "画像か図形",
    f"{_W}pict": "画像か図形",
    f"{_W}object": "埋め込まれた物",
}
#: parts of the package whose text stands outside the body
_APART = {"footnotes": "脚注", "endnotes": "文末脚注", "comments": "コメント"}


class NotWordError(Exception):
    """The bytes are no Word document that can be opened."""


def read_docx(path: str, data: bytes) -> Source:
    """Read a Word document.

    Args:
        path: the file, for messages.
        data: its bytes.

    Raises:
        NotWordError: If it cannot be opened.
    """
    import docx

    try:
        document = docx.Document(io.BytesIO(data))
        body = document.element.body
        numbers = Numbers.of(document)
        margins = [p.text for s in document.sections for part in (s.header, s.footer) for p in part.paragraphs]
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        AttributeError,
        OSError,
        etree.XMLSyntaxError,
        NotImplementedError,
        EOFError,
    ) as error:
        raise NotWordError(str(error)) from error
    except docx.exceptions.PythonDocxError as error:
        raise NotWordError(str(error)) from error
    reader = _Reader(numbers)
    for text in dict.fromkeys(margins):
        if plain(text):
            reader.count += 1
            reader.pieces.append(Words(text, reader.count, "ヘッダーかフッター"))
    reader.children(body)
    for what, text in _apart(document):
        reader.count += 1
        reader.pieces.append(Words(text, reader.count, what))
    notices = [gap_found(path, at, what) for at, what in reader.gaps]
    for mark, what in (("strike", "取消線のある字句"), ("dstrike", "二重取消線のある字句"), ("vanish", "隠し文字")):
        struck = [_said(run) for run in body.iter(f"{_W}r") if _formatted(run, mark) and _said(run)]
        notices += [struck_found(path, 1, struck, what)] if struck else []
    changes = sum(1 for _ in body.iter(f"{_W}ins", f"{_W}del", f"{_W}moveFrom", f"{_W}moveTo"))
    if changes:
        notices.append(
            finding(
                "I0126",
                path,
                1,
                f"変更履歴が{changes}か所あり、すべて反映した後の文を写しました",
                "Word で変更履歴を「承諾」か「元に戻す」にし、公布された条文だけを残してから取り込んでください。",
            )
        )
    ruby = ["".join(t.text or "" for t in r.iter(f"{_W}t")) for r in body.iter(f"{_W}rt")]
    if ruby:
        notices.append(
            finding(
                "I0122",
                path,
                1,
                f"ふりがな {len(ruby)}か所（{'、'.join(dict.fromkeys(ruby))[:60]}）は条文に写していません",
                "ふりがなが公布された条文の一部であれば、原本どおりに書き加えてください。",
            )
        )
    return Source(path, "Word の文書", "段落", tuple(reader.pieces), {}, tuple(notices))


def _apart(document: Any) -> Iterator[tuple[str, str]]:
    """The paragraphs of footnotes, endnotes and comments, and documents that are put in whole."""
    for relation in document.part.rels.values():
        what = _APART.get(relation.reltype.rsplit("/", 1)[-1])
        if what is not None and not relation.is_external:
            root = etree.fromstring(relation.target_part.blob)
            for paragraph in root.iter(f"{_W}p"):
                text = "".join(_runs(paragraph))
                if plain(text):
                    yield what, text
    for _ in document.element.body.iter(f"{_W}altChunk"):
        yield "差し込まれた別の文書", "（差し込まれた別の文書があります。中身は読んでいません。）"


def _formatted(run: Any, mark: str) -> bool:
    found = run.find(f"{_W}rPr/{_W}{mark}")
    return found is not None and found.get(f"{_W}val", "true") not in ("0", "false", "off")


def _said(run: Any) -> str:
    return "".join(_runs(run)).strip()


class _Reader:
    """Walks the body; every paragraph and table counts one."""

    def __init__(self, numbers: Numbers) -> None:
        self.pieces: list[Piece] = []
        self.numbers = numbers
        self.count = 0
        self.gaps: list[tuple[int, str]] = []

    def children(self, parent: Any) -> None:
        for child in parent:
            if child.tag == f"{_W}p":
                for text, heading in self._paragraph(child):
                    self.count += 1
                    self.pieces.append(Words(text, self.count, None, heading))
            elif child.tag == f"{_W}tbl":
                self._table(child)
            elif child.tag in (
                f"{_W}sdt",
                f"{_W}sdtContent",
                f"{_W}ins",
                f"{_W}customXml",
                f"{_W}smartTag",
                f"{_W}moveTo",
            ):
                self.children(child)

    def _paragraph(self, paragraph: Any) -> Iterator[tuple[str, bool]]:
        style = paragraph.find(f"{_W}pPr/{_W}pStyle")
        name = style.get(f"{_W}val", "") if style is not None else ""
        number = self.numbers.of_paragraph(paragraph)
        text = (number + "　" if number else "") + "".join(_runs(paragraph))
        if is_gap(text):
            self.count += 1
            self.pieces.append(Words(text, self.count, "画像"))
            text = ""
        elif GAP in text:
            self.gaps += [(self.count + 1, what) for what in _gaps(paragraph)]
        for line in text.split("\n"):
            if plain(line):
                yield line, name.startswith(("Title", "Heading", "見出し", "表題"))
        for box in paragraph.iter(f"{_W}txbxContent"):
            if not any(a.tag == f"{_MC}Fallback" for a in box.iterancestors()):
                for inner in box.iter(f"{_W}p"):
                    yield from ((t, False) for t in "".join(_runs(inner)).split("\n") if plain(t))

    def _table(self, table: Any) -> None:
        rows: list[list[list[Any]]] = []
        for row in table.iter(f"{_W}tr"):
            if next((a for a in row.iterancestors() if a.tag == f"{_W}tbl"), None) is not table:
                continue
            if row.find(f"{_W}trPr/{_W}del") is not None:
                continue  # deleted with tracked changes on; told with them
            rows.append(
                [[c, _span(c), _merge(c)] for c in row.iter(f"{_W}tc") if next(c.iterancestors(f"{_W}tr")) is row]
            )
        self.count += 1
        grid: list[tuple[GridCell, ...]] = []
        unseen: list[str] = []
        for y, cells in enumerate(rows):
            out, x = [], 0
            for cell, across, merge in cells:
                lines = self._lines(cell)
                if merge != "continue":
                    down = _down(rows, y, x) if merge == "restart" else 1
                    out.append(GridCell(lines, across, down, _holds(cell, "tbl")))
                elif any(plain(line) for line in lines):
                    unseen.append("".join(lines))
                x += across
            grid.append(tuple(out))
        self.pieces.append(Grid(tuple(grid), self.count))
        for text in unseen:
            self.count += 1
            self.pieces.append(Words(text, self.count, UNSEEN))

    def _lines(self, cell: Any) -> tuple[str, ...]:
        texts = []
        for paragraph in cell.iter(f"{_W}p"):
            texts += [t for t, _ in self._paragraph(paragraph)]
        return tuple(texts)


def _span(cell: Any) -> int:
    span = cell.find(f"{_W}tcPr/{_W}gridSpan")
    written = span.get(f"{_W}val", "1") if span is not None else "1"
    return max(1, min(int(written), 60)) if written.isdecimal() else 1


def _merge(cell: Any) -> str:
    merge = cell.find(f"{_W}tcPr/{_W}vMerge")
    return "" if merge is None else merge.get(f"{_W}val", "continue")


def _down(rows: list[list[list[Any]]], y: int, x: int) -> int:
    """How many rows a cell that begins a vertical merge reaches over."""
    count = 1
    for cells in rows[y + 1 :]:
        at = 0
        for _, across, merge in cells:
            if at == x:
                if merge != "continue":
                    return count
                count += 1
                break
            at += across
        else:
            return count
    return count


def _holds(element: Any, tag: str) -> bool:
    return next(element.iter(f"{_W}{tag}"), None) is not None


def _gaps(paragraph: Any) -> list[str]:
    """What stands in a paragraph and is no text."""
    return [_UNWRITTEN[e.tag] for e in paragraph.iter(*_UNWRITTEN) if not _holds(e, "txbxContent")]


def _runs(parent: Any) -> Iterator[str]:
    """The text of a paragraph without deletions, ruby, field codes and text boxes."""
    for child in parent:
        if child.tag in _DROPPED or child.tag == f"{_W}txbxContent":
            continue
        if child.tag == f"{_W}t":
            yield child.text or ""
        elif child.tag in (f"{_W}tab", f"{_W}ptab"):
            yield "\t" if child.getparent().tag != f"{_W}tabs" else ""
        elif child.tag in (f"{_W}br", f"{_W}cr"):
            yield "\n"
        elif child.tag in _UNWRITTEN and not _holds(child, "txbxContent"):
            yield GAP
        elif child.tag == f"{_W}noBreakHyphen":
            yield "-"
        else:
            yield from _runs(child)
