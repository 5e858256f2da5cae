"""What the articles behind a linkage table open: per item (号) one procedure, and the information it may be asked for.

「第二条の表Nの項で定める事務は、次の各号に掲げる事務とし、同項で定める情報は、…当該各号に定める情報とする」. The information
of an item is worded by itself, by sub-items (次に掲げる情報) or by reference (前号イからニまでに掲げる情報).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dsl.instrument import Instrument, values
from dsl.normalise import normalise
from dsl.phrases import each_information, information, of_whom, persons, without_parentheses
from dsl.syntax import Annotation, Article, Item, NarrowingPairs, Paragraph, RowRef, Sentence
from engine.period import Period
from engine.rule_set import Citation, GrantedInformation

#: the order in which sub-items are lettered
IROHA = "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセス"
_BELOW = "次に掲げる情報"
_REFERENCE = re.compile(r"(?:(前)号|第(\d+)号)((?:[ア-ヱ]|から|まで|、|及び)*)に掲げる情報")
_LETTERS = re.compile(r"([ア-ヱ])から([ア-ヱ])まで|([ア-ヱ])")

_People = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """One piece of information that an item opens, about one person; `exact` when it is worded as `name` is."""

    name: str
    person: str | None
    exact: bool

    @property
    def granted(self) -> GrantedInformation:
        """As grants carry it."""
        return GrantedInformation(self.name, self.person)


@dataclass(frozen=True, slots=True)
class Detail:
    """One procedure of an item of the table, and what it opens. `unread`: references that lead nowhere open nothing."""

    article: str
    item: str | None
    text: str
    citations: tuple[Citation, ...]
    period: Period
    opened: tuple[Opened, ...]
    annotations: tuple[Annotation, ...]
    unread: tuple[str, ...]

    @property
    def name(self) -> str:
        """The procedure's name, which no other table's procedures have: article and item (108.1)."""
        return f"{self.article}.{self.item}" if self.item else self.article


def details(order: Instrument, place: str) -> dict[str, tuple[Detail, ...]]:
    """The details of a linkage table, by the number of the item of the table.

    Args:
        order: the order that holds the table and the articles behind it.
        place: where the table stands (第2条).
    """
    found: dict[str, list[Detail]] = {}
    for article in order.document.articles:
        for paragraph in article.paragraphs:
            for sentence in paragraph.sentences:
                formula = sentence.formula
                if not isinstance(formula, NarrowingPairs):
                    continue
                for target in formula.targets:
                    if isinstance(target, RowRef) and target.table.number == place and target.row is not None:
                        found.setdefault(target.row, []).extend(_details(order, article, paragraph, sentence, formula))
    return {row: tuple(each) for row, each in found.items()}


def _details(
    order: Instrument, article: Article, paragraph: Paragraph, sentence: Sentence, formula: NarrowingPairs
) -> Iterator[Detail]:
    levels = (article.annotations, paragraph.annotations)
    marks = (*article.annotations, *paragraph.annotations, *sentence.annotations)
    if formula.single is not None:
        period = order.in_force(*levels)
        if period is not None and formula.information is not None:
            reader = _Reader(())
            wording, _, _ = formula.information.text.partition("のうち、")
            opened = tuple(reader.opened(wording, marks, paragraph.items, (None,), None))
            cited = order.cite_provision(period, article, paragraph)
            yield Detail(article.number, None, formula.single.text, cited, period, opened, marks, tuple(reader.unread))
        return
    for item in paragraph.items:
        period = order.in_force(*levels, item.annotations)
        if period is not None:
            reader = _Reader(paragraph.items)
            opened = tuple(reader.item(item, None))
            yield Detail(
                article.number,
                item.number,
                item.text.raw,
                order.cite_provision(period, article, paragraph, item),
                period,
                opened,
                (*marks, *item.annotations),
                tuple(reader.unread),
            )


class _Reader:
    """Reads the information of the items of one article, which may refer to each other."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self.unread: list[str] = []

    def item(self, item: Item, letters: frozenset[str] | None) -> Iterator[Opened]:
        """What an item opens, or only the sub-items with these letters."""
        if item.definition is None:
            self.unread.append(item.text.raw)
            return
        at = self.items.index(item)
        below = [i for i in item.items if letters is None or i.number in letters]
        if letters is not None and letters - {i.number for i in item.items}:
            self.unread.append(f"第{item.number}号{'、'.join(sorted(letters))}")
            return
        yield from self.opened(item.definition.raw, item.annotations, below, (None,), at)

    def opened(
        self, text: str, marks: Sequence[Annotation], below: Sequence[Item], about: _People, at: int | None
    ) -> Iterator[Opened]:
        """What a wording opens.

        Args:
            text: the wording.
            marks: its annotations: 〔情報 …〕 says which information of the table its own wordings are, 〔対象 …〕 about whom.
            below: the items under 「次に掲げる情報」.
            about: the persons of the wording above, where this one names none.
            at: the place of the item among its fellows, for 前号.
        """
        named, people = values(marks, "情報"), values(marks, "対象")
        for member in each_information(text):
            head, tail = of_whom(member)
            about = people or (persons(head) if head else about)
            plain = normalise(without_parentheses(tail)).text
            reference = _REFERENCE.fullmatch(plain)
            if plain == _BELOW:
                for item in below:
                    yield from self.opened(item.text.raw, item.annotations, (), about, at)
            elif reference is not None:
                yield from self._referred(reference, about, at, tail)
            else:
                wording = information(tail)
                for name in named or wording:
                    for person in about:
                        yield Opened(name, person, wording == (name,))

    def _referred(self, reference: re.Match[str], about: _People, at: int | None, text: str) -> Iterator[Opened]:
        previous, number, written = reference.groups()
        target = at - 1 if previous and at else next((i for i, x in enumerate(self.items) if x.number == number), None)
        if target is None or target == at:
            self.unread.append(text)
            return
        letters = frozenset(_letters(written)) if written else None
        for found in self.item(self.items[target], letters):
            for person in about if about != (None,) else (found.person,):
                yield Opened(found.name, person, found.exact)


def _letters(written: str) -> Iterator[str]:
    """イからニまで、ヘ及びト → イ ロ ハ ニ ヘ ト."""
    for first, last, single in _LETTERS.findall(written):
        if single:
            yield single
        else:
            yield from IROHA[IROHA.index(first) : IROHA.index(last) + 1]
