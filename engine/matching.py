"""When one grant reaches one item, and when it then permits: docs/SEMANTICS.md, one function a dimension.

Used to prepare plans (`engine.compiled`) and to explain (`engine.attachments`, `engine.alternatives`,
`engine.explain`), so that all of them speak of the same law.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from engine.rule_set import Action, Holding

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from engine.request import Request
    from engine.rule_set import Bar, Grant, GrantedInformation, Literal, Party


class State(enum.Enum):
    """What a grant that reaches (or is pending) says."""

    SATISFIED = "satisfied"
    BARRED = "barred"
    UNMET = "unmet"
    UNKNOWN = "unknown"


def reaches_party(grant: Grant, party: Party | None) -> bool | None:
    """Whether the grant names the acting agency; None when the register leaves it open (不明)."""
    if party is None:
        return False
    if not grant.parties.isdisjoint(party.designations):
        return True
    return None if not grant.parties.isdisjoint(party.uncertain) else False


def reaches_information(grant: Grant, item: GrantedInformation | None) -> bool:
    """Whether the grant opens the item (or, without one, is a grant about no information)."""
    if item is None or grant.information is None:
        return item is None and grant.information is None
    return any(
        entry.name == item.name and (entry.person is None or item.person is None or entry.person == item.person)
        for entry in grant.information
    )


def reaches_procedure(grant: Grant, procedure: str | None) -> bool:
    """Whether the grant reaches the procedure (号) asked for."""
    return procedure is None or grant.procedures is None or procedure in grant.procedures


def reaches_holder(grant: Grant, request: Request) -> bool | None:
    """Whether the grant opens the holdings asked for; None when a transfer does not say whose they are."""
    holding, holder = grant.holding, request.holder
    if holding is Holding.NONE:
        return True
    if holder is None:
        if request.action is Action.STORE or holding is Holding.NETWORK:
            return True
        if request.action is Action.TRANSFER:
            return None
        return holding is Holding.OWN and request.action is Action.USE
    if holding is Holding.OWN:
        return holder == request.party
    if grant.holders.isdisjoint(request.holder_designations):
        return False
    if holding is Holding.OTHER_AGENCY:
        return holder != request.party and request.body is not None and request.holder_body == request.body
    return request.holder_body is None or request.holder_body != request.body


def literal_value(literal: Literal, facts: Mapping[str, bool]) -> bool | None:
    """True, false, or None when the fact is missing."""
    value = facts.get(literal.fact)
    return None if value is None else value is literal.value


def bar_value(bar: Bar, on: date, facts: Mapping[str, bool]) -> bool | None:
    """Whether the bar applies on the day; None when a missing fact leaves it open."""
    if not bar.period.contains(on):
        return False
    values = [literal_value(literal, facts) for literal in bar.literals]
    if False in values:
        return False
    return None if None in values else True


def state(grant: Grant, on: date, facts: Mapping[str, bool], *, pending: bool) -> State:
    """What a grant that reaches, or would but for what is pending, says on the day under the facts."""
    bars = [bar_value(bar, on, facts) for bar in grant.bars]
    if True in bars:
        return State.BARRED
    conditions = [literal_value(condition.literal, facts) for condition in grant.conditions]
    if False in conditions:
        return State.UNMET
    if pending or None in bars or None in conditions:
        return State.UNKNOWN
    return State.SATISFIED


def reaches(grant: Grant, request: Request, item: GrantedInformation | None, party: Party | None) -> bool:
    """Whether a grant (whose action and affair fit) reaches the item of the request for certain."""
    return (
        reaches_party(grant, party) is True
        and reaches_information(grant, item)
        and reaches_procedure(grant, request.procedure)
        and reaches_holder(grant, request) is True
        and grant.period.contains(request.on)
    )
