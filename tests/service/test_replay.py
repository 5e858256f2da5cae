"""`jorei replay --log` over what a service recorded: native, batch and AuthZEN decisions, permitted, denied and refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from api.cli.app import app
from api.project import Project
from api.service.settings import Settings
from api.storage.tables import log_entry
from tests.service.conftest import EVALUATION, REQUEST, UNLAWFUL, Running, running, today

EVALUATE = "/access/v1/evaluation"
UNKNOWN: dict[str, Any] = EVALUATION | {"context": EVALUATION["context"] | {"affair": "知らない事務"}}
STRANGER: dict[str, Any] = EVALUATION | {"subject": {"type": "user", "id": "alice"}}
DENIED: dict[str, Any] = EVALUATION | {"context": EVALUATION["context"] | {"on": "2015-12-01"}}
ACT = {"name": "copy.register", "target": "copy", "handles": ["adr-kfmzq"]}


@pytest.fixture(scope="module")
def own(service_url: str, tmp_path_factory: pytest.TempPathFactory, project: Project) -> Iterator[Running]:
    """A service whose log holds nothing but what is asked here."""
    settings = Settings(home=tmp_path_factory.mktemp("replay"), database_url=service_url, files=True)
    with running(settings, project) as found:
        yield found


def jorei(service: Running, *more: str) -> Result:
    url = service.context.settings.url
    return CliRunner().invoke(app, ["replay", "--log", "--home", str(service.home), "--database", url, *more])


def _outcomes(service: Running) -> dict[str, int]:
    said: dict[str, int] = {}
    with service.context.database.read() as connection:
        for leaf in connection.execute(select(log_entry.c.leaf).where(log_entry.c.kind == "decision")).scalars():
            outcome = json.loads(bytes(leaf))["outcome"]
            said[outcome] = said.get(outcome, 0) + 1
    return said


def test_every_kind_of_decision_comes_out_again(own: Running) -> None:
    asked: list[tuple[str, Any]] = [
        ("/v1/decisions", REQUEST),
        ("/v1/decisions?citations=ids", UNLAWFUL),
        ("/v1/decisions", {"requests": [REQUEST, UNLAWFUL, REQUEST | {"affair": "ない"}, REQUEST]}),
        (EVALUATE, EVALUATION),
        (EVALUATE, DENIED),
        (EVALUATE, UNKNOWN),
        (EVALUATE, STRANGER),
        ("/access/v1/evaluations", EVALUATION | {"evaluations": [{}, UNKNOWN, DENIED, {"action": {"name": 1}}]}),
        ("/v1/permits", {"request": REQUEST | {"on": today()}, "act": ACT}),
    ]
    for path, body in asked:
        assert own.post(path, body).status_code == 200
    outcomes = _outcomes(own)
    assert outcomes["refused"] == 3
    assert outcomes["permitted"] > 4
    assert sum(outcomes.values()) == 13
    said = jorei(own)
    assert said.exit_code == 0, said.output
    assert "記録された判定 13件: 記録のとおり 13件、違うもの 0件" in said.stdout
    again = json.loads(jorei(own, "--json").stdout)
    assert (again["ok"], again["same"], again["not_kept"]) == (True, 13, 0)
