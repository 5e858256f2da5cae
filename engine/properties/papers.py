"""P4: a paper may be dropped only when everything that it proves arrives by a lawful request."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from engine.attachments import FULL_OPERATION, NETWORK_UP, SAME_DAY, TRIAL_OPERATION, Droppable, attachments
from engine.matching import reaches_holder, reaches_procedure, state
from engine.properties.space import Point, facts_of
from engine.properties.verdict import Counterexample, Verdict
from engine.region import STATED, segments
from engine.rule_set import Action, Fact, Holding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from engine.period import Period
    from engine.properties.space import Space
    from engine.rule_set import Affair, Grant, GrantedInformation, RequiredDocument

CODE = "V0104"
TITLE = "省略できるとされる書類は、証明することのすべてが適法な道で届く"
_OF_PAPERS = (Fact.RESIDENT.value, SAME_DAY, NETWORK_UP)
_OPENING = frozenset({Action.USE, Action.TRANSFER, Action.LINK})


class Case(NamedTuple):
    """A class of requests in which a paper may be dropped; `point` names no item."""

    point: Point
    on: date
    facts: tuple[tuple[str, bool], ...]
    document: RequiredDocument


class Obtained:
    """Asks the naive evaluator, for each thing that a paper proves, whether some lawful request brings it."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.classes = 0
        self._cases: list[Case] | None = None
        self._seen: set[tuple[object, ...]] = set()
        self._decided: dict[tuple[Point, date, tuple[tuple[str, bool], ...]], tuple[Grant, ...]] = {}

    # ---- the classes --------------------------------------------------------------------------------

    def droppable(self, progress: Callable[[int, int], None] | None = None) -> list[Case]:
        """Every class of requests in which `engine.attachments` says that a paper may be dropped; decided once.

        The classes: each affair in whose scope the paper is asked for; the agencies; the procedures that the same
        grants name, and none; the runs of days within which paper, grants, deeming clauses and gates say one thing; no
        holder, and the holders of whom grants and the register of holdings say the same; each statement of the facts
        that the grants of the day ask for, of residence, and (with a linkage grant) of the two facts of the network,
        statements under which each grant stands alike being one class.
        The grants are those that open something the paper proves: no other can bring it. Where none of them stands,
        or none names the agency, nothing that a request says of holder or facts is looked at: one request stands for all.
        """
        if self._cases is None:
            self._cases = list(self._droppable(self.space.rule_set.valid, progress))
        return self._cases

    def _droppable(self, within: Period, progress: Callable[[int, int], None] | None) -> Iterator[Case]:
        asked = [(body, affair) for body, part in self.space.owners if part.body for affair in self._asking(body)]
        for done, (body, affair) in enumerate(asked):
            if progress is not None:
                progress(done, len(asked))
            yield from self._of_affair(body, affair, within)

    def _asking(self, body: str | None) -> Iterator[Affair]:
        papers = {d.affair for part in self.space.rule_set.parts(body) for d in part.documents}
        for affair in self.space.affairs(body).values():
            if not papers.isdisjoint(affair.scope):
                yield affair

    def _of_affair(self, body: str | None, affair: Affair, within: Period) -> Iterator[Case]:
        parts = self.space.rule_set.parts(body)
        documents = [d for part in parts for d in part.documents if d.affair in affair.scope]
        for document in dict.fromkeys(documents):
            names = {item.name for item in document.proves}
            grants = [
                g
                for g in self.space.in_scope(body, affair.id)
                if not _OPENING.isdisjoint(g.actions) and any(entry.name in names for entry in g.information or ())
            ]
            seen = False
            for party in parts[0].parties.values():
                named = [g for g in grants if not g.parties.isdisjoint(party.designations)]
                if named or not seen:
                    seen = seen or not named
                    yield from self._of_party(Point(body, Action.USE, party.key, affair.id), document, named, within)

    def _of_party(
        self, point: Point, document: RequiredDocument, grants: list[Grant], within: Period
    ) -> Iterator[Case]:
        affair = self.space.affair(point.body, point.affair)
        known = () if affair is None else self.space.procedures(point.body, affair)
        seen: set[tuple[object, ...]] = set()
        for procedure in (*known, None):
            if procedure is not None and document.procedures is not None and procedure not in document.procedures:
                continue
            reaching = [g for g in grants if reaches_procedure(g, procedure)]
            key = (procedure is None, *(g.id for g in reaching))
            if key not in seen:
                seen.add(key)
                yield from self._of_procedure(point._replace(procedure=procedure), document, reaching, within)

    def _of_procedure(
        self, point: Point, document: RequiredDocument, grants: list[Grant], within: Period
    ) -> Iterator[Case]:
        for days in self._days(point, grants, document, within):
            active = [g for g in grants if g.period.contains(days.first)]
            key = self._answers(point, active, document, days.first)
            if key in self._seen:
                continue
            self._seen.add(key)
            holders = self._holders(point, active, document, days) if active else [None]
            facts = sorted({str(fact) for fact in facts_of(active)} | ({Fact.RESIDENT.value} if active else set()))
            if any(g.holding is Holding.NETWORK for g in active):
                facts += [SAME_DAY, NETWORK_UP]
            for holder in holders:
                yield from self._of_class(point._replace(holder=holder), days.first, facts, active, document)

    def _answers(self, point: Point, active: list[Grant], document: RequiredDocument, on: date) -> tuple[object, ...]:
        """All that a decision on the paper looks at; classes with equal answers are one class, whatever they are called.

        A request without a procedure is decided in each procedure that asks for the paper, so its affair counts too.
        """
        parts = self.space.rule_set.parts(point.body)
        days, values = self.space.changes(point.body, point.affair)
        gates = [g for g in self.space.rule_set.national.gates if g.id in (TRIAL_OPERATION, FULL_OPERATION)]
        return (
            point.body,
            point.party,
            (point.affair, frozenset((g.procedures, _law(g, document, on)) for g in active))
            if point.procedure is None
            else None,
            document.proves,
            document.demanded_by,
            frozenset(_law(g, document, on) for g in active),
            tuple((c.period.contains(on), c.citation.in_force.contains(on)) for part in parts for c in part.deemed),
            tuple((g.id, g.first <= on) for g in gates),
            values[sum(day <= on for day in days)] if days else None,
        )

    def _of_class(
        self, point: Point, on: date, facts: list[str], active: list[Grant], document: RequiredDocument
    ) -> Iterator[Case]:
        alike: set[tuple[object, ...]] = set()
        unsaid = self.space.resolved(point, on)
        if unsaid is None:
            return
        for values in product(STATED, repeat=len(facts)):
            said = {fact: value for fact, value in zip(facts, values, strict=True) if value is not None}
            request = replace(unsaid, facts=self.space.facts_seen(unsaid, said))
            stands = tuple(state(g, on, request.facts, pending=False) for g in active)
            answers = (stands, *(request.facts.get(fact) for fact in _OF_PAPERS))
            if answers in alike:
                continue
            alike.add(answers)
            self.classes += 1
            asked = replace(request, attachments=(document.name,))
            if any(paper.droppable is Droppable.YES for paper in attachments(self.space.rule_set, asked)):
                yield Case(point, on, tuple(sorted(said.items())), document)

    def _days(self, point: Point, grants: list[Grant], document: RequiredDocument, within: Period) -> list[Period]:
        parts = self.space.rule_set.parts(point.body)
        days = within.intersect(self.space.rule_set.valid)
        days = None if days is None else days.intersect(document.period)
        if days is None:
            return []
        periods = [g.period for g in grants] + [bar.period for g in grants for bar in g.bars]
        periods += [period for part in parts for c in part.deemed for period in (c.period, c.citation.in_force)]
        gates = [g.first for g in self.space.rule_set.national.gates if g.id in (TRIAL_OPERATION, FULL_OPERATION)]
        return segments(days, periods, [*gates, *self.space.changes(point.body, point.affair)[0]])

    def _holders(self, point: Point, grants: list[Grant], document: RequiredDocument, days: Period) -> list[str | None]:
        """No holder, and one for each set of grants and of registered holdings that speak of it."""
        space, body = self.space, point.body
        own = {} if body is None else space.rule_set.bodies[body].parties
        outside = {name for g in grants if g.holding is Holding.NETWORK for name in g.holders}
        item = document.proves[0] if document.proves else None
        seen: dict[tuple[object, ...], str] = {}
        for name in (*own, *sorted(outside), *sorted(space.rule_set.national.parties)[:1]):
            ask = space.resolved(point._replace(action=Action.TRANSFER, holder=name, item=item), days.first)
            if ask is None:
                continue
            held = frozenset(
                entry.information
                for part in space.rule_set.parts(body)
                for entry in part.holdings
                if entry.party == ask.holder
            )
            opened = tuple(reaches_holder(g, ask) for g in grants)
            inside = ask.holder_body is not None and ask.holder_body == body
            seen.setdefault((opened, held if inside else None, inside, ask.holder == point.party), name)
        return [None, *seen.values()]

    # ---- the ways -----------------------------------------------------------------------------------

    def inside(self, case: Case, item: GrantedInformation) -> list[Grant]:
        """The grants by which a use, or a provision by an agency of the body, is lawful for the item."""
        point = case.point._replace(item=item)
        own = [] if point.body is None else list(self.space.rule_set.bodies[point.body].parties)
        ways = [point._replace(action=Action.USE, holder=None)]
        ways += [point._replace(action=Action.TRANSFER, holder=key) for key in dict.fromkeys((point.party, *own))]
        return [grant for way in ways for grant in self._grants(way, case)]

    def linked(self, case: Case, item: GrantedInformation) -> tuple[Grant, ...]:
        """The grants by which an inquiry through the network is lawful for the item."""
        holder = case.point.holder
        own = () if case.point.body is None else self.space.rule_set.bodies[case.point.body].parties
        way = case.point._replace(action=Action.LINK, item=item, holder=None if holder in own else holder)
        return self._grants(way, case)

    def deemed(self, case: Case, item: GrantedInformation) -> bool:
        """Whether a clause in force deems the paper submitted when the item comes by one of these grants."""
        clauses = [
            clause
            for part in self.space.rule_set.parts(case.point.body)
            for clause in part.deemed
            if case.document.demanded_by in clause.covers
            and clause.period.contains(case.on)
            and clause.citation.in_force.contains(case.on)
        ]
        inside = {grant.clause for grant in self.inside(case, item)}
        linked = {grant.clause for grant in self.linked(case, item)}
        return any(
            not clause.triggers.isdisjoint(inside | linked) or (clause.network and not clause.triggers and bool(linked))
            for clause in clauses
        )

    def _grants(self, point: Point, case: Case) -> tuple[Grant, ...]:
        """The satisfied grants, when the naive evaluator permits the request."""
        key = (point, case.on, case.facts)
        found = self._decided.get(key)
        if found is None:
            request = self.space.resolved(point, case.on, dict(case.facts))
            decision = None if request is None else self.space.near(point.body, point.affair).decide(request)
            permitting = () if decision is None or not decision.lawful else decision.items[0].grants
            found = self._decided[key] = tuple(
                grant for grant in self.space.in_scope(point.body, point.affair) if grant.id in permitting
            )
        return found

    def raw(self, case: Case, item: GrantedInformation) -> dict[str, object]:
        """The request that shows that the item does not arrive: `jorei decide` says it, and what it says of the paper."""
        holder = case.point.party if case.point.holder is None else case.point.holder
        point = case.point._replace(action=Action.TRANSFER, item=item, holder=holder)
        return self.space.raw(point, case.on, dict(case.facts))


