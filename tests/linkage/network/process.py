"""The network simulator as a real process on loopback, for tests."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec

from linkage.network import wire
from linkage.network.signing import SignKey

ROOT = Path(__file__).resolve().parents[3]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class NetworkProcess:
    def __init__(self, home: Path, database_url: str | None = None, port: int | None = None) -> None:
        self.home, self.port, self.database_url = home, port or free_port(), database_url
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "linkage.network", "--port", str(self.port), "--home", str(self.home)]
        if self.database_url:
            command += ["--database", self.database_url]
        self._process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        wait_for(self.url, self._process)

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(10)

    def wait_dead(self, seconds: float = 15) -> None:
        assert self._process is not None
        self._process.wait(seconds)

    @property
    def key(self) -> str:
        return SignKey(self.home / "keys" / "sign.key").public

    def admin(self, method: str, path: str, message: msgspec.Struct | None = None) -> httpx.Response:
        token = (self.home / "admin.token").read_text()
        content = msgspec.json.encode(message) if message is not None else b""
        headers = {"authorization": f"Bearer {token}"}
        return httpx.request(method, self.url + path, content=content, headers=headers, trust_env=False)

    def enrol(self, member: wire.Member) -> None:
        assert self.admin("PUT", "/admin/members", member).status_code == 200

    def residents(self, count: int) -> tuple[str, ...]:
        answer = self.admin("POST", f"/admin/residents?count={count}")
        return msgspec.json.decode(answer.content, type=wire.Residents).residents

    def faults(self, **which: Any) -> None:
        assert self.admin("PUT", "/admin/faults", wire.Fault(**which)).status_code == 204


def wait_for(url: str, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        assert process.poll() is None, "the process ended"
        try:
            if httpx.get(f"{url}/livez", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("no answer")
