"""Triggers that keep rows from being changed or removed, on both databases."""

from __future__ import annotations

from sqlalchemy import Connection, inspect

_TEXT = "append-only"


def forbid_changes(connection: Connection, table: str) -> None:
    """Let rows of a table be added and read, nothing else. On SQLite, of its keys those that stand now are watched."""
    postgresql = connection.dialect.name == "postgresql"
    for statement in _postgresql(table) if postgresql else _sqlite(table, _keys(connection, table)):
        connection.exec_driver_sql(statement)


def trigger_names(table: str, dialect: str) -> frozenset[str]:
    """The triggers that must be there."""
    own = "truncate" if dialect == "postgresql" else "overwrite"
    return frozenset(f"{table}_no_{what}" for what in ("update", "delete", own))


def _keys(connection: Connection, table: str) -> list[list[str]]:
    found = inspect(connection)
    unique = [list(one["column_names"]) for one in found.get_unique_constraints(table)]
    indices = [one["column_names"] for one in found.get_indexes(table) if one["unique"]]
    columns = [[name for name in one if name is not None] for one in indices]
    return [list(found.get_pk_constraint(table)["constrained_columns"]), *unique, *columns]


def _sqlite(table: str, keys: list[list[str]]) -> tuple[str, ...]:
    """INSERT OR REPLACE removes a row without telling the triggers on removal; so an insertion over one is refused."""
    raised = f"BEGIN SELECT RAISE(ABORT, '{table}: {_TEXT}'); END"
    there = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {' AND '.join(f'{name} = NEW.{name}' for name in key)})" for key in keys
    )
    return (
        *(
            f"CREATE TRIGGER {table}_no_{what} BEFORE {what.upper()} ON {table} {raised}"
            for what in ("update", "delete")
        ),
        f"CREATE TRIGGER {table}_no_overwrite BEFORE INSERT ON {table} WHEN {there} {raised}",
    )


def _postgresql(table: str) -> tuple[str, ...]:
    function = (
        "CREATE OR REPLACE FUNCTION jorei_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '%%: {_TEXT}', TG_TABLE_NAME; END $$"
    )
    events = ("update", "delete", "truncate")
    return (
        function,
        *(
            f"CREATE TRIGGER {table}_no_{what} BEFORE {what.upper()} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION jorei_append_only()"
            for what in events
        ),
        *(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_{what}" for what in events),
    )
