"""The desk says exactly what resolving and deciding in two steps say, the first time and every time after."""

from __future__ import annotations

import pytest

from api.bench import rows, workload
from api.project import load
from engine.compiled import CompiledIndex
from engine.desk import Desk
from engine.request import RequestRefused
from engine.resolve import Resolver


def test_the_desk_agrees_with_two_steps_on_real_rules() -> None:
    rules = load().rule_set
    cases = workload.generate(rules, rows.expand(rules), 1500, seed=7).cases
    desk, resolver, index = Desk(rules), Resolver(rules), CompiledIndex(rules)
    outcomes = set()
    for case in (*cases, *cases):
        said = desk.decide(case)
        assert said == index.decide(resolver.resolve(case)), case
        outcomes.add(said.outcome)
    assert len(outcomes) >= 3


def test_the_desk_keeps_shapes_apart() -> None:
    rules = load().rule_set
    desk, resolver, index = Desk(rules), Resolver(rules), CompiledIndex(rules)
    base = {"action": "use", "municipality": "石巻市", "agency": "市長", "affair": "child-medical", "on": "2016-01-01"}
    others = (
        {},
        {"procedure": 1},
        {"affair": "city-housing"},
        {"on": "2015-12-31"},
        {"action": "store"},
        {"facts": {}},
    )
    cases = [{**base, **other} for other in others]
    for case in (*cases, *reversed(cases)):
        assert desk.decide(case) == index.decide(resolver.resolve(case)), case


def test_the_desk_refuses_what_the_resolver_refuses() -> None:
    desk = Desk(load().rule_set)
    good = {"action": "use", "municipality": "石巻市", "agency": "市長", "affair": "child-medical", "on": "2016-01-01"}
    desk.decide(good)
    for change in (
        {"on": "2013-05-30"},
        {"affair": "child-medicl"},
        {"x": 1},
        {"facts": {"知らない事実": True}},
        {"on": None},
    ):
        with pytest.raises(RequestRefused):
            desk.decide({**good, **change})
