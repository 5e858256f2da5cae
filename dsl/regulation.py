"""Regulations (規則) as answers to an ordinance's 「規則で定めるもの」: procedures, and information by procedure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dsl.findings import Findings
from dsl.instrument import Instrument, row_number, value, values
from dsl.normalise import normalise
from dsl.phrases import persons_and_information, without_delegation, without_parentheses
from dsl.syntax import (
    Article,
    Item,
    NarrowingList,
    NarrowingPairs,
    Paragraph,
    ProvisionRef,
    Row,
    RowRef,
    Span,
    Table,
    Whose,
)
from engine.period import Period
from engine.rule_set import Citation, GrantedInformation, Procedure

_PROVISION = re.compile(r"(前条|同条|第(\d+)条((?:の\d+)*))?(?:第(\d+)項)?第(\d+)号((?:の\d+)*)")


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a regulation says about one row: the procedures, and per procedure the information (None: not narrowed)."""

    citation: Citation  # the article (list) or the item (pair)
    period: Period
    procedures: frozenset[str] | None
    information: frozenset[GrantedInformation] | None
    only: str | None = None  # …のうち、Xに係るもの


@dataclass(frozen=True, slots=True)
class TargetRow:
    """A row of an ordinance's table, with the affair it stands for."""

    ordinance: Instrument
    table: Table
    row: Row
    affair: str

    @property
    def key(self) -> str:
        """The identity of the row."""
        return self.ordinance.clause(table=self.table.number, row=self.row.number)


@dataclass(frozen=True, slots=True)
class TargetItem:
    """An item (号) of an ordinance that lists affairs, with the affair it stands for."""

    ordinance: Instrument
    article: str
    paragraph: str
    item: str
    affair: str

    @property
    def key(self) -> str:
        """The identity of the item."""
        return self.ordinance.clause(self.article, self.paragraph, self.item)


Target = TargetRow | TargetItem


