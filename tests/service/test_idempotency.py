"""Keys of calls whose first attempt came to nothing: under way, taken over, forgotten."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from api.clock import FixedClock
from api.project import Project
from api.service.idempotency import fingerprint
from api.service.native.decisions import API
from api.service.settings import Settings
from tests.service.conftest import NOON, REQUEST, Running, running

ONE = "/v1/decisions"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
def stopped(tmp_path: Path, project: Project, clock: FixedClock) -> Iterator[Running]:
    """A service on a clock of its own."""
    with running(Settings(home=tmp_path / "home", files=True), project, clock) as found:
        yield found


def _body() -> bytes:
    return json.dumps(REQUEST).encode()


def _claimed_and_died(service: Running, key: str) -> str:
    """What a process leaves that ended between the claim and the record."""
    mark = fingerprint(API, b"full", _body())
    new = service.context.recorder.new_id()
    return asyncio.run(service.context.idempotency.claim("fukushi", key.encode(), mark, new)).id


def test_a_call_under_way_is_409_and_one_that_died_is_taken_over_with_its_identifier(
    stopped: Running, clock: FixedClock
) -> None:
    headers = {"Idempotency-Key": "a", "Content-Type": "application/json"}
    kept = _claimed_and_died(stopped, "a")
    early = stopped.client.post(ONE, content=_body(), headers=headers)
    assert early.status_code == 409
    assert early.json()["type"] == "urn:jorei:problem:idempotency-in-progress"
    assert early.headers["retry-after"]
    clock.advance(timedelta(seconds=31))
    taken = stopped.client.post(ONE, content=_body(), headers=headers)
    assert taken.status_code == 200
    assert taken.json()["id"] == kept
    assert stopped.client.post(ONE, content=_body(), headers=headers).content == taken.content


def test_a_key_is_forgotten_after_its_time(stopped: Running, clock: FixedClock) -> None:
    headers = {"Idempotency-Key": "b", "Content-Type": "application/json"}
    first = stopped.client.post(ONE, content=_body(), headers=headers).json()
    clock.advance(timedelta(hours=23))
    assert stopped.client.post(ONE, content=_body(), headers=headers).json()["id"] == first["id"]
    clock.advance(timedelta(hours=2))
    assert stopped.client.post(ONE, content=_body(), headers=headers).json()["id"] != first["id"]
    clock.advance(timedelta(hours=48))
    assert stopped.context.idempotency.purge() == 1


def test_a_batch_that_died_half_way_is_finished_with_the_same_identifiers(
    stopped: Running, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = {"requests": [REQUEST] * 600}
    headers = {"Idempotency-Key": "c"}
    recorder = stopped.context.recorder
    honest, calls = recorder.record_many, 0

    async def once(entries: list[object]) -> list[int]:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise RuntimeError("the process ends here")
        return await honest(entries)  # type: ignore[arg-type]

    monkeypatch.setattr(recorder, "record_many", once)
    assert stopped.client.post(ONE, json=requests, headers=headers).status_code == 500
    monkeypatch.setattr(recorder, "record_many", honest)
    clock.advance(timedelta(seconds=31))
    second = stopped.client.post(ONE, json=requests, headers=headers)
    assert second.status_code == 200
    places = [one["log"]["index"] for one in second.json()["decisions"]]
    assert len(set(places)) == 600
    assert stopped.client.post(ONE, json=requests, headers=headers).content == second.content
    with stopped.context.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT count(*) FROM log_entry WHERE kind = 'decision'").scalar()
    assert rows == 600
