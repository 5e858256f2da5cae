"""The compiled index: the interpreter that decides. It says what docs/SEMANTICS.md says, from prepared plans.

The first request of a shape (who, what, for which affair, with which information, held by whom)
prepares a *plan*: the grants that can bear on it, cut into runs of days between which nothing
changes. In each run of days the answers for the facts that matter are kept once made. Plans hold
nothing that the rule set does not say, so the result never depends on what was asked before.
"""

from __future__ import annotations

from bisect import bisect_right
from threading import Lock
from typing import TYPE_CHECKING

from engine import wording
from engine.decision import SEVERITY, Decision, ItemDecision, Outcome, Unmet
from engine.index import index_of
from engine.matching import (
    State,
    bar_value,
    literal_value,
    reaches_holder,
    reaches_information,
    reaches_party,
    reaches_procedure,
    state,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from engine.index import GrantIndex
    from engine.period import Period
    from engine.request import Request
    from engine.rule_set import Citation, Duty, Grant, GrantedInformation, Part, Party, Procedure, RuleSet, Void

#: Which outcome a refused item has, by the states of its grants: the first that some grant is in.
_BY_STATE = (
    (State.UNKNOWN, Outcome.UNDETERMINED),
    (State.UNMET, Outcome.CONDITION_UNMET),
    (State.BARRED, Outcome.FORBIDDEN),
)
_NEAREST = 3  # near misses of one kind that a refusal names
_ANSWERS = 256  # answers kept in a run of days; more fact patterns are answered without keeping

_Key = tuple[object, ...]
_Facts = tuple[bool | None, ...]
_Answer = tuple[Outcome, tuple[ItemDecision, ...], "tuple[Duty, ...]", tuple[str, ...]]


class CompiledIndex:
    """Decides requests on one rule set, fast. The authority among the interpreters.

    Safe for use from several threads at once.

    Args:
        rule_set: The rules.
        plans: How many request shapes are kept prepared; the oldest goes first.
    """

    def __init__(self, rule_set: RuleSet, plans: int = 32_768) -> None:
        self.rule_set = rule_set
        self.index = index_of(rule_set)
        self._digest = rule_set.digest
        self._limit = plans
        self._plans: dict[_Key, Plan] = {}
        self._lock = Lock()

    def decide(self, request: Request) -> Decision:
        """Decide a resolved request, as docs/SEMANTICS.md says."""
        on = request.on
        key = (
            request.party,
            request.affair,
            request.action,
            request.body,
            request.procedure,
            request.information,
            request.holder,
            request.holder_body,
            request.holder_designations,
        )
        plan = self._plans.get(key)
        if plan is None:
            plan = self._prepare(key, request)
        return self.decide_by(plan, on, request.facts)

    def plan_of(self, request: Request) -> Plan:
        """What can be prepared for every request that differs from this one only in its day and facts."""
        return Plan(self.index, request)

    def decide_by(self, plan: Plan, on: date, facts: Mapping[str, bool]) -> Decision:
        """Decide a request of a prepared plan on a day with these facts."""
        run = plan.runs[bisect_right(plan.starts, on.toordinal())]
        if run is None:
            run = plan.run(on)
        if run.facts:
            values: _Facts = tuple(map(facts.get, run.facts))
        else:
            values = ()
        answer = run.answers.get(values)
        if answer is None:
            answer = run.answer(values)
        return Decision(answer[0], on, self._digest, answer[1], answer[2], answer[3])

    def _prepare(self, key: _Key, request: Request) -> Plan:
        plan = Plan(self.index, request)
        with self._lock:
            while len(self._plans) >= self._limit:
                del self._plans[next(iter(self._plans))]
            self._plans[key] = plan
        return plan


class _Candidate:
    """A grant that reaches an item but for its period, or is pending."""

    __slots__ = ("grant", "pending", "unheld", "unsure")

    def __init__(self, grant: Grant, *, unsure: bool, unheld: bool) -> None:
        self.grant = grant
        self.unsure = unsure
        self.unheld = unheld
        self.pending = unsure or unheld


class _Item:
    """An item of a plan: its candidates, and the grants that miss it by one dimension."""

    __slots__ = ("candidates", "information", "misses")

    def __init__(self, information: GrantedInformation | None) -> None:
        self.information = information
        self.candidates: list[_Candidate] = []
        self.misses: dict[str, list[Grant]] = {"holder": [], "procedure": [], "information": []}


class Plan:
    """All that the rules say about one shape of request, cut into runs of days."""

    __slots__ = (
        "action",
        "affair",
        "duties",
        "items",
        "parts",
        "party",
        "procedure",
        "prohibitions",
        "runs",
        "starts",
        "voids",
    )

    def __init__(self, index: GrantIndex, request: Request) -> None:
        self.action = request.action
        self.parts = index.parts(request.body)
        self.party = index.party(request.body, request.party)
        self.affair = index.affair(request.body, request.affair)
        scope = index.scope(request.body, request.affair)
        named = [
            (grant, certain)
            for grant in index.grants(request.body, request.action, scope)
            if (certain := reaches_party(grant, self.party)) is not False
        ]
        self.items = tuple(_item(information, named, request) for information in request.information or (None,))
        self.voids = tuple(
            void
            for void in index.voids(request.body, request.action, scope)
            if self.party is not None and not void.parties.isdisjoint(self.party.designations)
        )
        procedures = [part.procedures for part in self.parts if request.procedure in part.procedures]
        self.procedure = None if request.procedure is None else next((p[request.procedure] for p in procedures), None)
        self.duties = tuple(duty for part in self.parts for duty in part.duties if request.action in duty.actions)
        self.prohibitions = tuple(
            prohibition
            for part in self.parts
            for prohibition in part.prohibitions
            if request.action in prohibition.actions
        )
        self.starts = sorted(self._boundaries())
        self.runs: list[_Run | None] = [None] * (len(self.starts) + 1)

    def run(self, on: date) -> _Run:
        """The run of days that holds `on`, made and kept."""
        run = _Run(self, on)
        self.runs[bisect_right(self.starts, on.toordinal())] = run
        return run

    def _boundaries(self) -> set[int]:
        periods: set[Period] = {void.period for void in self.voids}
        periods.update(duty.citation.in_force for duty in self.duties)
        periods.update(prohibition.citation.in_force for prohibition in self.prohibitions)
        names: set[str] = set()
        for item in self.items:
            for candidate in item.candidates:
                grant = candidate.grant
                periods.add(grant.period)
                periods.update(bar.period for bar in grant.bars)
                names.update(_assumed(grant, self.parts))
            for missed in item.misses.values():
                periods.update(grant.period for grant in missed)
        for part in self.parts:
            periods.update(part.assumptions[name].period for name in names if name in part.assumptions)
        return {
            day
            for period in periods
            for day in (period.first.toordinal(), None if period.last is None else period.last.toordinal() + 1)
            if day is not None
        }


def _item(
    information: GrantedInformation | None, named: Sequence[tuple[Grant, bool | None]], request: Request
) -> _Item:
    item = _Item(information)
    for grant, certain in named:
        held = reaches_holder(grant, request)
        wrong = [
            kind
            for kind, reached in (
                ("holder", held is not False),
                ("procedure", reaches_procedure(grant, request.procedure)),
                ("information", reaches_information(grant, information)),
            )
            if not reached
        ]
        if not wrong:
            item.candidates.append(_Candidate(grant, unsure=certain is None, unheld=held is None))
        elif len(wrong) == 1 and certain is True and held is not None:
            item.misses[wrong[0]].append(grant)
    return item


class _Run:
    """Days on which nothing changes: which facts matter, and the answers for their values."""

    __slots__ = ("answers", "facts", "live", "on", "plan")

    def __init__(self, plan: Plan, on: date) -> None:
        self.plan = plan
        self.on = on
        self.live = tuple(
            tuple(candidate for candidate in item.candidates if candidate.grant.period.contains(on))
            for item in plan.items
        )
        self.facts = tuple(sorted({name for item in self.live for c in item for name in _facts(c.grant, on)}))
        self.answers: dict[_Facts, _Answer] = {}

    def answer(self, values: _Facts) -> _Answer:
        """The answer for these values of `facts`, made and kept."""
        facts = {name: value for name, value in zip(self.facts, values, strict=True) if value is not None}
        plan = self.plan
        faults = tuple(fault for part in plan.parts for fault in part.faults)
        decided: list[ItemDecision] = []
        assumed: set[str] = set()
        for item, live in zip(plan.items, self.live, strict=True):
            if faults:
                unmet = tuple(wording.rule_set_fault(fault) for fault in faults)
                decided.append(ItemDecision(item.information, Outcome.RULE_SET_FAULT, (), (), unmet))
                continue
            decision, resting = self._decide(item, live, facts)
            decided.append(decision)
            for grant in resting:
                assumed.update(_in_doubt(grant, plan.parts, self.on))
        outcome = min((item.outcome for item in decided), key=SEVERITY.index)
        duties: tuple[Duty, ...] = ()
        if outcome is Outcome.PERMITTED:
            duties = tuple(duty for duty in plan.duties if duty.citation.in_force.contains(self.on))
        answer = (outcome, tuple(decided), duties, tuple(sorted(assumed)))
        if len(self.answers) < _ANSWERS:
            self.answers[values] = answer
        return answer

    def _decide(
        self, item: _Item, live: tuple[_Candidate, ...], facts: Mapping[str, bool]
    ) -> tuple[ItemDecision, list[Grant]]:
        states = [(c, state(c.grant, self.on, facts, pending=c.pending)) for c in live]
        permitting = [c.grant for c, said in states if said is State.SATISFIED]
        if permitting:
            ids = tuple(dict.fromkeys(grant.id for grant in permitting))
            bases = dict.fromkeys(basis for grant in permitting for basis in grant.bases)
            if self.plan.procedure is not None:
                cited = self.plan.procedure.cited_on(self.on)
                if cited is not None:
                    bases[cited] = None
            return ItemDecision(item.information, Outcome.PERMITTED, ids, tuple(bases), ()), permitting
        said = {said for _, said in states}
        outcome = next((outcome for given, outcome in _BY_STATE if given in said), Outcome.NO_BASIS)
        if outcome is Outcome.NO_BASIS:
            unmet = _near_misses(self.plan, item, self.on)
        else:
            unmet = [reason for c, _ in states for reason in _reasons(c, self.plan.party, self.on, facts)]
        return ItemDecision(item.information, outcome, (), (), tuple(dict.fromkeys(unmet))), [c.grant for c in live]


def _facts(grant: Grant, on: date) -> Iterable[str]:
    for condition in grant.conditions:
        yield condition.literal.fact
    for bar in grant.bars:
        if bar.period.contains(on):
            for literal in bar.literals:
                yield literal.fact


def _reasons(candidate: _Candidate, party: Party | None, on: date, facts: Mapping[str, bool]) -> Iterable[Unmet]:
    """All that keeps one candidate from permitting."""
    grant = candidate.grant
    for bar in grant.bars:
        value = bar_value(bar, on, facts)
        if value is True:
            yield wording.barred(grant, bar)
        elif value is None:
            for literal in bar.literals:
                if literal.fact not in facts:
                    yield wording.missing_bar(grant, bar, literal.fact)
    for condition in grant.conditions:
        value = literal_value(condition.literal, facts)
        if value is False:
            yield wording.condition(grant, condition)
        elif value is None:
            yield wording.missing_condition(grant, condition)
    if candidate.unsure:
        yield wording.uncertain(grant, party)
    if candidate.unheld:
        yield wording.missing_holder(grant)


def _near_misses(plan: Plan, item: _Item, on: date) -> list[Unmet]:
    """Why there is no ground, nearest first: day, holder, procedure, information, void; at last, none at all."""
    out_of_time = [c.grant for c in item.candidates if not c.pending]
    later = sorted((g for g in out_of_time if g.period.first > on), key=lambda g: (g.period.first, g.id))
    gone = sorted(
        (g for g in out_of_time if g.period.last is not None and g.period.last < on),
        key=lambda g: (-g.period.last.toordinal() if g.period.last is not None else 0, g.id),
    )
    procedures: dict[str, Procedure] = {key: value for part in plan.parts for key, value in part.procedures.items()}
    reasons = _few(wording.not_yet(grant) for grant in _one_a_clause(later))
    reasons += _few(wording.expired(grant) for grant in _one_a_clause(gone))
    missed = {
        kind: sorted((g for g in grants if g.period.contains(on)), key=lambda g: g.id)
        for kind, grants in item.misses.items()
    }
    reasons += _few(wording.holder(grant) for grant in missed["holder"])
    reasons += _few(wording.procedure(grant, procedures) for grant in missed["procedure"])
    reasons += _few(wording.other_information(grant, item.information) for grant in missed["information"])
    reasons += _few(wording.void(void) for void in _sorted(plan.voids) if void.period.contains(on))
    prohibition = next((p for p in plan.prohibitions if p.citation.in_force.contains(on)), None)
    reasons.append(wording.no_ground(plan.party, plan.affair, plan.action, item.information, prohibition))
    return reasons


def _one_a_clause(grants: Iterable[Grant]) -> Iterable[Grant]:
    """The first grant of each operative clause: a clause has several where its text or its conditions changed."""
    found: dict[str, Grant] = {}
    for grant in grants:
        found.setdefault(grant.clause, grant)
    return found.values()


def _sorted(voids: tuple[Void, ...]) -> list[Void]:
    return sorted(voids, key=lambda void: (void.citation.label, void.reason))


def _few(reasons: Iterable[Unmet]) -> list[Unmet]:
    few: dict[tuple[str, Citation | None], Unmet] = {}
    for reason in reasons:
        few.setdefault((reason.text, reason.citation), reason)
        if len(few) == _NEAREST:
            break
    return list(few.values())


def _assumed(grant: Grant, parts: tuple[Part, ...]) -> Iterable[str]:
    """The assumptions a grant rests on: its own, and those of the gates that limit it."""
    yield from grant.assumptions
    if grant.limits:
        texts = {limit.text for limit in grant.limits}
        for part in parts:
            for gate in part.gates:
                if gate.assumption is not None and gate.text in texts:
                    yield gate.assumption


def _in_doubt(grant: Grant, parts: tuple[Part, ...], on: date) -> Iterable[str]:
    """Those of `_assumed` whose period contains the day (an undeclared one always counts)."""
    for name in _assumed(grant, parts):
        declared = [part.assumptions[name] for part in parts if name in part.assumptions]
        if not declared or any(assumption.period.contains(on) for assumption in declared):
            yield name
