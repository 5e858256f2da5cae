"""The fixture policy for conformance runs: the traps of the runners, over a real server, and never beside an installation."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from api.cli.app import app
from api.project import HOME
from api.service.fixture.app import CAPABILITY
from api.service.fixture.policy import FixtureRefused, load
from api.service.running import prepare
from api.service.settings import Settings

POLICY = Path(__file__).parent / "authzen_fixture" / "policy.yaml"
ONE, MANY = "/access/v1/evaluation", "/access/v1/evaluations"
SEARCH = "/access/v1/search"


def asked(subject: str = "alice", action: str = "read", resource: str = "record-1", **more: Any) -> dict[str, Any]:
    return {
        "subject": {"type": "user", "id": subject},
        "action": {"name": action},
        "resource": {"type": "record", "id": resource},
        **more,
    }


BOB_WRITES = asked("bob", "write")
ADMIN = BOB_WRITES | {"subject": {"type": "user", "id": "bob", "properties": {"role": "admin"}}}
LOCKED = asked("alice", "write") | {"resource": {"type": "record", "id": "record-1", "properties": {"locked": True}}}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The command itself, in a process of its own."""
    home = tmp_path_factory.mktemp("fixture") / "home"
    command = [sys.executable, "-c", "from api.cli import main; main()", "serve", "--port", "0", "--home", str(home)]
    command += ["--authzen-fixture", str(POLICY), "--base-url", "https://pdp.example.jp"]
    with subprocess.Popen(command, cwd=HOME, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = process.stdout.readline()
        url = re.search(r"http://\S+", said)
        assert url is not None, said + process.stderr.read()
        assert "法令による判断ではなく" in process.stdout.readline()
        with httpx.Client(base_url=url.group(), timeout=30) as opened:
            yield opened
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "no law, no record, no permit" in log
        assert not home.exists()  # nothing was made


def _post(client: httpx.Client, path: str, body: Any) -> Any:
    answer = client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (asked(), True),
        (asked("alice", "delete"), False),
        (asked("bob"), True),
        (BOB_WRITES, False),  # the file knows bob for an admin; the request does not say so
        (ADMIN, True),
        (LOCKED, False),  # a prohibition overrides
        (asked("alice", "write", "record-2"), True),  # what the file declares of record-2 is for searches
        (
            asked("alice", "delete", "record-2") | {"action": {"name": "delete", "properties": {"confirmed": True}}},
            True,
        ),
        (asked("alice", "delete", "record-2") | {"action": {"name": "delete", "properties": {"confirmed": 1}}}, False),
        (asked("carol", context={"emergency": True}), True),
        (asked("carol"), False),
        (asked("mallory"), False),
        (asked() | {"resource": {"type": "spaceship", "id": "x"}}, False),
    ],
)
def test_decisions_are_bare_and_the_same_each_time(client: httpx.Client, body: dict[str, Any], expected: bool) -> None:
    said = b'{"decision":true}' if expected else b'{"decision":false}'
    assert [client.post(ONE, json=body).content for _ in range(2)] == [said, said]
    wider = body | {"unknown": 1, "context": {**body.get("context", {}), "time": "1985-10-26T01:22-07:00"}}
    assert client.post(ONE, json=wider).content == said
    assert client.post(MANY, json={"evaluations": [body]}).content == b'{"evaluations":[%s]}' % said
    assert client.post(MANY, json=body | {"evaluations": []}).content == said


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"subject":{"type":"user","id":"alice"},"action":{"name":"read"}}',
        b'{"subject":{"type":"user"},"action":{"name":"read"},"resource":{"type":"record","id":"1"}}',
        b'{"subject":{"type":"user","id":"alice"},"action":{"name":123},"resource":{"type":"record","id":"1"}}',
        b'{"subject":"alice","action":{"name":"read"},"resource":{"type":"record","id":"1"}}',
        b'{"subject":{"type":"user","id":"a","id":"b"},"action":{"name":"read"},"resource":{"type":"record","id":"1"}}',
    ],
    ids=repr,
)
def test_what_cannot_be_read_is_400(client: httpx.Client, content: bytes) -> None:
    for path in (ONE, MANY):
        answer = client.post(path, content=content, headers={"content-type": "application/json", "x-request-id": "q"})
        assert answer.status_code == 400, (path, answer.text)
        assert answer.headers["x-request-id"] == "q"


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", None])
def test_another_content_type_is_400(client: httpx.Client, media: str | None) -> None:
    headers = {} if media is None else {"content-type": media}
    assert client.post(ONE, content=b"{}", headers=headers).status_code == 400


def test_several_keep_their_order_and_one_bad_item_is_denied_in_place(client: httpx.Client) -> None:
    body = asked() | {"evaluations": [{}, {"action": {"name": 1}}, {"action": {"name": "delete"}}, 7, {}]}
    answer = client.post(MANY, json=body)
    wanted = b",".join(b'{"decision":%s}' % one for one in (b"true", b"false", b"false", b"false", b"true"))
    assert answer.content == b'{"evaluations":[%s]}' % wanted
    first_denial = body | {"options": {"evaluations_semantic": "deny_on_first_deny"}}
    assert [one["decision"] for one in _post(client, MANY, first_denial)["evaluations"]] == [True, False]
    first_permit = body | {"options": {"evaluations_semantic": "permit_on_first_permit"}}
    assert [one["decision"] for one in _post(client, MANY, first_permit)["evaluations"]] == [True]
    assert client.post(MANY, json=body | {"options": {"evaluations_semantic": "x"}}).status_code == 400


