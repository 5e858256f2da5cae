"""The retention rules as data: kinds of what is erased, and the years of each procedure."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from linkage.network import registers
from linkage.people.requirements import Assumption, months_after


class KindRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of thing, and how many months after its end it is erased."""

    id: str
    name: str
    end: str
    months: int
    basis: str
    method: str
    assumption: str | None = None

    def cutoff(self, before: date) -> date:
        """What ended before this day is erased when everything due before `before` is.

        Examples:
            >>> KindRule("copy", "副本", "公開終了日", 12, "", "").cutoff(date(2026, 11, 26))
            datetime.date(2025, 11, 26)
        """
        return months_after(before, -self.months)


class Years(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The years of a procedure, counted from its end or from the end of the fiscal year in which it ended."""

    years: int
    basis: str
    start: Literal["closed", "fiscal-year"] = msgspec.field(name="from")
    affair: str = ""
    procedure: str | None = None
    assumption: str | None = None

    def keep_until(self, closed: date) -> date:
        """The last day on which a case that ended is kept."""
        return months_after(closed if self.start == "closed" else fiscal_year_end(closed), 12 * self.years)


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The data of retention.yaml."""

    kinds: tuple[KindRule, ...]
    default: Years
    procedures: tuple[Years, ...]
    assumptions: tuple[Assumption, ...]

    def kind(self, id_: str) -> KindRule:
        """The rule of a kind."""
        return next(kind for kind in self.kinds if kind.id == id_)

    def years(self, affair: str, procedure: str) -> Years:
        """The rule of a procedure: its own, else its affair's, else the default. Affairs with or without the body."""
        short = affair.rpartition("/")[2] if affair.partition("/")[0].isdigit() else affair
        own = [rule for rule in self.procedures if rule.affair == short]
        exact = next((rule for rule in own if rule.procedure == procedure), None)
        return exact or next((rule for rule in own if rule.procedure is None), self.default)


def fiscal_year_end(day: date) -> date:
    """The last day of the fiscal year (4月から3月) of a day.

    Examples:
        >>> fiscal_year_end(date(2026, 3, 31)), fiscal_year_end(date(2026, 4, 1))
        (datetime.date(2026, 3, 31), datetime.date(2027, 3, 31))
    """
    return date(day.year + (day.month > 3), 3, 31)


def load(file: Path) -> Rules:
    """Read the rules.

    Raises:
        ValueError: When they cannot be read, or name an assumption that is not declared.
    """
    try:
        found = msgspec.convert(registers.read(file), type=Rules)
    except msgspec.ValidationError as error:
        raise ValueError(f"保存期間の登録簿 {file.name} を読めません（{error}）") from None
    named = {rule.assumption for rule in found.kinds} | {rule.assumption for rule in (found.default, *found.procedures)}
    unknown = named - {None} - {one.id for one in found.assumptions}
    if unknown or any(rule.months < 0 for rule in found.kinds):
        raise ValueError(f"保存期間の登録簿 {file.name} に、知られていない仮定か、負の月数がある")
    return found


@cache
def rules() -> Rules:
    """Those of the product."""
    return load(Path(__file__).with_name("retention.yaml"))
