"""The commands gathered: `jorei check fmt text decide explain replay bench`."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli import bench, check, decide, explain, fmt, replay, text
from api.cli.japanese import JapaneseCommand, JapaneseGroup

app = typer.Typer(
    cls=JapaneseGroup,
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

for _name, _command in (
    ("check", check.check),
    ("fmt", fmt.fmt),
    ("text", text.text),
    ("decide", decide.decide),
    ("explain", explain.explain),
    ("replay", replay.replay),
    ("bench", bench.bench),
):
    app.command(_name, cls=JapaneseCommand)(_command)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"jorei {version('jorei')}")
        raise typer.Exit


@app.callback()
def jorei(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="版を示して終わる")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="内部エラーのとき、その詳しい場所も示す（どの命令にも付けられる）")
    ] = False,
) -> None:
    """公布された条例の条文から、個人番号の利用等が適法かを判定する

    条例と規則の文書（*.jorei）が、そのまま判定の規則になります。
    """
