"""The comparison of two editions: nothing is lost, the marks are exact, and the layout is that of a 新旧対照表."""

from __future__ import annotations

import time
from pathlib import Path

import docx
import lxml.html
import pytest
from docx.enum.section import WD_ORIENT
from hypothesis import given, settings
from hypothesis import strategies as st
from wcwidth import wcswidth

from api.comparison import Comparison, Piece, Row, as_html, as_text, compare, rows, write_docx
from api.comparison.entries import Entry
from api.comparison.marks import marks, plain
from api.project import HOME
from dsl.parse import parse
from dsl.syntax import Document
from dsl.text import promulgated_text

FILES = sorted([*HOME.glob("rules/*.jorei"), *HOME.glob("ordinances/*/*.jorei")])
DRAFT = (Path(__file__).parent / "条例.jorei").read_text("utf-8")


def document(source: str) -> Document:
    return parse("条例.jorei", source)[0]


def compared(old: str, new: str) -> Comparison:
    return compare(document(old), document(new))


def amended(*changes: tuple[str, str]) -> Comparison:
    new = DRAFT
    for before, after in changes:
        assert before in new
        new = new.replace(before, after)
    return compared(DRAFT, new)


def words(cells: tuple[tuple[Piece, ...], ...] | None, *, changed: bool | None = None) -> list[str] | None:
    if cells is None:
        return None
    return ["".join(p.text for p in cell if changed in (None, p.changed)) for cell in cells]


def shown(comparison: Comparison) -> list[tuple[str, str]]:
    """(new, old) of each row, the words of an empty side in their place."""
    return [("|".join(words(r.new) or [r.word]), "|".join(words(r.old) or [r.word])) for r in rows(comparison)]


# ---- nothing is lost ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_with_itself_there_is_no_row(path: Path) -> None:
    source = path.read_text("utf-8")
    comparison = compared(source, source)
    assert not comparison.differs
    assert rows(comparison) == ()
    assert as_text(comparison, 100) == ""
    assert "条文に違いはありません" in as_html(comparison)
    assert comparison.old_text == comparison.new_text == promulgated_text(source)


LINES = st.sampled_from(
    [
        "第1条（趣旨）",
        "第一条　この条例は、趣旨を定める。",
        "（定義）",
        "第3条の2",
        "第4条 削除",
        "1 市長は、事務を行う。",
        "２　前項の規定による。 〔注 甲〕",
        "3 教育委員会は、次の表による。〔列 項 甲 乙〕",
        "(1) 申請の受理に関する事務 〔手続 a〕",
        "一　二の事務",
        "  ア 情報",
        "別表第1（第3条関係）",
        "別表",
        "| 項 | 機関 | 事務 |",
        "| 1 | 市長 | 医療費の助成に関する事務 〔事務 a〕 |",
        "| 2 | 市長 | 住宅の管理に関する事務 〔事務 b〕 |",
        "| | | 続き |",
        "｜一の二｜町長｜",
        "|",
        "附則",
        "附則（平成29年条例第3号）",
        "この条例は、公布の日から施行する。",
        "第2章 雑則",
        "〔列 項 上欄 下欄〕",
        "〔旧番号 第1条〕",
        "どこにも属さない行",
        "",
        "　",
        "\r",
        "〔閉じない",
        "番号 123456" + "789012",
    ]
)
SOURCES = st.lists(LINES | st.text(alphabet="条項第1（）|〔〕 　\r\n事務あ、。", max_size=12), max_size=14).map(
    "\n".join
)


@given(SOURCES, SOURCES)
@settings(max_examples=300, deadline=None)
def test_both_texts_are_rebuilt_exactly(old: str, new: str) -> None:
    comparison = compared(old, new)
    assert comparison.old_text == promulgated_text(old)
    assert comparison.new_text == promulgated_text(new)
    for entry in comparison.entries:
        check_marks(entry)
    for shown_text in (as_text(comparison, 60), as_html(comparison)):
        assert "123456" + "789012" not in shown_text


@given(SOURCES)
@settings(max_examples=100, deadline=None)
def test_any_text_with_itself_has_no_row(source: str) -> None:
    assert rows(compared(source, source)) == ()


