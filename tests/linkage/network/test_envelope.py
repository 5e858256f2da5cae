"""Who asks is believed once, who answers is the network, and everything says that it is a simulator."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
import pytest

from api.clock import FixedClock, SystemClock
from linkage.intermediate.client import Line, Told, Unreachable
from linkage.network import SIMULATOR_HEADER, signing, wire
from linkage.network.envelope import LIMIT
from tests.linkage.network.conftest import AGENCY, OTHER, line_of
from tests.linkage.network.process import NetworkProcess

TARGET = "/v1/mailbox?wait_ms=0"


@pytest.fixture
def key(line: Line) -> signing.SignKey:
    return line._sign


def send(
    network: NetworkProcess, headers: dict[str, str], method: str = "GET", target: str = TARGET, body: bytes = b""
) -> httpx.Response:
    return httpx.request(method, network.url + target, headers=headers, content=body, trust_env=False)


def refusal(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    return msgspec.json.decode(answer.content, type=wire.Problem).code


def test_a_signed_request_is_believed_once(network: NetworkProcess, line: Line, key: signing.SignKey) -> None:
    headers = signing.request_headers(key, line.member, SystemClock(), "GET", TARGET, b"")
    assert send(network, headers).status_code == 200
    again = send(network, headers)
    assert (again.status_code, refusal(again)) == (401, "N0201")


@pytest.mark.parametrize(
    "spoil",
    [
        {signing.SIGNATURE: ""},
        {signing.SIGNATURE: "A" * 86},
        {signing.MEMBER: "m21101"},
        {signing.MEMBER: "nobody"},
        {signing.NONCE: "0" * 32},
        {signing.AT: "0"},
    ],
)
def test_anything_changed_is_refused(
    network: NetworkProcess, line: Line, key: signing.SignKey, spoil: dict[str, str], tmp_path: Path
) -> None:
    line_of(network, tmp_path / "other", OTHER).close()
    headers = signing.request_headers(key, line.member, SystemClock(), "GET", TARGET, b"") | spoil
    assert refusal(send(network, headers)) == "N0201"


def test_another_path_method_or_body_is_refused(network: NetworkProcess, line: Line, key: signing.SignKey) -> None:
    body = msgspec.json.encode(wire.Acknowledged((1,)))
    target = "/v1/mailbox/acknowledgement"

    def signed() -> dict[str, str]:
        return signing.request_headers(key, line.member, SystemClock(), "POST", target, body)

    assert refusal(send(network, signed(), "POST", "/v1/codes", body)) == "N0201"
    assert refusal(send(network, signed(), "PUT", target, body)) == "N0201"
    assert refusal(send(network, signed(), "POST", target, body.replace(b"1", b"2"))) == "N0201"
    assert send(network, signed(), "POST", target, body).status_code == 204


def test_old_and_future_requests_are_refused(network: NetworkProcess, line: Line, key: signing.SignKey) -> None:
    for minutes in (-10, 2):
        clock = FixedClock(SystemClock().now() + timedelta(minutes=minutes))
        headers = signing.request_headers(key, line.member, clock, "GET", TARGET, b"")
        assert refusal(send(network, headers)) == "N0201"


def test_without_a_signature_nothing_is_told(network: NetworkProcess) -> None:
    for path in ("/v1/mailbox", "/v1/records?agency=x&link_code=y", "/v1/inquiries/tx_a"):
        assert refusal(httpx.get(network.url + path, trust_env=False)) == "N0201"
    assert refusal(httpx.post(network.url + "/jlis/v1/acquisitions", content=b"{}", trust_env=False)) == "N0201"
    large = httpx.post(network.url + "/v1/inquiries", content=b" " * (LIMIT + 1), trust_env=False)
    assert (large.status_code, refusal(large)) == (413, "N0212")


def test_malformed_messages_are_refused_without_repeating_them(network: NetworkProcess, line: Line) -> None:
    class Odd(msgspec.Struct):
        agency: str = "目印の値"

    with pytest.raises(Told) as told:
        line._send("POST", "/v1/codes", Odd())
    assert told.value.code == "N0212"
    assert "目印" not in str(told.value)


def test_an_answer_not_signed_by_the_network_is_not_believed(
    network: NetworkProcess, line: Line, tmp_path: Path
) -> None:
    other = signing.SignKey(tmp_path / "other.key").public
    false = Line(line.member, network.url, other, tmp_path / AGENCY, SystemClock())
    with pytest.raises(Unreachable):
        false.mailbox()
    false.close()
    assert line.mailbox() == ()


def test_an_answer_belongs_to_its_request(line: Line, key: signing.SignKey) -> None:
    signature = signing.answer_signature(key, "n1", 200, b"body")
    assert signing.answer_holds(key.public, "n1", 200, b"body", signature)
    for nonce, status, body in (("n2", 200, b"body"), ("n1", 404, b"body"), ("n1", 200, b"")):
        assert not signing.answer_holds(key.public, nonce, status, body, signature)
    assert not signing.answer_holds(key.public, "n1", 200, b"body", "not base64 !")


def test_every_answer_says_that_it_is_a_simulator(network: NetworkProcess) -> None:
    for path in ("/livez", "/v1/mailbox", "/openapi.json", "/nowhere", "/admin/faults"):
        assert (
            "stands for no national system" in httpx.get(network.url + path, trust_env=False).headers[SIMULATOR_HEADER]
        )
    assert "国のシステムではない" in httpx.get(network.url + "/livez", trust_env=False).text
    said = httpx.get(network.url + "/openapi.json", trust_env=False).json()["info"]
    assert "SIMULATOR" in said["title"]
    assert "国のシステムではない" in said["description"]


@pytest.fixture
def unauthorised(network: NetworkProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=network.url, trust_env=False) as client:
        yield client


def test_administration_wants_the_token(network: NetworkProcess, unauthorised: httpx.Client) -> None:
    for headers in ({}, {"authorization": "Bearer wrong"}):
        for method, path in (("PUT", "/admin/faults"), ("PUT", "/admin/members"), ("POST", "/admin/residents")):
            answer = unauthorised.request(method, path, content=b"{}", headers=headers)
            assert (answer.status_code, refusal(answer)) == (403, "N0214")
    assert (network.home / "admin.token").stat().st_mode & 0o777 == 0o600
    assert network.admin("PUT", "/admin/faults", wire.Fault(crash_at="no such point")).status_code == 400


def test_keys_and_secrets_are_files_of_the_owner_only(network: NetworkProcess, line: Line) -> None:
    secrets = [*(network.home / "keys").iterdir()]
    assert len(secrets) == 2
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in secrets)
