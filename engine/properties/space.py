"""The space of requests, divided into classes that no interpreter can tell apart.

docs/SEMANTICS.md looks at a request only through these questions: is the action one of the grant's; does the affair's
scope hold the grant's affair; do the designations of the party meet the grant's; is the item opened; is the procedure
among the grant's; do the designations of the holder meet the grant's, in or out of the body; which days; what is said
of the facts of its conditions and bars. So requests that give the same answers to all of these questions are decided
alike, and one request of a class stands for all of it:

- *days*: between two neighbouring bounds of the periods concerned every day is alike; the first day stands for them
  (`engine.region.segments`, with the days on which the register of impact assessments changes its word);
- *parties*: those that the registers name (a request can name no other);
- *persons*: those that the grants name, and one that none of them names;
- *procedures*: those that the registers name; a request without one is reached by whatever reaches any of them;
- *holders*: own agencies; of others, designations, for a holder is seen only through them;
- *facts*: each fact of a literal is said to be true, to be false, or is not said (`engine.region.FactSpace`); a fact
  that stands in no literal is never looked at.

Everything a property finds is put to the naive evaluator as a plain request before it is reported.
"""

from __future__ import annotations

from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from engine import resolve
from engine.decision import Outcome
from engine.japanese import plain
from engine.matching import reaches_holder, reaches_information, reaches_party, reaches_procedure
from engine.naive import NaiveEvaluator
from engine.region import STATED, FactSpace, segments
from engine.request import Request, RequestRefused
from engine.resolve import Resolver
from engine.rule_set import Action, Fact, GrantedInformation, Holding, RuleSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from engine.decision import Decision
    from engine.period import Period
    from engine.properties.verdict import Raw
    from engine.rule_set import Affair, Bar, Grant, Literal, Part, Party

#: A person whom no rule names, so that only grants about anybody reach.
ANYBODY = "規則の定めにない者"
_PIA = Fact.PIA.value
_OUTCOMES = {
    Outcome.PERMITTED: "適法",
    Outcome.FORBIDDEN: "禁止されている",
    Outcome.NO_BASIS: "根拠がない",
    Outcome.CONDITION_UNMET: "要件を満たさない",
    Outcome.UNDETERMINED: "事実が足りず判断できない",
    Outcome.RULE_SET_FAULT: "規則の文書に誤りがある",
}


class Point(NamedTuple):
    """A request but for its day and its facts: every name as the rule set knows it, the holder as it is named."""

    body: str | None
    action: Action
    party: str
    affair: str
    procedure: str | None = None
    item: GrantedInformation | None = None
    holder: str | None = None


