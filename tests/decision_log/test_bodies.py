"""Bodies erased after their time; the leaves and every proof stay."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from api.decision_log import append, body_of, consistency_proof, entry_of, erase, erase_all, inclusion_proof, merkle
from api.decision_log.bodies import as_json, entry_at
from api.decision_log.walk import unexplained
from api.storage.database import Database
from api.storage.tables import log_payload
from tests.decision_log.helping import RETAINED, clock, entry, grow, signed, verified

_LATER = clock(days=900)


def bodies(database: Database) -> int:
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(log_payload)) or 0


def test_erased(database: Database, tmp_path: Path) -> None:
    receipts = grow(database, [100, 200])
    made = signed(database, tmp_path)
    with database.begin() as connection:
        kept = append(connection, [entry(retain=None), entry(retain=RETAINED + timedelta(days=1))], clock())
    seen: list[tuple[int, int]] = []
    day = RETAINED + timedelta(days=1)
    assert erase_all(database, day, _LATER, lambda done, whole: seen.append((done, whole))) == 300
    assert seen[-1] == (300, 300)
    assert erase_all(database, day, _LATER) == 0
    with database.read() as connection:
        assert body_of(connection, receipts[7].id) is None
        assert body_of(connection, kept[0].id) == body_of(connection, kept[1].id) == entry().body
        found = entry_of(connection, receipts[7].id)
        assert found is not None
        assert as_json(found)["erased"] is True
        leaf = merkle.leaf_hash(found.leaf)
        proof = inclusion_proof(connection, 7, 300)
        assert merkle.verify_inclusion(7, 300, leaf, proof, made.root)
        assert len(consistency_proof(connection, 300)) > 0
    found_all = verified(database, tmp_path)
    assert (found_all.ok, found_all.erased, found_all.size) == (True, 300, 303)


def test_what_was_kept_reads_as_it_was(database: Database) -> None:
    receipt = grow(database, 3)[2]
    with database.read() as connection:
        found = entry_at(connection, receipt.index)
        assert entry_at(connection, 3) is None
        assert entry_of(connection, "ev_none") is None
        assert body_of(connection, "ev_none") is None
    assert found is not None
    shown = as_json(found)
    assert (shown["index"], shown["id"], shown["erased"], shown["body"]["n"]) == (2, receipt.id, False, 2)


def test_on_the_last_day_nothing_is_erased(database: Database) -> None:
    grow(database, 3)
    assert erase_all(database, RETAINED, _LATER) == 0
    assert bodies(database) == 3


def test_not_before_its_time(database: Database) -> None:
    grow(database, 3)
    with database.begin() as connection, pytest.raises(ValueError):
        erase(connection, date(2999, 1, 1), clock())
    assert bodies(database) == 3


def test_interrupted_between_transactions(database: Database, tmp_path: Path) -> None:
    grow(database, 50)
    day = _LATER.now().date()

    def stop() -> None:
        with database.begin() as connection:
            erase(connection, day, _LATER, limit=7)
            raise KeyboardInterrupt

    for round_ in range(3):
        with database.begin() as connection:
            assert erase(connection, day, _LATER, limit=7) == 7
        before = bodies(database)
        with pytest.raises(KeyboardInterrupt):
            stop()
        assert bodies(database) == before == 50 - 7 * (round_ + 1) + round_ + 1
        assert verified(database, tmp_path).ok
    assert erase_all(database, day, _LATER) == 29
    found = verified(database, tmp_path)
    assert (found.ok, found.erased) == (True, 50)


def test_an_erased_body_is_gone_from_the_file(sqlite_database: Database) -> None:
    grow(sqlite_database, 20)
    erase_all(sqlite_database, _LATER.now().date(), _LATER)
    path = Path(str(sqlite_database.engine.url.database))
    with sqlite_database.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    assert "転入した者の税額".encode() not in path.read_bytes()


@pytest.mark.parametrize(
    ("missing", "erased", "expected"),
    [
        ([], [], []),
        ([(0, 0)], [], [0]),
        ([(3, 9)], [(5, 7), (3, 4), (8, 20)], []),
        ([(3, 9)], [(5, 7), (3, 4)], [8]),
        ([(1, 2), (4, 5)], [(2, 4)], [1, 5]),
    ],
)
def test_unexplained(missing: list[tuple[int, int]], erased: list[tuple[int, int]], expected: list[int]) -> None:
    assert list(unexplained(missing, erased)) == expected
