"""The naive evaluator: docs/SEMANTICS.md word for word, every grant tried, no index and no cache.

It is the first oracle for the compiled index, and the second opinion where the Rete matcher
cannot be imported. It is slow on purpose: each function below is one sentence of the document.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping

from engine.decision import SEVERITY, Decision, ItemDecision, Outcome, Unmet
from engine.request import Request
from engine.rule_set import (
    Action,
    Affair,
    Bar,
    Citation,
    Grant,
    GrantedInformation,
    Holding,
    Literal,
    Part,
    Party,
    RuleSet,
)


class Reach(enum.Enum):
    """Whether a grant reaches an item (SEMANTICS, 1–7)."""

    NO = enum.auto()
    PENDING = enum.auto()
    YES = enum.auto()


class Standing(enum.Enum):
    """What a grant that reaches, or is pending, says about an item."""

    SATISFIED = enum.auto()
    BARRED = enum.auto()
    UNMET = enum.auto()
    UNKNOWN = enum.auto()


#: How each grant of the request's parts that reaches an item, or is pending, stands; in rule-set order.
Standings = list[tuple[Grant, Standing]]


class NaiveEvaluator:
    """Decides by walking every grant of the request's parts.

    Args:
        rule_set: the rules to read; never changed.
    """

    name = "naive"

    def __init__(self, rule_set: RuleSet) -> None:
        self._rule_set = rule_set

    def decide(self, request: Request) -> Decision:
        """Decide a resolved request (docs/SEMANTICS.md)."""
        return assemble(self._rule_set, request, lambda parts, item: self._standings(parts, request, item))

    @staticmethod
    def _standings(parts: tuple[Part, ...], request: Request, item: GrantedInformation | None) -> Standings:
        found: Standings = []
        party, affair = find_party(parts, request.party), find_affair(parts, request.affair)
        for grant in (g for part in parts for g in part.grants):
            reach = _reach(grant, request, party, affair, item)
            if reach is not Reach.NO:
                found.append((grant, _standing(grant, request, pending=reach is Reach.PENDING)))
        return found


def find_party(parts: Iterable[Part], key: str) -> Party:
    """The party `key`, own part first; an unregistered one falls under no designation."""
    return next((p.parties[key] for p in parts if key in p.parties), Party(key, key, None, frozenset()))


def find_affair(parts: Iterable[Part], key: str) -> Affair:
    """The affair `key`, own part first; an unknown one is reached by no grant."""
    return next((p.affairs[key] for p in parts if key in p.affairs), Affair(key, key, frozenset()))


def _reach(g: Grant, request: Request, party: Party, affair: Affair, item: GrantedInformation | None) -> Reach:
    if (
        request.action not in g.actions
        or g.affair not in affair.scope
        or not g.period.contains(request.on)
        or not _procedure(g, request)
        or not _information(g, item)
    ):
        return Reach.NO
    return min(_party(g, party), _holder(g, request), key=lambda reach: reach.value)


def _procedure(g: Grant, request: Request) -> bool:
    return request.procedure is None or g.procedures is None or request.procedure in g.procedures


def _truth(value: bool) -> Reach:
    return Reach.YES if value else Reach.NO


def _party(g: Grant, party: Party) -> Reach:
    if g.parties & party.designations:
        return Reach.YES
    return Reach.PENDING if g.parties & party.uncertain else Reach.NO


def _information(g: Grant, item: GrantedInformation | None) -> bool:
    if item is None or g.information is None:
        return item is None and g.information is None
    return any(
        entry.name == item.name and (entry.person is None or item.person is None or entry.person == item.person)
        for entry in g.information
    )


def _holder(g: Grant, request: Request) -> Reach:
    if g.holding is Holding.NONE:
        return Reach.YES
    if request.holder is None:
        return _holder_missing(g.holding, request.action)
    if g.holding is Holding.OWN:
        return _truth(request.holder == request.party)
    same_body = request.holder_body is not None and request.holder_body == request.body
    named = bool(request.holder_designations & g.holders)
    if g.holding is Holding.OTHER_AGENCY:
        return _truth(request.holder != request.party and same_body and named)
    return _truth(not same_body and named)


def _holder_missing(holding: Holding, action: Action) -> Reach:
    if action is Action.STORE or holding is Holding.NETWORK:
        return Reach.YES
    if action is Action.TRANSFER:
        return Reach.PENDING
    return _truth(holding is Holding.OWN and action is Action.USE)


def _literal(literal: Literal, facts: Mapping[str, bool]) -> bool | None:
    return facts[literal.fact] == literal.value if literal.fact in facts else None


def _bar(bar: Bar, request: Request) -> bool | None:
    if not bar.period.contains(request.on):
        return False
    values = [_literal(literal, request.facts) for literal in bar.literals]
    if False in values:
        return False
    return None if None in values else True


def _standing(g: Grant, request: Request, *, pending: bool) -> Standing:
    conditions = [_literal(c.literal, request.facts) for c in g.conditions]
    bars = [_bar(bar, request) for bar in g.bars]
    if True in bars:
        return Standing.BARRED
    if False in conditions:
        return Standing.UNMET
    if pending or None in conditions or None in bars:
        return Standing.UNKNOWN
    return Standing.SATISFIED


def assemble(
    rule_set: RuleSet,
    request: Request,
    standings: Callable[[tuple[Part, ...], GrantedInformation | None], Standings],
) -> Decision:
    """The ladder of outcomes and the decision around it (SEMANTICS, "Outcome of an item").

    Args:
        rule_set: the rules in force.
        request: a resolved request.
        standings: how the grants stand on one item; the part in which interpreters differ.

    Returns:
        The decision; a fault of a part, or an unknown body, refuses before any grant is looked at.
    """
    known = request.body is None or request.body in rule_set.bodies
    parts = rule_set.parts(request.body) if known else (rule_set.national,)
    faults = [fault for part in parts for fault in part.faults]
    if not known:
        faults.append(f"地方公共団体 {request.body} の規則がない")
    if faults:
        return fault_decision(rule_set, request, faults)
    procedures = [p.procedures[request.procedure] for p in parts if request.procedure in p.procedures]
    procedure = procedures[0].cited_on(request.on) if procedures else None
    resting: list[Grant] = []
    items: list[ItemDecision] = []
    for item in request.information or (None,):
        found = standings(parts, item)
        decided = _item(item, found, procedure)
        items.append(decided)
        resting += [g for g, standing in found if not decided.lawful or standing is Standing.SATISFIED]
    outcome = next(o for o in SEVERITY if any(i.outcome is o for i in items))
    duties = [
        d
        for part in parts
        for d in part.duties
        if request.action in d.actions and d.citation.in_force.contains(request.on)
    ]
    return Decision(
        outcome=outcome,
        on=request.on,
        ruleset=rule_set.digest,
        items=tuple(items),
        duties=tuple(duties) if outcome is Outcome.PERMITTED else (),
        assumptions=_assumptions(parts, resting, request),
    )


def fault_decision(rule_set: RuleSet, request: Request, faults: Iterable[str]) -> Decision:
    """A refusal of every item because the rules, or the reading of them, cannot be relied on."""
    unmet = tuple(Unmet("rule_set_fault", fault) for fault in faults)
    items = tuple(ItemDecision(item, Outcome.RULE_SET_FAULT, (), (), unmet) for item in request.information or (None,))
    return Decision(Outcome.RULE_SET_FAULT, request.on, rule_set.digest, items, (), ())


def _item(item: GrantedInformation | None, found: Standings, procedure: Citation | None) -> ItemDecision:
    satisfied = [g for g, standing in found if standing is Standing.SATISFIED]
    if satisfied:
        ids = tuple(dict.fromkeys(g.id for g in satisfied))
        bases = [base for g in satisfied for base in g.bases] + ([procedure] if procedure else [])
        return ItemDecision(item, Outcome.PERMITTED, ids, tuple(dict.fromkeys(bases)), ())
    ladder = {
        Standing.UNKNOWN: (Outcome.UNDETERMINED, "missing_fact", "足りない事実がある"),
        Standing.UNMET: (Outcome.CONDITION_UNMET, "condition", "条件を満たさない"),
        Standing.BARRED: (Outcome.FORBIDDEN, "barred", "禁止が及ぶ"),
    }
    for step, (outcome, code, text) in ladder.items():
        grants = [g for g, standing in found if standing is step]
        if grants:
            return ItemDecision(item, outcome, (), (), tuple(Unmet(code, text, grant=g.id) for g in grants))
    return ItemDecision(item, Outcome.NO_BASIS, (), (), (Unmet("no_ground", "根拠となる規定がない"),))


def _assumptions(parts: tuple[Part, ...], resting: list[Grant], request: Request) -> tuple[str, ...]:
    texts = {limit.text for g in resting for limit in g.limits}
    named = [key for g in resting for key in g.assumptions]
    named += [gate.assumption for part in parts for gate in part.gates if gate.assumption and gate.text in texts]
    on_the_day = {key for part in parts for key, a in part.assumptions.items() if a.period.contains(request.on)}
    return tuple(key for key in dict.fromkeys(named) if key in on_the_day)
