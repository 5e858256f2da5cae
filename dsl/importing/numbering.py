"""Numbers that leap: a line between may have been lost before the document was saved."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dsl.diagnostics import Diagnostic
from dsl.importing.codes import finding
from dsl.importing.layout import OutLine
from dsl.importing.lines import read
from dsl.lines import Kind
from dsl.normalise import normalise, provision_number

_COUNTERS = {Kind.ARTICLE: "条", Kind.PARAGRAPH: "項", Kind.ITEM: "号", Kind.ROW: "項"}


def leaps(path: str, lines: Sequence[OutLine]) -> list[Diagnostic]:
    """A finding for each number that does not follow the one before it in the same list.

    Args:
        path: the document, for messages.
        lines: the lines of the rule file made of it.
    """
    found = [
        finding(
            "I0130",
            path,
            line.at,
            f"{before}の次が{now}です。間の{what}がありません",
            "原本で確かめ、行が落ちていれば書き加えてください。廃止されたものなら「削除」とあるはずです。",
        )
        for line, before, now, what in _leaps(lines)
    ]
    return found + [
        finding(
            "I0130",
            path,
            line.at,
            f"{before}の項の後に、{now}の項があります",
            "原本で確かめてください。別の表であれば表を分け、番号の誤りであれば改めてください。",
        )
        for line, before, now in _falls(lines)
    ]


def _falls(lines: Sequence[OutLine]) -> Iterator[tuple[OutLine, str, str]]:
    """Rows whose number is not above the one before it in the same table."""
    before = ""
    for line in lines:
        if line.kind not in (Kind.ROW, Kind.ANNOTATIONS):
            before = ""
        written = _written(line) if line.kind is Kind.ROW else None
        if not written:
            continue
        if before and _parts(written) <= _parts(before):
            yield line, before.replace("-", "の"), written.replace("-", "の")
        before = written


def _parts(number: str) -> list[int]:
    return [int(part) for part in number.split("-") if part.isdecimal()]


def _leaps(lines: Sequence[OutLine]) -> Iterator[tuple[OutLine, str, str, str]]:
    last: dict[tuple[Kind, str], int] = {}
    for line in lines:
        head = read(line.text)
        if line.kind in (Kind.SUPPLEMENTARY, Kind.TABLE):
            last = {}
        if line.kind is Kind.ARTICLE:
            last = {k: n for k, n in last.items() if k[0] is Kind.ARTICLE}
            last[Kind.PARAGRAPH, ""] = 1
        elif line.kind is Kind.PARAGRAPH:
            last = {k: n for k, n in last.items() if k[0] in (Kind.ARTICLE, Kind.PARAGRAPH)}
        number = _number(line)
        if line.kind not in _COUNTERS or number is None:
            continue
        key = (line.kind, head.style if line.kind is Kind.ITEM else "")
        if line.kind is Kind.ITEM:
            _close_finer(last, key)
        before = last.get(key, 0 if line.kind is not Kind.PARAGRAPH else None)
        last[key] = _end(line, number)
        if before is not None and number > before + 1:
            counter = _COUNTERS[line.kind]
            yield line, _said(before, counter), _said(number, counter), counter


def _close_finer(last: dict[tuple[Kind, str], int], key: tuple[Kind, str]) -> None:
    """A list that goes on ends the finer lists inside it."""
    opened = [k for k in last if k[0] is Kind.ITEM]
    if key in opened:
        for finer in opened[opened.index(key) + 1 :]:
            del last[finer]


def _number(line: OutLine) -> int | None:
    """The whole number of a line; a branch (1の2) counts as its head, a letter (ア) as none."""
    written = _written(line) if line.kind is Kind.ROW else read(line.text).number
    if not written:
        return None
    head = written.split("-")[0]
    return int(head) if head.isdecimal() else None


def _written(line: OutLine) -> str | None:
    """The number in the first cell of a row."""
    cell = line.text.split("|")[1].strip() if "|" in line.text else ""
    return provision_number(normalise(cell).text) if cell else None


def _end(line: OutLine, number: int) -> int:
    """The last number that a line stands for: 第2条から第4条まで 削除."""
    found = re.findall(r"第(\d+)条", normalise(line.text).text) if line.kind is Kind.ARTICLE else []
    return int(found[-1]) if found and read(line.text).text.text == "削除" else number


def _said(number: int, counter: str) -> str:
    return f"第{number}{counter}" if number else "初め"
