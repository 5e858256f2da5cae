"""How days, times and names read on a page."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from engine.rule_set import Affair, RuleSet

_WEEK = "月火水木金土日"


class Names(Protocol):
    """What codes are called."""

    def affair(self, municipality: str | None, said: str, on: date) -> str:
        """An affair by what a request called it."""
        ...

    def caller(self, client: str) -> str:
        """A business system by its client id."""
        ...


class RuleNames:
    """Names of affairs from the rule set; of systems from a table."""

    def __init__(self, rules: RuleSet, callers: dict[str, str] | None = None) -> None:
        self._callers, self._codes = callers or {}, rules.names
        self._affairs: dict[str, Affair] = {}
        for part in (rules.national, *rules.bodies.values()):
            for affair in part.affairs.values():
                self._affairs.setdefault(affair.id, affair)
                for alias in affair.aliases:
                    self._affairs.setdefault(alias, affair)

    def affair(self, municipality: str | None, said: str, on: date) -> str:
        """The name as the text of the day words it; what is not known is shown as it was said."""
        body = self._codes.get(municipality or "")
        found = self._affairs.get(f"{body}/{said}") or self._affairs.get(said)
        return said if found is None else found.name_on(on)

    def caller(self, client: str) -> str:
        """The name of a system, or its client id."""
        return self._callers.get(client, client)


def day(on: date) -> str:
    """A day.

    Examples:
        >>> day(date(2026, 11, 26))
        '2026年11月26日（木）'
    """
    return f"{on.year}年{on.month}月{on.day}日（{_WEEK[on.weekday()]}）"


def moment(at: datetime) -> str:
    """A day and time.

    Examples:
        >>> moment(datetime(2026, 11, 26, 9, 5))
        '2026年11月26日 午前9時05分'
    """
    half, hour = ("午前", at.hour) if at.hour < 12 else ("午後", at.hour - 12)
    return f"{at.year}年{at.month}月{at.day}日 {half}{hour}時{at.minute:02d}分"


def clock(at: datetime) -> str:
    """A time of day.

    Examples:
        >>> clock(datetime(2026, 11, 26, 13, 0))
        '午後1時00分'
    """
    return moment(at).partition(" ")[2]
