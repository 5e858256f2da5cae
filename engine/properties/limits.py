"""P9: grants keep within their limits in time, and what no grant reaches is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from engine.decision import Outcome
from engine.japanese import spoken_day
from engine.properties.space import Point
from engine.properties.verdict import Counterexample, Verdict
from engine.rule_set import Action, GrantedInformation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from engine.properties.space import Space
    from engine.rule_set import Affair, Grant

CODE = "V0109"
TITLE = "根拠は期間の限りを越えず、根拠の届かない要求は認められない"


def within_limits(space: Space, progress: Callable[[int, int], None] | None = None) -> Verdict:
    """Each grant's period lies in each of its limits; requests that no grant reaches are answered NO_BASIS.

    The first half is computed on the periods. For the second, the naive evaluator is asked one request of each class
    that by its structure nothing reaches: for each body, action and affair, an agency that no grant of the affair's
    scope names (they are all decided alike), and for the agencies named, an item of information that none of their
    grants opens, and a day on which none of them stands.
    """
    faults: list[Counterexample] = []
    grants = 0
    for owner, grant in space.owned_grants():
        grants += 1
        for limit in grant.limits:
            for gap in grant.period.subtract(limit.period):
                shown = space.witness(owner, grant, gap)
                text = f"「{limit.text}」の期間を越えて、{spoken_day(gap.first)}にも認められている"
                citation = limit.citation or (grant.bases[0] if grant.bases else None)
                decided = "" if shown is None else space.shown(shown)[0]
                faults.append(Counterexample(text, citation, shown, decided))
    classes = 0
    for done, body in enumerate(code for code, _ in space.owners):
        if progress is not None:
            progress(done, len(space.owners))
        for affair in space.affairs(body).values():
            near = space.near(body, affair.id)
            for point, on in _unreached(space, body, affair):
                request = space.resolved(point, on)
                if request is None:
                    continue
                classes += 1
                outcome = near.decide(request).outcome
                if outcome not in (Outcome.NO_BASIS, Outcome.RULE_SET_FAULT):
                    raw = space.raw(point, on)
                    text = "どの根拠も届かない要求が、根拠なしとして断られない"
                    faults.append(Counterexample(text, None, raw, space.shown(raw)[0]))
    how = f"根拠 {grants}件の期間を限りと比べ、根拠の届かない要求の組 {classes}組が「根拠がない」となることを一つずつ判定した"
    return Verdict(CODE, TITLE, how, grants + classes, tuple(faults))


def _unreached(space: Space, body: str | None, affair: Affair) -> Iterator[tuple[Point, date]]:
    parties = space.rule_set.parts(body)[0].parties.values()
    items = [GrantedInformation(name) for name in sorted(space.rule_set.national.information)]
    if not items:
        return
    for action in Action:
        grants = [g for g in space.in_scope(body, affair.id) if action in g.actions]
        needs_item = action in (Action.TRANSFER, Action.LINK)
        stranger = next(
            (p for p in parties if all(g.parties.isdisjoint(p.designations | p.uncertain) for g in grants)), None
        )
        if stranger is not None:
            on = grants[0].period.first if grants else _latest(space)
            asked = min((entry.name for g in grants for entry in g.information or ()), default=items[0].name)
            item = GrantedInformation(asked) if needs_item or any(g.information for g in grants) else None
            yield Point(body, action, stranger.key, affair.id, item=item), on
        named = next((p for p in parties if any(not g.parties.isdisjoint(p.designations) for g in grants)), None)
        if named is None:
            continue
        reaching = [g for g in grants if not g.parties.isdisjoint(named.designations | named.uncertain)]
        opened = {entry.name for g in reaching for entry in g.information or ()}
        closed = next((item for item in items if item.name not in opened), None)
        if closed is not None and action is not Action.CARD:
            yield Point(body, action, named.key, affair.id, item=closed), reaching[0].period.first
        day = _before(reaching)
        if space.rule_set.valid.contains(day):
            item = next((GrantedInformation(name) for name in sorted(opened)), items[0])
            yield Point(body, action, named.key, affair.id, item=item if needs_item else None), day


def _latest(space: Space) -> date:
    """A day on which much is in force: the first day of the latest grant of the nation."""
    return max((g.period.first for g in space.rule_set.national.grants), default=space.rule_set.valid.first)


def _before(grants: list[Grant]) -> date:
    return min(g.period.first for g in grants) - timedelta(days=1)
