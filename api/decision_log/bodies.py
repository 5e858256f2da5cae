"""Bodies of entries: read while they are kept, erased after their time. The leaves and every proof stay."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, select

from api import ids
from api.canonical import canonical
from api.clock import Clock, today
from api.decision_log.appending import append
from api.decision_log.entry import Entry
from api.failpoints import reach
from api.storage.database import Database
from api.storage.tables import log_entry, log_payload

ERASURE = "erasure"
CHUNK = 2_000

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as it stands in the log."""

    index: int
    id: str
    kind: str
    at_ms: int
    leaf: bytes
    leaf_hash: bytes
    salt: bytes | None
    body: bytes | None


class Erased(msgspec.Struct):
    """The body of an entry that records an erasure: which indices lost their bodies, first and last included."""

    before: str
    ranges: list[Range]


_QUERY = select(log_entry, log_payload.c.salt, log_payload.c.body).outerjoin(
    log_payload, log_payload.c.idx == log_entry.c.idx
)


def entry_at(connection: Connection, index: int) -> Recorded | None:
    """The entry of an index."""
    return _recorded(connection.execute(_QUERY.where(log_entry.c.idx == index)).one_or_none())


def entry_of(connection: Connection, entry_id: str) -> Recorded | None:
    """The entry of an id."""
    return _recorded(connection.execute(_QUERY.where(log_entry.c.id == entry_id)).one_or_none())


def body_of(connection: Connection, entry_id: str) -> bytes | None:
    """The body of an entry; none when there is no such entry or its body was erased."""
    found = entry_of(connection, entry_id)
    return None if found is None else found.body


def erase(connection: Connection, before: date, clock: Clock, *, limit: int = CHUNK) -> int:
    """Erase bodies and salts whose time ended before a day, and record that, in the caller's transaction.

    Returns:
        How many; call again until there are none. Each call is whole in itself, so a stop between two does no harm.

    Raises:
        ValueError: for a day to come, up to which nothing may be erased yet.
    """
    if before > today(clock):
        raise ValueError("a day to come")
    due = (
        select(log_payload.c.idx)
        .where(log_payload.c.retain_until < before.isoformat())
        .order_by(log_payload.c.idx)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    indices = list(connection.scalars(due))
    if not indices:
        return 0
    for at in range(0, len(indices), 500):
        connection.execute(delete(log_payload).where(log_payload.c.idx.in_(indices[at : at + 500])))
    reach("erase.mid-way")
    body = canonical(Erased(before.isoformat(), ranges(indices)))
    leaf = {"before": before.isoformat(), "count": len(indices)}
    append(connection, [Entry(ids.new("er"), ERASURE, leaf, body)], clock)
    return len(indices)


def erase_all(
    database: Database, before: date, clock: Clock, progress: Callable[[int, int], None] | None = None
) -> int:
    """Erase everything due, in short transactions; `progress` is told how many of how many."""
    with database.read() as connection:
        due = select(func.count()).where(log_payload.c.retain_until < before.isoformat())
        whole = connection.scalar(due) or 0
    done = 0
    while True:
        with database.begin() as connection:
            count = erase(connection, before, clock)
        if not count:
            return done
        done += count
        if progress is not None:
            progress(done, whole)


def ranges(indices: Iterable[int]) -> list[Range]:
    """Ascending indices as ranges.

    Examples:
        >>> ranges([1, 2, 3, 7])
        [(1, 3), (7, 7)]
    """
    found: list[Range] = []
    for index in indices:
        if found and found[-1][1] == index - 1:
            found[-1] = (found[-1][0], index)
        else:
            found.append((index, index))
    return found


def as_json(recorded: Recorded) -> dict[str, Any]:
    """An entry for a person who may read it, or for the service's answer."""
    return {
        "index": recorded.index,
        "id": recorded.id,
        "leaf": msgspec.json.decode(recorded.leaf),
        "leaf_hash": base64.b64encode(recorded.leaf_hash).decode("ascii"),
        "body": None if recorded.body is None else msgspec.json.decode(recorded.body),
        "erased": recorded.body is None,
    }


def _recorded(row: Sequence[Any] | None) -> Recorded | None:
    if row is None:
        return None
    index, entry_id, kind, at_ms, leaf, leaf_hash, _, salt, body = row
    return Recorded(index, entry_id, kind, at_ms, leaf, leaf_hash, salt, body)
