"""Workbooks: written as text only, and read back to the very bytes, or refused with the cell."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from typer.testing import CliRunner, Result

from api.cli.app import app
from api.project import HOME
from api.tables.codes import CODES
from api.tables.grid import find, grids
from api.tables.workbook import TableNotFoundError, apply_rows, import_workbook, read_rows, take, write_workbook
from dsl.text import promulgated_text
from tests.tables.test_forms import FILES, TWELVE

PAGES = HOME / "docs" / "ja" / "codes"
SOURCE = """条例 試験市個人番号の利用に関する条例
〔団体 試験市 990099〕〔略称 試験市番号利用条例〕

第1条 法第9条第2項の条例で定める事務は、別表第1の左欄に掲げる機関が行う同表の右欄に掲げる事務とする。

別表第1（第1条関係）
| 項 | 機関 | 事務 |
| 1 | 市長 | 子ども医療費の助成に関する事務 〔事務 child〕 | 〔期間 平成29年4月1日から〕
〔注 二の項は、平成29年に加わった。〕
| 2 | 市長 | 市営住宅の管理に関する事務 〔事務 housing・分野 福祉〕 |
| | | 市営住宅の敷金に関する事務 |
| 3 | 削除 | |
| 4 | 教育委員会 | 就学援助に関する事務 〔事務 school〕 |

