"""Checkpoints: signed only of a log that goes on from every earlier one, kept whole outside the database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from api.decision_log import note, notes_folder, publish, verify, verify_at_start
from api.decision_log.checkpoints import newest_outside
from api.decision_log.faults import Kind
from api.storage.database import Database
from api.storage.tables import checkpoint
from tests.decision_log.helping import clock, grow, signed, signer, verified


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    return tmp_path / "outside"


def test_published(database: Database, outside: Path) -> None:
    grow(database, [3, 300])
    made, text = publish(database, outside, signer(), clock())
    assert note.verify(text, [signer().verifier]) == made
    files = list(outside.iterdir())
    assert [one.read_text(encoding="utf-8") for one in files] == [text]
    assert files[0].name.startswith("checkpoint-0000000303-r")
    with database.read() as connection:
        row = connection.execute(select(checkpoint)).one()
    assert (row.size, row.note, bytes(row.root)) == (303, text, made.root)


def test_published_once(database: Database, outside: Path) -> None:
    grow(database, 3)
    first = publish(database, outside, signer(), clock())
    assert publish(database, outside, signer(), clock()) == first
    assert len(list(outside.iterdir())) == 1
    grow(database, 1)
    signed(database, outside)
    assert len(list(outside.iterdir())) == 2
    with database.read() as connection:
        newest = newest_outside(connection, outside, [signer().verifier])
    assert newest is not None
    assert newest.size == 4


def test_empty_log(database: Database, outside: Path) -> None:
    assert signed(database, outside).size == 0
    grow(database, 2)
    assert signed(database, outside).size == 2
    assert verified(database, outside).ok


def test_after_a_rotation(database: Database, outside: Path) -> None:
    grow(database, 3)
    signed(database, outside)
    grow(database, 3)
    publish(database, outside, signer(2), clock(), [signer().verifier])
    both = [signer().verifier, signer(2).verifier]
    assert verify(database, outside, both).ok
    fault = verify(database, outside, signer(2).verifier).first
    assert fault is not None
    assert fault.kind is Kind.NOTE


def test_after_a_revocation(database: Database, outside: Path) -> None:
    """What a revoked key signed counts for nothing, and the log is signed again by the new one."""
    grow(database, [3])
    signed(database, outside)
    keys = [replace(signer().verifier, revoked=True), signer(2).verifier]
    assert verify(database, outside, keys).checkpoints == 0
    assert verify_at_start(database, outside, keys).ok
    publish(database, outside, signer(2), clock(), keys)
    grow(database, [2])
    found = verify_at_start(database, outside, keys)
    assert (found.ok, found.begun_at) == (True, 3)
    assert len(list(outside.iterdir())) == 2


def test_a_note_cut_short_or_moved(database: Database, outside: Path) -> None:
    grow(database, 3)
    signed(database, outside)
    path = next(outside.iterdir())
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole[:-20], encoding="utf-8")
    fault = verified(database, outside).first
    assert fault is not None
    assert (fault.kind, path.name in fault.text) == (Kind.NOTE, True)
    path.unlink()
    (outside / "checkpoint-0000000009-abcdefgh.note").write_text(whole, encoding="utf-8")
    assert not verified(database, outside).ok


def test_the_folder_outside_is_lost(database: Database, outside: Path) -> None:
    """The database remembers that there were checkpoints."""
    grow(database, 3)
    signed(database, outside)
    next(outside.iterdir()).unlink()
    for found in (verified(database, outside), verify_at_start(database, outside, signer().verifier)):
        assert found.first is not None
        assert found.first.kind is Kind.OUTSIDE


def test_what_a_crash_leaves_is_no_checkpoint(database: Database, outside: Path) -> None:
    outside.mkdir()
    (outside / ".0a0b0c0d.tmp").write_text("half", encoding="utf-8")
    (outside / "checkpoint-x-y.note").write_text("odd", encoding="utf-8")
    assert notes_folder.kept(outside, "checkpoint") == []
    assert notes_folder.kept(outside / "nowhere", "checkpoint") == []
    assert verified(database, outside).ok


def test_start_reads_only_what_is_new(database: Database, outside: Path) -> None:
    grow(database, [300, 1])
    signed(database, outside)
    grow(database, [300, 7])
    seen: list[tuple[int, int]] = []
    key = signer().verifier
    found = verify_at_start(database, outside, key, progress=lambda done, whole: seen.append((done, whole)))
    assert (found.ok, found.begun_at, found.size, found.bodies) == (True, 301, 608, 307)
    assert seen == [(608, 608)]


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 511, 512, 513])
def test_start_from_any_size(sqlite_database: Database, outside: Path, size: int) -> None:
    grow(sqlite_database, size)
    signed(sqlite_database, outside)
    assert verify_at_start(sqlite_database, outside, signer().verifier).begun_at == size
    grow(sqlite_database, 260)
    found = verify_at_start(sqlite_database, outside, signer().verifier)
    assert (found.ok, found.begun_at) == (True, size)
