"""The network proviso as bars: no internal use where the network route is open (ただし、…この限りでない)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from dsl.place import Place
from engine.period import Period
from engine.rule_set import Action, Bar, Citation, Fact, Grant, GrantedInformation, Literal

if TYPE_CHECKING:
    from dsl.municipal import Municipality


def barred(
    m: Municipality,
    party: str,
    affair: str,
    granted: frozenset[GrantedInformation],
    procedures: frozenset[str] | None,
    at: Place | None,
) -> Iterator[tuple[frozenset[GrantedInformation], tuple[Bar, ...]]]:
    """Cut the information by the bars that the proviso lays on it."""
    if at is None:
        yield granted, ()
        return
    proviso = at.citations[0]
    groups: dict[tuple[Bar, ...], set[GrantedInformation]] = {}
    for item in granted:
        groups.setdefault(tuple(_bars(m, party, affair, item, procedures, proviso)), set()).add(item)
    for bars, items in groups.items():
        yield frozenset(items), bars


def _bars(
    m: Municipality,
    party: str,
    affair: str,
    item: GrantedInformation,
    procedures: frozenset[str] | None,
    proviso: Citation,
) -> Iterator[Bar]:
    designations = m.parties[party].designations
    known = m.affairs.get(affair) or m.national.affairs.get(affair)
    scope = known.scope if known else frozenset({affair})
    seen: set[tuple[Period, tuple[Literal, ...]]] = set()
    for grant in (grant for id_ in sorted(scope) for held in (m.national, m) for grant in held.links.get(id_, ())):
        if not grant.parties & designations or grant.information is None:
            continue
        if not _opens(grant, item, procedures):
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
            text=f"{proviso.label}ただし書により、{condition}{item.name}は{grant.bases[-1].label}に基づき"
            "情報提供ネットワークシステムを使用して提供を受けることができるため、庁内の利用はできない",
            citation=proviso,
            alternative=f"{grant.bases[0].label}により、情報提供ネットワークシステムを使用して照会する",
        )


def _opens(grant: Grant, item: GrantedInformation, procedures: frozenset[str] | None) -> bool:
    """Whether the network opens the information.

    Procedures and persons part the two only where both are those of the linkage table: other norms name them otherwise.
    """
    named = [g for g in grant.information or () if g.name == item.name]
    if not procedures or not grant.procedures or _affairs(procedures) != _affairs(grant.procedures):
        return bool(named)
    return bool(procedures & grant.procedures) and any(
        None in (g.person, item.person) or g.person == item.person for g in named
    )


def _affairs(procedures: frozenset[str]) -> set[str]:
    return {p.rpartition("/")[0] for p in procedures}


_WHEN = {
    Fact.RESIDENT.value: "（基準日に当該団体に住所がなかった者については）",
    Fact.PPC_NOTIFIED.value: "（個人情報保護委員会への届出の効力が生じているときは）",
}


def _when_open(grant: Grant, *, own: bool) -> Iterator[Literal]:
    """When the network route is there at all: for whom another body holds it, and once the notification has effect."""
    if own:
        yield Literal(Fact.RESIDENT, False)
    yield from (c.literal for c in grant.conditions if c.literal.fact == Fact.PPC_NOTIFIED)


def linked(grants: Iterable[Grant]) -> dict[str, list[Grant]]:
    """The linkages among grants, by affair."""
    found: dict[str, list[Grant]] = {}
    for grant in grants:
        if Action.LINK in grant.actions:
            found.setdefault(grant.affair, []).append(grant)
    return found
