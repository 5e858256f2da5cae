"""The second opinion: grounds found by a Rete matcher, independent of the compiled index.

A permit for storage or linkage is issued only when this interpreter and the compiled index name the
same grounds. The matcher (durable_rules, walled in by `engine.rete.matcher`) joins facts of the request
with facts of grants; only the ladder of outcomes is shared with the naive evaluator.
"""

from __future__ import annotations

from engine.decision import Decision, Interpreter
from engine.naive import NaiveEvaluator, Standing, Standings, assemble, fault_decision, find_affair, find_party
from engine.request import Request
from engine.rete.matcher import Fact, Matcher, MatcherError, MatcherMissingError
from engine.rete.network import NETWORK, grant_facts, request_facts
from engine.rule_set import Grant, GrantedInformation, Part, RuleSet

__all__ = ["MatcherError", "MatcherMissingError", "ReteInterpreter", "second_opinion"]


class ReteInterpreter:
    """Decides by forward chaining from facts of the request and of grants to grounds.

    Only grants of the request's parts whose affair lies in the scope of the request's affair become
    facts; they are found through an index by affair made once. Every other test is the matcher's.

    Args:
        rule_set: the rules to read; never changed.
        matcher: the matcher to use; by default a new one with `engine.rete.network.NETWORK`.

    Raises:
        MatcherMissingError: durable_rules cannot be imported on this Python.
    """

    name = "rete"

    def __init__(self, rule_set: RuleSet, matcher: Matcher | None = None) -> None:
        self._rule_set = rule_set
        self._matcher = matcher or Matcher(NETWORK)
        self._slices = {code: _by_affair(part) for code, part in [(None, rule_set.national), *rule_set.bodies.items()]}

    def decide(self, request: Request) -> Decision:
        """Decide a resolved request. Whatever goes wrong in the matcher refuses as RULE_SET_FAULT."""
        found: dict[GrantedInformation | None, Standings] = {}

        def standings(parts: tuple[Part, ...], item: GrantedInformation | None) -> Standings:
            if not found:
                found.update(self._match(parts, request))
            return found[item]

        try:
            return assemble(self._rule_set, request, standings)
        except Exception as error:  # doubt is a denial
            return fault_decision(self._rule_set, request, [f"照合器の異常（{type(error).__name__}）"])

    def _match(self, parts: tuple[Part, ...], request: Request) -> dict[GrantedInformation | None, Standings]:
        affair = find_affair(parts, request.affair)
        codes = [part.body.code if part.body else None for part in parts]
        grants = [g for code in codes for g in _slice(self._slices[code], affair.scope)]
        facts = [*request_facts(request, find_party(parts, request.party), affair)]
        facts += [fact for n, grant in enumerate(grants) for fact in grant_facts(n, grant)]
        findings = self._matcher.run(facts)
        items = request.information or (None,)
        return {item: _standings(grants, findings, i) for i, item in enumerate(items)}


def second_opinion(rule_set: RuleSet) -> Interpreter:
    """The interpreter that must agree with the compiled index before a permit is issued.

    Args:
        rule_set: the rules to read.

    Returns:
        Rete; or the naive evaluator where durable_rules cannot be imported (CPython 3.13 and later).
        `.name` says which, so that the log can.
    """
    try:
        return ReteInterpreter(rule_set)
    except MatcherMissingError:
        return NaiveEvaluator(rule_set)


def _by_affair(part: Part) -> dict[str, list[tuple[int, Grant]]]:
    by_affair: dict[str, list[tuple[int, Grant]]] = {}
    for n, grant in enumerate(part.grants):
        by_affair.setdefault(grant.affair, []).append((n, grant))
    return by_affair


def _slice(by_affair: dict[str, list[tuple[int, Grant]]], scope: frozenset[str]) -> list[Grant]:
    numbered = [pair for affair in scope for pair in by_affair.get(affair, ())]
    return [grant for _, grant in sorted(numbered, key=lambda pair: pair[0])]


def _standings(grants: list[Grant], findings: list[Fact], item: int) -> Standings:
    sure: dict[int, bool] = {}
    for f in findings:
        if f["k"] == "reach" and f["i"] == item:
            g = int(f["g"])
            sure[g] = sure.get(g, False) or f["sure"] == 1
    return [(grants[g], _standing(grants[g], g, findings, pending=not sure[g])) for g in sorted(sure)]


def _standing(grant: Grant, g: int, findings: list[Fact], *, pending: bool) -> Standing:
    """Folds the findings on conditions and bars; what the matcher did not say is unknown."""
    said = {(f["k"], f.get("b"), f.get("n")): f.get("v") for f in findings if f["g"] == g}
    conditions = [said.get(("condition", 0, n)) for n in range(len(grant.conditions))]
    bars: list[bool | None] = []
    for b, bar in enumerate(grant.bars):
        literals = [said.get(("literal", b, n)) for n in range(len(bar.literals))]
        if ("idle", b, None) in said or 0 in literals:
            bars.append(False)
        else:
            bars.append(None if None in literals or ("active", b, None) not in said else True)
    if True in bars:
        return Standing.BARRED
    if 0 in conditions:
        return Standing.UNMET
    if pending or None in conditions or None in bars:
        return Standing.UNKNOWN
    return Standing.SATISFIED
