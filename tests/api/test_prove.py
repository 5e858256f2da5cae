"""`jorei prove` on a municipality of its own: what it says, and that its counterexample runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from api.project import HOME

PAGES = HOME / "docs" / "ja" / "codes"


def test_all_is_proved(jorei: Callable[..., Result], town: Path) -> None:
    done = jorei("prove", town)
    assert done.exit_code == 0, done.output
    assert done.output.count("○ 証明") == 9
    assert "証明した性質　9／9" in done.output
    assert "みなと町番号利用条例別表第1の1の項" not in done.output  # it has an effect of its own


def test_a_counterexample_is_a_request_that_decide_reads(
    jorei: Callable[..., Result], town: Path, request_file: Callable[[str], str]
) -> None:
    scenarios = town / "scenarios" / "事例.yaml"
    scenarios.write_text(scenarios.read_text("utf-8").replace("第1条第2項]", "第1条第9項]"), encoding="utf-8")
    done = jorei("prove", town, "--json")
    assert done.exit_code == 1
    value = json.loads(done.stdout)
    assert value["proved"] is False
    refuted = [p for p in value["properties"] if not p["proved"]]
    assert [p["code"] for p in refuted] == ["V0106"]
    (one,) = refuted[0]["counterexamples"]
    assert "第1条第9項" in one["text"]
    assert one["place"].endswith("事例.yaml:5")
    decided = jorei("decide", request_file(one["yaml"]), "--ordinances", town, "--json")
    assert decided.exit_code == 0
    labels = [b["label"] for item in json.loads(decided.stdout)["items"] for b in item["basis"]]
    assert labels
    assert "みなと町番号利用条例第1条第9項" not in labels
    assert all((PAGES / f"{p['code']}.md").is_file() for p in value["properties"])


def test_broken_texts_are_not_proved(jorei: Callable[..., Result], town: Path) -> None:
    (town / "規則.jorei").write_text("規則 みなと町規則\n第1条 むにゃむにゃ\n", encoding="utf-8")
    done = jorei("prove", town)
    assert done.exit_code == 1
    assert "性質を証明できません" in done.output


def test_a_folder_that_is_not_there(jorei: Callable[..., Result], tmp_path: Path) -> None:
    assert jorei("prove", tmp_path / "無い").exit_code == 2
