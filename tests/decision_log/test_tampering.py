"""Each way in which someone with full rights over the database may change the log, and what the verification says."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select, update

from api.decision_log import Journal, JournalRefused, append, head, publish, verify_at_start, walk
from api.decision_log.checkpoints import CheckpointRefused
from api.decision_log.commitment import commitment
from api.decision_log.faults import Kind
from api.decision_log.merkle import leaf_hash
from api.decision_log.peaks import Peaks
from api.storage.database import Database, open_database
from api.storage.tables import log_entry, log_head, log_node, log_payload
from tests.decision_log.helping import clock, entry, grow, signed, signer, tamper, verified

SIZE = 600
"""More than two stored nodes; the checkpoints are at 300 and 600."""


@pytest.fixture
def log(database: Database, tmp_path: Path) -> Database:
    grow(database, [100, 1, 199])
    signed(database, tmp_path / "outside")
    grow(database, [256, 44])
    signed(database, tmp_path / "outside")
    return database


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    return tmp_path / "outside"


def first(database: Database, outside: Path) -> tuple[Kind, int, int]:
    fault = verified(database, outside).first
    assert fault is not None
    assert str(fault.first) in fault.text or fault.kind in (Kind.NOTE,)
    return fault.kind, fault.first, fault.last


def test_untouched(log: Database, outside: Path) -> None:
    found = verified(log, outside)
    assert (found.ok, found.size, found.bodies, found.checkpoints) == (True, SIZE, SIZE, 2)
    assert verify_at_start(log, outside, signer().verifier).begun_at == SIZE


@pytest.mark.parametrize("index", [0, 255, 300, SIZE - 1])
def test_leaf_edited(log: Database, outside: Path, index: int) -> None:
    with log.read() as connection:
        leaf = connection.scalar(select(log_entry.c.leaf).where(log_entry.c.idx == index))
    forged = bytes(leaf).replace(b'"lawful"', b'"denied"').hex()
    value = f"x'{forged}'" if log.dialect == "sqlite" else f"'\\x{forged}'::bytea"
    tamper(log, f"UPDATE log_entry SET leaf = {value} WHERE idx = {index}")
    assert first(log, outside) == (Kind.EDITED, index, index)


@pytest.mark.parametrize("index", [0, 7, 299, SIZE - 1])
def test_leaf_and_its_hash_edited(log: Database, outside: Path, index: int) -> None:
    tamper(log)
    with log.begin() as connection:
        leaf = bytes(connection.scalar(select(log_entry.c.leaf).where(log_entry.c.idx == index)) or b"")
        forged = leaf.replace(b'"lawful"', b'"denied"')
        connection.execute(
            update(log_entry).where(log_entry.c.idx == index).values(leaf=forged, leaf_hash=leaf_hash(forged))
        )
    assert first(log, outside) == (Kind.REPLACED, index, index)


@pytest.mark.parametrize("column", ["id = 'ev_forged'", "kind = 'permit'", "at_ms = at_ms + 1"])
def test_column_edited(log: Database, outside: Path, column: str) -> None:
    tamper(log, f"UPDATE log_entry SET {column} WHERE idx = 123")
    assert first(log, outside) == (Kind.COLUMNS, 123, 123)


@pytest.mark.parametrize("index", [0, 1, 400, SIZE - 1])
def test_chain_edited(log: Database, outside: Path, index: int) -> None:
    other = f"(SELECT leaf_hash FROM log_entry WHERE idx = {index})"
    tamper(log, f"UPDATE log_entry SET prev_hash = {other} WHERE idx = {index}")
    assert first(log, outside) == (Kind.CHAIN, index, index)


@pytest.mark.parametrize("index", [0, 42, SIZE - 2])
def test_row_removed(log: Database, outside: Path, index: int) -> None:
    tamper(log, f"DELETE FROM log_entry WHERE idx = {index}")
    assert first(log, outside) == (Kind.MISSING, index, index)


def test_more_than_a_page_removed(log: Database, outside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "PAGE", 50)
    assert verified(log, outside).ok
    tamper(log, "DELETE FROM log_entry WHERE idx BETWEEN 120 AND 400")
    assert first(log, outside) == (Kind.MISSING, 120, 120)
    tamper(log, "DELETE FROM log_entry WHERE idx >= 120")
    assert first(log, outside) == (Kind.TRUNCATED, 120, 120)


def test_tail_removed(log: Database, outside: Path) -> None:
    tamper(log, "DELETE FROM log_entry WHERE idx >= 590")
    assert first(log, outside) == (Kind.TRUNCATED, 590, 590)


def test_rows_reordered(log: Database, outside: Path) -> None:
    swap = "UPDATE log_entry SET idx = {1} WHERE idx = {0}"
    tamper(log, *(swap.format(*pair) for pair in ((100, -1), (200, 100), (-1, 200))))
    assert first(log, outside) == (Kind.REORDERED, 100, 100)


def test_bodies_swapped(log: Database, outside: Path) -> None:
    swap = "UPDATE log_payload SET idx = {1} WHERE idx = {0}"
    tamper(log, *(swap.format(*pair) for pair in ((10, -1), (20, 10), (-1, 20))))
    assert first(log, outside) == (Kind.BODY, 10, 10)
    assert [fault.first for fault in verified(log, outside).faults] == [10, 20]


def test_body_edited(log: Database, outside: Path) -> None:
    with log.begin() as connection:
        connection.execute(update(log_payload).where(log_payload.c.idx == 5).values(body=b"{}"))
    assert first(log, outside) == (Kind.BODY, 5, 5)


def test_body_removed_without_a_word(log: Database, outside: Path) -> None:
    with log.begin() as connection:
        connection.execute(log_payload.delete().where(log_payload.c.idx.in_([5, 6, 9])))
    assert first(log, outside) == (Kind.BODY_MISSING, 5, 5)


def test_node_edited(log: Database, outside: Path) -> None:
    tamper(log, "UPDATE log_node SET hash = (SELECT hash FROM log_node WHERE level = 8 AND pos = 0) WHERE pos = 1")
    assert first(log, outside) == (Kind.NODE, 256, 511)


@pytest.mark.parametrize("column", ["root = chain", "chain = root", "size = 599", "size = 601", "newest_ms = 0"])
def test_head_edited(log: Database, outside: Path, column: str) -> None:
    tamper(log, f"UPDATE log_head SET {column}")
    kind, at, _ = first(log, outside)
    assert (kind, at) in {(Kind.HEAD, 599), (Kind.BEYOND, 599), (Kind.TRUNCATED, 600)}


def test_head_removed(log: Database, outside: Path) -> None:
    tamper(log, "DELETE FROM log_head")
    assert first(log, outside)[:2] == (Kind.BEYOND, 0)
    with log.begin() as connection, pytest.raises(JournalRefused):
        append(connection, [entry()], clock())


def rewrite(database: Database, index: int) -> None:
    """Edit one row and derive again everything in the database that depends on it."""
    tamper(database)
    with database.begin() as connection:
        rows = connection.execute(select(log_entry).order_by(log_entry.c.idx)).all()
        chain, peaks = bytes(32), Peaks()
        connection.execute(log_node.delete())
        for row in rows:
            leaf, hashed = bytes(row.leaf), bytes(row.leaf_hash)
            if row.idx == index:
                salt, body = bytes(32), b'{"forged":true}'
                at = leaf.index(b'"commit":"') + len(b'"commit":"')
                leaf = leaf[:at] + commitment(salt, body).encode() + leaf[at + 43 :]
                hashed = leaf_hash(leaf)
                connection.execute(update(log_payload).where(log_payload.c.idx == index).values(salt=salt, body=body))
            if row.idx >= index:
                own = update(log_entry).where(log_entry.c.idx == row.idx)
                connection.execute(own.values(leaf=leaf, leaf_hash=hashed, prev_hash=chain))
            chain = hashlib.sha256(chain + hashed).digest()
            peaks.push(hashed)
        for level, pos, hashed in peaks.completed:
            connection.execute(log_node.insert().values(level=level, pos=pos, hash=hashed))
        connection.execute(update(log_head).values(root=peaks.root, chain=chain, peaks=peaks.packed))


@pytest.mark.parametrize(("index", "range_"), [(17, (0, 299)), (450, (300, 599))])
def test_everything_rewritten_is_caught_by_what_is_outside(
    log: Database, outside: Path, index: int, range_: tuple[int, int]
) -> None:
    rewrite(log, index)
    tamper(log, "DELETE FROM checkpoint")
    empty = outside.parent / "empty"
    assert verified(log, empty).ok, "the database alone cannot tell"
    assert first(log, outside) == (Kind.CHECKPOINT, *range_)
    assert verify_at_start(log, outside, signer().verifier).refusal is not None
    with pytest.raises(CheckpointRefused):
        publish(log, outside, signer(), clock())


def test_signed_again_by_another_key(log: Database, outside: Path) -> None:
    rewrite(log, 17)
    tamper(log, "DELETE FROM checkpoint")
    shutil.rmtree(outside)
    publish(log, outside, signer(2), clock())
    assert first(log, outside)[0] is Kind.NOTE


def test_tail_removed_with_head(log: Database, outside: Path) -> None:
    """As after a restore of an older backup."""
    with log.read() as connection:
        rows = connection.execute(select(log_entry.c.leaf_hash, log_entry.c.prev_hash).order_by(log_entry.c.idx)).all()
    peaks = Peaks()
    for row in rows[:500]:
        peaks.push(bytes(row.leaf_hash))
    tamper(
        log,
        "DELETE FROM log_entry WHERE idx >= 500",
        "DELETE FROM log_payload WHERE idx >= 500",
        "DELETE FROM log_node WHERE pos = 1",
        "DELETE FROM checkpoint WHERE size > 500",
    )
    values = {"size": 500, "root": peaks.root, "chain": bytes(rows[500].prev_hash), "peaks": peaks.packed}
    with log.begin() as connection:
        connection.execute(update(log_head).values(values))
    assert first(log, outside) == (Kind.SHORTER, 500, 599)
    with pytest.raises(CheckpointRefused):
        publish(log, outside, signer(), clock())


@pytest.mark.parametrize("table", ["log_entry", "log_node", "checkpoint"])
@pytest.mark.parametrize("statement", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0}"])
def test_triggers(log: Database, table: str, statement: str) -> None:
    if statement.startswith("TRUNCATE") and log.dialect == "sqlite":
        statement = "DELETE FROM {0} WHERE 1"
    column = {"log_entry": "kind", "log_node": "hash", "checkpoint": "note"}[table]
    with pytest.raises(Exception, match="append-only"), log.begin() as connection:
        connection.exec_driver_sql(statement.format(table, column))


def test_head_moved_back_stops_the_writer(log: Database) -> None:
    """The key of the entries is the last safeguard: a forged head cannot make a second entry of an index."""
    with log.read() as connection:
        peaks = Peaks()
        for hashed in connection.scalars(select(log_entry.c.leaf_hash).order_by(log_entry.c.idx).limit(10)):
            peaks.push(bytes(hashed))
    with log.begin() as connection:
        connection.execute(update(log_head).values(size=10, root=peaks.root, peaks=peaks.packed))
    journal = Journal(log, clock())
    try:
        for _ in range(2):
            with pytest.raises(JournalRefused) as refused:
                journal.record_now(entry())
            assert refused.value.code == "D0419"
        assert journal.refusal is not None
    finally:
        journal.close()


def test_old_backup_restored(sqlite_database: Database, tmp_path: Path, outside: Path) -> None:
    grow(sqlite_database, 50)
    source = sqlite_database.engine.url.database
    with closing(sqlite3.connect(str(source))) as one, closing(sqlite3.connect(tmp_path / "backup.db")) as other:
        one.backup(other)
    grow(sqlite_database, 30)
    signed(sqlite_database, outside)
    restored = open_database(f"sqlite:///{tmp_path / 'backup.db'}")
    try:
        assert first(restored, outside) == (Kind.SHORTER, 50, 79)
        grow(restored, 100)
        assert first(restored, outside) == (Kind.CHECKPOINT, 0, 79)
        with restored.read() as connection:
            assert head(connection).size == 150
    finally:
        restored.close()
