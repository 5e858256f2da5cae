"""Four interpreters side by side: do they name the same outcome and the same grants?"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass

import cedarpy

from engine.cedar import request_to_cedar, rule_set_to_cedar
from engine.decision import Decision, Interpreter, Outcome
from engine.naive import NaiveEvaluator, find_affair
from engine.request import Request
from engine.rete import ReteInterpreter
from engine.rule_set import RuleSet

#: What interpreters must agree on, for each item: the outcome, and the grants that permit it.
Answer = tuple[tuple[str, frozenset[str]], ...]

ALLOW, DENY = "allow", "deny"
HAS_COMPILED = importlib.util.find_spec("engine.compiled") is not None


@dataclass(frozen=True)
class Disagreement:
    """One request on which the interpreters differ."""

    request: Request
    answers: dict[str, object]


class CedarOracle:
    """Decides by Cedar over the exported policies of the body and the scope of the affair."""

    name = "cedar"

    def __init__(self, rule_set: RuleSet) -> None:
        self._rule_set = rule_set
        self._slices: dict[tuple[str | None, frozenset[str]], cedarpy.PolicySet] = {}

    def answer(self, request: Request) -> Answer:
        """ALLOW with the determining policies, or DENY, for each item. A policy that errs is a failure."""
        rules = self._rule_set
        scope = find_affair(rules.parts(request.body), request.affair).scope
        key = (request.body, scope)
        if key not in self._slices:
            if len(self._slices) > 512:
                self._slices.clear()
            self._slices[key] = cedarpy.PolicySet.from_str(rule_set_to_cedar(rules, request.body, scope))
        results = cedarpy.is_authorized_batch(request_to_cedar(rules, request), self._slices[key], [])
        return tuple(self._of(result) for result in results)

    @staticmethod
    def _of(result: cedarpy.AuthzResult) -> tuple[str, frozenset[str]]:
        assert not result.diagnostics.errors, result.diagnostics.errors
        if not result.allowed:
            return DENY, frozenset()
        names = result.diagnostics.id_annotations_by_reason
        return ALLOW, frozenset(names[reason] for reason in result.diagnostics.reasons)


def answer(decision: Decision) -> Answer:
    """What is compared of a decision."""
    return tuple((item.outcome.value, frozenset(item.grants)) for item in decision.items)


def as_cedar(answers: Answer) -> Answer:
    """An answer as coarse as Cedar's."""
    return tuple(
        (ALLOW, grants) if outcome == Outcome.PERMITTED.value else (DENY, frozenset()) for outcome, grants in answers
    )


class SideBySide:
    """All interpreters over one rule set.

    Args:
        rule_set: the rules to read.
        cedar: whether Cedar is asked too.
    """

    def __init__(self, rule_set: RuleSet, *, cedar: bool = True) -> None:
        self._naive = NaiveEvaluator(rule_set)
        self._others: dict[str, Interpreter] = {"rete": ReteInterpreter(rule_set)}
        if HAS_COMPILED:
            from engine.compiled import CompiledIndex

            self._others["compiled"] = CompiledIndex(rule_set)
        self._cedar = CedarOracle(rule_set) if cedar else None

    def compare(self, request: Request) -> tuple[Answer, Disagreement | None]:
        """The naive evaluator's answer, and how the others differ from it, if they do."""
        first = self._naive.decide(request)
        expected = answer(first)
        answers: dict[str, object] = {self._naive.name: expected}
        agree = True
        for name, interpreter in self._others.items():
            decision = interpreter.decide(request)
            answers[name] = answer(decision)
            agree &= answers[name] == expected and decision.outcome is first.outcome
            agree &= [d.id for d in decision.duties] == [d.id for d in first.duties]
        if self._cedar is not None:
            answers["cedar"] = self._cedar.answer(request)
            agree &= answers["cedar"] == as_cedar(expected)
        return expected, None if agree else Disagreement(request, answers)


def disagreements(rule_set: RuleSet, requests: Iterable[Request]) -> list[Disagreement]:
    """Every request on which the interpreters differ."""
    side_by_side = SideBySide(rule_set)
    found = (side_by_side.compare(request)[1] for request in requests)
    return [d for d in found if d is not None]
