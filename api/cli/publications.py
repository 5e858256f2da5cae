"""`jorei publications`: what was published when, and whether it is still as it was."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.common import FINDINGS, FINE, AsJson, Store, echo_json

if TYPE_CHECKING:
    from api.publication import Publication


def publications(
    verify: Annotated[
        bool, typer.Option("--verify", help="公開の記録のつながりと、公開されたすべての文書を確かめる")
    ] = False,
    last: Annotated[
        str | None,
        typer.Option(
            "--last", metavar="控え", help="最後の公開の控え。--verify で、その公開が最後にあることも確かめる"
        ),
    ] = None,
    store: Store = None,
    as_json: AsJson = False,
) -> int:
    """公開の一覧を示し、書き換えられていないかを確かめる

    書き換えや欠けがあれば、最初のものを示して終了状態は1です。
    """
    from api.project import default_publications
    from api.publication import PublicationRefused, chain, moment_now
    from api.publication import verify as verified

    folder = store or default_publications()
    try:
        found = verified(folder, moment_now()) if verify else chain(folder, moment_now())
        if last is not None:
            _is_last(found, last.strip().lower())
    except PublicationRefused as refused:
        if as_json:
            echo_json({"ok": False, "code": refused.code, "text": refused.text})
        else:
            typer.echo(refused.lines(), err=True)
        return FINDINGS
    if as_json:
        echo_json({"ok": True, "verified": verify, "publications": _values(found)})
    else:
        _echo(folder, found, verify)
    return FINE


def _is_last(found: Sequence[Publication], record: str) -> None:
    from api.publication import BROKEN_CHAIN, PublicationRefused, exists

    if not found or found[-1].sha256 != record:
        raise PublicationRefused(
            BROKEN_CHAIN,
            f"最後の公開が、控えのものではありません（{exists(found)}）",
            "公開の後に新しい公開がなければ、公開が取り除かれています。公開の控えから、フォルダを元に戻してください。",
        )


def _values(found: Sequence[Publication]) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name,
            "published_at": one.manifest.published_at.isoformat(),
            "published_by": one.manifest.published_by,
            "note": one.manifest.note,
            "ruleset": one.manifest.digest,
            "files": len(one.manifest.files),
            "record": one.sha256,
        }
        for one in found
    ]


def _echo(folder: Path, found: Sequence[Publication], verified: bool) -> None:
    from api.publication import changed_files, spoken_moment

    before: Publication | None = None
    for one in found:
        changed = "" if before is None else f"、前と違うもの {changed_files(one, before)}件"
        typer.echo(f"{one.name}　{spoken_moment(one.manifest.published_at)}　文書 {len(one.manifest.files)}件{changed}")
        for title, said in (("公開", one.manifest.published_by), ("覚え書き", one.manifest.note)):
            if said:
                typer.echo(f"  {title}　{said}")
        before = one
    told = "。記録のつながりと、すべての文書を確かめました" if verified else ""
    typer.echo(f"公開 {len(found)}件（{folder}）{told}")
    if found:
        typer.echo(f"最後の公開の控え: {found[-1].sha256}")
