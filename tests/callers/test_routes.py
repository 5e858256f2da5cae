"""The routes over a real connection: uvicorn on loopback, httpx as the client."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from api.callers.assertions import ASSERTION_TYPE
from api.callers.model import INTROSPECT
from api.callers.routes import router
from api.clock import FixedClock
from tests.callers.conftest import House


@pytest.fixture
def house_of_routes(build: Callable[..., House], clock: FixedClock) -> House:
    house = build(stranger_per_minute=1_000)
    house.add()
    house.add("asker-one", scopes=frozenset({INTROSPECT}))
    return house


@pytest.fixture
def app(house_of_routes: House) -> FastAPI:
    made = FastAPI()
    made.include_router(router(SimpleNamespace(authenticator=house_of_routes.authenticator)))
    return made


@pytest.fixture
def client(app: FastAPI) -> Iterator[httpx.Client]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    until = time.monotonic() + 10
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as made:
        yield made
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive()


def test_a_token_is_got_used_and_asked_about(client: httpx.Client, house_of_routes: House, clock: FixedClock) -> None:
    secret = house_of_routes.register.rotate_secret("child-medical")
    key = house_of_routes.register.rotate_key("asker-one")
    clock.advance(timedelta(seconds=1))
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": house_of_routes.assertion(secret),
    }
    answer = client.post("/oauth/token", data=form)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    token = answer.json()["access_token"]
    described = client.post("/oauth/introspect", data={"token": token}, headers={"Authorization": f"Bearer {key}"})
    assert described.json()["client_id"] == "child-medical"
    assert client.post("/oauth/token", data=form).status_code == 401
    basic = client.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=("child-medical", secret))
    assert basic.status_code == 200


def test_errors_over_the_wire(client: httpx.Client) -> None:
    refused = client.post("/oauth/token", data={"grant_type": "client_credentials"})
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Basic")
    assert client.post("/oauth/token", json={"grant_type": "client_credentials"}).json()["error"] == "invalid_request"
    assert client.post("/oauth/token", content=b"x" * 1_000_000).status_code == 400
    assert client.post("/oauth/introspect", data={"token": "x"}).status_code == 401
    assert client.get("/oauth/token").status_code == 405


def test_the_document_describes_forms(app: FastAPI) -> None:
    document = app.openapi()
    for path in ("/oauth/token", "/oauth/introspect"):
        operation = document["paths"][path]["post"]
        form = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
        assert form["required"] == (["grant_type"] if path.endswith("token") else ["token"])
        assert set(operation["responses"]) >= {"200", "400", "401", "429", "503"}
        assert any(ord(c) > 127 for c in operation["summary"])
