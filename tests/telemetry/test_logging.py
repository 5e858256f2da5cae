"""The system log as its readers get it."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import threading
import time
from datetime import datetime

import httpx
import pytest
import structlog
import uvicorn

from api.clock import FixedClock
from api.publication import JAPAN
from api.telemetry import logging as telemetry_logging
from api.telemetry.logging import FIELDS
from tests.system_log import kept
from tests.telemetry.test_sinks import sink  # noqa: F401


def _lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line(sink: io.StringIO) -> None:  # noqa: F811
    telemetry_logging.configure(sink, "INFO", FixedClock(datetime(2026, 11, 26, 9, tzinfo=JAPAN)))
    log = telemetry_logging.logger("service")
    log.info("started", port=8000, ms=1.25)
    log.debug("not asked for")
    log.info("判定を記録しました", evaluation_id="ev_abc", secret="s", headers={"authorization": "x"})
    assert _lines(sink) == [
        {
            "at": "2026-11-26T09:00:00.000+09:00",
            "level": "info",
            "event": "started",
            "logger": "service",
            "port": 8000,
            "ms": 1.25,
        },
        {
            "at": "2026-11-26T09:00:00.000+09:00",
            "level": "info",
            "event": "判定を記録しました",
            "logger": "service",
            "evaluation_id": "ev_abc",
            "dropped": 2,
        },
    ]


@pytest.mark.parametrize(
    "name", ["request", "facts", "handle", "name", "token", "authorization", "parameters", "query"]
)
def test_fields_that_could_tell_of_a_person_are_not_on_the_list(name: str) -> None:
    assert name not in FIELDS


def test_a_value_that_cannot_be_written_brings_nothing_down(sink: io.StringIO) -> None:  # noqa: F811
    class Bad:
        def __str__(self) -> str:
            raise RuntimeError("123456789012")

    telemetry_logging.logger("service").info("answered", path=Bad())
    telemetry_logging.logger("service").info("next")
    assert "123456789012" not in sink.getvalue()
    assert [line["event"] for line in _lines(sink)] == ["a log line could not be written", "next"]


def test_a_newline_cannot_forge_a_line(sink: io.StringIO) -> None:  # noqa: F811
    telemetry_logging.logger("service").info('a"}\n{"event":"forged"}', path="x\r\ny")
    assert sink.getvalue().count("\n") == 1
    assert [line["path"] for line in _lines(sink)] == ["x\r\ny"]


def test_a_long_event_is_cut(sink: io.StringIO) -> None:  # noqa: F811
    telemetry_logging.logger("service").info("x" * 100_000)
    assert len(sink.getvalue()) < 3_000


def test_uvicorn_writes_into_it(sink: io.StringIO) -> None:  # noqa: F811
    """A real server: what it says, and the exception of an application, come out as lines like all others."""

    async def app(scope: dict[str, object], receive: object, send: object) -> None:
        raise RuntimeError("number 123456789012 of 山田太郎")

    telemetry_logging.configure(sink, "INFO")
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))  # type: ignore[arg-type]
    thread = threading.Thread(target=server.run)
    thread.start()
    until = time.monotonic() + 10
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    assert httpx.get(f"http://127.0.0.1:{port}/123456789012", trust_env=False).status_code == 500
    server.should_exit = True
    thread.join(10)
    lines = _lines(sink)
    failed = next(line for line in lines if "error" in line)
    assert failed["error"]["type"] == "builtins.RuntimeError"  # type: ignore[index]
    assert any(frame.endswith(" app") for frame in failed["error"]["frames"])  # type: ignore[index]
    assert "123456789012" not in sink.getvalue()
    assert "山田" not in sink.getvalue()
    assert any("Application startup" in str(line["event"]) or "running" in str(line["event"]) for line in lines)


_CRASH = """
import logging, sys, threading
from api.telemetry import logging as telemetry
telemetry.configure(sys.stderr)
telemetry.uncaught()
logging.info("number %d", "123456789012")
logging.getLogger("x").warning("too many", "123456789012")
thread = threading.Thread(target=lambda: int("number 123456789012"))
thread.start(); thread.join()
class Noisy:
    def __del__(self): raise ValueError("123456789012")
Noisy()
raise RuntimeError("1234-5678-9012")
"""


def test_a_process_that_falls_over_says_no_number() -> None:
    done = subprocess.run([sys.executable, "-c", _CRASH], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    kinds = [line["error"]["type"] for line in lines if "error" in line]
    assert kinds == ["builtins.ValueError", "builtins.ValueError", "builtins.RuntimeError"]
    for number in ("123456789012", "1234-5678-9012"):
        assert number not in done.stderr + done.stdout


def test_the_log_of_the_process_is_put_back() -> None:
    before = (structlog.is_configured(), logging.raiseExceptions, list(logging.getLogger().handlers))
    with kept():
        telemetry_logging.configure(io.StringIO())
        assert structlog.is_configured()
        assert not logging.raiseExceptions
    assert (structlog.is_configured(), logging.raiseExceptions, list(logging.getLogger().handlers)) == before
    assert before[:2] == (False, True)
