"""P1: nothing is lawful without a provision that is in force on that very day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.japanese import spoken_day
from engine.period import Period
from engine.properties.verdict import Counterexample, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.properties.space import Space
    from engine.rule_set import Citation, Grant

CODE = "V0101"
TITLE = "その日に効力のある条項によらずに適法となることはない"


def cited_in_force(space: Space) -> Verdict:
    """Every day of every grant lies in the days of each provision that it, its conditions, bars and procedures cite.

    Complete: a request is permitted only by a grant, on a day of the grant's period, and the decision cites exactly its
    bases (SEMANTICS). That each period lies within each of those runs of days is computed on the periods themselves
    (`Period.subtract`), not tried day by day. A procedure must have an address on each day on which a grant names it;
    a clause that deems a paper submitted must stand on each day on which it works.
    """
    faults: list[Counterexample] = []
    examined = bases = 0
    for owner, grant in space.owned_grants():
        examined += 1
        cited = list(_cited(space, owner, grant))
        bases += len(cited)
        for what, citations, days in cited:
            faults.extend(_faults(space, owner, grant, what, citations, days))
        if not grant.bases:
            faults.append(_fault(space, owner, grant, "根拠の条項が一つもない", None, grant.period))
    for _, part in space.owners:
        for clause in part.deemed:
            bases += 1
            for gap in clause.period.subtract(clause.citation.in_force):
                text = f"書類の提出があったものとみなす規定が、効力のない{_spoken(gap)}にも働く"
                faults.append(Counterexample(text, clause.citation))
    how = f"根拠となる規定 {examined}件のすべての日が、その引く条項（延べ{bases}件）の効力のある日に収まることを、期間の計算で確かめた"
    return Verdict(CODE, TITLE, how, examined, tuple(faults))


def _cited(space: Space, owner: str | None, grant: Grant) -> Iterator[tuple[str, tuple[Citation, ...], Period]]:
    for basis in grant.bases:
        yield "根拠", (basis,), grant.period
    for condition in grant.conditions:
        yield "要件", (condition.citation,), grant.period
    for bar in grant.bars:
        days = bar.period.intersect(grant.period)
        if days is not None:
            yield "禁止", (bar.citation,), days
    for key in sorted(grant.procedures or ()):
        for part in space.rule_set.parts(owner):
            if key in part.procedures:
                yield "手続", part.procedures[key].citations, grant.period
                break


def _faults(
    space: Space, owner: str | None, grant: Grant, what: str, citations: Iterable[Citation], days: Period
) -> Iterator[Counterexample]:
    known = tuple(citations)
    rest = [days]
    for citation in known:
        rest = [left for period in rest for left in period.subtract(citation.in_force)]
    for gap in rest:
        label = known[-1].label if known else "条項"
        text = f"{what}とされる{label}は、{_spoken(gap)}には効力がないのに、その間の要求が適法となる"
        yield _fault(space, owner, grant, text, known[-1] if known else None, gap)


def _fault(
    space: Space, owner: str | None, grant: Grant, text: str, citation: Citation | None, days: Period
) -> Counterexample:
    request = space.witness(owner, grant, days)
    decided = "" if request is None else space.shown(request)[0]
    return Counterexample(text, citation or (grant.bases[0] if grant.bases else None), request, decided)


def _spoken(days: Period) -> str:
    if days.last is None:
        return f"{spoken_day(days.first)}から後"
    return f"{spoken_day(days.first)}から{spoken_day(days.last)}まで"
