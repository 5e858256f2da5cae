"""`jorei check`: every fault of the rule files and scenario files, with its place and its mending."""

from __future__ import annotations

from collections.abc import Sequence
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
    echo_json,
    load_project,
    wrong_call,
)
from api.cli.findings import as_values, counts, render

if TYPE_CHECKING:
    from api.project import Project
    from api.statute import Statute
    from dsl.diagnostics import Diagnostic

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
    strict: Annotated[bool, typer.Option("--strict", help="警告があるときも終了状態を1にする")] = False,
    rules: Rules = None,
    ordinances: Ordinances = None,
) -> int:
    """条例や規則の文書と事例の誤りを、場所と直し方とともにすべて示す

    誤りがなければ終了状態は0、あれば1です。
    """
    form = Format.JSON if as_json else form
    project = load_project(rules, _folders(paths, ordinances))
    findings = _within(paths, [*project.diagnostics, *_scenario_findings(project)])
    found = _statute(project) if statute else None
    if form is Format.JSON:
        _echo_json(project, findings, found)
    elif form is Format.SARIF:
        typer.echo(render(findings, project.sources, form))
    else:
        _echo_text(project, paths, findings, found)
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


def _scenario_findings(project: Project) -> list[Diagnostic]:
    from api.scenario_file import read_scenarios, scenario_paths

    folders = [m.scenarios for m in project.municipalities if m.scenarios.is_dir()]
    return [d for path in scenario_paths(folders) for d in read_scenarios(path).diagnostics]


def _statute(project: Project) -> Statute:
    from api.statute import statute

    return statute(project)


def _echo_text(
    project: Project, paths: Sequence[Path] | None, findings: list[Diagnostic], found: Statute | None
) -> None:
    if findings:
        typer.echo(render(findings, project.sources))
        typer.echo("")
    if found is not None:
        typer.echo(found.text())
        typer.echo("")
    names = "、".join(part.body.name for part in project.rule_set.bodies.values() if part.body is not None)
    where = "" if paths else f"（国の文書と、{names or '市町村なし'}）"
    typer.echo(f"文書 {len(project.sources)}件を調べました{where}: {counts(findings)}")


def _echo_json(project: Project, findings: list[Diagnostic], found: Statute | None) -> None:
    value: dict[str, Any] = {
        "ruleset": project.rule_set.digest,
        "files": len(project.sources),
        "diagnostics": as_values(findings),
    }
    if found is not None:
        value["statute"] = found.to_json()
    echo_json(value)
