"""Entries appended inside a transaction of the caller."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from api.canonical import canonical
from api.clock import Clock, to_ms
from api.decision_log.entry import VERSION, Entry, Prepared, Receipt, prepare
from api.decision_log.merkle import leaf_hash
from api.decision_log.peaks import Peaks
from api.decision_log.refused import BAD_HEAD, CLOCK, refused
from api.storage import bulk
from api.storage.tables import log_entry, log_head, log_node, log_payload

#: How far the clock may stand behind the newest entry.
TOLERATED_MS = 2_000

_sha256 = hashlib.sha256
_HEAD = select(log_head).where(log_head.c.id == 1)
_LOCKED_HEAD = _HEAD.with_for_update()
_MOVED = update(log_head).where(log_head.c.id == 1)  # the values are the parameters


@dataclass(frozen=True, slots=True)
class Head:
    """How far the log goes."""

    size: int
    root: bytes
    chain: bytes
    peaks: bytes
    newest_ms: int


def head(connection: Connection, *, lock: bool = False) -> Head:
    """The head; locked, no one else appends until the transaction ends.

    Raises:
        JournalRefused: when there is none.
    """
    row = connection.execute(_LOCKED_HEAD if lock else _HEAD).one_or_none()
    if row is None:
        raise refused(BAD_HEAD)
    return Head(row.size, row.root, row.chain, row.peaks, row.newest_ms)


def append(connection: Connection, entries: Sequence[Entry], clock: Clock) -> list[Receipt]:
    """Append entries in the caller's transaction; the head is locked from here to its end, so call it last.

    Raises:
        JournalRefused: when an entry may not be recorded, the clock went back, or the head is damaged. The caller
            must roll back.
    """
    return append_prepared(connection, [prepare(entry) for entry in entries], clock)


def append_prepared(connection: Connection, entries: Iterable[Prepared], clock: Clock) -> list[Receipt]:
    """The same for entries already checked."""
    entries = list(entries)
    if not entries:
        return []
    before = head(connection, lock=True)
    try:
        peaks = Peaks(before.size, before.peaks)
    except ValueError:
        raise refused(BAD_HEAD) from None
    now_ms = to_ms(clock.now())
    if now_ms < before.newest_ms - TOLERATED_MS:
        raise refused(CLOCK)
    at_ms = max(now_ms, before.newest_ms)
    stepped = {"clock_ms": now_ms} if now_ms < at_ms else {}
    receipts, rows, chain = [], [], before.chain
    for index, one in enumerate(entries, before.size):
        entry = one.entry
        own = {"v": VERSION, "kind": entry.kind, "id": entry.id, "at_ms": at_ms, "commit": one.commit}
        leaf = canonical({**entry.leaf, **own, **stepped})
        hashed = leaf_hash(leaf)
        rows.append((index, entry.id, entry.kind, at_ms, leaf, hashed, chain))
        receipts.append(Receipt(entry.id, index, hashed, at_ms))
        chain = _sha256(chain + hashed).digest()
        peaks.push(hashed)
    payloads = [
        (row[0], one.salt, one.entry.body, one.entry.retain_until and one.entry.retain_until.isoformat())
        for row, one in zip(rows, entries, strict=True)
    ]
    bulk.insert(connection, {log_entry: rows, log_payload: payloads, log_node: peaks.completed})
    connection.execute(
        _MOVED,
        {"size": peaks.size, "root": peaks.root, "chain": chain, "peaks": peaks.packed, "newest_ms": at_ms},
    )
    return receipts
