"""What changes about a person: the number, an error in it, 基本4情報, duplicates, the 宛名番号 of a system."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from linkage.addressee import people
from linkage.addressee.number import AddresseeRefused
from linkage.addressee.sealing import sealed_handle
from linkage.addressee.values import Basic, Kind, local_form, local_handle
from linkage.storage.tables import addressee, addressee_map, addressee_number
from linkage.ticket import admit

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from linkage.addressee.number import IndividualNumber
    from linkage.addressee.vault import Vault
    from linkage.ticket import Ticket


def change(ticket: Ticket, vault: Vault, handle: str, sealed: str, on: date) -> None:
    """個人番号の変更: from this day another number; the one before stays sealed as 従前の番号.

    Act addressee.change, naming the handle and `sealed_handle(sealed)`.

    Raises:
        Refusal: G0623 the new number is or was somebody's; G0627 a day before the number's first; G0628 none to change.
    """
    connection = admit(ticket, "addressee.change", handles=(handle, sealed_handle(sealed))).connection
    number, id_, since = _replacing(ticket, vault, connection, handle, sealed)
    if on < since:
        raise AddresseeRefused("G0627", "変更の日が、いまの番号の初日より前である。", "日を確かめてください。")
    people.end_number(ticket, id_, on, "changed")
    people.add_numbers(ticket, vault, [(handle, number, on)])
    people.touch(ticket, handle)


def correct(ticket: Ticket, vault: Vault, handle: str, sealed: str) -> None:
    """個人番号の訂正: the number was entered in error. It was never the person's, so its cell is destroyed.

    Act addressee.correct, naming the handle and `sealed_handle(sealed)` of the right number.

    Raises:
        Refusal: G0623 the right number is or was somebody's; G0628 none to correct.
    """
    connection = admit(ticket, "addressee.correct", handles=(handle, sealed_handle(sealed))).connection
    number, id_, since = _replacing(ticket, vault, connection, handle, sealed)
    vault.drop(ticket, people.NUMBER, id_)
    people.end_number(ticket, id_, since, "corrected")
    people.add_numbers(ticket, vault, [(handle, number, since)])
    people.touch(ticket, handle)


def _replacing(
    ticket: Ticket, vault: Vault, connection: Connection, handle: str, sealed: str
) -> tuple[IndividualNumber, str, date]:
    """The number to come, and the id and first day of the one it replaces."""
    people.hold(connection)
    people.standing(connection, handle)
    number = people.opened(vault, sealed)
    if people.owners(ticket, vault, [number]):
        raise AddresseeRefused(
            "G0623", "その個人番号は、すでに登録されている。", "同じ人の宛名が二つあるのなら、統合してください。"
        )
    now = people.current(connection, handle)
    if now is None:
        raise AddresseeRefused("G0628", "その人の個人番号は登録されていない。", "付番の依頼で番号を示してください。")
    return number, *now


def amend(ticket: Ticket, vault: Vault, handle: str, basic: Basic, kind: Kind | None = None) -> None:
    """基本4情報の変更, and of a person who moves in or out the kind. Act addressee.amend, naming the handle."""
    connection = admit(ticket, "addressee.amend", handles=(handle,)).connection
    people.hold(connection)
    people.standing(connection, handle)
    people.put_basic(ticket, vault, [(handle, basic.checked())], anew=True)
    if kind is not None:
        connection.execute(update(addressee).where(addressee.c.handle == handle).values(kind=kind.value))
    people.touch(ticket, handle)


def merge(ticket: Ticket, vault: Vault, keep: str, away: str) -> None:
    """重複の統合: two addressees were one person; the first stays. Act addressee.merge, naming both.

    Numbers and 宛名番号 go over. Where both have a current number, the one of `away` becomes a 従前の番号 that ended
    today. 基本4情報 of `away` are destroyed; its handle stays, and tells where the person is.
    """
    here = admit(ticket, "addressee.merge", handles=(keep, away))
    connection = here.connection
    people.hold(connection)
    people.standing(connection, keep)
    people.standing(connection, away)
    if keep == away:
        raise AddresseeRefused("G0627", "同じ宛名どうしは統合できない。", "二つの異なる宛名を示してください。")
    gone = people.current(connection, away)
    if gone is not None and people.current(connection, keep) is not None:
        people.end_number(ticket, gone[0], max(here.at.date(), gone[1]), "merged")
    for table in (addressee_number, addressee_map):
        connection.execute(update(table).where(table.c.handle == away).values(handle=keep))
    vault.drop(ticket, people.BASIC, away)
    connection.execute(update(addressee).where(addressee.c.handle == away).values(merged_into=keep))
    # those merged into it before: everyone points at the one who stays
    connection.execute(update(addressee).where(addressee.c.merged_into == away).values(merged_into=keep))
    people.touch(ticket, keep)
    people.touch(ticket, away)


def map_local(ticket: Ticket, handle: str, system: str, local: str) -> None:
    """対応付け: a system knows the person by this 宛名番号. Act addressee.map, naming the handle and `local_handle`.

    Raises:
        Refusal: G0624 the 宛名番号 is another's, or holds digits like an Individual Number's.
    """
    connection = admit(ticket, "addressee.map", handles=(handle, local_handle(system, local))).connection
    people.hold(connection)
    people.standing(connection, handle)
    form = local_form(local)
    known = people.handle_of(connection, system, form)
    if known is not None and known != handle:
        raise AddresseeRefused("G0624", "その宛名番号は、ほかの人に対応している。", "宛名番号を確かめてください。")
    if known is None:
        people.map_locals(ticket, system, [(form, handle)])


def survivor(connection: Connection, handle: str) -> str | None:
    """Where a person is now: the handle itself, or the one it was merged into; None for nobody."""
    row = connection.execute(select(addressee.c.merged_into).where(addressee.c.handle == handle)).one_or_none()
    return None if row is None else row.merged_into or handle
