"""`jorei text`: the text as promulgated."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.common import FINDINGS, FINE, wrong_call


def text(
    file: Annotated[Path, typer.Argument(metavar="文書", help="条例や規則の文書（*.jorei）")],
) -> int:
    """〔…〕を除いて、公布されたとおりの条文を出力する"""
    from api.project import read_text
    from dsl.text import promulgated_text

    if not file.is_file():
        wrong_call(f"文書 {file} がありません")
    source, problem = read_text(file)
    if problem is not None:
        typer.echo(f"{problem.path}:{problem.span.line}: {problem.code} {problem.message}", err=True)
        return FINDINGS
    typer.echo(promulgated_text(source), nl=False)
    return FINE
