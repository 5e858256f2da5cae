"""Edited workbooks as rows, refused with the cell where something is not as a table of a rule file can be."""

from __future__ import annotations

import unicodedata
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.tables.codes import finding
from api.tables.workbook_form import COLUMNS_ROW, FIRST_ROW, FORM, ORIGIN, Written
from dsl.diagnostics import Diagnostic
from dsl.masking import twelve_digits
from dsl.normalise import provision_number

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

#: a workbook larger than this is none of ours: bytes in the file, bytes unpacked, rows
_LARGEST, _UNPACKED, _ROWS = 20_000_000, 300_000_000, 20_000
_AGAIN = "jorei tables --format xlsx で書き出し直し、その表を直してください。"
_SPACE = " \t　\u00a0\r\n"


@dataclass(frozen=True, slots=True)
class EditedRow:
    """A row: its cells, "" where the cell above goes on; its row of the sheet; the columns merged with the row above."""

    cells: tuple[str, ...]
    at: int
    merged: frozenset[int]


@dataclass(frozen=True, slots=True)
class EditedTable:
    """The rows of one sheet, and the table it was written from."""

    written: Written
    rows: tuple[EditedRow, ...]


@dataclass(frozen=True, slots=True)
class Edited:
    """A workbook as read; a table is there only when nothing is wrong with its sheet. `absent` are those without one."""

    document: str
    annotated: bool
    tables: tuple[EditedTable, ...]
    diagnostics: tuple[Diagnostic, ...]
    absent: tuple[str, ...] = ()


def read_rows(path: Path) -> Edited:
    """Read a workbook that `write_workbook` wrote and a person edited.

    Args:
        path: the .xlsx file.

    Returns:
        The rows of each sheet, and every finding with its sheet and cell.

    Raises:
        OSError: If the file cannot be read.
    """
    return _Reader(str(path)).read(path)


