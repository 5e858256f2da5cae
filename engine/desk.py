"""From the plain words of a business system to the decision, as fast as both steps allow.

A desk keeps, with each shape of request it has met, what the compiled index prepared for it, so that
a request of a known shape costs one look-up. It says exactly what `Resolver` and `CompiledIndex` say.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from engine.compiled import CompiledIndex
from engine.resolve import Resolver

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.decision import Decision
    from engine.resolve import Shape
    from engine.rule_set import RuleSet


class Plain:
    """A plainly written request without its day: what is decided on it, from any day of the rule set.

    Attributes:
        starts: days (ordinals) on which the decision may change; between two of them it differs in its day only.
    """

    __slots__ = ("_facts", "_index", "_shape", "starts")

    def __init__(self, index: CompiledIndex, shape: Shape, facts: dict[str, bool]) -> None:
        self._index = index
        self._shape = shape
        self._facts = facts
        self.starts: list[int] = shape.plan.starts
        if shape.changes:
            self.starts = sorted({*self.starts, *(day.toordinal() for day in shape.changes)})

    def decide(self, ordinal: int) -> Decision:
        """The decision on a day of the rule set."""
        on, shape = date.fromordinal(ordinal), self._shape
        facts = shape.facts_on(on, dict(self._facts)) if shape.changes else self._facts
        return self._index.decide_by(shape.plan, on, facts)


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

    def plain(self, raw: Mapping[str, Any]) -> Plain | None:
        """A request decided before without its day; None when anything but its day and plain facts needs reading."""
        found = self._remembered(raw)
        if found is None or found[0].plan is None:
            return None
        return Plain(self.index, found[0], found[2])

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
