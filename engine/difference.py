"""What a change of the rules changes in law: exactly the requests that become lawful or cease to be.

No sampling. A request of several items is lawful when each item is, so the points of the request space are
requests of at most one item. The space is a product of dimensions, and each is cut into classes that no grant of
either rule set tells apart (docs/SEMANTICS.md, "When a grant reaches an item"):

- acting agency: each agency registered in either rule set; affair: each affair of either;
- procedure: each that a register or a grant of the affair names, none stated, any other;
- item: none, or each name that a grant opens, with each person any grant names, nobody stated, anybody else;
- holder: each name that either rule set knows (its agencies, designations, heads of other local bodies), none
  stated, and one that falls under nothing;
- day: the days that both rule sets can decide, cut where a grant, a prohibition or a register entry begins or ends;
- facts: each fact that a condition or prohibition asks for is stated true, stated false or not stated. The register
  of impact assessments is part of the rules: what is stated of `pia` is read through it, as `engine.resolve` does.

On each cell of that product the statements of facts under which each rule set permits are computed as sets, and
subtracted. Grants that both rule sets share cannot make a difference where no other grant reaches, so only cells
that a grant of one side alone reaches are looked at; there all grants count.
"""

from __future__ import annotations

import enum
from datetime import date
from typing import TYPE_CHECKING, NamedTuple, cast

import msgspec

from engine.difference_papers import AFFAIRS as PAPER_AFFAIRS
from engine.difference_papers import DAYS as PAPER_DAYS
from engine.difference_papers import HOLDERS as PAPER_HOLDERS
from engine.difference_papers import PAPERS, PaperBox, Standing, joined_provisions, paper_boxes
from engine.difference_papers import PARTIES as PAPER_PARTIES
from engine.difference_papers import PROCEDURES as PAPER_PROCEDURES
from engine.difference_side import Effect, Rest, Side, head_of, holder_names
from engine.period import Period
from engine.region import Diagram, FactSpace, Sides, holds, merged, segments
from engine.rule_set import Action, Citation, GrantedInformation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from engine.rule_set import RuleSet


class Kind(enum.Enum):
    """What becomes of the requests of a row."""

    LAWFUL = "lawful"  # 適法になる
    UNLAWFUL = "unlawful"  # 適法でなくなる
    BASES = "bases"  # 適法のまま、根拠が変わる


#: A person of an item, and an item: (name, person); (None, EVERY) is a request without information.
Item = tuple[str | None, "str | Rest"]


class Row(msgspec.Struct, frozen=True):
    """Requests to which one change happens: every combination of the members of the sets.

    `old` and `new` are the provisions that carry the permission before and after, as cited on the days of the row.
    """

    kind: Kind
    body: str | None
    actions: frozenset[Action]
    parties: frozenset[str]
    affairs: frozenset[str]
    procedures: frozenset[str | Rest]
    information: frozenset[Item]
    holders: frozenset[str | Rest]
    days: tuple[Period, ...]
    facts: Diagram
    old: tuple[Citation, ...]
    new: tuple[Citation, ...]


class PaperRow(msgspec.Struct, frozen=True):
    """Requests in which a paper's standing changes; `old` and `new` are by what its contents arrive instead."""

    body: str | None
    papers: frozenset[str]
    parties: frozenset[str]
    affairs: frozenset[str]
    procedures: frozenset[str | Rest]
    holders: frozenset[str | Rest]
    days: tuple[Period, ...]
    before: Standing
    after: Standing
    facts: Diagram
    old: tuple[Citation, ...]
    new: tuple[Citation, ...]


class Vocabulary(msgspec.Struct, frozen=True):
    """The names that the dimensions of one body range over."""

    procedures: dict[str, frozenset[str]]  # by affair
    persons: frozenset[str]
    holders: frozenset[str]


