"""Operative provisions of an ordinance into grants: number use, use within an agency, provision, card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dsl.entries import entries
from dsl.granting import USES, dated, limited_to, storing
from dsl.information import information_in
from dsl.instrument import values
from dsl.phrases import information
from dsl.place import Entry, Place, for_number_use
from dsl.proviso import barred
from dsl.regulation import Narrowing
from dsl.syntax import (
    AffairClause,
    AgencyPhrase,
    ColumnRef,
    Exclusion,
    InformationPhrase,
    LinkageTerm,
    ProvisionToOtherAgency,
    Row,
    Whose,
)
from engine.period import Period
from engine.rule_set import (
    Action,
    Bar,
    Citation,
    Condition,
    Grant,
    GrantedInformation,
    Holding,
    PeriodLimit,
    Void,
)

if TYPE_CHECKING:
    from dsl.municipal import Municipality


def scope_of_use(m: Municipality, at: Place, clause: AffairClause, exclusions: Sequence[Exclusion]) -> None:
    """The affairs of independent use: grants of number use (法9条2項)."""
    enabling = m.national.grounds.get("ordinance_use", ())
    for entry in entries(m, at, clause.affairs, exclusions):
        parties = _entry_parties(m, at, clause.agencies, entry)
        if not parties:
            continue
        if entry.void:
            _void(m, frozenset({Action.USE, Action.STORE}), parties, entry)
            continue
        for narrowing in for_number_use(entry.narrowings) or (None,):
            chain = [at.citations, *entry.bases, *([[narrowing.citation]] if narrowing else []), enabling]
            period = entry.period.intersect(narrowing.period) if narrowing else entry.period
            add_grant(
                m,
                frozenset({Action.USE}),
                parties,
                entry,
                period,
                chain,
                procedures=narrowing.procedures if narrowing else None,
                conditions=_conditions(at, narrowing),
                keep=m.uses,
            )


def _conditions(at: Place, narrowing: Narrowing | None) -> tuple[Condition, ...]:
    """What the sentence and the regulation ask of the request's facts."""
    if narrowing is None or narrowing.only is None:
        return at.conditions
    return (*at.conditions, limited_to(narrowing.only, narrowing.citation))


def _entry_parties(m: Municipality, at: Place, phrase: AgencyPhrase | None, entry: Entry) -> frozenset[str]:
    parties = m.agencies(phrase, entry.row, entry.table, at.instrument)
    if entry.statutory_parties:
        parties = frozenset(
            k for k in parties if k in entry.statutory_parties or m.parties[k].designations & entry.statutory_parties
        )
    return parties


def _void(m: Municipality, actions: frozenset[Action], parties: frozenset[str], entry: Entry) -> None:
    citation = entry.bases[0][0]
    m.voids.append(
        Void(
            actions,
            parties,
            entry.affair,
            entry.period,
            citation,
            f"{citation.label}は{entry.void}ため、何も認められない",
        )
    )


def card_use(m: Municipality, at: Place, phrase: AgencyPhrase | None, affairs: object) -> None:
    """Uses of the card by ordinance (法18条1号)."""
    area = m.national.grounds.get("card_area", ())
    for entry in entries(m, at, affairs):
        parties = _entry_parties(m, at, phrase, entry)
        add_grant(
            m,
            frozenset({Action.CARD}),
            parties,
            entry,
            entry.period,
            [at.citations, *entry.bases, area],
            conditions=at.conditions,
        )


def use_within_agency(
    m: Municipality, at: Place, phrase: AgencyPhrase, affairs: object, info: InformationPhrase, proviso: bool
) -> None:
    """Use of information the agency itself holds, less what the network proviso bars."""
    enabling = m.national.grounds.get("ordinance_use", ())
    for entry in entries(m, at, affairs):
        parties = _entry_parties(m, at, phrase, entry)
        if not parties:
            continue
        if entry.void:
            _void(m, USES, parties, entry)
            continue
        for narrowing, granted in _informed(m, at, info, entry):
            period = entry.period.intersect(narrowing.period) if narrowing else entry.period
            chain = [at.citations, *entry.bases, *([[narrowing.citation]] if narrowing else []), enabling]
            for party in sorted(parties):
                procedures = narrowing.procedures if narrowing else None
                for names, bars in barred(m, party, entry.affair, granted, procedures, at if proviso else None):
                    add_grant(
                        m,
                        USES,
                        frozenset({party}),
                        entry,
                        period,
                        chain,
                        information=names,
                        bars=bars,
                        procedures=procedures,
                        conditions=_conditions(at, narrowing),
                        holding=Holding.OWN,
                    )


def provision_to_other_agency(m: Municipality, at: Place, formula: ProvisionToOtherAgency) -> None:
    """Provision from one agency of the body to another (法19条の条例の号)."""
    ground = m.national.grounds.get("agency_provision", ())
    for entry in entries(m, at, formula.affairs):
        requesters = _entry_parties(m, at, formula.requester, entry)
        if not requesters:
            continue
        if entry.void:
            _void(m, frozenset({Action.TRANSFER}), requesters, entry)
            continue
        for holders, narrowing, granted in _held_by(m, at, formula, entry):
            period = entry.period.intersect(narrowing.period) if narrowing else entry.period
            chain = [at.citations, *entry.bases, *([[narrowing.citation]] if narrowing else []), ground]
            add_grant(
                m,
                frozenset({Action.TRANSFER}),
                requesters,
                entry,
                period,
                chain,
                information=granted,
                procedures=narrowing.procedures if narrowing else None,
                conditions=_conditions(at, narrowing),
                holding=Holding.OTHER_AGENCY,
                holders=holders,
            )


