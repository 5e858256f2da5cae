"""`jorei serve` as a process: first start, several workers, and a drain under load that loses nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from api.callers.opening import open_register
from api.clock import SystemClock
from api.decision_log import head, notes_folder
from api.decision_log.keys import verifiers_of
from api.keys import KeyStore
from api.storage.database import Database, open_database
from tests.databases import Server
from tests.service.conftest import EVALUATION, REQUEST, caller

JOREI = [sys.executable, "-c", "from api.cli import main; main()"]
ROOT = Path(__file__).parents[2]


@dataclass
class Served:
    """A running `jorei serve`."""

    process: subprocess.Popen[str]
    url: str
    said: list[str]

    def wait(self) -> int:
        return self.process.wait(60)


@contextmanager
def served(home: Path, *options: str) -> Iterator[Served]:
    command = [*JOREI, "serve", "--home", str(home), "--port", "0", "--files", *options]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )
    assert process.stdout is not None
    said: list[str] = []
    try:
        while not said or "http://" not in said[-1]:
            line = process.stdout.readline()
            assert line, said
            said.append(line)
        url = re.search(r"http://\S+", said[-1])
        assert url is not None
        reader = threading.Thread(target=lambda: said.extend(process.stdout or ()), daemon=True)
        reader.start()
        _until_ready(url.group())
        yield Served(process, url.group(), said)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        process.stdout.close()


def _until_ready(url: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if httpx.get(f"{url}/readyz", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError("the service did not become ready")


def key_for(home: Path, database: Database) -> str:
    clock = SystemClock()
    register = open_register(database, KeyStore(home / "keys", clock), clock)
    register.create(caller())
    return register.rotate_key("fukushi")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and a database URL."""
    home = tmp_path / "home"
    if request.param == "sqlite":
        yield home, f"sqlite:///{home / 'jorei.db'}"
        return
    server: Server = request.getfixturevalue("postgresql_server")
    url = server.fresh()
    yield home, url
    server.drop(url)


def test_the_first_start_makes_everything_and_says_what_to_do(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with served(home) as service:
        for name in ("jorei.db", "keys", "checkpoints", "publications"):
            assert (home / name).exists()
        assert (home / "keys").stat().st_mode & 0o077 == 0
        assert (home / "jorei.db").stat().st_mode & 0o077 == 0
        assert httpx.post(f"{service.url}/v1/decisions", json=REQUEST).status_code == 401
        time.sleep(0.2)
        text = "".join(service.said)
        assert "127.0.0.1" in text
        assert "jorei callers add" in text
        assert str(home) in text
        service.process.send_signal(signal.SIGTERM)
        assert service.wait() == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_a_drain_under_load_loses_nothing(place: tuple[Path, str], workers: int) -> None:
    """Every decision that was answered stands in the log; the log is signed to its end; the process leaves with 0."""
    home, url = place
    answered: list[tuple[str, int]] = []
    wrong: list[int] = []
    with served(home, "--database", url, "--workers", str(workers)) as service:
        database = open_database(url)
        key = key_for(home, database)
        time.sleep(1.1)  # the register is looked at each second

        def load() -> None:
            headers = {"Authorization": f"Bearer {key}"}
            with httpx.Client(base_url=service.url, headers=headers, timeout=30) as client:
                while True:
                    try:
                        one = client.post("/v1/decisions", json=REQUEST)
                        two = client.post("/access/v1/evaluation", json=EVALUATION)
                    except httpx.HTTPError:
                        return
                    for answer in (one, two):
                        if answer.status_code != 200:
                            wrong.append(answer.status_code)
                            continue
                        said = answer.json()
                        said = said.get("context", said)
                        answered.append((said.get("id") or said["evaluation_id"], said["log"]["index"]))

        threads = [threading.Thread(target=load) for _ in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(2.0)
        service.process.send_signal(signal.SIGTERM)
        assert service.wait() == 0
        for thread in threads:
            thread.join(30)
    assert wrong == []
    assert len(answered) > 50
    with database.read() as connection:
        rows = connection.exec_driver_sql("SELECT id, idx FROM log_entry WHERE kind = 'decision'").fetchall()
        kept = {row[0]: row[1] for row in rows}
        total = head(connection).size
        count = connection.exec_driver_sql("SELECT count(*), max(idx) FROM log_entry").one()
    assert [one for one in answered if kept.get(one[0]) != one[1]] == []
    assert len({index for _, index in answered}) == len(answered)
    assert tuple(count) == (total, total - 1)
    keys = verifiers_of(KeyStore(home / "keys", SystemClock()))
    newest = notes_folder.kept(home / "checkpoints", "checkpoint")[-1]
    signed = notes_folder.opened(newest, keys)
    assert signed is not None
    assert signed.size == total
    database.close()


def test_a_worker_that_dies_is_replaced(place: tuple[Path, str]) -> None:
    home, url = place
    with served(home, "--database", url, "--workers", "2") as service:
        database = open_database(url)
        key = key_for(home, database)
        database.close()
        time.sleep(1.1)
        children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text().split()
        workers = [int(one) for one in children if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]
        assert len(workers) == 2
        os.kill(workers[0], signal.SIGKILL)
        until = time.monotonic() + 30
        after: list[int] = []
        while time.monotonic() < until and len(after) < 2:
            children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text().split()
            after = [
                int(one)
                for one in children
                if int(one) != workers[0] and b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()
            ]
            time.sleep(0.1)
        assert len(after) == 2
        headers = {"Authorization": f"Bearer {key}"}
        assert httpx.post(f"{service.url}/v1/decisions", json=REQUEST, headers=headers, timeout=30).status_code == 200
        service.process.send_signal(signal.SIGTERM)
        assert service.wait() == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--rules", "rules"], "--files"),
        (["--certificate-header", "x-cert"], "--proxy"),
        (["--base-url", "http://example.jp"], "https"),
    ],
)
def test_wrong_calls_are_told(tmp_path: Path, options: list[str], words: str) -> None:
    found = subprocess.run(
        [*JOREI, "serve", "--home", str(tmp_path / "home"), *options], capture_output=True, text=True, cwd=ROOT
    )
    assert found.returncode == 2
    assert words in found.stderr
    assert not (tmp_path / "home").exists()


def test_a_database_that_cannot_be_opened_is_said_in_japanese(tmp_path: Path) -> None:
    found = subprocess.run(
        [*JOREI, "serve", "--home", str(tmp_path / "home"), "--database", "mysql://x/y"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert found.returncode == 1
    assert "データベース" in found.stdout + found.stderr
    assert "Traceback" not in found.stderr
