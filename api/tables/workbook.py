"""Workbooks of tables: written, read, and edited rows put back into the rule file."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from api.tables.applying import Applied, TableNotFoundError, applied, apply_rows, bare
from api.tables.codes import finding
from api.tables.grid import Grid, find, grids, is_deleted
from api.tables.workbook_reading import Edited, EditedTable, read_rows, repeated
from api.tables.workbook_writing import write_workbook
from dsl.diagnostics import Diagnostic, Severity
from dsl.normalise import provision_number

__all__ = ["Import", "TableNotFoundError", "apply_rows", "import_workbook", "read_rows", "take", "write_workbook"]

_AGAIN = "文書の今の表を書き出し直し、その表を直してください。"


@dataclass(frozen=True, slots=True)
class Import:
    """What became of a workbook: the new text of the rule file (None when it is refused), and what to look at.

    `moved` counts the rows that stand elsewhere among the others; `absent` are the tables whose sheets were taken out.
    """

    source: str | None
    diagnostics: tuple[Diagnostic, ...]
    tables: tuple[str, ...] = ()
    added: int = 0
    removed: int = 0
    reworded: int = 0
    moved: int = 0
    absent: tuple[str, ...] = ()


def import_workbook(path: Path, into: Path) -> tuple[str | None, tuple[Diagnostic, ...]]:
    """The rule file with the tables of an edited workbook in it. Nothing is written.

    Args:
        path: the workbook, as `write_workbook` wrote it and a person edited it.
        into: the rule file.

    Returns:
        The new text of the rule file, byte for byte the old one where nothing was edited (None when the workbook is
        refused), and every finding.

    Raises:
        OSError: If a file cannot be read.
        UnicodeDecodeError: If the rule file is not UTF-8.
    """
    done = take(path, into)
    return done.source, done.diagnostics


def take(path: Path, into: Path) -> Import:
    """What `import_workbook` does, told in full.

    Raises:
        OSError: If a file cannot be read.
        UnicodeDecodeError: If the rule file is not UTF-8.
    """
    edited = read_rows(path)
    source = before = into.read_bytes().decode("utf-8")
    found = list(edited.diagnostics)
    added = removed = reworded = moved = 0
    for table in edited.tables:
        grid = find(grids(before), table.written.table)
        problems = list(_against(str(path), into, table, grid, edited))
        if grid is not None and not problems:
            done = applied(source, grid.name, [row.cells for row in table.rows], annotated=edited.annotated)
            problems += _blank(str(path), table, grid, done, edited)
            found += [*_remarks(str(path), table, done), *_out_of_order(str(path), table, grid, edited)]
            moved += _moved(done.origin)
            source = done.source
            added += sum(old is None for old in done.origin)
            removed, reworded = removed + done.removed, reworded + done.reworded
        found += problems
    if any(d.severity is Severity.ERROR for d in found):
        return Import(None, tuple(d for d in found if d.severity is Severity.ERROR))
    wrong = [*_misread(str(path), source, edited), *_new_errors(str(path), into, before, source)]
    if wrong:
        return Import(None, tuple(wrong))
    names = tuple(t.written.table for t in edited.tables)
    return Import(source, tuple(found), names, added, removed, reworded, moved, edited.absent)


def _moved(origin: Sequence[int | None]) -> int:
    """How few rows were taken out and put in elsewhere to make this order."""
    longest: list[int] = []  # the least last row of a rising run of each length
    kept = [old for old in origin if old is not None]
    for old in kept:
        at = bisect_left(longest, old)
        longest[at : at + 1] = [old]
    return len(kept) - len(longest)


def _out_of_order(path: str, table: EditedTable, grid: Grid, edited: Edited) -> Iterator[Diagnostic]:
    """Item numbers that fall, where those of the table rose."""
    if not grid.numbered or list(_falls([(row.texts[0], 0) for row in grid.rows])):
        return
    for number, before, at in _falls([(bare(r.cells, annotated=edited.annotated)[0], r.at) for r in table.rows]):
        message = f"{number}の項が、{before}の項の後にあります"
        yield finding(
            "I0214", path, table.written.sheet, at, 1, message,
            "行を動かしたのであれば、番号を付け直してください。並べ替えたのであれば、元の順に戻してください。",
        )  # fmt: skip


def _falls(numbers: Sequence[tuple[str, int]]) -> Iterator[tuple[str, str, int]]:
    read = [(provision_number(number), number, at) for number, at in numbers]
    known = [([int(part) for part in key.split("-")], number, at) for key, number, at in read if key]
    for (before, shown, _), (after, number, at) in pairwise(known):
        if after < before:
            yield number, shown, at


def _against(path: str, into: Path, table: EditedTable, grid: Grid | None, edited: Edited) -> Iterator[Diagnostic]:
    """What is wrong with the rows of a sheet, seen beside the table of the rule file."""
    sheet = table.written.sheet
    if grid is None:
        yield finding(
            "I0202",
            path,
            sheet,
            1,
            1,
            f"{into} に「{table.written.table}」がありません",
            "書き出した文書を --into に指定してください。",
        )
        return
    if grid.digest != table.written.digest:
        message = f"{into} の「{grid.name}」は、この表を書き出した {edited.document} の表と違います"
        yield finding("I0203", path, sheet, 1, 1, message, _AGAIN)
        return
    if not grid.numbered:
        return
    every = [(bare(row.cells, annotated=edited.annotated)[0], row.at) for row in table.rows]
    numbers = [(number, at) for number, at in every if number]
    for number, at in numbers:
        if provision_number(number) is None and number not in {row.texts[0] for row in grid.rows}:
            message = f"「{number}」は項の番号として読めません"
            yield finding("I0207", path, sheet, at, 1, message, "1、1の2、六の二 のように書いてください。")
    known = [provision_number(row.texts[0]) or row.texts[0] for row in grid.rows if row.texts[0]]
    for number, at in repeated(numbers, known):
        message = f"{number}の項が、もう一つ上にあります"
        yield finding(
            "I0207", path, sheet, at, 1, message, "番号を付け直すか、続きの行であれば、上のセルと結合してください。"
        )


def _blank(path: str, table: EditedTable, grid: Grid, done: Applied, edited: Edited) -> Iterator[Diagnostic]:
    """A blank cell says that the cell above goes on; it must not come to say so, or of another row, unseen."""
    texts = [bare(row.cells, annotated=edited.annotated) for row in table.rows]
    before = [row.texts for row in grid.rows]
    for at, (row, old) in enumerate(zip(table.rows, done.origin, strict=True)):
        if is_deleted(texts[at]):
            continue
        for column, text in enumerate(texts[at]):
            above = _above(texts, at, column)
            if text or (column in row.merged and above is not None):
                continue
            if old is not None and not before[old][column]:
                provider = _above(before, old, column)
                if provider == (None if above is None else done.origin[above]):
                    continue
            yield finding(
                "I0210", path, table.written.sheet, row.at, column + 1, f"「{grid.columns[column]}」の欄が空です",
                "欄を埋めてください。上の欄が続くのであれば、上のセルと結合してください。",
            )  # fmt: skip


def _above(rows: Sequence[tuple[str, ...]], at: int, column: int) -> int | None:
    """The row whose cell goes on in a blank one."""
    return next((i for i in range(at - 1, -1, -1) if rows[i][column] and not is_deleted(rows[i])), None)


def _remarks(path: str, table: EditedTable, done: Applied) -> Iterator[Diagnostic]:
    sheet = table.written.sheet
    for remark in done.remarks:
        if remark.row is None:
            message = f"{remark.number or '続き'}の行とともに、注記 {remark.annotations} がなくなります"
            yield finding(
                "I0213",
                path,
                sheet,
                1,
                1,
                message,
                "行をやめたのであれば、このままで構いません。別の行に移したのであれば、その行に注記を付けてください。",
            )
            continue
        message = f"文言が変わりましたが、注記 {remark.annotations} を残しました"
        at = table.rows[remark.row].at
        yield finding(
            "I0212",
            path,
            sheet,
            at,
            remark.column + 1,
            message,
            "同じ事務のままか、期間などの注記が今も正しいかを確かめてください。",
        )


def _misread(path: str, source: str, edited: Edited) -> Iterator[Diagnostic]:
    """The file read again must hold just the rows of the workbook."""
    tables = grids(source)
    for table in edited.tables:
        grid = find(tables, table.written.table)
        rows = [] if grid is None else grid.rows
        held = [(*(c.typed for c in r.cells), r.behind) if edited.annotated else r.texts for r in rows]
        wanted = [row.cells for row in table.rows]
        at = next(
            (i for i, (a, b) in enumerate(zip(held, wanted, strict=False)) if a != b), min(len(held), len(wanted))
        )
        if held != wanted:
            row = table.rows[min(at, len(table.rows) - 1)].at
            message = "この行は、文書に書くと別の行として読まれます"
            yield finding(
                "I0211", path, table.written.sheet, row, 1, message, "欄の文言と注記のかっこを確かめてください。"
            )


def _new_errors(path: str, into: Path, before: str, after: str) -> Iterator[Diagnostic]:
    """Errors that the file did not have."""
    from dsl.parse import parse

    if before == after:
        return
    known = {(d.code, d.message) for d in parse(str(into), before)[1]}
    for wrong in parse(str(into), after)[1]:
        if wrong.severity is Severity.ERROR and (wrong.code, wrong.message) not in known:
            message = f"取り込むと、{into} の{wrong.span.line}行目が誤りになります（{wrong.code} {wrong.message}）"
            yield finding("I0211", path, "", 1, 1, message, wrong.help)
