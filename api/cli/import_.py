"""`jorei import`: a published ordinance (HTML, Word, text) into a rule file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.common import FINDINGS, FINE, wrong_call

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsl.diagnostics import Diagnostic
    from dsl.importing.marking import Check
    from dsl.importing.rule_file import Given, Imported

#: more lines of one kind than these are counted, not shown
_SHOWN = 12


class Report(StrEnum):
    """How the report is written."""

    TEXT = "text"
    JSON = "json"


class Kind(StrEnum):
    """Kinds of instrument that a municipality makes."""

    ORDINANCE = "条例"
    REGULATION = "規則"
    GUIDELINE = "要綱"
    NOTICE = "告示"


def import_(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="文書", help="公布された条例など（例規集の HTML、Word の .docx、テキスト）か、直した別表（.xlsx）"
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", metavar="文書", help="書き出す文書（*.jorei）。省略すると、画面に出す")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="既にある文書に上書きする")] = False,
    into: Annotated[
        Path | None,
        typer.Option("--into", metavar="文書", help="直した表計算の表（.xlsx）の行を、この文書（*.jorei）の別表に戻す"),
    ] = None,
    kind: Annotated[
        Kind | None,
        typer.Option("--kind", metavar="種類", help="条例・規則・要綱・告示（省略すると、題名と番号から決める）"),
    ] = None,
    title: Annotated[str | None, typer.Option("--title", metavar="題名", help="題名（文書に題名がないとき）")] = None,
    municipality: Annotated[
        tuple[str, str] | None,
        typer.Option("--municipality", metavar="コード 名称", help="団体の6桁のコードと名称（例: 042021 石巻市）"),
    ] = None,
    number: Annotated[
        str | None, typer.Option("--number", metavar="番号", help="番号（例: 平成27年条例第50号）")
    ] = None,
    promulgated: Annotated[
        str | None, typer.Option("--promulgated", metavar="日", help="公布の日（例: 平成27年12月22日）")
    ] = None,
    report: Annotated[
        Report, typer.Option("--report", metavar="text|json", help="報告の形（省略すると text）")
    ] = Report.TEXT,
) -> int:
    """公布された条例を、〔…〕を付ければ判定に使える文書（*.jorei）にする

    条文は一字も落としません。元の文書と照らし合わせ、違いがあれば書き出しません。
    定型文に当たらない文は〔未表現 要確認: …〕とし、その規定からは何も認めません。
    報告は、画面の標準エラー出力に出します。終了状態は、確かめることがなければ0、あるか断ったときは1です。
    """  # fmt: skip
    if not file.is_file():
        wrong_call(f"文書 {file} がありません")
    if output is not None and output.exists() and not force:
        wrong_call(f"{output} は既にあります。上書きするときは --force を付けてください")
    if file.suffix.lower() == ".xlsx":
        from api.cli.tables import import_rows

        return import_rows(file, into, output)
    if into is not None:
        wrong_call("--into は、表計算の表（.xlsx）を取り込むときに使います")
    given = _given(kind, title, municipality, number, promulgated)
    made = _made(file, given)
    if made.text is not None:
        if output is not None:
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(made.text, encoding="utf-8", newline="\n")
        elif report is Report.TEXT:
            typer.echo(made.text, nl=False)
    if report is Report.JSON:
        _echo_json(file, output, made)
    else:
        typer.echo(_report(file, output, made), err=True)
    return FINDINGS if made.refused or made.findings or made.marked else FINE


def _given(
    kind: Kind | None,
    title: str | None,
    municipality: tuple[str, str] | None,
    number: str | None,
    promulgated: str | None,
) -> Given:
    from dsl.importing.rule_file import Given
    from dsl.normalise import NoDate, parse_wareki
    from dsl.syntax import InstrumentKind

    body = None
    if municipality is not None:
        code, name = municipality if municipality[0].isdecimal() else (municipality[1], municipality[0])
        if not (code.isascii() and code.isdecimal() and len(code) == 6):
            wrong_call("--municipality には、6桁のコードと名称を 042021 石巻市 のように指定してください")
        body = (name, code)
    day = parse_wareki(promulgated) if promulgated else None
    if isinstance(day, NoDate):
        wrong_call(f"--promulgated: {day.message}。{day.help}")
    for name, value in (("--title", title), ("--number", number), ("--municipality", body[0] if body else None)):
        if value is not None and any(ch in value for ch in "〔〕\n"):
            wrong_call(f"{name} には〔 〕や改行を書けません")
    return Given(InstrumentKind(kind.value) if kind else None, title, body, number, day)


def _made(file: Path, given: Given) -> Imported:
    from api.importing.reading import read_source
    from dsl.importing.rule_file import Imported, import_document
    from dsl.importing.source import Source

    source = read_source(str(file), file.read_bytes())
    if not isinstance(source, Source):
        return Imported(None, (source,))
    return import_document(source, given, _check(file, given))


def _check(file: Path, given: Given) -> Check | None:
    """Compiling with the national rules: only an ordinance of a known body can be compiled by itself."""
    from dsl.syntax import InstrumentKind

    if given.municipality is None:
        return None
    from api.check_cache import Known
    from api.project import default_rules, listing
    from dsl.compile import SourceFile, compile_municipality

    path = f"{file}.jorei"
    known = Known(listing(default_rules()))

    def findings(text: str) -> Sequence[Diagnostic]:
        if not text.startswith(InstrumentKind.ORDINANCE.value):
            return ()
        built = compile_municipality([SourceFile(path, text)], known.nation)
        return [d for d in built.diagnostics if d.path == path]

    return findings


# ---- the report -------------------------------------------------------------------------------------


def _report(file: Path, output: Path | None, made: Imported) -> str:
    from dsl.masking import mask

    lines = []
    for finding in made.findings:
        lines += [
            f"{finding.code} {finding.severity.value}: {finding.message}",
            f"  {finding.path}:{finding.span.line}",
            f"  理由　: {finding.reason}",
            f"  直し方: {finding.help}",
            f"  詳しい説明: docs/ja/codes/{finding.code}.md",
            "",
        ]
    for why, kept in dict.fromkeys((x.why, x.kept) for x in made.left_out):
        entries = [x for x in made.left_out if (x.why, x.kept) == (why, kept)]
        lines.append(f"{why}（{'注記として残したもの' if kept else '写さなかったもの'}）: {len(entries)}か所")
        lines += [f"  {x.at}: {mask(' '.join(x.text.split()))[:60]}" for x in entries[:_SHOWN]]
        lines += (
            [f"  ほか {len(entries) - _SHOWN}か所（--report json ですべて見られます）"] if len(entries) > _SHOWN else []
        )
    if made.refused:
        return "\n".join([*lines, f"{file} は取り込みませんでした。"])
    if made.marked:
        lines.append(f"確かめる所: {len(made.marked)}か所（行は、書き出した文書のもの）")
        lines += [f"  {x.line}: {x.text}（{x.reason}）" for x in made.marked]
    share = made.share
    assert share is not None
    lines.append(
        f"文 {share.sentences}件のうち {share.sentences_taken}件、表の行 {share.rows}件のうち {share.rows_taken}件を、そのまま読めました。"
    )
    lines.append(
        "条文は、注記として残したものと写さなかったものを除き、元の文書と一字ずつ一致しています（空白と欄の区切りを除く）。"
    )
    lines.append(
        f"{file} を{f' {output} に' if output else ''}取り込みました。次に、事務に〔事務 …〕〔分野 …〕を付けて jorei check で確かめてください。"
    )
    return "\n".join(lines)


def _echo_json(file: Path, output: Path | None, made: Imported) -> None:
    from api.cli.common import echo_json
    from api.cli.findings import as_values
    from dsl.masking import mask

    share = made.share
    echo_json(
        {
            "file": str(file),
            "output": str(output) if output else None,
            "imported": not made.refused,
            "kind": made.kind.value if made.kind else None,
            "text": made.text if output is None else None,
            "findings": as_values(made.findings),
            "left_out": [
                {"line": x.at, "text": mask(x.text), "why": x.why, "kept_as_note": x.kept} for x in made.left_out
            ],
            "to_check": [{"line": x.line, "text": x.text, "reason": x.reason} for x in made.marked],
            "share": {
                "sentences": share.sentences,
                "sentences_taken": share.sentences_taken,
                "rows": share.rows,
                "rows_taken": share.rows_taken,
            }
            if share
            else None,
        }
    )
