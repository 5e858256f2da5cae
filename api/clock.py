"""The time of day, asked of a clock that a test or a drill can set."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta
from typing import Protocol

from api.publication import JAPAN


class Clock(Protocol):
    """What tells the time."""

    def now(self) -> datetime:
        """The moment, aware, in Japan's time."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The moment, aware, in Japan's time."""
        return datetime.now(JAPAN)


class FixedClock:
    """A clock that stands still until it is told otherwise: for tests and drills.

    Examples:
        >>> clock = FixedClock(datetime(2026, 11, 26, 9, tzinfo=JAPAN))
        >>> clock.advance(timedelta(hours=15))
        >>> today(clock)
        datetime.date(2026, 11, 27)
    """

    def __init__(self, at: datetime) -> None:
        self._lock = threading.Lock()
        self._at = _japan(at)

    def now(self) -> datetime:
        """The moment it was set to."""
        return self._at

    def advance(self, by: timedelta) -> None:
        """Move it; backwards too."""
        with self._lock:
            self._at += by

    def set(self, at: datetime) -> None:
        """Set it."""
        with self._lock:
            self._at = _japan(at)


def _japan(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a moment without its offset")
    return at.astimezone(JAPAN)


def today(clock: Clock) -> date:
    """The day in Japan."""
    return clock.now().astimezone(JAPAN).date()


_EPOCH = datetime(1970, 1, 1, 9, tzinfo=JAPAN)
_MILLISECOND = timedelta(milliseconds=1)


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970 UTC, rounded down.

    Examples:
        >>> to_ms(datetime(1970, 1, 1, 9, 0, 1, 999, tzinfo=JAPAN))
        1000
    """
    return (at - _EPOCH) // _MILLISECOND


def from_ms(ms: int) -> datetime:
    """The moment of such milliseconds, in Japan's time.

    Examples:
        >>> from_ms(1000).isoformat()
        '1970-01-01T09:00:01+09:00'
    """
    return _EPOCH + ms * _MILLISECOND
