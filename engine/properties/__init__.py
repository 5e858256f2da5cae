"""Properties proved over the whole space of requests of a compiled rule set, or refuted by a request that shows it.

Each property is a module of its own; `engine.properties.space` says how requests fall into classes, and why one
request of a class stands for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.properties.article_9_2 import within_article_9_2
from engine.properties.bars_and_consent import bars_hold
from engine.properties.citations_in_force import cited_in_force
from engine.properties.expected_citations import Expected, expected_citations_exist
from engine.properties.gates import not_before_gates
from engine.properties.identities import unique_names
from engine.properties.independent_effect import every_clause_has_effect
from engine.properties.limits import within_limits
from engine.properties.papers import Obtained, papers_arrive
from engine.properties.space import Space
from engine.properties.verdict import Counterexample, Remark, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from engine.rule_set import RuleSet

__all__ = ["Counterexample", "Expected", "Remark", "Verdict", "prove"]


def prove(
    rule_set: RuleSet,
    expected: Iterable[Expected],
    same: Callable[[str, str], bool],
    progress: Callable[[str, int, int], None] | None = None,
) -> Iterator[Verdict]:
    """Examine every property in turn.

    Args:
        rule_set: The rules; parts with faults are examined too, but permit nothing.
        expected: The provisions that scenarios expect.
        same: Whether a label of a scenario names the provision with a full label.
        progress: Told which property is examined, and how far it is.
    """
    space = Space(rule_set)
    obtained = Obtained(space)

    def tell(what: str) -> Callable[[int, int], None] | None:
        return None if progress is None else lambda done, total: progress(what, done, total)

    yield cited_in_force(space)
    yield not_before_gates(space, obtained, tell("制度の始期と書類"))
    yield within_article_9_2(space)
    yield papers_arrive(space, obtained, tell("書類"))
    yield every_clause_has_effect(space, tell("独自の効力"))
    yield expected_citations_exist(space, expected, same)
    yield bars_hold(space, tell("禁止と同意"))
    yield unique_names(space)
    yield within_limits(space, tell("既定の拒否"))
