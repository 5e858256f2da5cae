"""A place where the real service runs as a process, is killed, and runs again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from api import failpoints
from api.callers import Role
from api.callers.opening import open_register
from api.clock import SystemClock
from api.keys import KeyStore
from api.service.running import prepare
from api.service.settings import Settings
from api.storage.database import Database, open_database
from tests.service.conftest import caller

ROOT = Path(__file__).parents[2]
_COMMAND = [sys.executable, "-c", "from api.cli import main; main()", "serve", "--port", "0", "--files"]
_STARTING = 120.0  # seconds; other tests share the machine


class Serving:
    """One life of the service."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process, self.url = process, url

    def kill(self) -> None:
        """As a power cut would, workers too."""
        os.killpg(self.process.pid, signal.SIGKILL)

    def ended(self) -> int:
        """Wait for its end; the status."""
        return self.process.wait(60)


class Place:
    """An installation with a system and an auditor."""

    def __init__(self, home: Path, url: str) -> None:
        self.home, self.url = home, url
        prepare(Settings(home=home, database_url=url))
        self.clock = SystemClock()
        self.keys = KeyStore(home / "keys", self.clock)
        with self.database() as database:
            register = open_register(database, self.keys, self.clock)
            for one in (caller(), caller("kansa", Role.AUDITOR)):
                register.create(one)
            self.system = register.rotate_key("fukushi")
            self.auditor = register.rotate_key("kansa")

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The database, looked into from outside the service."""
        opened = open_database(self.url)
        try:
            yield opened
        finally:
            opened.close()

    @contextmanager
    def serving(
        self, failpoint: str = "", workers: int = 1, prepared: Callable[[], None] | None = None
    ) -> Iterator[Serving]:
        """The service, ready; killed at the end unless it is dead already."""
        command = [*_COMMAND, "--home", str(self.home), "--database", self.url, "--workers", str(workers)]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {failpoints.VARIABLE: failpoint},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            preexec_fn=prepared,
        )
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"http://\S+", said)
        try:
            assert found is not None, said
            threading.Thread(target=process.stdout.read, daemon=True).start()
            url = found.group()
            _until_ready(url, process)
            yield Serving(process, url)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)
            process.stdout.close()

    def client(self, serving: Serving, key: str | None = None) -> httpx.Client:
        """A client of the system, or of another caller."""
        headers = {"Authorization": f"Bearer {key or self.system}"}
        return httpx.Client(base_url=serving.url, headers=headers, timeout=30)


def _until_ready(url: str, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + _STARTING
    while time.monotonic() < until:
        assert process.poll() is None, "the service ended while it started"
        try:
            if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.02)
    raise AssertionError("the service did not become ready")
