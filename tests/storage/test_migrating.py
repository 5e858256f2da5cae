from __future__ import annotations

import importlib
import pkgutil
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

import api
from api.storage.database import Database, DatabaseRefused, open_database
from api.storage.migrating import SERVICE, check
from api.storage.tables import metadata
from tests.databases import Server


def _declare_everything() -> None:
    """Every module of tables of the service, so that `metadata` is whole."""
    for module in pkgutil.walk_packages(api.__path__, "api."):
        if module.name.endswith(".tables") and not module.ispkg:
            importlib.import_module(module.name)


def test_steps_and_tables_agree(database: Database) -> None:
    _declare_everything()
    with database.read() as connection:
        options = {"compare_type": True, "compare_server_default": True, "include_name": _own}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def _own(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or name != SERVICE.version_table


def test_drift_is_seen(database: Database) -> None:
    """The comparison above can fail."""
    with database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE idempotency ADD COLUMN odd INTEGER")
    with pytest.raises(AssertionError):
        test_steps_and_tables_agree(database)


def test_newer_schema_is_refused(database: Database) -> None:
    _set_version(database, "9999")
    with pytest.raises(DatabaseRefused, match="D0402"):
        check(database, SERVICE)
    with pytest.raises(DatabaseRefused, match="D0402"):
        open_database(database.engine.url.render_as_string(hide_password=False))


def test_older_schema_is_refused_unless_migrated(tmp_path: Path, postgresql_server: Server) -> None:
    for url in (f"sqlite:///{tmp_path / 'jorei.db'}", postgresql_server.empty()):
        with pytest.raises(DatabaseRefused, match="D0403"):
            open_database(url, migrate=False)
        open_database(url).close()
        open_database(url, migrate=False).close()


def test_workers_that_start_together(tmp_path: Path, postgresql_server: Server) -> None:
    for url in (f"sqlite:///{tmp_path / 'jorei.db'}", postgresql_server.empty()):
        failed: list[BaseException] = []

        def start(url: str = url, failed: list[BaseException] = failed) -> None:
            try:
                open_database(url).close()
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=start) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []


def _set_version(database: Database, version: str) -> None:
    with database.begin() as connection:
        connection.execute(text(f"UPDATE {SERVICE.version_table} SET version_num = :v"), {"v": version})
