"""SQLite as a durable store: WAL, every commit flushed, transactions that begin when they say so."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

from api.storage.refused import NOT_DURABLE, DatabaseRefused

#: Execution option of a connection that only reads.
READ = "jorei_read"

#: How long a writer waits for another.
BUSY_MS = 10_000

#: What is set on every connection, and what must be read back.
_SETTINGS: tuple[tuple[str, str, object], ...] = (
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),
    ("foreign_keys", "ON", 1),
    ("fullfsync", "ON", 1),
    ("checkpoint_fullfsync", "ON", 1),
    ("busy_timeout", str(BUSY_MS), BUSY_MS),
    ("secure_delete", "ON", 1),  # what is erased is overwritten
    ("wal_autocheckpoint", "1000", 1000),
)


def engine(url: URL) -> Engine:
    """An engine whose transactions begin with BEGIN IMMEDIATE, but for reads.

    The driver's own BEGIN comes too late (before the first write only); so it is switched off and the begin event
    emits it, as SQLAlchemy documents for pysqlite.
    """
    made = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_MS / 1000}, pool_timeout=10)
    event.listen(made, "connect", _connected)
    event.listen(made, "begin", _begin)
    return made


def _connected(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        for name, value, expected in _SETTINGS:
            cursor.execute(f"PRAGMA {name} = {value}")
            found = cursor.execute(f"PRAGMA {name}").fetchone()
            if found is None or found[0] != expected:
                raise DatabaseRefused(
                    NOT_DURABLE,
                    f"SQLite の {name} を {value} にできません（今は {found and found[0]}）",
                    "データベースの文書を、この機械のディスクに置いてください（共有フォルダでは確実に保存できません）",
                )
    finally:
        cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(READ) else "BEGIN IMMEDIATE")
