"""`jorei fmt`: the layout of rule files made uniform, without touching the promulgated text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from api.cli.common import FINDINGS, FINE, Ordinances, Rules, wrong_call

Paths = Annotated[
    list[Path] | None,
    typer.Argument(metavar="パス", help="文書かフォルダ（省略すると、備え付けの文書のすべて）", show_default=False),
]


def fmt(
    paths: Paths = None,
    check: Annotated[
        bool, typer.Option("--check", help="書き換えず、整っていない文書を挙げる（あれば終了状態1）")
    ] = False,
    rules: Rules = None,
    ordinances: Ordinances = None,
) -> int:
    """文書の字下げや空白をそろえる（公布された条文は変わらない）"""
    from api.project import default_ordinances, default_rules, read_text, shown_path
    from dsl.formatter import format_source

    given = paths or [rules or default_rules(), *(ordinances or [default_ordinances()])]
    changed: list[str] = []
    broken = False
    for path in _files(given):
        text, problem = read_text(path)
        if problem is not None:
            typer.echo(f"{problem.path}:{problem.span.line}: {problem.code} {problem.message}", err=True)
            broken = True
            continue
        formatted = format_source(text)
        if formatted != text:
            changed.append(shown_path(path))
            if not check:
                path.write_text(formatted, encoding="utf-8", newline="\n")
    for name in changed:
        typer.echo(f"{'整っていません' if check else '整えました'}: {name}")
    if not changed and not broken:
        typer.echo("すべて整っています。")
    return FINDINGS if broken or (check and changed) else FINE


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*.jorei") if p.is_file())
        elif path.exists():
            yield path
        else:
            wrong_call(f"{path} がありません")
