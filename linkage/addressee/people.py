"""Persons as kept: what the acts on addressees read and write together. Within the package; acts are in the others."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import bindparam, delete, insert, select, update

from api import ids
from api.clock import to_ms
from linkage.addressee.number import HANDLING, AddresseeRefused, IndividualNumber
from linkage.addressee.sealing import unseal_for_vault
from linkage.addressee.values import Basic
from linkage.addressee.vault import Value
from linkage.storage.tables import addressee, addressee_map, addressee_number, addressee_serial
from linkage.ticket import admit

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from linkage.addressee.vault import Vault
    from linkage.ticket import Ticket

NUMBER = "number"  # purposes of cells and of the index
BASIC = "basic"

_NUMBERS = select(addressee_number).where(addressee_number.c.id.in_(bindparam("ids", expanding=True)))


def opened(vault: Vault, sealed: str) -> IndividualNumber:
    """The number that was sealed to the vault, its check digit right."""
    return IndividualNumber.entered(unseal_for_vault(sealed, vault.secrets))


def hold(connection: Connection) -> int:
    """Keep others from changing persons until the end of the transaction; gives the next 団体内統合宛名番号."""
    return int(connection.execute(select(addressee_serial.c.next).with_for_update()).scalar_one())


def standing(connection: Connection, handle: str) -> None:
    """Refuse a handle of nobody, or of a person merged into another.

    Raises:
        AddresseeRefused: G0622, G0626.
    """
    row = connection.execute(select(addressee.c.merged_into).where(addressee.c.handle == handle)).one_or_none()
    if row is None:
        raise AddresseeRefused("G0622", "その識別子の宛名はない。", "検索し直して、識別子を確かめてください。")
    if row.merged_into is not None:
        raise AddresseeRefused(
            "G0626", "ほかの宛名に統合された宛名である。", f"統合先の {row.merged_into} を示してください。"
        )


def alone_with(connection: Connection, handle: str) -> None:
    """Keep others from changing what is kept of a person until the end of the transaction.

    Raises:
        AddresseeRefused: G0622, G0626.
    """
    connection.execute(select(addressee.c.handle).where(addressee.c.handle == handle).with_for_update())
    standing(connection, handle)


def handles_of(connection: Connection, person: str) -> tuple[str, ...]:
    """The person's handle, and those merged into it."""
    merged = connection.scalars(select(addressee.c.handle).where(addressee.c.merged_into == person)).all()
    return (person, *sorted(merged))


def owners(ticket: Ticket, vault: Vault, numbers: Iterable[IndividualNumber]) -> dict[str, tuple[str, bool]]:
    """Whose numbers they are, and whether still: digits → handle, current. For the acts, inside their transaction."""
    connection = admit(ticket, *HANDLING).connection
    digits = [number.reveal(ticket) for number in numbers]
    found = vault.find(ticket, NUMBER, [text.encode() for text in digits]) if digits else {}
    record_of = {content: records[0] for content, records in found.items()}
    if not record_of:
        return {}
    found_rows = connection.execute(_NUMBERS, {"ids": list(record_of.values())})
    rows = {row.id: (str(row.handle), row.until is None) for row in found_rows}
    return {content.decode(): rows[record] for content, record in record_of.items()}


def current(connection: Connection, handle: str) -> tuple[str, date] | None:
    """The id and first day of a person's current number."""
    query = select(addressee_number.c.id, addressee_number.c.since).where(
        addressee_number.c.handle == handle, addressee_number.c.until.is_(None)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else (str(row.id), date.fromisoformat(row.since))


def add_numbers(ticket: Ticket, vault: Vault, given: Iterable[tuple[str, IndividualNumber, date]]) -> None:
    """Give persons a current number: handle, number, first day."""
    connection = admit(ticket, *HANDLING).connection
    rows, values = [], []
    for handle, number, since in given:
        id_ = ids.new("nu")
        rows.append({"id": id_, "handle": handle, "since": since.isoformat(), "until": None, "ended_by": None})
        values.append(Value(id_, NUMBER, number.reveal(ticket).encode()))
    if rows:
        connection.execute(insert(addressee_number), rows)
        vault.put(ticket, values)
        vault.enter(ticket, values)


def end_number(ticket: Ticket, id_: str, until: date, why: str) -> None:
    """End a number: it is one the person had before."""
    connection = admit(ticket, *HANDLING).connection
    ended = {"until": until.isoformat(), "ended_by": why}
    connection.execute(update(addressee_number).where(addressee_number.c.id == id_).values(ended))


def put_basic(ticket: Ticket, vault: Vault, given: Iterable[tuple[str, Basic]], *, anew: bool = False) -> None:
    """Seal 基本4情報 of persons; `anew` in place of what was there."""
    admit(ticket, *HANDLING)
    values, keys = [], []
    for handle, basic in given:
        if anew:
            vault.drop(ticket, BASIC, handle)
        values.append(Value(handle, BASIC, basic_cell(basic)))
        keys.append(Value(handle, BASIC, basic.key))
    vault.put(ticket, values)
    vault.enter(ticket, keys)


def basic_cell(basic: Basic) -> bytes:
    """基本4情報 as sealed."""
    return msgspec.json.encode(basic)


def indexed(purpose: str, cell: bytes) -> bytes:
    """The part of a cell by which it is found."""
    return msgspec.json.decode(cell, type=Basic).key if purpose == BASIC else cell


def touch(ticket: Ticket, handle: str) -> None:
    """Note that a person was changed now."""
    here = admit(ticket, *HANDLING)
    here.connection.execute(update(addressee).where(addressee.c.handle == handle).values(changed_ms=to_ms(here.at)))


def map_locals(ticket: Ticket, system: str, given: Iterable[tuple[str, str]]) -> None:
    """Note by which 宛名番号 a system knows persons: local, handle."""
    connection = admit(ticket, *HANDLING).connection
    rows = [{"system": system, "local": local, "handle": handle} for local, handle in given]
    if rows:
        connection.execute(insert(addressee_map), rows)


def unmap_locals(ticket: Ticket, system: str, handle: str) -> None:
    """Forget by which 宛名番号 a system knew a person."""
    table = addressee_map.c
    admit(ticket, *HANDLING).connection.execute(
        delete(addressee_map).where(table.system == system, table.handle == handle)
    )


def handle_of(connection: Connection, system: str, local: str) -> str | None:
    """Whom a system knows by a 宛名番号 (15 characters, `values.local_form`)."""
    table = addressee_map.c
    return connection.scalar(select(table.handle).where(table.system == system, table.local == local))


def locals_of(connection: Connection, handle: str) -> tuple[tuple[str, str], ...]:
    """By which 宛名番号 the systems know a person: system, local."""
    table = addressee_map.c
    query = select(table.system, table.local).where(table.handle == handle).order_by(table.system, table.local)
    return tuple((str(system), str(local)) for system, local in connection.execute(query))


def serial_of(connection: Connection, handle: str) -> int | None:
    """The 団体内統合宛名番号 of a person; `values.serial_form` writes it as the intermediate server wants it."""
    return connection.scalar(select(addressee.c.serial).where(addressee.c.handle == handle))
