"""An instrument with its days: which provision stands where on which day, and how it is cited."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from dsl.normalise import normalise, parse_wareki
from dsl.syntax import (
    Annotation,
    Article,
    Document,
    EntryIntoForce,
    InstrumentKind,
    Item,
    Paragraph,
    Row,
    Table,
)
from engine.period import Period
from engine.rule_set import Citation

#: the promulgation of the Number Use Act: no rule file speaks of an earlier day
EPOCH = date(2013, 5, 31)

_ADDRESS = re.compile(r"第(\d+)条((?:の\d+)*)(?:第(\d+)項((?:の\d+)*))?(?:第(\d+)号((?:の\d+)*))?")


def day_of(text: str) -> date | None:
    """A day written 平成28年1月1日 or 2016-01-01; None when it is neither."""
    value = parse_wareki(text.strip())
    return value if isinstance(value, date) else None


def period_of(text: str) -> Period | None:
    """The period of 〔期間 …〕: 「初日から末日まで」「初日から」「末日まで」."""
    head, separator, tail = text.partition("から")
    if not separator:
        last = day_of(text.removesuffix("まで"))
        return Period(EPOCH, last) if last else None
    first = day_of(head)
    if first is None:
        return None
    tail = tail.strip()
    if not tail:
        return Period(first)
    last = day_of(tail.removesuffix("まで"))
    return Period(first, last) if last else None


def values(annotations: Iterable[Annotation], name: str) -> tuple[str, ...]:
    """The values of every annotation called `name`."""
    return tuple(a.value for a in annotations if a.name == name)


def value(annotations: Iterable[Annotation], name: str) -> str | None:
    """The value of the first annotation called `name`."""
    return next((a.value for a in annotations if a.name == name), None)


def branch(number: str, counter: str) -> str:
    """A provision number in words: ("6-2", "条") → 第6条の2.

    Examples:
        >>> branch("28-2", "条"), branch("3", "項")
        ('第28条の2', '第3項')
    """
    head, *rest = number.split("-")
    return f"第{head}{counter}" + "".join(f"の{n}" for n in rest)


def row_number(number: str) -> str:
    """A row number in words: "1-2" → 1の2."""
    return number.replace("-", "の")


def written_span(document: Document) -> Period:
    """The days for which a document is the text of its instrument, as far as its heading says (〔範囲〕, 〔廃止〕)."""
    scope = document.annotation("範囲")
    period = period_of(scope) if scope else None
    first = period.first if period else EPOCH
    last = period.last if period else None
    repealed = document.annotation("廃止")
    day = day_of(repealed) if repealed else None
    if day is not None:
        until = day - timedelta(days=1)
        last = until if last is None else min(last, until)
    return Period(first, last)


class Address:
    """Where a provision stands: canonical numbers, any of which may be absent."""

    __slots__ = ("article", "item", "paragraph")

    def __init__(self, article: str | None, paragraph: str | None = None, item: str | None = None) -> None:
        self.article, self.paragraph, self.item = article, paragraph, item


class Instrument:
    """A document read as law: commencement, periods, citations.

    `commencements` maps provisions ("" the whole, "5" an article, "3/2" a paragraph) to their day.
    """

    def __init__(self, document: Document, code: str | None = None, span: Period | None = None) -> None:
        """Read a document as law.

        Args:
            document: one edition of the instrument.
            code: the municipality's code of 6 digits; None for national law.
            span: the days looked at (a slice, see `dsl.editions`); default: those the heading states.
        """
        self.document = document
        self.code = code
        self.short = document.annotation("略称") or document.title
        self.prefix = f"{code}/{self.short}" if code else self.short
        self.kind = document.kind
        self.span = written_span(document) if span is None else span
        self.commencements: dict[str, Period] = {}
        self.tables = {t.number: t for t in document.tables}
        self.articles = {a.number: a for a in document.articles}

    @property
    def text_missing(self) -> bool:
        """Whether the text is not at hand (〔状態 条文未入手〕)."""
        return self.document.annotation("状態") == "条文未入手"

    @property
    def statutory(self) -> bool:
        """Whether this is national law."""
        return self.kind in (
            InstrumentKind.ACT,
            InstrumentKind.CABINET_ORDER,
            InstrumentKind.ORDER,
            InstrumentKind.COMMISSION_RULE,
        )

    def entry_formulas(self) -> Iterable[tuple[EntryIntoForce, Paragraph]]:
        """Every sentence on entry into force in the first 附則 (later ones belong to amendments)."""
        for supplementary in self.document.supplementary[:1]:
            paragraphs = [*supplementary.paragraphs, *(p for a in supplementary.articles for p in a.paragraphs)]
            for paragraph in paragraphs:
                for sentence in paragraph.sentences:
                    if isinstance(sentence.formula, EntryIntoForce):
                        yield sentence.formula, paragraph

    # ---- days ------------------------------------------------------------------------------

    def in_force(self, *levels: Sequence[Annotation], keys: Sequence[str] = ()) -> Period | None:
        """The days on which a provision is in force.

        Args:
            levels: annotations from the outermost (article, table) to the innermost (item, row).
            keys: keys into `commencements`, outermost first.
        """
        start: Period | None = self.commencements.get("")
        for key in keys:
            start = self.commencements.get(key, start)
        own = value(self.document.annotations, "施行")
        first = day_of(own) if own else None
        if start is not None:
            first = start.first
        for level in levels:
            entered = value(level, "施行")
            if entered:
                first = day_of(entered) or first
        if first is None:
            return None
        period: Period | None = Period(first).intersect(self.span)
        for level in levels:
            for text in values(level, "期間"):
                stood = period_of(text)
                period = period.intersect(stood) if period and stood else None
        return period

    # ---- citations -------------------------------------------------------------------------

    def clause(
        self,
        article: str | None = None,
        paragraph: str | None = None,
        item: str | None = None,
        table: str | None = None,
        row: str | None = None,
    ) -> str:
        """The identity of a provision, unchanged by renumbering."""
        parts = [self.prefix]
        if table is not None:
            parts.append(f"別表{table}")
            parts.extend([row] if row else [])
        else:
            parts.extend(p for p in (article, paragraph, item) if p)
        return "/".join(parts)

    def cite_provision(
        self, period: Period, article: Article, paragraph: Paragraph | None = None, item: Item | None = None
    ) -> tuple[Citation, ...]:
        """The citations of a provision over `period`, one for each address it has in turn."""
        address = Address(article.number, paragraph.number if paragraph else None, item.number if item else None)
        moves: list[tuple[date, str]] = []
        for node in (article, paragraph, item):
            if node is not None:
                moves += [move for move in map(_move, values(node.annotations, "移動")) if move]
        clause = self._identity(address, article, paragraph, item)
        several = len(article.paragraphs) > 1 or any(p.numbered for p in article.paragraphs)
        citations = []
        for first, last, current in _addresses(address, sorted(moves)):
            held = period.intersect(Period(first, last))
            if held is not None:
                citations.append(self._cited(clause, held, current, several))
        return tuple(citations)

    def _identity(self, address: Address, article: Article, paragraph: Paragraph | None, item: Item | None) -> str:
        """The identity of a provision: its address in the oldest edition (〔旧番号 第N条…〕), else its present one.

        A provision that had no counterpart and took over a number of another (〔旧番号 なし〕) is known by the day of its edition.
        """
        added = False
        for node in (article, paragraph, item):
            former = value(node.annotations, "旧番号") if node is not None else None
            if former == "なし":
                added = True
            elif former:
                added, address = False, _moved(address, normalise(former).text)
        clause = self.clause(address.article, address.paragraph, address.item)
        return f"{clause}@{written_span(self.document).first.isoformat()}" if added else clause

    def _cited(self, clause: str, held: Period, address: Address, several: bool) -> Citation:
        label = self.short + branch(address.article or "", "条")
        if address.paragraph and several:
            label += branch(address.paragraph, "項")
        if address.item:
            label += branch(address.item, "号")
        return Citation(
            label, self.short, clause, held, address.article, address.paragraph if several else None, address.item
        )

    def cite_row(self, period: Period, table: Table, row: Row) -> Citation:
        """The citation of a table row over `period`."""
        heading = self.table_heading(table)
        return Citation(
            f"{self.short}{heading}の{row_number(row.number)}の項",
            self.short,
            self.clause(table=table.number, row=row.number),
            period,
            table=table.number,
            row=row.number,
        )

    def table_heading(self, table: Table) -> str:
        """別表第1 (ordinances) or 別表第一 (statutes print kanji numerals)."""
        if not table.number:
            return "別表"
        if table.number.startswith("第"):
            return f"{table.number}の表"
        return "別表第" + (_kanji(table.number) if self.kind is InstrumentKind.ACT else row_number(table.number))


def _kanji(number: str) -> str:
    digits = "〇一二三四五六七八九"
    return "の".join("".join(digits[int(ch)] for ch in part) for part in number.split("-"))


def _move(text: str) -> tuple[date, str] | None:
    day_text, _, address = text.strip().partition(" ")
    day = day_of(day_text)
    return (day, normalise(address).text) if day and address else None


def _addresses(address: Address, moves: Sequence[tuple[date, str]]) -> Iterable[tuple[date, date | None, Address]]:
    first, current = date.min, address
    for day, moved in moves:
        yield first, day - timedelta(days=1), current
        first, current = day, _moved(current, moved)
    yield first, None, current


def provision_address(text: str) -> tuple[str | None, str | None, str | None]:
    """Article, paragraph and item that an address names.

    Examples:
        >>> provision_address("第十九条第七号"), provision_address("第2条の2第3項")
        (('19', None, '7'), ('2-2', '3', None))
    """
    address = _moved(Address(None), normalise(text).text)
    return address.article, address.paragraph, address.item


def _moved(current: Address, moved: str) -> Address:
    match = _ADDRESS.search(moved)
    if match is None:
        return current
    article, article_branch, paragraph, paragraph_branch, item, item_branch = match.groups()
    number = _number(article, article_branch) or current.article
    return Address(
        number, _number(paragraph, paragraph_branch) or current.paragraph, _number(item, item_branch) or current.item
    )


def _number(head: str | None, rest: str | None) -> str | None:
    if head is None:
        return None
    return head + (rest or "").replace("の", "-")
