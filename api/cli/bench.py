"""`jorei bench`: figures of speed and size."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.common import FINDINGS, FINE, AsJson, Ordinances, Rules, echo_json


def bench(
    as_json: AsJson = False,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="文書", help="数値をこの文書（JSON）にも書く")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="短い測定（数値は粗い）")] = False,
    service: Annotated[
        bool | None,
        typer.Option(
            "--service/--no-service",
            help="HTTPのサービスも、素のASGI・granian・SQLite・PostgreSQLで測る（約4分。wrk があれば使う。"
            "省略すると --quick のときは測らない）",
        ),
    ] = None,
    rules: Rules = None,
    ordinances: Ordinances = None,
) -> int:
    """判定の速さと大きさを、同じ機械の上で他の方法と比べて測る"""
    from api.bench import run

    def progress(text: str) -> None:
        typer.echo(text, err=as_json)

    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
    figures = run(output, quick, progress, rules, tuple(ordinances or ()), service)
    if as_json:
        echo_json(figures)
    return FINDINGS if "error" in figures else FINE
