"""Finding and showing a person: by number, by 基本4情報; the number itself only sealed to the asker's own key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import select

from linkage.addressee import people
from linkage.addressee.number import AddresseeRefused, IndividualNumber
from linkage.addressee.sealing import seal, sealed_handle, unseal_for_vault
from linkage.addressee.values import Basic, Found, Sex, Shown
from linkage.storage.tables import addressee_number
from linkage.ticket import admit

if TYPE_CHECKING:
    from linkage.addressee.vault import Vault
    from linkage.ticket import Ticket


class Query(msgspec.Struct, frozen=True):
    """基本情報検索: name and day of birth. Sealed as JSON."""

    name: str
    birth: date


def search(ticket: Ticket, vault: Vault, sealed: str) -> Found | None:
    """個人番号による検索: whom a sealed number belongs to. Act addressee.search, naming `sealed_handle(sealed)`."""
    admit(ticket, "addressee.search", handles=(sealed_handle(sealed),))
    found = list(people.owners(ticket, vault, [people.opened(vault, sealed)]).values())
    return Found(*found[0]) if found else None


def show(ticket: Ticket, vault: Vault, handle: str, key: Mapping[str, Any]) -> str:
    """個人番号の表示: the current and 従前 numbers (JSON list of `Shown`, newest first), sealed to the asker's key.

    Act addressee.show, naming the handle.

    Raises:
        Refusal: G0622, G0626; G0628 no number is registered; G0635 the key.
    """
    connection = admit(ticket, "addressee.show", handles=(handle,)).connection
    people.standing(connection, handle)
    table = addressee_number.c
    query = select(addressee_number).where(table.handle == handle, table.ended_by.is_distinct_from("corrected"))
    rows = sorted(
        connection.execute(query).all(), key=lambda row: (row.until is None, row.until, row.since), reverse=True
    )
    cells = vault.get(ticket, people.NUMBER, [row.id for row in rows])
    if not cells:
        raise AddresseeRefused("G0628", "その人の個人番号は登録されていない。", "付番の依頼で番号を示してください。")
    return seal(msgspec.json.encode([_shown(row, cells[row.id]) for row in rows]).decode(), key)


def _shown(row: Any, cell: bytes) -> Shown:
    until = None if row.until is None else date.fromisoformat(row.until)
    return Shown(cell.decode(), date.fromisoformat(row.since), until, row.ended_by)


def number_of(ticket: Ticket, vault: Vault, handle: str) -> IndividualNumber:
    """The current number within the service, to obtain a linkage code. Act code.acquire, naming the handle.

    Raises:
        Refusal: G0622, G0626, G0628.
    """
    connection = admit(ticket, "code.acquire", handles=(handle,)).connection
    people.standing(connection, handle)
    now = people.current(connection, handle)
    if now is None:
        raise AddresseeRefused("G0628", "その人の個人番号は登録されていない。", "付番の依頼で番号を示してください。")
    return IndividualNumber(vault.get(ticket, people.NUMBER, [now[0]])[now[0]].decode())


def basic(ticket: Ticket, vault: Vault, handle: str) -> Basic:
    """基本4情報の表示. Act addressee.basic, naming the handle."""
    connection = admit(ticket, "addressee.basic", handles=(handle,)).connection
    people.standing(connection, handle)
    return msgspec.json.decode(vault.get(ticket, people.BASIC, [handle])[handle], type=Basic)


def find(ticket: Ticket, vault: Vault, sealed: str) -> tuple[str, ...]:
    """基本情報検索: everyone of that name and day of birth. Act addressee.find, naming `sealed_handle(sealed)`."""
    admit(ticket, "addressee.find", handles=(sealed_handle(sealed),))
    try:
        query = msgspec.json.decode(unseal_for_vault(sealed, vault.secrets), type=Query)
    except msgspec.MsgspecError:
        raise AddresseeRefused(
            "G0634", "封じた検索の条件を読めない。", "looking.Query の形式で作り直してください。"
        ) from None
    key = Basic(query.name, "-", query.birth, Sex.UNKNOWN).checked().key
    return tuple(sorted(vault.find(ticket, people.BASIC, [key]).get(key, ())))
