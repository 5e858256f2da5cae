"""`jorei check --fix` and `--diff`: what the linter can mend, shown as a diff and written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from api.cli.common import wrong_call


def mend(
    rules: Path | None,
    folders: Sequence[Path],
    paths: Sequence[Path] | None,
    *,
    texts_too: bool,
    write: bool,
    aside: bool,
) -> None:
    """Mend the documents of municipalities, or show what would be mended.

    Args:
        rules: the folder of the national rules.
        folders: folders of municipalities, or folders of such folders.
        paths: the files and folders that were asked for; none: all.
        texts_too: whether documents that are no drafts may be changed.
        write: whether files are written; otherwise the diff is only shown.
        aside: whether the diff goes to the error output, because the findings are for a machine.
    """
    from api.check_cache import Known
    from api.fixing import fix_folder
    from api.project import (
        ProjectNotFoundError,
        default_ordinances,
        default_rules,
        listing,
        municipality_folders,
    )

    try:
        nation = Known(listing(rules or default_rules())).nation
        each = [f for given in (folders or [default_ordinances()]) for f in municipality_folders(given)]
    except ProjectNotFoundError as error:
        wrong_call(str(error))
    changed = amending = refused = 0
    for folder in each:
        if paths and not any(_touches(path, folder) for path in paths):
            continue
        fixed = fix_folder(folder, nation, texts_too=texts_too, only=paths or ())
        for file in fixed.files:
            typer.echo(file.diff() + "\n", err=aside)
            if write:
                file.write()
        changed += len(fixed.files)
        amending += len(fixed.amending)
        refused += len(fixed.refused)
    if changed:
        typer.echo(f"文書 {changed}件を{'直しました' if write else '直せます（まだ書き換えていません）'}。", err=aside)
    else:
        typer.echo("機械で直せる所はありません。", err=aside)
    if amending:
        typer.echo(
            f"条文を改める直し方がほかに{amending}件あります。公布された条文は、改正条例や改正規則によって改めるものです。"
            "改正後の条文を作るときは --fix-text を付けてください。",
            err=aside,
        )
    if refused:
        typer.echo(f"直すと別の誤りになるため、{refused}件は直しませんでした。", err=aside)
    typer.echo("", err=aside)


def _touches(path: Path, folder: Path) -> bool:
    one, other = path.resolve(), folder.resolve()
    return one.is_relative_to(other) or other.is_relative_to(one)
