"""The process ended with SIGKILL at every failpoint: whatever was answered is there, and the log is whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from api import failpoints
from api.decision_log import entry_of, publish, verify_at_start
from api.storage.database import Database, open_database
from tests.decision_log.helping import clock, grow, signer, verified

POINTS = ("journal.before-insert", "journal.before-commit", "journal.after-commit")
AFTER = ("checkpoint.mid-write", "checkpoint.before-rename", "erase.mid-way")


def run(url: str, folder: Path, failpoint: str, *more: str, count: int = 15, threads: int = 4) -> tuple[int, list[str]]:
    """Run the recorder; its exit status, and its whole lines."""
    command = [sys.executable, "-m", "tests.decision_log.recording", url, str(folder), str(count), str(threads), *more]
    environment = os.environ | {failpoints.VARIABLE: failpoint}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, timeout=60, check=False)
    lines = done.stdout.decode().split("\n")
    return done.returncode, lines[:-1]


def check(url: str, folder: Path, answered: list[str]) -> int:
    """Everything answered is in the log at its index, and the log is whole; its size."""
    database = open_database(url)
    try:
        found = verified(database, folder)
        assert found.ok, found.faults
        with database.read() as connection:
            for line in answered:
                entry_id, index = line.split()
                recorded = entry_of(connection, entry_id)
                assert recorded is not None, f"answered, not recorded: {line}"
                assert recorded.index == int(index)
        return found.size
    finally:
        database.close()


def test_killed_again_and_again(database_url: str, tmp_path: Path) -> None:
    """One log, ended at each point at the first, second and fifth arrival."""
    folder, answered, before = tmp_path / "outside", list[str](), 0
    for point in POINTS:
        for arrival in (1, 2, 5):
            status, lines = run(database_url, folder, f"{point}:{arrival}")
            assert status == -signal.SIGKILL
            answered += lines
            size = check(database_url, folder, answered)
            in_doubt = size - before - len(lines)
            assert 0 <= in_doubt <= 4, "each thread waits for at most one answer"
            if point != "journal.after-commit":
                assert in_doubt == 0 or arrival > 1
            else:
                assert in_doubt > 0, "committed, and not yet answered"
            before = size
    status, lines = run(database_url, folder, "")
    assert (status, len(lines)) == (0, 60)
    check(database_url, folder, answered + lines)


@pytest.mark.parametrize("point", AFTER)
def test_killed_while_signing_or_erasing(database_url: str, tmp_path: Path, point: str) -> None:
    folder = tmp_path / "outside"
    status, answered = run(database_url, folder, f"{point}:1", "erase", count=10)
    assert status == -signal.SIGKILL
    assert len(answered) == 40
    check(database_url, folder, answered)
    database = open_database(database_url)
    try:
        made, _ = publish(database, folder, signer(), clock())
        assert made.size >= 40
        assert verify_at_start(database, folder, signer().verifier).ok
    finally:
        database.close()


def test_a_failpoint_costs_nothing_and_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    failpoints.reach("journal.before-commit")
    for value in ("no.such.point:1", "journal.before-commit:0", "journal.before-commit:x"):
        with pytest.raises(ValueError):
            failpoints._armed(value)
    assert failpoints._armed("journal.before-commit") == ("journal.before-commit", 1)


def test_two_processes(database: Database, database_url: str, tmp_path: Path) -> None:
    """Processes append side by side: one log, without gaps."""
    grow(database, 3)
    command = [sys.executable, "-m", "tests.decision_log.recording", database_url, str(tmp_path / "outside"), "60", "4"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    lines = [line for one in running for line in one.communicate(timeout=60)[0].decode().splitlines()]
    assert [one.returncode for one in running] == [0, 0]
    assert len({line.split()[1] for line in lines}) == len(lines) == 480
    assert check(database_url, tmp_path / "outside", lines) >= 483
