"""Scenario files: what is read, and each mistake with its line."""

from __future__ import annotations

from datetime import date

import pytest

from api.scenario_file import parse_scenarios

GOOD = """- name: 親
  source: 例規
  on: 2016-01-01
  request: {action: use, municipality: 石巻市, facts: {consent: true}}
  expect: {lawful: true, basis: [第3条]}
  each:
    - {name: 子, request: {agency: 市長, facts: {pia: published}}, expect: {basis: 第4条}}
    - on: 平成28年4月1日
"""


def test_each_is_laid_over_what_stands_above() -> None:
    file = parse_scenarios("a.yaml", GOOD)
    assert file.diagnostics == ()
    first, second = file.scenarios
    assert first.name == "親: 子"
    assert first.request == {
        "action": "use",
        "municipality": "石巻市",
        "agency": "市長",
        "facts": {"consent": True, "pia": "published"},
        "on": date(2016, 1, 1),
    }
    assert first.expect.basis == ("第4条",)
    assert first.expect.lawful is True
    assert (first.line, first.source) == (7, "例規")
    assert second.name == "親: 2番目"
    assert second.request["on"] == date(2016, 4, 1)
    assert second.expect.basis == ("第3条",)


BASE = "- name: 例\n  on: 2016-01-01\n  request: {action: use}\n  expect: {lawful: true}\n"


@pytest.mark.parametrize(
    ("text", "code", "line", "words"),
    [
        (BASE + "  expct: {}\n", "S0103", 5, "「expect」の誤り"),
        (BASE.replace("lawful", "lawfull"), "S0103", 4, "「lawful」の誤り"),
        (BASE + "  on: 2016-01-01\n", "S0102", 5, "どちらか一方"),
        (BASE.replace("name: 例", "source: 例"), "S0104", 1, "name"),
        (BASE.replace("  expect: {lawful: true}\n", ""), "S0104", 1, "expect"),
        (BASE.replace("  request: {action: use}\n", ""), "S0104", 1, "request"),
        (BASE.replace("{action: use}", "use"), "S0105", 3, "request"),
        (BASE.replace("lawful: true", "lawful: はい"), "S0105", 4, "true か false"),
        (BASE.replace("lawful: true", "basis: {a: b}"), "S0105", 4, "並び"),
        (BASE.replace("lawful: true", "items: [a]"), "S0105", 4, "組"),
        (BASE.replace("lawful: true", "items: {税: たぶん}"), "S0105", 4, "true か false"),
        (BASE.replace("2016-01-01", "2016-02-30"), "S0106", 2, "2016-02-30"),
        (BASE.replace("2016-01-01", "きのう"), "S0106", 2, "きのう"),
        (BASE + "# 1234 5678 9012\n", "S0107", 5, "個人番号"),
        (BASE.replace("lawful: true", "outcome: permited"), "S0108", 4, "「permitted」の誤り"),
        (BASE.replace("lawful: true", "unmet: [notyet]"), "S0108", 4, "not_yet"),
        (BASE.replace("lawful: true", "attachments: {証明書: yes}"), "S0108", 4, "droppable"),
        (BASE.replace("lawful: true", "refused: 103"), "S0108", 4, "R0103"),
        (BASE + BASE, "S0109", 5, "1行目"),
        ("", "S0110", 1, "事例"),
        ("# まだ\n", "S0110", 1, "事例"),
        ("name: 例\n", "S0105", 1, "並び"),
        ("- 例\n", "S0105", 1, "組"),
        (BASE + "  each: {}\n", "S0105", 5, "each"),
        (BASE + "  each:\n    - 例\n", "S0105", 6, "each"),
        (BASE + "\tsource: 例\n", "S0101", 5, "タブ"),
        ("- name: [例\n  on: 2016-01-01\n", "S0101", 2, "字下げ"),
        ("- name: 例: だめ\n", "S0101", 1, "「:」"),
    ],
)
def test_mistake_names_its_line(text: str, code: str, line: int, words: str) -> None:
    found = parse_scenarios("a.yaml", text).diagnostics
    match = [d for d in found if d.code == code and d.span.line == line]
    assert match, [(d.code, d.span.line, d.message) for d in found]
    assert words in match[0].message + match[0].help


def test_word_is_underlined() -> None:
    (finding,) = parse_scenarios("a.yaml", BASE + "  expct: {}\n").diagnostics
    assert (finding.span.column, finding.span.end_column) == (3, 8)


def test_other_scenarios_of_the_file_are_still_read() -> None:
    file = parse_scenarios("a.yaml", BASE + BASE.replace("例", "別").replace("lawful", "lawfull"))
    assert [s.name for s in file.scenarios] == ["例"]
    assert [d.code for d in file.diagnostics] == ["S0103"]


def test_digits_are_never_repeated() -> None:
    found = parse_scenarios(
        "a.yaml", BASE.replace("action", '"１２３４５６７８９０１２"') + "  1234-5678-9012: a\n"
    ).diagnostics
    assert {d.code for d in found} == {"S0103", "S0107"}
    assert not any("5678" in d.message + d.help or "５６７８" in d.message for d in found)
