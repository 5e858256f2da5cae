"""The corpus: documents after the structure of real ordinances, in the encodings that pages and files come in."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docx
import yaml
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from api.importing.reading import read_source
from dsl.compile import SourceFile
from dsl.diagnostics import Diagnostic
from dsl.importing.rule_file import Given, Imported, import_document
from dsl.importing.source import Source, Words
from tests.compile.bodies import under_the_nation

CORPUS = Path(__file__).parent / "corpus"
#: text files that are not UTF-8 outside the repository
ENCODINGS = {
    "05-各号で列挙": "cp932",
    "08-規則-漢数字の号": "euc-jp",
    "13-罫線の表": "utf-8-sig",
    "12-一行一欄": "utf-16",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A document of the corpus with the rule file expected of it."""

    name: str
    data: bytes
    expected: Path


def corpus() -> list[Entry]:
    """Every document of the corpus."""
    found = []
    for path in sorted(CORPUS.iterdir()):
        if path.suffix == ".jorei":
            continue
        name = path.name.split(".")[0]
        if path.name.endswith(".docx.yaml"):
            data = word(yaml.safe_load(path.read_text("utf-8")))
        else:
            text = path.read_text("utf-8")
            declared = re.search(r"charset=\"?([\w_-]+)", text)
            data = text.encode(ENCODINGS.get(name) or (declared.group(1) if declared else "utf-8"))
        found.append(Entry(name, data, CORPUS / f"{name}.jorei"))
    return found


def body_of(entry: Entry) -> Given:
    """The body whose ordinance it is, by the title of the document, with a code that no body has."""
    source = read_source(entry.name, entry.data)
    assert isinstance(source, Source)
    texts = [p.text for p in source.pieces if isinstance(p, Words) and not p.aside]
    name = next(m.group(1) for t in texts if (m := re.match(r"[○　 ]*([^（第例]{2,4}?[市町村区])", t)))
    return Given(municipality=(name, "990099"))


def imported(data: bytes, name: str = "文書", given: Given | None = None, *, compiled: bool = True) -> Imported:
    """A document taken in as the command does."""
    source = read_source(name, data)
    if not isinstance(source, Source):
        return Imported(None, (source,))
    return import_document(source, given or Given(), compiling if compiled else None)


def compiling(text: str) -> Sequence[Diagnostic]:
    """The findings of an ordinance compiled with the national rules."""
    if not text.startswith("条例 ") or "〔団体" not in text:
        return ()
    built = under_the_nation([[SourceFile("x.jorei", text)]])
    return [d for d in built.diagnostics if d.path == "x.jorei"]


# ---- Word ------------------------------------------------------------------------------------------


def word(description: Sequence[dict[str, Any]]) -> bytes:
    """A Word document from a description: paragraphs (with a style or an automatic number) and tables (^ is merged with the cell above)."""
    document = docx.Document()
    lists: dict[tuple[str, str], str] = {}
    for piece in description:
        if "table" in piece:
            _table(document, piece["table"])
            continue
        paragraph = document.add_paragraph(piece["p"])
        if "style" in piece:
            paragraph.style = document.styles[piece["style"]]
        if "number" in piece:
            form, text = piece["number"]
            key = (form, text)
            lists.setdefault(key, _list(document, form, text)) if key not in lists else None
            _numbered(paragraph, lists[key])
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _table(document: Any, rows: list[list[str]]) -> None:
    table = document.add_table(rows=len(rows), cols=len(rows[0]))
    for y, row in enumerate(rows):
        for x, text in enumerate(row):
            if text != "^":
                table.cell(y, x).text = text
    for x in range(len(rows[0])):
        y = 0
        while y < len(rows):
            last = y
            while last + 1 < len(rows) and rows[last + 1][x] == "^":
                last += 1
            if last > y:
                table.cell(y, x).merge(table.cell(last, x)).text = rows[y][x]
            y = last + 1


def _list(document: Any, form: str, text: str) -> str:
    numbering = document.part.numbering_part.element
    number = str(900 + len(numbering.findall(qn("w:abstractNum"))))
    abstract = OxmlElement("w:abstractNum")
    abstract.set(qn("w:abstractNumId"), number)
    level = OxmlElement("w:lvl")
    level.set(qn("w:ilvl"), "0")
    for name, value in (("w:start", "1"), ("w:numFmt", form), ("w:lvlText", text)):
        child = OxmlElement(name)
        child.set(qn("w:val"), value)
        level.append(child)
    abstract.append(level)
    numbering.insert(0, abstract)
    held = OxmlElement("w:num")
    held.set(qn("w:numId"), number)
    reference = OxmlElement("w:abstractNumId")
    reference.set(qn("w:val"), number)
    held.append(reference)
    numbering.append(held)
    return number


def _numbered(paragraph: Any, list_id: str) -> None:
    properties = paragraph._p.get_or_add_pPr()
    number = OxmlElement("w:numPr")
    for name, value in (("w:ilvl", "0"), ("w:numId", list_id)):
        child = OxmlElement(name)
        child.set(qn("w:val"), value)
        number.append(child)
    properties.append(number)
