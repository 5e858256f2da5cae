"""Copies (副本): what an agency holds ready for provision, by data set and version, public for a period, sealed at rest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Annotated

import msgspec
from sqlalchemy import Connection, func, select, update

from api.clock import to_ms
from dsl.masking import twelve_digits
from linkage.intermediate import tables
from linkage.intermediate.refusals import IntermediateRefused
from linkage.network.sealing import SealKey, seal
from linkage.network.wire import AgencyCode, Id, InformationCode, ItemCode
from linkage.ticket import admit

if TYPE_CHECKING:
    from linkage.intermediate.codes import Codes
    from linkage.ticket import Ticket

_FOUR = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}$")]
_KEY = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,40}$")]


class Copy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One copy of one record. `dataset` and `version` are of four digits; a correction has a later version."""

    agency: AgencyCode
    handle: Id
    information: InformationCode
    dataset: _FOUR = "0001"  # データセットの識別
    record_key: _KEY = "0001"  # データセットレコードのキー
    version: _FOUR = "0001"  # 特定個人情報の版番号
    parent_key: _KEY | None = None  # 親データセットのレコードキー
    public_from: date  # 公開開始日
    public_until: date | None = None  # 公開終了日
    automatic: bool = True  # 自動応答してよい
    items: Mapping[ItemCode, str]


class Found(msgspec.Struct, frozen=True):
    """Copies that answer one inquiry; `items` newest versions merged by data set, still to be opened."""

    sealed: tuple[str, ...]
    automatic: bool


def register(ticket: Ticket, copies: tuple[Copy, ...], codes: Codes, key: SealKey) -> int:
    """Keep copies. Gives how many.

    Raises:
        IntermediateRefused: N0111–N0114.
    """
    handles = {copy.handle for copy in copies}
    admission = admit(ticket, "copy.register", "copy.correct", handles=handles)
    for copy in copies:
        _check(admission.connection, copy, codes)
        admission.connection.execute(
            tables.copy.insert().values(
                agency=copy.agency,
                handle=copy.handle,
                information=copy.information,
                dataset=copy.dataset,
                record_key=copy.record_key,
                version=int(copy.version),
                parent_key=copy.parent_key,
                public_from=copy.public_from.isoformat(),
                public_until=copy.public_until.isoformat() if copy.public_until else None,
                automatic=copy.automatic,
                sealed=seal(msgspec.json.encode(dict(copy.items)), key.public),
                evaluation=admission.evaluation,
                registered_ms=to_ms(admission.at),
            )
        )
    return len(copies)


def _check(connection: Connection, copy: Copy, codes: Codes) -> None:
    codes.items(codes.information(copy.information).code, tuple(copy.items))
    if copy.public_until is not None and copy.public_from > copy.public_until:
        raise IntermediateRefused("N0112")
    if any(twelve_digits(value) for value in copy.items.values()) or twelve_digits(copy.record_key):
        raise IntermediateRefused("N0114", status=400)
    table = tables.copy
    newest = connection.scalar(
        select(func.max(table.c.version)).where(
            table.c.agency == copy.agency,
            table.c.handle == copy.handle,
            table.c.information == copy.information,
            table.c.dataset == copy.dataset,
            table.c.record_key == copy.record_key,
        )
    )
    if newest is not None and int(copy.version) <= newest:
        raise IntermediateRefused("N0113", version=copy.version)


def withdraw(ticket: Ticket, agency: str, handle: str, information: str, dataset: str, record_key: str) -> int:
    """End the publication of a copy in all its versions.

    Raises:
        IntermediateRefused: N0116 there is none.
    """
    admission = admit(ticket, "copy.withdraw", handles=(handle,))
    table = tables.copy
    done = admission.connection.execute(
        update(table)
        .where(
            table.c.agency == agency,
            table.c.handle == handle,
            table.c.information == information,
            table.c.dataset == dataset,
            table.c.record_key == record_key,
            table.c.withdrawn_ms.is_(None),
        )
        .values(withdrawn_ms=to_ms(admission.at))
    )
    if not done.rowcount:
        raise IntermediateRefused("N0116", status=404)
    return done.rowcount


def find(connection: Connection, agency: str, handle: str, information: str, on: date) -> Found | None:
    """What is public on a day: of each record the newest version; nothing when that one is not public or withdrawn."""
    table = tables.copy
    query = (
        select(table)
        .where(table.c.agency == agency, table.c.handle == handle, table.c.information == information)
        .order_by(table.c.dataset, table.c.record_key, table.c.version)
    )
    newest = {(row["dataset"], row["record_key"]): row for row in connection.execute(query).mappings()}
    day = on.isoformat()
    public = [
        row
        for row in newest.values()
        if row["withdrawn_ms"] is None
        and row["public_from"] <= day
        and (row["public_until"] is None or day <= row["public_until"])
    ]
    if not public:
        return None
    return Found(tuple(row["sealed"] for row in public), all(row["automatic"] for row in public))


def opened(found: Found, items: tuple[str, ...], key: SealKey) -> list[dict[str, str]]:
    """The items asked for, of each record; only they leave the copy."""
    records = [msgspec.json.decode(key.open(sealed), type=dict[str, str]) for sealed in found.sealed]
    return [{code: record[code] for code in items if code in record} for record in records]
