"""Sums and differences of periods, and how they are told to a reader."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from dsl.normalise import wareki_of
from engine.period import Period

_DAY = timedelta(days=1)


def union(periods: Iterable[Period]) -> tuple[Period, ...]:
    """The same days as runs that neither touch nor overlap, in order.

    Examples:
        >>> from datetime import date
        >>> union([Period(date(2016, 1, 3)), Period(date(2016, 1, 1), date(2016, 1, 2))])
        (Period(first=datetime.date(2016, 1, 1), last=None),)
    """
    runs: list[Period] = []
    for period in sorted(periods, key=lambda p: p.first):
        before = runs[-1] if runs else None
        if before is not None and (before.last is None or period.first <= before.last + _DAY):
            last = None if before.last is None or period.last is None else max(before.last, period.last)
            runs[-1] = Period(before.first, last)
        else:
            runs.append(period)
    return tuple(runs)


def uncovered(whole: Iterable[Period], covers: Iterable[Period]) -> tuple[Period, ...]:
    """The days of `whole` on which no period of `covers` stands."""
    left = list(union(whole))
    for cover in covers:
        left = [rest for period in left for rest in period.subtract(cover)]
    return union(left)


def within(periods: Iterable[Period], span: Period) -> tuple[Period, ...]:
    """The days of `periods` that lie in `span`."""
    return union(p for period in periods if (p := period.intersect(span)) is not None)


def in_words(periods: Sequence[Period]) -> str:
    """Runs of days as a reader says them: 平成28年1月1日から平成29年5月29日まで."""
    return "、".join(
        f"{wareki_of(p.first)}から" + (f"{wareki_of(p.last)}まで" if p.last is not None else "") for p in periods
    )
