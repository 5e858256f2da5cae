"""The organisation register: agencies, sections, and which section carries out which affair, each with its period."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, insert, select, update

from api import ids
from engine.names import Directories
from linkage.people import tables
from linkage.people.keeping import admitted, in_force, make_stale, period, worded
from linkage.people.refusals import PeopleRefused

if TYPE_CHECKING:
    from dsl.organisation import Organisation
    from engine.rule_set import RuleSet
    from linkage.ticket import Ticket

#: The names of the rule set asked about last: they take a while to make.
_kept: list[Directories] = []


class Unit(msgspec.Struct, frozen=True):
    """An agency, or a section of one."""

    agency: str
    section: str
    first: date
    last: date | None


class Duty(msgspec.Struct, frozen=True):
    """A section carries out an affair."""

    id: str
    agency: str
    section: str
    affair: str
    first: date
    last: date | None


def affair_key(rule_set: RuleSet, body: str, name: str) -> str:
    """The key of an affair by its id, legal name or citation.

    Raises:
        PeopleRefused: G0719.
    """
    found = _directories(rule_set).of(body if body in rule_set.bodies else None).affair(name)
    if found is None:
        raise PeopleRefused("G0719", what=name)
    return found.id


def _directories(rule_set: RuleSet) -> Directories:
    found = next(iter(_kept), None)
    if found is None or found.rule_set is not rule_set:
        found = Directories(rule_set)
        _kept[:] = [found]
    return found


def load(ticket: Ticket, organisation: Organisation, rule_set: RuleSet, first: date) -> tuple[str, ...]:
    """Take the agencies, sections and duties of organisation.yaml, from a day; what is there already stays.

    Gives the names of affairs that the rules do not know: those duties are not taken.
    """
    admitted(ticket)
    body, unknown = organisation.code, []
    for agency in organisation.agencies:
        add_unit(ticket, body, agency.name, "", first)
        for section, affairs in agency.sections:
            add_unit(ticket, body, agency.name, section, first)
            for affair in affairs:
                try:
                    key = affair_key(rule_set, body, affair)
                except PeopleRefused:
                    unknown.append(affair)
                    continue
                add_duty(ticket, body, agency.name, section, key, first)
    return tuple(unknown)


def add_unit(ticket: Ticket, body: str, agency: str, section: str, first: date) -> str:
    """Enter an agency (without section) or a section; gives its id, of the one there already when there is one."""
    connection = admitted(ticket).connection
    worded(機関=agency, **({"課": section} if section else {}))
    table = tables.unit
    known = connection.scalar(
        select(table.c.id).where(
            table.c.body == body, table.c.agency == agency, table.c.section == section, in_force(table, first)
        )
    )
    if known is not None:
        return str(known)
    id_ = ids.new("un")
    values = {"id": id_, "body": body, "agency": agency, "section": section, "first": first.isoformat()}
    connection.execute(insert(table), [values])
    return id_


def add_duty(ticket: Ticket, body: str, agency: str, section: str, affair: str, first: date) -> str:
    """Enter that a section carries out an affair, from a day.

    Raises:
        PeopleRefused: G0719 no such section on that day.
    """
    connection = admitted(ticket).connection
    if not has_unit(connection, body, agency, section, first):
        raise PeopleRefused("G0719", what=f"{agency} {section}")
    table = tables.duty
    known = connection.scalar(
        select(table.c.id).where(
            table.c.body == body,
            table.c.agency == agency,
            table.c.section == section,
            table.c.affair == affair,
            in_force(table, first),
        )
    )
    if known is not None:
        return str(known)
    id_ = ids.new("du")
    values = {"id": id_, "body": body, "agency": agency, "section": section, "affair": affair}
    connection.execute(insert(table), [{**values, "first": first.isoformat()}])
    return id_


def end_duty(ticket: Ticket, id_: str, last: date) -> None:
    """The section carries out the affair until this day. Permits issued before are stale.

    Raises:
        PeopleRefused: G0719 no such duty; G0718 a day before its first.
    """
    admission = admitted(ticket)
    table = tables.duty
    row = admission.connection.execute(select(table).where(table.c.id == id_)).mappings().first()
    if row is None:
        raise PeopleRefused("G0719", what=id_)
    period(date.fromisoformat(row["first"]), last)
    admission.connection.execute(update(table).where(table.c.id == id_).values(last=last.isoformat()))
    make_stale(admission, row["body"], "所掌の変更")


def move_duty(ticket: Ticket, id_: str, agency: str, section: str, first: date) -> str:
    """組織の改編: another section carries out the affair from a day; gives the id of the new duty."""
    connection = admitted(ticket).connection
    row = connection.execute(select(tables.duty).where(tables.duty.c.id == id_)).mappings().first()
    if row is None:
        raise PeopleRefused("G0719", what=id_)
    end_duty(ticket, id_, first - timedelta(days=1))
    add_unit(ticket, row["body"], agency, section, first)
    return add_duty(ticket, row["body"], agency, section, row["affair"], first)


def has_unit(connection: Connection, body: str, agency: str, section: str, on: date) -> bool:
    """Whether an agency has a section on a day."""
    table = tables.unit
    query = select(table.c.id).where(
        table.c.body == body, table.c.agency == agency, table.c.section == section, in_force(table, on)
    )
    return connection.scalar(query) is not None


def units(connection: Connection, body: str, on: date) -> tuple[Unit, ...]:
    """Agencies and sections on a day."""
    table = tables.unit
    query = select(table).where(table.c.body == body, in_force(table, on)).order_by(table.c.agency, table.c.section)
    return tuple(
        Unit(row["agency"], row["section"], date.fromisoformat(row["first"]), _day(row["last"]))
        for row in connection.execute(query).mappings()
    )


def duties(connection: Connection, body: str, on: date, affair: str | None = None) -> tuple[Duty, ...]:
    """Which section carries out what on a day."""
    table = tables.duty
    query = select(table).where(table.c.body == body, in_force(table, on))
    if affair is not None:
        query = query.where(table.c.affair == affair)
    query = query.order_by(table.c.agency, table.c.section, table.c.affair)
    return tuple(
        Duty(r["id"], r["agency"], r["section"], r["affair"], date.fromisoformat(r["first"]), _day(r["last"]))
        for r in connection.execute(query).mappings()
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
