"""The network proviso as bars: no internal use where the network route is open (ただし、…この限りでない)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsl.place import Place
from engine.period import Period
from engine.rule_set import Action, Bar, Citation, Fact, Grant, GrantedInformation, Literal

if TYPE_CHECKING:
    from dsl.municipal import Municipality


def barred(
    m: Municipality, party: str, affair: str, granted: frozenset[GrantedInformation], at: Place | None
) -> Iterator[tuple[frozenset[GrantedInformation], tuple[Bar, ...]]]:
    """Cut the information by the bars that the proviso lays on it."""
    if at is None:
        yield granted, ()
        return
    proviso = at.citations[0]
    groups: dict[tuple[Bar, ...], set[GrantedInformation]] = {}
    for item in granted:
        groups.setdefault(tuple(_bars(m, party, affair, item.name, proviso)), set()).add(item)
    for bars, items in groups.items():
        yield frozenset(items), bars


def _bars(m: Municipality, party: str, affair: str, name: str, proviso: Citation) -> Iterator[Bar]:
    designations = m.parties[party].designations
    known = m.affairs.get(affair) or m.national.affairs.get(affair)
    scope = known.scope if known else frozenset({affair})
    seen: set[tuple[Period, tuple[Literal, ...]]] = set()
    for grant in _link_grants(m):
        if grant.affair not in scope or not grant.parties & designations or grant.information is None:
            continue
        if all(g.name != name for g in grant.information):
            continue
        literals = tuple(_when_open(grant, own=bool(grant.holders & designations)))
        if (grant.period, literals) in seen:
            continue
        seen.add((grant.period, literals))
        condition = "".join(_WHEN[literal.fact] for literal in literals)
        yield Bar(
            id=f"{proviso.clause}!proviso#{grant.id}",
            period=grant.period,
            literals=literals,
            text=f"{proviso.label}ただし書により、{condition}{name}は{grant.bases[-1].label}に基づき"
            "情報提供ネットワークシステムを使用して提供を受けることができるため、庁内の利用はできない",
            citation=proviso,
            alternative=f"{grant.bases[0].label}により、情報提供ネットワークシステムを使用して照会する",
        )


_WHEN = {
    Fact.RESIDENT.value: "（基準日に当該団体に住所がなかった者については）",
    Fact.PPC_NOTIFIED.value: "（個人情報保護委員会への届出の効力が生じているときは）",
}


def _when_open(grant: Grant, *, own: bool) -> Iterator[Literal]:
    """When the network route is there at all: for whom another body holds it, and once the notification has effect."""
    if own:
        yield Literal(Fact.RESIDENT, False)
    yield from (c.literal for c in grant.conditions if c.literal.fact == Fact.PPC_NOTIFIED)


def _link_grants(m: Municipality) -> Iterator[Grant]:
    for grant in m.national.grants:
        if Action.LINK in grant.actions:
            yield grant
    for grant in m.grants:
        if Action.LINK in grant.actions:
            yield grant