class Difference(msgspec.Struct, frozen=True):
    """All rows, in order, and what they range over. `days` are those that both rule sets can decide."""

    days: Period | None
    rows: tuple[Row, ...]
    papers: tuple[PaperRow, ...]
    vocabularies: dict[str | None, Vocabulary]
    affairs: int  # how many affairs were compared
    cells: int  # how many cells of the request space the changed grants reach

    def covers_paper(self, row: PaperRow, paper: str, point: Point) -> bool:
        """Whether a row speaks of a paper in a request; its action and item do not matter."""
        words = self.vocabularies[row.body]
        return (
            row.body == point.body
            and paper in row.papers
            and point.party in row.parties
            and point.affair in row.affairs
            and any(period.contains(point.on) for period in row.days)
            and _procedure(row, point.procedure, words.procedures.get(point.affair, frozenset()))
            and _holder(row, point, words.holders)
            and holds(row.facts, point.facts)
        )

    def covers(self, row: Row, point: Point) -> bool:
        """Whether a row speaks of a request."""
        words = self.vocabularies[row.body]
        return (
            row.body == point.body
            and point.action in row.actions
            and point.party in row.parties
            and point.affair in row.affairs
            and any(period.contains(point.on) for period in row.days)
            and _procedure(row, point.procedure, words.procedures.get(point.affair, frozenset()))
            and _item(row, point.item, words.persons)
            and _holder(row, point, words.holders)
            and holds(row.facts, point.facts)
        )


class Point(NamedTuple):
    """A request of at most one item, as it was stated."""

    body: str | None
    action: Action
    party: str
    affair: str
    on: date
    procedure: str | None
    item: GrantedInformation | None
    holder: str | None
    facts: Mapping[str, bool]


def _procedure(row: Row | PaperRow, procedure: str | None, known: frozenset[str]) -> bool:
    if Rest.EVERY in row.procedures:
        return True
    if procedure is None:
        return not row.procedures.isdisjoint((Rest.UNSAID, Rest.LISTED))
    if procedure in known:
        return Rest.LISTED in row.procedures or procedure in row.procedures
    return Rest.OTHER in row.procedures


def _item(row: Row, item: GrantedInformation | None, persons: frozenset[str]) -> bool:
    if item is None:
        return (None, Rest.EVERY) in row.information
    who: str | Rest = Rest.UNSAID if item.person is None else item.person if item.person in persons else Rest.OTHER
    return (item.name, Rest.EVERY) in row.information or (item.name, who) in row.information


def _holder(row: Row | PaperRow, point: Point, known: frozenset[str]) -> bool:
    if Rest.EVERY in row.holders:
        return True
    if point.holder is None:
        return Rest.UNSAID in row.holders
    if point.holder == point.party:
        return Rest.OWN in row.holders
    if point.holder in known:
        return point.holder in row.holders
    return (head_of(point.holder) or Rest.OTHER) in row.holders


def difference(old: RuleSet, new: RuleSet, progress: Callable[[int, int], None] | None = None) -> Difference:
    """Compare two rule sets over the whole request space.

    Args:
        old: The rules before.
        new: The rules after.
        progress: Told, now and then, how many affairs are done, and of how many.
    """
    days = old.valid.intersect(new.valid)
    bodies: list[str | None] = [*sorted({*old.bodies, *new.bodies}), None]
    works = [_Body(old, new, body, days) for body in bodies] if days is not None else []
    total, done, cells = sum(len(work.affairs) for work in works), 0, 0
    rows: list[Row] = []
    papers: list[PaperRow] = []
    for work in works:
        for affair in work.affairs:
            work.compare(affair)
            done += 1
            if progress is not None:
                progress(done, total)
        rows.extend(work.rows())
        papers.extend(work.paper_rows())
        cells += work.cells
    vocabularies = {work.body: work.vocabulary() for work in works}
    return Difference(days, tuple(rows), tuple(papers), vocabularies, total, cells)


class _Consequence(NamedTuple):
    kind: Kind
    facts: Diagram
    old: frozenset[str]
    new: frozenset[str]


