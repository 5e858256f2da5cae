"""References to provisions in a sentence: absolute and relative ones (前条, 前2項, 次項) as numbers of this instrument."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dsl.syntax import ProvisionRef, Span, Whose

_REFERENCE = re.compile(
    r"(?P<law>附則)?(?:第(?P<article>\d+)条(?P<branch>(?:の\d+)*)|(?P<relative>[前次同]条))?"
    r"(?:第(?P<paragraph>\d+)項|(?P<near>[前次同]項)|前(?P<several>\d+)項|(?P<every>前各項))?"
    r"(?:第(?P<item>\d+)号(?P<item_branch>(?:の\d+)*))?"
)


@dataclass(frozen=True, slots=True)
class Context:
    """Where a sentence stands, for relative references.

    `articles` are the canonical numbers of the instrument's articles in order, `paragraphs` those of this article.
    `statutory` is true in national instruments: there 別表 is a table of the Act.
    """

    article: str | None
    paragraph: str
    articles: Sequence[str] = ()
    paragraphs: Sequence[str] = ()
    statutory: bool = False
    supplementary: bool = False

    def near_article(self, word: str) -> str | None:
        """The article that 前条, 次条 or 同条 means; None when there is none."""
        if self.article is None or self.article not in self.articles:
            return None
        at = list(self.articles).index(self.article) + {"前条": -1, "次条": 1, "同条": 0}[word]
        return self.articles[at] if 0 <= at < len(self.articles) else None

    def near_paragraphs(self, word: str, count: int) -> tuple[str, ...]:
        """The paragraphs that 前項, 前2項, 前各項, 次項 or 同項 means; empty when there are not so many."""
        numbers = tuple(self.paragraphs)
        if self.paragraph not in numbers:
            return ()
        at = numbers.index(self.paragraph)
        match word:
            case "前各項":
                return numbers[:at]
            case "次項":
                return numbers[at + 1 : at + 2]
            case "同項":
                return (self.paragraph,)
            case _:
                return numbers[at - count : at] if count <= at else ()


def provisions(text: str, context: Context, span: Span, whose: Whose = Whose.SELF) -> tuple[ProvisionRef, ...]:
    """The provisions that a reference means.

    Args:
        text: the reference in normal form.
        context: where it stands.
        span: where it was typed.
        whose: the instrument it points into; only references into this instrument can be relative.

    Returns:
        The provisions (前2項 gives two); empty when a relative reference has nothing to point at.
    """
    match = _REFERENCE.fullmatch(text)
    if match is None:
        return ()
    article = _number(match["article"], match["branch"])
    if match["relative"]:
        article = context.near_article(match["relative"])
        if article is None:
            return ()
    supplementary = match["law"] is not None
    item = _number(match["item"], match["item_branch"])
    paragraphs: tuple[str | None, ...] = (match["paragraph"],)
    near = match["near"] or match["every"] or ("前項" if match["several"] else None)
    if near:
        paragraphs = context.near_paragraphs(near, int(match["several"] or 1))
        if not paragraphs:
            return ()
    if article is None and whose is Whose.SELF and not supplementary:
        article = context.article
        if item is not None and paragraphs == (None,):
            paragraphs = (context.paragraph,)
    return tuple(ProvisionRef(whose, article, p, item, span, supplementary=supplementary) for p in paragraphs)


def between(first: ProvisionRef, last: ProvisionRef, context: Context, span: Span) -> tuple[ProvisionRef, ...]:
    """Every provision of 第2項から第4項まで, 第11号から第14号まで or 第2条から第4条まで."""
    if first.item and last.item:
        return tuple(
            ProvisionRef(first.whose, first.article, first.paragraph, n, span) for n in _range(first.item, last.item)
        )
    if first.paragraph and last.paragraph:
        return tuple(
            ProvisionRef(first.whose, first.article, n, None, span) for n in _range(first.paragraph, last.paragraph)
        )
    known = list(context.articles)
    if first.article in known and last.article in known:
        held = known[known.index(first.article) : known.index(last.article) + 1]
        return tuple(ProvisionRef(first.whose, n, None, None, span) for n in held)
    return (first, last)


def _range(first: str, last: str) -> tuple[str, ...]:
    low, high = int(first.split("-")[0]), int(last.split("-")[0])
    return tuple(str(n) for n in range(low, min(high, low + 200) + 1))


def _number(head: str | None, branch: str | None) -> str | None:
    return None if head is None else head + (branch or "").replace("の", "-")
