"""The client of our own: it asks all that is due, times from when it was due, and says when it was left alone."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from api.bench.load import Target, paced

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
REFUSAL = b"HTTP/1.1 503 Gone\r\nContent-Length: 0\r\n\r\n"


@contextmanager
def served(answer: Callable[[int], bytes | None]) -> Iterator[Target]:
    """A server that answers the n-th call with these bytes; None: it hangs up."""
    calls = 0

    def serve(line: socket.socket) -> None:
        nonlocal calls
        with line:
            while line.recv(65_536):  # one call at a time comes over a connection
                calls += 1
                said = answer(calls)
                if said is None:
                    return
                line.sendall(said)

    def accept() -> None:
        while True:
            try:
                line, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(line,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        yield Target(listening.getsockname()[1], "/", {"Content-Type": "application/json"}, [b"{}"])
        listening.shutdown(socket.SHUT_RDWR)


def test_all_that_is_due_is_asked_and_refusals_are_counted() -> None:
    with served(lambda n: REFUSAL if n % 10 == 0 else ANSWER) as target:
        found = paced(target, 4, 0.5, 200, os.getpid())
    assert 95 <= found["requests"] <= 101
    assert found["errors"] == found["requests"] // 10
    assert 0 < found["p50_ms"] <= found["p99_ms"]


def test_a_call_that_starts_late_is_timed_from_when_it_was_due() -> None:
    held = threading.Event()
    threading.Timer(0.3, held.set).start()
    with served(lambda n: ANSWER if held.wait(5) else None) as target:
        found = paced(target, 1, 0.4, 100, os.getpid())
    assert 38 <= found["requests"] <= 41
    assert found["p50_ms"] > 50
    assert found["p99_ms"] >= 250


def test_a_server_that_hangs_up_gives_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.bench.load._PATIENCE", 0.2)
    with (
        served(lambda n: ANSWER if n < 5 else None) as target,
        pytest.raises(RuntimeError, match="without an answer"),
    ):
        paced(target, 2, 0.3, 100, os.getpid())
