"""Decides requests on a loaded rule set, and asks the other interpreters whether they agree."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from engine.answer import Answer, answer
from engine.compiled import CompiledIndex
from engine.resolve import Resolver

if TYPE_CHECKING:
    from engine.decision import Decision, Interpreter
    from engine.request import Request
    from engine.rule_set import RuleSet


class Judge:
    """One rule set with its resolver and interpreters; the compiled index is the authority."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.rule_set = rule_set
        self._resolver = Resolver(rule_set)
        self._compiled = CompiledIndex(rule_set)

    def resolve(self, raw: Mapping[str, object]) -> Request:
        """The request with every name resolved.

        Raises:
            RequestRefused: With every problem found.
        """
        return self._resolver.resolve(raw)

    def answer(self, request: Request) -> Answer:
        """The full answer to a resolved request."""
        return answer(self.rule_set, self._compiled, request)

    @cached_property
    def others(self) -> dict[str, Interpreter]:
        """The interpreters that must agree with the compiled index, by name."""
        from engine.naive import NaiveEvaluator
        from engine.rete import MatcherMissingError, ReteInterpreter

        found: dict[str, Interpreter] = {"naive": NaiveEvaluator(self.rule_set)}
        with contextlib.suppress(MatcherMissingError):  # durable_rules does not import on Python 3.13
            found["rete"] = ReteInterpreter(self.rule_set)
        return found

    def disagreements(self, request: Request, decision: Decision) -> list[str]:
        """What other interpreters say differently about a decision, one line each."""
        said: list[str] = []
        for name, interpreter in self.others.items():
            other = interpreter.decide(request)
            mine, theirs = _grounds(decision), _grounds(other)
            if mine != theirs:
                said.append(f"判定器の不一致: compiled は {_spoken(mine)}、{name} は {_spoken(theirs)}")
        return said


def _grounds(decision: Decision) -> tuple[str, list[tuple[str, list[str]]]]:
    items = [(item.outcome.value, sorted(item.grants)) for item in decision.items]
    return decision.outcome.value, items


def _spoken(grounds: tuple[str, list[tuple[str, list[str]]]]) -> str:
    outcome, items = grounds
    return f"{outcome}（{'／'.join(f'{said}: {len(grants)}件の根拠' for said, grants in items)}）"