@dataclass(slots=True)
class _Reader:
    path: str
    found: list[Diagnostic] = field(default_factory=list)

    def add(self, code: str, sheet: str, row: int, column: int, message: str, help_: str) -> None:
        self.found.append(finding(code, self.path, sheet, row, column, message, help_))

    def read(self, path: Path) -> Edited:
        book = self._opened(path)
        lines = [] if book is None or ORIGIN not in book.sheetnames else _lines(book[ORIGIN])
        if book is None or not _is_ours(lines):
            if not self.found:
                self.add("I0201", "", 1, 1, "jorei tables が書き出した表計算の表ではありません", _AGAIN)
            return Edited("", False, (), tuple(self.found))
        annotated = lines[2][1] == "あり"
        written = {line[0]: Written(line[0], line[1], line[2], tuple(line[3:])) for line in lines[3:]}
        tables = []
        for sheet in book.worksheets:
            if sheet.title == ORIGIN:
                continue
            if sheet.title not in written:
                self.add(
                    "I0202",
                    sheet.title,
                    1,
                    1,
                    "このシートは、どの表のものか分かりません",
                    f"シートを加えたり、名を変えたりせずに{_AGAIN}",
                )
                continue
            before = len(self.found)
            rows = self._rows(sheet, written[sheet.title], annotated)
            if len(self.found) == before:
                tables.append(EditedTable(written[sheet.title], rows))
        absent = tuple(one.table for name, one in written.items() if name not in book.sheetnames)
        return Edited(lines[1][1], annotated, tuple(tables), tuple(self.found), absent)

    def _opened(self, path: Path) -> Workbook | None:
        from openpyxl import load_workbook

        size = path.stat().st_size
        try:
            with zipfile.ZipFile(path) as packed:
                size = max(size, sum(info.file_size for info in packed.infolist()) * _LARGEST // _UNPACKED)
            if size <= _LARGEST:
                return load_workbook(path, keep_links=False, rich_text=True)
            self.add("I0201", "", 1, 1, "表計算の表が大きすぎます", _AGAIN)
        except OSError:
            raise
        except Exception as error:  # whatever a broken or hostile file makes the reader raise
            self.add("I0201", "", 1, 1, f"表計算の表（.xlsx）として開けません（{type(error).__name__}）", _AGAIN)
        return None

    # ---- a sheet ---------------------------------------------------------------------------

    def _rows(self, sheet: Worksheet, written: Written, annotated: bool) -> tuple[EditedRow, ...]:
        if not self._headed(sheet, written):
            return ()
        merged = self._merged(sheet)
        count, last = len(written.columns), min(sheet.max_row, FIRST_ROW + _ROWS)
        rows = []
        for at in range(FIRST_ROW, last + 1):
            cells = tuple(self._text(sheet, at, column, annotated) for column in range(1, count + 1))
            rows.append(EditedRow(cells, at, frozenset(c for r, c in merged if r == at)))
            for column in range(count + 1, sheet.max_column + 1):
                if sheet.cell(at, column).value is not None:
                    self.add(
                        "I0204",
                        sheet.title,
                        at,
                        column,
                        "この列は表の欄ではありません",
                        "表の欄の外に書いたものを消してください。",
                    )
        while rows and not any(rows[-1].cells):
            rows.pop()
        if sheet.max_row > last:
            self.add("I0201", sheet.title, last, 1, "行が多すぎます", _AGAIN)
        if not rows:
            self.add(
                "I0210",
                sheet.title,
                FIRST_ROW,
                1,
                "表の行が一つもありません",
                "行を残してください。表をやめる改正は、文書を直に直してください。",
            )
        for row in rows:
            if not any(row.cells):
                self.add(
                    "I0210",
                    sheet.title,
                    row.at,
                    1,
                    "行のすべての欄が空です",
                    "この行を削除するか、欄を埋めてください。",
                )
        return tuple(rows)

    def _headed(self, sheet: Worksheet, written: Written) -> bool:
        """Whether the columns are those that were written, in their order."""
        fine = True
        for column, name in enumerate(written.columns, 1):
            value = sheet.cell(COLUMNS_ROW, column).value
            held = "" if value is None else str(value).strip(_SPACE)
            if held != name:
                fine = False
                self.add(
                    "I0204", sheet.title, COLUMNS_ROW, column, f"欄の見出しが「{held}」です。「{name}」でなければなりません",
                    f"欄を消したり、加えたり、並べ替えたりできません。見出しを左から順に {'・'.join(n or '（空）' for n in written.columns)} に戻してください。",
                )  # fmt: skip
        return fine

    def _merged(self, sheet: Worksheet) -> set[tuple[int, int]]:
        """(row, index of column) of each cell that is merged with the one above it."""
        cells: set[tuple[int, int]] = set()
        for area in sheet.merged_cells.ranges:
            if area.max_row < FIRST_ROW:
                continue
            if area.min_col != area.max_col or area.min_row < FIRST_ROW:
                self.add(
                    "I0205", sheet.title, area.min_row, area.min_col, f"{area.coord} のセルが、欄をまたいで結合されています",
                    "結合を解いて、欄ごとに書いてください。結合できるのは、一つの欄の中の上下のセルだけです。",
                )  # fmt: skip
                continue
            cells |= {(row, area.min_col - 1) for row in range(area.min_row + 1, area.max_row + 1)}
        return cells

    def _text(self, sheet: Worksheet, row: int, column: int, annotated: bool) -> str:
        cell: Any = sheet.cell(row, column)
        value = cell.value
        if value is None:
            return ""
        if _struck(cell):
            self.add(
                "I0215", sheet.title, row, column, "取消線を引いた字句があります",
                "消す字句であれば、セルから消してください。残す字句であれば、取消線を外してください。",
            )  # fmt: skip
        if not isinstance(value, str | int | float) and hasattr(value, "as_list"):
            value = str(value)  # runs of several fonts
        if isinstance(value, int | float) and not isinstance(value, bool) and value == int(value):
            value = str(int(value))  # a number typed for an item
        if cell.data_type in ("f", "e") or not isinstance(value, str):
            self.add(
                "I0206", sheet.title, row, column, "文字でないもの（式、日付など）が入っています",
                "セルの書式を「文字列」にして、条文のとおりの文字を書いてください。",
            )  # fmt: skip
            return ""
        text = value.strip(_SPACE)
        self._characters(sheet.title, row, column, text, annotated)
        return text

    def _characters(self, sheet: str, row: int, column: int, text: str, annotated: bool) -> None:
        if twelve_digits(text.replace("\n", " ")):
            self.add(
                "I0208", sheet, row, column, "12桁の数字（************）があります",
                "個人番号は、条文にも注記にも書かないでください。消した後、控えや履歴に残っていないかも確かめてください。",
            )  # fmt: skip
        for name in dict.fromkeys(_unfit(text, annotated)):
            self.add(
                "I0209",
                sheet,
                row,
                column,
                f"{name}があります",
                "この文字を消してください。一つの欄の文は、改行せずに続けて書きます。",
            )


def _struck(cell: Any) -> bool:
    """Whether words of a cell are struck out, all of them or a part."""
    runs = cell.value if isinstance(cell.value, list) else ()
    return bool(cell.font.strike) or any(getattr(getattr(run, "font", None), "strike", False) for run in runs)


def _unfit(text: str, annotated: bool) -> Iterable[str]:
    for ch in text:
        if ch in "\r\n\u2028\u2029\x0b\x0c\x85":
            yield "セルの中の改行"
        elif ch in "|｜":
            yield f"欄の区切りと同じ文字「{ch}」"
        elif ch in "〔〕" and not annotated:
            yield f"注記のかっこ「{ch}」"
        elif unicodedata.category(ch) in ("Cf", "Cc", "Cs", "Co") and ch != "\t":
            yield f"目に見えない文字（U+{ord(ch):04X}）"


def _lines(sheet: Any) -> list[list[str]]:
    lines = [["" if value is None else str(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    return [_trimmed(line) for line in lines]


def _trimmed(line: list[str]) -> list[str]:
    """Without the cells that are there only because another line is longer."""
    while len(line) > 3 and not line[-1]:
        line = line[:-1]
    return line


def _is_ours(lines: list[list[str]]) -> bool:
    names = ("形式", "文書", "注記")
    return (
        len(lines) > len(names)
        and all(len(line) >= 2 for line in lines)
        and tuple(line[0] for line in lines[: len(names)]) == names
        and lines[0][1] == FORM
        and all(len(line) > 3 and line[0] and line[1] for line in lines[len(names) :])
    )


def repeated(numbers: Iterable[tuple[str, int]], before: Iterable[str]) -> Iterable[tuple[str, int]]:
    """The item numbers that stand more often than before, each with the row of the sheet where it is once more."""
    left: dict[str, int] = {}
    for number in before:
        left[number] = left.get(number, 0) + 1
    for number, at in numbers:
        known = provision_number(number) or number
        allowed = max(left.get(known, 1), 0)
        if not allowed:
            yield number, at
        left[known] = allowed - 1
