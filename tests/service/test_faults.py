"""When something is wrong, the answer is 503 or a denial with a reason, never a yes."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.clock import FixedClock
from api.decision_log.refused import NO_SPACE, refused
from api.project import Project
from api.service.settings import Settings
from tests.databases import Server
from tests.service.conftest import EVALUATION, NOON, REQUEST, Running, running

ACT = {"name": "copy.register", "target": "copy", "handles": ["adr-kfmzq"]}


def _calls(service: Running) -> Iterator[httpx.Response]:
    """Every call whose answer could be a yes."""
    yield service.post("/v1/decisions", REQUEST)
    yield service.post("/v1/decisions?citations=ids", REQUEST)
    yield service.post("/v1/decisions", {"requests": [REQUEST, REQUEST]})
    yield service.client.post("/v1/decisions", json=REQUEST, headers={"Idempotency-Key": "a"})
    yield service.post("/access/v1/evaluation", EVALUATION)
    yield service.post("/access/v1/evaluations", EVALUATION | {"evaluations": [{}, {}]})
    yield service.post("/access/v1/search/resource", EVALUATION | {"resource": {"type": "information"}})
    yield service.post("/v1/permits", {"request": REQUEST | {"on": "2026-11-26"}, "act": ACT})


def _never_a_yes(service: Running) -> None:
    for answer in _calls(service):
        assert answer.status_code == 503, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["x-request-id"]
        said = answer.json()
        assert said["title"]
        assert not any(word in answer.text for word in ('"lawful":true', '"decision":true', "token"))
    with service.client.stream(
        "POST", "/v1/decisions", json={"requests": [REQUEST] * 3}, headers={"Accept": "application/x-ndjson"}
    ) as stream:
        if stream.status_code == 200:
            lines = [json.loads(line) for line in stream.iter_lines()]
            assert [line["complete"] for line in lines] == [False]
            assert lines[0]["error"]["status"] == 503
        else:
            assert stream.status_code == 503


def _ready(service: Running) -> dict[str, Any]:
    answer = service.client.get("/readyz")
    assert answer.status_code == 503
    checks: dict[str, Any] = answer.json()["checks"]
    assert service.client.get("/livez").status_code == 200
    return checks


def test_a_journal_that_refuses(tmp_path: Path, project: Project) -> None:
    with running(Settings(home=tmp_path / "home", files=True), project) as service:
        assert service.post("/v1/decisions", REQUEST).status_code == 200
        assert service.client.get("/readyz").status_code == 200
        service.context.journal.refuse(refused(NO_SPACE))
        _never_a_yes(service)
        assert NO_SPACE in service.post("/v1/decisions", REQUEST).json()["detail"]
        assert service.post("/v1/decisions", REQUEST).headers["retry-after"] == "1"
        assert NO_SPACE in _ready_after(service)["log"]


def _ready_after(service: Running) -> dict[str, Any]:
    service.app.app.state.health._at = float("-inf")  # not the answer kept from before
    return _ready(service)


def test_a_clock_that_goes_back(tmp_path: Path, project: Project) -> None:
    clock = FixedClock(NOON)
    with running(Settings(home=tmp_path / "home", files=True), project, clock) as service:
        assert service.post("/v1/decisions", REQUEST).status_code == 200
        clock.advance(timedelta(hours=-1))
        _never_a_yes(service)
        assert _ready_after(service)["clock"] != "ok"
        clock.advance(timedelta(hours=2))
        assert service.post("/v1/decisions", REQUEST).status_code == 200


def test_no_rule_set(tmp_path: Path, project: Project) -> None:
    settings = Settings(home=tmp_path / "home")
    with running(settings, None) as service:  # type: ignore[arg-type]
        _never_a_yes(service)
        assert "B0512" in service.post("/v1/decisions", REQUEST).json()["detail"]
        assert _ready_after(service)["rules"] != "ok"
        assert service.client.get("/v1/version").json()["ruleset"] is None


def test_a_database_that_is_gone(postgresql_server: Server, tmp_path: Path, project: Project) -> None:
    url = postgresql_server.fresh()
    with running(Settings(home=tmp_path / "home", database_url=url, files=True), project) as service:
        assert service.post("/v1/decisions", REQUEST).status_code == 200
        service.context.callers.authenticator._every = 3600.0  # the register is not what is looked at here
        service.context.callers.authenticator.look_now()
        assert service.post("/v1/decisions", REQUEST).status_code == 200
        postgresql_server.drop(url)
        _never_a_yes(service)
        checks = _ready_after(service)
        assert checks["database"] != "ok"


def test_a_register_that_cannot_be_read_lets_nobody_in(
    postgresql_server: Server, tmp_path: Path, project: Project
) -> None:
    url = postgresql_server.fresh()
    with running(Settings(home=tmp_path / "home", database_url=url, files=True), project) as service:
        assert service.post("/v1/decisions", REQUEST).status_code == 200
        postgresql_server.drop(url)
        service.context.callers.authenticator.look_now()
        _never_a_yes(service)
        answer = service.post("/v1/decisions", REQUEST)
        assert answer.json()["type"] == "urn:jorei:problem:register-unavailable"


def test_a_log_that_was_changed_stops_recording_at_the_next_start(tmp_path: Path, project: Project) -> None:
    settings = Settings(home=tmp_path / "home", files=True)
    with running(settings, project) as service:
        ids = [service.post("/v1/decisions", REQUEST).json()["id"] for _ in range(5)]
    for path in settings.checkpoints.iterdir():
        path.unlink()
    database = sqlite3.connect(settings.home / "jorei.db")
    for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        database.execute(f"DROP TRIGGER {name}")
    forged = database.execute(
        "UPDATE log_entry SET leaf = CAST(replace(CAST(leaf AS TEXT), 'permitted', 'forbidden') AS BLOB) WHERE id = ?",
        (ids[2],),
    )
    assert forged.rowcount == 1
    database.commit()
    database.close()
    with running(settings, project) as service:
        _never_a_yes(service)
        assert "D0411" in _ready_after(service)["log"]


def test_an_error_inside_is_a_500_that_says_nothing(tmp_path: Path, project: Project, system_log: io.StringIO) -> None:
    with running(Settings(home=tmp_path / "home", files=True), project) as service:
        desk = service.context.deciding().desk

        def broken(_: object) -> None:
            raise RuntimeError("ひみつ")

        desk.decide = broken  # type: ignore[method-assign, assignment]
        for answer in (service.post("/v1/decisions", REQUEST), service.post("/access/v1/evaluations", EVALUATION)):
            assert answer.status_code == 500
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["x-request-id"]
            assert "ひみつ" not in answer.text
            assert "Traceback" not in answer.text
        written = system_log.getvalue()
        assert "internal error" in written
        assert "RuntimeError" in written
        assert "ひみつ" not in written
        assert service.context.metrics.render().decode().count('jorei_errors_total{kind="internal"} 2.0') == 1


def test_without_a_log_there_is_no_permit(tmp_path: Path, project: Project) -> None:
    with running(Settings(home=tmp_path / "home", files=True, log=False), project) as service:
        said = service.post("/v1/decisions", REQUEST)
        assert said.status_code == 200
        assert said.json()["log"] is None
        answer = service.post("/v1/permits", {"request": REQUEST | {"on": "2026-11-26"}, "act": ACT})
        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:jorei:problem:log-off"


@pytest.mark.parametrize("lean", [True, False])
def test_callers_beyond_their_limit_are_told_when_to_come_again(tmp_path: Path, project: Project, lean: bool) -> None:
    from dataclasses import replace

    settings = Settings(home=tmp_path / "home", files=True, lean=lean)
    settings = replace(settings, limits=replace(settings.limits, per_minute=5))
    with running(settings, project) as service:
        answers = [service.post("/v1/decisions", REQUEST) for _ in range(7)]
        assert [one.status_code for one in answers[:5]] == [200] * 5
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) > 0
        assert answers[-1].json()["type"] == "urn:jorei:problem:too-many-requests"
