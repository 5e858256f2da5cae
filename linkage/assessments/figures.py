"""The three figures of the threshold (しきい値判断): persons, handlers, and a serious incident within a year."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, or_, select

from engine import impact_assessment
from linkage.assessments import tables
from linkage.people.counting import handling
from linkage.people.requirements import months_after

if TYPE_CHECKING:
    from sqlalchemy import RowMapping


class Figures(msgspec.Struct, frozen=True):
    """The figures of an affair on a day. `persons` is None when a file was never counted."""

    persons: int | None
    handlers: int
    incident: bool

    @property
    def required(self) -> str | None:
        """The level that they require, by the engine's one table; None when it cannot be told."""
        if self.persons is None:
            return None
        return impact_assessment.required(self.persons, self.handlers, incident=self.incident)[0]

    @property
    def verified(self) -> bool:
        """Whether that cell of the table was read in a source."""
        if self.persons is None:
            return False
        return impact_assessment.required(self.persons, self.handlers, incident=self.incident)[1]


def files(connection: Connection, body: str, affair: str, on: date) -> tuple[RowMapping, ...]:
    """The files of an affair, held or to be held on a day."""
    table, day = tables.file, on.isoformat()
    query = select(table).where(
        table.c.body == body,
        table.c.affair == affair,
        table.c.entered <= day,
        or_(table.c.last.is_(None), table.c.last >= day),
    )
    return tuple(connection.execute(query.order_by(table.c.id)).mappings())


def figures(connection: Connection, body: str, agency: str, affair: str, on: date) -> Figures:
    """The figures on a day. Exempt files are left out (規則4条3号), and staff of subcontractors counted in."""
    counted = [
        _persons(connection, row["id"], on) for row in files(connection, body, affair, on) if not row["exemption"]
    ]
    known = [one for one in counted if one is not None]
    people = handling(connection, body, (affair,), on)
    handlers = max(_stated(connection, body, affair, on), people.own) + people.contracted
    persons = sum(known) if len(known) == len(counted) else None
    return Figures(persons, handlers, serious_incident(connection, body, agency, on))


def serious_incident(connection: Connection, body: str, agency: str, on: date) -> bool:
    """Whether the agency had a serious incident, or learned of one, within a year before the day (規則4条8号ロ)."""
    table, day = tables.incident, on.isoformat()
    since = months_after(on, -12).isoformat()
    query = select(table.c.id).where(
        table.c.body == body,
        table.c.agency == agency,
        table.c.serious,
        table.c.known <= day,
        or_(table.c.occurred >= since, table.c.known >= since),
    )
    return connection.scalar(query.limit(1)) is not None


def _persons(connection: Connection, file: str, on: date) -> int | None:
    table = tables.count
    query = select(table.c.persons).where(table.c.file == file, table.c.on <= on.isoformat())
    return connection.scalar(query.order_by(table.c.on.desc(), table.c.seq.desc()).limit(1))


def _stated(connection: Connection, body: str, affair: str, on: date) -> int:
    table = tables.staff
    query = select(table.c.own).where(table.c.body == body, table.c.affair == affair, table.c.on <= on.isoformat())
    return connection.scalar(query.order_by(table.c.on.desc(), table.c.seq.desc()).limit(1)) or 0
