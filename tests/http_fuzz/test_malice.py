"""Bytes that no honest client sends: refused with a 4xx, the request's id echoed, nothing else repeated."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.project import Project
from api.service.settings import Settings
from dsl.masking import twelve_digits
from tests.service.conftest import EVALUATION, REQUEST, Running, running, today

NATIVE, AUTHZEN, BATCH = "/v1/decisions", "/access/v1/evaluation", "/access/v1/evaluations"
ROUTED = "/v1/permits"
PATHS = (NATIVE, AUTHZEN, BATCH, ROUTED, "/v1/attachments", "/v1/explain", "/oauth/token", "/v1/permits/redeem")
MARK = "zqxjkv"  # stands in everything that is sent, and in no answer
NUMBER = "123456789012"


@dataclass(frozen=True)
class Answer:
    """What came back, as bytes."""

    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, project: Project) -> Iterator[Running]:
    with running(Settings(home=tmp_path_factory.mktemp("malice"), files=True), project) as found:
        yield found


def raw(service: Running, data: bytes, *, more: bytes = b"", wait: float = 60) -> list[Answer]:
    """Send bytes over a connection of their own; all answers until it is closed, or nothing comes any more."""
    host, _, port = service.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), 30) as connection:
        connection.settimeout(wait)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # refused before all was sent
            connection.sendall(data)
            if more:
                connection.sendall(more)
        received = b""
        with contextlib.suppress(ConnectionResetError, TimeoutError):
            while piece := connection.recv(65_536):
                received += piece
    return list(_answers(received))


def _answers(data: bytes) -> Iterator[Answer]:
    while data:
        head, separator, rest = data.partition(b"\r\n\r\n")
        assert separator, data
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = headers.get("content-length")
        if length is None and headers.get("transfer-encoding") == "chunked":
            body, rest = rest, b""
        else:
            size = len(rest) if length is None else int(length)
            body, rest = rest[:size], rest[size:]
        yield Answer(int(first.split(" ")[1]), headers, body)
        data = rest


def request(
    service: Running, path: str, body: bytes, *headers: bytes, method: bytes = b"POST", usual: bool = True
) -> bytes:
    """A request as bytes; `usual` headers are those of a good client."""
    lines = [method + b" " + path.encode("latin-1") + b" HTTP/1.1", b"Host: x", b"Connection: close"]
    lines.append(b"Authorization: Bearer " + service.key.encode())
    if usual:
        lines += [b"Content-Type: application/json", b"X-Request-ID: rq-malice", b"Content-Length: %d" % len(body)]
    return b"\r\n".join((*lines, *headers)) + b"\r\n\r\n" + body


def refused(service: Running, path: str, body: bytes, *headers: bytes, **more: Any) -> Answer:
    """One answer, and it is a 4xx as it should be."""
    answers = raw(service, request(service, path, body, *headers, **more))
    assert len(answers) == 1, answers
    return _proper(answers[0])


def _proper(answer: Answer, request_id: str = "rq-malice") -> Answer:
    assert 400 <= answer.status < 500, answer
    assert answer.headers["x-request-id"] == request_id
    assert answer.headers["cache-control"] == "no-store"
    text = answer.body.decode("utf-8")
    assert MARK not in text
    assert twelve_digits(text) == ()
    json.loads(text)
    return answer


BODIES = {
    "empty": b"",
    "blank": b" \r\n\t ",
    "not UTF-8": b'{"action":"\xff\xfezqxjkv"}',
    "overlong UTF-8": b'{"action":"\xc0\xafzqxjkv"}',
    "UTF-16": '{"action":"zqxjkv"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"action":"zqxjkv"}',
    "surrogate in UTF-8": b'{"action":"\xed\xa0\x80zqxjkv"}',
    "lone surrogate escaped": b'{"action":"\\ud800zqxjkv"}',
    "surrogates turned round": b'{"action":"\\udc00\\ud800zqxjkv"}',
    "half an escape": b'{"action":"\\u12"}',
    "cut short": b'{"action":"zqxjkv',
    "two values": b'{"action":"zqxjkv"}{"action":"zqxjkv"}',
    "comment": b'{"action":"zqxjkv"/* */}',
    "NaN": b'{"action":NaN,"zqxjkv":1}',
    "infinity": b'{"action":-Infinity,"zqxjkv":1}',
    "a float beyond all": b'{"action":1e999,"zqxjkv":1}',
    "a huge integer": b'{"action":' + b"7" * 5_000 + b',"zqxjkv":1}',
    "an integer beyond 2^53": b'{"procedure":9007199254740993,"zqxjkv":1}',
    "a name twice": b'{"action":"zqxjkv","action":"use"}',
    "a name twice, once escaped": b'{"action":"zqxjkv","\\u0061ction":"use"}',
    "a name twice, deep within": b'{"context":{"facts":{"a":"zqxjkv","a":true}},"facts":{"a":1,"a":2}}',
    "deep objects": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "deep arrays": b"[" * 100_000,
    "deep arrays, closed": b"[" * 20_000 + b"]" * 20_000,
    "no object": b'["zqxjkv"]',
    "a string": b'"zqxjkv"',
    "null": b"null",
    "a number of a person": b'{"zqxjkv":"123456789012"}',
    "a number as an integer": b'{"zqxjkv":123456789012}',
    "a number as a name": b'{"123456789012":"zqxjkv"}',
    "a number in groups": '{"zqxjkv":"1234　5678－9012"}'.encode(),
    "a number in full width": '{"zqxjkv":"１２３４５６７８９０１２"}'.encode(),
    "a number in escapes": b'{"zqxjkv":"\\u0031\\u0032\\u0033\\u0034\\u0035\\u0036\\u0037\\u0038\\u0039012"}',
    "a number in circles": '{"zqxjkv":"①②③④⑤⑥⑦⑧⑨①②③"}'.encode(),
    "a NUL": b'{"action":"\x00zqxjkv"}',
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_bodies_that_are_none(service: Running, path: str, body: bytes) -> None:
    answer = refused(service, path, body)
    if path.startswith("/access/"):
        assert answer.status == 400
    assert answer.status != 404


@pytest.mark.parametrize("path", [NATIVE, AUTHZEN, BATCH, ROUTED])
@pytest.mark.parametrize(
    "type_",
    [
        b"text/plain",
        b"application/xml",
        b"application/x-www-form-urlencoded",
        b"application/json; charset=shift_jis",
        b"application/json, text/html",
        b"multipart/form-data; boundary=zqxjkv",
        b"application/jsonzqxjkv",
        b"",
        b"\xff\xfe",
    ],
    ids=str,
)
def test_content_types_that_are_not_json(service: Running, path: str, type_: bytes) -> None:
    body = _good(path)
    lines = (b"Content-Type: " + type_, b"X-Request-ID: rq-malice", b"Content-Length: %d" % len(body))
    answer = refused(service, path, body, *lines, usual=False)
    assert answer.status == (400 if path.startswith("/access/") else 415)


def _good(path: str) -> bytes:
    whole = EVALUATION if path.startswith("/access/") else REQUEST
    return json.dumps(whole, ensure_ascii=False).encode()


@pytest.mark.parametrize("path", [NATIVE, AUTHZEN])
def test_the_good_request_is_let_in(service: Running, path: str) -> None:
    """The tests above and below would pass with a service that refuses everything."""
    (answer,) = raw(service, request(service, path, _good(path)))
    assert answer.status == 200
    assert answer.headers["x-request-id"] == "rq-malice"


def _named(path: str, name: str, said: str) -> Any:
    """A good request with one name written otherwise."""
    if path == AUTHZEN:
        asked = json.loads(json.dumps(EVALUATION))
        if name == "agency":
            asked["subject"]["id"] = said
        else:
            asked["context"][name] = said
        return asked
    if path == ROUTED:
        act = {"name": "copy.register", "target": "copy", "handles": ["adr-x"]}
        return {"request": REQUEST | {name: said, "on": today()}, "act": act}
    return REQUEST | {name: said}


@pytest.mark.parametrize("path", [NATIVE, AUTHZEN, ROUTED])
@pytest.mark.parametrize(
    ("name", "alike"),
    [
        ("affair", "child‐medical"),  # another hyphen
        ("affair", "child\u00admedical"),
        ("affair", "ch\u0456ld-medical"),  # a Cyrillic i
        ("affair", "child-medical\u200b"),
        ("affair", "CHILD-MEDICAL"),
        ("municipality", "石巻市\u0000"),
        ("municipality", "石\ufe00巻市"),
        ("municipality", "石巻市\u202e"),
        ("municipality", "石卷市"),
        ("agency", "市長\u3099"),
    ],
    ids=ascii,
)
def test_names_that_only_look_alike_are_never_permitted(service: Running, path: str, name: str, alike: str) -> None:
    answer = service.post(path, _named(path, name, alike))
    assert answer.status_code in (200, 400, 403, 422)
    assert answer.json().get("decision") is not True
    assert '"lawful":true' not in answer.text
    assert alike not in answer.text


@pytest.mark.parametrize(
    ("name", "plain", "otherwise"),
    [("affair", "child-medical", "ｃｈｉｌｄ-medical"), ("agency", "市長", "市\u2fa7")],
    ids=ascii,
)
def test_names_of_another_form_are_the_same_name_once_resolved(
    service: Running, name: str, plain: str, otherwise: str
) -> None:
    """Width and compatibility forms (NFKC) are resolved before anything is decided; a permit binds what was resolved."""
    bound = []
    for said in (plain, otherwise):
        token = service.post(ROUTED, _named(ROUTED, name, said)).json()["permit"]["token"]
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        bound.append((claims["binding"], claims["binding_hash"]))
        assert otherwise not in json.dumps(claims, ensure_ascii=False)
    assert bound[0] == bound[1]


def test_a_body_longer_than_it_may_be(service: Running) -> None:
    limit = service.context.settings.limits.body
    large = b'{"zqxjkv":"' + b"a" * (limit + 1) + b'"}'
    for path in ("/v1/attachments", ROUTED):
        assert refused(service, path, large).status == 413
    huge = service.context.settings.limits.batch_body + 1
    for path, status in ((NATIVE, 413), (AUTHZEN, 400)):
        lines = (b"Content-Type: application/json", b"X-Request-ID: rq-malice", b"Content-Length: %d" % huge)
        assert refused(service, path, b"{", *lines, usual=False).status == status


@pytest.mark.parametrize("path", [NATIVE, AUTHZEN, "/v1/attachments", ROUTED])
def test_a_chunked_body_longer_than_it_may_be(service: Running, path: str) -> None:
    """It tells no length; it is refused once it is too long, not read to its end."""
    lines = (b"Content-Type: application/json", b"X-Request-ID: rq-malice", b"Transfer-Encoding: chunked")
    start = request(service, path, b"", *lines, usual=False)
    piece = b"a" * 65_536
    chunk = b"%x\r\n" % len(piece) + piece + b"\r\n"
    limit = service.context.settings.limits.batch_body
    answers = raw(service, start + b'9\r\n{"zqxjkv"\r\n', more=chunk * (limit // len(piece) + 2) + b"0\r\n\r\n")
    assert len(answers) == 1
    assert _proper(answers[0]).status == (400 if path == AUTHZEN else 413)


def test_a_chunked_body_is_read_like_any_other(service: Running) -> None:
    lines = (b"Content-Type: application/json", b"X-Request-ID: rq-malice", b"Transfer-Encoding: chunked")
    body = _good(NATIVE)
    pieces = b"".join(b"%x\r\n" % len(piece) + piece + b"\r\n" for piece in (body[:7], body[7:50], body[50:]))
    (answer,) = raw(service, request(service, NATIVE, b"", *lines, usual=False) + pieces + b"0\r\n\r\n")
    assert answer.status == 200


SMUGGLED = b"GET /v1/version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    "lines",
    [
        (b"Content-Length: 4", b"Transfer-Encoding: chunked"),
        (b"Transfer-Encoding: chunked", b"Content-Length: 4"),
        (b"Content-Length: 4", b"Content-Length: 5"),
        (b"Content-Length: +4",),
        (b"Content-Length: 4, 4",),
        (b"Content-Length: -1",),
        (b"Content-Length: 4zqxjkv",),
        (b"Transfer-Encoding: xchunked",),
        (b"Transfer-Encoding: chunked, identity",),
        (b"Transfer-Encoding : chunked",),
        (b"Transfer-Encoding:\x0bchunked",),
        (b"X: a\nContent-Length: 4",),
        (b" folded: zqxjkv",),
        (b"zqxjkv",),
    ],
    ids=str,
)
def test_headers_that_two_readers_could_read_differently(service: Running, lines: tuple[bytes, ...]) -> None:
    """Whatever is said of the first request, the bytes behind it are never answered as a second one."""
    body = b"0\r\n\r\n" + SMUGGLED
    answers = raw(
        service, request(service, NATIVE, body, b"Content-Type: application/json", *lines, usual=False), wait=2
    )
    assert len(answers) <= 1
    for answer in answers:
        assert 400 <= answer.status < 500
        assert b"zqxjkv" not in answer.body
        assert b"interfaces" not in answer.body


@pytest.mark.parametrize(
    "path",
    [
        "/v1/decisions/..%2f..%2fmetrics",
        "/v1//decisions",
        "/v1/decisions/",
        "/V1/decisions",
        "/v1/%64ecisions%00",
        "/%2e%2e/v1/decisions",
    ],
)
def test_paths_that_are_written_otherwise(service: Running, path: str) -> None:
    refused(service, path, _good(NATIVE))


@pytest.mark.parametrize(
    "method", [b"GET", b"PUT", b"DELETE", b"PATCH", b"TRACE", b"OPTIONS", b"HEAD", b"CONNECT", b"zqxjkv"], ids=str
)
@pytest.mark.parametrize("path", [NATIVE, AUTHZEN])
def test_methods_that_are_not_meant(service: Running, path: str, method: bytes) -> None:
    answers = raw(service, request(service, path, b"", method=method))
    for answer in answers:
        assert 400 <= answer.status < 500
        assert b"zqxjkv" not in answer.body
    assert len(answers) == 1


@pytest.mark.parametrize(
    "id_",
    [b"", b"a" * 4_000, b"\xe7\x9f\xb3\xe5\xb7\xbb", b"<script>", b"rq; drop table", b"%0d%0aSet-Cookie: x"],
    ids=str,
)
def test_any_request_id_is_echoed_as_it_came(service: Running, id_: bytes) -> None:
    body = _good(NATIVE)
    lines = (b"Content-Type: application/json", b"X-Request-ID: " + id_, b"Content-Length: %d" % len(body))
    (answer,) = raw(service, request(service, NATIVE, body, *lines, usual=False))
    assert answer.headers["x-request-id"] == id_.decode("latin-1").strip()
    assert "set-cookie" not in answer.headers


_TEXT = st.text(st.characters(), max_size=20)
_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | _TEXT | st.just(NUMBER),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=8,
)
_MEMBERS = sorted(
    {*REQUEST, *EVALUATION, *EVALUATION["context"], "requests", "evaluations", "act", "permit", "options"}
)


@st.composite
def _bodies(draw: st.DrawFn) -> bytes:
    path = draw(st.sampled_from((NATIVE, AUTHZEN)))
    asked: dict[str, Any] = json.loads(_good(path)) if draw(st.booleans()) else {}
    for name in draw(st.lists(st.sampled_from(_MEMBERS), max_size=3)):
        asked[name] = draw(_VALUE)
    text = json.dumps(asked, ensure_ascii=draw(st.booleans()))
    body = text.encode("utf-8", "surrogatepass")
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(body)))
        body = body[:at] + draw(st.binary(max_size=4)) + body[at + draw(st.integers(0, 3)) :]
    return body


@pytest.mark.parametrize("path", PATHS)
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(body=_bodies())
def test_any_body_gets_a_proper_answer(service: Running, path: str, body: bytes) -> None:
    """No server error, whatever is sent; no run of twelve digits comes back."""
    type_ = "application/json"
    answer = service.client.post(path, content=body, headers={"X-Request-ID": "rq-malice", "Content-Type": type_})
    assert answer.status_code < 500, answer.text
    assert answer.headers["x-request-id"] == "rq-malice"
    assert re.search(r"\d{12}", answer.text) is None
    assert NUMBER not in answer.text
    json.loads(answer.text)
