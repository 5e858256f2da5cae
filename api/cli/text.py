"""`jorei text`: the text as promulgated."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.common import FINDINGS, FINE, KnownAt, Store, load_project, wrong_call


def text(
    file: Annotated[Path, typer.Argument(metavar="文書", help="条例や規則の文書（*.jorei）")],
    known_at: KnownAt = None,
    store: Store = None,
) -> int:
    """〔…〕を除いて、公布されたとおりの条文を出力する"""
    from dsl.text import promulgated_text

    if known_at is not None or store is not None:
        typer.echo(promulgated_text(_published(file, known_at, store)), nl=False)
        return FINE
    from api.project import read_text

    if not file.is_file():
        wrong_call(f"文書 {file} がありません")
    source, problem = read_text(file)
    if problem is not None:
        typer.echo(f"{problem.path}:{problem.span.line}: {problem.code} {problem.message}", err=True)
        return FINDINGS
    typer.echo(promulgated_text(source), nl=False)
    return FINE


def _published(file: Path, known_at: str | None, store: Path | None) -> str:
    """The text of a file as it was published; it need not be there today."""
    from api.project import shown_path

    project = load_project(None, None, known_at, store)
    wanted = {shown_path(file), shown_path(file.resolve())}
    here = file.resolve()
    found = next((s for s in project.sources if s.path in wanted or Path(s.path).resolve() == here), None)
    if found is None:
        name = project.publication.name if project.publication is not None else ""
        wrong_call(f"公開 {name} に、文書 {file} はありません")
    return found.text
