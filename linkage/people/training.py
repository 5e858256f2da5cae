"""Training records (番号法29条の2): course, day, and until when it counts; nobody acts before it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, func, insert, select

from api import ids
from linkage.people import handlers, tables
from linkage.people.keeping import admitted, in_force
from linkage.people.refusals import PeopleRefused
from linkage.people.requirements import Course, months_after, requirements

if TYPE_CHECKING:
    from linkage.people.requirements import Requirements
    from linkage.ticket import Ticket


class Due(msgspec.Struct, frozen=True):
    """A handler whose training is missing or ends soon."""

    handler: str
    name: str
    course: str
    until: date | None  # None: never taken


def record(ticket: Ticket, handler_id: str, course: str, taken: date) -> date:
    """Enter that a handler took a course; gives the last day on which it counts.

    Raises:
        PeopleRefused: G0712 no such handler; G0719 no such course; G0718 a day to come.
    """
    admission = admitted(ticket)
    known = requirements().course(course)
    if known is None:
        raise PeopleRefused("G0719", what=course)
    if handlers.handler(admission.connection, handler_id) is None:
        raise PeopleRefused("G0712")
    if taken > admission.at.date():
        raise PeopleRefused("G0718")
    until = months_after(taken, known.valid_months)
    values = {
        "id": ids.new("tr"),
        "handler": handler_id,
        "course": course,
        "taken": taken.isoformat(),
        "valid_until": until.isoformat(),
    }
    admission.connection.execute(insert(tables.training), [values])
    return until


def missing(connection: Connection, handler_id: str, on: date, rules: Requirements | None = None) -> Course | None:
    """The first required course that does not count for the handler on the day."""
    rules = rules or requirements()
    table, day = tables.training, on.isoformat()
    query = select(table.c.course).where(
        table.c.handler == handler_id, table.c.taken <= day, table.c.valid_until >= day
    )
    held = set(connection.scalars(query))
    return next((rules.course(id_) for id_ in rules.required_courses if id_ not in held), None)


def due(connection: Connection, body: str, on: date, *, within: int = 60) -> tuple[Due, ...]:
    """Whose training is missing, or ends within so many days: for the plan of training (施行令32条1号)."""
    table, person = tables.training, tables.handler
    newest = dict[tuple[str, str], str]()
    for row in connection.execute(
        select(table.c.handler, table.c.course, func.max(table.c.valid_until)).group_by(table.c.handler, table.c.course)
    ):
        newest[row[0], row[1]] = row[2]
    horizon = date.fromordinal(on.toordinal() + within).isoformat()
    people = select(person.c.id, person.c.name).where(person.c.body == body, in_force(person, on))
    found = []
    for id_, name in connection.execute(people.order_by(person.c.id)):
        for course in requirements().required_courses:
            until = newest.get((id_, course))
            if until is None or until <= horizon:
                found.append(Due(id_, name, course, None if until is None else date.fromisoformat(until)))
    return tuple(found)
