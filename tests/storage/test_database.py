from __future__ import annotations

import logging
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import IntegrityError

from api.storage.append_only import trigger_names
from api.storage.database import Database, DatabaseRefused, open_database
from api.storage.tables import APPEND_ONLY, idempotency
from tests.databases import Server


def test_sqlite_is_durable(sqlite_database: Database) -> None:
    with sqlite_database.begin() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in _SETTINGS}
    assert found == _SETTINGS


_SETTINGS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000, "secure_delete": 1}


def test_sqlite_that_cannot_be_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.storage import sqlite

    monkeypatch.setattr(sqlite, "_SETTINGS", (("synchronous", "NORMAL", 2),))
    with pytest.raises(DatabaseRefused, match="D0401"):
        open_database(f"sqlite:///{tmp_path / 'jorei.db'}")


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/a", "nonsense", "postgresql://u:p@h:port/x"]
)
def test_no_database(url: str) -> None:
    with pytest.raises(DatabaseRefused, match="D0405"):
        open_database(url)


def test_unreachable(tmp_path: Path) -> None:
    with pytest.raises(DatabaseRefused, match="D0404"):
        open_database(f"sqlite:///{tmp_path / 'missing' / 'jorei.db'}")
    with pytest.raises(DatabaseRefused, match="D0404") as refused:
        open_database("postgresql://someone:secret@127.0.0.1:1/nothing")
    assert "secret" not in str(refused.value)
    assert "D0404" in refused.value.lines()


def test_not_a_database(tmp_path: Path) -> None:
    (tmp_path / "jorei.db").write_bytes(b"This is a letter, not a database." * 100)
    with pytest.raises(DatabaseRefused, match="D0406"):
        open_database(f"sqlite:///{tmp_path / 'jorei.db'}")


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_postgresql_that_loses_commits(postgresql_server: Server, name: str) -> None:
    url = postgresql_server.empty()
    postgresql_server.run(f"ALTER SYSTEM SET {name} = off")
    postgresql_server.run("SELECT pg_reload_conf()")
    try:
        _until(postgresql_server, f"SHOW {name}", "off")
        with pytest.raises(DatabaseRefused, match=f"D0401.*{name}"):
            open_database(url)
    finally:
        postgresql_server.run(f"ALTER SYSTEM RESET {name}")
        postgresql_server.run("SELECT pg_reload_conf()")
        _until(postgresql_server, f"SHOW {name}", "on")
        postgresql_server.drop(url)


def _until(server: Server, query: str, value: str) -> None:
    """Wait until the server has read its settings again."""
    until = time.monotonic() + 10
    while server.asked(query) != value:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_postgresql_waits_for_no_lock_for_ever(postgresql_database: Database) -> None:
    with postgresql_database.begin() as connection:
        asked = "SELECT current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout')"
        assert connection.exec_driver_sql(asked).one() == ("10s", "1min")


def test_write_transactions_exclude_each_other(sqlite_database: Database) -> None:
    """BEGIN IMMEDIATE: the second writer waits at its beginning, not at its first write."""
    path = str(sqlite_database.engine.url.database)
    with sqlite_database.begin(), sqlite_database.read() as reader:
        reader.execute(text("SELECT 1"))
        other = sqlite3.connect(path, timeout=0, isolation_level=None)
        try:
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        finally:
            other.close()


def test_reads_see_one_state_and_write_nothing(database: Database) -> None:
    row = {"client_id": "a", "key": "k", "fingerprint": b"", "expires_ms": 1}
    with database.read() as reader:
        assert reader.execute(idempotency.select()).all() == []
        with database.begin() as writer:
            writer.execute(idempotency.insert().values(row))
        assert reader.execute(idempotency.select()).all() == []
    with database.read() as reader:
        assert len(reader.execute(idempotency.select()).all()) == 1


def test_rolled_back(database: Database) -> None:
    row = {"client_id": "a", "key": "k", "fingerprint": b"", "expires_ms": 1}

    def fail() -> None:
        with database.begin() as connection:
            connection.execute(idempotency.insert().values(row))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    with database.read() as connection:
        assert connection.execute(idempotency.select()).all() == []


def test_values_are_never_logged(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    row = {"client_id": "an-odd-value", "key": "k", "fingerprint": b"", "expires_ms": 1}
    with caplog.at_level(logging.DEBUG, logger="sqlalchemy"):
        for _ in range(2):
            with suppress(IntegrityError), database.begin() as connection:
                connection.execute(idempotency.insert().values(row))
    assert "INSERT INTO idempotency" in caplog.text
    assert "an-odd-value" not in caplog.text


def test_every_trigger_is_there(database: Database) -> None:
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if database.dialect == "postgresql":
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A'"
    with database.read() as connection:
        found = set(connection.scalars(text(query)))
    for table in APPEND_ONLY:
        assert trigger_names(table, database.dialect) <= found


@pytest.mark.parametrize("clash", ["idx", "id"])
def test_sqlite_overwrites_no_row(sqlite_database: Database, clash: str) -> None:
    row = {"idx": 0, "id": "'a'", "kind": "'k'", "at_ms": 0, "leaf": "x''", "leaf_hash": "x''", "prev_hash": "x''"}
    insert = "INSERT OR REPLACE INTO log_entry ({}) VALUES ({})"
    with sqlite_database.begin() as connection:
        connection.exec_driver_sql(insert.format(",".join(row), ",".join(map(str, row.values()))))
    again = row | ({"id": "'b'"} if clash == "idx" else {"idx": 1})
    with pytest.raises(Exception, match="append-only"), sqlite_database.begin() as connection:
        connection.exec_driver_sql(insert.format(",".join(again), ",".join(map(str, again.values()))))


def test_checksums_off_is_said(postgresql_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.storage import postgresql

    url = postgresql_server.fresh()
    database = open_database(url)  # no warning: the server of the tests has them
    database.close()
    monkeypatch.setattr(postgresql, "_CHECKSUMS", "SELECT 'off'")
    with pytest.warns(postgresql.ChecksumsOff, match="data_checksums"):
        open_database(url).close()
    postgresql_server.drop(url)


def test_engines_hide_parameters(database: Database) -> None:
    assert isinstance(database.engine, Engine)
    assert database.engine.hide_parameters
    assert inspect(database.engine).has_table("log_entry")


def test_a_connection_that_died_while_it_rested_is_noticed(postgresql_database: Database) -> None:
    killed = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> :own"
    )
    with postgresql_database.begin() as connection:
        own = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    other = open_database(postgresql_database.engine.url.render_as_string(hide_password=False))
    with other.begin() as connection:
        connection.execute(killed, {"own": connection.execute(text("SELECT pg_backend_pid()")).scalar_one()})
    other.close()
    time.sleep(0.3)
    with postgresql_database.begin() as connection:
        assert connection.execute(text("SELECT pg_backend_pid()")).scalar_one() != own


def test_a_connection_in_use_just_now_is_not_tried_again(postgresql_database: Database) -> None:
    tried: list[object] = []
    dialect = postgresql_database.engine.dialect
    dialect.do_ping = lambda connection: tried.append(connection) or True  # type: ignore[method-assign,func-returns-value]
    for _ in range(3):
        with postgresql_database.begin() as connection:
            connection.execute(text("SELECT 1"))
    assert not tried
    time.sleep(0.3)
    with postgresql_database.begin() as connection:
        connection.execute(text("SELECT 1"))
    assert len(tried) == 1