def check_marks(entry: Entry) -> None:
    """Without what is marked, both sides say the same; what is on one side only is marked whole."""
    for old, new in entry.sides():
        if old is not None and new is not None:
            assert unmarked(old.passage.text, old.marks) == unmarked(new.passage.text, new.marks)
        for side in (old, new):
            if side is not None and None in (old, new):
                assert unmarked(side.passage.text, side.marks) == ""


def unmarked(text: str, ranges: tuple[tuple[int, int], ...]) -> str:
    for start, end in reversed(ranges):
        assert 0 <= start < end <= len(text)
        text = text[:start] + text[end:]
    return plain(text).replace("|", "")


@given(
    st.text(alphabet="第19条の項号市長事務、。又は 　(1)", max_size=30),
    st.text(alphabet="第19条の項号市長事務、。又は 　(1)", max_size=30),
)
@settings(max_examples=300, deadline=None)
def test_marks_leave_the_same_words(old: str, new: str) -> None:
    in_old, in_new = marks(old, new)
    assert unmarked(old, in_old) == unmarked(new, in_new)
    if plain(old) == plain(new):
        assert plain("".join(old[a:b] for a, b in in_old)) == ""


def test_marks_are_whole_words() -> None:
    def changed(old: str, new: str) -> tuple[list[str], list[str]]:
        in_old, in_new = marks(old, new)
        return [old[a:b] for a, b in in_old], [new[a:b] for a, b in in_new]

    assert changed("法第19条第9号の規定", "法第19条第11号の規定") == (["第9号"], ["第11号"])
    assert changed("第十九条第九号の規定", "第十九条第十一号の規定") == (["第九号"], ["第十一号"])
    assert changed("第3条の規定", "第3条の2の規定") == (["第3条"], ["第3条の2"])
    assert changed("地方税関係情報、住民票関係情報", "地方税関係情報、障害者関係情報") == (
        ["住民票関係情報"],
        ["障害者関係情報"],
    )


# ---- the layout of a 新旧対照表 -------------------------------------------------------------------


def test_a_changed_paragraph_stands_with_its_article_and_the_others_abridged() -> None:
    comparison = amended(("1 法第19条第9号の規定により", "1 法第19条第11号の規定により"))
    assert [(r.part.value, r.depth) for r in rows(comparison)] == [("条", 0), ("項", 1), ("項", 1)]
    heading, first, second = rows(comparison)
    assert words(heading.new) == words(heading.old) == ["第4条（特定個人情報の提供）"]
    assert (words(first.new, changed=True), words(first.old, changed=True)) == (["第11号"], ["第9号"])
    assert words(second.new) == words(second.old) == ["2　（略）"]


def test_an_article_put_in_and_the_one_that_moves_down() -> None:
    comparison = amended(
        ("第6条（委任）", "第6条（調査）\n市長は、個人番号の取扱いに関し必要な調査を行うものとする。\n\n第7条（委任）")
    )
    added, added_text, moved, moved_text = rows(comparison)
    assert words(added.new) == ["第6条（調査）"]
    assert added.old is None
    assert added.word == "（新設）"
    assert added_text.old is None
    assert added_text.word == ""
    assert (words(moved.new), words(moved.old), moved.moved) == (["第7条（委任）"], ["第6条（委任）"], "繰下げ")
    assert words(moved_text.new) == words(moved_text.old) == ["（略）"]


def test_an_item_removed_and_the_one_that_moves_up() -> None:
    comparison = amended(
        ("(2) 印鑑登録証明書その他の証明書の自動交付を受ける者の確認に関する事務 〔事務 certificate-kiosk〕\n", ""),
        ("(3) 避難所", "(2) 避難所"),
    )
    assert shown(comparison) == [
        ("第5条（個人番号カードの利用）", "第5条（個人番号カードの利用）"),
        ("（略）", "（略）"),
        ("(1)　（略）", "(1)　（略）"),
        ("（削除）", "(2) 印鑑登録証明書その他の証明書の自動交付を受ける者の確認に関する事務"),
        ("(2)　（略）", "(3)　（略）"),
    ]
    last = rows(comparison)[-1]
    assert last.moved == "繰上げ"
    assert words(last.new, changed=True) == ["2"]


