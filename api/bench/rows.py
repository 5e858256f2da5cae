"""The rule set as flat rows, the only shape that a table engine can hold.

A row is one grant for one agency, affair, procedure, information and holder, with its days and the
facts it needs. `satisfied` by a row is exactly docs/SEMANTICS.md for a request of at most one item
of information that names no person: blanket designations and scopes are unrolled, and a bar
becomes rows for the days outside it and for the facts that lift it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from engine.period import Period
from engine.resolve import register
from engine.rule_set import Action, Affair, Bar, Fact, Grant, Holding, Part, Party, RuleSet

#: A request as a caller sends it: what JSON or YAML gives.
Case = dict[str, Any]

#: What a request is about, in the caller's own words.
Key = tuple[str, str, str, str, str | None, str | None, str | None]

#: Facts a row needs, each with the value it must have.
Needs = frozenset[tuple[str, bool]]

FOREVER = "9999-12-31"


class Row(NamedTuple):
    """One line of the table: the key, the days as ISO text, the facts needed, the grant's id."""

    key: Key
    first: str
    last: str
    needs: Needs
    grant: str


def key_of(case: Case) -> Key:
    """The key of a request: what it is about, as the caller words it."""
    information = case.get("information")
    return (
        case["action"],
        case["municipality"],
        case["agency"],
        case["affair"],
        case.get("procedure"),
        information[0] if information else None,
        case.get("holder"),
    )


def expand(rule_set: RuleSet) -> list[Row]:
    """Every row of every municipality of the rule set, and of the national agencies, in rule-set order."""
    rows: list[Row] = []
    for code, part in rule_set.bodies.items():
        if not part.faults:
            rows.extend(_rows_of(rule_set, rule_set.parts(code), part, part.body.name if part.body else code))
    rows.extend(_rows_of(rule_set, rule_set.parts(None), rule_set.national, ""))
    return rows


def distinct(rows: Iterable[Row]) -> list[Row]:
    """Rows that say the same, once."""
    return list(dict.fromkeys(rows))


class Group(NamedTuple):
    """Rows that differ only in procedure and holder, as one line with lists: the table an analyst would write."""

    key: tuple[str, str, str, str, str | None]  # action, municipality, agency, affair, information
    procedures: frozenset[str | None]
    holders: frozenset[str | None]
    first: str
    last: str
    needs: Needs
    grant: str


def compact(rows: Iterable[Row]) -> list[Group]:
    """The rows with procedures and holders drawn together, saying exactly the same."""
    held: dict[tuple[Any, ...], dict[str | None, set[str | None]]] = {}
    for row in rows:
        action, municipality, agency, affair, procedure, information, holder = row.key
        same = ((action, municipality, agency, affair, information), row.first, row.last, row.needs, row.grant)
        held.setdefault(same, {}).setdefault(holder, set()).add(procedure)
    groups = []
    for (key, first, last, needs, grant), by_holder in held.items():
        alike: dict[frozenset[str | None], set[str | None]] = {}
        for holder, procedures in by_holder.items():
            alike.setdefault(frozenset(procedures), set()).add(holder)
        for found, holders in alike.items():
            groups.append(Group(key, found, frozenset(holders), first, last, needs, grant))
    return groups


def affair_word(affair: Affair, code: str | None) -> str:
    """The affair as a caller of municipality `code` names it."""
    return affair.id.removeprefix(f"{code}/") if code else affair.id


def party_word(party: Party) -> str:
    """The agency as a caller names it."""
    return party.name


def _rows_of(rule_set: RuleSet, parts: tuple[Part, ...], part: Part, municipality: str) -> Iterator[Row]:
    code = part.body.code if part.body else None
    affairs = {k: a for p in reversed(parts) for k, a in p.affairs.items()}
    by_scope: dict[str, list[Affair]] = {}
    registers: dict[str, list[tuple[Period, bool]]] = {}
    for affair in affairs.values():
        for broad in affair.scope:
            by_scope.setdefault(broad, []).append(affair)
    for grant in (g for p in parts for g in p.grants):
        acting = [p for p in part.parties.values() if p.designations & grant.parties]
        reached = by_scope.get(grant.affair, [])
        if not acting or not reached:
            continue
        windows = list(_windows(grant))
        for party, affair, action in itertools.product(acting, reached, sorted(grant.actions)):
            holders = list(holder_words(rule_set, part, grant, party, action))
            procedures = list(_procedures(parts, grant, affair))
            if affair.id not in registers:
                registers[affair.id] = list(_assessed(parts, affair))
            days = [cut for window in windows for cut in _registered(window, registers[affair.id])]
            for procedure, name, holder in itertools.product(procedures, _information(grant), holders):
                who, what = party_word(party), affair_word(affair, code)
                key = (action.value, municipality, who, what, procedure, name, holder)
                for stood, needs in days:
                    last = stood.last.isoformat() if stood.last else FOREVER
                    yield Row(key, stood.first.isoformat(), last, needs, grant.id)


def _information(grant: Grant) -> list[str | None]:
    return [None] if grant.information is None else [*dict.fromkeys(g.name for g in sorted(grant.information))]


