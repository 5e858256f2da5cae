"""From the plain words of a business system to the decision, as fast as both steps allow.

A desk keeps, with each shape of request it has met, what the compiled index prepared for it, so that
a request of a known shape costs one look-up. It says exactly what `Resolver` and `CompiledIndex` say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.compiled import CompiledIndex
from engine.resolve import Resolver

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.decision import Decision
    from engine.rule_set import RuleSet


class Desk:
    """Decides raw requests on one rule set. Safe for use from several threads at once."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.resolver = Resolver(rule_set)
        self.index = CompiledIndex(rule_set)
        self._remembered = self.resolver.remembered
        self._decide_by = self.index.decide_by

    def decide(self, raw: Mapping[str, Any]) -> Decision:
        """Decide a request in the members of `Resolver.resolve`.

        Raises:
            RequestRefused: With every problem found.
        """
        found = self._remembered(raw)
        if found is None:
            return self._first(raw)
        shape, on, facts = found
        if shape.plan is None:
            shape.plan = self.index.plan_of(shape.request)
        return self._decide_by(shape.plan, on, shape.facts_on(on, facts) if shape.changes else facts)

    def _first(self, raw: Mapping[str, Any]) -> Decision:
        """A request not remembered: read it with care, and prepare its shape when it is remembered from now on."""
        request = self.resolver.resolve(raw)
        found = self._remembered(raw)
        if found is None:
            return self.index.decide(request)
        shape = found[0]
        if shape.plan is None:
            shape.plan = self.index.plan_of(shape.request)
        return self._decide_by(shape.plan, request.on, request.facts)
