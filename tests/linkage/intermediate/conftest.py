from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.databases import *  # noqa: F403
from tests.databases import KINDS, Server, _sqlite_template  # noqa: F401
from tests.linkage.intermediate.city import (
    AOMINE,
    BOARD,
    CARE,
    CHILD_MEDICAL,
    ISHINOMAKI,
    PENSION,
    RESIDENTS,
    TAX,
    City,
)
from tests.linkage.network.process import NetworkProcess


class Land:
    """A network process and the bodies around it, on one kind of database."""

    def __init__(self, folder: Path, server: Server | None = None) -> None:
        self.folder, self._server = folder, server
        self.network = NetworkProcess(folder / "network", self._url())
        self.network.start()
        self.cities: dict[str, City] = {}
        self._urls: dict[str, str | None] = {}

    def _url(self) -> str | None:
        return self._server.fresh() if self._server else None

    def city(self, agency: str, *, start: bool = True, **more: Any) -> City:
        """A body; the same one when it is there."""
        if agency not in self.cities:
            if agency not in self._urls:
                self._urls[agency] = self._url()
            city = City(self.folder / agency, self.network, agency, database_url=self._urls[agency], **more)
            self.cities[agency] = city
            city.assessed(CHILD_MEDICAL, CARE, TAX, RESIDENTS, PENSION)
            if start:
                city.start()
        return self.cities[agency]

    def leave(self, agency: str) -> str | None:
        """Close a body, whose database stays; gives its URL."""
        self.cities.pop(agency).close()
        return self._urls[agency]

    def close(self) -> None:
        """End everything."""
        for city in self.cities.values():
            if city.body.carrier.running:
                city.close()
        self.network.stop()


@pytest.fixture(scope="module", params=KINDS)
def land(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Land]:
    """One for all tests of a module, on each kind of database."""
    server = request.getfixturevalue("postgresql_server") if request.param == "postgresql" else None
    made = Land(tmp_path_factory.mktemp("land"), server)
    yield made
    made.close()


@pytest.fixture
def network(land: Land) -> Iterator[NetworkProcess]:
    """The network process, without faults before and after."""
    yield land.network
    land.network.faults()


@pytest.fixture
def city(land: Land, network: NetworkProcess) -> Callable[..., City]:
    """Bodies by the code of their agency."""
    return land.city


@pytest.fixture
def pair(land: Land, network: NetworkProcess) -> tuple[City, City]:
    """Ishinomaki asks, Aomine (fictional) provides."""
    return land.city(ISHINOMAKI, agencies=(ISHINOMAKI, BOARD)), land.city(AOMINE)
