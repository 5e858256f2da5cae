"""`jorei check --strict`, `--diff` and `--fix` as they are run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from api.project import HOME
from tests.lint.test_fixes import DRAFT, folder

#: what the linter finds in the project's own ordinances, each looked at and found right: (body, code)
OWN = {
    ("ishinomaki", "L0104"),
    ("ishinomaki", "L0119"),
    ("ishinomaki", "L0123"),
    ("aomine", "L0101"),
    ("aomine", "L0104"),
    ("aomine", "L0110"),
    ("aomine", "L0124"),
    ("shiomino", "L0104"),
    ("ouu", "L0101"),
    ("ouu", "L0103"),
    ("ouu", "L0104"),
    ("ouu", "L0124"),
}


def jorei(*arguments: str, status: int) -> str:
    script = Path(sys.executable).with_name("jorei")
    done = subprocess.run([str(script), "check", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def codes(output: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(output)["diagnostics"]
    return found


def test_traps_are_shown_only_when_asked(tmp_path: Path) -> None:
    path = str(folder(tmp_path, DRAFT))
    assert not {d["code"] for d in codes(jorei(path, "--json", status=0)) if d["code"].startswith("L")}
    strict = codes(jorei(path, "--strict", "--json", status=1))
    assert {"L0103", "L0104"} <= {d["code"] for d in strict}
    assert not [d for d in strict if d["code"] == "J0302" and "別表第2は" in d["message"]], "said twice"
    # what one way of asking found is not given to the other
    assert not {d["code"] for d in codes(jorei(path, "--json", status=0)) if d["code"].startswith("L")}


def test_the_diff_leaves_files_alone_and_json_clean(tmp_path: Path) -> None:
    path = folder(tmp_path, DRAFT)
    jorei(str(path), "--diff", "--json", status=1)
    assert "+1 〔期間 2021-09-01から〕法第19条第11号" in jorei(str(path), "--diff", status=1)
    assert (path / "条例.jorei").read_text("utf-8") == DRAFT


def test_fix_writes_and_checks_again(tmp_path: Path) -> None:
    path = folder(tmp_path, DRAFT)
    assert "文書 1件を直しました" in jorei(str(path), "--fix", status=0)
    assert codes(jorei(str(path), "--strict", "--json", status=0)) == []
    again = (path / "条例.jorei").read_text("utf-8")
    assert "機械で直せる所はありません" in jorei(str(path), "--fix", status=0)
    assert (path / "条例.jorei").read_text("utf-8") == again


def test_only_the_file_asked_for_is_changed(tmp_path: Path) -> None:
    slip = "市は、前条の規程により措置を講ずるものとする。〔効力なし 責務〕"
    path = folder(tmp_path, DRAFT)
    rules = path / "規則.jorei"
    rules.write_text(rules.read_text("utf-8").replace("\n附則", f"\n第5条（責務）\n{slip}\n\n附則"), encoding="utf-8")
    jorei(str(rules), "--fix", status=0)
    assert "前条の規定により" in rules.read_text("utf-8")
    assert (path / "条例.jorei").read_text("utf-8") == DRAFT


@pytest.mark.parametrize("body", ["ishinomaki", "aomine", "shiomino", "ouu"])
def test_own_ordinances(body: str) -> None:
    found = codes(jorei(str(HOME / "ordinances" / body), "--strict", "--json", status=1))
    assert {(body, d["code"]) for d in found if d["code"].startswith("L")} == {o for o in OWN if o[0] == body}
