"""Paired timing: processor time per call, the floor timed just before and just after each engine."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from api.bench.rows import Case

#: Decides a request; what it answers is not looked at here.
Decide = Callable[[Case], object]


def per_call(decide: Callable[[Any], object], cases: Sequence[Any], repeat: int = 1) -> float:
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
            "name": self.name,
            "cases": self.cases,
            "rounds_ns": [round(n) for n in self.nanoseconds],
            "rounds_floor_ns": [round(n) for n in self.floor],
            "rounds_ratio": [round(r, 3) for r in ratios],
            "median_us": round(median(self.nanoseconds) / 1000, 3),
            "per_second": round(1e9 / median(self.nanoseconds)),
            "ratio": round(median(ratios), 3),
            "ratio_range": [round(min(ratios), 3), round(max(ratios), 3)],
        }


@dataclass(slots=True)
class Contest:
    """Interleaved rounds of several contestants against one floor on the same requests."""

    floor: Decide
    cases: Sequence[Case]
    rounds: int
    seconds: float  # processor time for one contestant in one round, at most about this
    series: dict[str, Series] = field(default_factory=dict)

    def time(self, name: str, decide: Callable[[Any], object], cases: Sequence[Any] | None = None,
             prepare: Callable[[], None] | None = None) -> float:
        """Add one round of a contestant: floor, contestant, floor. Returns its nanoseconds per decision.

        Args:
            name: of the contestant.
            decide: called with each request.
            cases: other requests than the contest's, e.g. resolved ones; as many are taken as the time allows.
            prepare: called before the timing, outside it.
        """
        every = self.cases if cases is None else cases
        held = self.series.setdefault(name, Series(name))
        if not held.cases:
            held.cases = self._affordable(decide, every)
        sample = _spread(every, held.cases)
        if prepare is not None:
            prepare()
        gc.collect()
        before = per_call(self.floor, self.cases, 2)
        own = per_call(decide, sample)
        after = per_call(self.floor, self.cases, 2)
        held.nanoseconds.append(own)
        held.floor.append((before + after) / 2)
        return own

    def _affordable(self, decide: Callable[[Any], object], cases: Sequence[Any]) -> int:
        few = _spread(cases, 20)
        cost = max(per_call(decide, few), 100.0)
        return max(20, min(len(cases), int(self.seconds * 1e9 / cost)))


def _spread(cases: Sequence[Any], count: int) -> Sequence[Any]:
    """`count` requests spread evenly over all."""
    if count >= len(cases):
        return cases
    step = len(cases) / count
    return [cases[int(i * step)] for i in range(count)]


def paired(series: dict[str, Series], slow: str, fast: str) -> list[float]:
    """How many times the floor-relative cost of `slow` is that of `fast`, a round each."""
    return [a / b for a, b in zip(series[slow].ratios, series[fast].ratios, strict=False)]
