"""Synthetic residents, made in memory: people who do not exist, with numbers whose check digit is right.

The numbers exist only as long as somebody holds the object; nothing here writes. The same seed makes the same people, so
tests can be repeated without a file of numbers.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from linkage.addressee.number import check_digit
from linkage.addressee.values import Basic, BatchRow, Kind, Sex

_FAMILY = ("仮名", "架空", "試験", "見本", "例示", "想定", "模擬", "仮想")
_GIVEN = ("一郎", "花子", "太郎", "陽子", "健", "美咲", "翔", "葵", "誠", "結衣", "大輔", "桜")
_OLDEST = date(1930, 1, 1)


@dataclass(frozen=True)
class Resident:
    """One person. The number is not shown."""

    local: str
    basic: Basic
    number: str = field(repr=False)

    def row(self, kind: Kind = Kind.RESIDENT) -> BatchRow:
        """As a row of a batch, which is sealed as a whole."""
        return BatchRow(self.local, self.basic, self.number, kind)


def residents(count: int, *, seed: int, town: str = "架空市", first: int = 1) -> Iterator[Resident]:
    """So many people, one at a time. `first` is the 宛名番号 of the first."""
    made = random.Random(f"jorei synthetic {seed}")  # nobody's secret
    seen: set[int] = set()
    for place in range(first, first + count):
        yield Resident(f"{place:08d}", _basic(made, town), _number(made, seen))


def _number(made: random.Random, seen: set[int]) -> str:
    while True:
        value = made.randrange(10**11)
        if value not in seen:
            seen.add(value)
            eleven = f"{value:011d}"
            return f"{eleven}{check_digit(eleven)}"


def _basic(made: random.Random, town: str) -> Basic:
    born = _OLDEST + timedelta(days=made.randrange(95 * 365))
    address = f"{town}見本町{made.randrange(1, 40)}丁目{made.randrange(1, 30)}番"
    name = f"{made.choice(_FAMILY)}　{made.choice(_GIVEN)}"
    return Basic(name, address, born, made.choice((Sex.MALE, Sex.FEMALE)))
