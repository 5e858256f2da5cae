"""Words defined and not used (L0110), used and not defined (L0111, L0113), used before they are defined (L0112)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dsl.information import information_in
from dsl.lint.finding import AMENDS, Lint, lint
from dsl.lint.view import Edition, View, tables_of
from dsl.syntax import Span

_SHORT = re.compile(r"以下(?:この[^「」（）]{1,8}において)?(?:単に)?「([^」]+)」と(?:いう|総称する)")
_MEANING = re.compile(r"「([^」]+)」とは")
_SUCH = re.compile(r"(?<![一-龥々])(市長|町長|村長|区長|知事|教育委員会|執行機関)等(?![一-龥々])")
_KANJI = "一-龥々"
#: words of a letter or two are parts of too many others to be looked for (法, 条例, 規則)
_LONG = 3


def check(view: View) -> Iterator[Lint]:
    """The definitions of every instrument."""
    for edition in view.editions:
        text = _promulgated(edition)
        below = [e for e in view.regulations if edition in view.parents(e)]
        others = "".join(_promulgated(e) for e in below)
        yield from _defined(edition, text, others)
        yield from _undefined(view, edition, text)
    yield from _information(view)


def _promulgated(edition: Edition) -> str:
    """The file with its annotations blanked out, so that places stay."""
    out: list[str] = []
    depth = 0
    for ch in "\n".join(edition.lines):
        depth += ch == "〔"
        out.append(ch if depth == 0 or ch == "\n" else "〕")
        depth = max(0, depth - (ch == "〕")) if ch != "\n" else 0
    return "".join(out)


def _span(text: str, start: int, end: int) -> Span:
    line = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    return Span(line, column, line, column + end - start)


def _uses(text: str, term: str) -> list[int]:
    """Where a word stands by itself, not within a longer word and not in the quotes of its definition."""
    pattern = re.compile(rf"(?<![{_KANJI}「]){re.escape(term)}(?![」])|(?<=[又及並若]){re.escape(term)}")
    return [m.start() for m in pattern.finditer(text)]


def _defined(edition: Edition, text: str, others: str) -> Iterator[Lint]:
    for pattern, short in ((_SHORT, True), (_MEANING, False)):
        for match in pattern.finditer(text):
            term = match.group(1)
            if len(term) < _LONG:
                continue
            span = _span(text, match.start(1), match.end(1))
            used = term in text[match.end() :] or term in others or (not short and term in text[: match.start()])
            if not used:
                yield lint(
                    "L0110",
                    edition.path,
                    span,
                    f"「{term}」は定義されていますが、どこにも使われていません",
                    "使うはずだった所の語を確かめ、要らなければ定義を除いてください。" + AMENDS,
                )
            if short:
                yield from _early(edition, text, term, match.start())


def _early(edition: Edition, text: str, term: str, defined: int) -> Iterator[Lint]:
    body = text.find("\n")  # the title may say the same words
    for start in _uses(text[:defined], term):
        if start > body:
            yield lint(
                "L0112",
                edition.path,
                _span(text, start, start + len(term)),
                f"「{term}」が、その定義（{_span(text, defined, defined).line}行目）より前に使われています",
                "最初に使う所で定義してください。" + AMENDS,
            )
            return


def _undefined(view: View, edition: Edition, text: str) -> Iterator[Lint]:
    known = text + "".join(_promulgated(p) for p in view.parents(edition))
    defined = {m.group(1) for m in (*_SHORT.finditer(known), *_MEANING.finditer(known))}
    for match in _SUCH.finditer(text):
        term = match.group()
        if term not in defined and text[match.start() - 1] != "「":
            yield lint(
                "L0111",
                edition.path,
                _span(text, match.start(), match.end()),
                f"「{term}」が何を指すかが、どこにも定められていません",
                f"「市長又は教育委員会（以下「{term}」という。）」のように、最初に使う所で定めてください。" + AMENDS,
            )
            defined.add(term)


def _information(view: View) -> Iterator[Lint]:
    """Short names of information (…関係情報) that neither the law nor any text of the body defines."""
    national = {n for _, nation in view.nation.slices for n in nation.information}
    texts = "".join(_promulgated(e) for e in view.editions)
    defined = {m.group(1) for m in (*_SHORT.finditer(texts), *_MEANING.finditer(texts))}
    told: set[str] = set()
    for edition in view.ordinances:
        for table, _ in tables_of(edition):
            for row in table.rows:
                for cell in row.cells if not row.deleted else ():
                    if cell.continued or any(a.name in ("情報", "定義") for a in cell.annotations):
                        continue
                    for name in information_in(cell):
                        at = cell.text.raw.find(name)
                        plain = name.endswith("関係情報") and "に関する" not in name and "に係る" not in name
                        if not plain or name in national or name in defined or name in told or at < 0:
                            continue
                        told.add(name)
                        yield lint(
                            "L0113",
                            edition.path,
                            edition.place(cell.text, at, at + len(name)),
                            f"「{name}」がどの情報を指すかが、番号法にもこの団体の文書にも定められていません",
                            f"「…に関する情報（以下「{name}」という。）」のように定めるか、番号法の定義語を使ってください。"
                            + AMENDS,
                        )
