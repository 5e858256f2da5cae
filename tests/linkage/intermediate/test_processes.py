"""A state body as a process of its own, and the routes of a city over a real server with real credentials."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import httpx
import msgspec
import pytest
import uvicorn
from fastapi import FastAPI

from api import ids
from api.callers import Caller, CallerSettings, Role, open_callers
from api.permits import Act
from linkage.intermediate.layout import InquiryRecord, encode
from linkage.intermediate.routes import IntermediateContext, SendForm, router
from tests.linkage.intermediate.city import AOMINE, CALLER, ISHINOMAKI, ITEMS, MINISTER, PENSION, RESIDENTS, City
from tests.linkage.intermediate.conftest import Land
from tests.linkage.network.process import ROOT, free_port


def test_a_state_body_as_a_process(land: Land) -> None:
    asks, network = land.city(ISHINOMAKI), land.network
    (resident,) = network.residents(1)
    home = land.folder / "minister"
    people = land.folder / "people.jsonl"
    people.write_bytes(msgspec.json.encode({"resident": resident, "copies": {PENSION: ITEMS[PENSION]}}) + b"\n")
    command = [sys.executable, "-m", "linkage.intermediate"]
    given = ["--home", str(home), "--agency", MINISTER, "--network", network.url]
    enrol = [*command, "enrol", *given, "--network-home", str(network.home)]
    subprocess.run(enrol, cwd=ROOT, check=True, timeout=60)
    serve = [*command, "serve", *given, "--people", str(people)]
    with subprocess.Popen(serve, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        order = asks.order(asks.know(resident), MINISTER, PENSION)
        asks.send(order)
        asks.wait(order)
        assert asks.open(order).records == [ITEMS[PENSION]]
        process.terminate()
        assert process.wait(20) == 0


SCOPES = (
    "linkage:inquiry:send",
    "linkage:inquiry:read",
    "linkage:copy:write",
    "linkage:provision:read",
    "linkage:provision:answer",
    "linkage:code:acquire",
)


class Served:
    """The routes of a city on a real server, and a client of one of its business systems."""

    def __init__(self, city: City) -> None:
        self.city = city
        body = city.body
        callers = open_callers(body.database, body.keys, city.server.clock, CallerSettings(look_every=0.0))
        for client_id, scopes in ((CALLER, SCOPES), ("reader", SCOPES[1:2])):
            callers.register.create(a_caller(client_id, frozenset(scopes)))
        self.keys = {name: callers.register.rotate_key(name) for name in (CALLER, "reader")}
        app = FastAPI()
        app.include_router(router(IntermediateContext(city.server, callers.authenticator)))
        port = free_port()
        self._uvicorn = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical"))
        self._thread = threading.Thread(target=self._uvicorn.run)
        self._thread.start()
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}/v1/linkage", trust_env=False)
        while not self._uvicorn.started:
            time.sleep(0.01)

    def close(self) -> None:
        self.http.close()
        self._uvicorn.should_exit = True
        self._thread.join()

    def call(
        self, method: str, path: str, body: object = None, *, permit: str | None = None, caller: str | None = CALLER
    ) -> httpx.Response:
        headers = {"content-type": "application/json"}
        if caller is not None:
            headers["authorization"] = f"Bearer {self.keys[caller]}"
        if permit is not None:
            headers["jorei-permit"] = permit
        content = msgspec.json.encode(body) if body is not None else b""
        return self.http.request(method, path, content=content, headers=headers)


def a_caller(client_id: str, scopes: frozenset[str]) -> Caller:
    return Caller(
        client_id=client_id,
        name="福祉システム",
        body="042021",
        municipality="石巻市",
        agency="市長",
        section="保険年金課",
        roles=frozenset({Role.SYSTEM}),
        scopes=scopes,
        system="0123",
    )


@pytest.fixture(scope="module")
def served(land: Land) -> Iterator[Served]:
    made = Served(land.city(ISHINOMAKI))
    yield made
    made.close()


@pytest.fixture
def person(land: Land, served: Served) -> str:
    asks, provides = served.city, land.city(AOMINE)
    (resident,) = land.network.residents(1)
    here, there = asks.know(resident), provides.know(resident)
    provides.copy(there, RESIDENTS)
    return here


def code_of(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    return str(answer.json()["code"])


def test_nothing_without_credential_scope_or_permit(served: Served, person: str) -> None:
    order = served.city.order(person, AOMINE)
    body = {"order": order}
    for method, path in (
        ("POST", "/inquiries"),
        ("GET", "/inquiries/rq_a"),
        ("POST", "/inquiries/rq_a/answer"),
        ("POST", "/codes"),
        ("POST", "/copies"),
        ("POST", "/copies/withdrawal"),
        ("POST", "/nondisclosure"),
        ("GET", "/pending"),
        ("POST", "/pending/tx_a/answer"),
    ):
        assert code_of(served.call(method, path, {}, caller=None), 401).startswith("C05")
        if path not in ("/inquiries/rq_a", "/inquiries/rq_a/answer"):
            assert code_of(served.call(method, path, {}, caller="reader"), 403) == "C0511"
    assert code_of(served.call("POST", "/inquiries", body), 403) == "N0128"
    assert code_of(served.call("POST", "/inquiries", body, permit="not a permit"), 403) == "G0601"


def test_an_inquiry_over_http(served: Served, person: str) -> None:
    city = served.city
    order = city.order(person, AOMINE)
    token = city.permit(Act("inquiry.send", "network", (order.handle, order.record_id)), city.link_request(order))
    sent = served.call("POST", "/inquiries", {"order": order, "handler": "officer-7"}, permit=token)
    assert (sent.status_code, sent.json()["record_id"]) == (202, order.record_id)
    city.wait(order)
    standing = served.call("GET", f"/inquiries/{order.record_id}").json()
    assert (standing["state"], standing["paper"]) == ("answered", False)
    assert code_of(served.call("GET", f"/inquiries/{order.record_id}", caller="reader"), 403) == "N0106"
    assert code_of(served.call("GET", "/inquiries/rq_nobody"), 404) == "N0107"
    act = Act("inquiry.receive", "network", (order.handle, order.record_id))
    token = city.permit(act, city.link_request(order))
    answer = served.call("POST", f"/inquiries/{order.record_id}/answer", {}, permit=token)
    assert answer.json()["records"] == [ITEMS[RESIDENTS]]
    again = served.call("POST", f"/inquiries/{order.record_id}/answer", {}, permit=token)
    assert code_of(again, again.status_code).startswith(("G06", "P03"))


def test_an_inquiry_as_a_record_of_18_fields(served: Served, person: str) -> None:
    city = served.city
    record = InquiryRecord(
        addressee="1203",
        integrated="88",
        requested="20261126093000123",
        section="F01",
        user="u-001",
        requester=ISHINOMAKI,
        affair="JM99000000000001",
        procedure="JT99010000000001",
        provider=AOMINE,
        information=RESIDENTS,
        first_day="20260401",
        last_day="20261126",
    )
    form = {
        "record": encode(record),
        "record_id": ids.new("rq"),
        "handle": person,
        "items": list(ITEMS[RESIDENTS]),
        "section_name": "保険年金課",
    }
    order = msgspec.convert(form, SendForm).ordered()
    token = city.permit(Act("inquiry.send", "network", (person, order.record_id)), city.link_request(order))
    assert served.call("POST", "/inquiries", form, permit=token).status_code == 202
    city.wait(order)
    assert city.open(order).records == [ITEMS[RESIDENTS]]
    broken = {**form, "record": encode(record).replace("JM99", "XX99")}
    refused = served.call("POST", "/inquiries", broken, permit=token)
    assert code_of(refused, 409) == "N0110"
    assert "9番目の項目「事務コード」" in refused.json()["detail"]


@pytest.mark.parametrize("body", ["", "{", "[]", '{"odd": 1}', '{"record": "x"}', '{"order": {"record_id": "R"}}'])
def test_malformed_bodies(served: Served, body: str) -> None:
    headers = {"authorization": f"Bearer {served.keys[CALLER]}", "jorei-permit": "x"}
    answer = served.http.post("/inquiries", content=body, headers=headers)
    assert code_of(answer, 400) == "N0125"


def test_the_list_of_what_waits_and_a_persons_answer(served: Served, land: Land) -> None:
    here, there = served.city, land.city(AOMINE)  # Aomine asks, a person in Ishinomaki answers
    (resident,) = land.network.residents(1)
    mine, theirs = here.know(resident), there.know(resident)
    items = {"agency": ISHINOMAKI, "handle": mine, "information": RESIDENTS, "public_from": "2026-01-01"}
    copy = {**items, "items": ITEMS[RESIDENTS], "automatic": False}
    token = here.permit(Act("copy.register", "copy", (mine,)), here.use_request())
    assert served.call("POST", "/copies", {"copies": [copy]}, permit=token).json() == {"registered": 1}
    order = there.order(theirs, ISHINOMAKI)
    number = there.send(order).processing_number
    ends = time.monotonic() + 10
    while not (waiting := served.call("GET", "/pending").json()["pending"]):
        assert time.monotonic() < ends
        time.sleep(0.02)
    (one,) = waiting
    assert (one["processing_number"], one["requester"], one["information"]) == (number, "青嶺市長", "住民票関係情報")
    token = here.permit(Act("provision.answer", "network", (mine, number)), there.link_request(order))
    path = f"/pending/{number}/answer"
    assert code_of(served.call("POST", path, {"handle": mine}, permit=token), 400) == "N0126"
    assert served.call("POST", path, {"handle": mine, "handler": "officer-7"}, permit=token).status_code == 204
    there.wait(order)
    assert there.open(order).records == [ITEMS[RESIDENTS]]
