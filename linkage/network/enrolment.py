"""Members (intermediate servers), their agencies and the state of their impact assessments."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, select

from api.clock import Clock, to_ms
from dsl.masking import twelve_digits
from linkage.network import tables
from linkage.network.refusals import NetworkRefused
from linkage.network.wire import Assessment, Member


def enrol(connection: Connection, member: Member) -> None:
    """Register a member, or replace its registration.

    Raises:
        NetworkRefused: N0202 when an agency belongs to another member.
    """
    if any(twelve_digits(text) for text in (member.name, *(agency.name for agency in member.agencies))):
        raise NetworkRefused("N0216", status=400)
    codes = [agency.code for agency in member.agencies]
    taken = select(tables.agency.c.code).where(tables.agency.c.code.in_(codes), tables.agency.c.member != member.id)
    if connection.scalar(taken) is not None:
        raise NetworkRefused("N0202")
    connection.execute(delete(tables.agency).where(tables.agency.c.member == member.id))
    connection.execute(delete(tables.member).where(tables.member.c.id == member.id))
    values = {"id": member.id, "name": member.name, "sign": member.sign, "seal": member.seal}
    connection.execute(tables.member.insert().values(values))
    for agency in member.agencies:
        connection.execute(
            tables.agency.insert().values(
                code=agency.code,
                member=member.id,
                name=agency.name,
                designations=msgspec.json.encode(agency.designations).decode(),
            )
        )


def sign_key_of(connection: Connection, member: str) -> str | None:
    """The public key by which a member's requests are believed."""
    return connection.scalar(select(tables.member.c.sign).where(tables.member.c.id == member))


def set_assessment(connection: Connection, member: str, told: Assessment, clock: Clock) -> None:
    """Keep the state of an impact assessment, as its agency tells it.

    Raises:
        NetworkRefused: N0202 when the agency is not the member's.
    """
    owner = connection.scalar(select(tables.agency.c.member).where(tables.agency.c.code == told.agency))
    if owner != member:
        raise NetworkRefused("N0202")
    table = tables.assessment
    connection.execute(delete(table).where(table.c.agency == told.agency, table.c.subject == told.subject))
    connection.execute(table.insert().values(**msgspec.to_builtins(told), set_ms=to_ms(clock.now())))
