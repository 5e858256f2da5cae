"""`jorei check`: every fault of the rule files and scenario files, with its place and its mending."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.common import (
    FINDINGS,
    FINE,
    AsJson,
    Format,
    Ordinances,
    Rules,
    load_project,
    wrong_call,
)
from api.cli.findings import as_values, counts, render

if TYPE_CHECKING:
    from api.checking import Check, Progress
    from api.statute import Statute
    from dsl.diagnostics import Diagnostic

_LONG = 1.0  # seconds until a bar is shown
_NAMED = 10  # municipalities are named up to this many

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="パス", help="市町村のフォルダか文書（省略すると、読み込む文書のすべて）", show_default=False
    ),
]


def check(
    paths: Paths = None,
    statute: Annotated[
        bool, typer.Option("--statute", help="法令の規定ごとに、判断に使う・対象外・未表現のどれかを並べる")
    ] = False,
    form: Annotated[
        Format, typer.Option("--format", metavar="text|json|sarif", help="出力の形（省略すると text）")
    ] = Format.TEXT,
    as_json: AsJson = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="条文の落とし穴も調べ（厳しい検査）、警告があるときも終了状態を1にする")
    ] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="厳しい検査で見つけたもののうち、機械で直せる所を書き換える")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="書き換えず、直すとどう変わるかを示す")] = False,
    fix_text: Annotated[
        bool, typer.Option("--fix-text", help="案でない文書の条文も改める（公布された条文は、改正条例で改めること）")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", min=1, metavar="数", help="同時に調べる数（省略すると、この機械のすべてのコア）"),
    ] = None,
    rules: Rules = None,
    ordinances: Ordinances = None,
) -> int:
    """条例や規則の文書と事例の誤りを、場所と直し方とともにすべて示す

    誤りがなければ終了状態は0、あれば1です。
    """
    form = Format.JSON if as_json else form
    from api.project import given_path

    paths = [given_path(path) for path in paths] if paths else None
    folders = _folders(paths, ordinances)
    if fix_text and not (fix or diff):
        wrong_call("--fix-text は、--fix か --diff と一緒に使います")
    strict = strict or fix or diff
    if fix or diff:
        from api.cli.fixing import mend

        mend(rules, folders, paths, texts_too=fix_text, write=fix and not diff, aside=form is not Format.TEXT)
    checked = _checked(rules, folders, jobs, strict)
    findings = _within(paths, list(checked.diagnostics))
    found = _statute(rules, folders) if statute else None
    if form is Format.JSON:
        _echo_json(checked, findings, found)
    elif form is Format.SARIF:
        typer.echo(render(findings, (), form))
    else:
        _echo_text(checked, paths, findings, found)
    bad = any(d.severity.name == "ERROR" for d in findings) or (strict and bool(findings))
    return FINDINGS if bad or (found is not None and found.unaccounted) else FINE


def _folders(paths: Sequence[Path] | None, ordinances: Sequence[Path] | None) -> list[Path]:
    """The municipality folders to load: those asked for, and those that the paths stand in."""
    from api.project import SCENARIOS, default_ordinances, default_rules

    chosen = list(ordinances or ())
    own = (default_rules().resolve(), default_ordinances().resolve())
    for path in paths or ():
        if not path.exists():
            wrong_call(f"{path} がありません")
        if any(path.resolve().is_relative_to(folder) for folder in own):
            continue
        folder = path if path.is_dir() else path.parent
        folder = folder.parent if folder.resolve().name == SCENARIOS else folder
        if folder not in chosen:
            chosen.append(folder)
    return chosen


def _within(paths: Sequence[Path] | None, findings: list[Diagnostic]) -> list[Diagnostic]:
    """The findings in the files asked for; those without a file of their own always."""
    if not paths:
        return findings
    from api.project import HOME

    wanted = [path.resolve() for path in paths]
    return [d for d in findings if any(_resolved(HOME, d.path).is_relative_to(path) for path in wanted)]


def _resolved(home: Path, shown: str) -> Path:
    path = Path(shown)
    inside = home / path
    return inside.resolve() if not path.is_absolute() and not path.exists() else path.resolve()


def _checked(rules: Path | None, folders: Sequence[Path], jobs: int | None, strict: bool) -> Check:
    from api.checking import check as checked
    from api.checking import cores
    from api.project import ProjectNotFoundError

    with _progress() as progress:
        try:
            return checked(rules, folders, jobs or cores(), progress=progress, strict=strict)
        except ProjectNotFoundError as error:
            wrong_call(str(error))


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar on the terminal once the work turns out to be long; no thread draws it, so that workers can be forked."""
    bar: Any = None
    task: Any = None
    started = time.monotonic()

    def told(done: int, total: int) -> None:
        nonlocal bar, task
        if bar is None and sys.stderr.isatty() and time.monotonic() - started > _LONG and done < total:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            columns = (TextColumn("市町村を調べています"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            bar = Bar(*columns, console=Console(stderr=True), transient=True, auto_refresh=False)
            bar.start()
            task = bar.add_task("", total=total)
        if bar is not None:
            bar.update(task, completed=done)
            bar.refresh()

    try:
        yield told
    finally:
        if bar is not None:
            bar.stop()


def _statute(rules: Path | None, folders: Sequence[Path]) -> Statute:
    from api.statute import statute

    return statute(load_project(rules, folders))


def _echo_text(checked: Check, paths: Sequence[Path] | None, findings: list[Diagnostic], found: Statute | None) -> None:
    if findings:
        typer.echo(render(findings, ()))
        typer.echo("")
    if found is not None:
        typer.echo(found.text())
        typer.echo("")
    names = "、".join(checked.bodies) if len(checked.bodies) <= _NAMED else f"{len(checked.bodies)}団体"
    where = "" if paths else f"（国の文書と、{names or '市町村なし'}）"
    typer.echo(f"文書 {checked.files}件を調べました{where}: {counts(findings)}")


def _echo_json(checked: Check, findings: list[Diagnostic], found: Statute | None) -> None:
    value: dict[str, Any] = {
        "ruleset": checked.digest,
        "files": checked.files,
        "diagnostics": as_values(findings),
    }
    if found is not None:
        value["statute"] = found.to_json()
    import msgspec

    # thousands of findings: laid out by msgspec, as json.dumps(…, indent=2) would in twenty times the time
    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
