"""A restore from an older backup: writing stops until an operator says, under the log's key, that it goes on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from api.decision_log import entry_at, publish, record_fork, verify_at_start
from api.decision_log.checkpoints import CheckpointRefused
from api.decision_log.forks import ForkRefused
from api.decision_log.note import Signer
from api.storage.database import Database, open_database
from tests.databases import Server
from tests.decision_log.helping import clock, grow, signed, signer, tamper, verified


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """A log, and a copy of it to be made later: by file, or as a template."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'jorei.db'}", f"sqlite:///{tmp_path / 'backup.db'}"
    server: Server = request.getfixturevalue("postgresql_server")
    return server.fresh(), ""


@pytest.fixture
def restored(urls: tuple[str, str], tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """The backup of a log of 40 entries, whose checkpoints outside go on to 60 and 70."""
    folder = tmp_path / "outside"
    database = open_database(urls[0])
    grow(database, 30)
    signed(database, folder)
    grow(database, 10)
    database.close()
    backup = urls[1]
    if backup:
        shutil.copyfile(tmp_path / "jorei.db", tmp_path / "backup.db")
    else:
        server: Server = request.getfixturevalue("postgresql_server")
        backup = server._create(str(database.engine.url.database))
    database = open_database(urls[0])
    for size in (20, 10):
        grow(database, size)
        signed(database, folder)
    database.close()
    opened = open_database(backup)
    yield opened
    opened.close()


def fork(database: Database, folder: Path, key: Signer | None = None) -> int:
    former = [signer().verifier]
    said = {"reason": "控えから復元", "by": "情報政策課"}
    return record_fork(database, folder, key or signer(), clock(), **said, verifiers=former).index


def test_writing_stops_until_the_fork_is_recorded(restored: Database, tmp_path: Path) -> None:
    folder, key = tmp_path / "outside", signer().verifier
    refusal = verify_at_start(restored, folder, key).refusal
    assert refusal is not None
    assert "40番から69番" in refusal.text
    assert fork(restored, folder) == 40
    assert verified(restored, folder).ok
    assert verify_at_start(restored, folder, key).begun_at == 30
    grow(restored, 100)
    made, _ = publish(restored, folder, signer(), clock())
    assert made.size == 141
    found = verify_at_start(restored, folder, key)
    assert (found.ok, found.begun_at) == (True, 141)
    assert verified(restored, folder).ok


def test_what_the_fork_says(restored: Database, tmp_path: Path) -> None:
    fork(restored, tmp_path / "outside")
    with restored.read() as connection:
        recorded = entry_at(connection, 40)
    assert recorded is not None
    assert recorded.kind == "fork"
    assert msgspec.json.decode(recorded.leaf)["superseded"] == 2
    body = msgspec.json.decode(recorded.body or b"")
    assert (body["by"], body["reason"]) == ("情報政策課", "控えから復元")


def test_after_writing_went_on_unseen(restored: Database, tmp_path: Path) -> None:
    folder = tmp_path / "outside"
    grow(restored, 35)
    with pytest.raises(CheckpointRefused):
        publish(restored, folder, signer(), clock())
    assert not verified(restored, folder).ok
    fork(restored, folder)
    assert verified(restored, folder).ok


def test_a_fork_needs_the_key_of_the_log(restored: Database, tmp_path: Path) -> None:
    folder = tmp_path / "outside"
    fork(restored, folder, signer(2))
    assert not verified(restored, folder).ok


def test_a_fork_is_in_both_places_or_nowhere(restored: Database, tmp_path: Path) -> None:
    folder = tmp_path / "outside"
    fork(restored, folder)
    path = next(folder.glob("fork-*"))
    text = path.read_text(encoding="utf-8")
    path.unlink()
    assert not verified(restored, folder).ok
    path.write_text(text, encoding="utf-8")
    assert verified(restored, folder).ok
    tamper(restored, "DELETE FROM log_payload WHERE idx = 40")
    assert not verified(restored, folder).ok


def test_again_after_a_crash_before_the_file(restored: Database, tmp_path: Path) -> None:
    folder = tmp_path / "outside"
    fork(restored, folder)
    next(folder.glob("fork-*")).unlink()
    assert fork(restored, folder) == 41
    assert verified(restored, folder).ok


def test_a_second_restore(restored: Database, tmp_path: Path) -> None:
    """The log forks, goes on, and is restored once more."""
    folder = tmp_path / "outside"
    fork(restored, folder)
    grow(restored, 40)
    signed(restored, folder)
    assert verified(restored, folder).ok
    with pytest.raises(ForkRefused):
        fork(restored, folder)


def test_nothing_to_put_aside(database: Database, tmp_path: Path) -> None:
    grow(database, 5)
    signed(database, tmp_path)
    with pytest.raises(ForkRefused):
        fork(database, tmp_path)
    assert verified(database, tmp_path).size == 5