def _held_by(
    m: Municipality, at: Place, formula: ProvisionToOtherAgency, entry: Entry
) -> Iterator[tuple[frozenset[str], Narrowing | None, frozenset[GrantedInformation]]]:
    """The information of an entry by who holds it: each row of the item may name another agency."""
    by_holder: dict[frozenset[str], list[Row]] = {}
    for row in entry.rows or ((entry.row,) if entry.row else ()):
        by_holder.setdefault(m.agencies(formula.holder, row, entry.table, at.instrument), []).append(row)
    if not by_holder:
        by_holder[m.agencies(formula.holder, None, None, at.instrument)] = []
    for holders, rows in by_holder.items():
        if holders:
            for narrowing, granted in _informed(m, at, formula.information, entry, tuple(rows)):
                yield holders, narrowing, granted


def _informed(
    m: Municipality, at: Place, info: InformationPhrase, entry: Entry, rows: tuple[Row, ...] = ()
) -> Iterator[tuple[Narrowing | None, frozenset[GrantedInformation]]]:
    """What information a clause opens for an entry: by the regulation's pairs, else by the cell."""
    if isinstance(info.what, LinkageTerm) or (isinstance(info.what, ColumnRef) and info.what.table.whose is Whose.ACT):
        yield from _statutory_information(entry)
        return
    if not isinstance(info.what, ColumnRef):
        yield None, frozenset(GrantedInformation(n) for n in information(info.what.text))
        return
    if entry.row is None or entry.table is None:
        return
    cells = [m.cell(info.what, r, entry.table, at.instrument) for r in rows or entry.rows or (entry.row,)]
    every = [m.cell(info.what, r, entry.table, at.instrument) for r in entry.rows or (entry.row,)]
    names = tuple(dict.fromkeys(n for c in cells if c is not None for n in information_in(c)))
    known = {n for c in every if c is not None for n in information_in(c)}
    pairs = [n for n in entry.narrowings if n.information is not None]
    if not pairs:
        lists = for_number_use(entry.narrowings)
        granted = frozenset(GrantedInformation(n) for n in names)
        for narrowing in lists or (None,):
            yield narrowing, granted
        return
    for pair in pairs:
        assert pair.information is not None
        within = frozenset(g for g in pair.information if g.name in names)
        for beyond in sorted(g for g in pair.information if g.name not in known):
            m.findings.add(
                "J0324",
                at.instrument,
                entry.row.span,
                f"{pair.citation.label}の「{beyond.name}」は、この欄にありません",
                f"欄に「{beyond.name}」を加えるか、規則から除いてください。",
            )
        if within:
            yield pair, within


def _statutory_information(entry: Entry) -> Iterator[tuple[Narrowing | None, frozenset[GrantedInformation]]]:
    """What may be asked for in a linkage: procedure by procedure where the order words it so, else the whole item's."""
    for narrowing in entry.narrowings:
        named = frozenset(g for g in narrowing.information or () if g.name in entry.statutory_information)
        if named:
            yield narrowing, named
    if not entry.narrowings:
        yield None, frozenset(GrantedInformation(n) for n in entry.statutory_information)


def _declared_of(m: Municipality, bases: Sequence[Citation]) -> Iterator[str]:
    """The assumptions that instruments and paragraphs behind a grant declare by 〔仮定 …〕."""
    shorts = {c.instrument for c in bases}
    for instrument in m.instruments:
        if instrument.short in shorts:
            yield from values(instrument.document.annotations, "仮定")
    for effect, cited in m.national.grounds.items():
        if any(c in bases for c in cited):
            yield from m.national.ground_assumptions.get(effect, ())


def add_grant(
    m: Municipality,
    actions: frozenset[Action],
    parties: frozenset[str],
    entry: Entry,
    period: Period | None,
    chain: Sequence[Sequence[Citation]],
    *,
    information: frozenset[GrantedInformation] | None = None,
    procedures: frozenset[str] | None = None,
    holding: Holding = Holding.NONE,
    holders: frozenset[str] = frozenset(),
    bars: tuple[Bar, ...] = (),
    conditions: tuple[Condition, ...] = (),
    limits: tuple[PeriodLimit, ...] = (),
    assumptions: Sequence[str] = (),
    keep: dict[str, list[Grant]] | None = None,
) -> None:
    """Add a grant, one for each run of days in which every provision of its chain has one address; and the right to keep."""
    if period is None:
        return
    for piece, bases in dated(period, chain):
        tail = "/".join(sorted(k.rpartition("/")[2] for k in parties))
        mark = "+".join(sorted({g.name for g in information or ()}))
        whom = "+".join(sorted({g.person or "" for g in information or ()}))
        number = "+".join(sorted(p.rpartition("/")[2] for p in procedures or ()))
        grant = Grant(
            id=f"{bases[0].clause}#{entry.affair}#{bases[min(1, len(bases) - 1)].clause}#{number}#{tail}#{mark}#{whom}@{piece.first.isoformat()}",
            actions=actions,
            parties=parties,
            affair=entry.affair,
            period=piece,
            bases=bases,
            clause=bases[0].clause,
            procedures=procedures,
            information=information,
            holding=holding,
            holders=holders,
            conditions=(*conditions, *entry.conditions),
            bars=tuple(b for b in bars if b.period.intersect(piece)),
            limits=(*(PeriodLimit(c.in_force, f"{c.label}の施行", c) for c in bases), *limits),
            assumptions=tuple(dict.fromkeys((*entry.assumptions, *assumptions, *_declared_of(m, bases)))),
            statutory=False,
        )
        m.grants.append(grant)
        if keep is not None:
            keep.setdefault(entry.affair, []).append(grant)
        if actions & {Action.USE, Action.TRANSFER}:
            m.grants.extend(storing(m.national, grant))
