"""Example of a 地方税 system: finds taxpayers by number in its own affair, and registers copies of 地方税関係情報.

Run: `python -m linkage.adapters.tax --url … --key … --municipality 石巻市 --handler …`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from linkage.adapters.example import ARRIVALS, Example
from linkage.addressee.values import Found

TAX = "TM99000000000001"


class Tax(Example):
    """地方税."""

    SYSTEM = "tax"
    AFFAIR = "番号法別表/24"

    def taxpayer(self, entered: Callable[[], str]) -> Found | None:
        """Who a number on a return (申告書) belongs to."""
        return self.kit.search(self.office, entered)

    def assess(self, agency: str, handle: str, figures: Mapping[str, str], since: date) -> int:
        """Register the copy of 地方税関係情報 after the assessment of the year."""
        return self.copy(agency, handle, TAX, figures, since)


def run(system: Tax) -> list[str]:
    """Search the arrivals of a day by number."""
    told = []
    for resident in ARRIVALS():
        found = system.taxpayer(lambda one=resident: one.number)  # type: ignore[misc]
        told.append(f"{resident.basic.name}: {'登録がない' if found is None else found.handle}")
    return told


if __name__ == "__main__":
    Tax.main(run)
