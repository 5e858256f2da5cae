"""The life of a rule set over HTTP, on a real service that goes on deciding meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.callers import Role
from api.callers.model import EVALUATE, RULESET_APPROVE, RULESET_EDIT, RULESET_PUBLISH, RULESET_READ
from api.project import Project
from api.rulesets.recorded import replay
from api.rulesets.routes import router
from api.service.settings import Settings
from tests.rulesets.conftest import BROKEN, REQUEST, TOWN, nation, town
from tests.service.conftest import Running, caller, project, running

__all__ = ["project"]

DRAFTS = "/v1/rulesets/drafts"


class People:
    """One client each."""

    def __init__(self, service: Running) -> None:
        scopes = {
            Role.EDITOR: {RULESET_READ, RULESET_EDIT},
            Role.APPROVER: {RULESET_READ, RULESET_APPROVE, RULESET_PUBLISH},
            Role.SYSTEM: {EVALUATE, RULESET_READ},
        }
        self.clients: dict[str, httpx.Client] = {}
        for name, role in (
            ("anna", Role.EDITOR),
            ("chie", Role.APPROVER),
            ("dai", Role.APPROVER),
            ("system", Role.SYSTEM),
        ):
            agency: dict[str, Any] = (
                {} if role is not Role.SYSTEM else {"municipality": "みなと町", "body": "990088", "agency": "町長"}
            )
            one = caller(name, role, scopes=frozenset(scopes[role]), **agency)
            self.clients[name] = service.as_(service.add(one))

    def __getitem__(self, name: str) -> httpx.Client:
        return self.clients[name]

    def close(self) -> None:
        for client in self.clients.values():
            client.close()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, project: Project) -> Iterator[Running]:
    home: Path = tmp_path_factory.mktemp("routes")
    with running(Settings(home=home, files=True), project) as found:
        known = {getattr(route, "path", "") for route in found.app.app.routes}
        if "/v1/rulesets/drafts" not in known:
            found.app.app.include_router(router(found.context))
        yield found


@pytest.fixture(scope="module")
def people(service: Running) -> Iterator[People]:
    made = People(service)
    yield made
    made.close()


def files(pairs: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"path": path, "text": text} for path, text in pairs]


def good(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    value: dict[str, Any] = answer.json()
    return value


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    value: dict[str, Any] = answer.json()
    assert (value["code"], value["status"]) == (code, status)
    return value


def approved(people: People, pairs: list[tuple[str, str]], base: str | None = None) -> str:
    draft = good(people["anna"].post(DRAFTS, json={"files": files(pairs), "base": base}), 201)
    path = f"{DRAFTS}/{draft['id']}"
    assert good(people["anna"].post(f"{path}/check"))["draft"]["state"] == "checked"
    assert good(people["anna"].post(f"{path}/replay"))["draft"]["state"] == "replayed"
    assert good(people["chie"].post(f"{path}/approve", json={"content": draft["content"]}))["state"] == "approved"
    return path


def test_life_over_http_while_the_service_decides(service: Running, people: People) -> None:
    before = good(people["system"].get("/v1/rulesets"))
    assert (before["current"]["bundle"], before["rulesets"]) == ("files", [])
    stop, failures, seen = threading.Event(), [], set()

    def decide() -> None:
        with service.as_(people["system"].headers["Authorization"].split()[1]) as client:
            while not stop.is_set():
                answer = client.post("/v1/decisions", json=REQUEST)
                said = answer.json()
                if answer.status_code == 200:
                    seen.add((said["decision"]["ruleset"], said["decision"]["lawful"]))
                elif seen:  # the files do not know the town
                    failures.append(answer.text)

    thread = threading.Thread(target=decide)
    thread.start()
    try:
        path = approved(people, [*nation(), *town()])
        first = good(people["chie"].post(f"{path}/publish"))
        wait_for(people, first["bundle"])
        path = approved(people, town(mended=True), first["bundle"])
        second = good(people["chie"].post(f"{path}/publish", json={}))
        wait_for(people, second["bundle"])
        proposal = good(people["dai"].post("/v1/rulesets/rollback", json={"to": first["bundle"]}), 201)
        own = people["dai"].post("/v1/rulesets/rollback", json={"confirm": proposal["id"]})
        problem(own, 403, "B0503")
        third = good(people["chie"].post("/v1/rulesets/rollback", json={"confirm": proposal["id"]}))
        wait_for(people, third["bundle"])
    finally:
        time.sleep(0.3)
        stop.set()
        thread.join()
    assert failures == []
    assert seen == {(first["digest"], True), (second["digest"], False)}  # each answer is that of the rules it names
    assert third["digest"] == first["digest"]
    again = replay(service.context.database, service.context.rules.of)
    assert again.ok
    assert again.same > 20
    assert again.same == again.decisions
    listed = good(people["system"].get("/v1/rulesets"))
    assert [one["bundle"] for one in listed["rulesets"]] == [first["bundle"], second["bundle"], third["bundle"]]


def wait_for(people: People, bundle: str) -> None:
    until = time.monotonic() + 20
    while good(people["system"].get("/v1/rulesets"))["current"]["bundle"] != bundle:
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture(scope="module")
def bundles(people: People, service: Running) -> list[dict[str, Any]]:
    """At least two published rule sets of the town."""
    found = good(people["system"].get("/v1/rulesets"))["rulesets"]
    if len(found) < 2:
        path = approved(people, [*nation(), *town()])
        first = good(people["chie"].post(f"{path}/publish"))
        path = approved(people, town(mended=True), first["bundle"])
        good(people["chie"].post(f"{path}/publish"))
    return list(good(people["system"].get("/v1/rulesets"))["rulesets"])


def test_a_rule_set_is_shown_with_its_seal(service: Running, people: People, bundles: list[dict[str, Any]]) -> None:
    from api.rulesets.bundles import opened

    first = bundles[0]
    said = good(people["system"].get(f"/v1/rulesets/{first['digest']}"))
    assert said["digest"] == first["digest"]
    shown = good(people["system"].get(f"/v1/rulesets/{first['bundle']}"))
    assert shown["manifest"]["editors"] == ["anna"]
    assert [one["person"] for one in shown["manifest"]["approvals"]] == ["chie"]
    assert opened(shown["jws"], service.context.keys, first["bundle"]).content == shown["manifest"]["content"]
    problem(people["system"].get("/v1/rulesets/0123456789abcdef"), 404, "B0501")


def test_difference_in_words_and_bounded(people: People, bundles: list[dict[str, Any]]) -> None:
    first, second = bundles[0]["bundle"], bundles[1]["bundle"]
    said = good(people["system"].get(f"/v1/rulesets/{first}/diff/{second}"))
    assert said["counts"]["unlawful"] > 0
    assert any("適法でなくなる" in line for row in said["rows"] for line in row["words"])
    assert {one["path"] for one in said["texts"]} >= {f"{TOWN}/規則.jorei"}
    assert said["left_off"] == 0
    short = good(people["system"].get(f"/v1/rulesets/{first}/diff/{second}?limit=1"))
    assert len(short["rows"]) == 1
    assert short["left_off"] > 0
    same = good(people["system"].get(f"/v1/rulesets/{first}/diff/{first}"))
    assert (same["rows"], same["texts"]) == ([], [])


def test_broken_draft_and_its_findings(people: People) -> None:
    draft = good(people["anna"].post(DRAFTS, json={"files": files([*nation(), *town()])}), 201)
    path = f"{DRAFTS}/{draft['id']}"
    edited = good(people["anna"].put(path, json={"files": files(BROKEN), "revision": 1}))
    assert edited["revision"] == 2
    said = good(people["anna"].post(f"{path}/check"))
    assert (said["draft"]["state"], said["found"]["errors"] > 0) == ("draft", True)
    assert any(f["code"] == "J0060" and f["path"] == f"{TOWN}/規則.jorei" for f in said["found"]["findings"])
    problem(people["chie"].post(f"{path}/approve", json={"content": edited["content"]}), 409, "B0502")
    problem(people["anna"].put(path, json={"files": [], "revision": 1}), 409, "B0506")
    assert good(people["chie"].post(f"{path}/reject", json={"reason": "誤りがある"}))["state"] == "rejected"
    assert good(people["anna"].post(f"{path}/withdraw"))["state"] == "withdrawn"
    listed = good(people["chie"].get(DRAFTS))["drafts"]
    assert {"id": draft["id"], "state": "withdrawn"}.items() <= next(
        d for d in listed if d["id"] == draft["id"]
    ).items()


def test_roles_of_callers(people: People, bundles: list[dict[str, Any]]) -> None:
    upload = {"files": files(nation())}
    for name in ("chie", "system"):
        assert people[name].post(DRAFTS, json=upload).status_code == 403
    for name in ("anna", "system"):
        for step in ("approve", "reject", "publish"):
            assert people[name].post(f"{DRAFTS}/rd_x/{step}", json={}).status_code == 403
        assert people[name].post("/v1/rulesets/rollback", json={"confirm": "rd_x"}).status_code == 403
        assert people[name].post(f"/v1/rulesets/{bundles[0]['bundle']}/withdraw").status_code == 403
    assert httpx.get(f"{people['anna'].base_url}/v1/rulesets".replace("//v1", "/v1")).status_code == 401


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'{"files": 1}', b'{"files": [{"path": "rules/a.jorei"}]}', b'{"file": []}', "あ".encode("utf-16")],
    ids=["cut off", "list", "ill-typed", "without text", "unknown member", "not UTF-8"],
)
def test_bad_bodies(people: People, body: bytes) -> None:
    answer = people["anna"].post(DRAFTS, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_problems_repeat_nothing_that_was_sent(people: People) -> None:
    number = "1234-5678-9012"
    answer = people["anna"].post(DRAFTS, json={"files": files([*nation(), (f"{TOWN}/a.yaml", f"# {number}")])})
    assert "5678" not in problem(answer, 400, "B0509")["title"]
    answer = people["anna"].get(f"/v1/rulesets/{number}")
    assert "5678" not in answer.text
