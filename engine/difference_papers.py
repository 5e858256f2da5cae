"""What a change of the rules changes for papers: exactly where one becomes droppable, or is required again.

The same algebra as `engine.difference`, on the question of `engine.attachments`: for each paper (by its name), agency,
affair, procedure, holder and day, the statements of facts under which all, or some, of what the paper proves arrives
instead of it. An item arrives when a provision permits its use or provision, the register says that the agency holds
it, and a clause in force deems the paper submitted; each of these is a set of statements, joined over the ways.

Why the classes are right: `engine.attachments` asks of a request only its affair, procedure, agency, holder, day and
facts; of a procedure only whether grants and papers name it; of a holder only whether it is the agency itself, another
agency of the body that some grant here opens, or outside, and then which linkage grants name it; of a day only which
grants, papers and clauses are in force, what the register of impact assessments says, and whether full operation has
begun. A request that names no procedure asks about every procedure that asks for the paper, as `attachments` does.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple, cast

from engine.attachments import FULL_OPERATION, NETWORK_UP, SAME_DAY
from engine.difference_side import Rest
from engine.index import index_of
from engine.region import Diagram, FactSpace, Sides, merged, segments
from engine.rule_set import Action, Citation, Fact, Holding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from engine.difference_side import Effect, Side
    from engine.names import Holder
    from engine.period import Period
    from engine.rule_set import DeemedSubmission, GrantedInformation, RequiredDocument

_RESIDENT = Fact.RESIDENT.value


class Standing(enum.IntEnum):
    """How a paper stands, from the least for the citizen to do to the most."""

    NOT_ASKED = 0  # 求められない
    DROPPABLE = 1  # 省略できる
    PARTIAL = 2  # 一部だけ届く: the paper itself is still needed
    REQUIRED = 3  # 提出が必要


class PaperChange(NamedTuple):
    """A paper's standing before and after, under these statements of facts."""

    before: Standing
    after: Standing
    facts: Diagram


class Provisions(NamedTuple):
    """By which provisions what the paper proves arrives, before and after."""

    old: frozenset[Citation]
    new: frozenset[Citation]


def joined_provisions(some: Sequence[Provisions]) -> Provisions:
    """Those of several cells."""
    return Provisions(frozenset().union(*(p.old for p in some)), frozenset().union(*(p.new for p in some)))


PaperBox = tuple[Sides, PaperChange, Provisions]
#: Sides of a box in order.
PAPERS, PARTIES, AFFAIRS, PROCEDURES, HOLDERS, DAYS = range(6)


def paper_boxes(
    sides: tuple[Side, Side], affair: str, party: str, procedures: frozenset[str], holders: frozenset[str]
) -> Iterable[PaperBox]:
    """Where the standing of a paper changes for one agency and affair.

    Args:
        sides: The rules before and after.
        affair: The affair of the requests.
        party: The acting agency.
        procedures: Those that either rule set names for the affair.
        holders: The names by which a request may name a holder.
    """
    asked = (PaperSide(sides[0], affair, party), PaperSide(sides[1], affair, party))
    names = sorted({document.name for side in asked for document, _ in side.documents})
    for name in names:
        if asked[0].signature(name) == asked[1].signature(name):
            continue
        yield from merged(
            (
                (
                    (
                        frozenset((name,)),
                        frozenset((party,)),
                        frozenset((affair,)),
                        frozenset(some_procedures),
                        frozenset(Rest.OWN if holder == party else holder for holder in some_holders),
                        (day,),
                    ),
                    change,
                    provisions,
                )
                for some_procedures, some_holders, day, change, provisions in PaperCut(
                    name, asked, procedures, holders | {party}
                ).cells()
            ),
            (DAYS, PROCEDURES, HOLDERS),
            joined_provisions,
        )


class _Way(NamedTuple):
    """A grant that can bring an item: to the agency itself, from an agency of the body, or through the network."""

    effect: Effect
    from_key: str | None  # whose holdings; None through the network
    clauses: tuple[DeemedSubmission, ...]  # that deem on account of it, whatever they cover
    item: GrantedInformation