class Regulations:
    """Every narrowing of one municipality's regulations, by ordinance row."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self.procedures: dict[str, Procedure] = {}
        self.at: dict[
            tuple[str, str, str, str], str
        ] = {}  # (instrument prefix, article, paragraph, item) → procedure key
        self.clauses: set[str] = set()
        self._targets: dict[str, list[Narrowing]] = {}

    def of(self, clause: str) -> tuple[Narrowing, ...]:
        """The narrowings of a row or item, by its identity, in the order of the regulations."""
        return tuple(self._targets.get(clause, ()))

    def read(self, regulation: Instrument, ordinance: Instrument, targets: Sequence[Target]) -> None:
        """Read the lists first, then the pairs that refer back to them.

        Args:
            regulation: the 規則.
            ordinance: the 条例 it implements.
            targets: every row of the ordinance's tables with its affair.
        """
        for kind in (NarrowingList, NarrowingPairs):
            for article in regulation.document.articles:
                for paragraph in article.paragraphs:
                    for sentence in paragraph.sentences:
                        if isinstance(sentence.formula, kind):
                            self._sentence(regulation, ordinance, targets, article, paragraph, sentence.formula)

    def _sentence(
        self,
        regulation: Instrument,
        ordinance: Instrument,
        targets: Sequence[Target],
        article: Article,
        paragraph: Paragraph,
        formula: NarrowingList | NarrowingPairs,
    ) -> None:
        period = regulation.in_force(article.annotations, paragraph.annotations, keys=(article.number,))
        if period is None:
            return
        for ref in formula.targets:
            if (ref.whose if isinstance(ref, ProvisionRef) else ref.table.whose) is Whose.ACT:
                continue
            found = [t for t in targets if _answers(t, ref)]
            if not found:
                self._missing(regulation, ordinance, ref, targets)
            for target in found:
                self._claimed(regulation, target, formula, period, ref.span)
                if isinstance(formula, NarrowingPairs):
                    self._pairs(regulation, target, article, paragraph, period)
                else:
                    self._list(regulation, target, article, paragraph, period, formula)

    def _missing(
        self, regulation: Instrument, ordinance: Instrument, ref: RowRef | ProvisionRef, targets: Sequence[Target]
    ) -> None:
        if isinstance(ref, ProvisionRef):
            self._findings.add(
                "J0315",
                regulation,
                ref.span,
                f"{ordinance.short}に、規則に委ねたその号がありません",
                "条例の条・項・号の番号を確かめてください。",
            )
            return
        where = f"{row_number(ref.row)}の項" if ref.row else f"「{ref.wording}」の項"
        rows = [
            row_number(t.row.number) for t in targets if isinstance(t, TargetRow) and t.table.number == ref.table.number
        ]
        known = (
            f"{_table(ref.table.number)}の項は {'、'.join(dict.fromkeys(rows))} です。"
            if rows
            else "その表は条例にありません。"
        )
        self._findings.add(
            "J0315", regulation, ref.span, f"{ordinance.short}の{_table(ref.table.number)}に{where}がありません", known
        )

    def _claimed(
        self,
        regulation: Instrument,
        target: Target,
        formula: NarrowingList | NarrowingPairs,
        period: Period,
        span: Span,
    ) -> None:
        """Whether another regulation has already said what the row leaves to regulations, on the same days."""
        pairs = isinstance(formula, NarrowingPairs)
        only = None if isinstance(formula, NarrowingPairs) else formula.only
        other = next(
            (
                n.citation
                for n in self._targets.get(target.key, ())
                if n.citation.instrument != regulation.short
                and (n.information is not None) == pairs
                and n.only == only
                and n.period.intersect(period) is not None
            ),
            None,
        )
        if other is not None:
            self._findings.add(
                "J0348",
                regulation,
                span,
                f"この項について規則で定めることを、{other.label}も定めています",
                "どちらか一方にまとめてください。機関ごとに定めるなら、条例の項を機関ごとに分けてください。",
            )

    def _store(self, target: Target, narrowing: Narrowing) -> None:
        self._targets.setdefault(target.key, []).append(narrowing)
        self.clauses.add(narrowing.citation.clause)

    def _procedure(
        self,
        regulation: Instrument,
        target: Target,
        article: Article,
        paragraph: Paragraph,
        item: Item,
        period: Period,
        prefix: str = "",
    ) -> str:
        name = value(item.annotations, "手続") or f"{prefix}{item.number}"
        key = f"{target.affair}/{name}"
        citations = regulation.cite_provision(period, article, paragraph, item)
        self.procedures.setdefault(key, Procedure(key, target.affair, item.text.raw, citations))
        self.at.setdefault((regulation.prefix, article.number, paragraph.number, item.number), key)
        return key

    def _list(
        self,
        regulation: Instrument,
        target: Target,
        article: Article,
        paragraph: Paragraph,
        period: Period,
        formula: NarrowingList,
    ) -> None:
        citation = regulation.cite_provision(period, article, paragraph)[0]
        others = any(p.affair == target.affair for p in self.procedures.values())
        prefix = f"{article.number}." if others else ""
        keys = frozenset(
            self._procedure(regulation, target, article, paragraph, item, period, prefix) for item in paragraph.items
        )
        if formula.single is not None and not keys:
            key = f"{target.affair}/{prefix}1"
            self.procedures.setdefault(key, Procedure(key, target.affair, formula.single.text, (citation,)))
            keys = frozenset({key})
        self._store(target, Narrowing(citation, period, keys or None, None, formula.only))

    def _pairs(
        self, regulation: Instrument, target: Target, article: Article, paragraph: Paragraph, period: Period
    ) -> None:
        for item in paragraph.items:
            key = self._referred(regulation, article, item, target)
            if key is None:
                others = any(p.affair == target.affair for p in self.procedures.values())
                key = self._procedure(
                    regulation, target, article, paragraph, item, period, f"{article.number}." if others else ""
                )
            self.at.setdefault((regulation.prefix, article.number, paragraph.number, item.number), key)
            citation = regulation.cite_provision(period, article, paragraph, item)[0]
            self._store(target, Narrowing(citation, period, frozenset({key}), frozenset(_informations(item))))

    def _referred(self, regulation: Instrument, article: Article, item: Item, target: Target) -> str | None:
        """The procedure that 「前条第1号の申請に係る…」 refers back to."""
        match = _PROVISION.match(item.text.normal)
        if match:
            whose, head, rest, paragraph, item_head, item_rest = match.groups()
            number = head + rest.replace("の", "-") if head else None
            item_number = item_head + item_rest.replace("の", "-")
            numbers = [a.number for a in regulation.document.articles]
            at = numbers.index(article.number)
            back = number or (numbers[at - 1] if whose == "前条" and at else article.number)
            found = self.at.get((regulation.prefix, back, paragraph or "1", item_number))
            if found is not None and found.rpartition("/")[0] == target.affair:
                return found
        same = without_delegation(item.text.normal)
        return next((k for k, p in self.procedures.items() if p.affair == target.affair and p.text == same), None)


def _answers(target: Target, ref: RowRef | ProvisionRef) -> bool:
    if isinstance(ref, ProvisionRef) or isinstance(target, TargetItem):
        return (
            isinstance(ref, ProvisionRef)
            and isinstance(target, TargetItem)
            and (ref.article, ref.paragraph or "1", ref.item) == (target.article, target.paragraph, target.item)
        )
    if not _same_table(target.table.number, ref.table.number):
        return False
    if ref.row is not None:
        return target.row.number == ref.row and not target.row.continuation
    if ref.wording is None:
        return False
    wording = _bare(ref.wording)
    texts = [_bare(c.text.normal) for c in target.row.cells]
    in_part = ref.part is None or any(_bare(ref.part) in t for t in texts)
    return in_part and any(wording == t or t.startswith(wording) for t in texts)


def _same_table(number: str, named: str) -> bool:
    """Whether a table is the one named; 第3条の表 names the table of that article's only paragraph too."""
    return not named or number == named or (named.startswith("第") and f"{number}第1項".startswith(f"{named}第"))


def _table(number: str) -> str:
    return f"{number}の表" if number.startswith("第") else f"別表第{row_number(number)}"


def _bare(text: str) -> str:
    return re.sub(r"\s", "", without_delegation(without_parentheses(normalise(text).text)))


def _informations(item: Item) -> Iterable[GrantedInformation]:
    """The information of a pair: its definition, or the sub-items under 「次に掲げる情報」."""
    sources: list[Item] = list(item.items) or ([item] if item.definition is not None else [])
    for source in sources:
        text = source.definition.raw if source is item and source.definition is not None else source.text.raw
        if source.items:
            yield from _informations(replace(source, definition=None))
            continue
        named = values(source.annotations, "情報")
        people = values(source.annotations, "対象")
        for person, name in persons_and_information(text):
            if named:
                continue
            yield GrantedInformation(name, people[0] if people else person)
        for name in named:
            yield GrantedInformation(name, people[0] if people else None)
