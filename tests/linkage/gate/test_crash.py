"""A process killed between redemption and write, and before the commit: nothing or everything."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.storage.database import open_database
from linkage.gate import GateRefused
from tests.linkage.addressee.numbers import number
from tests.linkage.gate.test_gate import Attempt, kept, log
from tests.linkage.world import World


def run(world: World, url: str, folder: Path, attempt: Attempt, failpoint: str) -> subprocess.CompletedProcess[str]:
    given = json.dumps({"token": attempt.token, "sealed": attempt.request.sealed})
    command = [sys.executable, "-m", "tests.linkage.gate.crashing", url, str(folder), given]
    environment = {**os.environ, "JOREI_FAILPOINT": failpoint}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    database = open_database(database_url)
    yield World(database, tmp_path)
    database.close()


@pytest.mark.parametrize("failpoint", ["gate.after-redeem", "gate.before-commit"])
def test_killed_before_the_commit_nothing_happened(
    world: World, database_url: str, tmp_path: Path, failpoint: str
) -> None:
    attempt = Attempt(world)
    before = kept(world)
    ended = run(world, database_url, tmp_path, attempt, failpoint)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert kept(world) == before
    assert log(world, "act") == []
    assert attempt.run().result.startswith("ad_")  # the permit was not used
    assert len(log(world, "act")) == 1


def test_killed_after_the_commit_everything_happened(world: World, database_url: str, tmp_path: Path) -> None:
    attempt = Attempt(world)
    ended = run(world, database_url, tmp_path, attempt, "gate.after-commit")
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert kept(world)[0] == kept(world)[-1] == 1
    assert len(log(world, "act")) == 1
    with pytest.raises(GateRefused):
        attempt.run()
    found = world.search(number(1))
    assert found is not None
    assert found.current


def test_the_same_process_without_a_failpoint(world: World, database_url: str, tmp_path: Path) -> None:
    """The crash tests above would pass with a process that does nothing: this one shows that it acts."""
    attempt = Attempt(world)
    ended = run(world, database_url, tmp_path, attempt, "")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip().startswith("ac_")
    assert kept(world)[0] == 1
