"""P7: what a clause bars it does not permit beside, and consent cures nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from engine.matching import reaches_information
from engine.properties.space import Point, facts_of, one_of
from engine.properties.verdict import Counterexample, Verdict
from engine.region import FactSpace
from engine.rule_set import Fact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.properties.space import Space
    from engine.rule_set import Citation, Grant

CODE = "V0107"
TITLE = "閉ざされた道を同じ条項がほかで開くことはなく、同意が違法を治すこともない"
_CONSENT = Fact.CONSENT.value


def bars_hold(space: Space, progress: Callable[[int, int], None] | None = None) -> Verdict:
    """Three things, for every fully stated request (`Space.points`), every run of days and every statement of facts.

    - Where a bar takes away one grant of a clause, no other grant of that clause permits the same request.
    - No bar falls away because somebody consents: no literal of a bar asks for consent.
    - Where a grant by ordinance asks for consent, no other grant by ordinance permits the same request without it.
      (A statutory ground may: the person then has a statutory duty to report, and nothing turns on consent.)
    """
    faults: list[Counterexample] = []
    examined = points = 0
    seen: set[tuple[object, ...]] = set()
    concerned = [
        (owner, grant) for owner, grant in space.owned_grants() if grant.bars or (not grant.statutory and _asks(grant))
    ]
    for done, (owner, grant) in enumerate(concerned):
        if progress is not None:
            progress(done, len(concerned))
        examined += 1
        faults += [
            Counterexample(f"同意があれば及ばなくなる禁止がある（{bar.text}）", bar.citation)
            for bar in grant.bars
            if any(literal.fact == _CONSENT for literal in bar.literals)
        ]
        for point in space.points(owner, grant):
            points += 1
            for text, citation, raw in _problems(space, grant, point):
                key = (text, grant.clause, point.affair)
                if key in seen:
                    continue
                seen.add(key)
                faults.append(Counterexample(text, citation, raw, space.shown(raw)[0]))
    how = (
        f"禁止又は同意の要件のある規定 {examined}件について、届く要求の組 {points}組のすべての日と事実の組合せで、"
        "同じ条項のほかの規定や同意を要しない規定が認めないことを確かめた"
    )
    return Verdict(CODE, TITLE, how, points, tuple(faults))


def _asks(grant: Grant) -> bool:
    return any(condition.literal.fact == _CONSENT for condition in grant.conditions)


def _problems(space: Space, grant: Grant, point: Point) -> Iterator[tuple[str, Citation | None, dict[str, object]]]:
    asks = not grant.statutory and _asks(grant)
    rivals = [
        other
        for other in space.in_scope(point.body, point.affair)
        if other.id != grant.id
        and point.action in other.actions
        and ((grant.bars and other.clause == grant.clause) or (asks and not other.statutory and not _asks(other)))
        and reaches_information(other, point.item)
        and other.period.intersect(grant.period) is not None
    ]
    rivals = space.reaching(point, rivals, grant.period.first) if rivals else []
    if not rivals:
        return
    valid = grant.period.intersect(space.rule_set.valid)
    if valid is None:
        return
    facts = FactSpace(facts_of([grant, *rivals]))
    for days in space.days(point, [grant, *rivals], valid):
        on = days.first
        barred = 0
        for bar in grant.bars:
            barred |= space.barred(bar, point, on, facts)
        for other in rivals:
            if not other.period.contains(on):
                continue
            permits = space.satisfied(other, point, on, facts)
            if other.clause == grant.clause and barred & permits:
                bar = grant.bars[0]
                text = f"禁止（{bar.text}）が及ぶのに、同じ条項のほかの規定が認めている"
                yield text, bar.citation, space.raw(point, on, one_of(facts, barred & permits))
            if asks and not other.statutory and not _asks(other):
                without = space.satisfied(_without_consent(grant), point, on, facts)
                cured = permits & without & ~facts.where(_CONSENT, [True])
                if cured:
                    basis = other.bases[0] if other.bases else None
                    text = "同意を要する情報を、条例のほかの規定が同意なしに認めている"
                    yield text, basis, space.raw(point, on, one_of(facts, cured))


def _without_consent(grant: Grant) -> Grant:
    return replace(grant, conditions=tuple(c for c in grant.conditions if c.literal.fact != _CONSENT))
