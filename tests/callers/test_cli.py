"""`jorei callers` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.callers.opening import open_callers
from api.cli.app import app
from api.clock import SystemClock
from api.keys import KeyStore
from api.storage.database import open_database

ADD = (
    "--name",
    "子ども医療費助成",
    "--role",
    "system",
    "--body",
    "042021",
    "--municipality",
    "石巻市",
    "--agency",
    "市長",
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def run(*args: str, home: Path) -> Result:
    return CliRunner().invoke(app, ["callers", *args, "--home", str(home)])


def _value(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return str(json.loads(result.stdout)["value"])


def _who(home: Path, credential: str) -> Any:
    clock = SystemClock()
    database = open_database(f"sqlite:///{home / 'jorei.db'}")
    try:
        callers = open_callers(database, KeyStore(home / "keys", clock), clock)
        return callers.authenticator.authenticate([(b"authorization", f"Bearer {credential}".encode())], None)
    finally:
        database.close()


def test_the_first_caller_of_a_new_installation(home: Path) -> None:
    key = _value(run("add", "child-medical", *ADD, "--json", home=home))
    assert key.startswith("jk_")
    assert _who(home, key).municipality == "石巻市"


def test_a_secret_is_shown_once(home: Path) -> None:
    shown = run("add", "child-medical", *ADD, "--credential", "secret", home=home)
    assert shown.exit_code == 0, shown.output
    assert "二度と表示されません" in shown.stdout
    secret = next(line for line in shown.stdout.splitlines() if "js_" in line).split()[-1]
    for again in (run("list", home=home), run("list", "--json", home=home)):
        assert "child-medical" in again.stdout
        assert "js_" not in again.stdout
        assert secret not in again.stdout


def test_rotate_and_disable(home: Path) -> None:
    before = _value(run("add", "child-medical", *ADD, "--json", home=home))
    after = _value(run("rotate", "child-medical", "--json", home=home))
    assert _who(home, after).client_id == "child-medical"
    from api.callers import NotAuthenticated

    with pytest.raises(NotAuthenticated):
        _who(home, before)
    assert run("disable", "child-medical", home=home).exit_code == 0
    with pytest.raises(NotAuthenticated):
        _who(home, after)
    assert "停止" in run("list", home=home).stdout


@pytest.mark.parametrize(
    ("args", "status"),
    [
        (("add", "x", *ADD), 1),
        (("add", "two-roles", "--name", "a", "--role", "editor", "--role", "approver"), 1),
        (("add", "a-role", "--name", "a", "--role", "king"), 2),
        (("add", "a-kind", *ADD, "--credential", "password"), 2),
        (("add", "a-cert", *ADD, "--certificate", "zz"), 2),
        (("disable", "nobody-here"), 1),
        (("rotate", "nobody-here"), 1),
    ],
    ids=lambda v: v[1] if isinstance(v, tuple) else str(v),
)
def test_what_is_refused_says_why_in_japanese(home: Path, args: tuple[str, ...], status: int) -> None:
    run("add", "child-medical", *ADD, home=home)
    refused = run(*args, home=home)
    assert refused.exit_code == status, refused.output
    assert any(ord(c) > 127 for c in refused.stderr)


def test_a_folder_that_is_not_there_is_not_made_by_looking(home: Path) -> None:
    assert run("list", home=home).exit_code == 2
    assert not home.exists()


def test_the_keys_are_for_their_owner_only(home: Path) -> None:
    run("add", "child-medical", *ADD, "--credential", "secret", home=home)
    for path in (home / "keys").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
