"""Non-disclosure flags (不開示): recorded with what is asked and provided (番号法23条2項), and never answered automatically."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import Connection, or_, select, update

from dsl.masking import twelve_digits
from linkage.intermediate import tables
from linkage.intermediate.refusals import IntermediateRefused
from linkage.ticket import admit

if TYPE_CHECKING:
    from linkage.ticket import Ticket

#: A flag for every information of the person.
ALL = "*"


def flag(
    ticket: Ticket,
    agency: str,
    handle: str,
    ground: str,
    first: date,
    *,
    information: str = ALL,
    last: date | None = None,
) -> None:
    """Set a flag; `ground` says which item of 個人情報保護法78条1項 applies."""
    admission = admit(ticket, "copy.correct", "copy.register", handles=(handle,))
    if twelve_digits(ground):
        raise IntermediateRefused("N0114", status=400)
    admission.connection.execute(
        tables.nondisclosure.insert().values(
            agency=agency,
            handle=handle,
            information=information,
            ground=ground,
            first=first.isoformat(),
            last=last.isoformat() if last else None,
            evaluation=admission.evaluation,
        )
    )


def lift(ticket: Ticket, agency: str, handle: str, last: date, *, information: str = ALL) -> int:
    """End the flags of a person after a day."""
    admission = admit(ticket, "copy.correct", handles=(handle,))
    table = tables.nondisclosure
    done = admission.connection.execute(
        update(table)
        .where(
            table.c.agency == agency,
            table.c.handle == handle,
            table.c.information == information,
            or_(table.c.last.is_(None), table.c.last > last.isoformat()),
        )
        .values(last=last.isoformat())
    )
    return done.rowcount


def ground_of(connection: Connection, agency: str, handle: str, information: str, on: date) -> str | None:
    """The ground of a flag in force on a day."""
    table, day = tables.nondisclosure, on.isoformat()
    query = (
        select(table.c.ground)
        .where(
            table.c.agency == agency,
            table.c.handle == handle,
            table.c.information.in_((ALL, information)),
            table.c.first <= day,
            or_(table.c.last.is_(None), table.c.last >= day),
        )
        .limit(1)
    )
    return connection.scalar(query)
