"""Which affairs of this body a permit is about: those of its request, or, of another body's request, those it is held for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.index import index_of

if TYPE_CHECKING:
    from api.permits import Permit
    from engine.rule_set import RuleSet


#: The act of a provider.
PROVIDING = "provision.answer"


@dataclass(frozen=True, slots=True)
class Concern:
    """One affair that an act is about, the agency that acts or holds, and the affairs that reach it."""

    agency: str
    affair: str
    name: str
    scope: frozenset[str]


def concerns(rule_set: RuleSet, body: str, permit: Permit) -> tuple[Concern, ...]:
    """What an act of this body is about; nothing when it cannot be told, which is to be refused.

    Who provides is let in by the request of who asks. Then the affairs are those for which the holder, an agency of this
    body, holds the information asked for (登録簿の「保有」).
    """
    asked = permit.request
    if permit.act.name == PROVIDING:
        return tuple(_held(rule_set, body, asked))
    if permit.body == body:
        agency = str(asked.get("party", "")).partition("/")[2]
        return (concern(rule_set, body, agency, str(asked.get("affair"))),) if agency else ()
    return ()


def concern(rule_set: RuleSet, body: str, agency: str, affair: str) -> Concern:
    """An affair of an agency."""
    index = index_of(rule_set)
    known = index.affair(body, affair)
    return Concern(agency, affair, affair if known is None else known.name, index.scope(body, affair) | {affair})


def _held(rule_set: RuleSet, body: str, asked: Mapping[str, Any]) -> Iterator[Concern]:
    part, holder = rule_set.bodies.get(body), str(asked.get("holder"))
    if part is None or holder.partition("/")[0] != body:
        return
    names = {str(one["name"]) for one in asked.get("information") or ()}
    held = [entry for entry in part.holdings if entry.party == holder and entry.information in names]
    if {entry.information for entry in held} != names:
        return
    for affair in dict.fromkeys(entry.affair for entry in held):
        yield concern(rule_set, body, holder.partition("/")[2], affair)
