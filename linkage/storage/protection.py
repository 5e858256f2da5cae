"""Triggers that keep provision records as they were written, and keep them for their time, on both databases."""

from __future__ import annotations

from sqlalchemy import Connection

from api.storage.append_only import forbid_changes

_RELEASED = "EXISTS (SELECT 1 FROM record_release WHERE record_release.before > OLD.retain_until)"


def _no_replace(table: str, key: str) -> str:
    """INSERT OR REPLACE removes a row without telling triggers on removal, so an insertion over a row is refused."""
    return (
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) "
        f"BEGIN SELECT RAISE(ABORT, '{table}: append-only'); END"
    )


_SQLITE = (
    _no_replace("provision_record", "id"),
    _no_replace("record_release", "operation"),
    "CREATE TRIGGER provision_record_no_update BEFORE UPDATE ON provision_record "
    "BEGIN SELECT RAISE(ABORT, 'provision_record: append-only'); END",
    "CREATE TRIGGER provision_record_no_delete BEFORE DELETE ON provision_record "
    f"WHEN NOT {_RELEASED} BEGIN SELECT RAISE(ABORT, 'provision_record: kept for its time'); END",
)
_POSTGRESQL = (
    "CREATE FUNCTION linkage_keep_record() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF TG_OP = 'DELETE' THEN IF {_RELEASED} THEN RETURN OLD; END IF; END IF; "
    "RAISE EXCEPTION 'provision_record: kept as written for its time'; END $$",
    "CREATE TRIGGER provision_record_no_change BEFORE UPDATE OR DELETE ON provision_record "
    "FOR EACH ROW EXECUTE FUNCTION linkage_keep_record()",
    "CREATE TRIGGER provision_record_no_truncate BEFORE TRUNCATE ON provision_record "
    "FOR EACH STATEMENT EXECUTE FUNCTION linkage_keep_record()",
    "ALTER TABLE provision_record ENABLE ALWAYS TRIGGER provision_record_no_change",
    "ALTER TABLE provision_record ENABLE ALWAYS TRIGGER provision_record_no_truncate",
)


def protect_records(connection: Connection) -> None:
    """Let records be added and read; removed only once an order in `record_release` is past their day."""
    for statement in _POSTGRESQL if connection.dialect.name == "postgresql" else _SQLITE:
        connection.exec_driver_sql(statement)
    forbid_changes(connection, "record_release")
