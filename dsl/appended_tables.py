"""Statutory uses: the Appended Table of affairs, row by row, into grants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from dsl.granting import dated, storing
from dsl.instrument import Instrument, branch, period_of, value, values
from dsl.national_model import National, assumed_by
from dsl.phrases import delegation, without_delegation
from dsl.syntax import Annotation, NarrowingList, NotExpressible, Row, RowRef, Table, Whose
from engine.period import Period
from engine.rule_set import (
    Action,
    Affair,
    Citation,
    Clause,
    ClauseStatus,
    Grant,
    PeriodLimit,
    Procedure,
    Void,
)

#: the table of Art. 9(1): Appended Table 1, and from 2024-05-27 the only table, which has no number
AFFAIR_TABLES = ("1", "")


@dataclass(frozen=True, slots=True)
class _Narrowing:
    """An article of an order that names the procedures of a row."""

    citations: tuple[Citation, ...]
    period: Period
    procedures: frozenset[str] | None
    assumptions: tuple[str, ...]
    only: str | None  # …のうち、厚生年金保険の実施者たる厚生労働大臣に係るもの


def table_of_affairs(act: Instrument) -> Table | None:
    """The table whose rows Art. 9(1) opens for number use; None when the text has none."""
    return next((act.tables[number] for number in AFFAIR_TABLES if number in act.tables), None)


def row_address(act: Instrument, table: Table, number: str) -> str:
    """The address of a row that other texts name it by: 番号法別表第一/15, 番号法別表/23."""
    return f"{act.short}{act.table_heading(table)}/{number}"


def _orders_on(table: str, row: str, affair: str, national: National, orders: Sequence[Instrument]) -> list[_Narrowing]:
    found: list[_Narrowing] = []
    matches = [
        (order, article, paragraph, sentence.formula)
        for order in orders
        for article in order.document.articles
        for paragraph in article.paragraphs
        for sentence in paragraph.sentences
        if isinstance(sentence.formula, NarrowingList)
        and any(
            isinstance(t, RowRef) and t.table.whose is Whose.ACT and t.table.number == table and t.row == row
            for t in sentence.formula.targets
        )
    ]
    for order, article, paragraph, formula in matches:
        period = order.in_force(article.annotations, paragraph.annotations)
        if period is None:
            continue
        prefix = f"{article.number}." if len({a.number for _, a, _, _ in matches}) > 1 else ""
        standing: dict[str, Period] = {}
        for item in paragraph.items:
            key = f"{affair}/{value(item.annotations, '手続') or prefix + item.number}"
            stands = _standing(period, item.annotations)
            if stands is None:
                continue
            standing[key] = stands
            citations = order.cite_provision(stands, article, paragraph, item)
            national.procedures[key] = Procedure(key, affair, item.text.raw, citations)
        if formula.single is not None and not paragraph.items:
            key = f"{affair}/{prefix}1"
            standing[key] = period
            citations = order.cite_provision(period, article, paragraph)
            national.procedures[key] = Procedure(key, affair, formula.single.text, citations)
        found.extend(
            _Narrowing(
                order.cite_provision(piece, article, paragraph if formula.only else None),
                piece,
                procedures if paragraph.items or formula.single else None,
                assumed_by(order.document.annotations, article.annotations),
                formula.only,
            )
            for piece, procedures in _runs(period, standing)
        )
    return found


def _standing(period: Period, annotations: Iterable[Annotation]) -> Period | None:
    """The days of `period` on which an item stands (〔期間 …〕)."""
    stands: Period | None = period
    for text in values(annotations, "期間"):
        stood = period_of(text)
        stands = stands.intersect(stood) if stands and stood else None
    return stands


def _runs(period: Period, standing: Mapping[str, Period]) -> Iterator[tuple[Period, frozenset[str]]]:
    """Cut a period into runs of days on which the same procedures stand."""
    days = {period.first}
    for stands in standing.values():
        days |= {stands.first} | ({stands.last + timedelta(days=1)} if stands.last else set())
    starts = sorted(day for day in days if period.contains(day))
    for first, following in zip(starts, [*starts[1:], None], strict=True):
        last = following - timedelta(days=1) if following else period.last
        yield Period(first, last), frozenset(key for key, stands in standing.items() if stands.contains(first))


def _unread_articles(table: str, row: str, orders: Sequence[Instrument]) -> str:
    """The articles of the orders on a row that are marked 〔未表現〕 (their 〔未表現〕 says why)."""
    words = (
        (f"別表第{table}の{row}の項の主務省令",)
        if table
        else (f"別表の{row}の項の主務省令", f"別表{row}の項の主務省令")
    )
    found = [
        branch(article.number, "条")
        for order in orders
        for article in order.document.articles
        for paragraph in article.paragraphs
        for sentence in paragraph.sentences
        if isinstance(sentence.formula, NotExpressible) and any(w in sentence.text.normal for w in words)
    ]
    return "・".join(dict.fromkeys(found))


def row_period(instrument: Instrument, table: Table, row: Row) -> Period | None:
    """The days on which the row stands as text, whether or not anything refers to it yet."""
    period: Period | None = instrument.span
    for level in (table.annotations, row.annotations, *(c.annotations for c in row.cells[:1])):
        for text in values(level, "期間"):
            stood = period_of(text)
            period = period.intersect(stood) if period and stood else None
    return period


def row_annotations(row: Row) -> tuple[Annotation, ...]:
    """The annotations of a row and of its cells."""
    return (*row.annotations, *(a for cell in row.cells for a in cell.annotations))


def declare_affair(national: National, id_: str, row: Row, cell: str, aliases: Sequence[str]) -> None:
    """Declare the affair of a row, named by its cell."""
    fields = frozenset(f for v in values(row_annotations(row), "分野") for f in v.split())
    name = without_delegation(cell)
    national.affairs[id_] = Affair(id_, name, frozenset({id_}), tuple(aliases), fields)


def table_one(national: National, orders: Sequence[Instrument]) -> None:
    """The table of Art. 9(1) (Appended Table 1, later the single table): the statutory uses, narrowed by the orders."""
    act = national.act
    table = table_of_affairs(act)
    uses = national.grounds.get("statutory_use", ())
    if table is None or not uses:
        return
    table_assumed = (*assumed_by(table.annotations), *national.ground_assumptions.get("statutory_use", ()))
    for row in table.rows:
        stands = row_period(act, table, row)
        if stands is None:
            continue
        citation = act.cite_row(stands, table, row)
        if row.deleted:
            row_clause(national, row, citation, "削除", ClauseStatus.OUT_OF_SCOPE, "削除", ())
            continue
        parties = national.designations.of(row.cells[0].text.raw)
        address = row_address(act, table, row.number)
        affair = value(row_annotations(row), "事務") or address
        national.rows[row.number] = affair
        declare_affair(national, affair, row, row.cells[1].text.raw, (address, citation.label))
        narrowings = _orders_on(table.number, row.number, affair, national, orders)
        assumed = (*table_assumed, *assumed_by(row_annotations(row)))
        if not narrowings and delegation(row.cells[1].text.raw):
            unread = _unread_articles(table.number, row.number, orders)
            missing = (
                f"主務省令の{unread}をまだ判定に表していない" if unread else "主務省令で定める事務が定められていない"
            )
            reason = f"{missing}ため、この項からは何も認められない"
            national.voids.append(
                Void(frozenset({Action.USE, Action.STORE}), parties, affair, stands, citation, reason)
            )
        for narrowing in narrowings:
            chain = [uses, [citation], narrowing.citations]
            common = stands.intersect(narrowing.period)
            reached = _reached(parties, narrowing.only)
            if common is not None and reached:
                use_grants(
                    national, reached, affair, common, chain, narrowing.procedures, (*assumed, *narrowing.assumptions)
                )
        row_clause(
            national,
            row,
            citation,
            row.cells[1].text.raw,
            ClauseStatus.ENCODED,
            "statutory_use" if narrowings else "主務省令の定めがなく何も認められない",
            parties,
        )


def _reached(parties: frozenset[str], only: str | None) -> frozenset[str]:
    """The agencies that an article of an order reaches: those it names, when it is limited to some."""
    return parties if only is None else frozenset(p for p in parties if p in only)


def use_grants(
    national: National,
    parties: frozenset[str],
    affair: str,
    period: Period,
    chain: Sequence[Sequence[Citation]],
    procedures: frozenset[str] | None,
    assumptions: Sequence[str],
) -> None:
    """Grant the use of the number by a chain of provisions, and the right to keep what is used."""
    for piece, bases in dated(period, chain):
        limits = tuple(PeriodLimit(c.in_force, f"{c.label}の施行", c) for c in bases)
        grant = Grant(
            id=f"{bases[1].clause}#{bases[-1].clause}@{piece.first.isoformat()}",
            actions=frozenset({Action.USE}),
            parties=parties,
            affair=affair,
            period=piece,
            bases=bases,
            clause=bases[0].clause,
            procedures=procedures,
            limits=limits,
            assumptions=tuple(dict.fromkeys(assumptions)),
        )
        national.grants.append(grant)
        national.grants.extend(storing(national, grant))


def row_clause(
    national: National,
    row: Row,
    citation: Citation,
    text: str,
    status: ClauseStatus,
    reason: str,
    parties: Iterable[str],
    path: str | None = None,
) -> None:
    """Account for a row in the coverage of provisions, once. `path`: the file, when it is not the Act's."""
    if any(c.id == citation.clause for c in national.clauses):
        return
    municipal = national.designations.can_be_municipal(parties)
    national.clauses.append(
        Clause(
            citation.clause,
            citation,
            text,
            status,
            reason,
            path or national.act.document.path,
            row.span.line,
            municipal=municipal,
            effective=status is ClauseStatus.ENCODED,
        )
    )
