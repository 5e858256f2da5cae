"""The timeline in lines: day by day what begins and ends, then each affair with its runs of days."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

import msgspec

from api.layout import wrapped
from engine.japanese import spoken_day
from engine.timeline import Kind, Lane

if TYPE_CHECKING:
    from datetime import date

    from engine.period import Period
    from engine.timeline import Event, Timeline

_FEW = 6  # provisions of an event that are spelled out
_SHORT = 28  # characters of the name of an affair in a list


def lines(timeline: Timeline, today: date) -> Iterator[str]:
    """The timeline as a clerk reads it; `today` is marked where it falls."""
    yield f"{timeline.name}（{timeline.body}）の工程"
    yield ""
    marked = False
    for on, events in groupby(timeline.events, key=lambda e: e.on):
        if not marked and on > today:
            yield from _mark(today)
            marked = True
        yield f"{on.isoformat()}　{spoken_day(on)}{'　◀ 今日' if on == today else ''}"
        marked = marked or on == today
        yield from _day(timeline, list(events))
    if not marked:
        yield from _mark(today)
    if timeline.rows:
        yield ""
        yield "事務ごとの期間（条件が付くことがある。要求ごとの答えは jorei decide）"
        for row in timeline.rows:
            yield from wrapped(f"{row.name}（{short_id(row.affair)}）", 2, 4)
            for run in row.runs:
                yield f"    {run.track.value}　{'、'.join(span(days) for days in run.days)}"
    doubts = sorted({a for e in timeline.events for a in e.assumptions})
    if doubts:
        yield ""
        yield from wrapped(f"拠っている仮定　{'、'.join(doubts)}", 0, 4)


def _mark(today: date) -> Iterator[str]:
    yield f"──── 今日 {today.isoformat()}　{spoken_day(today)} ────"


def _day(timeline: Timeline, events: list[Event]) -> Iterator[str]:
    names = {row.affair: shortened(row.name) for row in timeline.rows}
    bounds: dict[str, list[str]] = {}
    for event in events:
        if event.kind in (Kind.FIRST, Kind.LAST):
            track = event.text.rpartition(": ")[2]
            bounds.setdefault(track, []).append(names.get(event.affair or "", event.affair or ""))
            continue
        said = event.text
        if event.affair in names:
            said = f"{names[event.affair]}: {said.rpartition(': ')[2]}"
        planned = "［予定］" if event.planned else ""
        text = f"{event.lane.value}　{planned}{said}{_provisions(event)}"
        if event.lane is not Lane.AFFAIRS and event.assumptions:
            text += f"〔仮定 {'・'.join(event.assumptions)}〕"
        yield from wrapped(text, 2, 6)
    for track, affairs in bounds.items():
        yield from wrapped(f"{Lane.AFFAIRS.value}　{track}（{len(affairs)}事務）: {'、'.join(affairs)}", 2, 6)


def _provisions(event: Event) -> str:
    if event.kind is Kind.END and event.lane is Lane.NATION:
        return ""
    if event.kind not in (Kind.FORCE, Kind.END, Kind.RENUMBERED):
        return ""
    few = [label.removeprefix(event.text.split("の")[0]) for label in event.citations[:_FEW]]
    more = len(event.citations) - len(few)
    return f": {'、'.join(few)}{f'ほか{more}件' if more else ''}"


def span(days: Period) -> str:
    """A run of days."""
    last = "" if days.last is None else f"{days.last.isoformat()}まで"
    return f"{days.first.isoformat()}から{last}"


def shortened(name: str) -> str:
    """The name of an affair for a list: without brackets and not too long."""
    bare = "".join(c for c, depth in _depths(name) if depth == 0).removesuffix("に関する事務")
    return bare if len(bare) <= _SHORT else f"{bare[:_SHORT]}…"


def _depths(text: str) -> Iterator[tuple[str, int]]:
    depth = 0
    for c in text:
        depth += c == "（"
        yield c, depth
        depth -= c == "）"


def short_id(affair: str) -> str:
    """The id of an affair without the code of its body."""
    code, _, rest = affair.partition("/")
    return rest if rest and len(code) == 6 and code.isdigit() else affair


def as_value(timeline: Timeline, today: date) -> dict[str, Any]:
    """The timeline for JSON."""
    value: dict[str, Any] = msgspec.to_builtins(timeline)
    return {**value, "today": today.isoformat()}
