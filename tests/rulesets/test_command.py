"""`jorei ruleset`: the same life on the command line, by two people who are who they say."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.callers import Caller, Role
from api.callers.model import USUAL
from api.callers.opening import open_register
from api.cli.app import app
from api.clock import SystemClock, today
from api.keys import KeyStore
from api.project import HOME
from api.publication import TEXTS
from api.storage.database import default_url, open_database
from tests.rulesets.conftest import nation, town

Jorei = Callable[..., Result]


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "法令"
    folder.mkdir()
    for path, text in nation():
        (folder / Path(path).name).write_text(text, "utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The town as a folder, with its scenarios."""
    made = tmp_path / "みなと町"
    write(made)
    return made


def write(folder: Path, *, mended: bool = False) -> None:
    for path, text in town(mended=mended):
        target = folder / Path(path).relative_to("ordinances/みなと町")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "設置"


@pytest.fixture
def jorei(home: Path) -> Jorei:
    def run(*args: object, who: str | None = None, key: str = "") -> Result:
        words = ["ruleset", *(str(a) for a in args), "--home", str(home)]
        words += ["--as", who] if who is not None else []
        return CliRunner().invoke(app, words, env={"JOREI_CREDENTIAL": key})

    return run


def value(result: Result, status: int = 0) -> dict[str, Any]:
    assert result.exit_code == status, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_life_by_two_names(jorei: Jorei, rules: Path, folder: Path, home: Path) -> None:
    given = ("--rules", rules, "--ordinances", folder)
    draft = value(jorei("draft", *given, "--note", "初めの公開", "--json", who="総務課 山田"))["id"]
    assert "検査　エラー 0件" in jorei("check", draft, who="総務課 山田").stdout
    assert "事例 3件: 期待と違うもの 0件" in jorei("replay", draft, who="総務課 山田").stdout
    own = jorei("approve", draft, who="総務課 山田")
    assert (own.exit_code, "B0503" in own.stderr) == (1, True)
    assert "承認済み" in jorei("approve", draft, who="法制係 佐藤").stdout
    done = jorei("publish", draft, who="法制係 佐藤")
    assert "公開しました" in done.stdout
    write(folder, mended=True)
    second = value(jorei("draft", *given, "--json", who="総務課 山田"))["id"]
    for act in ("check", "replay"):
        assert jorei(act, second, who="総務課 山田").exit_code == 0
    assert jorei("approve", second, who="法制係 佐藤").exit_code == 0
    later = (today(SystemClock()) + timedelta(days=3)).isoformat()
    bundle = value(jorei("publish", second, "--from", later, "--json", who="法制係 佐藤"))["bundle"]
    listed = jorei("list").stdout
    assert "公開 2件" in listed
    assert "案 2件" in listed
    assert "法制係 佐藤（承認者）　承認した" in jorei("show", bundle).stdout
    assert "適法でなくなる" in jorei("show", bundle).stdout
    assert "公開 2件の署名、つながり、文書を確かめました" in jorei("verify").stdout
    assert "取り下げました" in jorei("withdraw", bundle, "--reason", "期日の変更", who="法制係 佐藤").stdout
    first = value(jorei("list", "--json"))["rulesets"][0]["bundle"]
    proposal = value(jorei("rollback", "--to", first, "--json", who="総務課 山田"))["id"]
    assert jorei("rollback", "--confirm", proposal, who="総務課 山田").exit_code == 1
    assert "公開しました" in jorei("rollback", "--confirm", proposal, who="法制係 佐藤").stdout
    text = next((home / "publications" / TEXTS).iterdir())
    text.write_text("別の文", "utf-8")
    bad = jorei("verify")
    assert (bad.exit_code, "B0507" in bad.stderr) == (1, True)


