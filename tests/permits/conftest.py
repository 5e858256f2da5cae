"""An office that issues permits, on databases of both kinds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.storage.database import Database
from tests.databases import *  # noqa: F403
from tests.databases import _sqlite_template  # noqa: F401
from tests.permits.office import Office


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[Office]:
    """Over each kind of database."""
    opened = Office(database, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def desk(sqlite_database: Database, tmp_path: Path) -> Iterator[Office]:
    """Over SQLite, for what no database decides."""
    opened = Office(sqlite_database, tmp_path)
    yield opened
    opened.close()
