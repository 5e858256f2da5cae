"""The guard of Art. 28: no file is held, and the network is not used, without an assessment in order on the day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from linkage.assessments.measures import Measures, measures
from linkage.assessments.refusals import AssessmentRefused
from linkage.assessments.standing import HOLDS, LINKS, WHY, State, in_order, relevant
from linkage.people.concerned import Concern, concerns

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from engine.rule_set import RuleSet
    from linkage.gate import Occasion

_REFUSED = {"hold": ("G0701", HOLDS), "network": ("G0702", LINKS)}


class AssessmentGuard:
    """Asks the register, inside the transaction of the act, about each affair that the act is about."""

    name = "特定個人情報保護評価"

    def __init__(self, body: str, rules: Callable[[], RuleSet], data: Measures | None = None) -> None:
        self._body, self._rules, self._data = body, rules, data or measures()

    def check(self, connection: Connection, occasion: Occasion) -> None:
        """Refuse what needs an assessment and has none in order."""
        need = self._data.acts.get(occasion.entry.name)
        if need is None or occasion.permit is None:
            return
        about = concerns(self._rules(), self._body, occasion.permit)
        if not about:
            raise AssessmentRefused("G0703", status=403)
        for one in about:
            self._assessed(connection, one, need, occasion.at.date())

    def _assessed(self, connection: Connection, about: Concern, need: str, on: date) -> None:
        code, good = _REFUSED[need]
        found = relevant(connection, self._body, about, on)
        if in_order(found, good):
            return
        bad = next((one.state for one in found if one.state not in good), State.MISSING)
        raise AssessmentRefused(code, status=403, affair=about.name, why=WHY[bad])