class PaperSide:
    """One rule set, asked about the papers of one affair and one agency."""

    def __init__(self, side: Side, affair: str, party: str) -> None:
        self.side = side
        self.affair = affair
        self.party = party
        scope = side.scope(affair)
        self.documents = [
            (document, period)
            for part in side.parts
            for document in part.documents
            if document.affair in scope and (period := document.period.intersect(side.days)) is not None
        ]
        self.deemed = [
            (clause, period)
            for part in side.parts
            for clause in part.deemed
            if (period := clause.period.intersect(side.days)) is not None
        ]
        gates = {gate.id: gate for gate in side.rule_set.national.gates}
        full = gates.get(FULL_OPERATION)
        self.full: date | None = None if full is None else full.first
        self.here = _here(side)

    def named(self, name: str) -> list[tuple[RequiredDocument, Period]]:
        """The papers of a name."""
        return [(document, period) for document, period in self.documents if document.name == name]

    def ways(self, items: Iterable[GrantedInformation]) -> list[_Way]:
        """Every way that may bring one of the items on some day."""
        side = self.side
        reaching = {
            action: side.reaching(side.effects(action, self.affair), self.party)
            for action in (Action.USE, Action.TRANSFER, Action.LINK)
        }
        found: dict[tuple[object, ...], _Way] = {}
        for action, effects in reaching.items():
            for effect in effects:
                keys = self._from(action, effect)
                clauses = tuple(clause for clause, _ in self.deemed if _fits(effect, clause)) if keys else ()
                for item in items if clauses else ():
                    if _opens(effect, item):
                        for key in keys:
                            found[id(effect), key, item] = _Way(effect, key, clauses, item)
        return list(found.values())

    def _from(self, action: Action, effect: Effect) -> list[str | None]:
        holding, holders = effect.grant.holding, effect.grant.holders
        if holding is Holding.OWN and action is not Action.LINK:
            return [self.party]
        if holding is Holding.NETWORK and action is Action.LINK:
            return [None]
        if holding is Holding.OTHER_AGENCY and action is Action.TRANSFER and self.side.body is not None:
            others = self.side.parties.values()
            return [o.key for o in others if o.key != self.party and not o.designations.isdisjoint(holders)]
        return []

    def holds(self, key: str, item: GrantedInformation) -> bool:
        """Whether the register says that the agency holds the information."""
        return any(h.party == key and h.information == item.name for part in self.side.parts for h in part.holdings)

    def by_residence(self, item: GrantedInformation) -> bool:
        """Whether who holds the information turns on residence (`engine.attachments`)."""
        index = index_of(self.side.rule_set)
        return any(
            item.name in index.linked_information(code, name) for code in {self.side.body, None} for name in self.here
        )

    def asking(self, document: RequiredDocument) -> list[str]:
        """The procedures that ask for the paper, for a request that names none."""
        known = {key for part in self.side.parts for key, p in part.procedures.items() if p.affair == document.affair}
        return sorted(key for key in known if document.procedures is None or key in document.procedures)

    def signature(self, name: str) -> object:
        """All that the standing of a paper rests on; equal signatures, equal standings."""
        documents = self.named(name)
        items = sorted({item for document, _ in documents for item in document.proves}, key=str)
        ways = self.ways(items)
        register = self.side.register(self.affair)
        return (
            frozenset((d.procedures, d.proves, d.demanded_by, p, tuple(self.asking(d))) for d, p in documents),
            frozenset((w.effect.law, w.effect.grant.holders & self.here, w.from_key, w.item) for w in ways),
            frozenset((w.effect.law, c.covers, c.period.intersect(self.side.days)) for w in ways for c in w.clauses),
            frozenset((w.from_key, w.item) for w in ways if w.from_key and self.holds(w.from_key, w.item)),
            frozenset(item for item in items if self.by_residence(item)),
            self.full,
            register if any(w.effect.assessed for w in ways) else None,
        )


class _Arrival(NamedTuple):
    """Statements of facts under which all, or some, of what a paper proves arrives, and by which provisions."""

    everything: int
    something: int
    by: tuple[tuple[int, Citation], ...]


