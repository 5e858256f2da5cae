"""付番: a person gets a 団体内統合宛名番号 when nobody with that Individual Number or 宛名番号 has one yet.

A batch is sealed as one text, and its permit names the hash of that text (`sealed_handle`): one permit, exactly these
people, once. The rows of a batch are numbered all or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import insert, select, update

from api import ids
from api.clock import to_ms
from linkage.addressee import people
from linkage.addressee.number import HANDLING, AddresseeRefused, IndividualNumber
from linkage.addressee.sealing import sealed_handle, unseal_for_vault
from linkage.addressee.values import Basic, Batch, Kind, Numbered, Numbering, local_form
from linkage.storage.tables import addressee, addressee_map, addressee_number, addressee_serial
from linkage.ticket import admit

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from linkage.addressee.vault import Vault
    from linkage.ticket import Admission, Ticket


@dataclass(frozen=True, slots=True)
class _Person:
    local: str
    basic: Basic
    number: IndividualNumber | None
    kind: Kind


def number(ticket: Ticket, vault: Vault, request: Numbering) -> Numbered:
    """付番 of one person; act addressee.number, naming `request.handles`.

    Raises:
        Refusal: G0609–G0611 of the ticket; G0621 check digit; G0623 and G0624 conflicts; G0625; G0634.
    """
    admit(ticket, "addressee.number", handles=request.handles)
    number_ = None if request.sealed is None else people.opened(vault, request.sealed)
    person = _Person(local_form(request.local), request.basic.checked(), number_, request.kind)
    return _number_all(ticket, vault, request.system, [person])[0]


def load(ticket: Ticket, vault: Vault, sealed: str) -> list[Numbered]:
    """付番 of a sealed `Batch`; act addressee.load, naming `sealed_handle(sealed)`. All rows or none.

    Raises:
        Refusal: As `number`, with the row; G0634 when the batch cannot be opened or read.
    """
    admit(ticket, "addressee.load", handles=(sealed_handle(sealed),))
    try:
        batch = msgspec.json.decode(unseal_for_vault(sealed, vault.secrets), type=Batch)
    except msgspec.MsgspecError:
        raise AddresseeRefused(
            "G0634", "封じた一括付番の内容を読めない。", "一括付番の形式（values.Batch）で作り直してください。"
        ) from None
    found = []
    for place, row in enumerate(batch.rows, 1):
        with _row(place):
            number_ = None if row.number is None else IndividualNumber.entered(row.number)
            found.append(_Person(local_form(row.local), row.basic.checked(), number_, row.kind))
    return _number_all(ticket, vault, batch.system, found)


class _row:  # noqa: N801  # reads as a statement
    """Says in which row of the batch a refusal arose."""

    def __init__(self, place: int) -> None:
        self._place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, AddresseeRefused):
            raise AddresseeRefused(error.code, f"{self._place}行目: {error.text}", error.help) from None


@dataclass(slots=True)
class _Known:
    """What is known of the people of one request, as it grows row by row."""

    mapped: dict[str, str]  # local → handle
    owned: dict[str, tuple[str, bool]]  # digits → handle, current
    numbered: set[str]  # handles with a current number
    added: list[tuple[str, Basic, Kind]] = field(default_factory=list)
    numbers: list[tuple[str, IndividualNumber]] = field(default_factory=list)
    maps: list[tuple[str, str]] = field(default_factory=list)


def _number_all(ticket: Ticket, vault: Vault, system: str, persons: Sequence[_Person]) -> list[Numbered]:
    here = admit(ticket, *HANDLING)
    next_serial = people.hold(here.connection)
    known = _known(ticket, vault, here.connection, system, persons)
    answers = []
    for place, person in enumerate(persons, 1):
        with _row(place):
            answers.append(_number_one(known, person, person.number.reveal(ticket) if person.number else None))
    _write(ticket, vault, here, system, known, next_serial)
    return answers


def _known(ticket: Ticket, vault: Vault, connection: Connection, system: str, persons: Sequence[_Person]) -> _Known:
    owned = people.owners(ticket, vault, [person.number for person in persons if person.number])
    table = addressee_map.c
    query = select(table.local, table.handle).where(
        table.system == system, table.local.in_([person.local for person in persons])
    )
    mapped = {str(local): str(handle) for local, handle in connection.execute(query)}
    handles = {*mapped.values(), *(handle for handle, _ in owned.values())}
    having = select(addressee_number.c.handle).where(
        addressee_number.c.handle.in_(handles), addressee_number.c.until.is_(None)
    )
    return _Known(mapped, owned, set(connection.scalars(having)) if handles else set())


def _number_one(known: _Known, person: _Person, digits: str | None) -> Numbered:
    """Whom the row means; notes what is to be written for it."""
    if digits is not None and person.local.endswith(digits):
        raise AddresseeRefused("G0624", "宛名番号に個人番号が使われている。", "個人番号と別の番号にしてください。")
    by_local = known.mapped.get(person.local)
    by_number = known.owned[digits][0] if digits in known.owned else None
    if by_local is not None and by_number is not None and by_local != by_number:
        raise AddresseeRefused(
            "G0624", "その宛名番号は、ほかの人に対応している。", "宛名番号と個人番号の組合せを確かめてください。"
        )
    handle = by_local or by_number
    new = handle is None
    if handle is None:
        handle = ids.new("ad")
        known.added.append((handle, person.basic, person.kind))
    if by_local is None:
        known.mapped[person.local] = handle
        known.maps.append((person.local, handle))
    if person.number is not None and digits is not None and by_number is None:
        if handle in known.numbered:
            raise AddresseeRefused(
                "G0623",
                "その人には、別の個人番号が登録されている。",
                "番号が変わったのなら変更の登録を、誤りなら訂正をしてください。",
            )
        known.owned[digits] = (handle, True)
        known.numbered.add(handle)
        known.numbers.append((handle, person.number))
    return Numbered(handle, new)


def _write(ticket: Ticket, vault: Vault, here: Admission, system: str, known: _Known, next_serial: int) -> None:
    now, day = to_ms(here.at), here.at.date()
    if known.added:
        rows = [
            {
                "handle": handle,
                "serial": serial,
                "kind": kind.value,
                "merged_into": None,
                "made_ms": now,
                "changed_ms": now,
            }
            for serial, (handle, _, kind) in enumerate(known.added, next_serial)
        ]
        here.connection.execute(insert(addressee), rows)
        here.connection.execute(update(addressee_serial).values(next=next_serial + len(rows)))
        people.put_basic(ticket, vault, [(handle, basic) for handle, basic, _ in known.added])
    people.add_numbers(ticket, vault, [(handle, number_, day) for handle, number_ in known.numbers])
    people.map_locals(ticket, system, known.maps)
