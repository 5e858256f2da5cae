"""Which provisions with an effect some scenario exercised, and which none did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.scenario import Result
    from engine.rule_set import Clause, RuleSet


@dataclass(frozen=True, slots=True)
class Coverage:
    """Provisions with an effect: those exercised, those not, and among the latter those that must be."""

    exercised: tuple[Clause, ...]
    missing: tuple[Clause, ...]
    optional: tuple[Clause, ...]

    @property
    def ok(self) -> bool:
        """Whether everything that must be exercised was."""
        return not self.missing


def coverage(rule_set: RuleSet, results: Iterable[Result]) -> Coverage:
    """Compare the provisions of a rule set with those that scenarios exercised.

    A scenario must exercise every provision with an effect of a loaded municipality, and every
    national row that concerns municipal agencies; other national provisions are only listed. Rows
    of national tables count only when a municipality that could act under them is loaded.
    """
    seen: set[str] = set()
    for result in results:
        for name in result.clauses:
            seen |= _with_those_around(name)
    exercised: list[Clause] = []
    missing: list[Clause] = []
    optional: list[Clause] = []
    national = [(clause, clause.municipal) for clause in rule_set.national.clauses]
    local = [(clause, True) for part in rule_set.bodies.values() for clause in part.clauses]
    for clause, required in (*national, *local):
        if not clause.effective:
            continue
        (exercised if clause.id in seen else missing if required else optional).append(clause)
    return Coverage(tuple(exercised), tuple(missing), tuple(optional))


def _with_those_around(clause: str) -> set[str]:
    """The clause and the provisions that it stands in: 第14条第1号 exercises 第14条.

    Examples:
        >>> sorted(_with_those_around("規則/14/1/2"))
        ['規則', '規則/14', '規則/14/1', '規則/14/1/2']
    """
    steps = clause.split("/")
    return {"/".join(steps[:n]) for n in range(1, len(steps) + 1)}
