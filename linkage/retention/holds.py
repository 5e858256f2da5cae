"""Holds (消去の保留): nothing about a person is erased while a request or a dispute of theirs is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, insert, or_, select, update

from api import ids
from dsl.masking import twelve_digits
from linkage.retention import tables
from linkage.retention.refusals import RetentionRefused
from linkage.storage.tables import addressee
from linkage.ticket import admit

if TYPE_CHECKING:
    from linkage.ticket import Ticket

#: Operations by which a hold is placed and released: by those who keep registers, and with a request of the person.
HOLDING = ("register.write", "rights.write")


class Hold(msgspec.Struct, frozen=True):
    """A hold that stands."""

    id: str
    handle: str
    reason: str
    source: str
    placed: str


def place(ticket: Ticket, handle: str, reason: str, source: str) -> str:
    """Hold back everything about a person, from now until it is released. Gives the id; of a source once.

    Raises:
        RetentionRefused: G0737 no reason, or what may be a number in it.
    """
    here = admit(ticket, *HOLDING)
    words = (handle, reason, source)
    if not all(word.strip() for word in words) or any(twelve_digits(word) for word in words):
        raise RetentionRefused("G0737")
    alone(here.connection)
    table = tables.hold
    known = select(table.c.id).where(table.c.handle == handle, table.c.source == source, table.c.released.is_(None))
    found = here.connection.scalar(known)
    if found is not None:
        return str(found)
    id_ = ids.new("ho")
    values = {"id": id_, "handle": handle, "reason": reason, "source": source, "placed": here.at.date().isoformat()}
    here.connection.execute(insert(table), [values])
    return id_


def release(ticket: Ticket, hold: str, why: str) -> None:
    """The request or dispute is over.

    Raises:
        RetentionRefused: G0734 no such hold, or over already; G0737.
    """
    here = admit(ticket, *HOLDING)
    if not why.strip() or twelve_digits(why):
        raise RetentionRefused("G0737")
    alone(here.connection)
    table = tables.hold
    ended = here.connection.execute(
        update(table)
        .where(table.c.id == hold, table.c.released.is_(None))
        .values(released=here.at.date().isoformat(), why_released=why)
    )
    if not ended.rowcount:
        raise RetentionRefused("G0734", status=404)


def release_source(ticket: Ticket, source: str, why: str) -> int:
    """Release every hold of a request or dispute; gives how many."""
    here = admit(ticket, *HOLDING)
    table = tables.hold
    query = select(table.c.id).where(table.c.source == source, table.c.released.is_(None))
    found = here.connection.scalars(query).all()
    for hold in found:
        release(ticket, hold, why)
    return len(found)


def standing(connection: Connection) -> tuple[Hold, ...]:
    """The holds that stand."""
    table = tables.hold
    query = select(table).where(table.c.released.is_(None)).order_by(table.c.id)
    return tuple(
        Hold(row["id"], row["handle"], row["reason"], row["source"], row["placed"])
        for row in connection.execute(query).mappings()
    )


def held(connection: Connection) -> frozenset[str]:
    """The persons held back, with those merged into them and the one that they were merged into."""
    named = {hold.handle for hold in standing(connection)}
    if not named:
        return frozenset()
    people = addressee.c
    kept = connection.scalars(
        select(people.merged_into).where(people.handle.in_(named), people.merged_into.is_not(None))
    )
    everyone = named | set(kept)
    related = select(people.handle).where(or_(people.handle.in_(everyone), people.merged_into.in_(everyone)))
    return frozenset(everyone | set(connection.scalars(related)))


def beside(connection: Connection) -> None:
    """Keep erasure out until the end of the transaction, while others who write go on beside."""
    connection.execute(select(tables.lock).with_for_update(read=True)).one()


def alone(connection: Connection) -> None:
    """Keep erasure and holds out of each other's way until the end of the transaction."""
    connection.execute(select(tables.lock).with_for_update()).one()
