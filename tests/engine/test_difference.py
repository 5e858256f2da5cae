"""The difference of two rule sets against brute force: every request of a small space, decided by the naive evaluator."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.attachments import Droppable, attachments
from engine.difference import Difference, Kind, Point, difference
from engine.difference_papers import Standing
from engine.naive import NaiveEvaluator
from engine.names import Directories
from engine.request import Request
from engine.resolve import Shape, register
from engine.rule_set import (
    Action,
    Affair,
    Condition,
    DeemedSubmission,
    Gate,
    Grant,
    GrantedInformation,
    Holdings,
    ImpactAssessment,
    Literal,
    Party,
    RequiredDocument,
    RuleSet,
)
from tests.engine.build import (
    AFFAIR,
    BOARD,
    CHILD,
    CITY,
    MAYOR,
    OTHER_MAYOR,
    RESIDENCE,
    TAX,
    bars,
    by_network,
    cite,
    from_agency,
    needs,
    own_use,
    period,
)
from tests.engine.strategies import grants, many_grants, world

PERSONS = (None, "申請者", "世帯員", "誰でもない者")
ITEMS = tuple(GrantedInformation(name, person) for name in (TAX, RESIDENCE) for person in PERSONS)
PROCEDURES = (None, f"{AFFAIR}/1", f"{AFFAIR}/2", f"{AFFAIR}/9")
HOLDERS = (None, MAYOR, BOARD, OTHER_MAYOR.key, "女川町長", "市町村長", "厚生労働大臣", "知られない者")
STATED = (None, True, False)
#: Each example is thousands of decisions; shrinking one would take minutes.
EXHAUSTIVE = settings(
    max_examples=40,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class World:
    """One rule set as callers meet it: names resolved and the register's word added, by the engine's own means."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.rule_set = rule_set
        self.naive = NaiveEvaluator(rule_set)
        self.directories = Directories(rule_set)

    def lawful(self, point: Point, asked: tuple[GrantedInformation, ...]) -> list[tuple[bool, frozenset[str]]]:
        """For each item (or for the request without one): whether it is lawful, and the labels of its bases."""
        directory = self.directories.of(point.body)
        holder = None if point.holder is None else directory.holder(point.holder, self.directories.registered)
        request = Request(
            point.action,
            point.body,
            point.party,
            point.affair,
            point.on,
            point.procedure,
            asked,
            None if point.holder is None else point.holder if holder is None else holder.key,
            frozenset() if holder is None else holder.designations,
            None if holder is None else holder.body,
        )
        parts = self.rule_set.parts(point.body)
        affair = next((part.affairs[point.affair] for part in parts if point.affair in part.affairs), None)
        told = dict(point.facts)
        if affair is not None:
            told = Shape(request, directory, register(parts, affair)).facts_on(point.on, told)
        decision = self.naive.decide(replace(request, facts=told))
        procedure = {c.label for part in parts for p in part.procedures.values() for c in p.citations}
        return [(item.lawful, frozenset(basis.label for basis in item.bases) - procedure) for item in decision.items]


def days_of(*rule_sets: RuleSet) -> list[date]:
    """The first and last days of everything, and their neighbours, that both can decide."""
    bounds: set[date] = set()
    for rule_set in rule_sets:
        for part in (*rule_set.bodies.values(), rule_set.national):
            periods = [g.period for g in part.grants] + [bar.period for g in part.grants for bar in g.bars]
            bounds |= {d for p in periods for d in (p.first, p.last) if d is not None}
            bounds |= {d for entry in part.assessments for d in (entry.published, entry.changed) if d is not None}
    near = {day + timedelta(days=n) for day in bounds for n in (-1, 0, 1)}
    return sorted(day for day in near if all(rule_set.valid.contains(day) for rule_set in rule_sets))


def statements(names: tuple[str, ...]) -> Iterator[dict[str, bool]]:
    for values in itertools.product(STATED, repeat=len(names)):
        yield {name: value for name, value in zip(names, values, strict=True) if value is not None}


