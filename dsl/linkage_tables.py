"""Statutory linkages: the table of who may ask whom for what through the network, into grants.

Until 2024-05-26 the table is Appended Table 2 of the Act, since then that of Article 2 of the order of 2024 No. 9. Where the
order's articles behind an item are at hand, each procedure (号) opens only what it words, from the providers of the item.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from dsl.appended_tables import declare_affair, row_annotations, row_clause, row_period, use_grants
from dsl.granting import assessment_condition, dated, fact_conditions, is_pension, network_limits
from dsl.instrument import Instrument, row_number, value, values
from dsl.linkage_details import Detail, Opened, details
from dsl.national_model import LinkItem, LinkPair, National, assumed_by
from dsl.phrases import definitions, information
from dsl.place import placed
from dsl.regulation import Narrowing
from dsl.syntax import Row, StatutoryFormula, Table
from engine.period import Period
from engine.rule_set import (
    Action,
    Affair,
    Citation,
    Clause,
    ClauseStatus,
    Condition,
    Grant,
    GrantedInformation,
    Holding,
    PeriodLimit,
    Procedure,
)

#: which affair of Table 2 belongs to which of Table 1 is the editors' reading (〔対応〕)
MATCH = "A-T1-T2-MATCH"
#: which information of the table an item's wording is part of is the editors' reading (〔情報〕)
PART = "A-ORDER9-PART"
#: the articles behind the item are not in the file
WITHOUT_DETAILS = "A-ORDER9-DETAILS"


@dataclass(frozen=True, slots=True)
class _Source:
    """A linkage table, the instrument it stands in, and the details of its items."""

    instrument: Instrument
    table: Table
    short: str  # 番号法別表第二
    assumptions: tuple[str, ...]
    details: dict[str, tuple[Detail, ...]] = field(default_factory=dict)
    without_details: tuple[str, ...] = ()  # what an item rests on whose details are not at hand


@dataclass(frozen=True, slots=True)
class _Asked:
    """Information that one provider may be asked for: by which procedure, on what conditions, resting on what."""

    names: frozenset[GrantedInformation]
    procedure: str | None
    cited: tuple[Sequence[Citation], ...]
    conditions: tuple[Condition, ...]
    assumptions: tuple[str, ...]


def table_two(national: National, orders: Sequence[Instrument]) -> None:
    """The statutory linkages (Art. 19(7), since 2021-09-01 Art. 19(8)) of the table in force in the slice."""
    for source in _sources(national, orders):
        groups: dict[str, list[Row]] = {}
        for row in source.table.rows:
            groups.setdefault(row.number, []).append(row)
        for number, rows in groups.items():
            _link_item(national, source, number, rows)
    for broad in set(national.rows.values()):
        narrower = {a.id for a in national.affairs.values() if broad in a.scope}
        held = national.affairs[broad]
        if narrower:
            national.affairs[broad] = _matched(held, {broad} | narrower)


def _sources(national: National, orders: Sequence[Instrument]) -> Iterator[_Source]:
    act = national.act
    table = act.tables.get("2")
    if table is not None:
        missing = [o for o in orders if o.text_missing and "別表第二" in o.document.title + o.short]
        assumed = (*assumed_by(table.annotations), *(a for o in missing for a in assumed_by(o.document.annotations)))
        yield _Source(act, table, f"{act.short}別表第二", tuple(dict.fromkeys(assumed)))
    for order in orders:
        for article in order.document.articles:
            for paragraph in article.paragraphs:
                tabled = any(s.formula == StatutoryFormula("linkage_table") for s in paragraph.sentences)
                if tabled and paragraph.table is not None:
                    held = placed(paragraph.table, article, paragraph)
                    yield _Source(
                        order,
                        held,
                        order.short,
                        assumed_by(order.document.annotations, article.annotations, paragraph.annotations),
                        details(order, held.number),
                        (WITHOUT_DETAILS,),
                    )


def _matched(affair: Affair, scope: set[str]) -> Affair:
    """The affair with the affairs of the other table that 〔対応〕 says are the same."""
    return replace(affair, scope=frozenset(scope), assumptions=(MATCH,))


def _link_item(national: National, source: _Source, number: str, rows: Sequence[Row]) -> None:
    head, path = rows[0], source.instrument.document.path
    standing = [(row, stands) for row in rows if (stands := row_period(source.instrument, source.table, row))]
    days = {stands for _, stands in standing}
    span = next(iter(days)) if len(days) == 1 and len(standing) == len(rows) else source.instrument.span
    citation = source.instrument.cite_row(span, source.table, head)
    if head.deleted:
        row_clause(national, head, citation, "削除", ClauseStatus.OUT_OF_SCOPE, "削除", (), path)
        return
    annotations = row_annotations(head)
    parties = national.designations.of(head.cells[0].text.raw)
    pairs = []
    for row, stands in standing:
        names = tuple(values(row.cells[3].annotations, "情報")) or information(row.cells[3].text.raw)
        for name in names:
            defined = name in definitions(row.cells[3].text.raw)
            if defined or name not in national.information:
                national.information[name] = citation.label
        pairs.append(LinkPair(national.designations.of(row.cells[2].text.raw), names, stands))
    assumed = (*source.assumptions, *(a for row in rows for a in assumed_by(row_annotations(row))))
    default = f"{source.short}/{number}"
    text = head.cells[1].text.raw
    # several old items became one: it is each of their affairs
    for affair in values(annotations, "事務") or (default,):
        declare_affair(national, affair, head, text, (default, citation.label))
        broader = value(annotations, "対応")
        above = national.rows.get(broader.rpartition("/")[2]) if broader else None
        if above:
            national.affairs[affair] = _matched(national.affairs[affair], {affair, above})
        found = source.details.get(number, ())
        narrowings = tuple(_narrowing(national, source, affair, detail) for detail in found)
        resting = tuple(dict.fromkeys((*assumed, *(() if found else source.without_details))))
        reading = (PART,) if any(not o.exact for detail in found for o in detail.opened) else ()
        item = LinkItem(number, affair, parties, tuple(pairs), citation, resting, narrowings, reading)
        national.items[affair] = item
        asked = tuple(_asked(found, narrowings))
        for index, pair in enumerate(pairs):
            _pair_grants(national, item, pair, index, asked)
        if value(annotations, "準法定事務") and pairs:
            _quasi_statutory_use(national, item, pairs[0].period)
    row_clause(national, head, citation, text, ClauseStatus.ENCODED, "statutory_linkage", parties, path)


# ---- details --------------------------------------------------------------------------------------


def _narrowing(national: National, source: _Source, affair: str, detail: Detail) -> Narrowing:
    """What a procedure opens, and the procedure itself."""
    key = f"{affair}/{detail.name}"
    national.procedures[key] = Procedure(key, affair, detail.text, detail.citations)
    if detail.unread:
        said = f"「{'」「'.join(detail.unread)}」の示す号が無く、その情報は何も認めない"
        cited = replace(detail.citations[0], clause=f"{detail.citations[0].clause}!unread")
        path, line = source.instrument.document.path, source.table.span.line
        status = ClauseStatus.NOT_EXPRESSIBLE
        national.clauses.append(Clause(cited.clause, cited, detail.text, status, said, path, line))
    granted = frozenset(o.granted for o in detail.opened)
    return Narrowing(detail.citations[0], detail.period, frozenset({key}), granted)


def _asked(found: Sequence[Detail], narrowings: Sequence[Narrowing]) -> Iterator[_Asked]:
    """What each procedure opens, apart by whether it is worded as the table words it."""
    for detail, narrowing in zip(found, narrowings, strict=True):
        (procedure,) = narrowing.procedures or frozenset({""})
        conditions = fact_conditions(detail.annotations, detail.text, detail.citations[0])
        exact = {o.granted for o in detail.opened if o.exact}
        for names, assumed in ((exact, ()), (_only_part(detail.opened) - exact, (PART,))):
            if names:
                yield _Asked(frozenset(names), procedure, (detail.citations,), conditions, assumed)


def _only_part(opened: Sequence[Opened]) -> set[GrantedInformation]:
    return {o.granted for o in opened if not o.exact}


# ---- grants ---------------------------------------------------------------------------------------


def _pair_grants(national: National, item: LinkItem, pair: LinkPair, index: int, asked: Sequence[_Asked]) -> None:
    linkage = national.grounds.get("statutory_linkage", ())
    if not item.narrowings:
        whole = frozenset(GrantedInformation(n) for n in pair.information)
        _link_grants(national, item, pair, str(index), _Asked(whole, None, (), (), ()), linkage)
    for each in asked:
        names = frozenset(n for n in each.names if n.name in pair.information)
        if names:
            number = (each.procedure or "").rpartition("/")[2]
            part = "?" if PART in each.assumptions else ""
            narrowed = _Asked(names, each.procedure, each.cited, each.conditions, each.assumptions)
            _link_grants(national, item, pair, f"{number}{part}#{index}", narrowed, linkage)


def _link_grants(
    national: National, item: LinkItem, pair: LinkPair, mark: str, asked: _Asked, linkage: Sequence[Citation]
) -> None:
    is_local = national.designations.is_local
    for local in (True, False):
        parties = frozenset(p for p in item.parties if is_local(p) is local)
        for provider_local in (True, False):
            holders = frozenset(h for h in pair.holders if local or is_local(h) is provider_local)
            if not parties or not holders or (local and not provider_local):
                continue
            for pension in (True, False):
                names = frozenset(n for n in asked.names if is_pension(n.name, pair.holders) is pension)
                if names:
                    limits = network_limits(national, local=local or provider_local, pension=pension)
                    kind = ("L" if local else "NL" if provider_local else "N") + ("P" if pension else "")
                    narrowed = _Asked(names, asked.procedure, asked.cited, asked.conditions, asked.assumptions)
                    _link_grant(national, item, pair, holders, f"{mark}{kind}", parties, narrowed, limits, linkage)


def _link_grant(
    national: National,
    item: LinkItem,
    pair: LinkPair,
    holders: frozenset[str],
    mark: str,
    parties: frozenset[str],
    asked: _Asked,
    limits: Sequence[tuple[PeriodLimit, tuple[str, ...]]],
    linkage: Sequence[Citation],
) -> None:
    period: Period | None = pair.period
    for limit, _ in limits:
        period = period.intersect(limit.period) if period else None
    if period is None:
        return
    for piece, bases in dated(period, [linkage, [item.citation], *asked.cited]):
        condition = assessment_condition(national, "assessment_before_linkage", piece)
        bounds = (*(PeriodLimit(c.in_force, f"{c.label}の施行", c) for c in bases), *(limit for limit, _ in limits))
        assumed = (
            *national.ground_assumptions.get("statutory_linkage", ()),
            *item.assumptions,
            *asked.assumptions,
            *(a for _, ids in limits for a in ids),
        )
        national.grants.append(
            Grant(
                id=f"{item.citation.clause}#{_which(item)}{mark}@{piece.first.isoformat()}",
                actions=frozenset({Action.LINK, Action.STORE}),
                parties=parties,
                affair=item.affair,
                period=piece,
                bases=bases,
                clause=bases[0].clause,
                procedures=None if asked.procedure is None else frozenset({asked.procedure}),
                information=asked.names,
                holding=Holding.NETWORK,
                holders=holders,
                conditions=(*((condition,) if condition else ()), *asked.conditions),
                limits=bounds,
                assumptions=tuple(dict.fromkeys(assumed)),
            )
        )


def _which(item: LinkItem) -> str:
    """What tells the grants of an item that stands for several affairs apart."""
    own = row_number(item.number)
    return "" if item.affair.rpartition("/")[2] in (own, item.number) else f"{item.affair}#"


def _quasi_statutory_use(national: National, item: LinkItem, stands: Period) -> None:
    """The use of the number for an affair of the table that no row of the Act's table holds (準法定事務, Art. 9(1)).

    The order that names such affairs (2024 No. 8) is not at hand. The table of the order of 2024 No. 9 can hold only affairs of
    the Act's table and 準法定事務 (its Art. 2), and asks only those who process them; an affair that rests on a circular and no
    statute is therefore named by No. 8. What No. 8 says beyond the item and its procedures is not known and not granted.
    """
    uses = national.grounds.get("statutory_use", ())
    assumed = (*national.ground_assumptions.get("statutory_use", ()), *item.assumptions)
    for narrowing in item.narrowings or (None,):
        chain: list[Sequence[Citation]] = [uses, [item.citation]]
        if narrowing is not None:
            chain.append([narrowing.citation])
        procedures = narrowing.procedures if narrowing else None
        use_grants(national, item.parties, item.affair, stands, chain, procedures, assumed)
