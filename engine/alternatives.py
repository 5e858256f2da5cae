"""What would make a refused request lawful: the smallest changes, tried out before they are offered.

An alternative is a set of changes from a closed vocabulary. Applying exactly these makes the request
lawful; no strict subset does. Where nothing the requester can do helps, a hint says what would have
to be enacted or registered; a hint is not executable.
"""

from __future__ import annotations

import enum
from datetime import date, timedelta
from itertools import combinations, islice, product
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from engine import wording
from engine.index import GrantIndex, index_of
from engine.japanese import spoken_day
from engine.matching import literal_value, reaches_holder, reaches_information, reaches_party, reaches_procedure
from engine.rule_set import Action, Holding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.decision import Decision, Interpreter
    from engine.request import Request
    from engine.rule_set import Bar, Grant, GrantedInformation, Party, RuleSet

MOST = 5  # alternatives offered
_LARGEST = 6  # changes in one alternative
_PER_ITEM = 12  # ways tried for one item of information
_FACT_WAYS = 16  # ways tried to make the bars of one grant fail
_COMBINED = 512  # combinations of the ways of several items
_ROUTES = (Action.USE, Action.TRANSFER, Action.LINK)


class Kind(enum.StrEnum):
    """What is changed; in order of how near it is to what was asked."""

    FACT = "fact"
    PROCEDURE = "procedure"
    HOLDER = "holder"
    ACTION = "action"
    DAY = "day"
    AGENCY = "agency"


_DISTANCE = {kind: distance for distance, kind in enumerate(Kind, 1)}


class Change(msgspec.Struct, frozen=True, order=True):
    """One change to the request: the value that the member (or, for FACT, the fact `name`) takes."""

    kind: Kind
    name: str
    value: str | bool | None


class Alternative(msgspec.Struct, frozen=True):
    """Changes that together make the request lawful. Without changes it is a hint only."""

    text: str
    changes: tuple[Change, ...] = ()

    @property
    def executable(self) -> bool:
        """Whether the requester can try it; a hint asks for a change of the rules or registers."""
        return bool(self.changes)


def alternatives(rule_set: RuleSet, interpreter: Interpreter, request: Request) -> tuple[Alternative, ...]:
    """The nearest ways to make a refused request lawful, nearest first; nothing when it is lawful.

    Args:
        rule_set: The rules the interpreter reads.
        interpreter: Tries every alternative.
        request: A resolved request.
    """
    decision = interpreter.decide(request)
    if decision.lawful:
        return ()
    search = _Search(index_of(rule_set), interpreter, request)
    found = [
        Alternative(search.sentence(changes), tuple(sorted(changes, key=lambda c: (_DISTANCE[c.kind], c.name))))
        for changes in sorted(search.minimal(decision), key=search.distance)
    ]
    return tuple(found[:MOST]) or tuple(_hints(decision))


def apply(rule_set: RuleSet, request: Request, changes: frozenset[Change] | tuple[Change, ...]) -> Request:
    """The request with the changes made; it stays a resolved request."""
    index = index_of(rule_set)
    facts = dict(request.facts)
    for change in changes:
        value = change.value
        match change.kind:
            case Kind.FACT:
                facts[change.name] = value is True
            case Kind.PROCEDURE:
                request = replace(request, procedure=value)
            case Kind.HOLDER:
                request = _held_by(index, request, None if value is None else str(value))
            case Kind.ACTION:
                request = replace(request, action=Action(str(value)))
            case Kind.DAY:
                request = replace(request, on=date.fromisoformat(str(value)))
            case Kind.AGENCY:
                request = replace(request, party=str(value))
    return replace(request, facts=facts)


def _held_by(index: GrantIndex, request: Request, holder: str | None) -> Request:
    if holder is None:
        return replace(request, holder=None, holder_designations=frozenset(), holder_body=None)
    party = index.party(request.body, holder)
    if party is None:
        return replace(request, holder=holder, holder_designations=frozenset({holder}), holder_body=None)
    return replace(request, holder=party.key, holder_designations=party.designations, holder_body=party.body)


