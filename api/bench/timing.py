"""Paired timing: processor time per call, the floor timed just before and just after each engine."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

#: Decides a request (a plain dict, or a resolved one); what it answers is not looked at here.
Decide = Callable[[Any], object]


def per_call(decide: Decide, cases: Sequence[Any], repeat: int = 1) -> float:
    """Processor time of one call in nanoseconds (all threads of this process), the loop included."""
    start = time.process_time_ns()
    for _ in range(repeat):
        for case in cases:
            decide(case)
    return (time.process_time_ns() - start) / (repeat * len(cases))


@dataclass(slots=True)
class Series:
    """What the rounds of one contestant gave. Times in nanoseconds of processor time per decision."""

    name: str
    cases: int = 0
    nanoseconds: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)

    @property
    def ratios(self) -> list[float]:
        """Times slower than the floor, a round each."""
        return [own / floor for own, floor in zip(self.nanoseconds, self.floor, strict=True)]

    def to_json(self) -> dict[str, Any]:
        """Every round with medians and ranges."""
        ratios = self.ratios
        return {
            "cases": self.cases,
            "rounds_ns": [round(n) for n in self.nanoseconds],
            "rounds_floor_ns": [round(n) for n in self.floor],
            "rounds_ratio": [round(r, 3) for r in ratios],
            "median_us": round(median(self.nanoseconds) / 1000, 3),
            "per_second": round(1e9 / median(self.nanoseconds)),
            "ratio": round(median(ratios), 3),
            "ratio_range": [round(min(ratios), 3), round(max(ratios), 3)],
        }


@dataclass(frozen=True, slots=True)
class Entrant:
    """One line of the contest.

    `make` gives the callable to time; it is called before each round, outside the timing, so that
    an entrant that must start cold can. A warm one returns the same callable each time.
    """

    name: str
    make: Callable[[], Decide]
    cases: Sequence[Any]


@dataclass(slots=True)
class Contest:
    """Interleaved rounds of several entrants against one floor.

    Args:
        floor: the plain-dict decision.
        cases: the requests for the floor.
        seconds: processor time for one entrant in one round, at most about this.
    """

    floor: Decide
    cases: Sequence[Any]
    seconds: float
    series: dict[str, Series] = field(default_factory=dict)

    def time(self, entrant: Entrant) -> None:
        """Add one round of an entrant: floor, entrant, floor."""
        held = self.series.get(entrant.name)
        if held is None:
            held = self.series[entrant.name] = Series(entrant.name, self._affordable(entrant))
        sample = spread(entrant.cases, held.cases)
        decide = entrant.make()
        gc.collect()
        before = per_call(self.floor, self.cases, 2)
        own = per_call(decide, sample)
        after = per_call(self.floor, self.cases, 2)
        held.nanoseconds.append(own)
        held.floor.append((before + after) / 2)

    def _affordable(self, entrant: Entrant) -> int:
        cost = max(per_call(entrant.make(), spread(entrant.cases, 20)), 100.0)
        return max(20, min(len(entrant.cases), int(self.seconds * 1e9 / cost)))


def spread(cases: Sequence[Any], count: int) -> Sequence[Any]:
    """`count` requests spread evenly over all."""
    if count >= len(cases):
        return cases
    step = len(cases) / count
    return [cases[int(i * step)] for i in range(count)]


def relative(slow: Series, fast: Series) -> dict[str, Any]:
    """How many times the floor-relative cost of `fast` that of `slow` is: median and range over the rounds."""
    values = [a / b for a, b in zip(slow.ratios, fast.ratios, strict=False)]
    return {"ratio": round(median(values), 3), "ratio_range": [round(min(values), 3), round(max(values), 3)]}
