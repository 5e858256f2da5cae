"""P6: the provisions that scenarios expect stand in the rule set on the day of the scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from engine.japanese import masked, spoken_day
from engine.properties.identities import citations_of
from engine.properties.verdict import Counterexample, Raw, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from engine.properties.space import Space
    from engine.rule_set import Citation

CODE = "V0106"
TITLE = "事例の期待する根拠の条項が、その日の規則集にある"


class Expected(NamedTuple):
    """One provision that a scenario expects as a ground."""

    label: str
    request: Raw
    body: str | None
    on: date
    place: str  # file:line


def expected_citations_exist(space: Space, expected: Iterable[Expected], same: Callable[[str, str], bool]) -> Verdict:
    """Each expected label names a citation in force on the day, of the nation or of the scenario's body.

    Args:
        space: The rules.
        expected: What the scenarios expect.
        same: Whether a label of a scenario names the provision with a full label (`api.scenario.same_provision`).

    Complete: every label of every scenario read is looked for among all citations of the parts that decide for its
    body (which stand from the entry into force) and, where none has it, among their provisions (by edition).
    """
    faults: list[Counterexample] = []
    known: dict[str | None, list[Citation]] = {}
    provisions: dict[str | None, list[Citation]] = {}
    examined = 0
    for one in expected:
        examined += 1
        if one.body not in known:
            parts = space.rule_set.parts(one.body)
            known[one.body] = list(dict.fromkeys(citation for part in parts for citation in citations_of(part)))
            provisions[one.body] = [clause.citation for part in parts for clause in part.clauses]
        named = _named(one.label, known[one.body], same) or _named(one.label, provisions[one.body], same)
        if any(citation.in_force.contains(one.on) for citation in named):
            continue
        if named:
            text = f"事例の期待する「{masked(one.label)}」は、{spoken_day(one.on)}には効力がない"
        else:
            text = f"事例の期待する「{masked(one.label)}」という条項は、規則集にない"
        decided = space.shown(one.request)[0]
        faults.append(Counterexample(text, named[0] if named else None, one.request, decided, one.place))
    how = f"事例の期待する根拠 {examined}件を、規則集のすべての引用と、その日の効力について照らした"
    return Verdict(CODE, TITLE, how, examined, tuple(faults))


def _named(label: str, citations: Iterable[Citation], same: Callable[[str, str], bool]) -> list[Citation]:
    return [citation for citation in citations if same(label, citation.label)]
