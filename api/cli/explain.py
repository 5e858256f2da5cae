"""`jorei explain`: what a provision grants, and where it came from."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.common import (
    FINDINGS,
    FINE,
    AsJson,
    KnownAt,
    Ordinances,
    Rules,
    Store,
    echo_json,
    load_project,
    wrong_call,
)


def explain(
    citation: Annotated[
        str, typer.Argument(metavar="条項", help="例: 番号法別表第一の15の項、石巻市番号利用条例第3条第2項")
    ],
    on: Annotated[str | None, typer.Option("--on", metavar="日", help="この日に効力のあるものだけ")] = None,
    as_json: AsJson = False,
    known_at: KnownAt = None,
    store: Store = None,
    rules: Rules = None,
    ordinances: Ordinances = None,
) -> int:
    """条項や別表の項が何を認め、どこから来たかを示す"""
    from api.memo import tree
    from engine.explain import explain_provision
    from engine.japanese import day_of, masked

    day = None
    if on is not None:
        day = day_of(on)
        if day is None:
            wrong_call(f"「{masked(on)}」という日はありません（例: 2016-01-01、平成28年1月1日）")
    project = load_project(rules, ordinances, known_at, store)
    node = explain_provision(project.rule_set, masked(citation), day)
    if as_json:
        import msgspec

        echo_json(msgspec.to_builtins(node))
    else:
        typer.echo(tree(node))
        if project.publication is not None:
            typer.echo(f"\n公開 {project.publication.spoken}の文書による")
    return FINDINGS if node.holds is False else FINE
