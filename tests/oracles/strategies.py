"""Requests and rule sets at random: well typed, and mostly a near miss of some grant.

`generate_requests` works for any rule set. A request starts from a grant and is made to satisfy it;
then a few of its dimensions are changed. Days are taken from every boundary of every period (the day
before the first, the first, the last, the day after), the rest at random.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from hypothesis import strategies as st

from engine.period import Period
from engine.request import Request
from engine.rule_set import (
    Action,
    Affair,
    Bar,
    Body,
    Citation,
    Condition,
    Fact,
    Grant,
    GrantedInformation,
    Holding,
    Literal,
    Part,
    Party,
    Procedure,
    RuleSet,
)

_ALWAYS = Period(date(2013, 5, 31))
_CITE = Citation("番号法第9条第1項", "番号法", "clause", _ALWAYS)
_ONE_DAY = timedelta(days=1)
_WITH_INFORMATION = (Action.TRANSFER, Action.LINK)


# --- requests for any rule set -------------------------------------------------------------------


def generate_requests(rule_set: RuleSet, n: int, seed: int) -> Iterator[Request]:
    """`n` well-typed requests, the same ones for the same seed."""
    maker = RequestMaker(rule_set, random.Random(seed))
    return (maker.request() for _ in range(n))


@dataclass
class RequestMaker:
    """Makes requests for one rule set from one source of chance."""

    rule_set: RuleSet
    chance: random.Random
    _views: dict[str | None, _View] = field(default_factory=dict)

    def request(self) -> Request:
        chance, view = self.chance, self._view()
        grant = chance.choice(view.grants) if view.grants and chance.random() < 0.9 else None
        keep = 0.8 if chance.random() < 0.4 else 0.97  # how likely each dimension stays as the grant has it
        action = self._action(grant, keep)
        party = self._party(view, grant, keep)
        affair = self._affair(view, grant, keep)
        holder, designations, body = self._holder(view, grant, party, keep)
        return Request(
            action=action,
            body=view.body,
            party=party,
            affair=affair,
            on=self._day(view, grant, keep),
            procedure=self._procedure(view, grant, affair, keep),
            information=self._information(view, grant, action, keep),
            holder=holder,
            holder_designations=designations,
            holder_body=body,
            facts=self._facts(view, grant, keep),
        )

    def _view(self) -> _View:
        body = None if not self.rule_set.bodies or self.chance.random() < 0.1 else self._some_body()
        if body not in self._views:
            self._views[body] = _View(self.rule_set, body)
        return self._views[body]

    def _some_body(self) -> str:
        return self.chance.choice(list(self.rule_set.bodies))

    def _stays(self, grant: Grant | None, keep: float) -> bool:
        return grant is not None and self.chance.random() < keep

    def _action(self, grant: Grant | None, keep: float) -> Action:
        allowed = sorted(grant.actions) if grant and self._stays(grant, keep) else list(Action)
        return self.chance.choice(allowed or list(Action))

    def _party(self, view: _View, grant: Grant | None, keep: float) -> str:
        near: list[str] = []
        if grant is not None and self._stays(grant, keep):
            near = [key for name in sorted(grant.parties) for key in view.by_designation.get(name, ())]
        return self.chance.choice(near or view.party_keys)

    def _affair(self, view: _View, grant: Grant | None, keep: float) -> str:
        if grant is not None and grant.affair in view.affairs and self._stays(grant, keep):
            if self.chance.random() < 0.7:
                return grant.affair
            return self.chance.choice(view.reached_by.get(grant.affair) or view.affair_keys)
        return self.chance.choice(view.affair_keys)

    def _procedure(self, view: _View, grant: Grant | None, affair: str, keep: float) -> str | None:
        own = view.procedures.get(affair, [])
        if grant is not None and self._stays(grant, keep):
            listed = sorted(grant.procedures) if grant.procedures else own
            return self.chance.choice([*listed, None]) if self.chance.random() < 0.8 and listed else None
        return self.chance.choice([*own, *view.procedure_keys[:50], None])

    def _information(
        self, view: _View, grant: Grant | None, action: Action, keep: float
    ) -> tuple[GrantedInformation, ...]:
        if action is Action.CARD:
            return ()
        chance = self.chance
        entries = sorted(grant.information, key=str) if grant and grant.information else []
        wanted = chance.choice([1, 1, 1, 2, 3])
        if action not in _WITH_INFORMATION and (not entries or chance.random() < 0.1) and chance.random() < 0.8:
            wanted = 0
        found: list[GrantedInformation] = []
        for _ in range(wanted):
            entry = chance.choice(entries) if entries and self._stays(grant, keep) else view.some_entry(chance)
            person = entry.person
            if chance.random() < 0.25:
                person = chance.choice([None, *view.persons])
            found.append(GrantedInformation(entry.name, person))
        return tuple(found)

    def _holder(
        self, view: _View, grant: Grant | None, party: str, keep: float
    ) -> tuple[str | None, frozenset[str], str | None]:
        chance = self.chance
        holding = grant.holding if grant and self._stays(grant, keep) else chance.choice(list(Holding))
        near = (
            [key for name in sorted(grant.holders) for key in self._all_by_designation.get(name, ())] if grant else []
        )
        kind = chance.random()
        if kind < 0.15 or (holding is Holding.NONE and kind < 0.6):
            return None, frozenset(), None
        if holding is Holding.OWN and kind < 0.85:
            return self._as_holder(party)
        if kind < 0.25:
            name = chance.choice(sorted(grant.holders) if grant and grant.holders else self._designations)
            return name, frozenset({name}), None
        if holding is Holding.OTHER_AGENCY and kind < 0.85:
            inside = [key for key in near if self._parties[key].body == view.body] or view.party_keys
            return self._as_holder(chance.choice(inside))
        if holding is Holding.NETWORK and kind < 0.85:
            outside = [key for key in near if self._parties[key].body != view.body]
            return self._as_holder(chance.choice(outside or near or list(self._parties)))
        return self._as_holder(chance.choice(list(self._parties)))

    def _as_holder(self, key: str) -> tuple[str, frozenset[str], str | None]:
        party = self._parties[key]
        return key, party.designations, party.body

    @cached_property
    def _parties(self) -> dict[str, Party]:
        parts = [self.rule_set.national, *self.rule_set.bodies.values()]
        return {key: party for part in parts for key, party in part.parties.items()}

    @cached_property
    def _all_by_designation(self) -> dict[str, list[str]]:
        return _by_designation(self._parties.values())

    @cached_property
    def _designations(self) -> list[str]:
        return sorted(self._all_by_designation)

    def _day(self, view: _View, grant: Grant | None, keep: float) -> date:
        chance, valid = self.chance, self.rule_set.valid
        kind = chance.random()
        if grant is not None and kind < 0.35:
            day = chance.choice(_boundaries([grant.period, *(bar.period for bar in grant.bars)]))
        elif view.boundaries and kind < 0.55:
            day = chance.choice(view.boundaries)
        elif grant is not None and self._stays(grant, keep):
            last = grant.period.last or max(grant.period.first, view.latest)
            day = grant.period.first + timedelta(days=chance.randint(0, max(0, (last - grant.period.first).days)))
        else:
            day = view.earliest + timedelta(days=chance.randint(0, (view.latest - view.earliest).days))
        return min(max(day, valid.first), valid.last or date.max)

    def _facts(self, view: _View, grant: Grant | None, keep: float) -> dict[str, bool]:
        facts: dict[str, bool] = {}
        for name in view.fact_names:
            if self.chance.random() < 0.5:
                facts[name] = self.chance.random() < 0.5
        if grant is not None and self.chance.random() < 0.7:
            for bar in grant.bars:
                if bar.literals:
                    literal = self.chance.choice(bar.literals)
                    facts[literal.fact] = not literal.value
            facts |= {c.literal.fact: c.literal.value for c in grant.conditions}
            facts = {
                name: v != (self.chance.random() > keep) for name, v in facts.items() if self.chance.random() < 0.97
            }
        return facts


class _View:
    """What a request about one body can name."""

    def __init__(self, rule_set: RuleSet, body: str | None) -> None:
        parts = rule_set.parts(body)
        self.body = body
        self.grants = [g for part in parts for g in part.grants]
        parties = [party for part in parts for party in part.parties.values()]
        own = [party for party in parties if party.body == body]
        self.party_keys = sorted(p.key for p in (own or parties)) + sorted(p.key for p in parties)[:5]
        self.by_designation = _by_designation(parties)
        self.affairs = {key: affair for part in reversed(parts) for key, affair in part.affairs.items()}
        self.affair_keys = sorted(self.affairs)
        self.reached_by: dict[str, list[str]] = {}
        for key in self.affair_keys:
            for reached in sorted(self.affairs[key].scope):
                self.reached_by.setdefault(reached, []).append(key)
        self.procedures: dict[str, list[str]] = {}
        for part in parts:
            for key, procedure in part.procedures.items():
                self.procedures.setdefault(procedure.affair, []).append(key)
        self.procedure_keys = sorted(key for keys in self.procedures.values() for key in keys)
        self.entries = sorted({entry for g in self.grants for entry in g.information or ()}, key=str)
        self.names = sorted({name for part in parts for name in part.information} | {"その他の情報"})
        self.persons = sorted({entry.person for entry in self.entries if entry.person} | {"その他の者"})
        literals = [c.literal for g in self.grants for c in g.conditions]
        literals += [literal for g in self.grants for bar in g.bars for literal in bar.literals]
        self.fact_names = sorted({literal.fact for literal in literals})
        periods = {g.period for g in self.grants} | {bar.period for g in self.grants for bar in g.bars}
        self.boundaries = _boundaries(sorted(periods, key=str))
        middle = [day for day in self.boundaries if date(1990, 1, 1) < day < date(2100, 1, 1)] or [date(2016, 1, 1)]
        self.earliest, self.latest = min(middle) - timedelta(days=400), max(middle) + timedelta(days=800)

    def some_entry(self, chance: random.Random) -> GrantedInformation:
        """Any information, granted somewhere or only defined."""
        if self.entries and chance.random() < 0.7:
            return chance.choice(self.entries)
        return GrantedInformation(chance.choice(self.names))


def _by_designation(parties: Iterable[Party]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for party in parties:
        for name in party.designations | party.uncertain:
            found.setdefault(name, []).append(party.key)
    return found


def _boundaries(periods: Sequence[Period]) -> list[date]:
    days: list[date] = []
    for period in periods:
        days += [period.first - _ONE_DAY, period.first]
        if period.last is not None:
            days += [period.last, period.last + _ONE_DAY]
    return days


# --- small rule sets -----------------------------------------------------------------------------

_CITY, _TOWN = "042021", "044041"
_AFFAIRS = ("福祉", "福祉/医療", "税", f"{_CITY}/独自")
_SCOPES = {
    "福祉": ("福祉", "福祉/医療"),
    "福祉/医療": ("福祉/医療", "福祉"),
    "税": ("税",),
    _AFFAIRS[3]: (_AFFAIRS[3], "福祉"),
}
_NAMES = ("地方税関係情報", "住民票関係情報", "障害者関係情報")
_PERSONS = (None, None, "申請者", "世帯員")
_DAYS = (
    date(2015, 10, 5),
    date(2016, 1, 1),
    date(2017, 5, 30),
    date(2017, 7, 18),
    date(2017, 11, 13),
    date(2019, 4, 1),
)
_FACTS = (*Fact, "specific:転入")
_DESIGNATIONS = ("市町村長", "都道府県知事等", f"{_CITY}/市長", f"{_CITY}/教育委員会", f"{_TOWN}/町長", "厚生労働大臣")


def random_rule_set(chance: random.Random, size: int = 6) -> RuleSet:
    """A rule set over a narrow vocabulary, so that grants often meet requests and each other."""
    if chance.random() > 0.88:
        faults: tuple[str, ...] = ("J0001 未定義の語",)
    else:
        faults = ()
    national = Part(
        body=None,
        parties={
            "厚生労働大臣": Party("厚生労働大臣", "厚生労働大臣", None, frozenset({"厚生労働大臣", "都道府県知事等"}))
        },
        affairs={key: _affair(key) for key in _AFFAIRS[:3]},
        procedures={
            f"{key}/{n}": Procedure(f"{key}/{n}", key, "手続", (_CITE,)) for key in _AFFAIRS[:2] for n in (1, 2)
        },
        information=dict.fromkeys(_NAMES, "番号法別表"),
        grants=_grants(chance, "国", size),
        faults=faults if chance.random() < 0.3 else (),
    )
    city = Part(
        body=Body(_CITY, "石巻市", "市"),
        parties=_agencies(_CITY, chance, 市長=("市町村長",), 教育委員会=()),
        affairs={_AFFAIRS[3]: _affair(_AFFAIRS[3])},
        grants=_grants(chance, "市", size),
    )
    town = Part(
        body=Body(_TOWN, "女川町", "町"),
        parties=_agencies(_TOWN, chance, 町長=("市町村長",), 教育委員会=()),
        grants=_grants(chance, "町", size // 2),
        faults=faults,
    )
    return RuleSet("0" * 64, Period(date(2013, 5, 31), date(2026, 12, 31)), national, {_CITY: city, _TOWN: town}, {})


def _affair(key: str) -> Affair:
    return Affair(key, key, frozenset(_SCOPES[key]))


def _agencies(code: str, chance: random.Random, **agencies: tuple[str, ...]) -> dict[str, Party]:
    parties = {}
    for name, roles in agencies.items():
        key = f"{code}/{name}"
        uncertain = frozenset({"都道府県知事等"}) if chance.random() < 0.4 else frozenset()
        parties[key] = Party(key, name, code, frozenset({key, *roles}), uncertain)
    return parties


def _grants(chance: random.Random, prefix: str, size: int) -> tuple[Grant, ...]:
    grants = [_grant(chance, f"{prefix}{n}") for n in range(chance.randint(0, size))]
    if grants and chance.random() < 0.2:
        twin = chance.choice(grants)
        fields = {name: getattr(twin, name) for name in twin.__struct_fields__} | {"id": f"{prefix}写し"}
        grants.insert(chance.randrange(len(grants) + 1), Grant(**fields))
    return tuple(grants)


def _some(chance: random.Random, values: Sequence[str], most: int) -> frozenset[str]:
    return frozenset(chance.sample(list(values), chance.randint(1, most)))


def _grant(chance: random.Random, id_: str) -> Grant:
    holding = chance.choice(list(Holding))
    entries = frozenset(
        GrantedInformation(chance.choice(_NAMES), chance.choice(_PERSONS)) for _ in range(chance.randint(1, 3))
    )
    with_information = chance.random() < (0.15 if holding is Holding.NONE else 0.9)
    affair = chance.choice(_AFFAIRS)
    return Grant(
        id=id_,
        actions=frozenset(chance.sample(list(Action), chance.randint(1, 3))),
        parties=_some(chance, _DESIGNATIONS, 2),
        affair=affair,
        period=_period(chance),
        bases=(_CITE,),
        clause=id_,
        procedures=_some(chance, [f"{affair}/1", f"{affair}/2"], 2) if chance.random() < 0.3 else None,
        information=entries if with_information else None,
        holding=holding,
        holders=frozenset() if holding in (Holding.NONE, Holding.OWN) else _some(chance, _DESIGNATIONS, 3),
        conditions=tuple(
            Condition(f"条件{n}", _literal(chance), "条件", _CITE, "手当て") for n in range(chance.choice([0, 0, 1, 2]))
        ),
        bars=tuple(
            Bar(f"制限{n}", _period(chance), _literals(chance), "制限", _CITE, "代わり")
            for n in range(chance.choice([0, 0, 0, 1, 2]))
        ),
    )


def _period(chance: random.Random) -> Period:
    first = chance.choice(_DAYS)
    later = [day for day in _DAYS if day >= first]
    return Period(first, None if chance.random() < 0.6 else chance.choice(later))


def _literal(chance: random.Random) -> Literal:
    return Literal(str(chance.choice(_FACTS)), chance.random() < 0.7)


def _literals(chance: random.Random) -> tuple[Literal, ...]:
    return tuple(_literal(chance) for _ in range(chance.choice([0, 1, 1, 2])))


@st.composite
def rule_sets_with_requests(draw: st.DrawFn, requests: int = 12) -> tuple[RuleSet, list[Request]]:
    """A small rule set and requests for it; chance is drawn by hypothesis, so failures shrink."""
    chance = draw(st.randoms(use_true_random=False))
    rule_set = random_rule_set(chance)
    maker = RequestMaker(rule_set, chance)
    return rule_set, [maker.request() for _ in range(requests)]
