from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.clock import SystemClock
from linkage.intermediate.client import Line
from linkage.intermediate.codes import demonstration
from linkage.network import wire
from tests.linkage.network.process import NetworkProcess

AGENCY, OTHER = "9900000000042101", "9900000000021101"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NetworkProcess]:
    process = NetworkProcess(tmp_path_factory.mktemp("network"))
    process.start()
    yield process
    process.stop()


def line_of(network: NetworkProcess, folder: Path, agency: str) -> Line:
    line = Line(f"m{agency[-5:]}", network.url, network.key, folder / agency, SystemClock())
    entry = demonstration().agency(agency)
    known = wire.Agency(agency, entry.name, entry.designations)
    network.enrol(wire.Member(line.member, entry.name, line.sign_public, line.seal_key.public, (known,)))
    return line


@pytest.fixture
def line(network: NetworkProcess, tmp_path: Path) -> Iterator[Line]:
    made = line_of(network, tmp_path, AGENCY)
    yield made
    made.close()
