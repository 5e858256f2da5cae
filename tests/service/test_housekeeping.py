"""Expired Idempotency-Keys go, a bounded number at a time; those that still count stay."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from api.clock import FixedClock, to_ms
from api.service import housekeeping
from api.service.housekeeping import Housekeeping
from api.service.idempotency import Idempotency
from api.storage.database import Database, open_database
from api.storage.tables import idempotency
from tests.databases import database  # noqa: F401  # fixture
from tests.service.conftest import NOON

CLAIM = {"fingerprint": b"x", "response": b"ev_a"}


class Log:
    """What was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []

    def warning(self, event: str, **more: Any) -> None:
        self.told.append((event, more))

    error = warning


def _fill(database: Database, past: int, current: int) -> None:  # noqa: F811
    now = to_ms(NOON)
    rows = [{"client_id": "a", "key": f"p{n}", "expires_ms": now - n, **CLAIM} for n in range(past)]
    rows += [{"client_id": "a", "key": f"c{n}", "expires_ms": now + 1 + n, **CLAIM} for n in range(current)]
    with database.begin() as connection:
        connection.execute(insert(idempotency), rows)


def _keys(database: Database) -> list[str]:  # noqa: F811
    with database.read() as connection:
        return sorted(connection.execute(select(idempotency.c.key)).scalars())


def test_the_oldest_go_first_and_no_more_than_were_asked_for(database: Database) -> None:  # noqa: F811
    _fill(database, past=10, current=3)
    keys = Idempotency(database, FixedClock(NOON), 24)
    assert keys.purge(4) == 4
    assert _keys(database) == ["c0", "c1", "c2", "p0", "p1", "p2", "p3", "p4", "p5"]
    assert [keys.purge(4), keys.purge(4), keys.purge(4)] == [4, 2, 0]
    assert _keys(database) == ["c0", "c1", "c2"]


def test_a_round_takes_all_in_small_transactions(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr(housekeeping, "PAUSE", 0)
    _fill(database, past=2_500, current=2)
    sizes: list[int] = []
    keys = Idempotency(database, FixedClock(NOON), 24)
    purge = keys.purge

    def counted() -> int:
        sizes.append(purge())
        return sizes[-1]

    monkeypatch.setattr(keys, "purge", counted)
    assert Housekeeping(keys, Log()).round() == 2_500
    assert sizes == [1_000, 1_000, 500]
    assert _keys(database) == ["c0", "c1"]


def test_it_goes_on_while_the_service_runs(database: Database) -> None:  # noqa: F811
    """What expires after the start goes too; a key that is used again stays usable."""
    clock = FixedClock(NOON)
    keys = Idempotency(database, clock, 24)
    kept = Housekeeping(keys, Log(), every=0.02)
    kept.start()
    try:
        assert asyncio.run(keys.claim("a", b"one", b"print", "ev_one")).recorded is False
        time.sleep(0.1)
        assert len(_keys(database)) == 1
        clock.advance(timedelta(hours=24, seconds=1))
        until = time.monotonic() + 20
        while _keys(database):
            assert time.monotonic() < until
            time.sleep(0.01)
        assert asyncio.run(keys.claim("a", b"one", b"print", "ev_two")).id == "ev_two"
    finally:
        kept.close()
    assert not any(thread.name == "jorei-housekeeping" for thread in threading.enumerate())


def test_a_database_that_is_gone_is_told_and_tried_again(tmp_path: Any) -> None:
    opened = open_database(f"sqlite:///{tmp_path / 'jorei.db'}")
    keys, log = Idempotency(opened, FixedClock(NOON), 24), Log()
    with opened.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE idempotency RENAME TO elsewhere")
    kept = Housekeeping(keys, log, every=0.01)
    kept.start()
    try:
        until = time.monotonic() + 20
        while len(log.told) < 2:
            assert time.monotonic() < until
            time.sleep(0.01)
        with opened.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO idempotency")
        _fill(opened, past=3, current=1)
        while _keys(opened) != ["c0"]:
            assert time.monotonic() < until
            time.sleep(0.01)
    finally:
        kept.close()
        opened.close()


def test_a_purge_does_not_read_the_whole_table(database: Database) -> None:  # noqa: F811
    _fill(database, past=5, current=500)
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(idempotency)).scalar_one() == 505
        oldest = select(idempotency.c.key).where(idempotency.c.expires_ms <= 0).order_by(idempotency.c.expires_ms)
        text = str(oldest.limit(5).compile(connection.engine, compile_kwargs={"literal_binds": True}))
        if database.dialect == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            plan = connection.exec_driver_sql(f"EXPLAIN {text}").all()
        else:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
    assert "expires_ms" in str(plan)
    assert "INDEX" in str(plan).upper()
