"""`jorei keys`: what people see of the keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli.app import app


def jorei(*args: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in args])


def test_rotate_list_revoke(tmp_path: Path) -> None:
    assert jorei("keys", "list", "--home", tmp_path).stdout.endswith("鍵 0個\n")
    first = jorei("keys", "rotate", "--home", tmp_path, "--purpose", "permit")
    assert first.exit_code == 0
    assert "許可証" in first.stdout
    jorei("keys", "rotate", "--home", tmp_path, "--purpose", "permit")
    listed = jorei("keys", "list", "--home", tmp_path).stdout
    assert "検証のみ" in listed
    assert "署名中" in listed
    found = json.loads(jorei("keys", "list", "--home", tmp_path, "--json").stdout)["keys"]
    assert [key["state"] for key in found] == ["overlap", "active"]
    assert '"d"' not in json.dumps(found)
    revoked = jorei("keys", "revoke", "--home", tmp_path, found[1]["kid"])
    assert revoked.exit_code == 0
    assert "失効" in revoked.stdout
    states = [k["state"] for k in json.loads(jorei("keys", "list", "--home", tmp_path, "--json").stdout)["keys"]]
    assert states == ["overlap", "revoked", "active"]


def test_refusals(tmp_path: Path) -> None:
    unknown = jorei("keys", "revoke", "--home", tmp_path, "ない鍵")
    assert unknown.exit_code == 1
    assert "P0332" in unknown.stderr
    for purpose in ("vault", "", "x"):
        wrong = jorei("keys", "rotate", "--home", tmp_path, "--purpose", purpose)
        assert wrong.exit_code == 2
    assert jorei("keys", "list", "--home", tmp_path / "ない").exit_code == 2


@pytest.mark.parametrize("command", [["keys"], ["keys", "list"], ["keys", "rotate"], ["keys", "revoke"]])
def test_help_is_japanese(command: list[str]) -> None:
    text = jorei(*command, "--help").stdout
    assert text.startswith("使い方: ")
    assert "Usage" not in text
    assert "Options" not in text
