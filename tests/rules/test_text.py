"""The promulgated text of the national law is complete and nobody changed a character of it.

Read without the parser. After a change of law that is meant, write the new checksums with
`python -m tests.rules.pin` and look at the difference line by line.
"""

from __future__ import annotations

import json
import re

import pytest

from tests.rules.promulgated import ACT, FILES, ORDER_5, PINNED, canonical, digest, promulgated, rows, sections

ARTICLE = re.compile(r"^第([一二三四五六七八九十百]+)条((?:の[一二三四五六七八九十]+)*)　(.*)$", re.MULTILINE)
ITEM = re.compile(r"^[一二三四五六七八九十]+　", re.MULTILINE)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_annotations_close_on_their_line(path):
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        assert line.count("〔") == line.count("〕"), f"{path.name}:{number}"
    assert not re.search("[〔〕]", promulgated(path))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_no_character_of_the_text_changed(path):
    pinned = json.loads(PINNED.read_text(encoding="utf-8"))[path.name]
    changed = [name for name, text in sections(path) if pinned["各条各項"].get(name) != digest(text)[:16]]
    assert not changed, f"{path.name}: 条文の字句が変わっています: {changed}"
    assert digest(promulgated(path)) == pinned["全文"]


def noted(table, pattern):
    """What an annotation says, by the number of the row or item that carries it."""
    found = ((canonical(row.label), re.search(pattern, row.annotations)) for row in rows(ACT, table) if row.label)
    return {number: match[1] for number, match in found if match}


def in_order(numbers):
    """Where 1 … n do not stand in order, each branch number (6-2) behind its stem; "" when they do."""
    previous = (0,)
    for number in numbers:
        current = tuple(int(n) for n in number.split("-"))
        following = {(*previous[:k], previous[k] + 1) for k in range(len(previous))} | {(*previous, 2)}
        if current not in following:
            return f"{number} follows {'-'.join(map(str, previous))}"
        previous = current
    return ""


def test_table_one_has_101_rows_numbered_without_a_gap():
    table = rows(ACT, "別表第一")
    numbers = [canonical(r.label) for r in table]
    assert len(table) == len(set(numbers)) == 101
    assert in_order(numbers) == ""
    assert [n for n in numbers if "-" in n] == ["6-2", "33-2", "36-2", "61-2"]
    assert numbers[-1] == "97"
    assert [r.label for r in table if r.cells[0] == "削除"] == ["二十五"]


def test_table_one_has_27_municipal_rows_with_an_id():
    named = noted("別表第一", r"〔事務 ([^・〕]+)")
    assert len(named) == len(set(named.values())) == 27
    assert named["16"] == "local-tax"
    assert named["36-2"] == "disaster-victims-ledger"
    agencies = [r.cells[0] for r in rows(ACT, "別表第一") if canonical(r.label) in named]
    assert all(re.search("市町村長|知事等|市町村教育委員会|市.*の長", agency) for agency in agencies)


def test_table_two_has_120_items_and_259_pairs():
    table = rows(ACT, "別表第二")
    numbers = [canonical(r.label) for r in table if r.label]
    assert len(numbers) == len(set(numbers)) == 120
    assert in_order(numbers) == ""
    assert [n for n in numbers if "-" in n] == ["56-2"]
    assert [r.label for r in table if r.cells[0] == "削除"] == ["三十六"]
    standing = [r for r in table if r.cells[0] != "削除" and "まで〕" not in r.annotations]
    assert len(standing) == 259
    assert all(len(r.cells) == 4 and r.cells[2] and r.cells[3] for r in standing)


def test_item_38_of_table_two_stands_in_both_wordings():
    table = rows(ACT, "別表第二")
    first = next(i for i, r in enumerate(table) if r.label == "三十八")
    three = table[first : first + 3]
    assert [(r.cells[2], r.cells[3], re.search(r"〔期間 ([^〕]+)", r.annotations)[1]) for r in three] == [
        ("都道府県知事等", "生活保護関係情報であって主務省令で定めるもの", "2016-05-20から"),
        ("市町村長", "地方税関係情報又は住民票関係情報であって主務省令で定めるもの", "2016-05-20から"),
        ("市町村長", "住民票関係情報であって主務省令で定めるもの", "2016-05-19まで"),
    ]


def test_41_municipal_items_of_table_two_point_to_a_row_of_table_one():
    one = {canonical(r.label): r for r in rows(ACT, "別表第一")}
    points = noted("別表第二", r"〔対応 番号法別表第一/([0-9-]+)")
    assert len(points) == 41
    assert all("〔事務 " in one[row].annotations for row in points.values())
    assert points["26"] == "15"
    assert points["56-2"] == "36-2"


def test_order_on_table_one_has_every_article_and_442_procedures():
    text = promulgated(ORDER_5)
    articles = ARTICLE.findall(text)
    numbers = [canonical(stem + branch) for stem, branch, _ in articles]
    paragraphs = len(re.findall(r"^[２-９]　", text, re.MULTILINE))
    assert (len(articles), paragraphs) == (89, 4)  # the further paragraphs: three of 21-2, one of 50
    assert in_order(numbers) == ""
    assert [n for n, (_, _, body) in zip(numbers, articles, strict=True) if body == "削除"] == ["13", "58"]
    single = [body for _, _, body in articles if body.endswith(("に関する事務とする。", "限る。）とする。"))]
    assert len(ITEM.findall(text)) + len(single) == 442


def test_every_municipal_row_has_its_article_in_the_order():
    text = promulgated(ORDER_5)
    for row in rows(ACT, "別表第一"):
        if "〔事務 " in row.annotations:
            assert re.search(f"法別表第一の(?:第)?{row.label}の項の主務省令で定める事務は、", text), row.label


def test_literal_spot_checks():
    one = {r.label: r.cells for r in rows(ACT, "別表第一")}
    assert one["十五"] == (
        "都道府県知事等",
        "生活保護法による保護の決定及び実施、就労自立給付金の支給、保護に要する費用の返還又は徴収金の徴収に関する事務"
        "であって主務省令で定めるもの",
    )
    assert one["十六"] == (
        "都道府県知事又は市町村長",
        "地方税法その他の地方税に関する法律及びこれらの法律に基づく条例による地方税の賦課徴収又は地方税に関する調査"
        "（犯則事件の調査を含む。）に関する事務であって主務省令で定めるもの",
    )
    two = rows(ACT, "別表第二")
    first = next(i for i, r in enumerate(two) if r.label == "二十六")
    assert two[first].cells == (
        "都道府県知事等",
        "生活保護法による保護の決定及び実施又は徴収金の徴収に関する事務であって主務省令で定めるもの",
        "医療保険者又は後期高齢者医療広域連合",
        "医療保険給付関係情報であって主務省令で定めるもの",
    )
    assert sum(1 for r in two[first + 1 : first + 14] if not r.label) == 12
    act = promulgated(ACT)
    item_9 = (
        "九　地方公共団体の機関が、条例で定めるところにより、当該地方公共団体の他の機関に、"
        "その事務を処理するために必要な限度で特定個人情報を提供するとき。"
    )
    assert item_9 in act.split("\n")
    assert "七　未施行" not in act
