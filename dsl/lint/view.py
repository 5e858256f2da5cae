"""What the rules of the linter look at: the texts of one municipality with their days, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from typing import TypeVar

from dsl.commencement import begins_by_amendment, commence
from dsl.compile import Nation
from dsl.editions import editions
from dsl.findings import Findings
from dsl.instrument import Instrument
from dsl.lint.days import union
from dsl.organisation import Organisation
from dsl.parse import typed_lines
from dsl.place import placed, row_annotations
from dsl.syntax import (
    Article,
    Document,
    Formula,
    InstrumentKind,
    Item,
    Paragraph,
    Row,
    ScopeOfIndependentUse,
    Sentence,
    Span,
    Table,
    TableRef,
    Text,
    Whose,
)
from engine.period import Period
from engine.rule_set import Part

_Node = TypeVar("_Node")


@dataclass(frozen=True, slots=True)
class Edition:
    """One document as law, on the days on which it is the text of its instrument."""

    instrument: Instrument
    lines: tuple[str, ...]

    @property
    def document(self) -> Document:
        """Its syntax tree."""
        return self.instrument.document

    @property
    def path(self) -> str:
        """Where it stands."""
        return self.document.path

    @property
    def is_draft(self) -> bool:
        """Whether the text may still be changed by its author (〔状態 案〕)."""
        return self.document.annotation("状態") == "案"

    @property
    def kind(self) -> InstrumentKind:
        """Its kind."""
        return self.document.kind

    def place(self, text: Text, start: int, end: int) -> Span:
        """Where characters of a text (of its `raw` form) were typed; annotations between them are passed over."""
        line = self.lines[text.span.line - 1]
        columns: list[int] = []
        depth = 0
        for column in range(text.span.column - 1, len(line)):
            depth += line[column] == "〔"
            if depth == 0:
                columns.append(column + 1)
            depth -= line[column] == "〕"
        if start >= len(columns):
            return text.span
        return Span(text.span.line, columns[start], text.span.line, columns[min(end, len(columns)) - 1] + 1)


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence of the body of an instrument, and the days on which it stands."""

    edition: Edition
    article: Article
    paragraph: Paragraph
    sentence: Sentence
    days: Period

    @property
    def formula(self) -> Formula | None:
        """What the sentence was read as."""
        return self.sentence.formula

    @property
    def label(self) -> str:
        """Its address: 第3条第2項."""
        cited = self.edition.instrument.cite_provision(self.days, self.article, self.paragraph)
        return cited[0].label.removeprefix(self.edition.instrument.short)


@dataclass(frozen=True, slots=True)
class StandingRow:
    """A row of a table, and the days on which it stands by virtue of the sentences that refer to its table."""

    edition: Edition
    table: Table
    row: Row
    days: tuple[Period, ...]
    grants_use: bool  # by a sentence on the affairs of independent use

    @property
    def clause(self) -> str:
        """The identity of the row."""
        return self.edition.instrument.clause(table=self.table.number, row=self.row.number)

    @property
    def rows(self) -> tuple[Row, ...]:
        """The row with its continuation rows."""
        return tuple(r for r in self.table.rows if r.number == self.row.number and not r.deleted)


