"""The Appended Tables of the Number Use Act, row by row, into grants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from dsl.granting import assessment_condition, dated, is_pension, network_limits, storing
from dsl.instrument import Instrument, branch, period_of, value, values
from dsl.national_model import LinkItem, LinkPair, National, assumed_by
from dsl.phrases import definitions, delegation, information, without_delegation
from dsl.syntax import Annotation, NarrowingList, NotExpressible, Row, RowRef, Table, Whose
from engine.period import Period
from engine.rule_set import (
    Action,
    Affair,
    Citation,
    Clause,
    ClauseStatus,
    Grant,
    GrantedInformation,
    Holding,
    PeriodLimit,
    Procedure,
    Void,
)

#: which affair of Table 2 belongs to which of Table 1 is the editors' reading (〔対応〕)
MATCH = "A-T1-T2-MATCH"

# ---- Appended Table 1 -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Narrowing:
    """An article of an order that names the procedures of a row."""

    citations: tuple[Citation, ...]
    period: Period
    procedures: frozenset[str] | None
    assumptions: tuple[str, ...]
    only: str | None  # …のうち、厚生年金保険の実施者たる厚生労働大臣に係るもの


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
        procedures = {}
        for item in paragraph.items:
            key = f"{affair}/{value(item.annotations, '手続') or prefix + item.number}"
            citation = order.cite_provision(period, article, paragraph, item)[0]
            procedures[key] = Procedure(key, affair, item.text.raw, citation)
        if formula.single is not None and not procedures:
            key = f"{affair}/{prefix}1"
            citation = order.cite_provision(period, article, paragraph)[0]
            procedures[key] = Procedure(key, affair, formula.single.text, citation)
        national.procedures |= procedures
        found.append(
            _Narrowing(
                order.cite_provision(period, article, paragraph if formula.only else None),
                period,
                frozenset(procedures) or None,
                assumed_by(order.document.annotations, article.annotations),
                formula.only,
            )
        )
    return found


def _unread_articles(row: str, orders: Sequence[Instrument]) -> str:
    """The articles of the orders on a row that are marked 〔未表現〕 (their 〔未表現〕 says why)."""
    found = [
        branch(article.number, "条")
        for order in orders
        for article in order.document.articles
        for paragraph in article.paragraphs
        for sentence in paragraph.sentences
        if isinstance(sentence.formula, NotExpressible) and f"別表第1の{row}の項の主務省令" in sentence.text.normal
    ]
    return "・".join(dict.fromkeys(found))


def _row_period(instrument: Instrument, table: Table, row: Row) -> Period | None:
    """The days on which the row stands as text, whether or not anything refers to it yet."""
    period: Period | None = instrument.span
    for level in (table.annotations, row.annotations, *(c.annotations for c in row.cells[:1])):
        for text in values(level, "期間"):
            stood = period_of(text)
            period = period.intersect(stood) if period and stood else None
    return period


def _row_annotations(row: Row) -> tuple[Annotation, ...]:
    return (*row.annotations, *(a for cell in row.cells for a in cell.annotations))


def _affair(national: National, id_: str, row: Row, cell: str, aliases: Sequence[str]) -> None:
    fields = frozenset(f for v in values(_row_annotations(row), "分野") for f in v.split())
    name = without_delegation(cell)
    national.affairs[id_] = Affair(id_, name, frozenset({id_}), tuple(aliases), fields)


def table_one(national: National, orders: Sequence[Instrument]) -> None:
    """Appended Table 1 with Art. 9(1): the statutory uses, narrowed by the orders."""
    act = national.act
    table = act.tables.get("1")
    uses = national.grounds.get("statutory_use", ())
    if table is None or not uses:
        return
    table_assumed = (*assumed_by(table.annotations), *national.ground_assumptions.get("statutory_use", ()))
    for row in table.rows:
        stands = _row_period(act, table, row)
        if stands is None:
            continue
        citation = act.cite_row(stands, table, row)
        if row.deleted:
            _row_clause(national, row, citation, "削除", ClauseStatus.OUT_OF_SCOPE, "削除", ())
            continue
        parties = national.designations.of(row.cells[0].text.raw)
        affair = value(_row_annotations(row), "事務") or f"{act.short}別表第一/{row.number}"
        national.rows[row.number] = affair
        _affair(national, affair, row, row.cells[1].text.raw, (f"{act.short}別表第一/{row.number}", citation.label))
        narrowings = _orders_on("1", row.number, affair, national, orders)
        assumed = (*table_assumed, *assumed_by(_row_annotations(row)))
        if not narrowings and delegation(row.cells[1].text.raw):
            unread = _unread_articles(row.number, orders)
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
                _use_grants(
                    national, reached, affair, common, chain, narrowing.procedures, (*assumed, *narrowing.assumptions)
                )
        _row_clause(
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


def _use_grants(
    national: National,
    parties: frozenset[str],
    affair: str,
    period: Period,
    chain: Sequence[Sequence[Citation]],
    procedures: frozenset[str] | None,
    assumptions: Sequence[str],
) -> None:
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


def _row_clause(
    national: National,
    row: Row,
    citation: Citation,
    text: str,
    status: ClauseStatus,
    reason: str,
    parties: Iterable[str],
) -> None:
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
            national.act.document.path,
            row.span.line,
            municipal=municipal,
            effective=status is ClauseStatus.ENCODED,
        )
    )


# ---- Appended Table 2 -----------------------------------------------------------------------------


def table_two(national: National, orders: Sequence[Instrument]) -> None:
    """Appended Table 2 with Art. 19(7): the statutory linkages."""
    act = national.act
    table = act.tables.get("2")
    if table is None:
        return
    missing = [o for o in orders if o.text_missing and "別表第二" in o.document.title + o.short]
    assumed = tuple(
        dict.fromkeys(
            (*assumed_by(table.annotations), *(a for o in missing for a in assumed_by(o.document.annotations)))
        )
    )
    groups: dict[str, list[Row]] = {}
    for row in table.rows:
        groups.setdefault(row.number, []).append(row)
    for number, rows in groups.items():
        _link_item(national, table, number, rows, assumed)
    for broad in set(national.rows.values()):
        narrower = {a.id for a in national.affairs.values() if broad in a.scope}
        held = national.affairs[broad]
        if narrower:
            national.affairs[broad] = _matched(held, {broad} | narrower)


def _matched(affair: Affair, scope: set[str]) -> Affair:
    """The affair with the affairs of the other table that 〔対応〕 says are the same."""
    return replace(affair, scope=frozenset(scope), assumptions=(MATCH,))


def _link_item(national: National, table: Table, number: str, rows: Sequence[Row], assumed: tuple[str, ...]) -> None:
    act, head = national.act, rows[0]
    citation = act.cite_row(act.span, table, head)
    if head.deleted:
        _row_clause(national, head, citation, "削除", ClauseStatus.OUT_OF_SCOPE, "削除", ())
        return
    parties = national.designations.of(head.cells[0].text.raw)
    affair = value(_row_annotations(head), "事務") or f"{act.short}別表第二/{number}"
    _affair(national, affair, head, head.cells[1].text.raw, (f"{act.short}別表第二/{number}", citation.label))
    broader = value(_row_annotations(head), "対応")
    if broader:
        above = national.rows.get(broader.rpartition("/")[2])
        if above:
            national.affairs[affair] = _matched(national.affairs[affair], {affair, above})
    pairs = []
    for row in rows:
        stands = _row_period(act, table, row)
        if stands is None:
            continue
        names = tuple(values(row.cells[3].annotations, "情報")) or information(row.cells[3].text.raw)
        for name in names:
            defined = name in definitions(row.cells[3].text.raw)
            if defined or name not in national.information:
                national.information[name] = citation.label
        pairs.append(LinkPair(national.designations.of(row.cells[2].text.raw), names, stands))
    item_assumed = tuple(dict.fromkeys((*assumed, *(a for r in rows for a in assumed_by(_row_annotations(r))))))
    item = LinkItem(number, affair, parties, tuple(pairs), citation, item_assumed)
    national.items[number] = item
    for index, pair in enumerate(pairs):
        _link_grants(national, item, pair, index)
    text = head.cells[1].text.raw
    _row_clause(national, head, citation, text, ClauseStatus.ENCODED, "statutory_linkage", parties)


def _link_grants(national: National, item: LinkItem, pair: LinkPair, index: int) -> None:
    linkage = national.grounds.get("statutory_linkage", ())
    is_local = national.designations.is_local
    for local in (True, False):
        parties = frozenset(p for p in item.parties if is_local(p) is local)
        for provider_local in (True, False):
            holders = frozenset(h for h in pair.holders if local or is_local(h) is provider_local)
            if not parties or not holders or (local and not provider_local):
                continue
            for pension in (True, False):
                names = tuple(n for n in pair.information if is_pension(n, pair.holders) is pension)
                if names:
                    limits = network_limits(national, local=local or provider_local, pension=pension)
                    mark = ("L" if local else "NL" if provider_local else "N") + ("P" if pension else "")
                    _link_grant(national, item, pair, holders, f"{index}{mark}", parties, names, limits, linkage)


def _link_grant(
    national: National,
    item: LinkItem,
    pair: LinkPair,
    holders: frozenset[str],
    mark: str,
    parties: frozenset[str],
    names: Sequence[str],
    limits: Sequence[tuple[PeriodLimit, tuple[str, ...]]],
    linkage: Sequence[Citation],
) -> None:
    period: Period | None = pair.period
    for limit, _ in limits:
        period = period.intersect(limit.period) if period else None
    if period is None:
        return
    for piece, bases in dated(period, [linkage, [item.citation]]):
        condition = assessment_condition(national, "assessment_before_linkage", piece)
        bounds = (*(PeriodLimit(c.in_force, f"{c.label}の施行", c) for c in bases), *(limit for limit, _ in limits))
        assumed = (
            *national.ground_assumptions.get("statutory_linkage", ()),
            *item.assumptions,
            *(a for _, ids in limits for a in ids),
        )
        national.grants.append(
            Grant(
                id=f"{item.citation.clause}#{mark}@{piece.first.isoformat()}",
                actions=frozenset({Action.LINK, Action.STORE}),
                parties=parties,
                affair=item.affair,
                period=piece,
                bases=bases,
                clause=bases[0].clause,
                information=frozenset(GrantedInformation(n) for n in names),
                holding=Holding.NETWORK,
                holders=holders,
                conditions=(condition,) if condition else (),
                limits=bounds,
                assumptions=tuple(dict.fromkeys(assumed)),
            )
        )
