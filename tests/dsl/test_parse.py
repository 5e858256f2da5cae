from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsl.parse import parse, typed_lines
from dsl.syntax import (
    DeemedSubmission,
    Definitions,
    Document,
    EntryIntoForce,
    NarrowingList,
    NarrowingPairs,
    NetworkProviso,
    NoEffect,
    ScopeOfIndependentUse,
    UseWithinAgency,
)

GOOD = sorted((Path(__file__).parent / "good").glob("*.jorei"))
ROOT = Path(__file__).parents[2]
SHIPPED = sorted([*ROOT.glob("rules/*.jorei"), *ROOT.glob("ordinances/*/*.jorei")])


def good(name: str) -> Document:
    source = (Path(__file__).parent / "good" / f"{name}.jorei").read_text("utf-8")
    document, findings = parse(name, source)
    assert not findings
    return document


@pytest.mark.parametrize("path", [*GOOD, *SHIPPED], ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_good_files_have_no_finding(path: Path) -> None:
    _, findings = parse(str(path), path.read_text("utf-8"))
    assert [f"{d.span.line} {d.code} {d.message}" for d in findings] == []


def test_the_design_ordinance() -> None:
    document = good("design_ordinance")
    assert document.annotation("略称") == "石巻市番号利用条例"
    (article,) = document.articles
    assert article.caption == "個人番号の利用範囲"
    kinds = [[type(s.formula) for s in p.sentences] for p in article.paragraphs]
    assert kinds == [[ScopeOfIndependentUse], [UseWithinAgency, NetworkProviso], [UseWithinAgency], [DeemedSubmission]]
    (table,) = document.tables
    assert (table.number, table.columns, table.caption) == ("1", ("機関", "事務"), "第3条関係")
    assert [a.name for a in table.rows[0].cells[1].annotations] == ["事務", "分野"]
    formulas = [s.formula for s in document.supplementary[0].paragraphs[0].sentences]
    assert all(isinstance(f, EntryIntoForce) for f in formulas)
    assert [f.proviso for f in formulas if isinstance(f, EntryIntoForce)] == [False, True]


def test_the_design_regulation() -> None:
    document = good("design_regulation")
    assert [type(a.paragraphs[0].sentences[0].formula) for a in document.articles] == [NarrowingList, NarrowingPairs]
    (pair,) = document.articles[1].paragraphs[0].items
    assert pair.text.raw == "前条第1号の申請に係る事実についての審査に関する事務"
    assert pair.definition is not None
    assert pair.definition.raw == "次に掲げる情報"
    assert [i.number for i in pair.items] == ["ア", "イ"]


def test_variants() -> None:
    document = good("variants")
    article = {a.number: a for a in document.articles}
    assert [(p.number, p.numbered) for p in article["2"].paragraphs] == [("1", False), ("2", True)]
    assert isinstance(article["3"].paragraphs[0].sentences[0].formula, NoEffect)
    assert isinstance(article["2"].paragraphs[1].sentences[0].formula, Definitions)
    assert article["5"].deleted
    table = article["4"].paragraphs[0].table
    assert table is not None
    assert [(r.number, r.continuation, r.deleted) for r in table.rows] == [
        ("1", False, False),
        ("1-2", False, False),
        ("1-2", True, False),
        ("2", False, True),
    ]
    assert [r.cells[0].continued for r in table.rows[:3]] == [False, True, True]
    assert table.rows[2].cells[0].text.raw == "市長"
    (appended,) = document.tables
    assert (appended.number, appended.columns) == ("", ("左欄", "中欄", "右欄"))
    (supplementary,) = document.supplementary
    assert supplementary.caption == "平成28年見本市条例第3号"
    assert [p.number for p in supplementary.paragraphs] == ["1", "2"]


def test_statute_style() -> None:
    document = good("statute_style")
    scope = document.articles[3].paragraphs[0]
    assert document.articles[3].caption == "個人番号の利用範囲"
    assert [i.number for i in scope.items] == ["1", "2", "3", "4"]
    assert scope.items[0].annotations[0].name == "事務"


def test_annotations_bind_to_the_left() -> None:
    source = (
        "条例 見本\n第1条〔施行 平成28年1月1日〕（趣旨）　この条例は、必要な事項を定めるものとする。〔注 一〕"
        "ただし、遠くの事。〔効力なし 例〕\n2 〔仮定 A〕 この条例の施行に関し必要な事項は、規則で定める。〔移動 平成29年5月30日 第一条第三項〕\n〔注 項の下〕\n"
    )
    document, findings = parse("x", source)
    assert not findings
    (article,) = document.articles
    first, second = article.paragraphs
    assert [a.name for a in article.annotations] == ["施行"]
    assert [[a.name for a in s.annotations] for s in first.sentences] == [["注"], ["効力なし"]]
    assert [a.name for a in second.annotations] == ["仮定", "移動", "注"]


def test_many_errors_in_one_run() -> None:
    source = "条例 見本\n第1条\nこの条例は、甲\n乙\n〔分屋 福祉〕\n別表第1\n| 項 | 機関 |\n| あ | 市長 |\n| 2 |\n"
    codes = {d.code for d in parse("x", source)[1]}
    assert {"J0028", "J0020", "J0012", "J0042", "J0041"} <= codes


PIECES = st.sampled_from(
    [
        "条例 見本",
        "第1条",
        "第1条（見出し）",
        "第",
        "条",
        "（",
        "）",
        "「",
        "」",
        "〔",
        "〕",
        "〔事務 a",
        "・",
        "1 ",
        "(1) ",
        "ア ",
        "一　",
        "| 1 | 市長 |",
        "|",
        "別表第1",
        "附則",
        "削除",
        "。",
        "、",
        "法第9条第2項の条例で定める事務は、",
        "とする。",
        "同表の右欄に掲げる事務",
        "前項",
        "次の各号に掲げる事務",
        "平成28年1月1日",
        "から施行する。",
        "この条例は、",
        "\n",
        "\n",
        "　",
        " ",
        "\t",
        "\r",
        "\u200b",
        "ﾞ",
        "第十九条の二",
        "1234",
    ]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.lists(PIECES, max_size=40).map("".join), st.text(max_size=200)))
def test_never_raises(source: str) -> None:
    document, findings = parse("x", source)
    lines = typed_lines(source)
    assert document.source == source
    for finding in findings:
        assert finding.message
        assert finding.help
        assert 1 <= finding.span.line <= max(1, len(lines))
        assert finding.span.column < finding.span.end_column


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_broken_files_never_raise(data: st.DataObject) -> None:
    """A good file with a piece cut out or put in still parses, with findings in place of exceptions."""
    source = (Path(__file__).parent / "good" / "variants.jorei").read_text("utf-8")
    at = data.draw(st.integers(0, len(source)))
    length = data.draw(st.integers(0, 60))
    parse("x", source[:at] + data.draw(PIECES) + source[at + length :])