class View:
    """One municipality under the linter.

    Args:
        documents: its parsed files.
        organisation: its register, if it keeps one.
        part: what was compiled from them.
        nation: what they were compiled against.
    """

    def __init__(
        self, documents: Sequence[Document], organisation: Organisation | None, part: Part, nation: Nation
    ) -> None:
        self.organisation = organisation
        self.part = part
        self.nation = nation
        national = nation.slices[-1][1]
        gate_days = national.gate_days
        placed_editions = editions(documents, lambda document: begins_by_amendment(document, gate_days), Findings())
        found: list[Edition] = []
        for edition in placed_editions:
            span = edition.span.intersect(nation.valid)
            if span is None:
                continue
            code = organisation.code if organisation else None
            instrument = Instrument(edition.document, code, span)
            commence(instrument, national, Findings())
            found.append(Edition(instrument, tuple(typed_lines(edition.document.source))))
        self.editions: tuple[Edition, ...] = tuple(found)

    @property
    def ordinances(self) -> tuple[Edition, ...]:
        """The editions of ordinances."""
        return tuple(e for e in self.editions if e.kind is InstrumentKind.ORDINANCE)

    @property
    def regulations(self) -> tuple[Edition, ...]:
        """The editions of instruments below an ordinance."""
        return tuple(e for e in self.editions if e.kind is not InstrumentKind.ORDINANCE)

    def parents(self, regulation: Edition) -> tuple[Edition, ...]:
        """The editions of the ordinance that a regulation implements; none when that cannot be told."""
        named = regulation.document.annotation("上位")
        if named:
            return tuple(o for o in self.ordinances if named in (o.instrument.short, o.document.title))
        names = {o.instrument.short for o in self.ordinances}
        return self.ordinances if len(names) == 1 else ()

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """Every sentence of the bodies (not of the 附則) that stands on some day."""
        return tuple(p for edition in self.editions for p in _passages(edition))

    @cached_property
    def rows(self) -> tuple[StandingRow, ...]:
        """Every row of an ordinance's tables that some operative sentence refers to."""
        return tuple(self._rows())

    def _rows(self) -> Iterator[StandingRow]:
        for edition in self.ordinances:
            of_edition = [p for p in self.passages if p.edition is edition]
            for table, within in tables_of(edition):
                citing = [p for p in of_edition if _cites(p, table, within)]
                uses = any(isinstance(p.formula, ScopeOfIndependentUse) for p in citing)
                for row in table.rows:
                    if row.deleted or row.continuation:
                        continue
                    keys = (f"別表{table.number}",)
                    own = edition.instrument.in_force(table.annotations, row_annotations(row), keys=keys)
                    days = union_of(own, citing)
                    if days:
                        yield StandingRow(edition, table, row, days, uses)


def union_of(own: Period | None, citing: Iterable[Passage]) -> tuple[Period, ...]:
    """The days on which a row stands and a sentence that refers to its table stands too."""
    return union(p for c in citing if own is not None and (p := own.intersect(c.days)) is not None)


def tables_of(edition: Edition) -> Iterator[tuple[Table, Paragraph | None]]:
    """The tables of an instrument; those inside a paragraph with it, numbered by their place."""
    for article in edition.document.articles:
        for paragraph in article.paragraphs:
            if paragraph.table is not None:
                yield placed(paragraph.table, article, paragraph), paragraph
    for table in edition.document.tables:
        yield table, None


def _passages(edition: Edition) -> Iterator[Passage]:
    for article in edition.document.articles:
        for paragraph in article.paragraphs:
            for sentence in paragraph.sentences:
                own = sentence.annotations if len(paragraph.sentences) > 1 else ()
                days = edition.instrument.in_force(
                    article.annotations,
                    paragraph.annotations,
                    own,
                    keys=(article.number, f"{article.number}/{paragraph.number}"),
                )
                if days is not None:
                    yield Passage(edition, article, paragraph, sentence, days)


def _cites(passage: Passage, table: Table, within: Paragraph | None) -> bool:
    refs = [r for r in nodes(passage.formula, TableRef) if r.whose is Whose.SELF]
    if within is not None:
        return passage.paragraph is within and any(not r.number for r in refs)
    return any(r.number == table.number for r in refs)


def nodes(value: object, kind: type[_Node]) -> Iterator[_Node]:
    """Every node of a kind inside a formula."""
    if isinstance(value, kind):
        yield value
    if isinstance(value, tuple):
        for inner in value:
            yield from nodes(inner, kind)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from nodes(getattr(value, field.name), kind)


def texts_of(edition: Edition) -> Iterator[tuple[Article, Paragraph, Sentence | None, Text]]:
    """Every run of promulgated text of the articles: sentences, items and what items define."""
    for article in edition.document.articles:
        for paragraph in article.paragraphs:
            for sentence in paragraph.sentences:
                yield article, paragraph, sentence, sentence.text
            for text in item_texts(paragraph.items):
                yield article, paragraph, None, text


def item_texts(items: Iterable[Item]) -> Iterator[Text]:
    """The texts of items at every depth."""
    for item in items:
        yield item.text
        if item.definition is not None:
            yield item.definition
        yield from item_texts(item.items)
