"""A database opened: its durability read back, its schema brought to what this program knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Literal, cast

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, OperationalError

from api.storage import postgresql, sqlite
from api.storage.refused import BAD_URL, DAMAGED, UNREACHABLE, DatabaseRefused
from api.storage.turns import Turns

__all__ = ["Database", "DatabaseRefused", "default_url", "open_database"]

_DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}


class Database:
    """An engine whose durability was read back.

    Attributes:
        engine: SQLAlchemy's engine. Nothing it logs shows values.
        url_masked: the address without its password, for messages.
        dialect: which of the two it is.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.url_masked = engine.url.render_as_string(hide_password=True)
        self.dialect = cast('Literal["sqlite", "postgresql"]', engine.dialect.name)
        reading: dict[str, object] = {sqlite.READ: True}
        if self.dialect == "postgresql":
            reading |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._turns = Turns() if self.dialect == "sqlite" else None
        self._reader = engine.execution_options(**reading)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A write transaction: BEGIN IMMEDIATE on SQLite, READ COMMITTED on PostgreSQL."""
        with self.turn(), self.engine.begin() as connection:
            yield connection

    def turn(self) -> AbstractContextManager[None]:
        """Wait until no other thread writes, where the database keeps no queue. `begin` does so itself."""
        return nullcontext() if self._turns is None else self._turns.turn(sqlite.BUSY_MS / 1000)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One unchanging view of the data; nothing written in it stays."""
        with self._reader.connect() as connection, connection.begin() as transaction:
            yield connection
            transaction.rollback()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def default_url(home: Path) -> str:
    """The database of an installation folder."""
    return f"sqlite:///{home / 'jorei.db'}"


def open_database(url: str, *, migrate: bool = True) -> Database:
    """Open a database and bring its schema up to date; without `migrate`, refuse one that is not.

    Raises:
        DatabaseRefused: when it cannot be reached, keeps no commit for certain, or has a newer schema.
    """
    made = _engine(_parsed(url))
    database = Database(made)
    try:
        from api.storage.migrating import SERVICE, check, migrate_service

        if database.dialect == "postgresql":
            postgresql.warn_of_checksums(made)
        if migrate:
            migrate_service(database)
        else:
            check(database, SERVICE)
    except OperationalError as error:
        database.close()
        raise _unreachable(database, error) from None
    except DatabaseError:
        database.close()
        raise _damaged(database) from None
    except BaseException:
        database.close()
        raise
    return database


def _unreachable(database: Database, error: DBAPIError) -> DatabaseRefused:
    kind = type(error.orig).__name__
    return DatabaseRefused(
        UNREACHABLE,
        f"データベース {database.url_masked} を開けません（{kind}）",
        "データベースが動いているか、フォルダがあって書き込めるかを確かめてください",
    )


def _damaged(database: Database) -> DatabaseRefused:
    return DatabaseRefused(
        DAMAGED,
        f"{database.url_masked} は、データベースでないか、壊れています",
        "指定を確かめ、正しければ控えから元に戻してください（戻した後は jorei log verify で確かめること）",
    )


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise _bad_url() from None
    family = parsed.drivername.partition("+")[0]
    driver = _DRIVERS.get(family)
    if driver is None or (family == "sqlite" and parsed.database in (None, "", ":memory:")):
        raise _bad_url()
    return parsed.set(drivername=driver)


def _bad_url() -> DatabaseRefused:
    return DatabaseRefused(
        BAD_URL,
        "データベースの指定が正しくありません",
        "sqlite:////フォルダ/jorei.db か postgresql://利用者@機械/名前 の形で指定してください",
    )


def _engine(url: URL) -> Engine:
    return sqlite.engine(url) if url.drivername.startswith("sqlite") else postgresql.engine(url)
