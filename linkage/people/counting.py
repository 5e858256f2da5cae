"""How many people handle the files of an affair: own handlers, and the staff of subcontractors (保護評価の取扱者数)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import func, select

from linkage.people import tables
from linkage.people.keeping import in_force

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Handling(msgspec.Struct, frozen=True):
    """People of one affair: of the municipality itself, and of subcontractors."""

    own: int
    contracted: int


def handling(connection: Connection, body: str, affairs: Collection[str], on: date) -> Handling:
    """Who handles on a day. Staff without consent or supervision are counted too: they do handle."""
    assigned, person = tables.assignment, tables.handler
    here = (
        select(assigned.c.contract, func.count(func.distinct(assigned.c.handler)))
        .join(person, person.c.id == assigned.c.handler)
        .where(
            assigned.c.body == body,
            assigned.c.affair.in_(list(affairs)),
            in_force(assigned, on),
            in_force(person, on),
        )
        .group_by(assigned.c.contract)
    )
    by_contract: dict[str | None, int] = {row[0]: row[1] for row in connection.execute(here)}
    contract, link = tables.contract, tables.contract_affair
    stated = (
        select(contract.c.id, contract.c.staff)
        .where(
            contract.c.body == body,
            in_force(contract, on),
            contract.c.id.in_(select(link.c.contract).where(link.c.affair.in_(list(affairs)))),
        )
        .order_by(contract.c.id)
    )
    contracted = sum(max(staff, by_contract.get(id_, 0)) for id_, staff in connection.execute(stated))
    return Handling(by_contract.get(None, 0), contracted)
