"""The servers that are compared: bare ones and the service, each a process of its own on one core."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CITY = "042021"
NAME = "石巻市"


@dataclass(frozen=True, slots=True)
class Server:
    """A way to serve an application."""

    name: str
    command: tuple[str, ...]
    log: str = "off"
    database: str = "sqlite"
    lean: str = "on"


def _uvicorn(app: str) -> tuple[str, ...]:
    """As the service sets uvicorn up, but for its protocol."""
    own = ("-m", "uvicorn", app, "--host", "127.0.0.1", "--port", "{port}", "--loop", "uvloop", "--http", "httptools")
    off = ("--no-access-log", "--no-server-header", "--no-date-header", "--no-proxy-headers")
    return (sys.executable, *own, *off, "--log-level", "error")


def _granian(app: str) -> tuple[str, ...]:
    own = ("-m", "granian", "--interface", "asgi", app, "--host", "127.0.0.1", "--port", "{port}", "--workers", "1")
    return (sys.executable, *own, "--loop", "uvloop", "--no-access-log", "--log-level", "error")


BARE = "api.bench.bare:app"
OURS = "api.bench.served:app"
_SERVED = (sys.executable, "-m", "api.bench.served", "{port}")  # as `jorei serve` does it
SERVERS = (
    Server("bare.uvicorn", _uvicorn(BARE)),
    Server("bare.granian", _granian(BARE)),
    Server("ours.uvicorn", _SERVED),
    Server("ours.granian", _granian(OURS)),
    Server("ours.uvicorn.fastapi", _SERVED, lean="off"),
    Server("ours.uvicorn.log.sqlite", _SERVED, log="on"),
    Server("ours.uvicorn.log.postgresql", _SERVED, log="on", database="postgresql"),
)


@contextmanager
def serving(server: Server, home: Path, databases: Callable[[str], str | None]) -> Iterator[tuple[int, int]]:
    """A server until the block ends: its port and its process."""
    port = _free()
    command = [part.replace("{port}", str(port)) for part in server.command]
    pinned = ["taskset", "-c", "0"] if shutil.which("taskset") and (os.cpu_count() or 1) > 1 else []
    environment = os.environ | {
        "JOREI_BENCH_HOME": str(home),
        "JOREI_BENCH_DATABASE": databases(server.database) or "",
        "JOREI_BENCH_LOG": server.log,
        "JOREI_BENCH_LEAN": server.lean,
    }
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [*pinned, *command],
        cwd=root,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _await(port, process)
        yield port, process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _free() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            time.sleep(0.3)
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server did not start")


def key_of(home: Path, url: str) -> str:
    """An installation with one caller of the city who asks for all its agencies."""
    from api.callers import Caller, Role
    from api.callers.model import ANY_AGENCY, EVALUATE
    from api.callers.opening import open_register
    from api.clock import SystemClock
    from api.keys import KeyStore
    from api.storage.database import open_database

    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    clock = SystemClock()
    database = open_database(url)
    try:
        register = open_register(database, KeyStore(home / "keys", clock), clock)
        made = Caller(
            client_id="bench",
            name="測定",
            body=CITY,
            municipality=NAME,
            agency="市長",
            section=None,
            roles=frozenset({Role.SYSTEM}),
            scopes=frozenset({EVALUATE}),
            system="bench",
            agencies=frozenset({ANY_AGENCY}),
        )
        register.create(made)
        return register.rotate_key("bench")
    finally:
        database.close()