def facts_in(*rule_sets: RuleSet) -> tuple[str, ...]:
    return tuple(
        sorted(
            {
                str(literal.fact)
                for rule_set in rule_sets
                for part in (*rule_set.bodies.values(), rule_set.national)
                for grant in part.grants
                for literal in (
                    *(c.literal for c in grant.conditions),
                    *(x for bar in grant.bars for x in bar.literals),
                )
            }
        )
    )


def assert_exact(
    old: RuleSet, new: RuleSet, found: Difference, action: Action, party: str, affair: str, days: list[date]
) -> int:
    """Every request of the space: in a row of its kind exactly when the naive evaluator says so. Yields how many."""
    before, after = World(old), World(new)
    rows = [
        r for r in found.rows if r.body == CITY and action in r.actions and party in r.parties and affair in r.affairs
    ]
    seen = 0
    asked_of = [ITEMS] if action is not Action.CARD else []
    asked_of += [()] if action not in (Action.TRANSFER, Action.LINK) else []  # refused before decision
    for procedure, holder, on, told, asked in itertools.product(
        PROCEDURES, HOLDERS, days, list(statements(facts_in(old, new))), asked_of
    ):
        point = Point(CITY, action, party, affair, on, procedure, None, holder, told)
        pairs = zip(before.lawful(point, asked), after.lawful(point, asked), asked or (None,), strict=True)
        for (was, old_bases), (is_, new_bases), item in pairs:
            expected = set()
            if was != is_:
                expected = {Kind.LAWFUL if is_ else Kind.UNLAWFUL}
            elif was and old_bases != new_bases:
                expected = {Kind.BASES}
            here = point._replace(item=item)
            kinds = [row.kind for row in rows if found.covers(row, here)]
            assert sorted(k.value for k in kinds) == sorted(k.value for k in expected), (here, was, is_, rows)
            seen += 1
    return seen


@st.composite
def amended(draw: st.DrawFn, grant: Grant) -> Grant:
    """The grant with one or two members taken from another."""
    other = draw(grants())
    fields = ("actions", "parties", "affair", "period", "procedures", "conditions", "bars", "clause", "bases")
    chosen = draw(st.lists(st.sampled_from((*fields, "information")), min_size=1, max_size=2))
    changes = {name: getattr(other, name) for name in chosen}
    if "information" in changes:
        changes |= {"holding": other.holding, "holders": other.holders}
    return replace(grant, **changes)


@st.composite
def amendments(draw: st.DrawFn) -> tuple[RuleSet, RuleSet]:
    """A small rule set, and one in which grants, scopes, designations or registers are changed."""
    own, national = draw(many_grants), draw(st.lists(grants(), max_size=3))
    if draw(st.booleans()):
        pia = Condition("pia", Literal("pia", True), "評価", cite("評価"), "評価する")
        own = [replace(g, conditions=(pia,)) if n % 2 else g for n, g in enumerate(own)]
    after = [draw(amended(g)) if draw(st.booleans()) else g for g in own if draw(st.integers(0, 4))]
    after += draw(st.lists(grants(), max_size=2))
    old_register, new_register = (draw(registers), draw(registers)) if draw(st.booleans()) else ((), ())
    old = world(own, national, assessments=old_register)
    new = world(after, national, assessments=new_register)
    if draw(st.booleans()):
        child = Affair(CHILD, "子ども医療費", draw(st.sampled_from((frozenset({CHILD}), frozenset({AFFAIR})))))
        new = with_city(new, affairs={CHILD: child})
    if draw(st.booleans()):
        mayor = Party(MAYOR, "市長", CITY, draw(st.frozensets(st.sampled_from((MAYOR, "市町村長", "事業主体")))))
        new = with_city(new, parties={MAYOR: mayor, BOARD: new.bodies[CITY].parties[BOARD]})
    return old, new


registers = st.lists(
    st.builds(
        ImpactAssessment,
        st.sampled_from((AFFAIR, CHILD)),
        st.sampled_from(("基礎", "重点")),
        st.none() | st.sampled_from((date(2017, 1, 1), date(2019, 6, 1))),
        st.sampled_from((500, 5_000, 150_000)),
        st.just(10),
        st.booleans(),
        st.none() | st.just(date(2018, 1, 1)),
    ),
    max_size=2,
).map(tuple)