class _Carried(NamedTuple):
    old: frozenset[Citation]
    new: frozenset[Citation]


def _both(carried: Sequence[_Carried]) -> _Carried:
    return _Carried(frozenset().union(*(c.old for c in carried)), frozenset().union(*(c.new for c in carried)))


_Box = tuple[Sides, _Consequence, _Carried]
_RowSides = tuple[
    frozenset[Action],
    frozenset[str],
    frozenset[str],
    "frozenset[str | Rest]",
    frozenset[Item],
    "frozenset[str | Rest]",
    tuple[Period, ...],
]
_PaperSides = tuple[
    frozenset[str],
    frozenset[str],
    frozenset[str],
    "frozenset[str | Rest]",
    "frozenset[str | Rest]",
    tuple[Period, ...],
]
#: Sides of a box in order.
_ACTIONS, _PARTIES, _AFFAIRS, _PROCEDURES, _INFORMATION, _HOLDERS, _DAYS = range(7)
_CELLS_JOIN = (_DAYS, _PROCEDURES, _INFORMATION, _HOLDERS)
_ROWS_JOIN = (_DAYS, _PROCEDURES, _INFORMATION, _HOLDERS, _PARTIES, _ACTIONS, _AFFAIRS)


class _Body:
    """One body's requests under both rule sets."""

    def __init__(self, old: RuleSet, new: RuleSet, body: str | None, days: Period) -> None:
        self.body = body
        self.days = days
        names = holder_names((old, new), body)
        self.old, self.new = Side(old, body, days, names), Side(new, body, days, names)
        self.holders = names
        self.parties = sorted({*self.old.parties, *self.new.parties})
        self.affairs = sorted({*self.old.affairs, *self.new.affairs})
        self.persons = self.old.persons | self.new.persons
        self.cells = 0
        self._boxes: list[_Box] = []
        self._papers: list[PaperBox] = []
        self._same_parties = self.old.designations == self.new.designations

    def vocabulary(self) -> Vocabulary:
        """What the dimensions range over."""
        return Vocabulary({affair: self.procedures(affair) for affair in self.affairs}, self.persons, self.holders)

    def procedures(self, affair: str) -> frozenset[str]:
        """The procedures that either rule set names for the affair."""
        return self.old.procedures(affair) | self.new.procedures(affair)

    def compare(self, affair: str) -> None:
        """Find the boxes of one affair."""
        asked = self.old.asks(affair) or self.new.asks(affair)
        for party in self.parties if asked else ():
            self._papers.extend(paper_boxes((self.old, self.new), affair, party, self.procedures(affair), self.holders))
        registers = self.old.register(affair), self.new.register(affair)
        for action in Action:
            before, after = self.old.effects(action, affair), self.new.effects(action, affair)
            tokens = [
                {(effect, effect.grant.parties, register if effect.assessed else None) for effect in effects}
                for effects, register in zip((before, after), registers, strict=True)
            ]
            if tokens[0] == tokens[1] and self._same_parties:
                continue
            for party in self.parties:
                mine = self.old.reaching(before, party), self.new.reaching(after, party)
                cut = _Cut(self, action, party, affair, mine, registers)
                self._boxes.extend(cut.boxes())
                self.cells += cut.cells

    def rows(self) -> list[Row]:
        """The rows of all affairs compared so far, in order."""
        boxes = merged((self._whole(box) for box in self._boxes), _ROWS_JOIN, _both)
        rows = [
            Row(
                said.kind,
                self.body,
                *cast("_RowSides", sides),
                said.facts,
                _cited(carried.old, sides[_DAYS]),
                _cited(carried.new, sides[_DAYS]),
            )
            for sides, said, carried in boxes
        ]
        return sorted(rows, key=_order)

    def paper_rows(self) -> list[PaperRow]:
        """The rows about papers of all affairs compared so far, in order."""
        whole = (
            (self._named(sides, PAPER_PARTIES, PAPER_AFFAIRS, PAPER_PROCEDURES, PAPER_HOLDERS), change, provisions)
            for sides, change, provisions in self._papers
        )
        order = (PAPER_DAYS, PAPER_PROCEDURES, PAPER_HOLDERS, PAPERS, PAPER_PARTIES, PAPER_AFFAIRS)
        rows = [
            PaperRow(
                self.body,
                *cast("_PaperSides", sides),
                *change,
                _cited(provisions.old, sides[PAPER_DAYS]),
                _cited(provisions.new, sides[PAPER_DAYS]),
            )
            for sides, change, provisions in merged(whole, order, joined_provisions)
        ]
        return sorted(rows, key=_paper_order)

    def _whole(self, box: _Box) -> _Box:
        """The box with whole dimensions named as such, so that those of several affairs and agencies can join."""
        sides = list(self._named(box[0], _PARTIES, _AFFAIRS, _PROCEDURES, _HOLDERS))
        (name,) = {cast("Item", item)[0] for item in sides[_INFORMATION]}
        if len(sides[_INFORMATION]) == len(self.persons) + 2:  # with UNSAID and OTHER
            sides[_INFORMATION] = frozenset(((name, Rest.EVERY),))
        return tuple(sides), box[1], box[2]

    def _named(self, box: Sides, parties: int, affairs: int, procedures: int, holders: int) -> Sides:
        """The sides with all procedures and all holders named as such."""
        sides = list(box)
        (affair,), (party,) = sides[affairs], sides[parties]
        known: frozenset[object] = self.procedures(str(affair))
        if sides[procedures] == known | {Rest.UNSAID, Rest.OTHER}:
            sides[procedures] = frozenset((Rest.EVERY,))
        elif known and sides[procedures] == known | {Rest.UNSAID}:
            sides[procedures] = frozenset((Rest.LISTED,))
        if len(sides[holders]) == len(self.holders | {party}) + 2:  # with UNSAID and OTHER; the agency itself is OWN
            sides[holders] = frozenset((Rest.EVERY,))
        return tuple(sides)


