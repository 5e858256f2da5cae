"""`jorei diff`: two states of the rules compared, in their text and in what they change in law."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from api.cli.common import FINDINGS, FINE, AsJson, Rules, echo_json, wrong_call
from api.cli.findings import as_values, render

if TYPE_CHECKING:
    from api.difference_words import Words
    from api.two_states import Pair
    from engine.difference import Difference
    from engine.difference_rest import OtherChange

_T = TypeVar("_T")
_SILENT = 2.0  # seconds before progress is told


def diff(
    old: Annotated[
        Path, typer.Argument(metavar="改正前", help="市町村か国の法令のフォルダ、又は一つの文書（*.jorei）")
    ],
    new: Annotated[Path, typer.Argument(metavar="改正後", help="比べる相手。改正前と同じ種類のもの")],
    text_only: Annotated[bool, typer.Option("--text-only", help="条文の新旧だけを示す")] = False,
    law_only: Annotated[bool, typer.Option("--law-only", help="法の上の違いだけを示す")] = False,
    html: Annotated[Path | None, typer.Option("--html", metavar="文書", help="条文の新旧対照表を HTML で書く")] = None,
    docx: Annotated[Path | None, typer.Option("--docx", metavar="文書", help="条文の新旧対照表を Word で書く")] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, metavar="件数", help="示す違いの数（0 はすべて）")] = 50,
    as_json: AsJson = False,
    rules: Rules = None,
    old_rules: Annotated[
        Path | None, typer.Option("--old-rules", metavar="フォルダ", help="改正前に組み合わせる国の法令のフォルダ")
    ] = None,
) -> int:
    """改正の前と後を比べ、条文の違いと、適法・添付書類がどう変わるかを示す

    法の上の違いは、要求のすべてについて漏れなく計算します。違いがなければ終了状態は0、あれば1です。
    """
    if text_only and law_only:
        wrong_call("--text-only と --law-only は、どちらか一つにしてください")
    if law_only and (html is not None or docx is not None):
        wrong_call("--html と --docx は条文の新旧対照表です。--law-only と一緒には使えません")
    pair = _load(old, new, rules, old_rules)
    changed = False
    value: dict[str, Any] = {}
    if not law_only:
        from api.cli.diff_text import compare_texts, write_tables

        texts = compare_texts(pair)
        try:
            written = write_tables(texts, html, docx)
        except OSError as error:
            wrong_call(f"新旧対照表を書けません（{error.strerror}）: {error.filename}")
        changed |= bool(pair.texts)
        value["texts"] = [text.to_json() for text in texts]
        if not as_json:
            typer.echo("\n".join(line for text in texts for line in (text.shown, "")) or "条文に違いはありません。\n")
            typer.echo("".join(f"{path} に新旧対照表を書きました。\n" for path in written), nl=False)
    if not text_only:
        broken = [project for project in (pair.old, pair.new) if not project.ok]
        for project in broken:
            if as_json:
                value["diagnostics"] = [*value.get("diagnostics", []), *as_values(project.errors)]
            else:
                typer.echo(render(project.errors, project.sources))
        if broken:
            typer.echo("条例や規則の文書に誤りがあるため、法の上の違いを計算できません。", err=True)
        else:
            changed |= _law(pair, limit, value if as_json else None)
        changed |= bool(broken)
    if as_json:
        echo_json(value)
    return FINDINGS if changed else FINE


def _load(old: Path, new: Path, rules: Path | None, old_rules: Path | None) -> Pair:
    from api.project import ProjectNotFoundError, given_path
    from api.two_states import NotComparableError, load_pair

    try:
        return load_pair(given_path(old), given_path(new), rules, old_rules)
    except (ProjectNotFoundError, NotComparableError) as error:
        wrong_call(str(error))


def _law(pair: Pair, limit: int, value: dict[str, Any] | None) -> bool:
    """Say what changes in law, as text or into `value`; whether anything does."""
    from api.difference_words import LIMITS, Words
    from engine.difference import difference
    from engine.difference_rest import other_changes

    old, new = pair.old.rule_set, pair.new.rule_set
    found = difference(old, new, _progress())
    other = other_changes(old, new)
    words = Words(old, new, found)
    if value is not None:
        value["law"] = {
            "old": old.digest,
            "new": new.digest,
            "rows": [words.row_value(row) for row in found.rows],
            "papers": [words.paper_value(row) for row in found.papers],
            "other": [change._asdict() for change in other],
            "limits": list(LIMITS),
        }
    else:
        _echo(words, found, other, limit)
    return bool(found.rows or found.papers or other)


def _echo(words: Words, found: Difference, other: Iterable[OtherChange], limit: int) -> None:
    from api.difference_words import LIMITS
    from api.layout import wrapped
    from engine.difference import Kind

    others = list(other)
    typer.echo("法の上の違い")
    typer.echo("\n".join(f"  {line}" for line in words.summary(others)))
    law = [row for row in found.rows if row.kind is not Kind.BASES]
    bases = [row for row in found.rows if row.kind is Kind.BASES]
    _section("適法かどうかが変わる要求", law, words.row, limit)
    _section("添付書類の変わる要求", found.papers, words.paper, limit)
    _section("適法のまま、根拠だけが変わる要求", bases, words.row, limit)
    _section("その他の違い", others, words.other, limit)
    typer.echo("\n" + "\n".join(line for text in LIMITS for line in wrapped(f"※ {text}", 0, 3)))


def _section(title: str, rows: Sequence[_T], lines: Callable[[_T], Iterable[str]], limit: int) -> None:
    """The first rows of a kind, each spelled out only when it is shown."""
    if not rows:
        return
    typer.echo(f"\n{title}（{len(rows)}件）")
    shown = rows[:limit] if limit else rows
    for number, row in enumerate(shown, 1):
        first, *rest = lines(row)
        typer.echo("\n".join([f"[{number}] {first}", *rest]))
    if len(rows) > len(shown):
        typer.echo(f"……ほか{len(rows) - len(shown)}件（--limit 0 ですべて示します）")


def _progress() -> Callable[[int, int], None]:
    """Tells on the error stream how far it is, once it takes long."""
    started = time.monotonic()
    told = started + _SILENT

    def tell(done: int, total: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now >= told and done < total:
            told = now + _SILENT
            typer.echo(f"比べています… 事務 {done}／{total}", err=True)

    return tell
