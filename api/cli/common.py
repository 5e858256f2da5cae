"""What the commands share: options, loading, findings, exit statuses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from api.project import Project

FINE, FINDINGS, WRONG_CALL = 0, 1, 2

Rules = Annotated[
    Path | None,
    typer.Option("--rules", metavar="フォルダ", help="法律と命令の文書のフォルダ（省略すると、備え付けのもの）"),
]
Ordinances = Annotated[
    list[Path] | None,
    typer.Option(
        "--ordinances",
        metavar="フォルダ",
        help="市町村のフォルダか、それらを入れたフォルダ。繰り返して指定できる（省略すると、備え付けのもの）",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="機械が読む形（JSON）で出力する")]


class Format(StrEnum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


def wrong_call(text: str) -> NoReturn:
    """Say what is wrong with the call and leave with 2."""
    typer.echo(text, err=True)
    raise typer.Exit(WRONG_CALL)


def load_project(rules: Path | None, ordinances: Sequence[Path] | None) -> Project:
    """The project, or the exit status of a wrong call when a folder is missing."""
    from api.project import ProjectNotFoundError, load

    try:
        return load(rules, tuple(ordinances or ()))
    except ProjectNotFoundError as error:
        wrong_call(str(error))


def echo_json(value: Any) -> None:
    """Print a value as JSON that people can read too."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