class PaperCut:
    """The cells of one paper's name, for one agency and affair."""

    def __init__(
        self, name: str, sides: tuple[PaperSide, PaperSide], procedures: frozenset[str], holders: frozenset[str]
    ) -> None:
        self.sides = sides
        self.documents = tuple(side.named(name) for side in sides)
        self._items = [
            sorted({item for document, _ in documents for item in document.proves}, key=str)
            for documents in self.documents
        ]
        self.ways = tuple(side.ways(items) for side, items in zip(sides, self._items, strict=True))
        facts = {_RESIDENT, SAME_DAY, NETWORK_UP}
        self.space = FactSpace(facts.union(*(way.effect.facts for ways in self.ways for way in ways)))
        self._held = [
            {(way.from_key, way.item) for way in ways if way.from_key and side.holds(way.from_key, way.item)}
            for side, ways in zip(sides, self.ways, strict=True)
        ]
        self._resident = [
            {item for item in items if side.by_residence(item)} for side, items in zip(sides, self._items, strict=True)
        ]
        self.procedures = self._procedures(procedures)
        self.holders = self._holders(holders)

    def _procedures(self, known: frozenset[str]) -> list[list[str | Rest]]:
        limits = [way.effect.grant.procedures for ways in self.ways for way in ways]
        limits += [document.procedures for found in self.documents for document, _ in found]
        classes: dict[object, list[str | Rest]] = {}
        every: list[str | Rest] = [*sorted(known), Rest.UNSAID, Rest.OTHER]
        for procedure in every:
            key = procedure is Rest.UNSAID or tuple(limit is None or procedure in limit for limit in limits)
            classes.setdefault(key, []).append(procedure)
        return list(classes.values())

    def _holders(self, names: frozenset[str]) -> list[list[str | Rest]]:
        classes: dict[object, list[str | Rest]] = {}
        every: list[str | Rest] = [*sorted(names), Rest.UNSAID, Rest.OTHER]
        for name in every:
            key = tuple(self._holder_class(n, name) for n in (0, 1))
            classes.setdefault(key, []).append(name)
        return list(classes.values())

    def _holder_class(self, n: int, name: str | Rest) -> tuple[str | None, tuple[bool, ...] | None]:
        """Whose holdings the request names, as far as it matters, and which linkage grants open an outside holder."""
        side = self.sides[n].side
        if name is Rest.UNSAID:
            return None, None
        holder = None if isinstance(name, Rest) else side.holders.get(name)
        key, falls, body = (None, frozenset[str](), None) if holder is None else _parts(holder)
        matters = key is not None and any(way.from_key == key for way in self.ways[n])
        outside = body is None or body != side.body
        reached = tuple(way.from_key is None and not falls.isdisjoint(way.effect.grant.holders) for way in self.ways[n])
        return key if matters else None, reached if outside else None

    def cells(self) -> Iterable[tuple[list[str | Rest], list[str | Rest], Period, PaperChange, Provisions]]:
        """Procedures, holders and days, with what changes there."""
        sides = self.sides
        periods = [way.effect.periods for ways in self.ways for way in ways]
        days = segments(
            sides[0].side.days,
            (
                *(period for some in periods for period in some),
                *(period for found in self.documents for _, period in found),
                *(period for side in sides for _, period in side.deemed),
            ),
            (
                *(side.full for side in sides if side.full is not None),
                *(day for side in sides for day in side.side.register(side.affair).days),
            ),
        )
        kept: dict[object, list[tuple[list[str | Rest], list[str | Rest], PaperChange, Provisions]]] = {}
        for day in days:
            state = tuple(self._on(n, day.first) for n in (0, 1))
            if state not in kept:
                kept[state] = [
                    (procedures, holders, change, provisions)
                    for procedures in self.procedures
                    for holders in self.holders
                    for change, provisions in self._compare(state, procedures[0], holders[0])
                ]
            for procedures, holders, change, provisions in kept[state]:
                yield procedures, holders, day, change, provisions

    def _on(self, n: int, on: date) -> tuple[object, ...]:
        """What a day means: what each way permits, by which clauses, which papers stand, whether operation is full."""
        side = self.sides[n]
        in_force = [clause for clause, period in side.deemed if period.contains(on)]
        permits: dict[int, int] = {}
        ways = []
        for way in self.ways[n]:
            known = permits.get(id(way.effect))
            if known is None:
                alive = way.effect.period.contains(on)
                known = side.side.permits(way.effect, side.affair, on, self.space) if alive else 0
                permits[id(way.effect)] = known
            ways.append((known, tuple(clause for clause in way.clauses if clause in in_force) if known else ()))
        documents = tuple(period.contains(on) for _, period in self.documents[n])
        return (tuple(ways), documents, side.full is not None and on >= side.full)

    def _compare(
        self, state: tuple[tuple[object, ...], ...], procedure: str | Rest, holder: str | Rest
    ) -> Iterable[tuple[PaperChange, Provisions]]:
        before, after = (self._standings(n, state[n], procedure, holder) for n in (0, 1))
        for was, (old, old_by) in before.items():
            for is_, (new, new_by) in after.items():
                both = old & new
                if was is not is_ and both:
                    mine = frozenset(c for s, c in old_by if s & both and was in _ARRIVING)
                    theirs = frozenset(c for s, c in new_by if s & both and is_ in _ARRIVING)
                    yield PaperChange(was, is_, self.space.diagram(both)), Provisions(mine, theirs)

    def _standings(
        self, n: int, state: tuple[object, ...], procedure: str | Rest, holder: str | Rest
    ) -> dict[Standing, tuple[int, tuple[tuple[int, Citation], ...]]]:
        """The statements of facts under which the paper stands so; papers of one name: the one that asks most."""
        _, standing, _ = state
        whole = self.space.everything
        asked = False
        by: list[tuple[int, Citation]] = []
        worst = {Standing.DROPPABLE: whole, Standing.PARTIAL: 0, Standing.REQUIRED: 0}
        for (document, _), in_force in zip(self.documents[n], cast("tuple[bool, ...]", standing), strict=True):
            named = procedure is Rest.UNSAID or document.procedures is None or procedure in document.procedures
            if not in_force or not named:
                continue
            asked = True
            arrival = self._arrival(n, state, document, procedure, holder)
            everything = arrival.everything
            if procedure is Rest.UNSAID:
                for one in self.sides[n].asking(document):
                    everything &= self._arrival(n, state, document, one, holder).everything
            # without a procedure: droppable only where every procedure lets it go, else required (not partial)
            some = arrival.something & ~arrival.everything
            by += arrival.by
            worst[Standing.PARTIAL] |= some
            worst[Standing.REQUIRED] |= whole & ~everything & ~some
            worst[Standing.DROPPABLE] &= everything
        if not asked:
            return {Standing.NOT_ASKED: (whole, ())}
        worst[Standing.PARTIAL] &= ~worst[Standing.REQUIRED]
        provisions = tuple(by)
        return {said: (statements, provisions) for said, statements in worst.items() if statements}

    def _arrival(
        self, n: int, state: tuple[object, ...], document: RequiredDocument, procedure: str | Rest, holder: str | Rest
    ) -> _Arrival:
        everything, something = self.space.everything if document.proves else 0, 0
        by: list[tuple[int, Citation]] = []
        for item in document.proves:
            opened = 0
            for statements, way, clause in self._open(n, state, document, item, procedure, holder):
                opened |= statements
                by += [(statements, clause.citation), *((statements, basis) for basis in way.effect.grant.bases[:1])]
            everything &= opened
            something |= opened
        return _Arrival(everything, something, tuple(by))

    def _open(
        self,
        n: int,
        state: tuple[object, ...],
        document: RequiredDocument,
        item: GrantedInformation,
        procedure: str | Rest,
        holder: str | Rest,
    ) -> Iterable[tuple[int, _Way, DeemedSubmission]]:
        space, side = self.space, self.sides[n]
        ways, _, full = cast("tuple[tuple[tuple[int, tuple[DeemedSubmission, ...]], ...], object, bool]", state)
        known = None if isinstance(holder, Rest) else side.side.holders.get(holder)
        key, falls, body = (None, frozenset[str](), None) if known is None else _parts(known)
        outside = holder is not Rest.UNSAID and (body is None or body != side.side.body)
        for way, (permitted, clauses) in zip(self.ways[n], ways, strict=True):
            covering = next((clause for clause in clauses if document.demanded_by in clause.covers), None)
            grant = way.effect.grant
            if (
                covering is None
                or way.item != item
                or not (procedure is Rest.UNSAID or grant.procedures is None or procedure in grant.procedures)
            ):
                continue
            statements = permitted
            if way.from_key is not None:
                named = key == way.from_key
                if not named and (way.from_key, item) not in self._held[n]:
                    continue
                if item in self._resident[n]:
                    statements &= space.where(_RESIDENT, (True, None) if named else (True,))
            else:
                if not full or (outside and falls.isdisjoint(grant.holders)):
                    continue
                if not outside and not grant.holders.isdisjoint(side.here):
                    statements &= space.where(_RESIDENT, (False,))
                statements &= space.where(SAME_DAY, (False, None)) & space.where(NETWORK_UP, (True, None))
            if statements:
                yield statements, way, covering


_ARRIVING = (Standing.DROPPABLE, Standing.PARTIAL)


def _parts(holder: Holder) -> tuple[str, frozenset[str], str | None]:
    return holder.key, holder.designations, holder.body


def _here(side: Side) -> frozenset[str]:
    if side.body is None:
        return frozenset()
    return frozenset(name for party in side.parties.values() for name in party.designations)


def _fits(effect: Effect, clause: DeemedSubmission) -> bool:
    network = effect.grant.holding is Holding.NETWORK
    return effect.grant.clause in clause.triggers or (network and clause.network and not clause.triggers)


def _opens(effect: Effect, item: GrantedInformation) -> bool:
    return any(
        entry.name == item.name and (entry.person is None or item.person is None or entry.person == item.person)
        for entry in effect.grant.information or ()
    )