附則
この条例は、平成28年1月1日から施行する。
"""

Edit = Callable[[Any], None]


@pytest.fixture
def rule_file(tmp_path: Path) -> Path:
    path = tmp_path / "条例.jorei"
    path.write_text(SOURCE, encoding="utf-8", newline="")
    return path


def edited(rule_file: Path, edit: Edit, *, annotated: bool = False) -> Path:
    """The workbook of the file, with one edit of its only table."""
    path = rule_file.with_name("別表.xlsx")
    source = rule_file.read_bytes().decode("utf-8")
    write_workbook(grids(source), path, document=str(rule_file), annotated=annotated)
    book = load_workbook(path)
    edit(book["別表第1"])
    book.save(path)
    return path


def put(**cells: object) -> Edit:
    def edit(sheet: Any) -> None:
        for name, value in cells.items():
            sheet[name] = value

    return edit


def unmerged(sheet: Any) -> None:
    for area in list(sheet.merged_cells.ranges):
        sheet.unmerge_cells(area.coord)


# ---- there and back ------------------------------------------------------------------------------


@pytest.mark.parametrize("annotated", [False, True])
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_unedited_it_is_the_same_bytes(path: Path, annotated: bool, tmp_path: Path) -> None:
    source = path.read_bytes().decode("utf-8")
    book = tmp_path / "表.xlsx"
    start = time.perf_counter()
    write_workbook(grids(source), book, document=path.name, annotated=annotated)
    assert import_workbook(book, path) == (source, ())
    assert time.perf_counter() - start < 30
    read = read_rows(book)
    assert [[row.cells for row in table.rows] for table in read.tables] == [
        [(*(c.typed for c in row.cells), row.behind) if annotated else row.texts for row in grid.rows]
        for grid in grids(source)
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_rows_applied_to_their_own_file_change_nothing(path: Path) -> None:
    source = path.read_bytes().decode("utf-8")
    for grid in grids(source):
        assert apply_rows(source, grid.name, [row.texts for row in grid.rows]) == source


def test_a_file_of_windows_keeps_its_line_ends(rule_file: Path) -> None:
    windows = "\ufeff" + SOURCE.replace("\n", "\r\n")
    rule_file.write_bytes(windows.encode())
    book = edited(rule_file, put(A7="5"))
    source, found = import_workbook(book, rule_file)
    assert found == ()
    assert source == windows.replace("| 4 | 教育", "| 5 | 教育")


texts = st.text(alphabet="市長教育委員会=+-@'\",*<>&＝０a 　（）", min_size=1, max_size=9).map(str.strip).filter(bool)


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=6), st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_rows_come_back(tmp_path: Path, rows: list[tuple[str, str]], annotated: bool) -> None:
    lines = "\n".join(f"| {at} | {a} 〔注 {at}〕 | {b} |" for at, (a, b) in enumerate(rows, 1))
    source = f"条例 甲\n第1条 甲。\n別表第1（第1条関係）\n| 項 | 機関 | 事務 |\n{lines}\n附則\n乙。"
    file, book = tmp_path / "条例.jorei", tmp_path / "表.xlsx"
    file.write_bytes(source.encode())
    write_workbook(grids(source), book, document="条例.jorei", annotated=annotated)
    assert all(
        cell.data_type == "s" for row in load_workbook(book)["別表第1"].iter_rows() for cell in row if cell.value
    )
    assert import_workbook(book, file) == (source, ())


free = st.text(alphabet="市長事務|｜\n\r〔〕\u200b\"'=1２ 　", max_size=7)


@given(st.lists(st.tuples(free, free), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_edit_is_taken_exactly_or_refused(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    """Newlines, bars, brackets, invisible characters: either the table says just that afterwards, or nothing is written."""
    file = tmp_path / "条例.jorei"
    file.write_bytes(SOURCE.encode())

    def edit(sheet: Any) -> None:
        unmerged(sheet)
        sheet.delete_rows(3, sheet.max_row)
        for at, row in enumerate(rows, 3):
            for column, text in enumerate((str(at - 2), *row), 1):
                sheet.cell(at, column).value = text or None
                if text:
                    sheet.cell(at, column).data_type = "s"

    source, found = import_workbook(edited(file, edit), file)
    wanted = [(str(at), *(text.strip(" \t　\u00a0\r\n") for text in row)) for at, row in enumerate(rows, 1)]
    fit = all(text and not set(text) & set("|｜\n\r〔〕\u200b") for row in wanted for text in row)
    if source is None:
        assert found
        assert not fit or all(d.code == "I0211" for d in found)
    else:
        grid = find(grids(source), "1")
        assert grid is not None
        assert [row.texts for row in grid.rows] == wanted
        header = "| 項 | 機関 | 事務 |\n"
        assert source.partition(header)[:2] == SOURCE.partition(header)[:2]
        assert source.partition("\n附則")[1:] == SOURCE.partition("\n附則")[1:]


# ---- how it is written ---------------------------------------------------------------------------


def test_the_sheet_is_as_a_clerk_expects_it(rule_file: Path) -> None:
    source = SOURCE.replace("就学援助に関する事務", "=HYPERLINK(1)")
    path = rule_file.with_name("別表.xlsx")
    write_workbook(grids(source), path, document="条例.jorei")
    book = load_workbook(path)
    assert book.sheetnames == ["別表第1", "jorei"]
    assert book["jorei"].sheet_state == "hidden"
    assert [c.value for c in book["jorei"][4]][:3] == ["別表第1", "別表第1", grids(source)[0].digest]
    sheet = book["別表第1"]
    assert sheet["A1"].value == "別表第1（第1条関係）"
    assert [c.value for c in sheet[2]] == ["項", "機関", "事務"]
    assert sheet["C7"].value == "=HYPERLINK(1)"
    assert (sheet["C7"].data_type, sheet["C7"].quotePrefix) == ("s", True)
    assert sorted(area.coord for area in sheet.merged_cells.ranges) == ["A4:A5", "B4:B5"]
    assert sheet.freeze_panes == "A3"
    assert sheet.print_title_rows == "$1:$2"
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
    cells = [c for row in sheet["A2:C7"] for c in row if isinstance(c, Cell)]  # not those hidden behind a merged one
    assert len(cells) == 16
    assert all(c.alignment.wrap_text and c.number_format == "@" for c in cells)
    assert "〔" not in "".join(str(c.value) for row in sheet.iter_rows() for c in row)
    assert sheet.column_dimensions["C"].width > sheet.column_dimensions["A"].width


# ---- what an edit becomes ------------------------------------------------------------------------


def test_only_the_edited_row_changes_and_keeps_its_annotations(rule_file: Path) -> None:
    source, found = import_workbook(edited(rule_file, put(C7="就学援助の支給に関する事務")), rule_file)
    assert source == SOURCE.replace("就学援助に関する事務 〔", "就学援助の支給に関する事務 〔")
    assert [d.code for d in found] == ["I0212"]
    assert "C7" in found[0].message
    assert "〔事務 school〕" in found[0].message


def test_a_renumbered_row_keeps_its_annotations_in_silence(rule_file: Path) -> None:
    assert import_workbook(edited(rule_file, put(A7="5")), rule_file) == (SOURCE.replace("| 4 |", "| 5 |"), ())


def test_a_row_put_in_has_no_annotations_and_a_row_taken_out_is_told(rule_file: Path) -> None:
    def put_in(sheet: Any) -> None:
        for column, text in enumerate(("5", "市長", "見舞金の支給に関する事務"), 1):
            sheet.cell(8, column).value = text

    line = "| 5 | 市長 | 見舞金の支給に関する事務 |\n"
    done = take(edited(rule_file, put_in), rule_file)
    assert (done.source, done.diagnostics) == (
        SOURCE.replace("\n附則", f"{line}\n附則").replace("\n\n" + line, "\n" + line),
        (),
    )
    assert (done.added, done.removed, done.reworded) == (1, 0, 0)
    done = take(edited(rule_file, lambda sheet: sheet.delete_rows(7)), rule_file)
    assert done.source == SOURCE.replace("| 4 | 教育委員会 | 就学援助に関する事務 〔事務 school〕 |\n", "")
    assert [d.code for d in done.diagnostics] == ["I0213"]
    assert "〔事務 school〕" in done.diagnostics[0].message


def test_another_affair_under_the_same_number_gets_no_annotations(rule_file: Path) -> None:
    """The period and the id of one affair must not pass to another."""
    done = take(edited(rule_file, put(C7="墓園の使用料の減免")), rule_file)
    assert done.source is not None
    assert "| 4 | 教育委員会 | 墓園の使用料の減免 |\n" in done.source
    assert "school" not in done.source
    assert [d.code for d in done.diagnostics] == ["I0213"]


def test_with_annotations_the_workbook_says_them(rule_file: Path) -> None:
    edit = put(C7="就学援助に関する事務 〔事務 aid・分野 福祉〕", D4="〔期間 平成30年4月1日から〕")
    source, found = import_workbook(edited(rule_file, edit, annotated=True), rule_file)
    assert found == ()
    assert source == SOURCE.replace("〔事務 school〕", "〔事務 aid・分野 福祉〕").replace(
        "〔事務 housing・分野 福祉〕 |\n", "〔事務 housing・分野 福祉〕 | 〔期間 平成30年4月1日から〕\n"
    )


def test_a_cell_may_be_merged_with_the_one_above(rule_file: Path) -> None:
    def edit(sheet: Any) -> None:
        sheet["B4"] = None
        unmerged(sheet)
        sheet.merge_cells("A4:A5")
        sheet.merge_cells("B3:B5")

    assert import_workbook(edited(rule_file, edit), rule_file) == (SOURCE.replace("| 2 | 市長 |", "| 2 | |"), ())


def test_lines_between_rows_stay(rule_file: Path) -> None:
    source, _ = import_workbook(edited(rule_file, put(C3="子ども医療費の助成の事務")), rule_file)
    assert source is not None
    assert promulgated_text(source) == promulgated_text(SOURCE).replace(
        "子ども医療費の助成に関する事務", "子ども医療費の助成の事務"
    )
    assert "〔期間 平成29年4月1日から〕\n〔注 二の項は、平成29年に加わった。〕\n| 2 |" in source


def row_moved(sheet: Any) -> None:
    """Row 1 goes to the end, under its number."""
    unmerged(sheet)
    held = [sheet.cell(3, column).value for column in (1, 2, 3)]
    sheet.delete_rows(3)
    for column, text in enumerate(held, 1):
        sheet.cell(7, column).value = text


def test_a_moved_row_is_moved_with_its_annotations_and_its_number_is_told(rule_file: Path) -> None:
    done = take(edited(rule_file, row_moved), rule_file)
    assert done.source is not None
    assert (done.added, done.removed, done.reworded, done.moved) == (0, 0, 0, 1)
    rows = [line for line in done.source.split("\n") if line.startswith("|")]
    assert rows[-1] == "| 1 | 市長 | 子ども医療費の助成に関する事務 〔事務 child〕 | 〔期間 平成29年4月1日から〕"
    (found,) = done.diagnostics
    assert (found.code, "1の項が、4の項の後にあります" in found.message) == ("I0214", True)


def test_words_of_several_fonts_are_one_text(rule_file: Path) -> None:
    def edit(sheet: Any) -> None:
        sheet["C7"].value = CellRichText(TextBlock(InlineFont(b=True), "就学援助費"), "に関する事務")

    done = take(edited(rule_file, edit), rule_file)
    assert "| 4 | 教育委員会 | 就学援助費に関する事務 〔事務 school〕 |" in (done.source or "")


# ---- what is refused -----------------------------------------------------------------------------


def merged(area: str) -> Edit:
    def edit(sheet: Any) -> None:
        unmerged(sheet)
        sheet.merge_cells(area)

    return edit


def added_sheet(sheet: Any) -> None:
    sheet.parent.create_sheet("控え")["A1"] = "控え"


def without_origin(sheet: Any) -> None:
    sheet.parent.remove(sheet.parent["jorei"])


def other_table(sheet: Any) -> None:
    sheet.parent["jorei"]["B4"] = "別表第9"


def no_row(sheet: Any) -> None:
    unmerged(sheet)
    sheet.delete_rows(3, 9)


def head_taken_out(sheet: Any) -> None:
    """Row 2 goes, and the row that went on from it would go on from row 1."""
    unmerged(sheet)
    sheet.delete_rows(4)


def row_between(sheet: Any) -> None:
    """A row 2の2 between row 2 and the row that goes on from it."""
    unmerged(sheet)
    sheet.insert_rows(5)
    for column, text in enumerate(("2の2", "町長", "墓園の管理に関する事務"), 1):
        sheet.cell(5, column).value = text


def struck(sheet: Any) -> None:
    sheet["C7"].font = Font(strike=True)


def struck_in_part(sheet: Any) -> None:
    sheet["C7"].value = CellRichText(TextBlock(InlineFont(strike=True), "就学"), "援助に関する事務")


REFUSED: dict[str, tuple[Edit, str, str]] = {
    "no hidden sheet": (without_origin, "I0201", ""),
    "a sheet of nobody": (added_sheet, "I0202", "シート「控え」のセル A1"),
    "a table that is not there": (other_table, "I0202", "シート「別表第1」"),
    "a column gone": (lambda sheet: sheet.delete_cols(2), "I0204", "B2"),
    "a column renamed": (put(C2="事業"), "I0204", "C2"),
    "a cell outside": (put(E4="メモ"), "I0204", "E4"),
    "merged over columns": (merged("B4:C4"), "I0205", "B4"),
    "a block merged": (merged("B3:C5"), "I0205", "B3"),
    "a formula": (put(C7="=1+1"), "I0206", "C7"),
    "a number with a fraction": (put(C7=1.5), "I0206", "C7"),
    "a truth value": (put(C7=True), "I0206", "C7"),
    "no number": (put(A7="四番"), "I0207", "A7"),
    "a number twice": (put(A7="２"), "I0207", "A7"),
    "twelve digits": (put(C7=f"事務{TWELVE}"), "I0208", "C7"),
    "twelve digits as a number": (put(C7=int(TWELVE)), "I0208", "C7"),
    "twelve digits over lines": (put(C7=f"{TWELVE[:6]}\n{TWELVE[6:]}"), "I0208", "C7"),
    "a line break": (put(C7="就学援助に\n関する事務"), "I0209", "C7"),
    "a bar": (put(C7="就学｜援助"), "I0209", "C7"),
    "words struck out": (struck, "I0215", "C7"),
    "some words struck out": (struck_in_part, "I0215", "C7"),
    "an annotation": (put(C7="就学援助 〔事務 x〕"), "I0209", "C7"),
    "an invisible character": (put(C7="就学\u200b援助"), "I0209", "C7"),
    "a cell emptied": (put(B7=None), "I0210", "B7"),
    "a row that would go on from another": (head_taken_out, "I0210", "A4"),
    "a row put before one that goes on": (row_between, "I0210", "A6"),
    "no row": (no_row, "I0210", "A3"),
    "an empty row between": (put(A6=None, B6=None, C6=None), "I0210", "A6"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_its_cell(name: str, rule_file: Path) -> None:
    edit, code, cell = REFUSED[name]
    source, found = import_workbook(edited(rule_file, edit), rule_file)
    assert source is None
    wrong = [d for d in found if d.code == code and cell in d.message]
    assert wrong, [(d.code, d.message) for d in found]
    assert all(d.help and d.reason for d in found)
    assert TWELVE not in "".join(d.message + d.help for d in found)


def test_a_table_that_changed_meanwhile_is_not_overwritten(rule_file: Path) -> None:
    book = edited(rule_file, put(C7="就学援助の支給に関する事務"))
    rule_file.write_text(SOURCE.replace("子ども医療費", "乳幼児医療費"), encoding="utf-8")
    source, found = import_workbook(book, rule_file)
    assert source is None
    assert [d.code for d in found] == ["I0203"]


def test_a_bracket_that_does_not_close_is_refused(rule_file: Path) -> None:
    source, found = import_workbook(edited(rule_file, put(C7="就学援助 〔事務 x"), annotated=True), rule_file)
    assert source is None
    assert {d.code for d in found} == {"I0211"}


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\x03\x04", b"not a workbook", b"PK\x05\x06" + b"\0" * 18],
    ids=["empty", "half", "text", "no parts"],
)
def test_no_workbook_is_refused(data: bytes, rule_file: Path) -> None:
    path = rule_file.with_name("表.xlsx")
    path.write_bytes(data)
    source, found = import_workbook(path, rule_file)
    assert source is None
    assert [d.code for d in found] == ["I0201"]


def test_a_table_by_another_name_is_an_error() -> None:
    with pytest.raises(TableNotFoundError, match="別表第9"):
        apply_rows(SOURCE, "別表第9", [])


def test_every_code_has_a_page_and_is_refused_somewhere() -> None:
    for code, entry in CODES.items():
        page = (PAGES / f"{code}.md").read_text("utf-8")
        assert page.startswith(f"# {code} {entry.title}（{entry.severity.value}）")
        assert entry.reason in page
        for part in ("## 何が起きているか", "## なぜ問題か", "## 直し方", "## 例", "誤り", "正しい例"):
            assert part in page
    tested = {code for _, code, _ in REFUSED.values()} | {"I0203", "I0211", "I0212", "I0213", "I0214"}
    assert tested == set(CODES)


# ---- the commands --------------------------------------------------------------------------------


def jorei(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_there_and_back_by_commands(rule_file: Path) -> None:
    book = rule_file.with_name("表.xlsx")
    done = jorei("tables", rule_file, "--format", "xlsx", "--output", book)
    assert done.exit_code == 0, done.output
    done = jorei("import", book, "--into", rule_file)
    assert (done.exit_code, rule_file.read_text("utf-8")) == (0, SOURCE)
    changed = load_workbook(book)
    changed["別表第1"]["C7"] = "就学援助の支給に関する事務"
    changed.save(book)
    done = jorei("import", book, "--into", rule_file)
    assert done.exit_code == 1
    assert "改めた行 1" in done.stderr
    assert "I0212" in done.stderr
    assert "就学援助の支給に関する事務 〔事務 school〕" in rule_file.read_text("utf-8")
    before = rule_file.read_bytes()
    done = jorei("import", book, "--into", rule_file)  # the file is another one now
    assert done.exit_code == 1
    assert "I0203" in done.stderr
    assert "変わっていません" in done.stderr
    assert rule_file.read_bytes() == before
    assert sorted(p.name for p in rule_file.parent.iterdir()) == ["条例.jorei", "表.xlsx"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("tables", "FILE", "--format", "xlsx"), "--output"),
        (("tables", "FILE", "--table", "9"), "別表第1"),
        (("tables", "無い"), "無い"),
        (("tables", "FILE", "--output", "FILE"), "既にあります"),
        (("import", "BOOK"), "--into"),
        (("import", "BOOK", "--into", "無い.jorei"), "無い.jorei"),
        (("import", "FILE", "--into", "FILE"), "表計算の表"),
        (("tables", "HOME", "--format", "csv"), "一つ"),
        (("tables", "HOME", "--format", "docx", "--output", "NEW.docx"), "文書を指定"),
    ],
)
def test_wrong_calls(arguments: tuple[str, ...], words: str, rule_file: Path) -> None:
    book = rule_file.with_name("表.xlsx")
    shutil.copy(rule_file, book)
    names = {"FILE": rule_file, "BOOK": book, "HOME": HOME / "ordinances", "NEW.docx": rule_file.with_name("新.docx")}
    result = jorei(*(names.get(a, a) for a in arguments))
    assert result.exit_code == 2, result.output
    assert words in result.stderr


def test_the_forms_by_command(rule_file: Path) -> None:
    shown = jorei("tables", rule_file, "--table", "1")
    assert shown.stdout.startswith("## 試験市個人番号の利用に関する条例")
    assert "| 4 | 教育委員会 | 就学援助に関する事務 |" in shown.stdout
    annotated = jorei("tables", rule_file, "--with-annotations")
    assert "〔事務 school〕" in annotated.stdout
    target = rule_file.with_name("表.csv")
    assert jorei("tables", rule_file, "--format", "csv", "--output", target).exit_code == 0
    assert target.read_bytes().startswith(b"\xef\xbb\xbf")
    assert '"4","教育委員会","就学援助に関する事務"\r\n' in target.read_bytes().decode("utf-8-sig")
    word = rule_file.with_name("表.docx")
    assert jorei("tables", rule_file, "--format", "docx", "--output", word).exit_code == 0
    assert word.stat().st_size > 0


def test_a_file_with_a_broken_table_or_twelve_digits_is_refused(rule_file: Path) -> None:
    for before, after, code in (("| 2 | 市長 |", "| 2 |", "J0041"), ("就学援助", TWELVE, "J0004")):
        rule_file.write_text(SOURCE.replace(before, after), encoding="utf-8")
        result = jorei("tables", rule_file)
        assert result.exit_code == 1
        assert code in result.stderr
        assert TWELVE not in result.output
        assert result.stdout == ""
