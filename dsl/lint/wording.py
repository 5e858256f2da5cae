"""Slips of the pen in promulgated text: doubled particles (L0125), 規程 and 規定 (L0126), commas (L0127), first years (L0122)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dsl.lint.finding import AMENDS, Edit, Fix, Lint, lint
from dsl.parse import typed_lines
from dsl.syntax import Document, Span

#: こととする, ものの, ここに: a doubled syllable that is no slip
_DOUBLED = re.compile(
    r"(?<!も)の(の)|を(を)|(?<!こ)に(に)(?=[よ係対関お])|が(が)|、(、)|。(。)|(?:及び|又は)(及び|又は)|の規定(の規定)"
)
_RULE_FOR_SET = re.compile(
    r"(?:[前次同]項|[前次同]条|第[0-9０-９一二三四五六七八九十百]+[条項号](?:の[0-9一二三四五六七八九十]+)*)の+(規程)(?=に(?:より|よる|基づ)|は|を|の適用|にかかわらず)"
)
_SET_FOR_RULE = re.compile(r"規則その他の(規定)(?=の規定|の定め)")
_FIRST_YEAR = re.compile(r"(?:平成|令和|昭和|大正|明治)([1１一])年(?![度])")
_COMMA = re.compile(r"(?<![0-9０-９])[,，]|[,，](?![0-9０-９]{3})")
_WRONG = {"特定個人利用事務": "特定個人番号利用事務", "情報提供ネットワークシテスム": "情報提供ネットワークシステム"}
_WORDS = re.compile("|".join(_WRONG))


def check(documents: Sequence[Document]) -> Iterator[Lint]:
    """Every line of the instruments, whether or not their sentences could be read."""
    for document in documents:
        lines = [_blanked(line) for line in typed_lines(document.source)]
        for number, line in enumerate(lines, 1):
            yield from _line(document.path, number, line)
        yield from _commas(document.path, lines)


def _blanked(line: str) -> str:
    """A line with what stands in 〔…〕 made unreadable, so that places stay."""
    out: list[str] = []
    depth = 0
    for ch in line:
        depth += ch == "〔"
        out.append("\0" if depth else ch)
        depth = max(0, depth - (ch == "〕"))
    return "".join(out)


def _at(number: int, start: int, end: int) -> Span:
    return Span(number, start + 1, number, end + 1)


def _line(path: str, number: int, line: str) -> Iterator[Lint]:
    for match in _DOUBLED.finditer(line):
        group = next(i for i in range(1, (_DOUBLED.groups or 0) + 1) if match.group(i))
        span = _at(number, *match.span(group))
        doubled = match.group()
        message = f"「{doubled}」と、同じ語が重なっています"
        yield lint("L0125", path, span, message, "一つを消してください。" + AMENDS, Fix((Edit(span, ""),)))
    for match in _WORDS.finditer(line):
        span = _at(number, *match.span())
        right = _WRONG[match.group()]
        message = f"「{match.group()}」は「{right}」の書き誤りです"
        help_ = f"「{right}」と改めてください。" + AMENDS
        yield lint("L0125", path, span, message, help_, Fix((Edit(span, right),)))
    for pattern, right in ((_RULE_FOR_SET, "規定"), (_SET_FOR_RULE, "規程")):
        for match in pattern.finditer(line):
            span = _at(number, *match.span(1))
            yield lint(
                "L0126",
                path,
                span,
                f"「{match.group()}」の「{match.group(1)}」は「{right}」の誤りと見られます",
                f"条項の定めは「規定」、定めを集めた文書は「規程」です。「{right}」と改めてください。" + AMENDS,
                Fix((Edit(span, right),)),
            )
    for match in _FIRST_YEAR.finditer(line):
        span = _at(number, *match.span(1))
        yield lint(
            "L0122",
            path,
            span,
            f"「{match.group()}」は「{match.group()[:2]}元年」と書きます",
            "「元」と改めてください。" + AMENDS,
            Fix((Edit(span, "元"),)),
        )


def _commas(path: str, lines: Sequence[str]) -> Iterator[Lint]:
    """Commas of two kinds in one document: the rarer are told once, with one fix for all."""
    ideographic = [(n, m.start()) for n, line in enumerate(lines, 1) for m in re.finditer("、", line)]
    western = [(n, m.start()) for n, line in enumerate(lines, 1) for m in _COMMA.finditer(line)]
    if not ideographic or not western:
        return
    rarer = western if len(western) <= len(ideographic) else ideographic
    usual = "、" if rarer is western else lines[western[0][0] - 1][western[0][1]]
    number, start = rarer[0]
    fix = Fix(tuple(Edit(_at(n, at, at + 1), usual) for n, at in rarer))
    yield lint(
        "L0127",
        path,
        _at(number, start, start + 1),
        f"読点が二通りあります（「、」が{len(ideographic)}か所、「,」が{len(western)}か所）",
        f"「{usual}」にそろえてください。" + AMENDS,
        fix,
    )