class Space:
    """The requests that can be put to one rule set, and what the naive evaluator says to them."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.rule_set = rule_set
        self.resolver = Resolver(rule_set)
        self.naive = NaiveEvaluator(rule_set)
        self._near: dict[tuple[str | None, str], NaiveEvaluator] = {}
        self._reached: dict[str | None, dict[str, list[Affair]]] = {}
        self._scoped: dict[tuple[str | None, str], tuple[Grant, ...]] = {}
        self._by_affair: dict[str | None, dict[str, list[tuple[int, Grant]]]] = {}
        self._changes: dict[tuple[str | None, str], tuple[list[date], list[bool]]] = {}

    # ---- what there is ------------------------------------------------------------------------------

    @cached_property
    def owners(self) -> tuple[tuple[str | None, Part], ...]:
        """The national part (None) and the part of each body, by code."""
        return ((None, self.rule_set.national), *sorted(self.rule_set.bodies.items()))

    def owned_grants(self) -> Iterator[tuple[str | None, Grant]]:
        """Every grant with the body whose part it stands in."""
        for code, part in self.owners:
            for grant in part.grants:
                yield code, grant

    def affair(self, body: str | None, affair: str) -> Affair | None:
        """The affair, own part first."""
        return next((p.affairs[affair] for p in self.rule_set.parts(body) if affair in p.affairs), None)

    def affairs(self, body: str | None) -> dict[str, Affair]:
        """The affairs that requests about a body can name."""
        found: dict[str, Affair] = {}
        for part in reversed(self.rule_set.parts(body)):
            found.update(part.affairs)
        return found

    def reached(self, body: str | None, affair: str) -> list[Affair]:
        """The affairs whose requests a grant for `affair` reaches."""
        index = self._reached.get(body)
        if index is None:
            index = self._reached[body] = {}
            for known in self.affairs(body).values():
                for key in known.scope:
                    index.setdefault(key, []).append(known)
        return index.get(affair, [])

    def in_scope(self, body: str | None, affair: str) -> tuple[Grant, ...]:
        """The grants whose affair lies in the scope of the affair, in rule-set order."""
        key = (body, affair)
        found = self._scoped.get(key)
        if found is None:
            known = self.affair(body, affair)
            scope = frozenset() if known is None else known.scope
            codes = (None,) if body is None else (body, None)
            found = self._scoped[key] = tuple(
                grant
                for code in codes
                for _, grant in sorted(
                    (entry for name in scope for entry in self._indexed(code).get(name, ())), key=lambda e: e[0]
                )
            )
        return found

    def _indexed(self, code: str | None) -> dict[str, list[tuple[int, Grant]]]:
        index = self._by_affair.get(code)
        if index is None:
            part = self.rule_set.national if code is None else self.rule_set.bodies[code]
            index = self._by_affair[code] = {}
            for position, grant in enumerate(part.grants):
                index.setdefault(grant.affair, []).append((position, grant))
        return index

    def askers(self, owner: str | None, grant: Grant) -> Iterator[tuple[str | None, Party]]:
        """The registered agencies that the grant names, with the body about which they ask."""
        for code, part in self.owners:
            if owner in (None, code):
                for party in part.parties.values():
                    if not grant.parties.isdisjoint(party.designations):
                        yield code, party

    def procedures(self, body: str | None, affair: Affair) -> tuple[str, ...]:
        """The procedures that a request in the affair can name."""
        scope = {affair.id, *affair.scope}
        return tuple(
            sorted(
                {key for part in self.rule_set.parts(body) for key, p in part.procedures.items() if p.affair in scope}
            )
        )

    # ---- points of a grant --------------------------------------------------------------------------

    def points(self, owner: str | None, grant: Grant) -> Iterator[Point]:
        """Fully stated requests that the grant reaches, such that a grant reaching these reaches all the others.

        A request that leaves the procedure, the person or the holder unsaid, or names more designations, is reached by
        at least as many grants; so a set of grants that covers these points covers every request the grant reaches.
        """
        for body, party in self.askers(owner, grant):
            holders = self._holders(body, party, grant)
            for affair in self.reached(body, grant.affair):
                known = self.procedures(body, affair)
                named: Iterable[str | None] = (
                    known if grant.procedures is None else [key for key in known if key in grant.procedures]
                )
                for action, procedure, item, holder in product(
                    sorted(grant.actions), tuple(named) or (None,), _items(grant), holders
                ):
                    yield Point(body, action, party.key, affair.id, procedure, item, holder)

    def _holders(self, body: str | None, party: Party, grant: Grant) -> tuple[str | None, ...]:
        if grant.holding is Holding.NONE:
            return (None,)
        if grant.holding is Holding.OWN:
            return (party.key,)
        if grant.holding is Holding.OTHER_AGENCY:
            own = () if body is None else self.rule_set.bodies[body].parties.values()
            return tuple(p.key for p in own if p.key != party.key and not p.designations.isdisjoint(grant.holders))
        directory = self.resolver.directories.of(body)
        registered = self.resolver.directories.registered
        found = []
        for name in sorted(grant.holders):
            holder = directory.holder(plain(name), registered)
            if holder is not None and (holder.body is None or holder.body != body):
                found.append(name)
        return tuple(found) or (None,)

    # ---- requests -----------------------------------------------------------------------------------

    def raw(self, point: Point, on: date, facts: Mapping[str, bool] | None = None) -> dict[str, object]:
        """The point as a request in plain words; short names where they mean the same."""
        directory = self.resolver.directories.of(point.body)
        raw: dict[str, object] = {"action": point.action.value}
        if point.body is not None:
            registered = self.rule_set.bodies[point.body].body
            raw["municipality"] = point.body if registered is None else registered.name
        agency = self.rule_set.parts(point.body)[0].parties[point.party]
        known = directory.agency(agency.name)
        raw["agency"] = agency.name if known is not None and known.key == agency.key else agency.key
        if point.holder is not None:
            holder = next(
                (p for p in self.rule_set.parts(point.body)[0].parties.values() if p.key == point.holder), None
            )
            spelled = (
                None if holder is None else directory.holder(plain(holder.name), self.resolver.directories.registered)
            )
            same = holder is not None and spelled is not None and spelled.key == holder.key
            raw["holder"] = holder.name if holder is not None and same else point.holder
        affair = point.affair.split("/", 1)[1] if point.body and point.affair.startswith(point.body) else point.affair
        meant = directory.affair(affair)
        raw["affair"] = affair if meant is not None and meant.id == point.affair else point.affair
        if point.procedure is not None:
            raw["procedure"] = self._procedure(point, point.procedure)
        if point.item is not None:
            item = point.item
            raw["information"] = [item.name if item.person is None else {"name": item.name, "person": item.person}]
        if facts:
            raw["facts"] = {str(name): value for name, value in sorted(facts.items())}
        raw["on"] = on.isoformat()
        return raw

    def _procedure(self, point: Point, procedure: str) -> str:
        affair = self.affair(point.body, point.affair)
        short = procedure.removeprefix(f"{point.affair}/")
        directory = self.resolver.directories.of(point.body)
        return short if affair is not None and directory.procedure(affair, short) == procedure else procedure

    def resolved(self, point: Point, on: date, facts: Mapping[str, bool] | None = None) -> Request | None:
        """The request as the evaluators see it; None when it is refused before it is decided."""
        try:
            return self.resolver.resolve(self.raw(point, on, facts))
        except RequestRefused:
            return None

    def near(self, body: str | None, affair: str) -> NaiveEvaluator:
        """The naive evaluator with only the grants whose affair lies in the scope: others never reach (SEMANTICS, 3)."""
        key = (body, affair)
        found = self._near.get(key)
        if found is None:
            found = self._near[key] = NaiveEvaluator(self.only(body, self.in_scope(body, affair)))
        return found

    def only(self, body: str | None, grants: Iterable[Grant]) -> RuleSet:
        """The rule set with no other grants than these, for deciding outcomes about one body."""
        nation = replace(
            self.rule_set.national, grants=tuple(grants), duties=(), gates=(), assumptions={}, clauses=(), documents=()
        )
        bodies = (
            {} if body is None else {body: replace(self.rule_set.bodies[body], grants=(), duties=(), assumptions={})}
        )
        return replace(self.rule_set, national=nation, bodies=bodies)

    def shown(self, raw: Raw) -> tuple[str, Decision | None]:
        """What the naive evaluator, with all grants, says to a request: in words, and as it is."""
        try:
            decision = self.naive.decide(self.resolver.resolve(raw))
        except RequestRefused as refused:
            return "要求が拒まれる: " + "・".join(problem.text for problem in refused.problems), None
        labels = dict.fromkeys(basis.label for item in decision.items for basis in item.bases)
        return _OUTCOMES[decision.outcome] + (f"（根拠 {'、'.join(labels)}）" if labels else ""), decision

    def facts_seen(self, unsaid: Request, said: Mapping[str, bool]) -> dict[str, bool]:
        """The facts that the evaluators see of a statement, given the same request without one."""
        facts = {**unsaid.facts, **said}
        if _PIA in said and _PIA in unsaid.facts:
            facts[_PIA] = unsaid.facts[_PIA] and said[_PIA]
        return facts

    # ---- days and facts -----------------------------------------------------------------------------

    def changes(self, body: str | None, affair: str) -> tuple[list[date], list[bool]]:
        """The days on which the register of impact assessments changes its word on the affair, and the words between."""
        key = (body, affair)
        found = self._changes.get(key)
        if found is None:
            known = self.affair(body, affair)
            days, values, _ = ([], [], ()) if known is None else resolve.register(self.rule_set.parts(body), known)
            found = self._changes[key] = (days, values)
        return found

    def reaching(self, point: Point, grants: Iterable[Grant], on: date) -> list[Grant]:
        """The grants that reach the point on days of their own."""
        request = self.resolved(point, on)
        if request is None:
            return []
        party = self.rule_set.parts(point.body)[0].parties[point.party]
        return [
            grant
            for grant in grants
            if point.action in grant.actions
            and reaches_party(grant, party) is True
            and reaches_information(grant, point.item)
            and reaches_procedure(grant, point.procedure)
            and reaches_holder(grant, request) is True
        ]

    def days(self, point: Point, grants: Iterable[Grant], within: Period) -> list[Period]:
        """The runs of days within which all of the grants, and the register, say one thing."""
        known = list(grants)
        periods = [grant.period for grant in known] + [bar.period for grant in known for bar in grant.bars]
        return segments(within, periods, self.changes(point.body, point.affair)[0])

    def satisfied(self, grant: Grant, point: Point, on: date, facts: FactSpace) -> int:
        """The statements of facts under which a grant that reaches is satisfied on a day."""
        found = facts.everything
        for condition in grant.conditions:
            found &= self._said(condition.literal, point, on, facts, wanted=True)
        for bar in grant.bars:
            if bar.period.contains(on):
                lifted = 0
                for literal in bar.literals:
                    lifted |= self._said(literal, point, on, facts, wanted=False)
                found &= lifted
        return found

    def barred(self, bar: Bar, point: Point, on: date, facts: FactSpace) -> int:
        """The statements of facts under which a bar is true on a day."""
        found = facts.everything if bar.period.contains(on) else 0
        for literal in bar.literals:
            found &= self._said(literal, point, on, facts, wanted=True)
        return found

    def _said(self, literal: Literal, point: Point, on: date, facts: FactSpace, *, wanted: bool) -> int:
        values = [
            stated
            for stated in STATED
            if (value := self._effective(literal.fact, stated, point, on)) is not None
            and (value is literal.value) is wanted
        ]
        return facts.where(literal.fact, values)

    def _effective(self, fact: str, stated: bool | None, point: Point, on: date) -> bool | None:
        """What the evaluators see of a statement: the register of impact assessments speaks too."""
        if fact != _PIA:
            return stated
        days, values = self.changes(point.body, point.affair)
        if not days:
            return stated
        return values[sum(day <= on for day in days)] and stated is not False

    # ---- witnesses ----------------------------------------------------------------------------------

    def witness(self, owner: str | None, grant: Grant, within: Period) -> dict[str, object] | None:
        """A request of one of the days that the naive evaluator permits by this very grant; None when there is none."""
        period = grant.period.intersect(within)
        valid = None if period is None else period.intersect(self.rule_set.valid)
        if valid is None:
            return None
        facts = FactSpace(facts_of([grant]))
        for point in self.points(owner, grant):
            for segment in self.days(point, [grant], valid):
                said = self.satisfied(grant, point, segment.first, facts)
                if not said:
                    continue
                raw = self.raw(_unsaid(point), segment.first, one_of(facts, said))
                decision = self.shown(raw)[1]
                if decision is not None and any(grant.id in item.grants for item in decision.items):
                    return raw
        return None


def _unsaid(point: Point) -> Point:
    """The point without the person that stands for anybody: a request that does not say whose the information is."""
    item = point.item
    return point if item is None or item.person != ANYBODY else point._replace(item=GrantedInformation(item.name))


def facts_of(grants: Iterable[Grant]) -> frozenset[str]:
    """The facts that conditions and bars of the grants ask for."""
    return frozenset(
        literal.fact
        for grant in grants
        for literal in (
            *(condition.literal for condition in grant.conditions),
            *(literal for bar in grant.bars for literal in bar.literals),
        )
    )


def one_of(space: FactSpace, statements: int) -> dict[str, bool]:
    """One of the statements: the one that says least of the facts that come first."""
    number = (statements & -statements).bit_length() - 1
    facts: dict[str, bool] = {}
    for fact in reversed(space.facts):
        number, digit = divmod(number, 3)
        value = STATED[digit]
        if value is not None:
            facts[fact] = value
    return facts


def _items(grant: Grant) -> tuple[GrantedInformation | None, ...]:
    if grant.information is None:
        return (None,)
    return tuple(
        entry if entry.person is not None else GrantedInformation(entry.name, ANYBODY)
        for entry in sorted(grant.information, key=lambda e: (e.name, e.person or ""))
    )
