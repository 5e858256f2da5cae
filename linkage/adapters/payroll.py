"""Example of a 人事給与 system: the municipality as employer, an affair in relation to the number (個人番号関係事務).

Employees' numbers are kept for statements of tax withheld (番号法9条4項; before 2024-05-27 its 3項) and shown for nothing
else. Run: `python -m linkage.adapters.payroll --url … --key … --municipality 石巻市 --handler …`.
"""

from __future__ import annotations

from collections.abc import Callable

from linkage.adapters.example import ARRIVALS, Example
from linkage.addressee.values import Basic, Kind, Numbered


class Payroll(Example):
    """人事給与."""

    SYSTEM = "jinji"
    AFFAIR = "related-affairs"

    def employ(self, local: str, basic: Basic, entered: Callable[[], str]) -> Numbered:
        """Take the number of an employee, who need not be a resident."""
        return self.kit.number(self.office, local, basic, entered, kind=Kind.NON_RESIDENT)

    def statement(self, handle: str, pay: int) -> str:
        """源泉徴収票: the number is shown for this one paper, written into it, and forgotten; gives the paper, masked."""
        return str(self.kit.show(self.office, handle, lambda number: _printed(number, pay)))


def _printed(number: str, pay: int) -> str:
    """What goes to the printer; what the program keeps has no number."""
    printed = f"源泉徴収票　支払金額 {pay:,}円　個人番号 {number}"
    return printed.replace(number, "＊" * len(number))


def run(system: Payroll) -> list[str]:
    """Take the arrivals on as employees, and print a statement for each."""
    told = []
    for resident in ARRIVALS():
        made = system.employ(resident.local, resident.basic, lambda one=resident: one.number)  # type: ignore[misc]
        told.append(system.statement(made.handle, 3_200_000))
    return told


if __name__ == "__main__":
    Payroll.main(run)
