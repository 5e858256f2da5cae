"""SQLite's write-ahead log is copied beside the writers; what is committed stays, and the file stays short."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import text

from api.storage.database import Database, default_url, open_database
from api.storage.write_ahead import PAGES, WriteAheadLog

_WAL_PAGE = 4096 + 24


class Said:
    """A log that keeps what it was told."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warning(self, what: str, **_: Any) -> None:
        self.warnings.append(what)


def _table(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(text("CREATE TABLE noted (what BLOB)"))


def _write(database: Database, count: int) -> None:
    for _ in range(count):
        with database.begin() as connection:
            connection.execute(text("INSERT INTO noted VALUES (zeroblob(40000))"))


def _until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_commit_copies_only_a_log_that_grew_long(tmp_path: Path) -> None:
    database = open_database(default_url(tmp_path))
    kept = WriteAheadLog(database, Said())
    kept.start()
    with database.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar_one() == PAGES
    kept.close()
    database.close()


def test_writers_without_pauses_leave_the_file_short(tmp_path: Path) -> None:
    database, said = open_database(default_url(tmp_path)), Said()
    _table(database)
    kept = WriteAheadLog(database, said, every=0.01)
    kept.start()
    threads = [threading.Thread(target=_write, args=(database, 250)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wal = tmp_path / "jorei.db-wal"
    assert wal.stat().st_size < 500 * 11 * _WAL_PAGE / 2  # begun anew on the way, again and again
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM noted")).scalar_one() == 500
    kept.close()
    database.close()
    assert said.warnings == []


def test_everything_is_copied_once_nobody_writes(tmp_path: Path) -> None:
    database = open_database(default_url(tmp_path))
    kept = WriteAheadLog(database, Said(), every=0.01)
    kept.start()
    _table(database)
    _write(database, 5)
    _until(lambda: (tmp_path / "jorei.db").stat().st_size > 5 * 40_000)
    kept.close()
    database.close()


def test_what_cannot_be_copied_is_told_and_tried_again(tmp_path: Path) -> None:
    database, said = open_database(default_url(tmp_path)), Said()
    _table(database)
    kept = WriteAheadLog(database, said, every=0.01)
    tried: list[int] = []
    copy = kept._copy

    def fails_first() -> None:
        tried.append(1)
        if len(tried) == 1:
            database.engine.raw_connection().cursor().execute("no statement")
        copy()

    kept._copy = fails_first  # type: ignore[method-assign]
    kept.start()
    _write(database, 1)
    _until(lambda: len(said.warnings) == 1)
    _write(database, 5)
    _until(lambda: (tmp_path / "jorei.db").stat().st_size > 5 * 40_000)
    assert said.warnings == ["write-ahead log not copied"]
    kept.close()
    database.close()


def test_nothing_is_done_on_postgresql(postgresql_database: Database) -> None:
    kept = WriteAheadLog(postgresql_database, Said())
    kept.start()
    with postgresql_database.begin() as connection:
        connection.execute(text("SELECT 1"))
    kept.close()
    assert not kept._thread.ident
