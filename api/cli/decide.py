"""`jorei decide`: one request decided, as a memo or as JSON."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.common import (
    FINDINGS,
    FINE,
    WRONG_CALL,
    AsJson,
    KnownAt,
    Ordinances,
    Rules,
    Store,
    echo_json,
    load_project,
    wrong_call,
)
from api.cli.findings import as_values, render

if TYPE_CHECKING:
    from api.project import Project
    from engine.request import RequestRefused

_DENIED = "この要求は判定できません。適法とは扱わないでください。"


def decide(
    request: Annotated[Path, typer.Argument(metavar="要求", help="要求の文書（YAML か JSON）。- は標準入力")],
    as_json: AsJson = False,
    tree: Annotated[bool, typer.Option("--tree", help="判断の筋道（何が満たされ、何が満たされないか）も示す")] = False,
    known_at: KnownAt = None,
    store: Store = None,
    rules: Rules = None,
    ordinances: Ordinances = None,
) -> int:
    """個人番号の利用、庁内連携、情報連携などが適法かを判定する

    適法なら終了状態は0、適法でないか、条例や規則の文書に誤りがあれば1、要求が正しくなければ2です。
    """
    from api.request_file import parse_request
    from engine.request import RequestRefused

    data = _read(request)
    project = load_project(rules, ordinances, known_at, store)
    if not project.ok:
        return _broken(project, as_json)
    from api.judge import Judge

    judge = Judge(project.rule_set)
    try:
        resolved = judge.resolve(parse_request(data))
    except RequestRefused as refused:
        return _refuse(refused, as_json)
    answer = judge.answer(resolved)
    if as_json:
        value = answer.to_json()
        if project.publication is not None:
            value["publication"] = project.publication.to_json()
        if tree:
            import msgspec

            from engine.explain import reasoning

            value["reasoning"] = msgspec.to_builtins(reasoning(project.rule_set, resolved))
        echo_json(value)
    else:
        from api.memo import memo
        from api.memo import tree as drawn

        published = project.publication.spoken if project.publication is not None else None
        typer.echo(memo(project.rule_set, resolved, answer, published))
        if tree:
            from engine.explain import reasoning

            typer.echo("\n別紙 判断の筋道（○ 満たす　× 満たさない　－ 問わない又は分からない）\n")
            typer.echo(drawn(reasoning(project.rule_set, resolved)))
    return FINE if answer.lawful else FINDINGS


def _read(request: Path) -> bytes:
    if str(request) == "-":
        return sys.stdin.buffer.read()
    try:
        return request.read_bytes()
    except OSError:
        wrong_call(f"要求の文書 {request} を読めません")


def _broken(project: Project, as_json: bool) -> int:
    if as_json:
        found = as_values(project.errors)
        echo_json(
            {"lawful": False, "outcome": "rule_set_fault", "ruleset": project.rule_set.digest, "diagnostics": found}
        )
    else:
        typer.echo(render(project.diagnostics, project.sources))
        typer.echo(f"\n条例や規則の文書に誤りがあるため、{_DENIED}", err=True)
    return FINDINGS


def _refuse(refused: RequestRefused, as_json: bool) -> int:
    if as_json:
        problems = [
            {"code": p.code, "field": p.field, "text": p.text, "suggestion": p.suggestion} for p in refused.problems
        ]
        echo_json({"lawful": False, "outcome": None, "refused": problems})
        return WRONG_CALL
    typer.echo(_DENIED, err=True)
    for problem in refused.problems:
        hint = f"。もしや: {problem.suggestion}" if problem.suggestion else ""
        typer.echo(f"  {problem.code} {problem.field}: {problem.text}{hint}", err=True)
    return WRONG_CALL
