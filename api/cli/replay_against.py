"""`jorei replay --against`: the same requests under the rules of today and of tomorrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from api.cli.common import FINDINGS, FINE, echo_json, wrong_call
from api.cli.findings import as_values, render

if TYPE_CHECKING:
    from api.against import Asked, Changed
    from api.project import Project
    from api.scenario_file import ScenarioFile


def replay_against(
    project: Project,
    folder: Path,
    files: Sequence[ScenarioFile],
    requests: Path | None,
    rules: Path | None,
    *,
    as_json: bool,
) -> int:
    """Say which answers change; the exit status."""
    from api.against import Asked, OtherBodyError, RequestsUnreadableError, compare, read_requests, tomorrow, value_of
    from api.judge import Judge
    from api.project import ProjectNotFoundError

    findings = [d for file in files for d in file.diagnostics]
    try:
        later = tomorrow(project, folder, rules)
        more = [] if requests is None else read_requests(requests)
    except (OtherBodyError, ProjectNotFoundError, RequestsUnreadableError) as error:
        wrong_call(str(error))
    if not later.ok:
        if as_json:
            echo_json({"ok": False, "diagnostics": as_values(later.errors)})
        else:
            typer.echo(render(later.errors, later.sources))
            typer.echo(f"\n{folder} の文書に誤りがあるため、改正後の判定ができません。", err=True)
        return FINDINGS
    asked = [Asked(s.name, f"{s.path}:{s.line}", s.request) for file in files for s in file.scenarios] + more
    if not asked:
        wrong_call("比べる事例も要求もありません")
    changed = compare(Judge(project.rule_set), Judge(later.rule_set), asked)
    if as_json:
        echo_json(
            {
                "today": project.rule_set.digest,
                "tomorrow": later.rule_set.digest,
                "requests": len(asked),
                "diagnostics": as_values(findings),
                "changed": [value_of(one) for one in changed],
            }
        )
    else:
        if findings:
            typer.echo(render(findings, project.sources) + "\n")
        _echo(asked, changed)
    return FINDINGS if changed or findings else FINE


def _echo(asked: Sequence[Asked], changed: Sequence[Changed]) -> None:
    outcomes = sum(any(point.what == "結論" for point in one.points) for one in changed)
    papers = sum(any(point.what.startswith("添付書類") for point in one.points) for one in changed)
    typer.echo(
        f"要求 {len(asked)}件のうち、答えが変わるもの {len(changed)}件（結論 {outcomes}件、添付書類 {papers}件）"
    )
    for one in changed:
        typer.echo("\n" + "\n".join(_lines(one)))


def _lines(one: Changed) -> Iterator[str]:
    from api.layout import wrapped

    yield from wrapped(one.asked.name, 0, 2)
    yield f"  {one.asked.place}"
    for point in one.points:
        yield f"  {point.what}"
        yield from wrapped(f"今　　　{point.today}", 4, 12)
        yield from wrapped(f"改正後　{point.tomorrow}", 4, 12)
