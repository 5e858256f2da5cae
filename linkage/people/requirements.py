"""Who must be named for which act, which training counts for how long, how often subcontractors are looked at."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from linkage.acts import ACTS, Kind
from linkage.network import registers


class Assumption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What could not be read in a source."""

    id: str
    text: str
    source: str


class Course(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A course of training, and for how many months it counts."""

    id: str
    name: str
    valid_months: int
    basis: str
    source: str
    assumption: str | None = None


class Supervision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often a subcontractor is looked at."""

    months: int
    basis: str
    source: str
    assumption: str | None = None


class Requirements(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The data of requirements.yaml."""

    handler: Mapping[str, Literal["required", "when_given"]]
    courses: tuple[Course, ...]
    required_courses: tuple[str, ...]
    supervision: Supervision
    assumptions: tuple[Assumption, ...]

    def must_name(self, act: str) -> bool:
        """Whether the act needs a handler."""
        return self.handler.get(act) == "required"

    def course(self, id_: str) -> Course | None:
        """The course of an id."""
        return next((course for course in self.courses if course.id == id_), None)


def load(file: Path) -> Requirements:
    """Read requirements.

    Raises:
        ValueError: When they cannot be read, or name an act or a course that is none.
    """
    try:
        found = msgspec.convert(registers.read(file), type=Requirements)
    except msgspec.ValidationError as error:
        raise ValueError(f"要件 {file.name} を読めません（{error}）") from None
    acts = {name for name, entry in ACTS.items() if entry.kind is Kind.ACT}
    unknown = [*(set(found.handler) - acts), *(c for c in found.required_courses if found.course(c) is None)]
    if unknown:
        raise ValueError(f"要件 {file.name} に、知られていない名前がある: {'、'.join(sorted(unknown))}")
    return found


@cache
def requirements() -> Requirements:
    """Those of the product."""
    return load(Path(__file__).with_name("requirements.yaml"))


def months_after(day: date, months: int) -> date:
    """The same day some months later; in a shorter month its last.

    Examples:
        >>> months_after(date(2024, 2, 29), 12), months_after(date(2026, 8, 31), 6)
        (datetime.date(2025, 2, 28), datetime.date(2027, 2, 28))
    """
    whole = day.month - 1 + months
    year, month = day.year + whole // 12, whole % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
