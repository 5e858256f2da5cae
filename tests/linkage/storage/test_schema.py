"""The migrations make the tables that the program knows, on both databases, once; records are kept as written."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, delete, func, insert, inspect, select, text, update
from sqlalchemy.exc import DBAPIError

from api.storage.database import Database
from linkage.storage import migrate_linkage, packages
from linkage.storage.tables import metadata, provision_record, record_release


def record(id_: str, retain_until: str) -> dict[str, Any]:
    return {
        "id": id_,
        "person": "ad_a",
        "side": "inquirer",
        "serial": "s",
        "act": "ac_a",
        "evaluation": "ev_a",
        "requested_ms": 1,
        "provided_ms": None,
        "recorded_ms": 1,
        "non_disclosure": False,
        "retain_until": retain_until,
        "body": b"{}",
    }


@pytest.fixture
def linkage(database: Database) -> Database:
    migrate_linkage(database)
    return database


def test_the_schema_is_that_of_the_program(linkage: Database) -> None:
    def ours(_: object, name: str | None, kind: str, reflected: bool, __: object) -> bool:
        return kind != "table" or name in metadata.tables

    with linkage.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        assert compare_metadata(context, metadata) == []
        names = set(inspect(connection).get_table_names())
    assert set(metadata.tables) <= names


def test_names_of_constraints_are_the_same(linkage: Database) -> None:
    seen = MetaData()
    seen.reflect(linkage.engine, only=list(metadata.tables))
    for name, table in metadata.tables.items():
        assert {i.name for i in table.indexes} == {i.name for i in seen.tables[name].indexes}
        if linkage.dialect == "postgresql":
            assert table.primary_key.name == seen.tables[name].primary_key.name or table.primary_key.name is None
        assert [c.name for c in table.primary_key] == [c.name for c in seen.tables[name].primary_key]


def test_migrating_again_changes_nothing(linkage: Database) -> None:
    with linkage.read() as connection:
        before = set(inspect(connection).get_table_names())
    migrate_linkage(linkage)
    with linkage.read() as connection:
        assert set(inspect(connection).get_table_names()) == before
    assert packages()[0] == "storage"


def test_records_are_neither_changed_nor_removed(linkage: Database) -> None:
    with linkage.begin() as connection:
        connection.execute(insert(provision_record), [record("pr_a", "2033-11-26")])
    attacks = [
        update(provision_record).values(serial="x"),
        update(provision_record).values(retain_until="2000-01-01"),
        delete(provision_record),
    ]
    if linkage.dialect == "postgresql":
        attacks.append(text("TRUNCATE provision_record"))
    else:
        attacks.append(text("INSERT OR REPLACE INTO provision_record SELECT * FROM provision_record"))
    for attack in attacks:
        with pytest.raises(DBAPIError), linkage.begin() as connection:
            connection.execute(attack)
    with linkage.read() as connection:
        kept = connection.execute(select(provision_record)).one()
    assert (kept.serial, kept.retain_until) == ("s", "2033-11-26")


def test_a_release_lets_go_exactly_what_is_past_its_day(linkage: Database) -> None:
    with linkage.begin() as connection:
        connection.execute(insert(provision_record), [record("pr_a", "2033-11-25"), record("pr_b", "2033-11-26")])
        connection.execute(insert(record_release), [{"operation": "op_a", "before": "2033-11-26", "ordered_ms": 1}])
    with pytest.raises(DBAPIError), linkage.begin() as connection:
        connection.execute(delete(provision_record).where(provision_record.c.id == "pr_b"))
    with linkage.begin() as connection:
        connection.execute(delete(provision_record).where(provision_record.c.retain_until < "2033-11-26"))
    with linkage.read() as connection:
        assert connection.scalars(select(provision_record.c.id)).all() == ["pr_b"]
    attacks = [delete(record_release), update(record_release).values(before="2099-01-01")]
    if linkage.dialect == "sqlite":
        attacks.append(
            text("INSERT OR REPLACE INTO record_release SELECT operation, '2099-01-01', 1 FROM record_release")
        )
    for attack in attacks:
        with pytest.raises(DBAPIError), linkage.begin() as connection:
            connection.execute(attack)
    with linkage.read() as connection:
        assert connection.scalar(select(func.count()).select_from(record_release)) == 1
