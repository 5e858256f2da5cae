"""Example of a 住民記録 system: numbers who moves in, keeps 基本4情報, and registers copies of 住民票関係情報.

The resident register itself is no affair of the Act's table; it holds what it provides for the affair its agency is
registered with. Run: `python -m linkage.adapters.juki --url … --key … --municipality 石巻市 --handler …`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from linkage.adapters.example import ARRIVALS, Example
from linkage.addressee.values import Basic, Kind, Numbered


class Juki(Example):
    """住民記録."""

    SYSTEM = "juki"
    AFFAIR = "番号法別表/24"

    def move_in(self, local: str, basic: Basic, entered: Callable[[], str]) -> Numbered:
        """転入: the number that the person shows is sealed as it is entered."""
        return self.kit.number(self.office, local, basic, entered)

    def move_out(self, local: str, basic: Basic) -> Numbered:
        """A person who is no resident (any more), known by name only."""
        return self.kit.number(self.office, local, basic, None, kind=Kind.NON_RESIDENT)

    def publish(self, agency: str, handle: str, household: Mapping[str, str], since: date) -> int:
        """Register the copy of 住民票関係情報 of a person."""
        return self.copy(agency, handle, "TM99000000000002", household, since)


def run(system: Juki) -> list[str]:
    """Number the arrivals of a day."""
    told = []
    for resident in ARRIVALS():
        made = system.move_in(resident.local, resident.basic, lambda one=resident: one.number)  # type: ignore[misc]
        told.append(f"{resident.basic.name}: {made.handle}（{'新しく付番' if made.new else '付番済み'}）")
    return told


if __name__ == "__main__":
    Juki.main(run)