def with_city(rule_set: RuleSet, **changes: object) -> RuleSet:
    return replace(rule_set, bodies=rule_set.bodies | {CITY: replace(rule_set.bodies[CITY], **changes)})


@EXHAUSTIVE
@given(amendments(), st.data())
def test_every_request_is_in_a_row_exactly_when_its_lawfulness_changes(
    pair: tuple[RuleSet, RuleSet], data: st.DataObject
) -> None:
    old, new = pair
    found = difference(old, new)
    days = days_of(old, new)
    if not days:
        assert not found.rows
        return
    chosen = data.draw(st.lists(st.sampled_from(days), min_size=1, max_size=3, unique=True))
    rows = [row for row in found.rows if row.body == CITY]
    triples = sorted({(a, p, f) for row in rows for a in row.actions for p in row.parties for f in row.affairs})
    everything = sorted(itertools.product(Action, (MAYOR, BOARD), (AFFAIR, CHILD)))
    action, party, affair = data.draw(st.sampled_from([*everything, *triples, *triples]))
    note(f"{action} {party} {affair}")
    assert assert_exact(old, new, found, action, party, affair, chosen)


# ---- papers -------------------------------------------------------------------------------------

PAPERS = ("所得課税証明書", "住民票の写し")
FULL_OPERATION = Gate("full-operation", "本格運用", date(2018, 1, 1), "")
NORMS = ("法令", "条例", "規則")

papers = st.builds(
    RequiredDocument,
    st.just("doc"),
    st.sampled_from(PAPERS),
    st.sampled_from((AFFAIR, CHILD)),
    st.none() | st.frozensets(st.sampled_from((f"{AFFAIR}/1", f"{AFFAIR}/2")), min_size=1),
    st.lists(st.sampled_from(ITEMS[:3] + ITEMS[4:7]), max_size=2).map(tuple),
    st.just(cite("書類")),
    st.sampled_from(NORMS),
    st.sampled_from((period(), period("2016-01-01", "2018-12-31"))),
)


@st.composite
def opening_grants(draw: st.DrawFn) -> Grant:
    """A grant that brings information: own, of another agency, or through the network."""
    about = draw(st.lists(st.sampled_from(ITEMS[:3] + ITEMS[4:7]), min_size=1, max_size=3))
    changes = {
        "affair": draw(st.sampled_from((AFFAIR, CHILD))),
        "information": frozenset(about),
        "period": draw(st.sampled_from((period(), period("2016-01-01", "2017-12-31"), period("2019-01-01")))),
        "procedures": draw(st.none() | st.just(frozenset({f"{AFFAIR}/1"}))),
        "conditions": draw(st.sampled_from(((), (needs("consent"),), (needs("pia"),)))),
        "bars": draw(st.sampled_from(((), (bars("resident"),), (bars("consent", stands=period("2018-06-01")),)))),
    }
    make = draw(st.sampled_from((own_use, from_agency, by_network)))
    if make is not from_agency:
        changes["parties"] = draw(st.sampled_from((frozenset({"市町村長"}), frozenset({BOARD}))))
    clause = draw(st.sampled_from(("clause-a", "clause-b")))
    made: Grant = make(f"g{draw(st.integers(0, 99))}", clause=clause, **changes)
    return made


clauses = st.builds(
    DeemedSubmission,
    st.just("deemed"),
    st.sampled_from((cite("第3条第4項"), cite("第4条第2項"))),
    st.frozensets(st.sampled_from(("clause-a", "clause-b"))),
    st.frozensets(st.sampled_from(NORMS), min_size=1),
    st.sampled_from((period(), period("2019-01-01"))),
    st.booleans(),
)
holdings = st.lists(
    st.builds(Holdings, st.sampled_from((MAYOR, BOARD)), st.sampled_from((TAX, RESIDENCE)), st.just(AFFAIR)), max_size=3
)


