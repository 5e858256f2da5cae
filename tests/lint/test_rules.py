"""Every trap: texts without a trap, broken in one place, give that code at that place on the right days."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.diagnostics import Severity
from dsl.lint.codes import LINTS
from tests.lint.texts import (
    ORDINANCE,
    ORGANISATION,
    PROVISION,
    PROVISO,
    REGULATION,
    ROW,
    SCOPE,
    files,
    linted,
    with_provision,
)

PAGES = Path(__file__).parents[2] / "docs" / "ja" / "codes"
OPEN = "〔状態 案〕"
DEEMED = "\n2 前項の規定による特定個人情報の提供があった場合において、他の条例、規則その他の規程の規定により当該特定個人情報と同一の内容の情報を含む書面の提出が義務付けられているときは、当該書面の提出があったものとみなす。\n"
NUMBERED = PROVISION.replace("\n法第19条", "\n1 法第19条").rstrip("\n") + DEEMED
FOREIGN = "| 2 | 市長 | 生活に困窮する外国人に対する生活保護法（昭和25年法律第144号）に準じて行う保護の決定及び実施又は徴収金の徴収に関する事務 〔事務 foreign・分野 福祉〕 |\n"
NOTIFIED = "委員会届出:\n  - {事務: child-medical, 準ずる事務: 番号法別表第二/9, 情報: [地方税関係情報], 届出日: 2017-06-30, 効力発生日: 2017-11-13, 中止日: 2024-05-26}\n"


def later(text: str, day: str = "平成28年1月1日", new: str = "令和4年4月1日") -> str:
    return text.replace(f"{day}から施行", f"{new}から施行")


def purpose(reference: str) -> str:
    """The ordinance with a sentence of purpose that cites the Act."""
    sentence = (
        f"第1条（趣旨）\nこの条例は、{reference}の規定による個人番号の利用に関し必要な事項を定めるものとする。\n\n"
    )
    return ORDINANCE.replace("第3条（個人番号の利用範囲）", sentence + "第3条（個人番号の利用範囲）", 1)


#: code → (ordinance, regulation, register, what stands in the line pointed at, a piece of the message)
BROKEN: dict[str, list[tuple[str, str, str, str, str]]] = {
    "L0100": [
        (ORDINANCE.replace("別表第1の左欄", "別表第9の左欄"), REGULATION, ORGANISATION, "別表第9", "字句の検査だけ")
    ],
    "L0101": [
        (ORDINANCE, later(REGULATION), ORGANISATION, "| 1 | 市長", "平成28年1月1日から令和4年3月31日まで"),
        (
            ORDINANCE,
            REGULATION.replace("第2条 条例", "第2条〔期間 2020-03-31まで〕 条例").replace(
                "第3条 条例", "第3条〔期間 2020-03-31まで〕 条例"
            ),
            ORGANISATION,
            "| 1 | 市長",
            "令和2年4月1日から令和6年5月26日まで",
        ),
    ],
    "L0102": [
        (
            ORDINANCE.replace(SCOPE, OPEN).replace(ROW, ROW + FOREIGN, 1),
            REGULATION.replace(SCOPE, OPEN),
            ORGANISATION,
            "外国人",
            "令和6年5月27日から",
        ),
        (
            ORDINANCE.replace(
                ROW,
                ROW
                + "| 2 | 市長 | 児童手当法（昭和46年法律第73号）による児童手当の支給に関する事務 〔事務 allowance・分野 福祉〕 |\n",
                1,
            ),
            REGULATION,
            ORGANISATION,
            "児童手当法",
            "平成28年1月1日から",
        ),
    ],
    "L0103": [
        (
            ORDINANCE.replace(SCOPE, OPEN),
            REGULATION.replace(SCOPE, OPEN),
            ORGANISATION,
            "3 市長又は教育委員会は、法別表第2",
            "令和6年5月27日から",
        )
    ],
    "L0104": [
        (
            with_provision(),
            REGULATION,
            ORGANISATION,
            "法第19条第9号",
            "平成29年5月30日からは第19条第10号、令和3年9月1日からは第19条第11号",
        ),
        (
            later(with_provision(), new="平成29年7月1日"),
            REGULATION,
            ORGANISATION,
            "法第19条第9号",
            "平成29年7月1日からは第19条第10号",
        ),
        (
            ORDINANCE.replace(
                "第3条（個人番号の利用範囲）",
                "第2条（定義）\nこの条例において、次の各号に掲げる用語の意義は、当該各号に定めるところによる。\n(1) 特定個人情報 法第2条第8項に規定する特定個人情報をいう。\n\n第3条（個人番号の利用範囲）",
            ).replace(SCOPE, OPEN),
            REGULATION.replace(SCOPE, OPEN),
            ORGANISATION,
            "法第2条第8項",
            "令和6年5月27日からは第2条第9項",
        ),
        (purpose("法第9条第8項"), REGULATION, ORGANISATION, "法第9条第8項", "番号法にありません"),
        (purpose("法第19条第99号"), REGULATION, ORGANISATION, "法第19条第99号", "番号法にありません"),
        (purpose("法第12条第1項第3号"), REGULATION, ORGANISATION, "法第12条第1項第3号", "番号法にありません"),
        (
            ORDINANCE.replace(
                "第3条（個人番号の利用範囲）",
                "第2条（責務）\n市は、法第27条第1項の評価を適切に行うものとする。〔効力なし 責務〕\n\n第3条（個人番号の利用範囲）",
            ),
            REGULATION,
            ORGANISATION,
            "法第27条",
            "平成29年5月30日からは第28条第1項",
        ),
    ],
    "L0105": [
        (
            ORDINANCE.replace("4 第2項の規定", "4 第1項の規定"),
            REGULATION,
            ORGANISATION,
            "4 第1項",
            "第3条第1項は特定個人情報の利用を定めた規定ではない",
        )
    ],
    "L0106": [
        (
            with_provision(
                table="""
