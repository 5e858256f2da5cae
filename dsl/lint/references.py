"""References inside an instrument and to its ordinance: missing provisions (L0114), idle tables (L0115), columns (L0116)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dsl.instrument import branch
from dsl.lint.finding import AMENDS, Lint, lint
from dsl.lint.view import Edition, Passage, View, nodes, tables_of, texts_of
from dsl.normalise import normalise
from dsl.phrases import without_parentheses
from dsl.syntax import Article, ColumnRef, InstrumentKind, Span, Table, Text, Whose

_REFERENCE = re.compile(r"第(\d+)条((?:の\d+)*)(?:第(\d+)項)?(?:第\d+号(?:の\d+)*)?")
#: between two numbers of one and the same instrument
_GOES_ON = re.compile(r"(?:の規定|第\d+項|第\d+号|及び|又は|若しくは|並びに|から|まで|、|の)*$")
_OWN_BEFORE = re.compile(r"(?:^|[はがをにのでと、。（「]|及び|又は|若しくは|並びに|ただし、)$")
_TABLE = re.compile(r"(?<!法)(?<!例)別表(?:第(\d+(?:の\d+)*))?")
_UPRIGHT, _SIDEWAYS = ("上欄", "下欄"), ("左欄", "右欄")


def check(view: View) -> Iterator[Lint]:
    """The references of every instrument of the body."""
    for edition in view.editions:
        for article, _, _, text in texts_of(edition):
            yield from _articles(view, edition, article, text)
        for table in edition.document.tables:
            yield from _caption(edition, table)
        yield from _idle_tables(edition)
    for passage in view.passages:
        yield from _columns(passage)


def _articles(view: View, edition: Edition, within: Article, text: Text) -> Iterator[Lint]:
    whose: str | None = None
    end = 0
    for match in _REFERENCE.finditer(text.normal):
        between = text.normal[end : match.start()]
        if not (end and _GOES_ON.fullmatch(between)):
            whose = _whose(edition, text.normal[: match.start()])
        end = match.end()
        if whose is None:
            continue
        there = [edition] if whose == "own" else list(view.parents(edition))
        there = [e for e in there if e.instrument.span.intersect(edition.instrument.span)]
        number = match.group(1) + match.group(2).replace("の", "-")
        if not there or any(_stands(e, number, match.group(3)) for e in there):
            continue
        start, stop = normalise(text.raw).original(match.start(), match.end())
        words = branch(number, "条") + (branch(match.group(3), "項") if match.group(3) else "")
        named = "この文書" if whose == "own" else there[0].instrument.short
        yield lint(
            "L0114",
            edition.path,
            edition.place(text, start, stop),
            f"{branch(within.number, '条')}が引く{words}は、{named}にないか、削除されています",
            "条と項の番号を確かめてください。" + AMENDS,
        )


def _whose(edition: Edition, before: str) -> str | None:
    """The instrument a number belongs to: this one, the ordinance (条例第3条 in a 規則), or another, of which nothing is known."""
    plain = without_parentheses(before)
    if plain.count("（") or before.count("（") != before.count("）"):
        plain = before
    if edition.kind is not InstrumentKind.ORDINANCE and re.search(r"(?<![一-龥々])条例$", plain):
        return "parent"
    return "own" if _OWN_BEFORE.search(before) else None


def _stands(edition: Edition, number: str, paragraph: str | None) -> bool:
    for article in edition.document.articles:
        here = article.number == number and not article.deleted
        if here and (paragraph is None or any(p.number == paragraph for p in article.paragraphs)):
            return True
    return False


def _caption(edition: Edition, table: Table) -> Iterator[Lint]:
    """別表第1（第3条関係）: the article must be there."""
    for match in _REFERENCE.finditer(normalise(table.caption or "").text):
        number = match.group(1) + match.group(2).replace("の", "-")
        if not _stands(edition, number, None):
            yield lint(
                "L0114",
                edition.path,
                _line(edition, table),
                f"別表の見出しが引く{branch(number, '条')}は、この文書にないか、削除されています",
                "別表の見出しの「（第…条関係）」を確かめてください。" + AMENDS,
            )


def _line(edition: Edition, table: Table) -> Span:
    line = table.span.line
    return Span(line, table.span.column, line, len(edition.lines[line - 1]) + 1)


def _idle_tables(edition: Edition) -> Iterator[Lint]:
    named: set[str] = set()
    for _, _, _, text in texts_of(edition):
        named |= {m.group(1).replace("の", "-") if m.group(1) else "" for m in _TABLE.finditer(text.normal)}
    for table in edition.document.tables:
        if table.number not in named and not any(a.name in ("効力なし", "未表現", "対象外") for a in table.annotations):
            word = f"別表第{table.number.replace('-', 'の')}" if table.number else "別表"
            yield lint(
                "L0115",
                edition.path,
                _line(edition, table),
                f"{word}を引く条文がありません",
                "条文の別表の番号を確かめてください。要らない別表なら除いてください。" + AMENDS,
            )


def _columns(passage: Passage) -> Iterator[Lint]:
    """A sentence that calls the columns of a table otherwise than the table does, or in two ways."""
    tables = {t.number: t for t, _ in tables_of(passage.edition)}
    refs = [r for r in nodes(passage.formula, ColumnRef) if r.table.whose is Whose.SELF]
    for number in dict.fromkeys(r.table.number for r in refs):
        table = tables.get(number)
        here = [r for r in refs if r.table.number == number]
        kinds = {k for r in here if (k := _kind(r.name))}
        printed = {k for name in (table.columns if table else ()) if (k := _kind(name))}
        if len(kinds) > 1 or (printed and kinds and not kinds & printed):
            ref = here[-1]
            words = "・".join(dict.fromkeys(r.name for r in here))
            headed = f"表の見出しは {'・'.join(table.columns)} です。" if table else ""
            yield lint(
                "L0116",
                passage.edition.path,
                ref.span,
                f"{passage.label}は一つの表の欄を「{words}」と呼んでいて、呼び方がそろっていません",
                f"{headed}欄の呼び方をどれか一つにそろえてください。" + AMENDS,
            )


def _kind(name: str) -> str | None:
    if name in _UPRIGHT:
        return "上下"
    if name in _SIDEWAYS:
        return "左右"
    return "番号" if re.fullmatch(r"第\d+欄", normalise(name).text) else None
