"""The account of a municipality's provisions: what became of each, for coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsl.instrument import Instrument
from dsl.syntax import (
    Article,
    CardUse,
    DeemedSubmission,
    NarrowingList,
    NarrowingPairs,
    NoEffect,
    NotExpressible,
    Paragraph,
    ProvisionToOtherAgency,
    Row,
    ScopeOfIndependentUse,
    Table,
    UseWithinAgency,
)
from engine.rule_set import Clause, ClauseStatus

if TYPE_CHECKING:
    from dsl.municipal import Municipality


def municipal_clauses(m: Municipality) -> None:
    """Account for every paragraph and row of the municipality's instruments."""
    exercisable = m.effective | m.regulations.clauses
    for instrument in m.instruments:
        for article in instrument.document.articles:
            for paragraph in article.paragraphs:
                _paragraph_clause(m, instrument, article, paragraph, exercisable)
        for table in instrument.document.tables:
            for row in table.rows:
                if not row.continuation:
                    _row_clause(m, instrument, table, row)


def _paragraph_clause(
    m: Municipality, instrument: Instrument, article: Article, paragraph: Paragraph, exercisable: set[str]
) -> None:
    citation = instrument.cite_provision(instrument.span, article, paragraph)[0]
    formulas = [s.formula for s in paragraph.sentences]
    text = "".join(s.text.raw for s in paragraph.sentences)
    status, reason = ClauseStatus.ENCODED, "・".join(type(f).__name__ for f in formulas if f is not None)
    silent = [f for f in formulas if isinstance(f, NoEffect | NotExpressible)]
    if formulas and len(silent) == len(formulas):
        first = silent[0]
        unexpressed = isinstance(first, NotExpressible) and not first.out_of_scope
        status = ClauseStatus.NOT_EXPRESSIBLE if unexpressed else ClauseStatus.OUT_OF_SCOPE
        reason = first.kind if isinstance(first, NoEffect) else first.reason
    acting = isinstance(
        next(iter(formulas), None),
        ScopeOfIndependentUse
        | UseWithinAgency
        | ProvisionToOtherAgency
        | DeemedSubmission
        | CardUse
        | NarrowingList
        | NarrowingPairs,
    )
    items = {instrument.cite_provision(instrument.span, article, paragraph, i)[0].clause for i in paragraph.items}
    effective = acting and (citation.clause in exercisable or bool(items & exercisable))
    m.clauses.append(
        Clause(
            citation.clause,
            citation,
            text,
            status,
            reason,
            instrument.document.path,
            paragraph.span.line,
            effective=effective,
        )
    )


def _row_clause(m: Municipality, instrument: Instrument, table: Table, row: Row) -> None:
    citation = instrument.cite_row(instrument.span, table, row)
    text = " | ".join(c.text.raw.strip() for c in row.cells)
    status = ClauseStatus.OUT_OF_SCOPE if row.deleted else ClauseStatus.ENCODED
    if any(a.name == "未表現" for a in row.annotations):
        status = ClauseStatus.NOT_EXPRESSIBLE
    m.clauses.append(
        Clause(
            citation.clause,
            citation,
            text,
            status,
            "削除" if row.deleted else "項",
            instrument.document.path,
            row.span.line,
            effective=citation.clause in m.effective,
        )
    )
