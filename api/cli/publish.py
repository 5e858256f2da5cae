"""`jorei publish`: the texts of today kept as a publication."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.common import FINDINGS, FINE, AsJson, Ordinances, Rules, Store, echo_json, load_project, wrong_call
from api.cli.findings import as_values, render

_LONGEST = 200


def publish(
    note: Annotated[str | None, typer.Option("--note", metavar="文", help="覚え書き（なぜ公開するか）")] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="名", help="公開する課などの名")] = None,
    store: Store = None,
    as_json: AsJson = False,
    rules: Rules = None,
    ordinances: Ordinances = None,
) -> int:
    """今の文書を、後から「その時点の文書で」判定できるように公開として残す

    文書に誤りがあれば公開せず、終了状態は1です。最後の公開から変わっていなければ何も書きません。
    """
    from api.project import default_publications
    from api.publication import PublicationRefused, moment_now, spoken_moment
    from api.publishing import publish as keep

    for said in (note, by):
        if said is not None and (len(said) > _LONGEST or not said.isprintable()):
            wrong_call(f"覚え書きと名は、改行のない{_LONGEST}字までの文にしてください")
    project = load_project(rules, ordinances)
    if not project.ok and not as_json:
        typer.echo(render(project.errors, project.sources) + "\n")
    folder = store or default_publications()
    try:
        made = keep(folder, project, moment_now(), by, note)
    except PublicationRefused as refused:
        if as_json:
            found = as_values(project.errors)
            echo_json(
                {"published": None, "refused": {"code": refused.code, "text": refused.text}, "diagnostics": found}
            )
        else:
            typer.echo(refused.lines(), err=True)
        return FINDINGS
    if as_json:
        name = made.name if made else None
        echo_json({"published": name, "ruleset": project.rule_set.digest, "record": made.sha256 if made else None})
    elif made is None:
        typer.echo("最後の公開から、文書は変わっていません。公開しませんでした。")
    else:
        typer.echo(f"公開しました: {made.name}（{spoken_moment(made.manifest.published_at)}）")
        typer.echo(f"文書 {len(made.manifest.files)}件、規則集 {made.manifest.digest}")
        typer.echo(f"控え（この公開の記録の符号）: {made.sha256}")
    return FINE
