"""SQLite under faults of the disk, injected into its system calls; and every commit flushed, counted."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from api.storage.database import Database
from tests.decision_log.test_crash import check

COUNT = 12


def _traces() -> bool:
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not _traces(), reason="strace may not trace here")


def run(database: Database, folder: Path, *options: str, then: str = "") -> tuple[list[str], list[str], str]:
    """Record under strace: what was answered, what was refused, and the trace."""
    trace = folder / "trace"
    url = f"sqlite:///{database.engine.url.database}"
    recorder = [
        sys.executable,
        "-m",
        "tests.decision_log.recording",
        url,
        str(folder / "outside"),
        str(COUNT),
        "1",
        then,
    ]
    command = ["strace", "-f", "-y", "-o", str(trace), *options, *recorder]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
    text = trace.read_text(encoding="utf-8", errors="replace")
    return done.stdout.decode().splitlines(), done.stderr.decode().splitlines(), text


def test_every_commit_is_flushed(sqlite_database: Database, tmp_path: Path) -> None:
    answered, refused, trace = run(sqlite_database, tmp_path, "-e", "trace=fsync,fdatasync")
    assert (len(answered), refused) == (COUNT, [])
    flushes = re.findall(r"(?:fsync|fdatasync)\(\d+<[^>]*jorei\.db-wal>", trace)
    assert len(flushes) >= COUNT
    notes = re.findall(r"fsync\(\d+<[^>]*/outside(?:/[^>]*)?>", trace)
    assert len(notes) >= 2, "the note and its folder"


@pytest.mark.parametrize("arrival", [1, 5])
@pytest.mark.parametrize(("call", "error"), [("fdatasync", "EIO"), ("pwrite64", "ENOSPC"), ("pwrite64", "EIO")])
def test_a_fault_of_the_disk(
    sqlite_database: Database, database_url_of_sqlite: str, tmp_path: Path, call: str, error: str, arrival: int
) -> None:
    inject = f"inject={call}:error={error}:when={arrival}"
    answered, refused, trace = run(sqlite_database, tmp_path, "-e", f"trace={call}", "-e", inject, then="record")
    injected = trace.count("(INJECTED)")
    assert injected >= 1
    assert refused
    assert len(answered) + len(refused) == COUNT
    assert all(line.split()[0] in ("D0413", "D0414") for line in refused)
    size = check(database_url_of_sqlite, tmp_path / "outside", answered)
    assert len(answered) <= size <= COUNT


@pytest.fixture
def database_url_of_sqlite(sqlite_database: Database) -> str:
    return f"sqlite:///{sqlite_database.engine.url.database}"
