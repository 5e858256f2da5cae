"""P8: a name names one thing: provisions, grants and addresses are told apart on every day."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from engine.japanese import spoken_day
from engine.properties.verdict import Counterexample, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.properties.space import Space
    from engine.rule_set import Citation, Clause, Part

CODE = "V0108"
TITLE = "条項と根拠の識別が、どの日にも一つに定まる"


def unique_names(space: Space) -> Verdict:
    """On every day: one wording for each provision, one address for each provision, one grant for each id.

    A request is decided by the nation's part and one body's; so ids of grants must differ within these two.

    Complete: all provisions, all citations that stand anywhere in a part (bases, limits, conditions, bars, procedures,
    papers, deeming clauses, duties, voids) and all grants are compared; those of one identity are sorted by day, and two
    that overlap stand side by side in that order.
    """
    faults: list[Counterexample] = []
    provisions = addresses = grants = 0
    known: dict[str, set[Citation]] = {}
    national = {grant.id for grant in space.rule_set.national.grants}
    for owner, part in space.owners:
        ids: dict[str, int] = {} if owner is None else dict.fromkeys(national, 1)
        provisions += len(part.clauses)
        faults.extend(_twice(part))
        for citation in citations_of(part):
            known.setdefault(citation.clause, set()).add(citation)
        for grant in part.grants:
            grants += 1
            ids[grant.id] = ids.get(grant.id, 0) + 1
            if ids[grant.id] == 2:
                basis = grant.bases[0] if grant.bases else None
                request = space.witness(owner, grant, grant.period)
                decided = "" if request is None else space.shown(request)[0]
                faults.append(
                    Counterexample(f"根拠の識別「{grant.id}」が二つの規定に付いている", basis, request, decided)
                )
    for clause, citations in sorted(known.items()):
        addresses += len(citations)
        ordered = sorted(citations, key=lambda c: (c.in_force.first, c.label))
        for index, one in enumerate(ordered):
            for other in ordered[index + 1 :]:
                days = one.in_force.intersect(other.in_force)
                if days is not None and one.label != other.label:
                    text = f"{spoken_day(days.first)}に、同じ規定（{clause}）が「{one.label}」と「{other.label}」の二つの名で引かれる"
                    faults.append(Counterexample(text, other))
    how = f"規定 {provisions}件、根拠 {grants}件、引用 {addresses}通りを、識別ごとに日の順に並べて重なりを調べた"
    return Verdict(CODE, TITLE, how, provisions + grants + addresses, tuple(faults))


def _twice(part: Part) -> Iterator[Counterexample]:
    """Provisions of one identity that stand on one day."""
    by_id: dict[str, list[Clause]] = {}
    for clause in part.clauses:
        by_id.setdefault(clause.id, []).append(clause)
    for clauses in by_id.values():
        ordered = sorted(clauses, key=lambda c: c.citation.in_force)
        for one, other in pairwise(ordered):
            days = one.citation.in_force.intersect(other.citation.in_force)
            if days is not None:
                text = f"{spoken_day(days.first)}に、同じ識別（{one.id}）の規定が二つある（{one.file}:{one.line} と {other.file}:{other.line}）"
                yield Counterexample(text, other.citation, place=f"{other.file}:{other.line}")


def citations_of(part: Part) -> Iterator[Citation]:
    """Every citation that stands in a part, except those of its provisions' register."""
    for grant in part.grants:
        yield from grant.bases
        for condition in grant.conditions:
            yield condition.citation
        for bar in grant.bars:
            yield bar.citation
        for limit in grant.limits:
            if limit.citation is not None:
                yield limit.citation
    for procedure in part.procedures.values():
        yield from procedure.citations
    yield from shown_citations(part)


def shown_citations(part: Part) -> Iterator[Citation]:
    """The citations of what answers show beside their grounds: papers, deeming clauses, duties, reasons."""
    yield from (document.citation for document in part.documents)
    yield from (clause.citation for clause in part.deemed)
    yield from (duty.citation for duty in part.duties)
    yield from (void.citation for void in part.voids)
    yield from (prohibition.citation for prohibition in part.prohibitions)