class _Search:
    """Looks for changes along the grants that the request misses, and tries them."""

    def __init__(self, index: GrantIndex, interpreter: Interpreter, request: Request) -> None:
        self.index = index
        self.rule_set = index.rule_set
        self.interpreter = interpreter
        self.request = request
        self._tried: dict[frozenset[Change], bool] = {frozenset(): False}

    def lawful(self, changes: frozenset[Change]) -> bool:
        """Whether the request is lawful with exactly these changes."""
        known = self._tried.get(changes)
        if known is None:
            changed = apply(self.rule_set, self.request, changes)
            known = self._tried[changes] = self.interpreter.decide(changed).lawful
        return known

    def minimal(self, decision: Decision) -> set[frozenset[Change]]:
        """The smallest sets of changes found that make the request lawful."""
        refused = [item.information for item in decision.items if not item.lawful]
        most = max(1, int(_COMBINED ** (1 / len(refused)))) if refused else 1
        ways = [self._ways(information)[:most] for information in refused]
        bundles = {
            bundle for chosen in product(*ways) if (bundle := _together(chosen)) is not None and len(bundle) <= _LARGEST
        }
        found: set[frozenset[Change]] = set()
        for bundle in sorted(bundles, key=lambda b: (self.distance(b), sorted(map(repr, b))))[:64]:
            smallest = self._smallest(bundle)
            if smallest is not None:
                found.add(smallest)
        return {changes for changes in found if not self._waits_longer(changes, found)}

    def _waits_longer(self, changes: frozenset[Change], found: set[frozenset[Change]]) -> bool:
        """Whether another set differs only in an earlier day."""
        rest = frozenset(c for c in changes if c.kind is not Kind.DAY)
        return rest != changes and any(
            self.distance(other) < self.distance(changes)
            and frozenset(c for c in other if c.kind is not Kind.DAY) == rest
            for other in found
            if other != changes
        )

    def _smallest(self, bundle: frozenset[Change]) -> frozenset[Change] | None:
        """The smallest lawful subset; every smaller one was tried and failed."""
        ordered = sorted(bundle, key=repr)
        for size in range(1, len(ordered) + 1):
            for chosen in combinations(ordered, size):
                if self.lawful(frozenset(chosen)):
                    return frozenset(chosen)
        return None

    def distance(self, changes: frozenset[Change]) -> tuple[int, int, str]:
        """How far from what was asked: kinds first, then days to wait."""
        days = [date.fromisoformat(str(c.value)) for c in changes if c.kind is Kind.DAY]
        wait = max(((day - self.request.on).days for day in days), default=0)
        return sum(_DISTANCE[c.kind] for c in changes), wait, repr(sorted(changes, key=repr))

    # ---- along one grant ------------------------------------------------------------------------

    def _ways(self, information: GrantedInformation | None) -> list[frozenset[Change]]:
        """What each grant about the item asks to be changed, nearest first; the item may also be lawful as it is."""
        request = self.request
        scope = self.index.scope(request.body, request.affair)
        actions = _ROUTES if request.action in _ROUTES and information is not None else (request.action,)
        ways = {
            frozenset(way)
            for action in actions
            for grant in self.index.grants(request.body, action, scope)
            if reaches_information(grant, information)
            for way in self._along(grant, action)
        }
        return sorted(ways, key=self.distance)[:_PER_ITEM]

    def _along(self, grant: Grant, action: Action) -> Iterator[list[Change]]:
        for party in self._agencies(grant):
            changes: list[Change] = []
            asked = self.request
            if party.key != asked.party:
                changes.append(Change(Kind.AGENCY, "agency", party.key))
                asked = replace(asked, party=party.key)
            if action is not asked.action:
                changes.append(Change(Kind.ACTION, "action", action.value))
                asked = replace(asked, action=action)
            if not reaches_procedure(grant, asked.procedure):
                changes.append(Change(Kind.PROCEDURE, "procedure", min(grant.procedures or ())))
            for day in self._days(grant):
                moved = [] if day == asked.on else [Change(Kind.DAY, "on", day.isoformat())]
                for facts in self._facts(grant, day):
                    for holder in self._holders(grant, asked):
                        yield [*changes, *moved, *facts, *holder]

    def _agencies(self, grant: Grant) -> Iterator[Party]:
        request = self.request
        party = self.index.party(request.body, request.party)
        if party is not None and reaches_party(grant, party) is True:
            yield party
            return
        own = self.rule_set.bodies.get(request.body) if request.body is not None else self.rule_set.national
        for other in () if own is None else own.parties.values():
            if reaches_party(grant, other) is True:
                yield other

    def _days(self, grant: Grant) -> Iterator[date]:
        """Days to try: today; else the first of the grant; and the days after its bars."""
        today, valid = self.request.on, self.rule_set.valid
        first = max(today, grant.period.first)
        days = [first]
        days += [
            bar.period.last + timedelta(days=1)
            for bar in grant.bars
            if bar.period.last is not None and bar.period.contains(first)
        ]
        yield from (day for day in days if grant.period.contains(day) and valid.contains(day))

    def _facts(self, grant: Grant, day: date) -> Iterator[list[Change]]:
        """Facts to set so that all conditions hold and no bar of the day does; one way for each literal of a bar."""
        facts = self.request.facts
        needed = {
            Change(Kind.FACT, condition.literal.fact, condition.literal.value)
            for condition in grant.conditions
            if literal_value(condition.literal, facts) is not True
        }
        bars = [bar for bar in grant.bars if bar.period.contains(day)]
        fixed = frozenset(condition.literal.fact for condition in grant.conditions)
        for changes in islice(_unbarred(bars, facts, frozenset(needed), fixed), _FACT_WAYS):
            yield sorted(changes, key=repr)

    def _holders(self, grant: Grant, asked: Request) -> Iterator[list[Change]]:
        if reaches_holder(grant, asked) is True:
            yield []
            return
        for holder in self._holder_keys(grant, asked):
            if reaches_holder(grant, _held_by(self.index, asked, holder)) is True:
                yield [Change(Kind.HOLDER, "holder", holder)]

    def _holder_keys(self, grant: Grant, asked: Request) -> Iterator[str | None]:
        match grant.holding:
            case Holding.OWN:
                yield asked.party
            case Holding.OTHER_AGENCY:
                own = self.rule_set.bodies.get(asked.body) if asked.body is not None else None
                yield from () if own is None else (p.key for p in own.parties.values() if p.key != asked.party)
            case Holding.NETWORK:
                yield None
            case Holding.NONE:
                return

    # ---- words ----------------------------------------------------------------------------------

    def sentence(self, changes: frozenset[Change]) -> str:
        """The alternative as one Japanese sentence."""
        ordered = sorted(changes, key=lambda c: (-_DISTANCE[c.kind], c.name))
        return "、かつ、".join(self._words(change) for change in ordered) + "適法になります"

    def _words(self, change: Change) -> str:
        match change.kind:
            case Kind.FACT:
                return (
                    f"事実「{wording.fact(change.name)}」が{'満たされれば' if change.value else '当てはまらなければ'}"
                )
            case Kind.PROCEDURE:
                return f"手続「{change.value}」であれば"
            case Kind.HOLDER:
                if change.value is None:
                    return "保有者を定めず、情報提供ネットワークシステムで照会すれば"
                party = self.index.party(self.request.body, str(change.value))
                return f"{change.value if party is None else party.name}が保有する情報であれば"
            case Kind.ACTION:
                return f"{wording.route(Action(str(change.value)))}によれば"
            case Kind.DAY:
                return f"{spoken_day(date.fromisoformat(str(change.value)))}以後であれば"
            case Kind.AGENCY:
                party = self.index.party(self.request.body, str(change.value))
                return f"{change.value if party is None else party.name}が行うのであれば"