class _Cut:
    """The cells of one action, agency and affair that a changed grant reaches."""

    def __init__(
        self,
        work: _Body,
        action: Action,
        party: str,
        affair: str,
        effects: tuple[list[Effect], list[Effect]],
        registers: tuple[object, object],
    ) -> None:
        self.work = work
        self.action = action
        self.party = party
        self.affair = affair
        self.effects = effects
        tokens = [
            {(effect, register if effect.assessed else None) for effect in side}
            for side, register in zip(effects, registers, strict=True)
        ]
        changed = tokens[0] ^ tokens[1]
        self.touched = {
            (number, effect)
            for number, (side, register) in enumerate(zip(effects, registers, strict=True))
            for effect in side
            if (effect, register if effect.assessed else None) in changed
        }
        self.cells = 0

    def boxes(self) -> Iterable[_Box]:
        """What changes, the cells of each item joined."""
        names = {name for _, effect in self.touched for name in effect.names}
        if self.action in (Action.TRANSFER, Action.LINK):
            names.discard(None)  # refused before they are decided
        if self.action is Action.CARD:
            names &= {None}
        for name in sorted(names, key=lambda n: n or ""):
            yield from merged(self._of_item(name), _CELLS_JOIN, _both)

    def _of_item(self, name: str | None) -> Iterable[_Box]:
        """Every cell of one item with what changes in it."""
        work = self.work
        effects = [(n, e) for n, side in enumerate(self.effects) for e in dict.fromkeys(side) if name in e.names]
        touched = _mask(effect in self.touched for effect in effects)
        people: tuple[str | Rest, ...] = (Rest.EVERY,)
        if name is not None:
            people = (*sorted(work.persons), Rest.UNSAID, Rest.OTHER)
        persons = _classes(people, _persons(effects, name).mask)
        named = _Reach(
            ({*(e.grant.procedures or ()), Rest.UNSAID} for _, e in effects),
            _mask(e.grant.procedures is None for _, e in effects),
        )
        procedures = _classes((*sorted(work.procedures(self.affair)), Rest.UNSAID, Rest.OTHER), named.mask)
        sides = (work.old, work.new)
        opened = _Reach(sides[n].opened(e, self.action, self.party) for n, e in effects)
        holders = _classes((*sorted(work.holders | {self.party}), Rest.UNSAID, Rest.OTHER), opened.mask)
        days = segments(
            work.days,
            (period for _, e in effects for period in e.periods),
            (day for side in sides for day in side.register(self.affair).days),
        )
        space = FactSpace(fact for _, e in effects for fact in e.facts)
        for day in days:
            alive = _mask(e.period.contains(day.first) for _, e in effects)
            if not alive & touched:
                continue
            permits = [
                sides[n].permits(e, self.affair, day.first, space) if alive >> i & 1 else 0
                for i, (n, e) in enumerate(effects)
            ]
            changes: dict[int, list[tuple[_Consequence, _Carried]]] = {}
            for person_mask, some_persons in persons.items():
                for procedure_mask, some_procedures in procedures.items():
                    here = person_mask & procedure_mask & alive
                    if not here & touched:
                        continue
                    for holder_mask, some_holders in holders.items():
                        mask = here & holder_mask
                        if not mask & touched:
                            continue
                        self.cells += 1
                        if mask not in changes:
                            changes[mask] = list(_changes(effects, permits, mask, space))
                        for said, carried in changes[mask]:
                            yield (
                                (
                                    frozenset((self.action,)),
                                    frozenset((self.party,)),
                                    frozenset((self.affair,)),
                                    frozenset(some_procedures),
                                    frozenset((name, person) for person in some_persons),
                                    frozenset(Rest.OWN if h == self.party else h for h in some_holders),
                                    (day,),
                                ),
                                said,
                                carried,
                            )


