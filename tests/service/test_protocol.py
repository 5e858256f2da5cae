"""What is answered without ASGI: the same answers, and a connection that behaves, whatever comes over it."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from api.decision_log import Journal
from api.project import Project
from api.service.edge import Edge
from api.service.protocol import Protocol
from api.service.settings import Settings
from tests.service.conftest import EVALUATION, REQUEST, Running, running

BODY = json.dumps(REQUEST, ensure_ascii=False).encode()
DECISIONS, EVALUATE = "/v1/decisions", "/access/v1/evaluation"


def call(service: Running, path: str = DECISIONS, body: bytes = BODY, *lines: str, version: str = "1.1") -> bytes:
    """One call as it goes over the line."""
    own = ("Host: localhost", f"Authorization: Bearer {service.key}", "Content-Type: application/json")
    length = () if any("Transfer-Encoding" in line for line in lines) else (f"Content-Length: {len(body)}",)
    return "\r\n".join([f"POST {path} HTTP/{version}", *own, *length, *lines, "", ""]).encode() + body


@contextmanager
def connected(service: Running, kept: int | None = None) -> Iterator[socket.socket]:
    """A connection; `kept` is how many bytes of answers the system keeps for the caller."""
    host, port = service.url.removeprefix("http://").split(":")
    with socket.socket() as line:
        if kept is not None:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, kept)
        line.settimeout(20)
        line.connect((host, int(port)))
        yield line


class Answers:
    """The answers of a connection, in turn."""

    def __init__(self, line: socket.socket) -> None:
        self._file = line.makefile("rb")

    def next(self) -> tuple[int, dict[str, str], bytes]:
        status = int(self._file.readline().split()[1])
        headers: dict[str, str] = {}
        while (header := self._file.readline().strip()) != b"":
            name, _, value = header.decode("latin-1").partition(": ")
            assert name not in headers
            headers[name] = value
        return status, headers, self._file.read(int(headers["content-length"]))

    def ended(self) -> bool:
        return self._file.read(1) == b""


def asked(service: Running, sent: bytes) -> tuple[int, dict[str, str], bytes]:
    with connected(service) as line:
        line.sendall(sent)
        return Answers(line).next()


def place(answer: tuple[int, dict[str, str], bytes]) -> int:
    index: int = json.loads(answer[2])["log"]["index"]
    return index


@pytest.fixture
def without_asgi(monkeypatch: pytest.MonkeyPatch) -> None:
    """No call gets to the ASGI application."""

    async def never(*_: Any) -> None:
        raise AssertionError("came by ASGI")

    monkeypatch.setattr(Edge, "__call__", never)


@pytest.fixture
def by_asgi(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the calls that got to the ASGI application."""
    met: list[str] = []
    whole = Edge.__call__

    async def noted(self: Edge, scope: Any, receive: Any, send: Any) -> None:
        met.append(scope["path"])
        await whole(self, scope, receive, send)

    monkeypatch.setattr(Edge, "__call__", noted)
    return met


def same(one: tuple[int, dict[str, str], bytes], other: tuple[int, dict[str, str], bytes]) -> bool:
    """Whether two answers differ in nothing but the call: its identifiers, its moment, its place."""

    of_the_call = {"id", "at", "log", "evaluated_at", "evaluation_id", "index"}

    def stripped(value: Any) -> Any:
        if isinstance(value, list):
            return [stripped(each) for each in value]
        if isinstance(value, dict) and "label" not in value:
            return {name: stripped(each) for name, each in value.items() if name not in of_the_call}
        return value

    def plain(answer: tuple[int, dict[str, str], bytes]) -> object:
        status, headers, body = answer
        left = {name: value for name, value in headers.items() if name not in ("x-request-id", "connection")}
        return status, left | {"content-length": ""}, stripped(json.loads(body))

    return plain(one) == plain(other)


BODIES = [
    pytest.param(DECISIONS, BODY, id="decision"),
    pytest.param(DECISIONS + "?citations=ids", BODY, id="ids"),
    pytest.param(DECISIONS + "?citations=what", BODY, id="choice"),
    pytest.param(DECISIONS, json.dumps({"requests": [REQUEST] * 3}).encode(), id="batch"),
    pytest.param(DECISIONS, b"{", id="malformed"),
    pytest.param(DECISIONS, b"", id="empty"),
    pytest.param(DECISIONS, json.dumps(REQUEST | {"municipality": "仙台市"}).encode(), id="forbidden"),
    pytest.param(DECISIONS, json.dumps(REQUEST | {"affair": "何か"}).encode(), id="unknown"),
    pytest.param(EVALUATE, json.dumps(EVALUATION).encode(), id="evaluation"),
    pytest.param(EVALUATE, b"[]", id="list"),
]


@pytest.mark.parametrize(("path", "body"), BODIES)
def test_the_same_answer_as_by_asgi(light: Running, by_asgi: list[str], path: str, body: bytes) -> None:
    plain = asked(light, call(light, path, body))
    assert by_asgi == []
    other = asked(light, call(light, path, body, "Connection: close"))
    assert by_asgi == [path.partition("?")[0]]
    assert same(plain, other)


@pytest.mark.usefixtures("without_asgi")
def test_callers_who_are_not_known_are_turned_away(light: Running) -> None:
    status, headers, body = asked(light, call(light).replace(light.key.encode(), b"x" * len(light.key)))
    assert status == 401
    assert headers["www-authenticate"].startswith("Bearer")
    assert json.loads(body)["status"] == 401


