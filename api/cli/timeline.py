"""`jorei timeline`: the roadmap of a municipality, as text, as JSON or as a drawing."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.common import (
    FINDINGS,
    FINE,
    AsJson,
    KnownAt,
    Ordinances,
    Rules,
    Store,
    echo_json,
    load_project,
    wrong_call,
)

if TYPE_CHECKING:
    from engine.period import Period
    from engine.rule_set import RuleSet
    from engine.timeline import Timeline


def timeline(
    municipality: Annotated[str, typer.Argument(metavar="団体", help="市町村の名か6桁のコード（例: 石巻市、042021）")],
    first: Annotated[str | None, typer.Option("--from", metavar="日", help="この日から")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="日", help="この日まで")] = None,
    affair: Annotated[str | None, typer.Option("--affair", metavar="事務", help="この事務だけ（識別子か名）")] = None,
    svg: Annotated[Path | None, typer.Option("--svg", metavar="文書", help="図（SVG）をこの文書に書く")] = None,
    today: Annotated[
        str | None, typer.Option("--today", metavar="日", help="今日として印を付ける日（省略すると今日）")
    ] = None,
    as_json: AsJson = False,
    known_at: KnownAt = None,
    store: Store = None,
    rules: Rules = None,
    ordinances: Ordinances = None,
) -> int:
    """国の制度の節目と、条例・規則と事務ごとの利用・連携の期間を、日の順に示す

    文書に誤りがあれば終了状態は1、団体や日が正しくなければ2です。
    """
    now = datetime.now().astimezone().date() if today is None else _day(today, "--today")
    begins = None if first is None else _day(first, "--from")
    ends = None if last is None else _day(last, "--to")
    if begins is not None and ends is not None and ends < begins:
        wrong_call("--to は、--from より前の日にできません")
    project = load_project(rules, ordinances, known_at, store)
    if not project.ok:
        from api.cli.findings import render

        typer.echo(render(project.diagnostics, project.sources), err=True)
        typer.echo("\n条例や規則の文書に誤りがあるため、工程を示せません。", err=True)
        return FINDINGS
    from engine.period import Period
    from engine.timeline import timeline as events_of

    code = _body(project.rule_set, municipality)
    whole = events_of(project.rule_set, code)
    only = None if affair is None else _affair(project.rule_set, code, affair, whole)
    asked = Period(begins or date.min, ends)
    shown = whole.within(asked, only)
    if svg is not None:
        from api.timeline.svg import svg as drawn

        days = _scale(shown, begins, ends, now)
        try:
            svg.write_text(drawn(shown.within(days), days, now), encoding="utf-8")
        except OSError as error:
            wrong_call(f"図の文書 {svg} に書けません（{error.strerror or 'I/O'}）")
    if as_json:
        from api.timeline.text import as_value

        echo_json(as_value(shown, now))
    elif svg is None:
        from api.timeline.text import lines

        typer.echo("\n".join(lines(shown, now)))
    else:
        typer.echo(f"図を書きました: {svg}（出来事 {len(shown.events)}件、事務 {len(shown.rows)}件）")
    return FINE


def _day(text: str, option: str) -> date:
    from engine.japanese import day_of, masked

    day = day_of(text)
    if day is None:
        wrong_call(f"{option} の「{masked(text)}」という日はありません（例: 2016-01-01、平成28年1月1日）")
    return day


def _body(rule_set: RuleSet, name: str) -> str:
    from engine.japanese import masked
    from engine.names import Registered

    registered = Registered(rule_set)
    code = registered.municipality(name)
    if code is None:
        like = registered.nearest_municipality(name)
        hint = "" if like is None else f"もしや: {like}"
        wrong_call(f"団体「{masked(name)}」の規則は読み込まれていません。{hint}")
    return code


def _affair(rule_set: RuleSet, code: str, name: str, whole: Timeline) -> str:
    from engine.japanese import masked
    from engine.names import Directories

    found = Directories(rule_set).of(code).affair(name)
    known = {row.affair for row in whole.rows}
    if found is None or found.id not in known:
        names = "、".join(sorted(key.removeprefix(f"{code}/") for key in known))
        wrong_call(f"事務「{masked(name)}」は、この団体の工程にありません。示せる事務: {names}")
    return found.id


def _scale(shown: Timeline, begins: date | None, ends: date | None, now: date) -> Period:
    """Whole years around all events and today, or the days asked for."""
    from engine.period import Period

    days = [event.on for event in shown.events]
    first = begins or date(min((*days, now)).year, 1, 1)
    last = ends or date(max((*days, now)).year, 12, 31)
    return Period(first, max(last, first + timedelta(days=1)))