def test_findings_with_their_places(jorei: Jorei, rules: Path, folder: Path) -> None:
    given = ("--rules", rules, "--ordinances", folder)
    draft = value(jorei("draft", *given, "--json", who="山田"))["id"]
    path = folder / "scenarios" / "事例.yaml"
    path.write_text(path.read_text("utf-8").replace("lawful: true", "lawful: false"), "utf-8")
    assert value(jorei("draft", *given, "--edit", draft, "--json", who="山田"))["revision"] == 2
    assert jorei("check", draft, who="山田").exit_code == 0
    red = jorei("replay", draft, who="山田")
    assert red.exit_code == 1
    assert "× 申請の受理に個人番号を利用できる（ordinances/みなと町/scenarios/事例.yaml:1）" in red.stdout
    assert "結論: 期待は 適法でない、実際は 適法" in red.stdout
    (folder / "規則.jorei").write_text("規則 あ\n第1条 これは定型文ではない。\n", "utf-8")
    shutil.rmtree(folder / "scenarios")
    assert value(jorei("draft", *given, "--edit", draft, "--json", who="山田"))["revision"] == 3
    wrong = jorei("check", draft, who="山田")
    assert wrong.exit_code == 1
    assert "ordinances/みなと町/規則.jorei:" in wrong.stdout
    assert "J0060" in wrong.stdout
    assert "エラー 0件" not in wrong.stdout


def test_registered_callers_must_show_their_keys(jorei: Jorei, rules: Path, folder: Path, home: Path) -> None:
    home.mkdir(mode=0o700)
    clock = SystemClock()
    database = open_database(default_url(home))
    register = open_register(database, KeyStore(home / "keys", clock), clock)
    keys: dict[str, str] = {}
    for name, role in (("yamada", Role.EDITOR), ("sato", Role.APPROVER)):
        one = Caller(name, name, None, None, None, None, frozenset({role}), USUAL[role], "jorei")
        register.create(one)
        keys[name] = register.rotate_key(name)
    database.close()
    given = ("--rules", rules, "--ordinances", folder)
    for who, key in (("yamada", ""), ("yamada", keys["sato"]), ("総務課", ""), ("yamada", "あ"), ("yamada", "x" * 40)):
        said = jorei("draft", *given, who=who, key=key)
        assert (said.exit_code, "B0516" in said.stderr) == (1, True), said.output
        assert not key or key not in said.output
    draft = value(jorei("draft", *given, "--json", who="yamada", key=keys["yamada"]))["id"]
    assert jorei("check", draft, who="yamada", key=keys["yamada"]).exit_code == 0
    assert jorei("replay", draft, who="yamada", key=keys["yamada"]).exit_code == 0
    assert "B0513" in jorei("approve", draft, who="yamada", key=keys["yamada"]).stderr
    assert jorei("approve", draft, who="sato", key=keys["sato"]).exit_code == 0
    assert "B0513" in jorei("publish", draft, who="yamada", key=keys["yamada"]).stderr
    assert jorei("publish", draft, who="sato", key=keys["sato"]).exit_code == 0


def test_wrong_calls(jorei: Jorei, rules: Path, folder: Path) -> None:
    assert jorei("rollback", who="山田").exit_code == 2
    assert jorei("rollback", "--to", "a", "--confirm", "b", who="山田").exit_code == 2
    assert jorei("publish", "rd_x", "--from", "きのう", who="山田").exit_code == 2
    assert jorei("draft", "--edit", "rd_x", "--note", "x", who="山田").exit_code == 2
    assert jorei("draft").exit_code == 2  # nobody does it
    assert "B0501" in jorei("check", "rd_x", who="山田").stderr
    told = jorei("draft", "--rules", rules, "--ordinances", folder, who="1234-5678-9012")
    assert "B0513" in told.stderr
    assert "5678" not in told.output


def test_help_is_japanese() -> None:
    said = CliRunner().invoke(app, ["ruleset", "--help"]).stdout
    for word in ("draft", "check", "replay", "approve", "publish", "rollback", "list", "show", "verify", "withdraw"):
        assert f"  {word}" in said
    assert "Usage" not in said


def test_every_code_has_its_page() -> None:
    from api.rulesets import refusal

    for code in refusal._STATUS:
        page = (HOME / "docs" / "ja" / "codes" / f"{code}.md").read_text("utf-8")
        assert page.startswith(f"# {code} ")
        for part in ("## 何が起きているか", "## なぜ問題か", "## 直し方"):
            assert part in page
