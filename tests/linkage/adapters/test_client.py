"""The line of a business system: repeated where that is safe, under one key, and honest about what is not known."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dsl.masking import twelve_digits
from linkage.adapters.client import Client
from linkage.adapters.refusals import Denied, Refused, Unavailable

DENIAL = {
    "id": "ev_a",
    "decision": {
        "lawful": False,
        "outcome": "forbidden",
        "items": [
            {
                "unmet": [
                    {"text": "庁内の利用はできない", "basis": {"label": "条例第3条第2項"}, "remedy": "照会する"},
                    {"text": "ほかの理由", "basis": None, "remedy": None},
                ]
            }
        ],
    },
}


class Server(ThreadingHTTPServer):
    """Does what the test tells it: a list of what to answer, one after the other."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[tuple[int, object] | str] = []
        self.seen: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.seen.append({name.lower(): value for name, value in self.headers.items()})
        step = self.server.script.pop(0)
        if step == "hang":
            time.sleep(1.0)
            self.close_connection = True
            return
        if step == "drop":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        status, body = step
        content = json.dumps(body).encode()
        self.send_response(int(status))
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.url, "key", timeout=0.3, pause=0.001) as made:
        yield made


def test_a_decision_is_asked_again_under_one_key(server: Server, client: Client) -> None:
    server.script = [(503, {}), "drop", (200, {"id": "ev_a"})]
    assert client.decide({"action": "use"}) == {"id": "ev_a"}
    keys = {seen["idempotency-key"] for seen in server.seen}
    assert len(server.seen) == 3
    assert len(keys) == 1
    assert not any(letter.isdigit() for letter in keys.pop())
    assert server.seen[0]["authorization"] == "Bearer key"


def test_another_decision_has_another_key(server: Server, client: Client) -> None:
    server.script = [(200, {}), (200, {})]
    client.decide({})
    client.decide({})
    assert server.seen[0]["idempotency-key"] != server.seen[1]["idempotency-key"]


@pytest.mark.parametrize("trouble", ["drop", "hang"])
def test_an_act_is_not_repeated_and_its_end_is_not_guessed(server: Server, client: Client, trouble: str) -> None:
    server.script = [trouble, (200, {})]
    with pytest.raises(Unavailable, match="分からない") as raised:
        client.call("POST", "/v1/linkage/transfers", {}, permit="token")
    assert raised.value.done is None
    assert len(server.seen) == 1


def test_an_act_that_was_answered_503_is_told_and_not_repeated(server: Server, client: Client) -> None:
    server.script = [(503, {"code": "G0904", "detail": "何も行わなかった。", "help": "もう一度"})]
    with pytest.raises(Refused) as raised:
        client.call("POST", "/v1/linkage/transfers", {}, permit="token")
    assert (raised.value.status, raised.value.code, raised.value.help) == (503, "G0904", "もう一度")


def test_looking_is_repeated(server: Server, client: Client) -> None:
    server.script = [(503, {}), (503, {}), (200, {"state": "answered"})]
    assert client.call("GET", "/v1/linkage/inquiries/rq_a").json() == {"state": "answered"}


def test_nobody_there() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (
        Client(f"http://127.0.0.1:{port}", "key", pause=0.001) as client,
        pytest.raises(Unavailable, match="何も行われていない") as raised,
    ):
        client.call("POST", "/v1/linkage/transfers", {}, permit="token")
    assert raised.value.done is False


def test_a_denial_says_reason_article_and_remedy(server: Server, client: Client) -> None:
    server.script = [(200, {"decision": DENIAL, "permit": None, "refusal": None})]
    with pytest.raises(Denied) as raised:
        client.permit({}, "addressee.show", "addressee", ("ad_a",))
    no = raised.value
    assert (no.evaluation, no.articles, no.remedies) == ("ev_a", ("条例第3条第2項",), ("照会する",))
    assert no.lines().splitlines() == [
        "認められません（判定 ev_a）。",
        "・庁内の利用はできない",
        "　根拠: 条例第3条第2項",
        "　代わりに: 照会する",
        "・ほかの理由",
    ]


def test_a_yes_without_permit_is_a_refusal(server: Server, client: Client) -> None:
    said = {"id": "ev_a", "decision": {"lawful": True, "items": []}}
    why = {"code": "P0303", "text": "二つの方法の判断が違う", "help": "管理者に"}
    server.script = [(200, {"decision": said, "permit": None, "refusal": why})]
    with pytest.raises(Refused, match="P0303"):
        client.permit({}, "addressee.show", "addressee", ("ad_a",))


def test_what_is_said_of_refusals_holds_no_number() -> None:
    assert not twelve_digits(str(Unavailable(done=None)) + str(Refused(403, "G0601", "許可証を引き換えられない", "")))


@pytest.mark.parametrize("body", [[], "…", None, 5])
def test_a_refusal_in_another_form_is_one_too(server: Server, client: Client, body: object) -> None:
    server.script = [(502, body)]
    with pytest.raises(Refused) as raised:
        client.call("POST", "/v1/x", {})
    assert raised.value.status == 502