def _changes(
    effects: Sequence[tuple[int, Effect]], permits: Sequence[int], mask: int, space: FactSpace
) -> Iterable[tuple[_Consequence, _Carried]]:
    """What changes where the effects of `mask` reach, and permit under these statements of facts."""
    reaching = [(n, e, permits[i]) for i, (n, e) in enumerate(effects) if mask >> i & 1 and permits[i]]
    allowed = [0, 0]
    for n, _, statements in reaching:
        allowed[n] |= statements
    old, new = allowed
    for kind, statements, side in ((Kind.LAWFUL, new & ~old, 1), (Kind.UNLAWFUL, old & ~new, 0)):
        if statements:
            carrying = [e for n, e, permitted in reaching if n == side and permitted & statements]
            clauses = frozenset(e.grant.clause for e in carrying)
            bases = frozenset(basis for e in carrying for basis in e.grant.bases)
            none: frozenset[str] = frozenset()
            no_bases: frozenset[Citation] = frozenset()
            facts = space.diagram(statements)
            if side:
                yield _Consequence(kind, facts, none, clauses), _Carried(no_bases, bases)
            else:
                yield _Consequence(kind, facts, clauses, none), _Carried(bases, no_bases)
    if old & new:
        yield from _other_bases(reaching, old & new, space)


