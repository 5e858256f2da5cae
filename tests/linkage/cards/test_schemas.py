"""The migrations of rights, portal, cards and files make the tables that the program knows, on both databases."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from api.storage.database import Database
from linkage.cards import tables as cards
from linkage.files import tables as files
from linkage.portal import tables as portal
from linkage.rights import tables as rights
from linkage.storage import migrate_linkage, packages


@pytest.mark.parametrize("tables", [cards, files, portal, rights], ids=["cards", "files", "portal", "rights"])
def test_the_schema_is_that_of_the_program(database: Database, tables: object) -> None:
    migrate_linkage(database)
    metadata = tables.metadata  # type: ignore[attr-defined]

    def ours(_: object, name: str | None, kind: str, reflected: bool, __: object) -> bool:
        return kind != "table" or name in metadata.tables

    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        assert compare_metadata(context, metadata) == []
    assert {"cards", "files", "portal", "rights"} <= set(packages())
