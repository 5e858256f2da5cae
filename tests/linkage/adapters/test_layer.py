"""Parts of the mounted layer: who may order what, the installation's file, and that one process leads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.callers import Caller, Role
from api.callers.opening import open_register
from api.clock import SystemClock
from api.keys import KeyStore
from api.storage.database import Database
from linkage import cli
from linkage.authority import COMMAND, RESERVED, RIGHTS, Authority
from linkage.gate import GateRefused
from linkage.installation import Installation, InstallationRefused, Network, read, write
from linkage.leading import Leading

CITY = "042021"


def caller(client_id: str, role: Role, body: str = CITY, *scopes: str) -> Caller:
    return Caller(
        client_id=client_id,
        name="試験",
        body=body,
        municipality="石巻市",
        agency="市長",
        section=None,
        roles=frozenset({role}),
        scopes=frozenset(scopes),
        system="jorei",
    )


@pytest.fixture
def authority(database: Database, tmp_path: Path) -> Authority:
    clock = SystemClock()
    register = open_register(database, KeyStore(tmp_path / "keys", clock), clock)
    register.create(caller("kanri", Role.ADMINISTRATOR))
    register.create(caller("other-city", Role.ADMINISTRATOR, "990021"))
    register.create(caller("gone", Role.ADMINISTRATOR))
    register.disable("gone")
    register.create(caller("fukushi", Role.SYSTEM, CITY, RIGHTS))
    register.create(caller("juki", Role.SYSTEM))
    register.create(caller("auditor", Role.AUDITOR))
    return Authority(register, CITY)


MAY = {
    ("kanri", "register.write"),
    ("kanri", "retention.erase"),
    ("kanri", "vault.rotate"),
    ("kanri", "rights.write"),
    ("fukushi", "rights.write"),
    ("intermediate-server", "network.settle"),
    ("my-portal", "rights.write"),
    *(
        (COMMAND, one)
        for one in ("register.write", "retention.erase", "vault.rotate", "rights.write", "network.settle")
    ),
}
OPERATIONS = ("register.write", "retention.erase", "vault.rotate", "rights.write", "network.settle")
OPERATORS = ("kanri", "other-city", "gone", "fukushi", "juki", "auditor", "nobody", *sorted(RESERVED))


def test_who_may_order_what(authority: Authority) -> None:
    may, codes = set(), set()
    for operator in OPERATORS:
        for operation in OPERATIONS:
            try:
                authority(operator, operation)
            except GateRefused as refused:
                codes.add(refused.code)
            else:
                may.add((operator, operation))
    assert may == MAY
    assert codes == {"G0615"}


def test_the_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    assert read(tmp_path) is None
    line = Network(url="http://127.0.0.1:1", key="k", member="m042021")
    made = Installation(municipality="石巻市", agencies=("9900000000042101",), network=line)
    write(tmp_path, made)
    assert read(tmp_path) == made
    assert [path.name for path in tmp_path.iterdir()] == ["linkage.yaml"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "municipality: 5",
        "agencies: []",
        "municipality: 石巻市\nmore: 1",
        "municipality: 石巻市\nagencies: ['12']",
        "municipality: [",
        "municipality: 石巻市\nmunicipality: 青嶺市",
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "linkage.yaml").write_text(text, "utf-8")
    with pytest.raises(InstallationRefused, match="G0910"):
        read(tmp_path)


class Told:
    """Counts what a leader does, in place of a server."""

    def __init__(self) -> None:
        self.count = 0

    def tell(self) -> None:
        self.count += 1


class Quiet:
    """A carrier that only runs."""

    def __init__(self, server: object) -> None:
        self.running = False

    def start(self) -> None:
        self.running = True

    def close(self) -> None:
        self.running = False


@pytest.fixture
def leader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Told], Leading]]:
    monkeypatch.setattr("linkage.leading.Carrier", Quiet)
    made: list[Leading] = []

    def one(told: Told) -> Leading:
        leading = Leading(tmp_path / "lock", None, told.tell)  # type: ignore[arg-type]
        leading.start()
        made.append(leading)
        return leading

    yield one
    for leading in made:
        leading.close()
    assert not [t for t in threading.enumerate() if t.name == "linkage-leading"]


def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_one_leads_and_another_takes_over(leader: Callable[[Told], Leading]) -> None:
    first_told, second_told = Told(), Told()
    first = leader(first_told)
    until(lambda: first.carrier is not None and first_told.count == 1)
    second = leader(second_told)
    time.sleep(0.7)  # longer than it waits between tries
    assert (second.carrier, second_told.count) == (None, 0)
    first.changed()
    until(lambda: first_told.count == 2)
    first.close()
    assert first.carrier is None
    until(lambda: second.carrier is not None and second_told.count == 1)


def test_what_cannot_be_told_is_told_again(leader: Callable[[Told], Leading]) -> None:
    told = Told()

    def failing() -> None:
        Told.tell(told)
        raise OSError

    told.tell = failing  # type: ignore[method-assign]
    leading = leader(told)
    until(lambda: told.count >= 2)
    assert leading.carrier is not None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["status", "--home", "nowhere"], "G0912"),
        (["init", "--home", "new", "--municipality", "知らない市"], "G0911"),
    ],
)
def test_the_command_line_says_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli.app, arguments, standalone_mode=False)
    assert done.return_value == 1
    assert said in done.output


def test_half_a_network_is_a_wrong_call(tmp_path: Path) -> None:
    arguments = ["init", "--home", str(tmp_path), "--municipality", "石巻市", "--network", "http://127.0.0.1:1"]
    assert CliRunner().invoke(cli.app, arguments).exit_code == 2
    assert not (tmp_path / "linkage.yaml").exists()
