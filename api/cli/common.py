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
KnownAt = Annotated[
    str | None,
    typer.Option(
        "--known-at",
        metavar="時点",
        help="その時点で公開されていた文書による。日、時刻、公開の名か番号、規則集の符号のどれか（省略すると今の文書）",
    ),
]
Store = Annotated[
    Path | None,
    typer.Option("--store", metavar="フォルダ", help="公開のフォルダ（省略すると、備え付けの publications）"),
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


def load_project(
    rules: Path | None,
    ordinances: Sequence[Path] | None,
    known_at: str | None = None,
    store: Path | None = None,
) -> Project:
    """The project of today's files, or as it stood at a publication.

    Leaves with the exit status of a wrong call when a folder or such a publication is missing, and with that of
    findings when the publications are not as they were written.
    """
    from api.project import ProjectNotFoundError, load

    if known_at is not None:
        if rules is not None or ordinances:
            wrong_call("--known-at は、--rules や --ordinances と一緒には使えません（公開された文書だけによるため）")
        return _published(known_at, store)
    if store is not None:
        wrong_call("--store は、--known-at と一緒に使います")
    try:
        return load(rules, tuple(ordinances or ()))
    except ProjectNotFoundError as error:
        wrong_call(str(error))


def _published(known_at: str, store: Path | None) -> Project:
    from api.known_at import load_known
    from api.project import default_publications
    from api.publication import PublicationRefused, moment_now

    try:
        return load_known(store or default_publications(), known_at, moment_now())
    except PublicationRefused as refused:
        typer.echo(f"{refused.lines()}\n判定していません。適法とは扱わないでください。", err=True)
        raise typer.Exit(WRONG_CALL if refused.of_the_call else FINDINGS) from refused


def echo_json(value: Any) -> None:
    """Print a value as JSON that people can read too."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
