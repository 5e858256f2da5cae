"""Use of cards by ordinance (番号法18条1号): library card, certificates at convenience stores, shelters.

An application is registered on the free area under an identifier that says nothing, for one affair of the ordinance, and
used by that identifier alone. Both are the act card.use, with a permit that the card rules decided for that affair.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, update

from api.clock import to_ms
from dsl.masking import twelve_digits
from linkage.cards import tables
from linkage.cards.flow import case_of
from linkage.cards.refusals import CardRefused
from linkage.cards.values import Case, Kind, State, Use
from linkage.ticket import admit

if TYPE_CHECKING:
    from datetime import date

    from linkage.ticket import Admission, Ticket

_ACT = "card.use"
_A = tables.application


def enrol(ticket: Ticket, card: str, application: str, affair: str, local: str) -> Use:
    """Write an application on a card. Act card.use, naming the card and the application.

    Raises:
        CardRefused: M0306 the card; M0307 a permit for another affair; M0309 digits like an Individual Number's.
    """
    here = admit(ticket, _ACT, handles=(card, application))
    _decided_for(here, affair)
    if not local.strip() or twelve_digits(local):
        raise CardRefused("M0309", 400)
    held = _usable(here.connection, card, here.at.date())
    ended = update(_A).where(_A.c.card == card, _A.c.affair == affair, _A.c.ended_ms.is_(None))
    here.connection.execute(ended.values(ended_ms=to_ms(here.at)))
    row = {"id": application, "card": card, "affair": affair, "local": local, "registered_ms": to_ms(here.at)}
    here.connection.execute(insert(_A), [row | {"evaluation": here.evaluation}])
    return _use(application, affair, local, held)


def use(ticket: Ticket, application: str) -> Use:
    """Use a card by what stands on its free area. Act card.use, naming the application.

    Raises:
        CardRefused: M0306, M0307; M0308 no such application.
    """
    here = admit(ticket, _ACT, handles=(application,))
    row = _registered(here.connection, application)
    _decided_for(here, row.affair)
    return _use(application, row.affair, row.local, _usable(here.connection, row.card, here.at.date()))


def end(ticket: Ticket, application: str) -> None:
    """Take an application off its card. Act card.use, naming the application.

    Raises:
        CardRefused: M0307, M0308.
    """
    here = admit(ticket, _ACT, handles=(application,))
    _decided_for(here, _registered(here.connection, application).affair)
    here.connection.execute(update(_A).where(_A.c.id == application).values(ended_ms=to_ms(here.at)))


def person_of(connection: Connection, application: str) -> str | None:
    """Whose card an application stands on, for the record of its use; callers do not learn it."""
    query = select(tables.case.c.person).join(_A, _A.c.card == tables.case.c.id).where(_A.c.id == application)
    return connection.scalar(query)


def _registered(connection: Connection, application: str) -> Any:
    row = connection.execute(select(_A).where(_A.c.id == application, _A.c.ended_ms.is_(None))).one_or_none()
    if row is None:
        raise CardRefused("M0308", 404)
    return row


def _usable(connection: Connection, card: str, on: date) -> Case:
    held = case_of(connection, card)
    if held.kind is not Kind.CARD or not held.usable(on):
        why = "有効期間が満了している" if held.state is State.ISSUED and held.expired(on) else "交付されていない"
        if held.state is State.LOST:
            why = "紛失の届がある"
        if held.state is State.RETURNED:
            why = "返納されている"
        raise CardRefused("M0306", why=why)
    return held


def _decided_for(here: Admission, affair: str) -> None:
    """The permit's decision is about this affair."""
    said = str(here.permit.request.get("affair")) if here.permit is not None else ""
    if said.rpartition("/")[2] != affair:
        raise CardRefused("M0307", 403)


def _use(application: str, affair: str, local: str, card: Case) -> Use:
    if card.expires is None:
        raise CardRefused("M0306", why="有効期間が無い")
    return Use(application, affair, local, card.expires)
