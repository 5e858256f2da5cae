"""The promulgated text of a rule file, read without the parser: what remains when every 〔…〕 is taken out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

RULES = Path(__file__).parents[2] / "rules"
PINNED = Path(__file__).with_name("pinned_text.json")
ACT = RULES / "番号法.jorei"
ORDER_5 = RULES / "別表第一主務省令.jorei"
ACT_2024 = RULES / "番号法_令和6年5月27日.jorei"
ORDER_5_2024 = RULES / "別表主務省令_令和6年5月27日.jorei"
FILES = (
    ACT,
    ORDER_5,
    RULES / "別表第二主務省令.jorei",
    RULES / "独自利用提供規則.jorei",
    ACT_2024,
    ORDER_5_2024,
    RULES / "準法定事務命令.jorei",
    RULES / "利用特定個人情報提供命令.jorei",
    RULES / "独自利用提供規則_令和6年5月27日.jorei",
    RULES / "独自利用限定規則.jorei",
)

_ANNOTATION = re.compile(r"〔[^〔〕]*〕")
_HEADING = re.compile(r"^(第[一二三四五六七八九十百]+条(?:の[一二三四五六七八九十]+)*|別表(?:第[一二])?)")
_DIGITS = "〇一二三四五六七八九"


def promulgated(path: Path) -> str:
    """The text of the file without annotations and without the blanks and lines they leave."""
    lines = (_ANNOTATION.sub("", line).strip(" ") for line in path.read_text(encoding="utf-8").split("\n"))
    return "\n".join(line for line in lines if line)


def digest(text: str) -> str:
    """The sha256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class TextRow:
    """A table row as promulgated: every cell, the item cell first."""

    label: str
    cells: tuple[str, ...]
    annotations: str


def rows(path: Path, table: str) -> tuple[TextRow, ...]:
    """The rows of an appended table (別表第一, 別表第二, 別表（), in order."""
    found, here = [], False
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.startswith("別表"):
            here = line.startswith(table)
        elif here and line.startswith("|"):
            cells = tuple(c.strip(" ") for c in _ANNOTATION.sub("", line)[1:-1].split("|"))
            found.append(TextRow(cells[0], cells[1:], "".join(_ANNOTATION.findall(line))))
    return tuple(found)


def sections(path: Path) -> Iterator[tuple[str, str]]:
    """Each article, and each row of an appended table, with its promulgated text."""
    name, held = "頭書", list[str]()
    table, item, supplementary = "", "", ""
    for line in promulgated(path).split("\n"):
        heading = _HEADING.match(line)
        if heading:
            yield name, "\n".join(held)
            name, held = supplementary + heading.group(1), []
            table = name if name.startswith("別表") else ""
        if table and line.startswith("|"):
            label = line[1:].split("|")[0].strip(" ")
            if label and label != item:
                yield name, "\n".join(held)
                item, name, held = label, f"{table} {label}の項", []
        supplementary = "附則" if line.startswith("附則") else supplementary
        held.append(line)
    yield name, "\n".join(held)


def canonical(label: str) -> str:
    """A kanji provision number in canonical form: 六の二 → 6-2."""
    return "-".join(str(_number(part)) for part in label.split("の"))


def _number(text: str) -> int:
    total, unit = 0, 0
    for ch in text:
        if ch in "百十":
            total += (unit or 1) * (100 if ch == "百" else 10)
            unit = 0
        else:
            unit = _DIGITS.index(ch)
    return total + unit
