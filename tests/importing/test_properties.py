"""Whatever instrument is printed, its words come back; whatever bytes are given, nothing is raised."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsl.importing.rule_file import Given
from dsl.text import promulgated_text
from tests.importing.documents import imported
from tests.importing.rendering import Block, every_form

CALM = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SENTENCES = st.sampled_from(
    [
        "法第9条第2項の条例で定める事務は、別表第1の左欄に掲げる機関が行う同表の右欄に掲げる事務とする。",
        "市長は、法別表第2の第2欄に掲げる事務を処理するために必要な限度で、同表の第4欄に掲げる特定個人情報であって自らが保有するものを利用することができる。ただし、法の規定により、情報提供ネットワークシステムを使用して他の個人番号利用事務実施者から当該特定個人情報の提供を受けることができる場合は、この限りでない。",
        "この条例において使用する用語は、法において使用する用語の例による。",
        "市長は、広報に努めるものとする。",
        "第3条第2項の規定は、前項の場合に準用する（規則で定める場合を除く。）。",
    ]
)
AFFAIRS = st.sampled_from(
    [
        "子ども医療費の助成に関する事務",
        "市営住宅の管理に関する事務であって規則で定めるもの",
        "就学援助費の支給に関する事務",
    ]
)
INFORMATION = st.sampled_from(["地方税関係情報", "住民票関係情報又は生活保護関係情報であって規則で定めるもの"])
ITEM_STYLES = st.sampled_from(
    [("(1)　", "(2)　"), ("（１）", "（２）"), ("一　", "二　"), ("ア　", "イ　"), ("①", "②")]
)


@st.composite
def table(draw: st.DrawFn) -> list[list[str]]:
    rows = [["項", "機関", "事務", "特定個人情報"]]
    for number in range(1, draw(st.integers(1, 4)) + 1):
        agency = draw(st.sampled_from(["市長", "教育委員会", "" if number > 1 and "削除" not in rows[-1] else "市長"]))
        rows.append([str(number), agency, draw(AFFAIRS), draw(INFORMATION)])
        if draw(st.booleans()):
            rows.append(["", "", "", draw(INFORMATION)])
    return rows


@st.composite
def instruments(draw: st.DrawFn) -> list[Block]:
    blocks: list[Block] = []
    before = draw(st.booleans())
    for number in range(1, draw(st.integers(1, 4)) + 1):
        caption = draw(st.sampled_from(["（趣旨）", "（個人番号の利用範囲）"]))
        blocks += (
            [caption, f"第{number}条　{draw(SENTENCES)}"] if before else [f"第{number}条{caption}", draw(SENTENCES)]
        )
        for paragraph in range(2, draw(st.integers(1, 3)) + 1):
            blocks.append(f"{paragraph}　{draw(SENTENCES)}")
        if draw(st.booleans()):
            blocks += [head + draw(AFFAIRS) for head in draw(ITEM_STYLES)]
    for number in range(1, draw(st.integers(0, 2)) + 1):
        blocks += [f"別表第{number}（第1条関係）", draw(table())]
    blocks += ["附　則", "この条例は、平成28年1月1日から施行する。"]
    return blocks


def words(texts: str) -> str:
    return re.sub(r"[\s|]", "", texts)


@CALM
@given(instruments(), st.sampled_from(["テキスト", "Word", "HTML 0", "HTML 1", "HTML 2"]))
def test_words_come_back(blocks: list[Block], form: str) -> None:
    title = "試験市個人番号の利用に関する条例"
    made = imported(every_form(title, blocks)[form], form, compiled=False)
    assert made.text is not None, [d.message for d in made.findings]
    printed = "".join(b if isinstance(b, str) else "".join("".join(r) for r in b) for b in blocks)
    assert words(promulgated_text(made.text)) == words(f"条例 {title}{printed}")
    assert not [d for d in made.findings if d.code in ("I0122", "I0127")]


PIECES = st.sampled_from(
    [
        *(
            "第1条",
            "（趣旨）",
            "第2条の規定は、",
            "2　",
            "(1)",
            "ア",
            "附則",
            "別表第1",
            "（第1条関係）",
            "この条例は、",
            "事務とする。",
            "○試験市条例\n",
            "削除",
        ),
        *(
            "<table>",
            "<tr><td rowspan=3>",
            "</td><td colspan=9>",
            "</table>",
            "<div>",
            "</div>",
            "<br>",
            "<nav>",
            "</nav>",
            "<ruby>字<rt>じ</rt></ruby>",
        ),
        *(
            "\n",
            "\t",
            "|",
            "　",
            "〔",
            "〕",
            "（",
            "）",
            "│",
            "─",
            "\u200b",
            "令6条例4・一部改正",
            "項\t機関\t事務\n",
            "一　",
            "①",
            "。",
        ),
    ]
)


@settings(CALM, max_examples=150)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_no_text_raises(text: str) -> None:
    made = imported(("試験市条例\n第1条 本文とする。\n" + text).encode(), compiled=False)
    assert made.text is not None or made.findings


@settings(CALM, max_examples=150)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=80).map(str.encode),
        st.binary(max_size=80).map(lambda b: b"PK\x03\x04" + b),
    )
)
def test_no_bytes_raise(data: bytes) -> None:
    made = imported(data, given=Given(title="試験市条例"), compiled=False)
    assert made.text is not None or made.findings
