"""`jorei tables`: the tables of rule files as Markdown, CSV, workbooks and Word; and edited workbooks back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.common import FINDINGS, FINE, wrong_call

if TYPE_CHECKING:
    from api.tables.grid import Grid

#: what makes the tables of a file unreadable: characters, annotations, rows
_FORM = ("J0003", "J0004", "J0010", "J0011", "J0015", "J004")


class Form(StrEnum):
    """The forms of a table."""

    MD = "md"
    CSV = "csv"
    XLSX = "xlsx"
    DOCX = "docx"


@dataclass(frozen=True, slots=True)
class _File:
    """A rule file with tables."""

    path: Path
    shown: str
    title: str
    tables: tuple[Grid, ...]


def tables(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="パス", help="文書かフォルダ（省略すると、備え付けの条例）", show_default=False),
    ] = None,
    table: Annotated[
        str | None,
        typer.Option("--table", metavar="表", help="表の名（1、別表第1、第3条第1項など。省略すると、すべての表）"),
    ] = None,
    form: Annotated[
        Form, typer.Option("--format", metavar="md|csv|xlsx|docx", help="出力の形（省略すると md）")
    ] = Form.MD,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="文書", help="書き出す文書（xlsx と docx では要る）")
    ] = None,
    with_annotations: Annotated[
        bool, typer.Option("--with-annotations", help="〔…〕の注記も出す（省略すると、公布された文言だけ）")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="既にある文書に上書きする")] = False,
) -> int:
    """別表を Markdown、CSV、表計算の表（.xlsx）、Word（.docx）で書き出す

    表計算の表は、直した後 jorei import 表.xlsx --into 文書.jorei で文書に戻せます。
    """  # fmt: skip
    if output is not None and output.exists() and not force:
        wrong_call(f"{output} は既にあります。上書きするときは --force を付けてください")
    if form in (Form.XLSX, Form.DOCX) and output is None:
        wrong_call(f"--format {form.value} では、--output に書き出す文書を指定してください")
    files, broken = _files(path)
    if broken:
        return FINDINGS
    chosen = _chosen(files, table)
    _write(chosen, form, output, with_annotations)
    if output is not None:
        count = sum(len(file.tables) for file in chosen)
        typer.echo(f"{count}つの表を {output} に書き出しました。", err=True)
    return FINE


def _files(path: Path | None) -> tuple[list[_File], bool]:
    """The rule files with tables; and whether the tables of one cannot be read, which has been said."""
    from api.cli.findings import render
    from api.project import Source, default_ordinances, given_path, municipality_listings, read_text, shown_path
    from api.tables.grid import grids
    from dsl.parse import parse

    folder = given_path(path) if path else default_ordinances()
    if folder.is_file():
        names = [folder]
    else:
        from api.project import ProjectNotFoundError

        try:
            names = [Path(n) for one in municipality_listings(folder) for n in one.files if n.endswith(".jorei")]
        except ProjectNotFoundError as error:
            wrong_call(str(error))
    files, broken = [], False
    for name in names:
        text, problem = read_text(name)
        found = list(grids(text)) if problem is None else []
        if problem is None and not found:
            continue
        document, diagnostics = parse(shown_path(name), text)
        wrong = [problem] if problem else [d for d in diagnostics if d.code.startswith(_FORM)]
        if wrong:
            broken = True
            typer.echo(render(wrong, [Source(shown_path(name), text)]), err=True)
        files.append(_File(name, shown_path(name), document.title, tuple(found)))
    return files, broken


def _chosen(files: Sequence[_File], table: str | None) -> list[_File]:
    """The files with the wanted tables only."""
    from api.tables.grid import find

    if table is None:
        chosen = list(files)
    else:
        found = [(file, find(file.tables, table)) for file in files]
        chosen = [_File(f.path, f.shown, f.title, (grid,)) for f, grid in found if grid is not None]
    if not chosen:
        names = "、".join(dict.fromkeys(grid.name for file in files for grid in file.tables))
        wrong_call(
            f"{table or '表'} が見つかりません。" + (f"あるのは {names} です" if names else "表のある文書がありません")
        )
    return chosen


def _write(chosen: Sequence[_File], form: Form, output: Path | None, annotated: bool) -> None:
    if form is Form.MD:
        from api.tables.markdown import as_markdown
        from dsl.masking import mask

        parts = [
            f"## {mask(file.title)}（{file.shown}）\n\n{as_markdown(file.tables, annotated=annotated)}"
            for file in chosen
        ]
        _put("\n".join(parts), output, "utf-8")
        return
    held = [(file, grid) for file in chosen for grid in file.tables]
    if form is Form.CSV:
        from api.tables.delimited import as_csv

        if len(held) > 1:
            wrong_call(f"CSV には一つの表しか書けません。文書と --table で一つに決めてください（{_names(held)}）")
        _put(as_csv(held[0][1], annotated=annotated), output, "utf-8-sig")
        return
    if len(chosen) > 1:
        wrong_call(f"一つの文書の表だけを書き出せます。フォルダでなく文書を指定してください（{_names(held)}）")
    assert output is not None
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        if form is Form.XLSX:
            from api.tables.workbook_writing import write_workbook

            write_workbook(chosen[0].tables, output, document=chosen[0].shown, annotated=annotated)
        else:
            from api.tables.word import write_docx

            write_docx(chosen[0].tables, output, annotated=annotated)
    except OSError as error:
        wrong_call(f"{output} に書けません（{error.strerror or 'I/O'}）")


def _names(held: Sequence[tuple[_File, Grid]]) -> str:
    return "、".join(f"{file.shown} の{grid.name}" for file, grid in held)


def _put(text: str, output: Path | None, encoding: str) -> None:
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding=encoding, newline="")
    except OSError as error:
        wrong_call(f"{output} に書けません（{error.strerror or 'I/O'}）")


# ---- back -------------------------------------------------------------------------------------------


def import_rows(file: Path, into: Path | None, output: Path | None) -> int:
    """`jorei import 表.xlsx --into 文書.jorei`: the edited rows into the rule file (or into `output`).

    Nothing is written when anything is refused. Leaves with 0, or 1 when there is something to look at.
    """
    from api.tables.workbook import take
    from dsl.render import render

    if into is None:
        wrong_call(f"{file} は表計算の表です。戻す文書を --into に指定してください（--into 条例.jorei）")
    if not into.is_file():
        wrong_call(f"文書 {into} がありません")
    try:
        done = take(file, into)
    except OSError as error:
        wrong_call(f"読めません（{error.filename}: {error.strerror or 'I/O'}）")
    except UnicodeDecodeError:
        wrong_call(f"{into} の文字コードが UTF-8 ではありません")
    if done.diagnostics:
        typer.echo("\n\n".join(render(finding, None) for finding in done.diagnostics), err=True)
    if done.source is None:
        typer.echo(f"\n{file} は取り込みませんでした。{into} は変わっていません。", err=True)
        return FINDINGS
    target = output or into
    if target != into or done.added or done.removed or done.reworded or target.read_bytes() != done.source.encode():
        _replace(target, done.source)
    counts = f"加えた行 {done.added}、改めた行 {done.reworded}、消した行 {done.removed}"
    counts += f"、動かした行 {done.moved}" if done.moved else ""
    if done.absent:
        typer.echo(f"{'・'.join(done.absent)} はシートがないので、そのままです。", err=True)
    typer.echo(
        f"{'・'.join(done.tables)} を {target} に戻しました（{counts}）。次に jorei check で確かめてください。",
        err=True,
    )
    return FINDINGS if done.diagnostics else FINE


def _replace(target: Path, text: str) -> None:
    """The whole new text or the old one, never half of it."""
    half = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        half.write_bytes(text.encode("utf-8"))
        if target.exists():
            half.chmod(target.stat().st_mode)
        half.replace(target)
    except OSError as error:
        half.unlink(missing_ok=True)
        wrong_call(f"{target} に書けません（{error.strerror or 'I/O'}）")
