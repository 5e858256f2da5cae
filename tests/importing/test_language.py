"""What the importer needs of the language: rows declared void, tables as they are printed, circled numbers."""

from __future__ import annotations

from dsl.compile import SourceFile
from dsl.diagnostics import Severity
from dsl.parse import parse
from tests.compile.bodies import under_the_nation

ORDINANCE = """条例 試験市個人番号の利用に関する条例
〔団体 試験市 990099〕〔公布 平成27年12月22日〕

第1条（利用範囲）
1 法第9条第2項の条例で定める事務は、別表の左欄に掲げる機関が行う同表の中欄に掲げる事務とする。
2 別表の左欄に掲げる機関は、同表の中欄に掲げる事務を処理するために必要な限度で、同表の右欄に掲げる特定個人情報であって当該機関が保有するものを利用することができる。

別表（第1条関係）
{rows}

附則
この条例は、平成28年1月1日から施行する。
"""
MARK = "〔事務 {}・分野 福祉〕"


def granted(rows: str) -> set[tuple[str, str, str]]:
    """(agency, affair, information) that an ordinance with these rows lets pass within the body."""
    source = ORDINANCE.format(rows=rows)
    built = under_the_nation([[SourceFile("x/条例.jorei", source)]])
    assert [d.message for d in built.diagnostics if d.path.startswith("x/") and d.severity is Severity.ERROR] == []
    grants = built.rule_set.bodies["990099"].grants
    return {
        (party.rpartition("/")[2], g.affair.rpartition("/")[2], i.name)
        for g in grants
        for party in g.parties
        for i in g.information or ()
        if g.affair.startswith("990099/")
    }


def test_a_void_row_grants_nothing_and_its_cells_still_go_on_below() -> None:
    rows = f"""| 項 | 機関 | 事務 | 特定個人情報 |
| 1 | 市長 | 甲手当の支給に関する事務 {MARK.format("a")} | 地方税関係情報 |
| 2 | 教育委員会 | 乙手当の支給に関する事務 {MARK.format("b")} | 地方税関係情報 | 〔未表現 要確認〕
| 3 | | 丙手当の支給に関する事務 {MARK.format("c")} | 生活保護関係情報 |"""
    assert granted(rows) == {("市長", "a", "地方税関係情報"), ("教育委員会", "c", "生活保護関係情報")}


def test_a_void_row_need_not_have_every_cell() -> None:
    rows = f"""| 項 | 機関 | 事務 | 特定個人情報 |
| 1 | 市長 | 甲手当の支給に関する事務 {MARK.format("a")} | 地方税関係情報 |
| 前各項のほか | 市長 | 〔未表現 要確認〕"""
    assert granted(rows) == {("市長", "a", "地方税関係情報")}


def test_numbers_without_a_name_above_them() -> None:
    rows = f"""| | 執行機関 | 事務 | 特定個人情報 |
| 1 | 市長 | 甲手当の支給に関する事務 {MARK.format("a")} | 地方税関係情報 |
| | | | 生活保護関係情報 |"""
    assert granted(rows) == {("市長", "a", "地方税関係情報"), ("市長", "a", "生活保護関係情報")}


def test_an_agency_that_goes_on_over_two_affairs() -> None:
    """Without numbers, the second affair has a row of its own: its information does not open to the first."""
    rows = f"""| 機関 | 事務 | 特定個人情報 |
| 市長 | 甲手当の支給に関する事務 {MARK.format("a")} | 地方税関係情報 |
| | 乙手当の支給に関する事務 {MARK.format("b")} | 生活保護関係情報 |
| | | 障害者関係情報 |"""
    assert granted(rows) == {
        ("市長", "a", "地方税関係情報"),
        ("市長", "b", "生活保護関係情報"),
        ("市長", "b", "障害者関係情報"),
    }


def test_circled_numbers_are_items() -> None:
    source = "規則 試験規則\n第1条 条例別表第1の1の項の規則で定める事務は、次のとおりとする。\n① 甲の事務\n②乙の事務\n"
    document, findings = parse("x", source)
    assert findings == ()
    assert [i.number for i in document.articles[0].paragraphs[0].items] == ["1", "2"]
