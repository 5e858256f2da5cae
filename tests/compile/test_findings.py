"""Every finding beyond syntax: a right ordinance broken in one place gives exactly that code, at that place."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.findings import REASONS
from tests.compile.bodies import ORDINANCE, ORGANISATION, REGULATION, compiled
from tests.compile.test_editions import BROKEN as BROKEN_EDITIONS
from tests.compile.test_editions import SEVERAL

PAGES = Path(__file__).parents[2] / "docs" / "ja" / "codes"

#: code → (file, what stands there, what is typed instead, the passage the message must point at the line of)
BROKEN: dict[str, tuple[str, str, str, str]] = {
    "J0301": (
        "条例",
        "| 1 | 市長 | 子ども医療費の助成に関する事務であって規則で定めるもの 〔事務 child-medical・分野 福祉〕 |\n\n",
        "| 1 | 教育委員 | 子ども医療費の助成に関する事務であって規則で定めるもの 〔事務 child-medical・分野 福祉〕 |\n\n",
        "教育委員 |",
    ),
    "J0302": ("条例", "同表の右欄に掲げる事務、別表第2の", "同表の右欄に掲げる事務、別表第9の", "別表第9"),
    "J0303": ("条例", "地方税関係情報又は", "地方税関系情報又は", "地方税関系情報"),
    "J0304": (
        "条例",
        "別表第1の左欄に掲げる機関が行う同表の右欄",
        "別表第1の左欄に掲げる機関が行う同表の中欄",
        "同表の中欄",
    ),
    "J0305": (
        "条例",
        "| 1 | 市長 | 子ども医療費の助成に関する事務であって規則で定めるもの 〔事務 child-medical・分野 福祉〕 |\n\n",
        "| 1 | 福祉課 | 子ども医療費の助成に関する事務であって規則で定めるもの 〔事務 child-medical・分野 福祉〕 |\n\n",
        "福祉課",
    ),
    "J0306": ("条例", "分野 福祉〕 |\n\n", "分野 観光〕 |\n\n", "分野 観光"),
    "J0307": ("条例", "・分野 福祉〕 |\n\n", "〕 |\n\n", "child-medical〕 |"),
    "J0308": (
        "規則",
        "第2条 条例別表第1の1の項の規則で定める事務は、次のとおりとする。\n (1) 子ども医療費の助成に係る資格の認定の申請の受理、その申請に係る事実についての審査又はその申請に対する応答に関する事務\n",
        "",
        "",
    ),
    "J0309": (
        "条例",
        "| 1 | 市長 | 子ども医療費の助成に関する事務であって規則で定めるもの 〔事務 child-medical・分野 福祉〕 |\n\n",
        "| 1 | 市長 | 児童扶養手当法（昭和三十六年法律第二百三十八号）による児童扶養手当の支給に関する事務 〔事務 allowance・分野 福祉〕 |\n\n",
        "allowance",
    ),
    "J0310": (
        "条例",
        "child-medical・分野 福祉〕 |\n\n",
        "child-medical・分野 福祉〕 |\n| 1 | 市長 | 高齢者の医療費の助成に関する事務 〔事務 elderly・分野 福祉〕 |\n\n",
        "elderly",
    ),
    "J0311": ("条例", "4 第2項の規定による", "4 第1項の規定による", "4 第1項"),
    "J0312": ("条例", "平成28年1月1日から施行", "平成27年10月5日から施行", "平成27年10月5日"),
    "J0313": ("条例", "附則\n1 この条例は、平成28年1月1日から施行する。\n", "", "条例 試験市"),
    "J0314": ("条例", "3 市長又は教育委員会は、法別表第2", "3 選挙管理委員会は、法別表第2", "3 選挙管理委員会"),
    "J0315": ("規則", "条例別表第1の1の項の規則で", "条例別表第1の8の項の規則で", "別表第1の8の項"),
    "J0316": (
        "規則",
        "規則 試験市個人番号の利用に関する条例施行規則",
        "規則 試験市個人番号の利用に関する条例",
        "規則 試験市",
    ),
    "J0318": ("規則", "〔団体 試験市 990099〕", "〔団体 試験市 990098〕", "990098"),
    "J0319": ("登録簿", "{事務: child-medical, 水準", "{事務: child-medicl, 水準", "child-medicl"),
    "J0320": (
        "登録簿",
        "保護評価:",
        "委員会届出:\n  - {事務: child-medical, 準ずる事務: 番号法別表第二/9, 情報: [地方税関係情報の一部], 届出日: 2017-01-01, 効力発生日: 2017-11-13}\n保護評価:",
        "地方税関係情報の一部",
    ),
    "J0321": ("条例", "分野 福祉〕 |\n\n", "分野 福祉・仮定 A-NOWHERE〕 |\n\n", "A-NOWHERE"),
    "J0322": (
        "条例",
        "| 1 | 市長 | 子ども医療費の助成に関する事務であって規則で定めるもの 〔事務 child-medical・分野 福祉〕 | 地方税",
        "| 1 | 市長 | 高齢者医療費の助成に関する事務であって規則で定めるもの 〔事務 child-medical・分野 福祉〕 | 地方税",
        "高齢者医療費",
    ),
    "J0324": ("規則", "ア 当該申請を行う者に係る地方税関係情報", "ア 当該申請を行う者に係る障害者関係情報", ""),
    "J0326": (
        "条例",
        "から施行する。\n",
        "から施行する。ただし、第9条の規定は、平成29年7月1日から施行する。\n",
        "第9条",
    ),
    "J0325": (
        "規則",
        "〔略称 試験市番号利用条例施行規則〕",
        "〔略称 試験市番号利用条例施行規則〕〔上位 別の条例〕",
        "",
    ),
}


def test_the_unbroken_ordinance_has_no_finding() -> None:
    """Only that the table it cites was repealed: its words of 法別表第2 mean nothing from that day."""
    found = [(d.code, d.severity.value, d.message) for d in compiled().diagnostics]
    assert set(found) == {("J0302", "警告", "番号法に別表第2はありません（2024-05-27から）")}


@pytest.mark.parametrize("code", sorted(REASONS))
def test_each_code_has_a_case_and_a_page(code: str) -> None:
    assert code in BROKEN or code in BROKEN_EDITIONS or code in SEVERAL
    page = (PAGES / f"{code}.md").read_text("utf-8")
    assert all(f"## {part}" in page for part in ("何が起きているか", "なぜ問題か", "直し方", "例"))


@pytest.mark.parametrize("code", sorted(BROKEN))
def test_one_break_gives_its_code_and_place(code: str) -> None:
    file, right, wrong, passage = BROKEN[code]
    texts = {"条例": ORDINANCE, "規則": REGULATION, "登録簿": ORGANISATION}
    assert right in texts[file], "the case no longer fits the ordinance"
    if code == "J0314":
        texts["登録簿"] = texts["登録簿"].replace(
            "{名称: 教育委員会}", "{名称: 教育委員会}\n  - {名称: 選挙管理委員会}"
        )
    texts[file] = texts[file].replace(right, wrong)
    built = compiled(texts["条例"], texts["規則"], texts["登録簿"])
    found = [d for d in built.diagnostics if d.code == code]
    assert found, [f"{d.code} {d.message}" for d in built.diagnostics]
    assert all(d.message and d.reason and d.help for d in found)
    if passage:
        lines = {"条例": texts["条例"], "規則": texts["規則"], "登録簿": texts["登録簿"]}
        pointed = [lines[file].splitlines()[d.span.line - 1] for d in found]
        assert any(passage in line for line in pointed), pointed


@pytest.mark.parametrize("code", sorted(c for c, (s, _) in REASONS.items() if s.value == "エラー" and c in BROKEN))
def test_an_error_makes_the_part_unreliable(code: str) -> None:
    file, right, wrong, _ = BROKEN[code]
    texts = {"条例": ORDINANCE, "規則": REGULATION, "登録簿": ORGANISATION}
    texts[file] = texts[file].replace(right, wrong)
    built = compiled(texts["条例"], texts["規則"], texts["登録簿"])
    assert not built.ok
    assert built.rule_set.bodies["990099"].faults
