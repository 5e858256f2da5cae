"""Schemas brought forward, never back; refused when they come from a newer program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, MetaData, inspect

from api.storage.refused import NEWER, OLDER, DatabaseRefused
from api.storage.tables import metadata

if TYPE_CHECKING:
    from alembic.config import Config

    from api.storage.database import Database

#: Held on PostgreSQL while a schema is brought forward, so that workers that start together do it once.
_LOCK = 0x6A6F726569


@dataclass(frozen=True, slots=True)
class Schema:
    """Where the steps of one schema stand, and the table that says how far a database has come."""

    metadata: MetaData
    location: Path
    version_table: str


SERVICE = Schema(metadata, Path(__file__).parent / "migrations", "schema_version")


def migrate_service(database: Database) -> None:
    """Bring the service's own schema up to date."""
    migrate(database, SERVICE.metadata, SERVICE.location, SERVICE.version_table)


def migrate(database: Database, metadata: MetaData, location: Path, version_table: str) -> None:
    """Bring a schema up to date, all steps in one transaction.

    Args:
        database: where.
        metadata: the tables as the program knows them.
        location: a folder with `env.py` (one line: `run()` of api.storage.environment) and `versions/`.
        version_table: the table that keeps the version of this schema.

    Raises:
        DatabaseRefused: when the database has a version that this program does not know.
    """
    schema = Schema(metadata, location, version_table)
    with database.read() as connection:
        if _current(connection, schema) in _heads(schema):
            return
    from alembic import command

    with database.begin() as connection:
        if database.dialect == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        _refuse_newer(_current(connection, schema), schema)
        command.upgrade(_config(schema, connection), "head")


def check(database: Database, schema: Schema) -> None:
    """Refuse a schema that is not the one this program knows."""
    with database.read() as connection:
        current = _current(connection, schema)
    if current in _heads(schema):
        return
    _refuse_newer(current, schema)
    raise DatabaseRefused(
        OLDER,
        "データベースの表が、このプログラムより古い版です",
        "このプログラムの jorei serve を一度起動すると、新しい版に改まります（先に控えを取ってください）",
    )


def _refuse_newer(current: str | None, schema: Schema) -> None:
    if current is not None and current not in _revisions(schema):
        raise DatabaseRefused(
            NEWER,
            "データベースの表が、このプログラムの知らない新しい版です",
            "新しい版のプログラムを使ってください（表を古い版に戻すことはできません）",
        )


def _current(connection: Connection, schema: Schema) -> str | None:
    if not inspect(connection).has_table(schema.version_table):
        return None
    found = connection.exec_driver_sql(f"SELECT version_num FROM {schema.version_table}").scalar_one_or_none()
    return None if found is None else str(found)


def _config(schema: Schema, connection: Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(schema.location).replace("%", "%%"))
    config.attributes.update(connection=connection, metadata=schema.metadata, version_table=schema.version_table)
    return config


def _revisions(schema: Schema) -> frozenset[str]:
    from alembic.script import ScriptDirectory

    return frozenset(step.revision for step in ScriptDirectory.from_config(_config(schema)).walk_revisions())


def _heads(schema: Schema) -> frozenset[str]:
    from alembic.script import ScriptDirectory

    return frozenset(ScriptDirectory.from_config(_config(schema)).get_heads())
