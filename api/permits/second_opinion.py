"""The second opinion: another interpreter must name the same outcome and the same grounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.rete import second_opinion

if TYPE_CHECKING:
    from engine.decision import Decision, Interpreter
    from engine.request import Request
    from engine.rule_set import RuleSet


class SecondOpinion:
    """One rule set as the other interpreter reads it. Safe for use from several threads at once.

    Attributes:
        name: of the interpreter: rete, or naive where the matcher cannot be imported.
        digest: of the rule set.
    """

    def __init__(self, rule_set: RuleSet, interpreter: Interpreter | None = None) -> None:
        self._interpreter = interpreter or second_opinion(rule_set)
        self.name = str(getattr(self._interpreter, "name", type(self._interpreter).__name__))
        self.digest = rule_set.digest

    def agrees(self, request: Request, decision: Decision) -> bool:
        """Whether it decides the same, on the same grounds. Whatever goes wrong is no agreement."""
        return self.difference(request, decision) is None

    def difference(self, request: Request, decision: Decision) -> dict[str, Any] | None:
        """What both said, when they differ; None when they agree."""
        try:
            theirs = _grounds(self._interpreter.decide(request))
        except Exception as error:  # doubt is a denial
            return {"compiled": _grounds(decision), self.name: type(error).__name__}
        mine = _grounds(decision)
        return None if mine == theirs else {"compiled": mine, self.name: theirs}


def _grounds(decision: Decision) -> dict[str, Any]:
    """What must be the same: rule set, day, outcome, and for each item its outcome and grounds; and the duties."""
    return {
        "ruleset": decision.ruleset,
        "on": decision.on.isoformat(),
        "outcome": decision.outcome.value,
        "items": [
            [
                None if item.information is None else [item.information.name, item.information.person],
                item.outcome.value,
                sorted(item.grants),
            ]
            for item in decision.items
        ],
        "duties": sorted(duty.id for duty in decision.duties),
    }
