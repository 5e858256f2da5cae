"""Editions (版): which file is the text of an instrument on which days, and the slices of time between changes.

One file is one edition of an instrument, the consolidated text over a run of days. Inside one file two provisions of
one number may stand side by side, each with its 〔期間〕. Between two *cut days* every instrument has exactly one text;
`text_on` gives it. See docs/VERSIONS.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import combinations, pairwise, product
from typing import TypeVar

from dsl.findings import Findings
from dsl.former import check_former
from dsl.instrument import EPOCH, period_of, values, written_span
from dsl.syntax import Annotation, Article, Document, Item, Paragraph, Sentence, Span, Table
from engine.period import Period

#: gives the day an edition begins by its last 附則, when its heading does not say
Beginning = Callable[[Document], date | None]

_Numbered = Article | Paragraph | Item | Table
_Node = TypeVar("_Node", bound=_Numbered)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Edition:
    """A document and the days on which it is the text of its instrument."""

    document: Document
    span: Period


def identity(document: Document) -> tuple[str, str]:
    """What makes two files editions of one instrument: the kind, and the promulgation number (else short name, title)."""
    named = document.annotation("番号") or document.annotation("略称") or document.title
    return document.kind.value, named


def editions(documents: Sequence[Document], begins: Beginning, findings: Findings) -> tuple[Edition, ...]:
    """Put each document in its place among the texts that bear one name or number.

    Args:
        documents: the documents of the nation, or of one municipality.
        begins: the first day by the last 附則; asked where several texts of one name say no first day.
        findings: where overlaps, gaps and editions without a first day are reported.

    Returns:
        One edition for each document, in the given order.
    """
    groups = _groups(documents)
    spans: dict[int, Period] = {}
    for group in groups:
        _place(group, begins, findings, spans)
    _titles(groups, spans, findings)
    return tuple(Edition(d, spans[id(d)]) for d in documents)


def _groups(documents: Sequence[Document]) -> list[list[Document]]:
    """Texts that follow one another: editions of one number, and wholly replaced instruments of one name."""
    groups: list[list[Document]] = []
    for document in documents:
        claims = _claims(document)
        touching = [g for g in groups if any(claims & _claims(d) for d in g)]
        groups = [g for g in groups if g not in touching]
        groups.append([*(d for g in touching for d in g), document])
    return groups


def _claims(document: Document) -> frozenset[tuple[str, str]]:
    name = document.annotation("略称") or document.title
    return frozenset({identity(document), (document.kind.value, name)})


def _place(group: Sequence[Document], begins: Beginning, findings: Findings, spans: dict[int, Period]) -> None:
    written = {id(d): written_span(d) for d in group}
    starts = {key: scope.first for key, scope in written.items()}
    unplaced: set[int] = set()
    undated = [d for d in group if starts[id(d)] == EPOCH]
    if len(undated) > 1:  # the oldest keeps no first day; the others begin by their last 附則
        known = {id(d): begins(d) for d in undated}
        oldest = min(undated, key=lambda d: known[id(d)] or EPOCH)
        for document in undated:
            begin = known[id(document)]
            if document is oldest:
                continue
            if begin is None or begin <= (known[id(oldest)] or EPOCH):
                unplaced.add(id(document))
                _unplaced(document, oldest, findings)
            else:
                starts[id(document)] = begin
    order = sorted(group, key=lambda d: (starts[id(d)], d.path))
    for document, following in zip(order, [*order[1:], None], strict=True):
        first, last = starts[id(document)], written[id(document)].last
        if following is not None:
            begin = starts[id(following)]
            if unplaced & {id(document), id(following)}:
                last = max(first, begin - _DAY)
            elif first == begin or (last is not None and last >= begin):
                code = "J0341" if identity(document) == identity(following) else "J0343"
                around = f"{begin.isoformat()}の前後で、二つの版の期間が重なります"
                _report(findings, code, following, document, around)
                last = max(first, begin - _DAY)
            elif last is not None and last + _DAY < begin and document.annotation("廃止") is None:
                gap = f"{(last + _DAY).isoformat()}から{(begin - _DAY).isoformat()}までの版がありません"
                _report(findings, "J0342", following, document, gap)
            elif last is None and identity(document) != identity(following):
                _taken_over(following, document, findings)
            last = begin - _DAY if last is None else last
        spans[id(document)] = Period(first, max(first, last) if last else None)
    _amended(order[0], findings)
    for number, document in enumerate(order):
        check_former(document, order[:number], findings)


def _amended(oldest: Document, findings: Findings) -> None:
    """The oldest text cannot be the outcome of an amendment."""
    annotation = next((a for a in oldest.annotations if a.name == "改正"), None)
    if annotation is not None:
        findings.add(
            "J0344",
            oldest.path,
            annotation.span,
            f"「{annotation.value}」による改正の後の版とされていますが、改正の前の版がありません",
            "改正の前の版の文書を同じフォルダに置き、両方の〔番号 …〕を同じにしてください。最初の版なら〔改正 …〕を消してください。",
        )


def _taken_over(later: Document, earlier: Document, findings: Findings) -> None:
    """Another instrument takes over the name of one that is not said to be repealed."""
    findings.add(
        "J0343",
        later.path,
        heading(later),
        f"「{later.annotation('略称') or later.title}」を、別の番号の文書（{earlier.path}）も名乗っており、その廃止の日がありません",
        f"全部を改めたのなら、{earlier.path} に〔廃止 日〕を書いてください。別の文書なら、〔略称 …〕と題名を分けてください。",
    )


def _unplaced(document: Document, other: Document, findings: Findings) -> None:
    if identity(document) != identity(other):
        findings.add(
            "J0343",
            document.path,
            heading(document),
            f"「{document.annotation('略称') or document.title}」を名乗る文書が、同じ日に二つあります（もう一つは {other.path}）",
            "別の文書なら〔略称 …〕を分けてください。同じ文書の版なら〔番号 …〕を同じにし、〔範囲 …〕で期間を分けてください。",
        )
    elif document.annotation("番号") is None:
        findings.add(
            "J0316",
            document.path,
            document.span,
            f"「{document.title}」という題名の文書が二つあります",
            f"{other.path} と題名を分けてください。同じ文書の新しい版なら、〔範囲 2024-05-27から〕のように初日を書いてください。",
        )
    else:
        findings.add(
            "J0340",
            document.path,
            heading(document),
            f"「{document.title}」の版が複数ありますが、この版がいつからのものか分かりません",
            "文書の頭に〔範囲 2024-05-27から〕のように、この版の初日を書いてください。",
        )


def _report(findings: Findings, code: str, later: Document, earlier: Document, message: str) -> None:
    findings.add(
        code,
        later.path,
        next((a.span for a in later.annotations if a.name == "範囲"), heading(later)),
        f"「{later.title}」の{message}",
        f"前の版（{earlier.path}）と、この版の〔範囲 初日から末日まで〕を、続き合うように改めてください。",
    )


def _titles(groups: Sequence[Sequence[Document]], spans: dict[int, Period], findings: Findings) -> None:
    """Two instruments of one title on one day cannot be told apart where they are cited by title."""
    for one, other in combinations(groups, 2):
        for earlier, later in product(one, other):
            if earlier.title == later.title and spans[id(earlier)].intersect(spans[id(later)]):
                findings.add(
                    "J0316",
                    later.path,
                    later.span,
                    f"「{later.title}」という題名の文書が二つあります",
                    f"{earlier.path} と題名を分けてください。",
                )


def heading(document: Document) -> Span:
    """The first line of a document, as a place for findings."""
    line = document.span.line
    return Span(line, 1, line, 1 + len(document.kind.value) + 1 + len(document.title))


# ---- slices ---------------------------------------------------------------------------------------


def slices(found: Sequence[Edition], within: Period) -> tuple[Period, ...]:
    """Cut `within` at every day on which the text of some instrument becomes another.

    An instrument of one edition needs no cut: its days bound what it grants.
    """
    cuts: set[date] = set()
    spans = {id(e.document): e.span for e in found}
    for group in _groups([e.document for e in found]):
        in_turn = sorted((spans[id(d)] for d in group), key=lambda span: span.first)
        for earlier, later in pairwise(in_turn):
            cuts |= {later.first} | ({earlier.last + _DAY} if earlier.last else set())
    for edition in found:
        for period in _side_by_side(edition.document):
            cuts |= _bounds(period)
    inner = sorted(day for day in cuts if within.first < day and within.contains(day))
    firsts = [within.first, *inner]
    return (*(Period(a, b - _DAY) for a, b in pairwise(firsts)), Period(firsts[-1], within.last))


def _bounds(period: Period) -> set[date]:
    return {period.first} | ({period.last + _DAY} if period.last else set())


def _side_by_side(document: Document) -> Iterator[Period]:
    """The periods of provisions that share their number with another, and of sentences that have days of their own."""
    for nodes in _levels(document):
        for group in _of_one_number(nodes):
            yield from (p for node in group for p in [standing(node.annotations)] if len(group) > 1 and p)
    for article in document.articles:
        for paragraph in article.paragraphs:
            if len(paragraph.sentences) > 1:
                yield from (p for s in paragraph.sentences for p in [standing(s.annotations)] if p)


def _levels(document: Document) -> Iterator[Sequence[_Numbered]]:
    yield document.articles
    yield document.tables
    for article in document.articles:
        yield article.paragraphs
        for paragraph in article.paragraphs:
            yield paragraph.items


def _of_one_number(nodes: Sequence[_Node]) -> Iterator[list[_Node]]:
    groups: dict[str, list[_Node]] = {}
    for node in nodes:
        groups.setdefault(node.number, []).append(node)
    yield from groups.values()


def standing(annotations: Iterable[Annotation]) -> Period | None:
    """The days of 〔期間〕, None when it is not said."""
    period: Period | None = None
    for text in values(annotations, "期間"):
        stood = period_of(text)
        if stood is not None:
            period = stood if period is None else period.intersect(stood)
    return period


def text_on(document: Document, on: Period) -> Document:
    """The text in one slice: without the provisions that stand on none of its days."""
    if not _dated(document):
        return document
    articles = tuple(
        replace(article, paragraphs=tuple(_paragraph(p, on) for p in _standing(article.paragraphs, on)))
        for article in _standing(document.articles, on)
    )
    return replace(document, articles=articles, tables=tuple(_standing(document.tables, on)))


def _paragraph(paragraph: Paragraph, on: Period) -> Paragraph:
    sentences: tuple[Sentence, ...] = paragraph.sentences
    if len(sentences) > 1:
        sentences = tuple(s for s in sentences if _stands(s.annotations, on))
    return replace(paragraph, sentences=sentences, items=tuple(_standing(paragraph.items, on)))


def _stands(annotations: Iterable[Annotation], on: Period) -> bool:
    period = standing(annotations)
    return period is None or period.intersect(on) is not None


def _standing(nodes: Sequence[_Node], on: Period) -> Iterator[_Node]:
    return (node for node in nodes if _stands(node.annotations, on))


def _dated(document: Document) -> bool:
    """Whether any provision has days of its own."""
    if any(standing(node.annotations) for nodes in _levels(document) for node in nodes):
        return True
    return next(_side_by_side(document), None) is not None


def check_side_by_side(document: Document, findings: Findings) -> None:
    """Provisions of one number must not stand on the same day; days on which none stands are pointed out."""
    for nodes, counter in zip(_levels(document), _counters(document), strict=True):
        for group in _of_one_number(nodes):
            if len(group) > 1:
                _check_group(document, group, counter, findings)


def _counters(document: Document) -> Iterator[str]:
    yield "条"
    yield "別表"
    for article in document.articles:
        yield "項"
        for _ in article.paragraphs:
            yield "号"


def _check_group(document: Document, group: Sequence[_Numbered], counter: str, findings: Findings) -> None:
    named = f"{counter}第{group[0].number}" if counter == "別表" else f"第{group[0].number.replace('-', 'の')}{counter}"
    ordered = sorted(group, key=lambda node: ((standing(node.annotations) or Period(EPOCH)).first, node.span.line))
    for earlier, later in pairwise(ordered):
        before, after = standing(earlier.annotations), standing(later.annotations)
        if before is None or after is None or before.intersect(after):
            findings.add(
                "J0346",
                document.path,
                later.span,
                f"{named}が同じ日に二つあります（もう一つは{earlier.span.line}行目）",
                "番号を改めるか、それぞれに〔期間 …まで〕〔期間 …から〕を書いて、期間が重ならないようにしてください。",
            )
        elif before.last is not None and before.last + _DAY < after.first:
            gap = f"{(before.last + _DAY).isoformat()}から{(after.first - _DAY).isoformat()}まで"
            findings.add(
                "J0347",
                document.path,
                later.span,
                f"{gap}は、どの{named}もありません",
                "期間が続くなら〔期間 …〕の日を改めてください。その間は何も定められていないものとして判定します。",
            )
