"""Replay: names of provisions, and what counts as a difference."""

from __future__ import annotations

from functools import cache

import pytest

from api.coverage import coverage
from api.judge import Judge
from api.junit import junit
from api.project import load
from api.scenario import Result, run_one, same_provision
from api.scenario_file import parse_scenarios


@pytest.mark.parametrize(
    ("wanted", "label", "same"),
    [
        ("石巻市番号利用条例 第3条第2項", "石巻市番号利用条例第3条第2項", True),
        ("石巻市番号利用条例第三条第二項", "石巻市番号利用条例第3条第2項", True),
        ("第3条第2項", "石巻市番号利用条例第3条第2項", True),
        ("第２項", "石巻市番号利用条例第3条第2項", True),
        ("別表第2の1の項", "石巻市番号利用条例別表第2の1の項", True),
        ("別表第二の一の項", "石巻市番号利用条例別表第2の1の項", True),
        ("番号法別表第一の15の2の項", "番号法別表第一の十五の二の項", True),
        ("別表第2の1の項", "石巻市番号利用条例別表第2の11の項", False),
        ("1の項", "石巻市番号利用条例別表第2の11の項", False),
        ("条第2項", "石巻市番号利用条例第3条第2項", False),
        ("第3条", "石巻市番号利用条例第3条第2項", False),
        ("3条第2項", "石巻市番号利用条例第13条第2項", False),
        ("", "番号法第9条", False),
        ("番号法第9条第1項", "番号法第19条第1項", False),
        ("石巻市番号利用条例第5条第1号", "石巻市番号利用条例第5条第1号", True),
        ("第1号", "石巻市番号利用条例第5条第1号", True),
    ],
)
def test_same_provision(wanted: str, label: str, same: bool) -> None:
    assert same_provision(wanted, label) is same


@cache
def judge() -> Judge:
    return Judge(load().rule_set)


BASE = """- name: 例
  on: 2016-04-01
  request: {action: transfer, municipality: 石巻市, agency: 市長, holder: 市長, affair: child-medical, procedure: 1,
    information: [地方税関係情報], facts: {resident: true}}
  expect: {%s}
"""


def result(expect: str) -> Result:
    file = parse_scenarios("a.yaml", BASE % expect)
    assert file.diagnostics == ()
    return run_one(judge(), file.scenarios[0])


@pytest.mark.parametrize(
    "expect",
    [
        "lawful: true, outcome: permitted",
        "basis: [石巻市番号利用条例第3条第2項, 別表第2の1の項]",
        "items: {地方税関係情報: true}",
        "attachments: {所得課税証明書: droppable}",
        "duties: [safety-measures]",
        "assumptions: [A-ISHINOMAKI-DRAFT]",
        "unmet: []",
    ],
)
def test_expectation_that_holds(expect: str) -> None:
    assert [str(d) for d in result(expect).differences] == []


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        ("lawful: false", "結論: 期待は 適法でない、実際は 適法"),
        ("outcome: no_basis", "結果: 期待は 根拠がない（no_basis）、実際は 適法（permitted）"),
        ("basis: [第99条]", "根拠: 期待は 第99条"),
        ("basis_exactly: [石巻市番号利用条例第3条第2項]", "も根拠とされた"),
        ("unmet: [not_yet]", "満たさない理由: 期待は not_yet、実際は なし"),
        ("items: {住民票関係情報: true}", "要求にない"),
        ("items: {地方税関係情報: false}", "情報「地方税関係情報」: 期待は 適法でない"),
        ("attachments: {所得課税証明書: required}", "期待は 省略できない、実際は 省略できる"),
        ("attachments: {ない書類: required}", "答えにない"),
        ("duties: [ない義務]", "義務: 期待は ない義務"),
        ("assumptions: [A-NAI]", "前提: 期待は A-NAI"),
        ("alternatives: [来年]", "適法とする道: 期待は 来年"),
        ("refused: R0103", "要求: 期待は R0103 による拒否、実際は 判定（適法）"),
    ],
)
def test_expectation_that_fails_is_said_plainly(expect: str, words: str) -> None:
    said = [str(d) for d in result(expect).differences]
    assert len(said) >= 1
    assert any(words in s for s in said), said


def test_unexpected_refusal_names_the_line_of_the_member() -> None:
    text = (BASE % "lawful: true").replace("child-medical", "child-medica")
    found = run_one(judge(), parse_scenarios("a.yaml", text).scenarios[0])
    assert not found.passed
    assert "a.yaml:3: R0103" in found.reasons[0]
    assert "child-medical" in found.reasons[0]


def test_disagreement_of_interpreters_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Judge, "disagreements", lambda *_: ["判定器の不一致: naive は別の答え"])
    found = result("lawful: true")
    assert not found.passed
    assert "判定器" in str(found.differences[0])


def test_other_interpreters_are_asked() -> None:
    assert "naive" in judge().others


def test_coverage_counts_an_item_for_its_article() -> None:
    found = coverage(judge().rule_set, [result("lawful: true")])
    labels = {c.citation.label for c in found.exercised}
    assert "石巻市番号利用条例第3条第2項" in labels
    assert "石巻市番号利用条例施行規則第14条" in labels
    assert not found.ok


def test_junit_holds_any_text() -> None:
    text = junit([result("lawful: false")])
    assert text.startswith("<?xml")
    assert "failure" in text
