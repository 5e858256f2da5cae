"""What was done about a person, and what was refused, found in the log: the uses beside the provision records.

Acts and refusals are entries of the log and nothing else. `gather` reads on from where it stopped and notes under each
person which entries name the person; it writes nothing about what they say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, exists, insert, select, update

from api.clock import to_ms
from api.decision_log import head
from api.decision_log.bodies import Recorded, entry_at
from api.storage.tables import log_entry, log_payload
from linkage.portal import tables
from linkage.ticket import admit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from linkage.ticket import Ticket

KINDS = ("act", "refused-act")
BATCH = 2_000
_ADDRESSEE = "ad_"


def behind(connection: Connection) -> bool:
    """Whether the log has entries that were not yet looked at."""
    start = select(tables.position.c.next).where(tables.position.c.id == 1).scalar_subquery()
    return bool(connection.scalar(select(exists().where(log_entry.c.idx >= start, log_entry.c.kind.in_(KINDS)))))


def gather(ticket: Ticket, limit: int = BATCH) -> int:
    """Look at up to so many entries; gives how many. Operation rights.write."""
    connection = admit(ticket, "rights.write").connection
    table = tables.position
    start = connection.scalar(select(table.c.next).where(table.c.id == 1).with_for_update()) or 0
    size = head(connection).size
    query = (
        select(log_entry.c.idx, log_payload.c.body)
        .join(log_payload, log_payload.c.idx == log_entry.c.idx)
        .where(log_entry.c.idx >= start, log_entry.c.idx < size, log_entry.c.kind.in_(KINDS))
        .order_by(log_entry.c.idx)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    found = [{"person": person, "idx": row.idx} for row in rows for person in sorted(persons(decoded(row.body)))]
    if found:
        connection.execute(insert(tables.trace), found)
    reached = rows[-1].idx + 1 if len(rows) == limit else size
    connection.execute(update(table).where(table.c.id == 1).values(next=reached))
    return len(rows)


def decoded(body: bytes | None) -> dict[str, Any]:
    """The body of an entry."""
    return msgspec.json.decode(body, type=dict[str, Any]) if body else {}


def persons(body: dict[str, Any]) -> set[str]:
    """Whom an entry is about: its subject, and the addressees among its handles; of a provision, the person.

    Examples:
        >>> sorted(persons({"subject": "ad_a", "act": {"handles": ["ad_b", "sha256:x"]}}))
        ['ad_a', 'ad_b']
    """
    act, facts = body.get("act"), body.get("facts", {})
    handles = [*(act["handles"] if isinstance(act, dict) else ()), body.get("subject"), facts.get("person")]
    return {handle for handle in handles if handle and handle.startswith(_ADDRESSEE)}


def of_person(
    connection: Connection, handles: Iterable[str], *, before: datetime | None = None, limit: int = 100
) -> tuple[Recorded, ...]:
    """The newest entries about a person that are no provisions (those have records of their own), newest first."""
    found: list[Recorded] = []
    below: int | None = None
    while len(found) < limit:
        indices = _indices(connection, tuple(handles), before, below, limit)
        for index in indices:
            entry = entry_at(connection, index)
            if entry is not None and entry.body is not None and not decoded(entry.body).get("records"):
                found.append(entry)
        if len(indices) < limit:
            break
        below = indices[-1]
    return tuple(found[:limit])


def _indices(
    connection: Connection, handles: tuple[str, ...], before: datetime | None, below: int | None, limit: int
) -> list[int]:
    table = tables.trace
    query = select(table.c.idx).where(table.c.person.in_(handles)).order_by(table.c.idx.desc()).distinct()
    if below is not None:
        query = query.where(table.c.idx < below)
    if before is not None:
        query = query.join(log_entry, log_entry.c.idx == table.c.idx).where(log_entry.c.at_ms < to_ms(before))
    return list(connection.scalars(query.limit(limit)))


def is_of_person(connection: Connection, handles: Iterable[str], index: int) -> bool:
    """Whether an entry is one of theirs."""
    table = tables.trace
    found = select(table.c.idx).where(table.c.person.in_(tuple(handles)), table.c.idx == index).limit(1)
    return connection.scalar(found) is not None
