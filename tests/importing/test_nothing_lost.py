"""What a document holds beside plain lines of text — pictures, fields, footnotes, merged cells — is told, and grants nothing."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from api.importing.reading import read_source
from dsl.importing.rule_file import Given, Imported
from dsl.importing.source import Source
from dsl.parse import parse
from tests.importing.documents import imported

BODY = Given(municipality=("試験市", "990099"))
SCOPE = "第1条　法第9条第2項の条例で定める事務は、別表の左欄に掲げる機関が行う同表の右欄に掲げる事務とする。"
TABLE = (
    "別表（第1条関係）\n項\t機関\t事務\n1\t市長\t子ども医療費の助成に関する事務\n2\t市長\t市営住宅の管理に関する事務\n"
)
ENTRY = "附　則\nこの条例は、平成28年1月1日から施行する。\n"
TITLE = "○試験市個人番号の利用に関する条例\n平成27年12月18日条例第41号\n"


def taken(data: str | bytes) -> Imported:
    """A document taken in for a body."""
    return imported(data.encode() if isinstance(data, str) else data, given=BODY)


def page(inside: str = "", scope: str = SCOPE, rows: str = "", behind: str = "") -> str:
    """An ordinance as a page, with something behind its first article, in its table, or at its end."""
    head = '<html><head><meta charset="utf-8"></head><body>'
    lines = "".join(f"<p>{line}</p>" for line in TITLE.split("\n"))
    entry = "".join(f"<p>{line}</p>" for line in ENTRY.split("\n"))
    table = "<tr><td>項</td><td>機関</td><td>事務</td></tr><tr><td>1</td><td>市長</td><td>子ども医療費の助成に関する事務</td></tr>"
    table = f"<p>別表（第1条関係）</p><table>{table}{rows}</table>"
    return f"{head}{lines}<p>{scope}</p>{inside}{entry}{table}{behind}</body></html>"


def codes(made: Imported) -> list[str]:
    """The codes of the findings."""
    return [d.code for d in made.findings]


def rows(made: Imported) -> list[str]:
    """The rows of the tables."""
    return [line for line in (made.text or "").split("\n") if line.startswith("|")]


def said(made: Imported, code: str) -> str:
    """What the finding of a code says; there is one."""
    (found,) = (d for d in made.findings if d.code == code)
    return found.message


# ---- pages ----------------------------------------------------------------------------------------


def test_the_page_itself_is_without_doubt() -> None:
    made = taken(page())
    assert made.findings == ()
    assert made.marked == ()


@pytest.mark.parametrize(
    ("image", "named"),
    [('<img src="a/gaiji1.gif">', "gaiji1.gif"), ('<img src="g.png" alt="髙">', "代わりの文字「髙」")],
)
def test_a_picture_of_a_character_is_not_passed_over(image: str, named: str) -> None:
    made = taken(page(scope=SCOPE.replace("左欄に掲げる", f"左欄に掲げる{image}")))
    assert named in said(made, "I0128")
    (sentence,) = (m for m in made.marked if "〓" in m.reason)
    assert "左欄に掲げる〓機関" in sentence.text


def test_a_row_with_a_picture_grants_nothing() -> None:
    made = taken(page(rows='<tr><td>2</td><td>市長</td><td><img src="g1.gif">橋地区の住宅に関する事務</td></tr>'))
    assert rows(made)[-1] == "| 2 | 市長 | 〓橋地区の住宅に関する事務 | 〔未表現 要確認: 「〓」の所の字が分からない〕"


@pytest.mark.parametrize(
    "image", ['<img src="x.gif" alt="">', '<img src="img/spacer.gif">', '<img src="x.gif" width=1>']
)
def test_pictures_that_lay_the_page_out_are_none(image: str) -> None:
    assert taken(page(scope=image + SCOPE)).findings == ()


def test_a_line_that_is_a_picture_is_told_inside_the_text_only() -> None:
    assert "I0128" in codes(taken(page(behind='<p><img src="table2.gif"></p>')))
    logo = page().replace("<body>", '<body><p><img src="city.gif" alt="試験市"></p>')
    made = taken(logo)
    assert made.findings == ()
    assert [x.why for x in made.left_out].count("画像") == 1


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        ("<textarea>２　市長は、広報をする。</textarea>", "入力欄"),
        ("<p><input value='２　市長は、広報をする。'></p>", "入力欄"),
        ("<div style='display:none'>第2条　市長は、広報をする。</div>", "画面に出ない部分"),
        ("<aside>第2条　市長は、広報をする。</aside>", "画面の部品"),
        ("<iframe src='2.html'>第2条　市長は、広報をする。</iframe>", "枠の中"),
    ],
    ids=["field", "input", "hidden", "aside", "frame"],
)
def test_a_sentence_in_a_part_of_the_page_is_told(inside: str, why: str) -> None:
    made = taken(page(inside))
    assert f"は、{why}とみて写していません" in said(made, "I0122")


def test_a_hidden_part_in_a_cell_does_not_take_the_table_apart() -> None:
    made = taken(
        page(
            rows="<tr><td>2</td><td>市長<span style='display:none'>x</span></td><td>市営住宅の管理に関する事務</td></tr>"
        )
    )
    assert rows(made)[-1] == "| 2 | 市長 | 市営住宅の管理に関する事務 |"
    assert ("画面に出ない部分", "x") in [(x.why, x.text) for x in made.left_out]


def test_words_struck_out_are_told() -> None:
    assert "「左欄」" in said(taken(page(scope=SCOPE.replace("左欄", "<s>左欄</s>"))), "I0129")


def test_a_bare_less_than_sign_does_not_swallow_the_rest() -> None:
    made = taken(page("<p>第2条　a<bの場合に広報をする。</p>"))
    assert "<bの場合" in said(made, "I0128")
    assert "第2条　a〓" in (made.text or "")


# ---- text -----------------------------------------------------------------------------------------


def test_a_row_that_is_broken_off_grants_nothing_and_the_next_one_stays_a_row() -> None:
    broken = TABLE + "3\t市長\t難病手当の支給に\n関する事務\n4\t市長\t水道料金の減免に関する事務\n"
    made = taken(TITLE + SCOPE + "\n" + ENTRY + broken)
    assert rows(made)[-2:] == [
        "| 3 | 市長 | 難病手当の支給に | 〔未表現 要確認: 次の行が、この行の続きかもしれない〕",
        "| 4 | 市長 | 水道料金の減免に関する事務 |",
    ]
    assert "〔注 関する事務〕" in (made.text or "")


def test_a_row_with_a_cell_too_many_leaves_the_others_alone() -> None:
    made = taken(TITLE + SCOPE + "\n" + ENTRY + TABLE + "3\t市長\t難病手当に関する事務\t余り\n")
    assert ["未表現" in row for row in rows(made)] == [False, False, False, True]


def test_page_numbers_and_the_rule_of_a_markdown_table_are_no_text() -> None:
    table = (
        "別表（第1条関係）\n| 項 | 機関 | 事務 |\n|---|---|---|\n| 1 | 市長 | 子ども医療費の助成に関する事務 |\n- 2 -\n"
    )
    made = taken(TITLE + SCOPE[:30] + "\n- 1 -\n" + SCOPE[30:] + "\n" + ENTRY + table)
    assert made.findings == ()
    assert {"ページの番号", "罫線"} <= {x.why for x in made.left_out}
    assert len(rows(made)) == 2


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("第3条　市長は、公表する。\n", "第1条の次が第3条です"),
        ("３　市長は、公表する。\n", "第1項の次が第3項です"),
        ("第2条　次に掲げる事務とする。\n(1)　甲\n(3)　丙\n", "第1号の次が第3号です"),
    ],
    ids=["article", "paragraph", "item"],
)
def test_numbers_that_leap_are_told(lines: str, message: str) -> None:
    assert message in said(taken(TITLE + SCOPE + "\n" + lines + ENTRY + TABLE), "I0130")


def test_a_table_that_begins_anew_in_one_table_is_told() -> None:
    made = taken(TITLE + SCOPE + "\n" + ENTRY + TABLE + "\n".join(TABLE.split("\n")[1:]))
    assert said(made, "I0130") == "2の項の後に、1の項があります"


def test_a_header_repeated_over_the_page_is_no_row() -> None:
    again = "<table><tr><td>項</td><td>機関</td><td>事務</td></tr><tr><td>2</td><td>市長</td><td>市営住宅の管理に関する事務</td></tr></table>"
    made = taken(page(behind=again))
    assert made.findings == ()
    assert rows(made)[1:] == [
        "| 1 | 市長 | 子ども医療費の助成に関する事務 |",
        "| 2 | 市長 | 市営住宅の管理に関する事務 |",
    ]


def test_typed_pages_keep_their_lines() -> None:
    made = taken(f"<html><body><pre>{TITLE}{SCOPE}\n{ENTRY}{TABLE}</pre></body></html>")
    assert made.findings == ()
    assert len(rows(made)) == 3


@pytest.mark.parametrize("heads", [("改正後", "改正前"), ("現行", "改正案"), ("新", "旧")])
def test_a_comparison_of_old_and_new_is_refused(heads: tuple[str, str]) -> None:
    cells = "".join(f"<td>{head}</td>" for head in heads)
    table = (
        f"<table><tr>{cells}</tr><tr><td>第1条　市長は、公表する。</td><td>第1条　町長は、公表する。</td></tr></table>"
    )
    assert codes(taken(page(table))) == ["I0109"]


def test_a_row_lost_from_a_table_is_told() -> None:
    made = taken(TITLE + SCOPE + "\n" + ENTRY + TABLE.replace("\n2\t", "\n3\t"))
    assert "第1項の次が第3項です" in said(made, "I0130")


def test_lists_that_begin_anew_do_not_leap() -> None:
    lines = "第2条　次のとおりとする。\n(1)　甲\nア　子\nイ　丑\n(2)　乙\nア　寅\n第3条　次のとおりとする。\n(1)　丙\n"
    assert "I0130" not in codes(taken(TITLE + SCOPE + "\n" + lines + ENTRY + TABLE))


@pytest.mark.parametrize("several", ["第2条から第4条まで　削除", "第2条及び第3条　削除", "第二条から第四条まで　削除"])
def test_articles_repealed_together_are_an_article_of_the_language(several: str) -> None:
    following = "第4条" if "及び" in several else "第5条"
    made = taken(
        TITLE
        + SCOPE
        + "\n"
        + several
        + f"\n{following}（委任）\nこの条例の施行に関し必要な事項は、規則で定める。\n"
        + ENTRY
        + TABLE
    )
    assert made.findings == ()
    document, found = parse("x", made.text or "")
    assert not found
    assert several in (made.text or "")
    assert [a.number for a in document.articles][:2] == ["1", "2"]


def test_forms_do_not_become_rows_and_what_follows_them_is_read() -> None:
    form = "様式第1号（第1条関係）\n申請書\n氏名\t\n上記のとおり申請します。\n"
    made = taken(TITLE + SCOPE + "\n" + TABLE + form + ENTRY)
    assert [row.count("未表現") for row in rows(made)] == [0, 0, 0]
    assert "「様式第1号（第1条関係）」から後の様式（4か所）は写していません" in said(made, "I0122")
    assert "平成28年1月1日から施行する。" in (made.text or "")


def test_an_amending_ordinance_is_refused_in_its_own_words() -> None:
    amending = "試験市個人番号の利用に関する条例（平成27年試験市条例第41号）の一部を次のように改正する。\n第1条中「別表」を「別表第1」に改める。\n"
    made = taken(TITLE.replace("に関する条例", "に関する条例の一部を改正する条例") + amending + ENTRY)
    assert made.refused
    assert codes(made) == ["I0109"]
    whole = taken(TITLE + SCOPE + "\n" + ENTRY + "2　ほかの条例の一部を次のように改正する。\n" + TABLE)
    assert not whole.refused


# ---- Word -----------------------------------------------------------------------------------------


def word(change: Callable[[Any, Any], None]) -> bytes:
    """The ordinance in Word, changed."""
    document = docx.Document()
    for line in (TITLE + SCOPE + "\n" + ENTRY).split("\n"):
        if line:
            document.add_paragraph(line)
    document.add_paragraph("別表（第1条関係）")
    cells = [line.split("\t") for line in TABLE.strip().split("\n")[1:]]
    table = document.add_table(rows=len(cells), cols=3)
    for y, row in enumerate(cells):
        for x, text in enumerate(row):
            table.cell(y, x).text = text
    change(document, table)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def put(document: Any, xml: str) -> None:
    """A piece of markup into a run of the first article."""
    run = document.paragraphs[2].add_run()
    run._r.append(parse_xml(xml))
    document.paragraphs[2].add_run("（注）とする。")


def test_the_document_itself_is_without_doubt() -> None:
    assert taken(word(lambda _d, _t: None)).findings == ()


@pytest.mark.parametrize(
    ("xml", "named"),
    [
        (f'<w:sym {nsdecls("w")} w:font="Wingdings" w:char="F0FC"/>', "記号"),
        (
            '<m:oMath xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"><m:r><m:t>x</m:t></m:r></m:oMath>',
            "数式",
        ),
        (f"<w:drawing {nsdecls('w')}/>", "画像か図形"),
    ],
    ids=["symbol", "formula", "picture"],
)
def test_what_is_no_text_in_word_is_told(xml: str, named: str) -> None:
    made = taken(word(lambda document, _t: put(document, xml)))
    assert said(made, "I0128").startswith(named)
    assert any("〓" in m.reason for m in made.marked)


def _strike(document: Any, _table: Any) -> None:
    document.paragraphs[4].add_run("ただし、古い定めによる。").font.strike = True


def _hide(document: Any, _table: Any) -> None:
    document.paragraphs[4].add_run("ただし、古い定めによる。").font.hidden = True


@pytest.mark.parametrize(("change", "named"), [(_strike, "取消線"), (_hide, "隠し文字")], ids=["struck", "hidden"])
def test_runs_that_are_struck_or_hidden_are_told(change: Callable[[Any, Any], None], named: str) -> None:
    assert said(taken(word(change)), "I0129").startswith(named)


def test_footnotes_are_told() -> None:
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part

    def change(document: Any, _table: Any) -> None:
        xml = f'<w:footnotes {nsdecls("w")}><w:footnote w:id="2"><w:p><w:r><w:t>改められた。</w:t></w:r></w:p></w:footnote></w:footnotes>'
        kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
        part = Part(PackURI("/word/footnotes.xml"), kind, xml.encode(), document.part.package)
        relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
        document.part.relate_to(part, relation)

    assert "「改められた。」は、脚注とみて" in said(taken(word(change)), "I0122")


def test_a_row_deleted_with_tracked_changes_is_gone_and_told() -> None:
    def change(_document: Any, table: Any) -> None:
        table.rows[2]._tr.get_or_add_trPr().append(parse_xml(f'<w:del {nsdecls("w")} w:id="1" w:author="a"/>'))

    made = taken(word(change))
    assert "I0126" in codes(made)
    assert len(rows(made)) == 2


def _nested(_document: Any, table: Any) -> None:
    table.cell(1, 2).add_table(1, 2).cell(0, 0).text = "内訳"


def _two_affairs(_document: Any, table: Any) -> None:
    table.cell(1, 2).add_paragraph("市営住宅の管理に関する事務")


def _across(_document: Any, table: Any) -> None:
    table.cell(1, 1).merge(table.cell(1, 2))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_nested, "欄の中に表がある"),
        (_two_affairs, "一つの欄に事務が二つ以上ある"),
        (_across, "横に結合された欄がある"),
    ],
    ids=["nested", "two-affairs", "across"],
)
def test_cells_that_a_row_cannot_hold_are_marked(change: Callable[[Any, Any], None], reason: str) -> None:
    made = taken(word(change))
    assert rows(made)[1].endswith(f"〔未表現 要確認: {reason}〕")
    assert "未表現" not in rows(made)[2]


def test_a_cell_broken_into_lines_is_one() -> None:
    def change(_document: Any, table: Any) -> None:
        table.cell(1, 2).text = "子ども医療費の助成に"
        table.cell(1, 2).add_paragraph("関する事務")

    assert rows(taken(word(change)))[1] == "| 1 | 市長 | 子ども医療費の助成に関する事務 |"


def test_words_under_a_merged_cell_are_told() -> None:
    def change(_document: Any, table: Any) -> None:
        for y, value in ((1, "restart"), (2, "continue")):
            table.cell(y, 1)._tc.get_or_add_tcPr().append(parse_xml(f'<w:vMerge {nsdecls("w")} w:val="{value}"/>'))

    assert "「市長」は、結合されて見えない欄とみて" in said(taken(word(change)), "I0122")


def test_a_page_of_pictures_alone_has_no_text() -> None:
    source = read_source("x.html", b"<html><body><img src=a.gif><img src=b.gif></body></html>")
    assert not isinstance(source, Source)
    assert source.code == "I0102"
