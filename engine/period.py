"""Periods of law: runs of days, both ends inclusive, as 施行 and 失効 are spoken of."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec


class Period(msgspec.Struct, frozen=True, order=True, gc=False):
    """The days from `first` to `last`, both inclusive; `last` None means still in force.

    Examples:
        >>> p = Period(date(2016, 1, 1), date(2017, 5, 29))
        >>> p.contains(date(2017, 5, 29)), p.contains(date(2017, 5, 30))
        (True, False)
    """

    first: date
    last: date | None = None

    def contains(self, on: date) -> bool:
        """Whether the day `on` falls within the period."""
        return self.first <= on and (self.last is None or on <= self.last)

    def intersect(self, other: Period) -> Period | None:
        """The days in both periods, or None when there are none.

        Examples:
            >>> Period(date(2016, 1, 1)).intersect(Period(date(2013, 5, 31), date(2015, 12, 31))) is None
            True
        """
        first = max(self.first, other.first)
        last = _earlier(self.last, other.last)
        if last is not None and last < first:
            return None
        return Period(first, last)

    def subtract(self, other: Period) -> tuple[Period, ...]:
        """The days in this period that are not in `other`, as zero, one or two periods."""
        common = self.intersect(other)
        if common is None:
            return (self,)
        rest: list[Period] = []
        if self.first < common.first:
            rest.append(Period(self.first, common.first - timedelta(days=1)))
        if common.last is not None and (self.last is None or common.last < self.last):
            rest.append(Period(common.last + timedelta(days=1), self.last))
        return tuple(rest)


def _earlier(a: date | None, b: date | None) -> date | None:
    if a is None:
        return b
    if b is None:
        return a
    return min(a, b)
