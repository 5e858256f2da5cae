"""PostgreSQL itself killed under load: refusals with a reason while it is away, nothing lost, and then it goes on."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.crash.checks import check, retry
from tests.crash.load import Load
from tests.crash.place import Place, Serving
from tests.databases import Server, start_server
from tests.service.conftest import REQUEST


class Postmaster:
    """A server that can be stopped at once and started again where it was."""

    def __init__(self, folder: Path) -> None:
        self.server: Server = start_server(folder)
        running = psutil.Process(self.server.pid)
        self._command, self._uid, self._gid = running.cmdline(), running.uids().real, running.gids().real
        self._cwd = running.cwd()
        self._process: subprocess.Popen[bytes] | None = None

    def kill(self) -> None:
        """Immediate stop: sessions are cut, nothing is flushed."""
        if self._process is None:
            self.server.stop()
            return
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(30)

    def start(self) -> None:
        """Again, with recovery from its log."""
        self._process = subprocess.Popen(
            self._command,
            cwd=self._cwd,
            user=self._uid,
            group=self._gid,
            extra_groups=[],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        plain = make_url(self.server.url).set(drivername="postgresql").render_as_string(hide_password=False)
        until = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(plain).close()
                return
            except psycopg.OperationalError:
                assert time.monotonic() < until, "PostgreSQL does not come back"
                time.sleep(0.05)


@pytest.fixture
def postmaster() -> Iterator[Postmaster]:
    folder = Path(tempfile.mkdtemp(prefix="jorei-pg-"))
    made = Postmaster(folder / "data")
    yield made
    made.kill()
    shutil.rmtree(folder, ignore_errors=True)


def test_postgresql_killed_and_started_again_under_load(postmaster: Postmaster, tmp_path: Path) -> None:
    place = Place(tmp_path / "home", postmaster.server.fresh())
    with place.serving() as serving:
        load = Load(place, serving, 1, patient=True)
        for _ in range(2):
            time.sleep(0.7)
            postmaster.kill()
            away = _refused(place, serving)
            postmaster.start()
            _goes_on(place, serving)
            assert away > 0
        time.sleep(0.5)
        history = load.stop()
        refused = [one for one in history.calls if one.status == 503]
        assert refused, "nobody felt it"
        for one in refused:
            assert one.said()["type"] in (
                "urn:jorei:problem:log-unavailable",
                "urn:jorei:problem:register-unavailable",
                "urn:jorei:problem:permit-refused",
            )
            assert one.said()["title"]
        found_after = [one for one in history.calls if one.answered and one.at > refused[-1].at]
        assert found_after, "nothing was answered after it came back"
        assert all(one.status is not None for one in history.calls), "a call was left without an answer"
        serving.kill()
        serving.ended()
    # a 503 may have been recorded all the same (the commit did not return): the key tells
    for one in refused:
        one.status = None
    found = check(place, history)
    assert found.answered > 0
    with place.serving() as again, place.client(again) as client:
        retry(place, client, history)


def _refused(place: Place, serving: Serving) -> int:
    """While it is away there is no yes; how many calls said so. The process lives, and says that it is not ready."""
    seen = 0
    with place.client(serving) as client:
        for _ in range(5):
            answer = client.post("/v1/decisions", json=REQUEST)
            assert answer.status_code == 503, answer.text
            assert "lawful" not in answer.text
            assert int(answer.headers["retry-after"]) >= 1
            seen += 1
        assert httpx.get(f"{serving.url}/livez", timeout=30).status_code == 200
        until = time.monotonic() + 20
        while httpx.get(f"{serving.url}/readyz", timeout=30).status_code != 503:
            assert time.monotonic() < until, "it says that it is ready"
            time.sleep(0.05)
    return seen


def _goes_on(place: Place, serving: Serving) -> None:
    with place.client(serving) as client:
        until = time.monotonic() + 60
        while client.post("/v1/decisions", json=REQUEST).status_code != 200:
            assert time.monotonic() < until, "it does not recover"
            time.sleep(0.05)
        while httpx.get(f"{serving.url}/readyz", timeout=30).status_code != 200:
            assert time.monotonic() < until, "it does not become ready"
            time.sleep(0.05)
