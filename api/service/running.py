"""Runs the service: prepares the installation, listens, starts the workers, and drains them on SIGTERM.

One socket is opened here and shared by the workers, so that a port of 0 is known and none is lost between workers.
Each worker is a process of its own with one event loop (uvloop) and one uvicorn server. On SIGTERM a worker takes no new
connection, finishes what it has, writes the journal out, signs a last checkpoint and leaves.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any, Final

from api.callers.opening import open_register
from api.clock import SystemClock
from api.keys import KeyRefused, KeyStore, Purpose
from api.project import ProjectNotFoundError
from api.rulesets.refusal import RuleSetRefused
from api.service.opening import make_home
from api.storage.database import DatabaseRefused, open_database

if TYPE_CHECKING:
    from api.service.settings import Settings

Echo = Callable[[str], Any]

GRACE: Final = 30  # seconds that calls under way are given
_BACKLOG: Final = 2_048
_MINUTE: Final = 60.0
_SWITCH: Final = 0.0005  # seconds that one thread may keep the interpreter from another
_COLLECT: Final = 50_000  # objects made since the last round


def run(settings: Settings, echo: Echo) -> int:
    """Serve until told to stop; the exit status."""
    os.umask(0o077)
    leave_when_told()
    try:
        made = not settings.home.exists() or not settings.keys.exists()
        callers = prepare(settings)
        listening = listen(settings)
    except (DatabaseRefused, KeyRefused, RuleSetRefused) as refused:
        lines = getattr(refused, "lines", None)
        echo(lines() if callable(lines) else str(refused))
        return 1
    except (ProjectNotFoundError, OSError) as error:
        echo(f"始められません: {error}")
        return 1
    with listening:
        settings = replace(settings, port=listening.getsockname()[1])
        say(settings, echo, made=made, callers=callers)
        if settings.workers == 1:
            return work(settings, listening)
        return supervise(settings, listening, echo)


def prepare(settings: Settings) -> int:
    """Make what is missing once, before any worker starts; how many callers there are."""
    make_home(settings)
    clock = SystemClock()
    keys = KeyStore(settings.keys, clock)
    for purpose in (Purpose.PERMIT, Purpose.CHECKPOINT, Purpose.TOKEN, Purpose.BUNDLE):
        keys.signing_key(purpose)
    database = open_database(settings.url)
    try:
        return len(open_register(database, keys, clock).list())
    finally:
        database.close()


def listen(settings: Settings) -> socket.socket:
    """The socket of the service."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.bind((settings.host, settings.port))
        opened.listen(_BACKLOG)
        opened.set_inheritable(True)
    except BaseException:
        opened.close()
        raise
    return opened


def say(settings: Settings, echo: Echo, *, made: bool, callers: int) -> None:
    """Where it is reached, and what to do next."""
    echo(f"判断のサービスを始めます: {settings.address}")
    if made:
        echo(f"フォルダ {settings.home} に、データベースと鍵を作りました。")
    if not callers:
        echo(
            "呼び出し元がまだ登録されていません。次のように加えてください:\n"
            f"  jorei callers add 業務システム名 --home {settings.home} --name 名 --role system "
            "--body 団体コード --municipality 市町村 --agency 市長"
        )
    if not settings.log:
        echo("記録を残しません（--no-log）。この起動の答えは、速さを測るためだけのものです。")
    if settings.host not in ("127.0.0.1", "::1", "localhost"):
        echo("この機械の外からも呼び出せます。TLS を終える中継装置を前に置いてください。")


def work(settings: Settings, listening: socket.socket) -> int:
    """One worker."""
    from api.service.app import create_app
    from api.telemetry import logging as telemetry

    telemetry.configure()
    telemetry.uncaught()
    try:
        app = create_app(settings)
    except (DatabaseRefused, KeyRefused, RuleSetRefused) as refused:
        lines = getattr(refused, "lines", None)
        sys.stderr.write(f"{lines() if callable(lines) else refused}\n")
        return 1
    except ImportError as missing:
        if not (missing.name or "").startswith("opentelemetry"):
            raise
        sys.stderr.write("始められません: OpenTelemetry がありません（pip install 'jorei[otel]'）\n")
        return 1
    settled()
    return listened(app, listening)


def listened(app: Any, listening: socket.socket) -> int:
    """An application served over a socket until told to stop; the exit status."""
    server = _Server(configured(app))
    server.run(sockets=[listening])
    return 0 if server.started else 1


def configured(app: Any) -> Any:
    """How uvicorn serves an application: by our protocol, adding nothing of its own to answers."""
    import uvicorn

    from api.service.protocol import Protocol

    return uvicorn.Config(
        app,
        loop="uvloop",
        http=Protocol,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=75,
        backlog=_BACKLOG,
    )


def leave_when_told() -> None:
    """Until the server handles it, SIGTERM ends the process in order: there is nothing to finish yet."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def settled() -> None:
    """Keep the collector from walking over the rule set at each of its rounds: it stays until the end.

    Answers make no cycles, so rounds may be rare; without this they are half the cost of a batch. And have a busy event
    loop let the writer of the log on more often: it asks for the interpreter some ten times a transaction.
    """
    sys.setswitchinterval(_SWITCH)
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT, 20, 50)


def _server_class() -> Any:
    import contextlib
    from collections.abc import Iterator

    import uvicorn

    class Server(uvicorn.Server):
        """uvicorn's server, which leaves with 0 after a graceful end instead of raising the signal again."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Handle signals until the end."""
            kinds = (signal.SIGINT, signal.SIGTERM)
            before = {kind: signal.signal(kind, self.handle_exit) for kind in kinds}
            try:
                yield
            finally:
                for kind, handler in before.items():
                    signal.signal(kind, handler)

    return Server


def _Server(config: Any) -> Any:  # noqa: N802
    return _server_class()(config)


def _worker(settings: Settings, listening: socket.socket) -> None:
    leave_when_told()
    sys.exit(work(settings, listening))


def supervise(settings: Settings, listening: socket.socket, echo: Echo) -> int:
    """Several workers: one that dies is replaced, all are drained on SIGTERM."""
    from api.telemetry.metrics import prepare_workers, worker_ended

    prepare_workers(settings.home / "metrics")
    spawning = multiprocessing.get_context("spawn")
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, stop)

    def started() -> BaseProcess:
        process = spawning.Process(target=_worker, args=(settings, listening), name="jorei-worker")
        process.start()
        return process

    workers = [started() for _ in range(settings.workers)]
    deaths: list[float] = []  # of the last minute
    while not stopping:
        signal.sigtimedwait([], 0.2) if hasattr(signal, "sigtimedwait") else None
        for place, process in enumerate(workers):
            if process.is_alive() or stopping:
                continue
            worker_ended(process.pid or 0)
            deaths = [at for at in deaths if at > time.monotonic() - _MINUTE] + [time.monotonic()]
            if len(deaths) > 5 * settings.workers:
                echo("プロセスが続けて終わったので、サービスを終えます。")
                stopping = True
                break
            workers[place] = started()
    for process in workers:
        if process.is_alive() and process.pid is not None:
            os.kill(process.pid, signal.SIGTERM)
    for process in workers:
        process.join(GRACE + 10)
        if process.is_alive():
            process.kill()
            process.join()
    # a worker that was still starting ends by the signal itself: it had nothing to finish
    fine = all(process.exitcode in (0, -signal.SIGTERM) for process in workers)
    return 0 if fine and len(deaths) <= 5 * settings.workers else 1