@pytest.mark.usefixtures("without_asgi")
def test_pieces_of_a_call_are_put_together(light: Running) -> None:
    sent = call(light, DECISIONS, BODY, "X-Request-ID: abc")
    with connected(light) as line:
        for at in range(0, len(sent), 40):
            line.sendall(sent[at : at + 40])
            time.sleep(0.002)
        status, headers, _ = Answers(line).next()
    assert (status, headers["x-request-id"]) == (200, "abc")


def test_calls_sent_together_are_answered_in_turn(light: Running, by_asgi: list[str]) -> None:
    other = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: 2\r\n\r\n"
    sent = [call(light, DECISIONS, BODY, f"X-Request-ID: {n}") for n in range(6)]
    sent[2] = other
    with connected(light) as line:
        line.sendall(b"".join(sent))
        answers = Answers(line)
        met = [answers.next() for _ in sent]
    assert [headers["x-request-id"] for _, headers, _ in met] == [str(n) for n in range(6)]
    assert {status for status, _, _ in met} == {200}
    places = [json.loads(body)["log"]["index"] for n, (_, _, body) in enumerate(met) if n != 2]
    assert places == sorted(set(places))
    assert "/livez" in by_asgi


@pytest.mark.parametrize(
    "lines",
    [
        ("Connection: close",),
        ("Transfer-Encoding: chunked",),
        ("Expect: 100-continue",),
        ("Accept: application/x-ndjson",),
        ("X-Request-ID: \u00e9",),
        ("X-Request-ID: " + "x" * 300,),
    ],
)
def test_what_is_not_plain_is_left_to_uvicorn(light: Running, by_asgi: list[str], lines: tuple[str, ...]) -> None:
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY) if "chunked" in lines[0] else BODY
    with connected(light) as line:
        line.sendall(call(light, DECISIONS, body, *lines))
        file = line.makefile("rb")
        first = file.readline()
        assert first.split()[1] == (b"100" if "Expect" in lines[0] else b"200")
    assert by_asgi == [DECISIONS]


def test_another_version_and_another_method_are_left_to_uvicorn(light: Running, by_asgi: list[str]) -> None:
    with connected(light) as line:
        line.sendall(call(light, version="1.0"))
        answers = Answers(line)
        assert answers.next()[0] == 200
        assert answers.ended()
    assert asked(light, call(light).replace(b"POST", b"PUT", 1))[0] == 405
    assert by_asgi == [DECISIONS, DECISIONS]


def test_a_body_too_long_to_be_put_together_here(light: Running, by_asgi: list[str]) -> None:
    long = json.dumps({"requests": [REQUEST] * 400}, ensure_ascii=False).encode()
    assert len(long) > 65_536
    status, _, body = asked(light, call(light, DECISIONS, long))
    assert (status, len(json.loads(body)["decisions"])) == (200, 400)
    assert by_asgi == [DECISIONS]


@pytest.fixture(scope="module")
def unrecorded(tmp_path_factory: pytest.TempPathFactory, project: Project) -> Iterator[Running]:
    """A service that records nothing: no call waits, and many that come together are answered at once."""
    with running(Settings(home=tmp_path_factory.mktemp("unrecorded"), files=True, log=False), project) as found:
        yield found


def test_a_caller_who_does_not_read_does_not_fill_the_memory(
    unrecorded: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers wait in the caller's connection only up to uvicorn's mark; then its calls wait, and others go on."""
    count, most = 6_000, 0
    written = Protocol._write

    def noted(self: Protocol, *arguments: Any, **more: Any) -> None:
        nonlocal most
        written(self, *arguments, **more)
        most = max(most, self.transport.get_write_buffer_size())

    monkeypatch.setattr(Protocol, "_write", noted)
    with connected(unrecorded, 65_536) as line:
        sent = b"".join(call(unrecorded, DECISIONS, BODY, f"X-Request-ID: {n}") for n in range(count))
        writer = threading.Thread(target=line.sendall, args=(sent,))
        writer.start()
        time.sleep(1)
        assert asked(unrecorded, call(unrecorded))[0] == 200
        answers = Answers(line)
        for n in range(count):
            status, headers, _ = answers.next()
            assert (status, headers["x-request-id"]) == (200, str(n))
        writer.join()
    assert 0 < most < 2**20


def test_a_caller_who_leaves_is_recorded_all_the_same(light: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    before = place(asked(light, call(light)))
    left = threading.Event()
    record = Journal.record

    async def slow(self: Journal, entry: Any) -> Any:
        while not left.is_set():
            await asyncio.sleep(0.01)
        return await record(self, entry)

    monkeypatch.setattr(Journal, "record", slow)
    with connected(light) as line:
        line.sendall(call(light))
        time.sleep(0.2)
    time.sleep(0.1)
    left.set()
    time.sleep(0.5)
    assert place(asked(light, call(light))) == before + 2


@pytest.mark.usefixtures("without_asgi")
def test_what_breaks_inside_says_nothing(light: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("123456789012")

    monkeypatch.setattr("api.service.context.ServiceContext.deciding", broken)
    status, _, body = asked(light, call(light))
    assert status == 500
    assert b"123456789012" not in body
    assert json.loads(body)["status"] == 500
