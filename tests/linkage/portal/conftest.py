from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.storage.database import Database
from tests.linkage.portal.town import Town, app_of, served


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Town:
    return Town(database, tmp_path)


@pytest.fixture
def url(town: Town) -> Iterator[str]:
    """The portal of the town, served on loopback."""
    with served(app_of(town.portal)) as base:
        yield base
