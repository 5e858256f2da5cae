"""Cases: a person's matter in a procedure, from its opening until the years of the procedure are over."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from api import ids
from linkage.retention import tables
from linkage.retention.refusals import RetentionRefused
from linkage.retention.rules import rules
from linkage.ticket import admit

if TYPE_CHECKING:
    from linkage.ticket import Ticket

#: Opened and closed with what the business system writes, or by whoever keeps the registers.
WRITING = ("record.write", "register.write")


def open_case(ticket: Ticket, handle: str, affair: str, procedure: str, opened: date) -> str:
    """Enter that a person has a case in a procedure; gives its id."""
    here = admit(ticket, *WRITING, handles=(handle,))
    if not (handle and affair and procedure) or opened > here.at.date():
        raise RetentionRefused("G0735", what="人、事務、手続又は日")
    id_ = ids.new("ca")
    values = {
        "id": id_,
        "handle": handle,
        "affair": affair,
        "procedure": procedure,
        "opened": opened.isoformat(),
    }
    here.connection.execute(insert(tables.case), [values])
    return id_


def running(ticket: Ticket, handle: str, affair: str, procedure: str) -> str:
    """The case of a person in a procedure that is not over, opened today when there is none; gives its id."""
    here = admit(ticket, *WRITING, handles=(handle,))
    table = tables.case
    query = select(table.c.id).where(
        table.c.handle == handle, table.c.affair == affair, table.c.procedure == procedure, table.c.closed.is_(None)
    )
    found = here.connection.scalar(query.order_by(table.c.opened, table.c.id).limit(1))
    return open_case(ticket, handle, affair, procedure, here.at.date()) if found is None else str(found)


def close_case(ticket: Ticket, case: str, handle: str, closed: date) -> date:
    """The case is over; gives the last day on which what belongs to it is kept.

    Raises:
        RetentionRefused: G0735 no such case of this person that is open, or a day out of place.
    """
    here = admit(ticket, *WRITING, handles=(handle,))
    table = tables.case
    query = select(table).where(table.c.id == case, table.c.handle == handle, table.c.closed.is_(None))
    row = here.connection.execute(query.with_for_update()).mappings().first()
    if row is None or closed < date.fromisoformat(row["opened"]) or closed > here.at.date():
        raise RetentionRefused("G0735", what="終わっていない手続か、日")
    until = rules().years(row["affair"], row["procedure"]).keep_until(closed)
    here.connection.execute(
        update(table).where(table.c.id == case).values(closed=closed.isoformat(), keep_until=until.isoformat())
    )
    return until