def test_a_table_goes_row_by_row() -> None:
    comparison = amended(("住民票関係情報又は障害者関係情報であって", "障害者関係情報であって"))
    assert shown(comparison) == [
        ("別表第2（第3条関係）", "別表第2（第3条関係）"),
        ("項|機関|事務|特定個人情報", "項|機関|事務|特定個人情報"),
        ("1～9|（略）|（略）|（略）", "1～9|（略）|（略）|（略）"),
        (
            "10|市長|災害により被害を受けた者に対する災害見舞金の支給に関する事務であって規則で定めるもの|障害者関係情報であって規則で定めるもの",
            "10|市長|災害により被害を受けた者に対する災害見舞金の支給に関する事務であって規則で定めるもの|住民票関係情報又は障害者関係情報であって規則で定めるもの",
        ),
        ("11・12|（略）|（略）|（略）", "11・12|（略）|（略）|（略）"),
    ]
    row = rows(comparison)[3]
    assert words(row.old, changed=True) == ["", "", "", "住民票関係情報又は"]
    assert words(row.new, changed=True) == ["", "", "", ""]


def test_rows_are_known_again_by_their_affair() -> None:
    """Row 9 becomes another affair, and the old one comes to stand last: numbers alone would say both were reworded."""
    old = "条例 甲\n\n別表第1（第1条関係）\n| 項 | 機関 | 事務 |\n| 1 | 市長 | 医療費の助成に関する事務 〔事務 a〕 |\n| 2 | 市長 | 住宅の管理に関する事務 〔事務 b〕 |\n"
    new = "条例 甲\n\n別表第1（第1条関係）\n| 項 | 機関 | 事務 |\n| 1 | 市長 | 保育料の減免に関する事務 〔事務 c〕 |\n| 2 | 市長 | 市が独自に行う医療の助成 〔事務 a〕 |\n| 3 | 市長 | 住宅の管理に関する事務 〔事務 b〕 |\n"
    assert shown(compared(old, new))[2:] == [
        ("1|市長|保育料の減免に関する事務", "（新設）"),
        ("2|市長|市が独自に行う医療の助成", "1|市長|医療費の助成に関する事務"),
        ("3|（略）|（略）", "2|（略）|（略）"),
    ]


def test_a_provision_is_known_again_by_its_former_number() -> None:
    old = "法律 甲法\n第一条　市長は、次に掲げる事務を行う。\n一　医療費の助成\n二　住宅の管理\n"
    new = "法律 甲法\n第一条　市長は、次に掲げる事務を行う。\n一　全く別の文言 〔旧番号 第一条第二号〕\n"
    assert shown(compared(old, new)) == [
        ("第一条　（略）", "第一条　（略）"),
        ("（削除）", "一　医療費の助成"),
        ("一　全く別の文言", "二　住宅の管理"),
    ]


def test_supplementary_provisions_of_the_amendment_are_new() -> None:
    comparison = compared(DRAFT, DRAFT + "\n附則（令和6年石巻市条例第3号）\n1 この条例は、公布の日から施行する。\n")
    assert shown(comparison) == [
        ("附則（令和6年石巻市条例第3号）", "（新設）"),
        ("1 この条例は、公布の日から施行する。", ""),
    ]


def test_a_whole_instrument_may_be_new_or_gone() -> None:
    source = "条例 甲\n第1条 この条例は、公布の日から施行する。\n"
    assert compare(None, document(source)).old_text == ""
    assert [(r.old, r.word) for r in rows(compare(None, document(source)))] == [(None, "（新設）")] * 2
    assert [(r.new, r.word) for r in rows(compare(document(source), None))] == [(None, "（削除）")] * 2
    assert rows(compare(None, None)) == ()


def test_annotations_and_white_space_are_no_change() -> None:
    assert rows(amended(("・分野 福祉〕", "・分野 医療〕"), ("| 項 |", "|項|"), ("1 法第9条", "1　法第9条"))) == ()


# ---- the forms ----------------------------------------------------------------------------------

CHANGES = (
    ("1 法第19条第9号の規定により", "1 法第19条第11号の規定により"),
    ("(1) 図書館資料の貸出し", "(1) <b>「図書」&資料の貸出し"),
    ("住民票関係情報又は障害者関係情報であって", "障害者関係情報であって"),
    ("| 12 | 教育委員会 | 特別支援", "| 12 | 市長 | 番号123456" + "789012の特別支援"),
)


