"""Help and usage errors of the command line in Japanese, and what happens to unexpected faults."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Iterator, Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from api.layout import width, wrapped

# The class that typer raises for a wrong call; its module differs between versions.
_UsageError: type[Exception] = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "UsageError")

_HELP_OF_HELP = "この説明を表示して終わる"
_INTERNAL = "内部エラー: {what}\n判定していません。適法とは扱わないでください。\n詳しくは、同じ命令に --debug を付けて実行してください。"


class JapaneseCommand(TyperCommand):
    """A command whose help is Japanese."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Usage, what the command does, its arguments and options."""
        formatter.write("\n".join(_help(self, ctx)) + "\n")


class JapaneseGroup(TyperGroup):
    """The command line itself."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Usage, what the tool does, and its commands."""
        lines = list(_help(self, ctx))
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, (command.help or "").split("\n")[0]) for name, command in commands if command is not None]
        formatter.write("\n".join([*lines, *_section("命令", rows)]) + "\n")

    def list_commands(self, ctx: Any) -> list[str]:
        """In the order of a day's work, not of the alphabet."""
        return list(self.commands)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run, and leave with the exit status; a wrong call is 2, an unexpected fault 1."""
        given = list(sys.argv[1:] if args is None else args)
        debug = "--debug" in given or bool(os.environ.get("JOREI_DEBUG"))
        given = [a for a in given if a != "--debug"]
        if not standalone_mode:
            return super().main(given, prog_name, complete_var, False, windows_expand_args, **extra)
        sys.exit(self._status(given, prog_name, complete_var, windows_expand_args, debug, extra))

    def _status(
        self,
        given: list[str],
        prog_name: str | None,
        complete_var: str | None,
        windows_expand_args: bool,
        debug: bool,
        extra: dict[str, Any],
    ) -> int:
        try:
            result = super().main(given, prog_name, complete_var, False, windows_expand_args, **extra)
        except _UsageError as error:
            if type(error).__name__ == "NoArgsIsHelpError":
                typer.echo(str(error))
            else:
                typer.echo(f"使い方の誤り: {_usage_fault(error)}", err=True)
                typer.echo(f"「{_command_path(error)} --help」で使い方を見られます。", err=True)
            return 2
        except (typer.Abort, KeyboardInterrupt):
            typer.echo("中止しました。", err=True)
            return 130
        except BrokenPipeError:
            _silence_stdout()
            return 1
        except Exception as error:
            if debug:
                traceback.print_exc()
            typer.echo(_INTERNAL.format(what=type(error).__name__), err=True)
            return 1
        return result if isinstance(result, int) else 0


def _silence_stdout() -> None:
    """Nobody reads on: keep the interpreter from complaining about it while it shuts down."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _command_path(error: Exception) -> str:
    ctx = getattr(error, "ctx", None)
    return str(ctx.command_path) if ctx is not None else "jorei"


def _usage_fault(error: Exception) -> str:
    """A usage error of typer in Japanese."""
    name, message = type(error).__name__, str(getattr(error, "message", ""))
    param = getattr(error, "param", None)
    hint = _name_of(param)
    if name == "NoSuchOption":
        near = "、".join(getattr(error, "possibilities", None) or ())
        return f"オプション {getattr(error, 'option_name', '')} はありません" + (
            f"（{near} ではありませんか）" if near else ""
        )
    if name == "MissingParameter":
        return f"{hint} を指定してください"
    if name == "BadOptionUsage":
        return f"オプション {getattr(error, 'option_name', '')} の使い方が違います（値が要るか、値が余っています）"
    if name == "BadParameter":
        choices = re.search(r"'(.*)' is not one of (.*?)\.?$", message)
        said = f"{choices[1]} は {choices[2]} のどれでもありません" if choices else message
        return f"{hint} の値が正しくありません（{said}）" if hint else said
    if "No such command" in message:
        return f"「{message.split(chr(39))[1] if chr(39) in message else ''}」という命令はありません"
    if "Missing command" in message:
        return "命令を指定してください"
    if "unexpected extra argument" in message:
        return f"余分な引数があります {message.rpartition('(')[2].rstrip(').')}"
    return message


def _name_of(param: Any) -> str:
    if param is None:
        return ""
    if param.param_type_name == "argument":
        return str(param.metavar or param.name or "").upper()
    return "/".join(param.opts)


def _help(command: Any, ctx: Any) -> Iterator[str]:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    names = [_argument(p) for p in arguments]
    tail = ["命令 …"] if isinstance(command, TyperGroup) else names
    yield f"使い方: {' '.join([ctx.command_path, '[オプション]', *tail])}"
    yield ""
    for paragraph in (command.help or "").split("\n\n"):
        yield from wrapped("".join(line.strip() for line in paragraph.splitlines()), 2, 2)
    yield from _section("引数", [(name, p.help or "") for name, p in zip(names, arguments, strict=True)])
    options = [(_option(p), p.help or "") for p in command.params if p.param_type_name == "option" and not p.hidden]
    yield from _section("オプション", [*options, ("--help", _HELP_OF_HELP)])


def _argument(param: Any) -> str:
    name = str(param.metavar or param.name).upper()
    return name if param.required else f"[{name}]"


def _option(param: Any) -> str:
    names = "/".join(param.opts)
    return names if param.is_flag else f"{names} {param.metavar or '値'}"


def _section(title: str, rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield f"{title}:"
    column = max(width(name) for name, _ in rows) + 4
    for name, text in rows:
        first, *more = wrapped(text, column, column)
        yield "  " + name + " " * (column - 2 - width(name)) + first.lstrip(" ")
        yield from more
