"""The commands: exit statuses, text for people, JSON for machines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from api.cli.japanese import JapaneseGroup

Jorei = Callable[..., Result]
Write = Callable[[str], str]

LAWFUL = """action: transfer
municipality: 石巻市
agency: 市長
holder: 市長
affair: child-medical
procedure: 1
information: [地方税関係情報]
facts: {resident: true}
on: 2016-04-01
"""
NUMBER = "123456789012"


# ---- decide -------------------------------------------------------------------------------------


def test_lawful_request_is_a_memo_and_0(jorei: Jorei, request_file: Write) -> None:
    result = jorei("decide", request_file(LAWFUL))
    assert result.exit_code == 0
    for words in (
        "件　　名",
        "適法である。",
        "石巻市番号利用条例第3条第2項（平成28年1月1日から施行）",
        "所得課税証明書: 省略できる",
        "義務",
        "A-ISHINOMAKI-DRAFT",
        "規 則 集",
    ):
        assert words in result.stdout, words


def test_unlawful_request_is_1_with_the_lawful_way(jorei: Jorei, request_file: Write) -> None:
    result = jorei("decide", request_file(LAWFUL.replace("2016-04-01", "2015-12-31")), "--tree")
    assert result.exit_code == 1
    assert "適法でない。根拠がない。" in result.stdout
    assert "平成28年1月1日以後であれば" in "".join(line.strip() for line in result.stdout.splitlines())
    assert "判断の筋道" in result.stdout


def test_json_has_the_shape_of_the_contract(jorei: Jorei, request_file: Write) -> None:
    result = jorei("decide", request_file(LAWFUL), "--json", "--tree")
    said = json.loads(result.stdout)
    assert said["lawful"] is True
    assert said["outcome"] == "permitted"
    assert said["on"] == "2016-04-01"
    assert len(said["ruleset"]) == 64
    basis = said["items"][0]["basis"][0]
    assert {"label", "instrument", "article", "paragraph", "item", "table", "row", "in_force"} <= set(basis)
    assert {"information", "lawful", "basis", "unmet"} <= set(said["items"][0])
    assert {"name", "droppable", "reasons", "basis"} <= set(said["attachments"][0])
    assert {"duties", "alternatives", "assumptions", "reasoning"} <= set(said)


def test_request_from_standard_input_as_json_with_tabs(jorei: Jorei) -> None:
    raw = '{\n\t"action": "use", "municipality": "042021", "agency": "市長", "affair": "child-medical", "on": "2016-01-01"}'
    assert jorei("decide", "-", stdin=raw).exit_code == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (LAWFUL + "on: 2016-05-01\n", "R0003"),
        (LAWFUL + "\tfacts: {}\n", "R0002"),
        ("- use\n", "R0004"),
        ("", "R0004"),
        ("use", "R0004"),
        ("a: [1, 2\nb: }", "R0002"),
        (LAWFUL.replace("石巻市", "石巻氏"), "R0101"),
        (LAWFUL.replace("child-medical", "child-medica"), "R0103"),
        (LAWFUL.replace("2016-04-01", "2016-02-30"), "R0108"),
        (LAWFUL.replace("2016-04-01", "1999-01-01"), "R0109"),
        (LAWFUL + "agancy: 市長\n", "R0110"),
        ("a: &a [*a]\n", "R0002"),
        ("? [1]\n: 2\n", "R0002"),
        ("{" * 3000, "R0002"),
    ],
)
def test_bad_request_is_refused_with_a_code_and_2(jorei: Jorei, request_file: Write, text: str, code: str) -> None:
    result = jorei("decide", request_file(text))
    assert result.exit_code == 2, result.output
    assert code in result.stderr
    assert "適法とは扱わないでください" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "number", [NUMBER, "1234-5678-9012", "１２３４５６７８９０１２", "1234 5678 9012", '"123456\\u003789012"']
)
@pytest.mark.parametrize("member", ["affair", "note", "facts"])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_twelve_digits_are_refused_and_never_repeated(
    jorei: Jorei, request_file: Write, number: str, member: str, form: list[str]
) -> None:
    lines = [line for line in LAWFUL.splitlines() if not line.startswith(member)]
    result = jorei("decide", request_file("\n".join([*lines, f"{member}: {number}"])), *form)
    assert result.exit_code == 2
    assert "R0111" in result.output
    assert "89012" not in result.output.translate(str.maketrans("０１２３４５６７８９", "0123456789")).replace("-", "")
    assert "5678" not in result.output


def test_twelve_digits_in_a_comment_are_refused_too(jorei: Jorei, request_file: Write) -> None:
    result = jorei("decide", request_file(LAWFUL + f"# {NUMBER}\n"))
    assert result.exit_code == 2
    assert "R0111" in result.stderr
    assert NUMBER not in result.output


def test_not_utf8_is_refused(jorei: Jorei, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes("action: 利用".encode("cp932"))
    result = jorei("decide", path)
    assert result.exit_code == 2
    assert "R0001" in result.stderr


def test_refusal_as_json(jorei: Jorei, request_file: Write) -> None:
    result = jorei("decide", request_file(LAWFUL.replace("child-medical", "child-medica")), "--json")
    assert result.exit_code == 2
    said = json.loads(result.stdout)
    assert said["lawful"] is False
    assert said["refused"][0]["code"] == "R0103"
    assert said["refused"][0]["suggestion"] == "child-medical"


# ---- a folder outside the project ---------------------------------------------------------------


def test_outside_folder_checks_and_replays_alone(jorei: Jorei, town: Path) -> None:
    checked = jorei("check", "--ordinances", town)
    assert checked.exit_code == 0, checked.output
    assert "みなと町" in checked.stdout
    replayed = jorei("replay", "--ordinances", town)
    assert replayed.exit_code == 0, replayed.output
    assert "事例 3件: 期待どおり 3件" in replayed.stdout


def test_folder_of_folders_and_plain_paths(jorei: Jorei, town: Path) -> None:
    assert jorei("check", "--ordinances", town.parent).exit_code == 0
    assert jorei("check", town).exit_code == 0
    assert jorei("replay", town).exit_code == 0
    assert jorei("replay", town / "scenarios" / "事例.yaml").exit_code == 0


def test_folder_above_is_not_taken_for_the_municipality(jorei: Jorei, town: Path) -> None:
    (town.parent / "下書き.jorei").write_text("でたらめ", encoding="utf-8")
    assert jorei("replay", town / "scenarios").exit_code == 0
    assert jorei("check", town / "規則.jorei").exit_code == 0
    assert jorei("replay", town.parent / "ない.yaml").exit_code == 2


def test_broken_files_show_every_fault_and_decide_refuses_with_the_same(
    jorei: Jorei, town: Path, request_file: Write
) -> None:
    path = town / "条例.jorei"
    text = path.read_text(encoding="utf-8")
    text = text.replace(
        "〔事務 infant-medical・分野 福祉〕 |\n\n別表第2", "〔事務 infant-medical・分夜 福祉〕 |\n\n別表第2"
    )
    text = text.replace("平成28年1月1日から施行する", "平成28年13月1日から施行する")
    text = text.replace("利用することができる。", "利用してもよいことにする。")
    path.write_text(text, encoding="utf-8")
    checked = jorei("check", "--ordinances", town)
    assert checked.exit_code == 1
    decided = jorei("decide", request_file(LAWFUL), "--ordinances", town)
    assert decided.exit_code == 1
    assert "判定できません" in decided.stderr
    as_json = json.loads(jorei("check", "--ordinances", town, "--json").stdout)["diagnostics"]
    lines = {d["line"] for d in as_json if d["severity"] == "エラー"}
    assert len(lines) >= 3, as_json
    for line in lines:
        assert f"条例.jorei:{line}:" in checked.stdout
        assert f"条例.jorei:{line}:" in decided.stdout
    said = json.loads(jorei("decide", request_file(LAWFUL), "--ordinances", town, "--json").stdout)
    assert said["lawful"] is False
    assert said["outcome"] == "rule_set_fault"
    assert {d["line"] for d in said["diagnostics"]} == lines
    assert jorei("replay", "--ordinances", town).exit_code == 1


def test_file_that_is_not_utf8_is_a_finding(jorei: Jorei, town: Path) -> None:
    (town / "規則.jorei").write_bytes("規則 あ\n".encode("cp932"))
    result = jorei("check", "--ordinances", town)
    assert result.exit_code == 1
    assert "P0101" in result.stdout


def test_windows_line_ends_and_mark_change_nothing(jorei: Jorei, town: Path) -> None:
    path = town / "条例.jorei"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_text(encoding="utf-8").replace("\n", "\r\n").encode())
    assert jorei("replay", "--ordinances", town).exit_code == 0


# ---- replay -------------------------------------------------------------------------------------


def test_difference_is_shown_with_reasons_and_is_1(jorei: Jorei, town: Path, tmp_path: Path) -> None:
    path = town / "scenarios" / "事例.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("2016-01-01", "2015-12-31", 1), encoding="utf-8")
    report = tmp_path / "out" / "junit.xml"
    result = jorei("replay", "--ordinances", town, "--junit", report)
    assert result.exit_code == 1
    assert "期待　適法" in result.stdout
    assert "実際　適法でない" in result.stdout
    assert "平成28年1月1日" in result.stdout
    suite = ET.parse(report).getroot().find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert "期待は 適法" in (failure.text or "")


def test_replay_json_and_coverage(jorei: Jorei, town: Path) -> None:
    said = json.loads(jorei("replay", "--ordinances", town, "--coverage", "--json").stdout)
    assert said["passed"] == 3
    assert "みなと町番号利用条例第1条第2項" in said["coverage"]["exercised"]


def test_coverage_wants_every_row_of_the_municipality(jorei: Jorei, town: Path) -> None:
    path = town / "scenarios" / "事例.yaml"
    path.write_text("".join(path.read_text(encoding="utf-8").partition("- name: 税")[:1]), encoding="utf-8")
    result = jorei("replay", "--ordinances", town, "--coverage")
    assert result.exit_code == 1
    assert "みなと町番号利用条例別表第2の1の項" in result.stdout


def test_scenario_faults_name_the_line(jorei: Jorei, town: Path) -> None:
    (town / "scenarios" / "誤り.yaml").write_text("- name: 例\n  expct: {lawful: true}\n", encoding="utf-8")
    for command in ("replay", "check"):
        result = jorei(command, "--ordinances", town)
        assert result.exit_code == 1
        assert "誤り.yaml:2:3" in result.stdout
        assert "S0103" in result.stdout


def test_show_tells_short_answers(jorei: Jorei, town: Path) -> None:
    result = jorei("replay", "--ordinances", town, "--show")
    assert "根拠　みなと町番号利用条例第1条第1項" in result.stdout
    assert "要求を拒否（R0103）" in result.stdout


# ---- the other commands -------------------------------------------------------------------------


def test_statute_accounts_for_everything(jorei: Jorei) -> None:
    result = jorei("check", "--statute")
    assert result.exit_code == 0
    assert "分類されていない規定 0件" in result.stdout
    said = json.loads(jorei("check", "--statute", "--json").stdout)["statute"]
    assert said["unaccounted"] == []
    assert sum(said["counts"].values()) == len(said["clauses"])


def test_sarif(jorei: Jorei) -> None:
    assert json.loads(jorei("check", "--format", "sarif").stdout)["version"] == "2.1.0"


def test_explain(jorei: Jorei) -> None:
    result = jorei("explain", "番号法別表第一の15の項", "--on", "平成28年1月1日")
    assert result.exit_code == 0
    assert "利用を認めます" in result.stdout
    assert jorei("explain", "番号法第999条").exit_code == 1
    assert jorei("explain", "番号法第9条", "--on", "きのう").exit_code == 2
    assert json.loads(jorei("explain", "番号法第9条第1項", "--json").stdout)["holds"] is True


def test_text_strips_annotations(jorei: Jorei, town: Path) -> None:
    result = jorei("text", town / "条例.jorei")
    assert result.exit_code == 0
    assert "〔" not in result.stdout
    assert "法第9条第2項の条例で定める事務は" in result.stdout


def test_fmt_checks_and_mends(jorei: Jorei, town: Path) -> None:
    assert jorei("fmt", town).exit_code == 0
    assert jorei("fmt", "--check", town).exit_code == 0
    path = town / "条例.jorei"
    path.write_text(path.read_text(encoding="utf-8").replace("| 1 | 町長 |", "|1|町長   |", 1), encoding="utf-8")
    assert jorei("fmt", "--check", town).exit_code == 1
    before = jorei("text", path).stdout
    assert jorei("fmt", town).exit_code == 0
    assert jorei("fmt", "--check", town).exit_code == 0
    assert "".join(jorei("text", path).stdout.split()) == "".join(before.split())


@pytest.mark.parametrize(
    "call",
    [
        ["decid"],
        ["decide"],
        ["decide", "--nope", "x"],
        ["decide", "ない.yaml"],
        ["check", "--format", "pdf"],
        ["check", "--rules"],
        ["check", "--ordinances", "ないフォルダ"],
        ["check", "ない.jorei"],
        ["check", "--rules", "docs"],
        ["replay", "ない.yaml"],
        ["text", "ない.jorei"],
        ["text", "a", "b"],
        ["fmt", "ない.jorei"],
        [],
    ],
    ids=" ".join,
)
def test_wrong_call_is_2_in_japanese(jorei: Jorei, call: list[str]) -> None:
    result = jorei(*call)
    assert result.exit_code == 2, result.output
    assert any("ぁ" <= c <= "ん" for c in result.output)
    assert "Error" not in result.output
    assert "Usage" not in result.output


@pytest.mark.parametrize("command", ["", "check", "fmt", "text", "decide", "explain", "replay", "bench"])
def test_help_is_japanese(jorei: Jorei, command: str) -> None:
    result = jorei(*([command] if command else []), "--help")
    assert result.exit_code == 0
    assert "使い方: " in result.stdout
    assert "Options" not in result.stdout
    assert "Show this" not in result.stdout


def test_unexpected_fault_denies(
    jorei: Jorei, request_file: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(NUMBER)

    monkeypatch.setattr("api.judge.Judge.answer", broken)
    result = jorei("decide", request_file(LAWFUL))
    assert result.exit_code == 1
    assert "内部エラー" in result.stderr
    assert "適法とは扱わないでください" in result.stderr
    assert "Traceback" not in result.output
    assert NUMBER not in result.output
    assert "Traceback" in jorei("--debug", "decide", request_file(LAWFUL)).output


def test_as_a_process_in_another_folder(town: Path, tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("jorei")
    call = [str(script), "replay", "--ordinances", town.name]
    done = subprocess.run(call, cwd=town.parent, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert "期待どおり 3件" in done.stdout
    done = subprocess.run(
        [str(script), "decide", "-"], input=LAWFUL, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_locale_without_japanese(town: Path) -> None:
    script = Path(sys.executable).with_name("jorei")
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run([str(script), "check"], cwd=town, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "エラー 0件" in done.stdout.decode("utf-8")


def test_group_is_the_japanese_one() -> None:
    from typer.main import get_command

    from api.cli.app import app

    assert isinstance(get_command(app), JapaneseGroup)