def test_a_default_is_replaced_as_a_whole(client: httpx.Client) -> None:
    body = ADMIN | {"evaluations": [{}, {"subject": {"type": "user", "id": "bob"}}]}
    assert [one["decision"] for one in _post(client, MANY, body)["evaluations"]] == [True, False]


def test_searches(client: httpx.Client) -> None:
    read = {"action": {"name": "read"}, "resource": {"type": "record", "id": "record-1"}}
    found = client.post(f"{SEARCH}/subject", json={"subject": {"type": "user", "id": "ignored"}, **read})
    assert found.content == b'{"results":[{"type":"user","id":"alice"},{"type":"user","id":"bob"}]}'
    write = {"subject": {"type": "user", "id": "alice"}, "action": {"name": "write"}, "resource": {"type": "record"}}
    found = client.post(f"{SEARCH}/resource", json=write | {"page": {"limit": 1, "token": "x"}})
    assert found.content == b'{"results":[{"type":"record","id":"record-1"}]}'  # record-2 is declared to be locked
    found = client.post(f"{SEARCH}/action", json={k: v for k, v in asked().items() if k != "action"})
    assert found.content == b'{"results":[{"name":"read"},{"name":"write"}]}'


def test_searches_for_what_is_not_known_find_nothing_and_what_lacks_an_id_is_400(client: httpx.Client) -> None:
    read = {"action": {"name": "read"}, "resource": {"type": "record", "id": "record-1"}}
    for body in (
        {"subject": {"type": "robot"}, **read},
        {"subject": {"type": "user"}, "action": {"name": "fly"}, "resource": {"type": "record", "id": "record-1"}},
    ):
        assert _post(client, f"{SEARCH}/subject", body) == {"results": []}
    stranger = {
        "subject": {"type": "user", "id": "mallory"},
        "action": {"name": "read"},
        "resource": {"type": "record"},
    }
    assert _post(client, f"{SEARCH}/resource", stranger) == {"results": []}
    assert _post(client, f"{SEARCH}/resource", stranger | {"resource": {"type": "x"}}) == {"results": []}
    no_id = stranger | {"subject": {"type": "user"}}
    assert client.post(f"{SEARCH}/resource", json=no_id).status_code == 400
    nothing = read | {"subject": {"type": "user"}, "resource": {"type": "record"}}
    assert client.post(f"{SEARCH}/subject", json=nothing).status_code == 400
    assert client.post(f"{SEARCH}/action", json=no_id | {"resource": {"type": "record", "id": "1"}}).status_code == 400


def test_metadata_says_https_and_that_it_is_a_fixture(client: httpx.Client) -> None:
    said = client.get("/.well-known/authzen-configuration").json()
    assert said["policy_decision_point"] == "https://pdp.example.jp"
    assert all(value.startswith("https://pdp.example.jp/") for name, value in said.items() if name.endswith("endpoint"))
    assert said["capabilities"] == [CAPABILITY]


def test_there_is_nothing_else(client: httpx.Client) -> None:
    """No permits, no native decisions, no rule sets, no log."""
    for path in ("/v1/permits", "/v1/decisions", "/v1/log/checkpoint", "/oauth/token", "/v1/rulesets"):
        assert client.post(path, json={}).status_code == 404
    assert client.get(ONE).status_code == 405
    anything = client.post(ONE, json=asked(), headers={"authorization": "key-without-a-scheme"})
    assert anything.json() == {"decision": True}


# ---- never beside an installation -------------------------------------------------------------------


def jorei(*more: object) -> Any:
    return CliRunner().invoke(app, ["serve", *(str(m) for m in more)])


def test_refused_in_the_folder_of_an_installation(tmp_path: Path) -> None:
    prepare(Settings(home=tmp_path / "home"))
    said = jorei("--home", tmp_path / "home", "--authzen-fixture", POLICY)
    assert said.exit_code == 1
    assert "設置フォルダです（jorei.db、keys、publications、checkpoints）" in said.output


@pytest.mark.parametrize("more", [["--files"], ["--no-log"], ["--workers", "2"], ["--database", "sqlite:///x.db"]])
def test_refused_with_what_belongs_to_an_installation(tmp_path: Path, more: list[str]) -> None:
    assert jorei("--home", tmp_path / "home", "--authzen-fixture", POLICY, *more).exit_code == 2
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    "text",
    [
        "rules: 1",
        "rules: [{effect: allow}]",
        "rules: [{effect: permit, subjcet: {id: a}}]",
        "rules: []\nrules: []",
        "rules: [{effect: permit, subject: {id: 3}}]",
        "a: [",
    ],
)
def test_a_file_that_is_no_policy_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(FixtureRefused):
        load(file)
    assert jorei("--home", tmp_path / "home", "--authzen-fixture", file).exit_code == 1
