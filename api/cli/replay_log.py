"""`jorei replay --log`: every recorded decision made again, bit for bit."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from api.cli.common import FINDINGS, FINE, echo_json, wrong_call

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.rulesets.recorded import Again

_SILENT = 2.0  # seconds before progress is told


def replay_log(home: Path, database: str | None, first: int, last: int | None, *, as_json: bool) -> int:
    """Say whether every recorded decision comes out again; the exit status."""
    import msgspec

    from api.clock import SystemClock
    from api.keys import KeyRefused, KeyStore
    from api.project import load
    from api.rulesets.active import ActiveRules
    from api.rulesets.recorded import replay
    from api.storage.database import DatabaseRefused, default_url, open_database

    url = database or default_url(home)
    if database is None and not (home / "jorei.db").is_file():
        wrong_call(
            f"{home} に jorei.db がありません（--home で設置フォルダを、又は --database で URL を指定してください）"
        )
    clock = SystemClock()
    try:
        opened = open_database(url, migrate=False)
    except DatabaseRefused as refused:
        typer.echo(refused.lines(), err=True)
        return FINDINGS
    try:
        project = load()
        files = project if project.ok else None
        rules = ActiveRules(opened, home / "publications", KeyStore(home / "keys", clock), clock, files=files)
        again = replay(opened, rules.of, first, last, _progress())
    except KeyRefused as refused:
        typer.echo(f"{refused.code} エラー: {refused.text}", err=True)
        return FINDINGS
    finally:
        opened.close()
    if as_json:
        echo_json({"ok": again.ok, "decisions": again.decisions, **msgspec.to_builtins(again)})
    else:
        _echo(again)
    return FINE if again.ok else FINDINGS


def _echo(again: Again) -> None:
    typer.echo(f"記録された判定 {again.decisions}件: 記録のとおり {again.same}件、違うもの {again.different}件")
    if again.erased:
        typer.echo(f"  保存期間を過ぎて消去され、判定し直せないもの {again.erased}件")
    if again.not_kept:
        typer.echo(f"  規則集が残っていないか、確かめられないもの {again.not_kept}件")
        for digest, why in again.missing.items():
            typer.echo(f"    規則集 {digest[:12]}…　{why}")
    found = again.found
    if found is not None:
        typer.echo(f"最初に違うもの: 記録の番号 {found.index}（{found.id}）　{found.why}")
        if found.at is not None:
            typer.echo(f"  答えの {found.at + 1}バイト目から違います（規則集 {(found.ruleset or '')[:12]}…）")


def _progress() -> Callable[[int, int], None]:
    """Tells on the error stream how far it is, once it takes long."""
    told = time.monotonic() + _SILENT

    def tell(done: int, total: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now >= told and done < total:
            told = now + _SILENT
            typer.echo(f"判定し直しています… 記録 {done}／{total}件", err=True)

    return tell