別表第3（第4条関係）
| 項 | 機関 | 事務 | 提供機関 | 特定個人情報 |
| 1 | 教育委員会 | 就学援助に関する事務 〔事務 school-aid・分野 類する事務〕 | 市長 | 地方税関係情報 |
"""
            ),
            REGULATION,
            ORGANISATION,
            "就学援助",
            "提供を受ける教育委員会は、平成28年1月1日から",
        )
    ],
    "L0107": [
        (
            ORDINANCE.replace(
                "住民票関係情報であって規則で定めるもの |\n",
                "住民票関係情報であって規則で定めるもの |\n| 2 | 市長 | 子ども医療費の助成に関する事務 〔事務 child-medical〕 | 地方税関係情報 |\n"
                "| 3 | 市長 | 子ども医療費の助成に関する事務 〔事務 child-medical〕 | 地方税関係情報又は住民票関係情報 |\n",
            ),
            REGULATION,
            ORGANISATION,
            "| 2 | 市長",
            "別表第2の3の項も認めています",
        )
    ],
    "L0108": [
        (later(ORDINANCE), REGULATION, ORGANISATION, "1 この規則は", "令和4年4月1日"),
        (
            later(ORDINANCE.replace(SCOPE, OPEN), new="平成27年10月5日"),
            REGULATION,
            ORGANISATION,
            "1 法第9条第2項",
            "平成28年1月1日",
        ),
    ],
    "L0109": [
        (
            ORDINANCE.replace("公布 平成27年12月22日", "公布 平成28年3月22日"),
            REGULATION,
            ORGANISATION,
            "から施行する",
            "平成28年3月22日",
        )
    ],
    "L0110": [
        (
            ORDINANCE.replace(
                "第3条（個人番号の利用範囲）",
                "第2条（定義）\nこの条例において「実施機関」とは、市長及び教育委員会をいう。\n\n第3条（個人番号の利用範囲）",
            ),
            REGULATION,
            ORGANISATION,
            "「実施機関」",
            "どこにも使われていません",
        )
    ],
    "L0111": [
        (
            ORDINANCE.replace(
                "第3条（個人番号の利用範囲）",
                "第2条（責務）\n市長等は、必要な措置を講ずるものとする。〔効力なし 責務〕\n\n第3条（個人番号の利用範囲）",
            ),
            REGULATION,
            ORGANISATION,
            "市長等は",
            "市長等",
        )
    ],
    "L0112": [
        (
            ORDINANCE.replace("| 地方税関係情報又は", "| 奨学金関係情報、地方税関係情報又は").replace(
                "\n附則",
                "| 2 | 市長 | 子ども医療費の助成に関する事務であって規則で定めるもの 〔事務 child-medical〕 | 奨学金の貸与に関する情報（以下「奨学金関係情報」という。） |\n\n附則",
            ),
            REGULATION,
            ORGANISATION,
            "| 奨学金関係情報、",
            "より前に使われています",
        )
    ],
    "L0113": [
        (
            ORDINANCE.replace("| 地方税関係情報又は", "| 奨学金関係情報、地方税関係情報又は"),
            REGULATION,
            ORGANISATION,
            "奨学金",
            "奨学金関係情報",
        )
    ],
    "L0114": [
        (
            ORDINANCE.replace("別表第1（第3条関係）", "別表第1（第5条関係）"),
            REGULATION,
            ORGANISATION,
            "別表第1（第5条",
            "第5条",
        ),
        (
            ORDINANCE.replace(
                "第3条（個人番号の利用範囲）",
                "第2条（責務）\n市は、第9条の規定による措置を講ずるものとする。〔効力なし 責務〕\n\n第3条（個人番号の利用範囲）",
            ),
            REGULATION,
            ORGANISATION,
            "第9条の規定",
            "第9条",
        ),
    ],
    "L0115": [
        (
            ORDINANCE.replace(
                "\n附則",
                "\n別表第3（第3条関係）\n| 項 | 機関 | 事務 |\n| 1 | 市長 | 児童手当の支給に関する事務 〔事務 x・分野 福祉〕 |\n\n附則",
            ),
            REGULATION,
            ORGANISATION,
            "別表第3",
            "引く条文がありません",
        )
    ],
    "L0116": [
        (
            ORDINANCE.replace("同表の右欄に掲げる事務、", "同表の下欄に掲げる事務、"),
            REGULATION,
            ORGANISATION,
            "1 法第9条",
            "左欄・下欄",
        )
    ],
    "L0117": [
        (
            ORDINANCE.replace(ROW, ROW.replace("分野 福祉", "分野 その他の事務")),
            REGULATION,
            ORGANISATION,
            "その他の事務",
            "令和5年6月8日まで",
        )
    ],
    "L0118": [
        (
            ORDINANCE.replace("地方税関係情報又は", "生活保護関係情報、地方税関係情報又は"),
            REGULATION,
            ORGANISATION,
            "生活保護関係情報",
            "規則のどの号も定めていません",
        )
    ],
    "L0119": [
        (
            ORDINANCE,
            REGULATION,
            NOTIFIED.replace(", 中止日: 2024-05-26", "") + ORGANISATION,
            "child-medical",
            "令和6年5月27日から",
        )
    ],
    "L0120": [
        (
            ORDINANCE,
            REGULATION,
            NOTIFIED.replace("第二/9", "第二/26")
            .replace("[地方税関係情報]", "[地方税関係情報, 労働者災害補償関係情報]")
            .replace(", 中止日: 2024-05-26", "")
            + ORGANISATION,
            "child-medical",
            "「労働者災害補償関係情報」は、令和6年5月27日から、",
        )
    ],
    "L0121": [
        (
            ORDINANCE + "2 この条例は、平成28年4月1日から施行する。\n",
            REGULATION,
            ORGANISATION,
            "平成28年4月1日",
            "二通り",
        )
    ],
    "L0122": [
        (
            ORDINANCE.replace(
                "第3条（個人番号の利用範囲）",
                "第2条（責務）\n市は、令和1年5月1日までに措置を講ずるものとする。〔効力なし 責務〕\n\n第3条（個人番号の利用範囲）",
            ),
            REGULATION,
            ORGANISATION,
            "令和1年",
            "令和元年",
        )
    ],
    "L0123": [
        (
            ORDINANCE.replace(
                f"自らが保有するものを利用することができる。{PROVISO}", "自らが保有するものを利用することができる。"
            ),
            REGULATION,
            ORGANISATION,
            "3 市長又は",
            "第3条第3項にはありません",
        )
    ],
    "L0124": [(with_provision(), REGULATION, ORGANISATION, "法第19条第9号", "第4条の提供には書面のみなしがありません")],
    "L0125": [
        (ORDINANCE.replace("4 第2項の規定", "4 第2項のの規定"), REGULATION, ORGANISATION, "第2項のの", "のの"),
        (ORDINANCE.replace("情報を含む", "情報をを含む"), REGULATION, ORGANISATION, "をを", "をを"),
    ],
    "L0126": [
        (
            ORDINANCE.replace("4 第2項の規定による", "4 第2項の規程による"),
            REGULATION,
            ORGANISATION,
            "第2項の規程",
            "「規定」の誤り",
        )
    ],
    "L0128": [
        (
            with_provision(article=PROVISION.replace("第4条", "第6条")),
            REGULATION,
            ORGANISATION,
            "第6条",
            "第3条の次が第6条です",
        ),
        (
            ORDINANCE.replace(ROW, ROW + ROW.replace("| 1 |", "| 4 |"), 1),
            REGULATION,
            ORGANISATION,
            "| 4 |",
            "間の項がありません",
        ),
        (
            ORDINANCE,
            REGULATION.replace(" (2) 住民票", " (4) 住民票"),
            ORGANISATION,
            "(4) 住民票",
            "第1号の次が第4号です",
        ),
    ],
    "L0129": [
        (
            with_provision().replace(
                "から施行する。", "から施行する。ただし、第4条及び別表第3の規定は、令和29年7月1日から施行する。"
            ),
            REGULATION,
            ORGANISATION,
            "令和29年",
            "5年より先です",
        )
    ],
    "L0127": [
        (
            ORDINANCE.replace("同表の中欄に掲げる事務及び市長", "同表の中欄に掲げる事務,及び市長"),
            REGULATION,
            ORGANISATION,
            "事務,及び",
            "読点",
        )
    ],
}
CASES = [(code, at) for code, cases in BROKEN.items() for at in range(len(cases))]


def test_texts_without_a_trap_have_no_finding() -> None:
    compiled, found = linted(files())
    assert not compiled.diagnostics
    assert not found
    compiled, found = linted(files(with_provision(article=NUMBERED)))
    assert not compiled.diagnostics
    assert [f.diagnostic.code for f in found] == ["L0104"]


@pytest.mark.parametrize("reference", ["法第9条第2項", "法第19条第9号", "法第2条第5項", "法第12条", "法第40条第7項"])
def test_a_reference_to_what_stands_or_is_not_known_is_left_alone(reference: str) -> None:
    """Articles whose text is not among the rules (第40条) are not judged."""
    _, found = linted(files(purpose(reference)))
    assert not [f for f in found if "番号法にありません" in f.diagnostic.message]


def test_a_provision_that_is_missing_is_told_with_those_there_are() -> None:
    _, found = linted(files(purpose("法第9条第8項")))
    (said,) = [f.diagnostic for f in found if f.diagnostic.code == "L0104"]
    assert "番号法の第9条にあるのは第1項、第2項、第3項、第4項、第5項です" in (said.help or "")


def test_every_code_has_a_page_and_a_test() -> None:
    assert set(BROKEN) == set(LINTS)
    for code, entry in LINTS.items():
        page = (PAGES / f"{code}.md").read_text("utf-8")
        assert page.startswith(f"# {code} {entry.title}（警告）")
        assert entry.reason in page
        for part in ("## 何が起きているか", "## なぜ問題か", "## 直し方", "## 例", "誤り", "正しい例"):
            assert part in page


@pytest.mark.parametrize(("code", "at"), CASES, ids=[f"{c}-{i}" for c, i in CASES])
def test_trap(code: str, at: int) -> None:
    ordinance, regulation, organisation, passage, message = BROKEN[code][at]
    sources = files(ordinance, regulation, organisation)
    _, found = linted(sources)
    lines = {f.path: f.text.splitlines() for f in sources}
    told = [f.diagnostic for f in found if f.diagnostic.code == code]
    assert any(passage in lines[d.path][d.span.line - 1] and message in d.message for d in told), [
        (f.diagnostic.code, f.diagnostic.span.line, f.diagnostic.message) for f in found
    ]
    for d in told:
        assert d.severity is Severity.WARNING
        assert d.reason == LINTS[code].reason
        assert d.help
        assert 1 <= d.span.column <= d.span.end_column <= len(lines[d.path][d.span.line - 1]) + 1


NO_TRAP = [
    "| 2 | 市長 | 公営住宅法（昭和26年法律第193号）の規定によらない市営住宅の管理に関する事務 〔事務 x・分野 福祉〕 |\n",
    "| 2 | 市長 | 予防接種法（昭和23年法律第68号）の規定によらない任意の予防接種に要する費用の助成に関する事務 〔事務 x・分野 保健〕 |\n",
    "| 2 | 市長 | 児童手当法に準じて行う市独自の手当の支給に関する事務 〔事務 x・分野 福祉〕 |\n",
    "| 2 | 市長 | 児童手当法による児童手当の受給者に対する祝金の交付に関する事務 〔事務 x・分野 福祉〕 |\n",
]


@pytest.mark.parametrize("row", NO_TRAP)
def test_affairs_that_only_name_a_law_are_no_affairs_of_the_law(row: str) -> None:
    _, found = linted(files(ORDINANCE.replace(ROW, ROW + row, 1)))
    assert "L0102" not in {f.diagnostic.code for f in found}


@pytest.mark.parametrize(
    "between",
    [
        "第4条　削除\n\n第5条　削除\n",
        "第4条及び第5条　削除\n",
        "第3条の2　削除\n\n第3条の3　削除\n\n第4条から第5条まで　削除\n",
    ],
)
def test_repealed_articles_and_branches_leave_no_gap(between: str) -> None:
    article = f"\n{between}{PROVISION.replace('第4条', '第6条')}"
    _, found = linted(files(with_provision(article=article)))
    assert "L0128" not in {f.diagnostic.code for f in found}


def test_right_words_are_no_slips() -> None:
    sentence = "市は、許可を受けたものの、規則その他の規程の規定により適切に行うこととし、前項の規定により措置を講ずるものとする。〔効力なし 責務〕"
    ordinance = ORDINANCE.replace(
        "第3条（個人番号の利用範囲）", f"第2条（責務）\n{sentence}\n\n第3条（個人番号の利用範囲）"
    )
    _, found = linted(files(ordinance))
    assert not [f for f in found if f.diagnostic.code in ("L0125", "L0126", "L0127")]