@st.composite
def with_papers(draw: st.DrawFn) -> tuple[RuleSet, RuleSet]:
    """A small rule set with papers, and one in which one thing or more about them is another."""
    parts: dict[str, st.SearchStrategy[Any]] = {
        "grants": st.lists(opening_grants(), min_size=1, max_size=4),
        "documents": st.lists(papers, min_size=1, max_size=3),
        "deemed": st.lists(clauses, min_size=1, max_size=2),
        "holdings": holdings,
        "assessments": registers,
    }
    old: dict[str, Any] = {name: tuple(draw(some)) for name, some in parts.items()}
    changed = draw(st.sets(st.sampled_from(sorted(parts)), min_size=1, max_size=2))
    new = old | {name: tuple(draw(parts[name])) for name in sorted(changed)}
    gates = draw(st.sampled_from(((FULL_OPERATION,), (FULL_OPERATION,), (), (replace(FULL_OPERATION, first=DAY),))))
    return (
        world(list(old.pop("grants")), [], national_gates=(FULL_OPERATION,), **old),
        world(list(new.pop("grants")), [], national_gates=gates, **new),
    )


DAY = date(2018, 9, 1)
PAPER_FACTS = ("consent", "resident", "pia")
_STANDINGS = {
    Droppable.YES: Standing.DROPPABLE,
    Droppable.PARTIAL: Standing.PARTIAL,
    Droppable.NO: Standing.REQUIRED,
}


def standings(rule_set: RuleSet, directories: Directories, point: Point) -> dict[str, Standing]:
    """How `engine.attachments` says that each paper stands; of several of one name, the one that asks most."""
    directory = directories.of(CITY)
    holder = None if point.holder is None else directory.holder(point.holder, directories.registered)
    request = Request(
        Action.USE,
        CITY,
        point.party,
        point.affair,
        point.on,
        point.procedure,
        (),
        None if point.holder is None else point.holder if holder is None else holder.key,
        frozenset() if holder is None else holder.designations,
        None if holder is None else holder.body,
    )
    parts = rule_set.parts(CITY)
    affair = next(part.affairs[point.affair] for part in parts if point.affair in part.affairs)
    told = Shape(request, directory, register(parts, affair)).facts_on(point.on, dict(point.facts))
    found = dict.fromkeys(PAPERS, Standing.NOT_ASKED)
    for answer in attachments(rule_set, replace(request, facts=told)):
        found[answer.name] = max(found[answer.name], _STANDINGS[answer.droppable])
    return found


@EXHAUSTIVE
@given(with_papers(), st.data())
def test_every_paper_is_in_a_row_exactly_when_its_standing_changes(
    pair: tuple[RuleSet, RuleSet], data: st.DataObject
) -> None:
    old, new = pair
    found = difference(old, new)
    directories = Directories(old), Directories(new)
    days = [date(2015, 12, 31), date(2016, 1, 1), date(2017, 7, 18), date(2018, 6, 1), DAY, date(2019, 7, 1)]
    pairs = [(p, a) for row in found.papers for p in row.parties for a in row.affairs]
    everything = list(itertools.product((MAYOR, BOARD), (AFFAIR, CHILD)))
    party, affair = data.draw(st.sampled_from(sorted(pairs) * 3 + everything))
    more = data.draw(st.sampled_from(({}, {}, {"same_day": True}, {"network_up": False}, {"network_up": True})))
    rows = [row for row in found.papers if party in row.parties and affair in row.affairs]
    for procedure, holder, on, told in itertools.product(PROCEDURES, HOLDERS, days, list(statements(PAPER_FACTS))):
        point = Point(CITY, Action.USE, party, affair, on, procedure, None, holder, told | more)
        before, after = (standings(r, d, point) for r, d in zip((old, new), directories, strict=True))
        for name in PAPERS:
            expected = [] if before[name] is after[name] else [(before[name], after[name])]
            said = [(row.before, row.after) for row in rows if found.covers_paper(row, name, point)]
            assert said == expected, (name, point, rows)
