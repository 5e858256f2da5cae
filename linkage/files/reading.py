"""業務の記録の検索: what the open files of the permit's affair and agency hold about a person. Writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select

from api.clock import from_ms
from linkage.addressee import people
from linkage.addressee.vault import CONTENT, damaged
from linkage.assessments import tables as register
from linkage.files import opening, tables
from linkage.files.values import Record, cell
from linkage.ticket import admit

if TYPE_CHECKING:
    from linkage.addressee.vault import Vault
    from linkage.ticket import Ticket


def search(ticket: Ticket, vault: Vault, person: str, *, versions: bool = False) -> tuple[Record, ...]:
    """The records of a person, oldest first, with those of addressees merged into theirs. Act record.search, naming the person.

    Args:
        ticket: of the act.
        vault: where they are sealed.
        person: handle of the addressee.
        versions: the versions before the current one too.

    Raises:
        AddresseeRefused: G0622, G0626.
        VaultRefused: G0632, a version was altered, moved or taken away.
    """
    here = admit(ticket, "record.search", handles=(person,))
    connection = here.connection
    people.standing(connection, person)
    record, version = tables.record, tables.version
    query = (
        select(record, version)
        .join(version, version.c.record == record.c.id)
        .join(register.file, register.file.c.id == record.c.file)
        .where(record.c.person.in_(people.handles_of(connection, person)), opening.within(here))
        .order_by(version.c.written_ms, record.c.id, version.c.version)
    )
    if not versions:
        query = query.where(version.c.version == record.c.current)
    rows = connection.execute(query).all()
    names = [cell(row.file, row.person, row.id, row.version) for row in rows]
    cells = vault.get(ticket, CONTENT, names)
    if len(cells) != len(rows):
        raise damaged()
    return tuple(
        Record(
            row.id,
            row.file,
            row.version,
            row.version == row.current,
            from_ms(row.written_ms),
            row.evaluation,
            msgspec.json.decode(cells[name], type=dict[str, str]),
        )
        for row, name in zip(rows, names, strict=True)
    )
