"""Numbers that do not follow one another: a provision was left out, moved, or mistyped (L0128)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from dsl.instrument import branch, row_number
from dsl.lint.finding import AMENDS, Lint, lint
from dsl.normalise import normalise
from dsl.syntax import Article, Document, Paragraph, Span, Table

#: several articles repealed in one line
_UNTIL = re.compile(r"第\d+条(?:の\d+)*(?:から|及び|・)第(\d+)条.*削除")


class _Numbered(NamedTuple):
    """A provision of a list: its number, the last number that it stands for, and where it is."""

    number: str
    until: str
    span: Span


def check(documents: Sequence[Document]) -> Iterator[Lint]:
    """The articles, items and rows of every instrument."""
    for document in documents:
        lines = document.source.split("\n")
        yield from _list(document.path, [_article(a, lines) for a in document.articles], "条")
        paragraphs = [p for a in document.articles for p in a.paragraphs]
        for paragraph in paragraphs:
            yield from _list(document.path, _items(paragraph), "号")
        for table in (*document.tables, *(p.table for p in paragraphs if p.table is not None)):
            yield from _list(document.path, _rows(table), "項")


def _article(article: Article, lines: Sequence[str]) -> _Numbered:
    several = _UNTIL.search(normalise(lines[article.span.line - 1]).text) if article.deleted else None
    return _Numbered(article.number, several.group(1) if several else article.number, article.span)


def _items(paragraph: Paragraph) -> list[_Numbered]:
    return [_Numbered(i.number, i.number, i.span) for i in paragraph.items]


def _rows(table: Table) -> list[_Numbered]:
    return [_Numbered(r.number, r.number, r.span) for r in table.rows if not r.continuation]


def _list(path: str, numbered: Iterable[_Numbered], counter: str) -> Iterator[Lint]:
    read = [(n, _parts(n.until), _parts(n.number)) for n in numbered]
    for (earlier, before, _), (later, _, now) in pairwise((n, u, p) for n, u, p in read if u and p):
        if now == before or _follows(before, now):
            continue
        left = now < before
        message = f"{_said(earlier.until, counter)}の次が{_said(later.number, counter)}です"
        yield lint(
            "L0128",
            path,
            Span(later.span.line, later.span.column, later.span.line, later.span.column + 1),
            f"{message}（{'順が逆です' if left else f'間の{counter}がありません'}）",
            f"落ちた{counter}があれば書き加え、廃止した{counter}なら「削除」として残してください。番号の誤りであれば改めてください。"
            + AMENDS,
        )


def _parts(number: str) -> list[int]:
    parts = number.split("-")
    return [int(part) for part in parts] if all(part.isdecimal() for part in parts) else []


def _follows(before: Sequence[int], now: Sequence[int]) -> bool:
    """The next number, or a branch: 1 → 2, 1 → 1の2, 1の2 → 1の3, 1の2 → 2."""
    at = next((i for i, (a, b) in enumerate(zip(before, now, strict=False)) if a != b), min(len(before), len(now)))
    if at == len(before):
        return list(now[at:]) == [2]
    return now[at] == before[at] + 1 and len(now) == at + 1


def _said(number: str, counter: str) -> str:
    return f"{row_number(number)}の項" if counter == "項" else branch(number, counter)