def _procedures(parts: tuple[Part, ...], grant: Grant, affair: Affair) -> Iterator[str | None]:
    """A request that names no procedure, and each procedure of the affair that the grant covers."""
    yield None
    prefix = f"{affair.id}/"
    for part in parts:
        for key in part.procedures:
            if key.startswith(prefix) and (grant.procedures is None or key in grant.procedures):
                yield key.removeprefix(prefix)


def holder_words(rule_set: RuleSet, part: Part, grant: Grant, party: Party, action: Action) -> Iterator[str | None]:
    """The holders, as a caller names them, with which the grant reaches a request; None for no holder named.

    The workload names agencies of the own body and national agencies, and a holder only with information.
    """
    own = list(part.parties.values()) if part.body else []
    unnamed = (Holding.NONE, Holding.NETWORK, *((Holding.OWN,) if action is Action.USE else ()))
    if action is Action.STORE or grant.holding in unnamed:
        yield None
    match grant.holding:
        case Holding.OWN:
            yield party_word(party)
        case Holding.OTHER_AGENCY:
            yield from (party_word(p) for p in own if p.key != party.key and p.designations & grant.holders)
        case Holding.NETWORK:
            abroad = rule_set.national.parties.values()
            yield from (party_word(p) for p in abroad if p.designations & grant.holders)


def is_registered(parts: tuple[Part, ...], affair: Affair) -> bool:
    """Whether the register answers for the impact assessment of the affair, so that a caller need not."""
    return bool(register(parts, affair)[0])


def _assessed(parts: tuple[Part, ...], affair: Affair) -> Iterator[tuple[Period, bool]]:
    """The runs of days of the register of impact assessments with what it says of the affair; none without entry."""
    days, values, _ = register(parts, affair)
    if not days:
        return
    firsts = [date.min, *days]
    for first, following, value in zip(firsts, [*firsts[1:], None], values, strict=True):
        if following != first:
            yield Period(first, following - timedelta(days=1) if following else None), value


def _registered(window: tuple[Period, Needs], runs: list[tuple[Period, bool]]) -> Iterator[tuple[Period, Needs]]:
    """A window where the register answers instead of the caller: only its days that suit, the need dropped."""
    days, needs = window
    asked = {value for fact, value in needs if fact == Fact.PIA}
    if not runs or not asked:
        yield window
        return
    for run, value in runs:
        common = days.intersect(run)
        if common is not None and value in asked:
            yield common, needs - {(str(Fact.PIA), value)}


def _windows(grant: Grant) -> Iterator[tuple[Period, Needs]]:
    """The days of a grant, cut where its bars begin and end, each with the sets of facts that satisfy it there."""
    pieces = [grant.period]
    for bar in grant.bars:
        pieces = [cut for piece in pieces for cut in _cut(piece, bar.period)]
    wanted = frozenset((str(c.literal.fact), c.literal.value) for c in grant.conditions)
    for piece in pieces:
        active = [bar for bar in grant.bars if bar.period.contains(piece.first)]
        for needs in _lifting(active, wanted):
            yield piece, needs


def _cut(piece: Period, by: Period) -> Iterator[Period]:
    inside = piece.intersect(by)
    if inside is not None:
        yield inside
    yield from piece.subtract(by)


def _lifting(bars: Iterable[Bar], wanted: Needs) -> Iterator[Needs]:
    """Every smallest choice of one false literal per bar, added to what the conditions want."""
    seen: set[Needs] = set()
    for chosen in itertools.product(*(bar.literals for bar in bars)):
        needs = wanted | {(str(literal.fact), not literal.value) for literal in chosen}
        if needs not in seen and not any((fact, not value) in needs for fact, value in needs):
            seen.add(needs)
            yield needs


class Floor:
    """The plain-dict decision that every ratio refers to: key built, days compared, row ids returned.

    It evaluates no condition, explains nothing and validates nothing; no engine can do less.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        table: dict[Key, dict[tuple[str, str, str], None]] = {}
        for row in rows:
            table.setdefault(row.key, {})[row.first, row.last, row.grant] = None
        self._table = {key: list(found) for key, found in table.items()}

    def decide(self, case: Case) -> list[str]:
        """The ids of the rows of the request's key that stand on its day."""
        information = case.get("information")
        found = self._table.get(
            (
                case["action"],
                case["municipality"],
                case["agency"],
                case["affair"],
                case.get("procedure"),
                information[0] if information else None,
                case.get("holder"),
            )
        )
        if found is None:
            return []
        on = case["on"]
        return [grant for first, last, grant in found if first <= on <= last]


class Table:
    """The rows with their facts: decides exactly, and sorts the workload into lawful and unlawful."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows: dict[Key, list[Row]] = {}
        for row in rows:
            self._rows.setdefault(row.key, []).append(row)

    def decide(self, case: Case) -> list[str]:
        """The ids of the satisfied grants."""
        on, facts = case["on"], frozenset(case["facts"].items())
        found = self._rows.get(key_of(case), ())
        return list(dict.fromkeys(r.grant for r in found if r.first <= on <= r.last and r.needs <= facts))
