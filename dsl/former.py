"""〔旧番号 …〕: the number a provision had in an earlier edition, which must be a provision of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsl.findings import Findings
from dsl.instrument import provision_address
from dsl.syntax import Annotation, Document

_Triple = tuple[str | None, str | None, str | None]


def check_former(document: Document, before: Sequence[Document], findings: Findings) -> None:
    """Report each 〔旧番号〕 that no earlier edition has; with no earlier edition at hand, none can be told.

    Args:
        document: an edition.
        before: the editions of its instrument that go before it.
        findings: where to report.
    """
    if not before:
        return
    known = {address for edition in before for address in _addresses(edition)}
    for annotation in _named(document):
        if provision_address(annotation.value) not in known:
            findings.add(
                "J0345",
                document.path,
                annotation.span,
                f"〔旧番号 {annotation.value}〕の規定は、前の版にありません（{'、'.join(d.path for d in before)}）",
                "前の版での番号を確かめてください。前の版になかった規定なら、〔旧番号 …〕を消すか〔旧番号 なし〕と書いてください。",
            )


def _named(document: Document) -> Iterator[Annotation]:
    for article in document.articles:
        held = [article.annotations]
        for paragraph in article.paragraphs:
            held += [paragraph.annotations, *(item.annotations for item in paragraph.items)]
        own = {a.span: a for level in held for a in level}
        yield from (a for a in own.values() if a.name == "旧番号" and a.value != "なし")


def _addresses(document: Document) -> Iterator[_Triple]:
    """Every address by which a provision can be named; an item of a sole paragraph goes without its number."""
    for article in document.articles:
        yield article.number, None, None
        for paragraph in article.paragraphs:
            yield article.number, paragraph.number, None
            for item in paragraph.items:
                yield article.number, paragraph.number, item.number
                yield article.number, None, item.number