def _other_bases(
    reaching: Sequence[tuple[int, Effect, int]], lawful: int, space: FactSpace
) -> Iterable[tuple[_Consequence, _Carried]]:
    """Where both permit: the statements of facts, by the bases that go and come."""
    pieces: dict[tuple[frozenset[Effect], frozenset[Effect]], int] = {(frozenset(), frozenset()): lawful}
    for n, effect, statements in reaching:
        cut: dict[tuple[frozenset[Effect], frozenset[Effect]], int] = {}
        for (before, after), piece in pieces.items():
            inside = piece & statements
            if inside:
                key = (before | {effect}, after) if n == 0 else (before, after | {effect})
                cut[key] = cut.get(key, 0) | inside
            if piece & ~statements:
                cut[before, after] = cut.get((before, after), 0) | piece & ~statements
        pieces = cut
    said: dict[tuple[frozenset[str], frozenset[str]], int] = {}
    cited: dict[tuple[frozenset[str], frozenset[str]], _Carried] = {}
    for (before, after), piece in pieces.items():
        mine, theirs = ({basis.label: basis for e in side for basis in e.grant.bases} for side in (before, after))
        gone, come = frozenset(mine.keys() - theirs.keys()), frozenset(theirs.keys() - mine.keys())
        if gone or come:
            said[gone, come] = said.get((gone, come), 0) | piece
            cited[gone, come] = _Carried(frozenset(mine[x] for x in gone), frozenset(theirs[x] for x in come))
    for (gone, come), statements in said.items():
        yield _Consequence(Kind.BASES, space.diagram(statements), gone, come), cited[gone, come]


class _Reach:
    """Which effects reach each value of a dimension, as bits; `everything` are those that reach every value."""

    def __init__(self, values: Iterable[Iterable[str | Rest]], everything: int = 0) -> None:
        self.everything = everything
        self._reached: dict[str | Rest, int] = {}
        for place, reached in enumerate(values):
            for value in reached:
                self._reached[value] = self._reached.get(value, 0) | 1 << place

    def mask(self, value: str | Rest) -> int:
        """The effects that reach a value."""
        return self.everything | self._reached.get(value, 0)


def _persons(effects: Sequence[tuple[int, Effect]], name: str | None) -> _Reach:
    """For whom the effects open an item: what names nobody opens it for all, and to nobody stated each one opens it."""
    if name is None:
        return _Reach((), _mask(e.grant.information is None for _, e in effects))
    named = [{x.person for x in e.grant.information or () if x.name == name} for _, e in effects]
    some: list[set[str | Rest]] = [{p for p in persons if p is not None} for persons in named]
    return _Reach((persons and {*persons, Rest.UNSAID} for persons in some), _mask(None in ps for ps in named))


def _mask(said: Iterable[bool]) -> int:
    return sum(1 << place for place, yes in enumerate(said) if yes)


def _classes(values: Iterable[str | Rest], mask: Callable[[str | Rest], int]) -> dict[int, list[str | Rest]]:
    """The values of a dimension by the effects that reach them; values that none reaches are left out."""
    found: dict[int, list[str | Rest]] = {}
    for value in values:
        reached = mask(value)
        if reached:
            found.setdefault(reached, []).append(value)
    return found


def _cited(citations: Iterable[Citation], days: object) -> tuple[Citation, ...]:
    """The citations as they stand on the days: those of the municipality (whose clauses begin with its code) first."""
    periods = [period for period in days if isinstance(period, Period)] if isinstance(days, tuple) else []
    standing = [c for c in citations if any(c.in_force.intersect(period) is not None for period in periods)]
    municipal_first = sorted(
        standing or citations, key=lambda c: (c.clause[:1] > "9", c.instrument, c.label, c.in_force)
    )
    return tuple(municipal_first)


_KINDS = list(Kind)


def _order(row: Row) -> tuple[object, ...]:
    return (
        _KINDS.index(row.kind),
        sorted(row.affairs),
        row.days[0].first,
        sorted(action.value for action in row.actions),
        sorted(row.parties),
        sorted(str(p) for p in row.procedures),
        sorted((name or "", str(person)) for name, person in row.information),
        sorted(str(h) for h in row.holders),
        str(row.facts),
        str(row.days),
    )


def _paper_order(row: PaperRow) -> tuple[object, ...]:
    return (
        sorted(row.affairs),
        row.before,
        row.after,
        row.days[0].first,
        sorted(row.papers),
        sorted(row.parties),
        sorted(str(p) for p in row.procedures),
        sorted(str(h) for h in row.holders),
        str(row.facts),
        str(row.days),
    )
