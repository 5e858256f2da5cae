"""Handlers (事務取扱担当者): enrolled, assigned to an affair in a section for a period, taken off again."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, RowMapping, insert, select, update

from api import ids
from linkage.people import contractors, organisation, tables
from linkage.people.keeping import admitted, identifier, in_force, make_stale, period, worded
from linkage.people.refusals import PeopleRefused

if TYPE_CHECKING:
    from linkage.ticket import Ticket


class Assignment(msgspec.Struct, frozen=True):
    """A handler's assignment, in the words of the handler list (事務取扱担当者の一覧)."""

    id: str
    handler: str
    name: str
    agency: str
    section: str
    affair: str
    contract: str | None
    first: date
    last: date | None


def enrol(ticket: Ticket, body: str, name: str, first: date, *, id_: str | None = None) -> str:
    """Enter a handler; gives the identifier, by which acts name the person. It is no number of anybody.

    Raises:
        PeopleRefused: G0716, G0717; G0719 the identifier is taken.
    """
    connection = admitted(ticket).connection
    worded(氏名=name)
    chosen = ids.new("hd") if id_ is None else identifier(id_)
    if handler(connection, chosen) is not None:
        raise PeopleRefused("G0719", what=f"{chosen}（使われている識別子）")
    values = {"id": chosen, "body": body, "name": name, "first": first.isoformat()}
    connection.execute(insert(tables.handler), [values])
    return chosen


def assign(
    ticket: Ticket,
    handler_id: str,
    agency: str,
    section: str,
    affair: str,
    first: date,
    *,
    last: date | None = None,
    contract: str | None = None,
) -> str:
    """Assign a handler to an affair that the section carries out; with `contract`, a person of that subcontractor.

    Raises:
        PeopleRefused: G0712 no such handler; G0713 no longer one; G0718; G0720 the section does not carry it out;
            G0725 no such contract; G0722 the contract is about something else.
    """
    connection = admitted(ticket).connection
    period(first, last)
    known = _standing(connection, handler_id, first)
    carrying = organisation.duties(connection, known["body"], first, affair)
    if (agency, section) not in {(duty.agency, duty.section) for duty in carrying}:
        raise PeopleRefused("G0720", section=f"{agency} {section}", affair=affair)
    if contract is not None and affair not in contractors.affairs_of(connection, contract):
        raise PeopleRefused("G0722", affair=affair)
    id_ = ids.new("as")
    values = {
        "id": id_,
        "handler": handler_id,
        "body": known["body"],
        "agency": agency,
        "section": section,
        "affair": affair,
        "contract": contract,
        "first": first.isoformat(),
        "last": None if last is None else last.isoformat(),
    }
    connection.execute(insert(tables.assignment), [values])
    return id_


def release(ticket: Ticket, assignment_id: str, last: date) -> None:
    """The assignment ends with this day. Permits issued before are stale.

    Raises:
        PeopleRefused: G0719 no such assignment; G0718.
    """
    admission = admitted(ticket)
    table = tables.assignment
    row = admission.connection.execute(select(table).where(table.c.id == assignment_id)).mappings().first()
    if row is None:
        raise PeopleRefused("G0719", what=assignment_id)
    period(date.fromisoformat(row["first"]), last)
    admission.connection.execute(update(table).where(table.c.id == assignment_id).values(last=last.isoformat()))
    make_stale(admission, row["body"], "職員の担当の解除")


def revoke(ticket: Ticket, handler_id: str, why: str) -> None:
    """The person is a handler no more, at once (transfer, leave, misconduct). Permits issued before are stale.

    Raises:
        PeopleRefused: G0712, G0716, G0717.
    """
    admission = admitted(ticket)
    worded(理由=why)
    known = handler(admission.connection, handler_id)
    if known is None:
        raise PeopleRefused("G0712")
    table = tables.handler
    # the day itself is out already: `last` is the last day on which the person might act
    ended = {"last": _day_before(admission.at.date()).isoformat(), "why_ended": why}
    admission.connection.execute(update(table).where(table.c.id == handler_id).values(ended))
    make_stale(admission, known["body"], "職員の指定の取消し")


def handler(connection: Connection, handler_id: str) -> RowMapping | None:
    """A handler as entered."""
    return connection.execute(select(tables.handler).where(tables.handler.c.id == handler_id)).mappings().first()


def may_handle(connection: Connection, body: str, handler_id: str, on: date) -> None:
    """Return when the person is a handler of the body on the day.

    Raises:
        PeopleRefused: G0712, G0713.
    """
    known = handler(connection, handler_id)
    if known is None or known["body"] != body:
        raise PeopleRefused("G0712", status=403)
    if not _within(known, on):
        raise PeopleRefused("G0713", status=403)


def assignments(
    connection: Connection, body: str, on: date, *, handler_id: str | None = None
) -> tuple[Assignment, ...]:
    """Who is assigned to what on a day: the handler list, of one handler or of all."""
    table, person = tables.assignment, tables.handler
    query = (
        select(table, person.c.name)
        .join(person, person.c.id == table.c.handler)
        .where(table.c.body == body, in_force(table, on), in_force(person, on))
        .order_by(table.c.agency, table.c.section, table.c.affair, table.c.handler)
    )
    if handler_id is not None:
        query = query.where(table.c.handler == handler_id)
    return tuple(
        Assignment(
            r["id"],
            r["handler"],
            r["name"],
            r["agency"],
            r["section"],
            r["affair"],
            r["contract"],
            date.fromisoformat(r["first"]),
            None if r["last"] is None else date.fromisoformat(r["last"]),
        )
        for r in connection.execute(query).mappings()
    )


def _standing(connection: Connection, handler_id: str, on: date) -> RowMapping:
    known = handler(connection, handler_id)
    if known is None:
        raise PeopleRefused("G0712")
    if not _within(known, on):
        raise PeopleRefused("G0713")
    return known


def _within(row: RowMapping, on: date) -> bool:
    day = on.isoformat()
    return bool(row["first"] <= day and (row["last"] is None or day <= row["last"]))


def _day_before(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)
