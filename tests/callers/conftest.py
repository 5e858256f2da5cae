from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc import jws
from joserfc.jwk import OctKey

from api.callers import Caller, Callers, CallerSettings, Role, open_callers
from api.callers.assertions import ASSERTION_TYPE
from api.callers.endpoint import Answer
from api.callers.model import USUAL
from api.clock import FixedClock
from api.keys import KeyStore
from api.publication import JAPAN
from api.storage.database import Database
from tests.databases import (  # noqa: F401
    _sqlite_template,
    database,
    database_url,
    postgresql_server,
    sqlite_database,
)

START = datetime(2026, 11, 26, 9, tzinfo=JAPAN)
BASE = "https://pdp.example"
FORM = (b"content-type", b"application/x-www-form-urlencoded")
PEER = "192.0.2.7"


def a_caller(client_id: str = "child-medical", role: Role = Role.SYSTEM, **other: Any) -> Caller:
    usual: dict[str, Any] = {
        "name": "子ども医療費助成",
        "body": "042021",
        "municipality": "石巻市",
        "agency": "市長",
        "section": "保険年金課",
        "roles": frozenset({role}),
        "scopes": USUAL[role],
        "system": "0123",
    }
    return Caller(client_id=client_id, **(usual | other))


class House:
    """The callers of one installation, and what a client of it does."""

    def __init__(self, kept: Database, keys: KeyStore, clock: FixedClock, **settings: Any) -> None:
        self.clock, self.database, self.keys = clock, kept, keys
        told = CallerSettings(base_url=BASE, look_every=0.0, **settings)
        self.callers: Callers = open_callers(kept, keys, clock, told)
        self.register, self.authenticator = self.callers.register, self.callers.authenticator

    def add(self, client_id: str = "child-medical", role: Role = Role.SYSTEM, **other: Any) -> Caller:
        caller = a_caller(client_id, role, **other)
        self.register.create(caller)
        return caller

    def claims(self, client_id: str, **changed: Any) -> dict[str, Any]:
        now = self.clock.now().timestamp()
        usual = {
            "iss": client_id,
            "sub": client_id,
            "aud": f"{BASE}/oauth/token",
            "exp": now + 60,
            "iat": now,
            "jti": secrets.token_urlsafe(16),
        }
        return {name: value for name, value in (usual | changed).items() if value is not ...}

    def assertion(self, secret: str, client_id: str = "child-medical", **changed: Any) -> str:
        claims = json.dumps(self.claims(client_id, **changed))
        return jws.serialize_compact({"alg": "HS256"}, claims, OctKey.import_key(secret), algorithms=["HS256"])

    def ask(self, members: Mapping[str, str], *headers: tuple[bytes, bytes]) -> Answer:
        return self.callers.endpoint.token([FORM, *headers], urlencode(members).encode(), PEER)

    def ask_with(self, assertion: str, **members: str) -> Answer:
        sent = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE}
        return self.ask({**sent, "client_assertion": assertion, **members})

    def token(self, secret: str, client_id: str = "child-medical", **members: str) -> str:
        answer = self.ask_with(self.assertion(secret, client_id), **members)
        assert answer.status == 200, answer
        return str(answer.body["access_token"])

    def who(self, credential: str | None, *headers: tuple[bytes, bytes], peer: str = PEER) -> Caller:
        own = [] if credential is None else [(b"authorization", credential.encode("latin-1"))]
        return self.authenticator.authenticate([(b"host", b"pdp"), *own, *headers], peer)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture
def keys(tmp_path: Path, clock: FixedClock) -> KeyStore:
    return KeyStore(tmp_path / "keys", clock)


@pytest.fixture
def house(database: Database, keys: KeyStore, clock: FixedClock) -> House:  # noqa: F811
    return House(database, keys, clock)


@pytest.fixture
def build(sqlite_database: Database, keys: KeyStore, clock: FixedClock) -> Callable[..., House]:  # noqa: F811
    """A house on SQLite with other settings."""
    return lambda **settings: House(sqlite_database, keys, clock, **settings)


@pytest.fixture
def here(build: Callable[..., House]) -> House:
    """A house on SQLite, where the database does not matter."""
    return build()
