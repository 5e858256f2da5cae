"""The commands gathered, in the order of a day's work."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Annotated, Final

import typer

from api.cli import (
    bench,
    callers,
    check,
    decide,
    diff,
    explain,
    fmt,
    import_,
    keys,
    log,
    prove,
    publications,
    publish,
    replay,
    ruleset,
    serve,
    tables,
    text,
    timeline,
)
from api.cli.japanese import JapaneseCommand, JapaneseGroup

app = typer.Typer(
    cls=JapaneseGroup,
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

for _name, _command in (
    ("import", import_.import_),
    ("check", check.check),
    ("fmt", fmt.fmt),
    ("text", text.text),
    ("tables", tables.tables),
    ("decide", decide.decide),
    ("explain", explain.explain),
    ("replay", replay.replay),
    ("diff", diff.diff),
    ("prove", prove.prove),
    ("timeline", timeline.timeline),
    ("publish", publish.publish),
    ("publications", publications.publications),
    ("serve", serve.serve),
    ("bench", bench.bench),
):
    app.command(_name, cls=JapaneseCommand)(_command)

app.add_typer(callers.callers, name="callers")
app.add_typer(keys.keys, name="keys")
app.add_typer(log.log, name="log")
app.add_typer(ruleset.ruleset, name="ruleset")


#: Other packages add sub-commands of theirs (typer apps) under this group.
GROUP: Final = "jorei.commands"

for _point in sorted(entry_points(group=GROUP), key=lambda one: one.name):
    app.add_typer(_point.load(), name=_point.name)


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
