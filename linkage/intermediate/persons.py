"""Link codes (符号) of this body's agencies: asked for by permit, kept when they come, never joined between agencies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, select, update

from api.clock import to_ms
from linkage.intermediate import tables
from linkage.ticket import admit

if TYPE_CHECKING:
    from linkage.ticket import Ticket


def ask(ticket: Ticket, agency: str, handle: str) -> None:
    """Note that a code is being obtained. The acquisition number is not written down (番号法21条の2)."""
    admission = admit(ticket, "code.acquire", handles=(handle,))
    table = tables.link_code
    known = select(table.c.agency).where(table.c.agency == agency, table.c.handle == handle)
    if admission.connection.scalar(known) is None:
        values = {"agency": agency, "handle": handle, "asked_ms": to_ms(admission.at)}
        admission.connection.execute(table.insert().values(values))


def keep(connection: Connection, agency: str, handle: str, code: str, at_ms: int) -> None:
    """Keep the code that came, of a person for whom it was asked by permit."""
    table = tables.link_code
    connection.execute(
        update(table).where(table.c.agency == agency, table.c.handle == handle).values(code=code, acquired_ms=at_ms)
    )


def code_of(connection: Connection, agency: str, handle: str) -> str | None:
    """The agency's code of a person."""
    table = tables.link_code
    return connection.scalar(select(table.c.code).where(table.c.agency == agency, table.c.handle == handle))


def handle_of(connection: Connection, agency: str, code: str) -> str | None:
    """Whom the agency's code means."""
    table = tables.link_code
    return connection.scalar(select(table.c.handle).where(table.c.agency == agency, table.c.code == code))
