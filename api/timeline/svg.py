"""The timeline drawn by hand as SVG: three swim lanes over one scale of days, for the screen and for A4.

No script, no outside resource. Nothing is told by colour alone: each event has its text or a sign with a legend, each
run its pattern and its word, and every element a `title` that reading aids speak.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from html import escape
from typing import TYPE_CHECKING

from api.layout import width
from api.timeline.text import short_id, shortened, span
from engine.japanese import masked, spoken_day
from engine.period import Period
from engine.timeline import Kind, Lane, Track

if TYPE_CHECKING:
    from engine.timeline import Event, Row, Run, Timeline

#: Units are millimetres of an A4 page, upright; a longer drawing is scaled to it when printed.
PAGE_WIDTH, PAGE_HEIGHT = 210.0, 297.0
LEFT, RIGHT = 52.0, 204.0  # where the scale of days begins and ends
_TOP, _ROW, _STRIP = 24.0, 4.2, 1.15
_EDGE, _COLUMN = 4.0, 1.25  # margin of the page; a half-width column at font size 2.5
_FONT = "'Noto Sans CJK JP','Hiragino Sans','Yu Gothic',Meiryo,sans-serif"
_TRACKS = {
    Track.USE: ("利", "#1d4e89"),
    Track.INTERNAL: ("庁", "#2e7d32"),
    Track.LINKAGE: ("連", "#b25500"),
    Track.CARD: ("カ", "#6a1b9a"),
}
_SIGNS = {Kind.ASSESSED: "△", Kind.CHANGED: "！", Kind.NOTIFIED: "◆", Kind.STOPPED: "◇"}


class Scale:
    """Days laid on the page: the first of `days` at LEFT, the day after the last at RIGHT."""

    def __init__(self, days: Period) -> None:
        self.days = days
        self.last = days.last or days.first
        self._width = (RIGHT - LEFT) / ((self.last - days.first).days + 1)

    def x(self, on: date) -> float:
        """Where a day begins."""
        return round(LEFT + (on - self.days.first).days * self._width, 3)

    def end(self, on: date | None) -> float:
        """Where a day ends; without one, the edge."""
        return RIGHT if on is None else min(RIGHT, self.x(on + timedelta(days=1)))


def svg(timeline: Timeline, days: Period, today: date) -> str:
    """The drawing.

    Args:
        timeline: What to draw, already cut to the days.
        days: The days of the scale; its last must be given.
        today: The day that is marked when it is among them.
    """
    drawing = _Drawing(timeline, Scale(days), today)
    return drawing.whole()


class _Drawing:
    def __init__(self, timeline: Timeline, scale: Scale, today: date) -> None:
        self.timeline = timeline
        self.scale = scale
        self.today = today
        self.parts: list[str] = []
        self.y = _TOP

    def whole(self) -> str:
        for lane in (Lane.NATION, Lane.INSTRUMENTS):
            self._lane(lane.value)
            for event in self.timeline.events:
                if event.lane is lane:
                    self._event(event)
        self._lane("事務ごとの利用・庁内連携・情報連携")
        known = {row.affair for row in self.timeline.rows}
        for row in self.timeline.rows:
            self._row(row)
        for event in self.timeline.events:
            if event.lane is Lane.AFFAIRS and event.affair not in known:
                self._event(event)
        bottom = self.y
        self._legend()
        height = max(PAGE_HEIGHT, self.y + 4)
        title = _text(f"{self.timeline.name}の工程")
        last = self.scale.last
        what = f"{spoken_day(self.scale.days.first)}から{spoken_day(last)}まで。国の制度、条例・規則、事務の三つの段に、出来事と期間を日の順に示す。"
        head = [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title desc" lang="ja" width="{PAGE_WIDTH:g}mm"'
            f' height="{PAGE_HEIGHT:g}mm" viewBox="0 0 {PAGE_WIDTH:g} {height:g}" preserveAspectRatio="xMidYMin meet"'
            f' font-family="{_FONT}" font-size="2.5" fill="#111">',
            f'<title id="title">{title}</title>',
            f'<desc id="desc">{_text(what)}</desc>',
            _PATTERNS,
            f'<rect x="0" y="0" width="{PAGE_WIDTH:g}" height="{height:g}" fill="#fff"/>',
            f'<text x="6" y="10" font-size="5" font-weight="bold">{title}</text>',
            *self._years(bottom),
            *self._now(bottom),
        ]
        return "\n".join([*head, *self.parts, "</svg>", ""])

    # ---- scale ----------------------------------------------------------------------------------

    def _years(self, bottom: float) -> Iterator[str]:
        for year in range(self.scale.days.first.year, self.scale.last.year + 1):
            on = max(date(year, 1, 1), self.scale.days.first)
            x = self.scale.x(on)
            yield f'<line x1="{x:g}" y1="17" x2="{x:g}" y2="{bottom:g}" stroke="#ccc" stroke-width="0.15"/>'
            if self.scale.end(date(year, 12, 31)) - x >= 6:
                yield f'<text x="{x + 0.5:g}" y="19.5" font-size="2.3">{year}年</text>'

    def _now(self, bottom: float) -> Iterator[str]:
        if self.scale.days.contains(self.today):
            x = self.scale.x(self.today)
            yield (
                f'<g class="today"><title>今日 {_text(spoken_day(self.today))}</title>'
                f'<line x1="{x:g}" y1="14.5" x2="{x:g}" y2="{bottom:g}" stroke="#b00020" stroke-width="0.4"'
                f' stroke-dasharray="1.2 0.8"/><text x="{x:g}" y="14" text-anchor="middle" fill="#b00020">今日'
                f" {self.today.isoformat()}</text></g>"
            )

    # ---- lanes ----------------------------------------------------------------------------------

    def _lane(self, name: str) -> None:
        self.parts.append(
            f'<g class="lane"><rect x="4" y="{self.y - 0.2:g}" width="202" height="4.2" fill="#eef1f5"/>'
            f'<text x="6" y="{self.y + 3:g}" font-weight="bold">{_text(name)}</text></g>'
        )
        self.y += 5

    def _event(self, event: Event) -> None:
        """An event on a line of its own: a sign at its day, its words to the side that has room."""
        x, y = self.scale.x(event.on), self.y
        words = f"{event.on.isoformat()} {'［予定］' if event.planned else ''}{event.text}"
        left, right = x - 1.4 - _EDGE, PAGE_WIDTH - _EDGE - x - 1.4
        leftward = right < wide(words) and left > right
        words = _fitting(words, left if leftward else right)
        at = x - 1.4 if leftward else x + 1.4
        anchor = ' text-anchor="end"' if leftward else ""
        fill = "#fff" if event.planned else "#111"
        self.parts.append(
            f'<g class="event" data-on="{event.on.isoformat()}"><title>{_text(_told(event))}</title>'
            f'<circle cx="{x:g}" cy="{y + 1.9:g}" r="0.9" fill="{fill}" stroke="#111" stroke-width="0.3"/>'
            f'<text x="{at:g}" y="{y + 2.8:g}"{anchor}>{_text(words)}</text></g>'
        )
        self.y += _ROW - 0.4

    def _row(self, row: Row) -> None:
        name = _cut(shortened(row.name), 18)
        self.parts.append(
            f'<g class="row"><title>{_text(f"{row.name}（{short_id(row.affair)}）")}</title>'
            f'<text x="6" y="{self.y + 2.9:g}" font-size="2.3">{_text(name)}</text></g>'
        )
        for place, run in enumerate(row.runs):
            self._run(row, run, self.y + 0.2 + place * _STRIP)
        for event in self.timeline.events:
            if event.affair == row.affair:
                self._sign(event)
        self.y += max(_ROW, len(row.runs) * _STRIP + 0.6)

    def _run(self, row: Row, run: Run, y: float) -> None:
        letter, colour = _TRACKS[run.track]
        for days in run.days:
            x, end = self.scale.x(days.first), self.scale.end(days.last)
            told = f"{row.name}: {run.track.value} {span(days)}（{'、'.join(run.citations)}）"
            self.parts.append(
                f'<g class="run" data-track="{run.track.value}" data-first="{days.first.isoformat()}"'
                f' data-last="{"" if days.last is None else days.last.isoformat()}"><title>{_text(told)}</title>'
                f'<rect x="{x:g}" y="{y:g}" width="{max(end - x, 0.2):g}" height="{_STRIP - 0.15:g}"'
                f' fill="url(#{_pattern(run.track)})" stroke="{colour}" stroke-width="0.12"/>'
                f'<text x="{x - 1.3:g}" y="{y + 0.9:g}" font-size="1.1" fill="{colour}">{letter}</text></g>'
            )

    def _sign(self, event: Event) -> None:
        """An event of an affair, in its row: a sign for registers; first and last days are the ends of the runs."""
        x = self.scale.x(event.on)
        sign = _SIGNS.get(event.kind, "")
        drawn = (
            f'<text x="{x:g}" y="{self.y + 3.3:g}" font-size="2.4" text-anchor="middle">{sign}</text>'
            if sign
            else f'<line x1="{x:g}" y1="{self.y:g}" x2="{x:g}" y2="{self.y + 0.2:g}" stroke="#111" stroke-width="0.2"/>'
        )
        self.parts.append(
            f'<g class="event" data-on="{event.on.isoformat()}"><title>{_text(_told(event))}</title>{drawn}</g>'
        )

    def _legend(self) -> None:
        self.y += 4
        x = 6.0
        for track, (letter, colour) in _TRACKS.items():
            self.parts.append(
                f'<g class="legend"><rect x="{x:g}" y="{self.y - 2:g}" width="7" height="2" fill="url(#{_pattern(track)})"'
                f' stroke="{colour}" stroke-width="0.12"/><text x="{x + 8:g}" y="{self.y:g}">{letter} {track.value}</text></g>'
            )
            x += 28
        self.y += 4
        words = "　".join([f"{sign} {kind.value}" for kind, sign in _SIGNS.items()] + ["● 実績", "○ 予定"])
        self.parts.append(f'<text x="6" y="{self.y:g}">{_text(words)}</text>')
        self.y += 4
        note = (
            "帯は、条件（保護評価、同意など）を満たすときに認められる日を示す。要求ごとの答えは jorei decide による。"
        )
        self.parts.append(f'<text x="6" y="{self.y:g}">{_text(note)}</text>')


def _told(event: Event) -> str:
    """All about an event, for those who hear it or rest on it."""
    parts = [f"{spoken_day(event.on)} {'予定 ' if event.planned else ''}{event.kind.value}: {event.text}"]
    if event.citations:
        parts.append(f"根拠 {'、'.join(event.citations)}")
    if event.assumptions:
        parts.append(f"仮定 {'、'.join(event.assumptions)}")
    return "。".join(parts)


def wide(text: str) -> float:
    """Millimetres that a text of the drawing takes at most."""
    return width(text) * _COLUMN


def _fitting(text: str, room: float) -> str:
    while wide(text) > room:
        text = f"{text.removesuffix('…')[:-1]}…"
    return text


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _text(text: str) -> str:
    """Text as it may stand in the drawing: no markup, no run of twelve digits, no control characters."""
    return escape("".join(c for c in masked(text) if c.isprintable()), quote=True)


def _pattern(track: Track) -> str:
    return f"track-{track.name.lower()}"


_PATTERNS = (
    "<defs>"
    + "".join(
        f'<pattern id="{_pattern(track)}" width="1.2" height="1.2" patternUnits="userSpaceOnUse">'
        f'<rect width="1.2" height="1.2" fill="#fff"/>{mark}</pattern>'
        for track, mark in (
            (Track.USE, '<rect width="1.2" height="1.2" fill="#1d4e89"/>'),
            (Track.INTERNAL, '<path d="M0 1.2L1.2 0" stroke="#2e7d32" stroke-width="0.4"/>'),
            (Track.LINKAGE, '<circle cx="0.6" cy="0.6" r="0.35" fill="#b25500"/>'),
            (Track.CARD, '<path d="M0.6 0V1.2" stroke="#6a1b9a" stroke-width="0.4"/>'),
        )
    )
    + "</defs>"
)
