"""Tables as Markdown, CSV and Word: every cell, nothing that a spreadsheet runs, cells merged where one goes on."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import docx
import pytest
from docx.oxml.ns import qn
from hypothesis import given
from hypothesis import strategies as st

from api.project import HOME
from api.tables.delimited import as_csv
from api.tables.grid import Grid, GridCell, GridRow, find, grids
from api.tables.markdown import as_markdown
from api.tables.word import write_docx
from dsl.parse import parse
from dsl.text import promulgated_text

FILES = [
    p for p in sorted([*HOME.glob("rules/*.jorei"), *HOME.glob("ordinances/*/*.jorei")]) if grids(p.read_text("utf-8"))
]
TWELVE = "123456" + "789012"
SPANS = """条例 甲
第1条 市長は、次の表による。
| 項 | 機関 | 事務 |
| 1 | 市長 | 甲 |

別表第1（第1条関係）〔列 項 機関 事務〕
| 1 | 市長 | 医療 〔事務 a〕 | 〔期間 平成29年4月1日から〕
| | | 住宅 |
| 1の2 | | 保育 〔注 =1+1〕 |
| 2 | 削除 | |
| 3 | 教育委員会 | 就学 |
"""

cells = st.text(alphabet=st.sampled_from("市長|\n〔〕\"',=+-@＝ 　*_<a1\\"), max_size=8).map(lambda s: s.strip())


@st.composite
def tables(draw: st.DrawFn) -> Grid:
    width = draw(st.integers(1, 4))
    lines = draw(st.lists(st.lists(cells, min_size=width, max_size=width), max_size=5))
    rows = tuple(GridRow(tuple(GridCell(t, t) for t in line), "", at) for at, line in enumerate(lines, 2))
    return Grid("別表第1", "別表第1", tuple(f"欄{n}" for n in range(width)), True, rows, 1, "")


# ---- grids --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_grids_are_the_tables_of_the_parser(path: Path) -> None:
    source = path.read_text("utf-8")
    document, _ = parse(str(path), source)
    held = [*document.tables, *(p.table for a in document.articles for p in a.paragraphs if p.table)]
    found = grids(source)
    assert sorted(len(t.rows) for t in held) == sorted(len(g.rows) for g in found)
    for grid in found:
        table = next(t for t in held if len(t.rows) == len(grid.rows) and t.rows[0].span.line == grid.rows[0].line)
        assert table.columns == (grid.columns[1:] if grid.numbered else grid.columns)
        for row, typed in zip(table.rows, grid.rows, strict=True):
            if not row.deleted:
                texts = typed.texts[1:] if grid.numbered else typed.texts
                assert [t for t in texts if t] == [c.text.raw for c, t in zip(row.cells, texts, strict=True) if t]
    text = promulgated_text(source)
    assert all(cell in text for grid in found for row in grid.rows for cell in row.texts)


def test_a_table_is_found_by_any_way_of_writing_its_name() -> None:
    source = (HOME / "rules/番号法.jorei").read_text("utf-8")
    found = grids(source)
    for name in ("1", "１", "一", "別表第1", "別表第一"):
        grid = find(found, name)
        assert grid is not None
        assert (grid.name, grid.heading, len(grid.rows)) == ("別表第1", "別表第一（第九条関係）", 101)
    assert find(found, "3") is None
    inside = find(grids(SPANS), "第1条")
    assert inside is not None
    assert inside.name == "第1条の表"


# ---- the forms ----------------------------------------------------------------------------------


def test_markdown_is_as_promulgated_unless_asked() -> None:
    plain, annotated = (as_markdown(grids(SPANS)[1:], annotated=a) for a in (False, True))
    assert plain.splitlines()[:5] == [
        "### 別表第1（第1条関係）",
        "",
        "| 項 | 機関 | 事務 |",
        "| --- | --- | --- |",
        "| 1 | 市長 | 医療 |",
    ]
    assert "〔" not in plain
    assert "| 1 | 市長 | 医療 〔事務 a〕 | 〔期間 平成29年4月1日から〕 |" in annotated


@given(tables())
def test_markdown_can_be_read_back(table: Grid) -> None:
    lines = as_markdown([table]).split("\n")[4:-1]
    assert len(lines) == len(table.rows)
    for line, row in zip(lines, table.rows, strict=True):
        held = [c.strip() for c in re.split(r"(?<!\\)(?:\\\\)*\|", line)[1:-1]]
        if not any("\\" in text for text in row.texts):
            read = [re.sub(r"\\(.)", r"\1", c.replace("<br>", "\n")) for c in held]
            assert read == [t.replace("\r\n", "\n") for t in row.texts]


@given(tables())
def test_csv_can_be_read_back_and_runs_nothing(table: Grid) -> None:
    text = as_csv(table)
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert tuple(header) == table.columns
    assert [
        [c.removeprefix("'") if g.startswith(tuple("=+-@＝")) else c for c, g in zip(r, row.texts, strict=True)]
        for r, row in zip(rows, table.rows, strict=True)
    ] == [list(row.texts) for row in table.rows]
    assert not any(cell.lstrip(" 　").startswith(tuple("=+-@＝＋－＠\t")) for row in rows for cell in row)


def test_word_merges_the_cells_that_go_on(tmp_path: Path) -> None:
    path = tmp_path / "表.docx"
    write_docx(grids(SPANS)[1:], path)
    document = docx.Document(str(path))
    (table,) = document.tables
    assert table.style.name == "Table Grid"
    assert document.paragraphs[0].text == "別表第1（第1条関係）"
    assert [c.text for c in table.rows[0].cells] == ["項", "機関", "事務"]

    def merges(row: int) -> list[str | None]:
        properties = [tc.find(qn("w:tcPr")) for tc in table.rows[row]._tr.findall(qn("w:tc"))]
        found = [p.find(qn("w:vMerge")) for p in properties]
        return [None if m is None else m.get(qn("w:val")) for m in found]

    assert [merges(r) for r in range(1, 6)] == [
        ["restart", "restart", None],
        ["continue", "continue", None],
        [None, "continue", None],
        [None, None, None],
        [None, None, None],
    ]
    assert [c.text for c in table.rows[3].cells] == ["1の2", "市長", "保育"]  # the merged cell is that above


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_word_holds_every_row(path: Path, tmp_path: Path) -> None:
    held = grids(path.read_text("utf-8"))
    target = tmp_path / "表.docx"
    write_docx(held, target)
    for table, grid in zip(docx.Document(str(target)).tables, held, strict=True):
        texts = [
            ["".join(t.text or "" for t in tc.iter(qn("w:t"))) for tc in tr.iter(qn("w:tc"))]
            for tr in table._tbl.iter(qn("w:tr"))
        ]
        assert texts[1:] == [list(row.texts) for row in grid.rows]


def test_twelve_digits_are_masked(tmp_path: Path) -> None:
    held = grids(SPANS.replace("就学", TWELVE))
    write_docx(held, tmp_path / "表.docx")
    written = docx.Document(str(tmp_path / "表.docx")).tables[1].rows[5].cells[2].text
    assert written == "*" * 12
    assert TWELVE not in as_markdown(held) + as_csv(held[1])
