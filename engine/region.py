"""Regions of the request space: exact sets of what a caller can state, and boxes that are read as one row.

Two small algebras on which `engine.difference` rests.

*Stated facts.* A caller states a fact as true, as false, or not at all. A set of statements over k facts is an
integer of 3**k bits (`FactSpace`), so union, intersection and difference are those of integers and nothing is
approximated. `diagram` gives the one form that two equal sets share, whatever facts they were computed over.

*Boxes.* A region is a product of finite sets, one a dimension. `merged` joins boxes that differ in one dimension;
what it yields is the same set of points, in fewer and larger boxes, in an order that depends on the set alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TypeAlias, TypeVar

from engine.period import Period

#: What a caller can say of a fact, in the order of the digits of a `FactSpace`.
STATED: tuple[bool | None, ...] = (None, True, False)

#: A decision diagram: true, false, or (fact, if not stated, if true, if false). Equal sets have equal diagrams.
Diagram: TypeAlias = "bool | tuple[str, Diagram, Diagram, Diagram]"

#: One way to be in a set of statements: each fact named has one of these values; the others may be anything.
Cube = tuple[tuple[str, tuple[bool | None, ...]], ...]

_ONE_DAY = timedelta(days=1)
_C = TypeVar("_C")
_D = TypeVar("_D")


class FactSpace:
    """All statements about some facts; sets of them are integers.

    Args:
        facts: Names of facts; their order does not matter.
    """

    def __init__(self, facts: Iterable[str]) -> None:
        self.facts = tuple(sorted({str(fact) for fact in facts}))
        self.size: int = pow(3, len(self.facts))
        self.everything: int = (1 << self.size) - 1
        self._digits: dict[tuple[str, bool | None], int] = {}
        for place, fact in enumerate(reversed(self.facts)):
            run = 3**place
            block = (1 << run) - 1
            repeats = self.everything // ((1 << 3 * run) - 1)
            for digit, value in enumerate(STATED):
                self._digits[fact, value] = (block << digit * run) * repeats

    def where(self, fact: str, values: Iterable[bool | None]) -> int:
        """The statements in which the fact has one of the values."""
        found = 0
        for value in values:
            found |= self._digits[fact, value]
        return found

    def diagram(self, statements: int) -> Diagram:
        """The canonical form of a set of statements."""
        return self._diagram(statements, 0, self.size)

    def _diagram(self, statements: int, place: int, size: int) -> Diagram:
        if statements == 0:
            return False
        if statements == (1 << size) - 1:
            return True
        third = size // 3
        whole = (1 << third) - 1
        branches = [self._diagram(statements >> digit * third & whole, place + 1, third) for digit in range(3)]
        if branches[0] == branches[1] == branches[2]:
            return branches[0]
        return (self.facts[place], branches[0], branches[1], branches[2])

    def statements(self, diagram: Diagram) -> int:
        """The set that a diagram over (some of) these facts stands for."""
        if isinstance(diagram, bool):
            return self.everything if diagram else 0
        fact, *branches = diagram
        found = 0
        for value, branch in zip(STATED, branches, strict=True):
            found |= self._digits[fact, value] & self.statements(branch)
        return found


def facts_of(diagram: Diagram) -> frozenset[str]:
    """The facts on which a set of statements depends."""
    if isinstance(diagram, bool):
        return frozenset()
    fact, *branches = diagram
    return frozenset((fact,)).union(*(facts_of(branch) for branch in branches))


def holds(diagram: Diagram, facts: Mapping[str, bool]) -> bool:
    """Whether a statement of facts is in the set."""
    if isinstance(diagram, bool):
        return diagram
    fact, *branches = diagram
    return holds(branches[STATED.index(facts.get(fact))], facts)


def example(diagram: Diagram) -> dict[str, bool]:
    """A statement in the set, with as few facts as the first way in needs.

    Raises:
        ValueError: If the set is empty.
    """
    if diagram is False:
        raise ValueError("an empty set has no example")
    facts: dict[str, bool] = {}
    while not isinstance(diagram, bool):
        fact, *branches = diagram
        value, diagram = next((v, b) for v, b in zip(STATED, branches, strict=True) if b is not False)
        if value is not None:
            facts[fact] = value
    return facts


def cubes(diagram: Diagram) -> tuple[Cube, ...]:
    """The set as few, large cubes (they may overlap); their union is exactly the set."""
    space = FactSpace(facts_of(diagram))
    wanted = space.statements(diagram)
    grown = dict.fromkeys(_grown(space, wanted, cube) for cube in _paths(diagram))
    kept = list(grown)
    for cube in sorted(grown, key=lambda c: (-len(c), str(c))):
        rest = 0
        for other in kept:
            if other != cube:
                rest |= _statements(space, other)
        if rest == wanted:
            kept.remove(cube)
    return tuple(sorted(kept, key=lambda c: (len(c), str(c))))


def _paths(diagram: Diagram) -> list[Cube]:
    if isinstance(diagram, bool):
        return [()] if diagram else []
    fact, *branches = diagram
    values: dict[Diagram, list[bool | None]] = {}
    for value, branch in zip(STATED, branches, strict=True):
        values.setdefault(branch, []).append(value)
    return [((fact, tuple(said)), *rest) for branch, said in values.items() for rest in _paths(branch)]


def _statements(space: FactSpace, cube: Cube) -> int:
    found = space.everything
    for fact, values in cube:
        found &= space.where(fact, values)
    return found


def _grown(space: FactSpace, wanted: int, cube: Cube) -> Cube:
    """The cube made as large as the set lets it: facts dropped first, then values added."""
    values = {fact: set(said) for fact, said in cube}

    def fits() -> bool:
        found = space.everything
        for fact, said in values.items():
            found &= space.where(fact, said)
        return bool(found & ~wanted == 0)

    for fact in sorted(values):
        before = values.pop(fact)
        if not fits():
            values[fact] = before
    for fact in sorted(values):
        for value in STATED:
            if value not in values[fact]:
                values[fact].add(value)
                if not fits():
                    values[fact].discard(value)
    return tuple((fact, tuple(v for v in STATED if v in values[fact])) for fact in sorted(values))


# ---- days ---------------------------------------------------------------------------------------


def segments(within: Period, periods: Iterable[Period], firsts: Iterable[date] = ()) -> list[Period]:
    """The days of `within` cut wherever a period begins or ends, and before each of `firsts`."""
    starts = {within.first, *firsts}
    for period in periods:
        starts.add(period.first)
        if period.last is not None and period.last < date.max:
            starts.add(period.last + _ONE_DAY)
    cuts = sorted(day for day in starts if within.contains(day))
    ends = [*(day - _ONE_DAY for day in cuts[1:]), within.last]
    return [Period(first, last) for first, last in zip(cuts, ends, strict=True)]


def joined(periods: Iterable[Period]) -> tuple[Period, ...]:
    """The same days as the fewest periods, in order."""
    found: list[Period] = []
    for period in sorted(periods, key=lambda p: p.first):
        before = found[-1] if found else None
        if before is None or (before.last is not None and before.last + _ONE_DAY < period.first):
            found.append(period)
        else:
            open_ended = before.last is None or period.last is None
            last = None if open_ended else max(before.last or date.min, period.last or date.min)
            found[-1] = Period(before.first, last)
    return tuple(found)


# ---- boxes --------------------------------------------------------------------------------------

#: The sides of a box: finite sets; the days are a tuple of periods.
Sides = tuple[frozenset[object] | tuple[Period, ...], ...]


def merged(
    boxes: Iterable[tuple[Sides, _C, _D]],
    order: Sequence[int],
    combine: Callable[[Sequence[_D]], _D],
) -> list[tuple[Sides, _C, _D]]:
    """Join boxes that agree in their consequence and in all sides but one, until none do.

    Args:
        boxes: (sides, consequence, carried) each; boxes of one consequence must not overlap.
        order: Which sides are joined first.
        combine: What the joined box carries, of what each carried.

    Returns:
        Boxes of the same points for each consequence.
    """
    kept = list(boxes)
    while True:
        before = len(kept)
        for side in order:
            groups: dict[tuple[Sides, _C], list[tuple[Sides, _C, _D]]] = {}
            for box in kept:
                sides = box[0]
                groups.setdefault((sides[:side] + sides[side + 1 :], box[1]), []).append(box)
            kept = [group[0] if len(group) == 1 else _joined(group, side, combine) for group in groups.values()]
        if len(kept) == before:
            return kept


def _joined(
    group: Sequence[tuple[Sides, _C, _D]], side: int, combine: Callable[[Sequence[_D]], _D]
) -> tuple[Sides, _C, _D]:
    sides, consequence, _ = group[0]
    values = [box[0][side] for box in group]
    union: frozenset[object] | tuple[Period, ...]
    if isinstance(values[0], tuple):
        union = joined(period for value in values for period in value if isinstance(period, Period))
    else:
        union = frozenset().union(*values)
    return (*sides[:side], union, *sides[side + 1 :]), consequence, combine([box[2] for box in group])
