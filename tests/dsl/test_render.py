from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from wcwidth import wcswidth

from dsl.masking import mask, twelve_digits
from dsl.parse import parse
from dsl.render import render, render_all, to_json, to_sarif

SOURCE = (
    "条例 見本\n第1条 この条例は、必要な事項を定めるものとする。〔分屋 福祉〕\n〔注 １２３４－５６７８－９０１２〕\n"
)


def test_the_underline_stands_under_the_passage() -> None:
    _, findings = parse("x.jorei", SOURCE)
    text = render(next(d for d in findings if d.code == "J0012"), SOURCE)
    quoted, under = text.split("\n")[2:4]
    assert wcswidth(quoted[: quoted.index("分屋")]) == wcswidth(under[: under.index("‾")])
    assert under.count("‾") == wcswidth("分屋")
    assert "x.jorei:2:" in text
    assert "docs/ja/codes/J0012.md" in text


def test_twelve_digits_are_never_shown() -> None:
    _, findings = parse("x.jorei", SOURCE)
    shown = render_all(findings, {"x.jorei": SOURCE}) + to_json(findings) + to_sarif(findings)
    assert "J0004" in shown
    assert "５６７８" not in shown
    assert "5678" not in shown


def test_long_lines_are_cut_around_the_passage() -> None:
    source = "条例 見本\n第1条 " + "あ" * 300 + "。〔分屋 甲〕\n"
    _, findings = parse("x", source)
    text = render(next(d for d in findings if d.code == "J0012"), source)
    quoted, under = text.split("\n")[2:4]
    assert wcswidth(quoted) < 120
    assert wcswidth(quoted[: quoted.index("分屋")]) == wcswidth(under[: under.index("‾")])


def test_json_and_sarif() -> None:
    _, findings = parse("x.jorei", SOURCE)
    rows = json.loads(to_json(findings))
    assert [r["code"] for r in rows] == [d.code for d in findings]
    log = json.loads(to_sarif(findings))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert [r["ruleId"] for r in run["results"]] == [d.code for d in findings]
    assert all(run["tool"]["driver"]["rules"][r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"])
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region["startLine"] == findings[0].span.line


def test_nothing_to_say() -> None:
    assert render_all([], {}) == "誤りも警告もありません。"


def test_counts() -> None:
    assert render_all(parse("x", SOURCE)[1], {}).endswith("エラー 2件、警告 0件")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=120))
def test_any_finding_renders(source: str) -> None:
    render_all(parse("x", source)[1], {"x": source})


@given(st.text(st.sampled_from("0123456789０１２３４ -－　あ"), max_size=40))
def test_masking_keeps_length_and_leaves_no_run(text: str) -> None:
    masked = mask(text)
    assert len(masked) == len(text)
    assert not twelve_digits(masked)