def _unbarred(
    bars: list[Bar], facts: Mapping[str, bool], changes: frozenset[Change], fixed: frozenset[str]
) -> Iterator[frozenset[Change]]:
    """The changes with more, until no bar holds: each bar fails by one of its literals, which may wake another bar.

    The facts in `fixed` are what the conditions of the grant need, and stay.
    """
    changed = {change.name: change.value for change in changes}
    if len(changed) < len(changes):
        return
    known = {**facts, **{name: bool(value) for name, value in changed.items()}}
    standing = next((b for b in bars if not any(literal_value(x, known) is False for x in b.literals)), None)
    if standing is None:
        yield changes
        return
    for literal in standing.literals:
        if literal.fact not in changed and literal.fact not in fixed:
            more = changes | {Change(Kind.FACT, literal.fact, not literal.value)}
            yield from _unbarred(bars, facts, more, fixed)


def _together(ways: tuple[frozenset[Change], ...]) -> frozenset[Change] | None:
    """The union of what several items need, unless they need different things of one member."""
    bundle = frozenset().union(*ways)
    days = [c for c in bundle if c.kind is Kind.DAY]
    if len(days) > 1:  # the latest day serves all that only have to begin
        latest = max(days, key=lambda c: str(c.value))
        bundle = frozenset(c for c in bundle if c.kind is not Kind.DAY) | {latest}
    members = {(c.kind, c.name) for c in bundle}
    return bundle if bundle and len(members) == len(bundle) else None


def _hints(decision: Decision) -> Iterator[Alternative]:
    """What would have to be enacted, mended or submitted when the requester can change nothing."""
    texts = dict.fromkeys(
        reason.remedy
        for item in decision.items
        for reason in item.unmet
        if reason.remedy is not None and reason.code in _HINTED
    )
    for text in list(texts)[:MOST] or ["根拠となる条項か登録を改める必要があります"]:
        yield Alternative(f"要求を変えても適法になりません。{text}")


_HINTED = frozenset({"void", "no_ground", "rule_set_fault", "uncertain_designation", "barred", "condition"})
