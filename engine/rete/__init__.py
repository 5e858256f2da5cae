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
from engine.rete.network import NETWORK, Asked, grant_facts, request_facts
from engine.rete.slices import PartSlices, holdings
from engine.rule_set import Grant, GrantedInformation, Part, RuleSet

__all__ = ["MatcherError", "MatcherMissingError", "ReteInterpreter", "second_opinion"]


class ReteInterpreter:
    """Decides by forward chaining from facts of the request and of grants to grounds.

    Only grants of the request's parts that its affair, action, information and holding do not rule out become
    facts, and of their facts only those that a fact of the request can meet (`engine.rete.slices`,
    `engine.rete.network.grant_facts`). What speaks against a grant is never left out. Every test is made again by the matcher.

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
        self._slices: dict[str | None, PartSlices] = {}

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
        party = find_party(parts, request.party)
        fitting = holdings(request)
        grants = [g for part in parts for g in self._of(part).grants(request, affair.scope, fitting)]
        if not grants:
            return {item: [] for item in request.information or (None,)}
        facts = [*request_facts(request, party, affair, grants)]
        asked = Asked.of(request, party)
        facts += [fact for n, grant in enumerate(grants) for fact in grant_facts(n, grant, asked)]
        by_grant: dict[int, list[Fact]] = {}
        for finding in self._matcher.run(facts):
            by_grant.setdefault(int(finding["g"]), []).append(finding)
        items = request.information or (None,)
        return {item: _standings(grants, by_grant, i) for i, item in enumerate(items)}

    def _of(self, part: Part) -> PartSlices:
        code = part.body.code if part.body else None
        found = self._slices.get(code)
        if found is None:
            found = self._slices[code] = PartSlices(part)
        return found


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


def _standings(grants: list[Grant], by_grant: dict[int, list[Fact]], item: int) -> Standings:
    found: Standings = []
    for g in sorted(by_grant):
        sure = [f["sure"] for f in by_grant[g] if f["k"] == "reach" and f["i"] == item]
        if sure:
            found.append((grants[g], _standing(grants[g], by_grant[g], pending=1 not in sure)))
    return found


def _standing(grant: Grant, findings: list[Fact], *, pending: bool) -> Standing:
    """Folds the findings on conditions and bars; what the matcher did not say is unknown."""
    said = {(f["k"], f.get("b"), f.get("n")): f.get("v") for f in findings}
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