def papers_arrive(space: Space, obtained: Obtained, progress: Callable[[int, int], None] | None = None) -> Verdict:
    """Whenever a paper may be dropped, all that it proves is obtained by a request that the naive evaluator permits.

    For every class of requests (`Obtained.droppable`) in which `engine.attachments` says so, each thing proved must be
    permitted as a use of own holdings, as a provision by an agency of the body, or as an inquiry through the network;
    and a clause that deems papers of that kind submitted on such a use or provision must be in force on that day. `engine.attachments` works on
    the index of grants; the check does not.
    """
    faults: list[Counterexample] = []
    dropped = 0
    seen: set[tuple[object, ...]] = set()
    for case in obtained.droppable(progress):
        dropped += 1
        document = case.document
        text = _problem(obtained, case)
        key = (case.point.body, case.point.affair, document.id, text)
        if text is None or key in seen:
            continue
        seen.add(key)
        item = next((i for i in document.proves if not _arrives(obtained, case, i)), document.proves[0])
        request = obtained.raw(case, item)
        faults.append(Counterexample(text, document.citation, request, space.shown(request)[0]))
    how = (
        f"書類を求める要求の組 {obtained.classes}組のすべてについて省略の可否を判定し、省略できるとされた{dropped}件の"
        "証明する情報を一つずつ要求として判定して、すべて適法であること、みなし規定がその日に効力を持つことを確かめた"
    )
    return Verdict(CODE, TITLE, how, obtained.classes, tuple(faults))


def _arrives(obtained: Obtained, case: Case, item: GrantedInformation) -> bool:
    return bool(obtained.inside(case, item) or obtained.linked(case, item))


def _problem(obtained: Obtained, case: Case) -> str | None:
    document = case.document
    for item in document.proves:
        if not _arrives(obtained, case, item):
            whose = "" if item.person is None else f"{item.person}に係る"
            return f"「{document.name}」は省略できるとされるが、{whose}{item.name}を適法に得る道がない"
    for item in document.proves:
        if not obtained.deemed(case, item):
            return f"「{document.name}」は省略できるとされるが、{item.name}が届いたときに提出があったものとみなす規定が、その日に効力を持たない"
    return None


def _law(grant: Grant, document: RequiredDocument, on: date) -> tuple[object, ...]:
    """What a grant that stands on the day says of the things that the paper proves."""
    names = {item.name for item in document.proves}
    return (
        grant.clause,
        grant.actions,
        frozenset(entry for entry in grant.information or () if entry.name in names),
        grant.holding,
        grant.holders,
        frozenset(condition.literal for condition in grant.conditions),
        frozenset(frozenset(bar.literals) for bar in grant.bars if bar.period.contains(on)),
    )