@pytest.mark.parametrize("width", [40, 80, 121])
def test_text_keeps_to_the_width(width: int) -> None:
    text = as_text(amended(*CHANGES), width)
    assert text.startswith("改正後")
    assert max(wcswidth(line) for line in text.splitlines()) <= width
    assert "‾" in text
    assert text.count("*") == 24  # the row stands in two tables
    assert as_text(amended(*CHANGES), width, new_first=False).startswith("改正前")


def test_html_is_a_page_of_its_own() -> None:
    comparison = amended(*CHANGES)
    page = as_html(comparison, title="石巻市<条例>")
    tree = lxml.html.document_fromstring(page)
    assert tree.get("lang") == "ja"
    assert tree.findtext(".//h1") == "石巻市<条例>　新旧対照表"
    assert [th.text for th in tree.iterfind(".//thead//th[@scope='col']")] == ["改正後", "改正前"]
    assert not tree.xpath("//script | //link | //img | //*[@src] | //*[@href] | //b")
    assert "A4 landscape" in page
    assert "text-decoration: underline" in page
    assert "123456" + "789012" not in page
    table = tree.find(".//table[@class='comparison']")
    assert table is not None
    body = table.findall("./tbody/tr")
    assert len(body) == len(rows(comparison))
    for tr, row in zip(body, rows(comparison), strict=True):
        new, old = tr.findall("./td")
        for cell, side in ((new, row.new), (old, row.old)):
            underlined = [u.text for u in cell.iterfind(".//u")]
            assert underlined == [p.text for c in side or () for p in c if p.changed]
            assert cell.text_content().replace(f"［{row.moved}］", "").strip() == "".join(words(side) or [row.word])
    swapped = lxml.html.document_fromstring(as_html(comparison, new_first=False))
    assert [th.text for th in swapped.iterfind(".//thead//th")] == ["改正前", "改正後"]


def test_word_has_real_underlines_and_borders(tmp_path: Path) -> None:
    comparison = amended(*CHANGES)
    path = tmp_path / "新旧.docx"
    write_docx(comparison, path, title="石巻市条例")
    written = docx.Document(str(path))
    section = written.sections[0]
    assert section.orientation == WD_ORIENT.LANDSCAPE
    assert section.page_width > section.page_height
    (table,) = written.tables
    assert table.style.name == "Table Grid"
    assert [c.text for c in table.rows[0].cells] == ["改正後", "改正前"]
    assert table.rows[0]._tr.trPr.xpath("./w:tblHeader")
    for line, row in zip(list(table.rows)[1:], rows(comparison), strict=True):
        for cell, side in zip(line.cells, (row.new, row.old), strict=True):
            inner = cell.tables[0].rows[0].cells if row.tabular and side else [cell]
            runs = [run for c in inner for p in c.paragraphs for run in p.runs]
            assert [r.text for r in runs if r.underline] == [p.text for c in side or () for p in c if p.changed]
            assert "".join(r.text for r in runs) == "".join(words(side) or [row.word])
    assert "123456" + "789012" not in "".join(p.text for p in written.paragraphs)


def test_invisible_characters_are_shown_as_dots(tmp_path: Path) -> None:
    comparison = compared("条例 甲\n第1条 甲\x00乙。\n", "条例 甲\n第1条 甲\u200b乙丙。\n")
    assert "\x00" not in as_text(comparison, 80) + as_html(comparison)
    write_docx(comparison, tmp_path / "a.docx")
    assert "甲·乙" in as_html(comparison).replace("<u>", "").replace("</u>", "")


def test_the_act_itself_is_compared_in_time() -> None:
    old, new = (
        document((HOME / "rules" / name).read_text("utf-8")) for name in ("番号法.jorei", "番号法_令和6年5月27日.jorei")
    )
    start = time.perf_counter()
    comparison = compare(old, new)
    assert time.perf_counter() - start < 15
    assert comparison.old_text == promulgated_text(old.source)
    assert comparison.new_text == promulgated_text(new.source)
    by_old = {words(r.old)[0].split("　")[0]: r for r in rows(comparison) if r.old and r.part.value == "条"}
    assert isinstance(by_old["第二条"], Row)
