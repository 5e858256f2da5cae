"""A real service: uvicorn on loopback, over SQLite and over PostgreSQL."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from api.callers import Caller, Role
from api.callers.model import DECISION_READ, EVALUATE, LOG_READ, PERMIT_ISSUE, RULESET_READ
from api.clock import Clock, FixedClock, SystemClock
from api.project import Project, load
from api.publication import JAPAN
from api.service.app import create_app
from api.service.context import ServiceContext
from api.service.edge import Edge
from api.service.running import configured
from api.service.settings import Settings
from api.telemetry.logging import configure
from api.telemetry.tracing import Tracer
from tests.databases import _sqlite_template, database_url, postgresql_server
from tests.system_log import kept

__all__ = ["_sqlite_template", "database_url", "postgresql_server"]

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=JAPAN)

REQUEST: dict[str, Any] = {
    "action": "transfer",
    "municipality": "石巻市",
    "agency": "市長",
    "holder": "市長",
    "affair": "child-medical",
    "procedure": 1,
    "information": ["地方税関係情報"],
    "facts": {"resident": True},
    "on": "2016-04-01",
}
UNLAWFUL = REQUEST | {"on": "2015-12-01"}
EVALUATION: dict[str, Any] = {
    "subject": {"type": "agency", "id": "市長"},
    "resource": {"type": "information", "id": "地方税関係情報", "properties": {"holder": "市長"}},
    "action": {"name": "transfer"},
    "context": {
        "municipality": "石巻市",
        "affair": "child-medical",
        "procedure": 1,
        "on": "2016-04-01",
        "facts": {"resident": True},
    },
}


@pytest.fixture(scope="module", autouse=True)
def system_log() -> Iterator[io.StringIO]:
    """The system log of the services of this process, to be looked through; put back for the tests that follow."""
    with kept():
        stream = io.StringIO()
        configure(stream)
        yield stream


@pytest.fixture(scope="session")
def project() -> Project:
    return load()


def caller(client_id: str = "fukushi", role: Role = Role.SYSTEM, **changes: Any) -> Caller:
    scopes = {
        Role.SYSTEM: {EVALUATE, DECISION_READ, PERMIT_ISSUE, RULESET_READ},
        Role.AUDITOR: {LOG_READ},
    }.get(role, set())
    made: dict[str, Any] = {
        "client_id": client_id,
        "name": "福祉システム",
        "body": "042021",
        "municipality": "石巻市",
        "agency": "市長",
        "section": "子育て支援課",
        "roles": frozenset({role}),
        "scopes": frozenset(scopes),
        "system": "fukushi",
    }
    if role is Role.AUDITOR:
        made |= {"agency": None, "section": None}
    return Caller(**(made | changes))


@dataclass
class Running:
    """A service that runs in a thread of this process."""

    url: str
    app: Edge
    home: Path
    key: str
    client: httpx.Client
    stop: Callable[[], None]

    @property
    def context(self) -> ServiceContext:
        return self.app.context

    def add(self, one: Caller) -> str:
        register = self.context.callers.register
        register.create(one)
        return register.rotate_key(one.client_id)

    def as_(self, key: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {key}"}, timeout=30)

    def post(self, path: str, json: Any = None, **more: Any) -> httpx.Response:
        return self.client.post(path, json=json, **more)


@contextmanager
def running(
    settings: Settings, project: Project | None, clock: Clock | None = None, tracer: Tracer | None = None
) -> Iterator[Running]:
    """A service until the block ends."""
    app = create_app(settings, clock, project, tracer)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(configured(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()

    def stop() -> None:
        server.should_exit = True
        thread.join(30)
        listening.close()

    while not server.started:
        assert thread.is_alive(), "the server did not start"
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    register = app.context.callers.register
    if not any(one.caller.client_id == "fukushi" for one in register.list()):
        register.create(caller())
    key = register.rotate_key("fukushi")
    client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=30)
    try:
        yield Running(url, app, settings.home, key, client, stop)
    finally:
        client.close()
        stop()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def service_url(request: pytest.FixtureRequest, home: Path) -> Iterator[str]:
    """The database of a service: of both kinds."""
    if request.param == "sqlite":
        yield f"sqlite:///{home / 'jorei.db'}"
        return
    server = request.getfixturevalue("postgresql_server")
    url = server.fresh()
    yield url
    server.drop(url)


@pytest.fixture(scope="module")
def service(service_url: str, home: Path, project: Project) -> Iterator[Running]:
    kind = "sqlite" if service_url.startswith("sqlite") else "postgresql"
    settings = Settings(home=home / kind, database_url=service_url, files=True)
    with running(settings, project) as found:
        yield found


@pytest.fixture(scope="module")
def light(tmp_path_factory: pytest.TempPathFactory, project: Project) -> Iterator[Running]:
    """A service over SQLite, for what does not depend on the database."""
    with running(Settings(home=tmp_path_factory.mktemp("light"), files=True), project) as found:
        yield found


@pytest.fixture
def fixed_clock() -> FixedClock:
    return FixedClock(NOON)


def today(clock: Clock | None = None) -> str:
    return (clock or SystemClock()).now().date().isoformat()


def with_settings(settings: Settings, **changes: Any) -> Settings:
    return replace(settings, **changes)
