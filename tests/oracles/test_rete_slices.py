"""The slices of the Rete interpreter leave out nothing that reaches, or is pending; and what they leave out is much."""

from __future__ import annotations

import random

import pytest

from engine.naive import NaiveEvaluator, find_affair, find_party
from engine.request import Request
from engine.rete.network import Asked, grant_facts
from engine.rete.slices import PartSlices, holdings
from engine.rule_set import Grant, RuleSet
from tests.oracles.strategies import generate_requests, random_rule_set


def sliced(rules: RuleSet, request: Request) -> list[Grant]:
    parts = rules.parts(request.body)
    scope = find_affair(parts, request.affair).scope
    fitting = holdings(request)
    return [g for part in parts for g in PartSlices(part).grants(request, scope, fitting)]


def reaching(rules: RuleSet, request: Request) -> list[Grant]:
    parts = rules.parts(request.body)
    items = request.information or (None,)
    found = {id(g): g for item in items for g, _ in NaiveEvaluator._standings(parts, request, item)}
    return [g for part in parts for g in part.grants if id(g) in found]


@pytest.mark.parametrize("seed", range(40))
def test_every_grant_that_reaches_is_in_the_slice_in_order(seed: int) -> None:
    rules = random_rule_set(random.Random(seed))
    for request in generate_requests(rules, 60, seed):
        kept = sliced(rules, request)
        order = {id(g): n for n, g in enumerate(g for part in rules.parts(request.body) for g in part.grants)}
        assert [order[id(g)] for g in kept] == sorted(order[id(g)] for g in kept)
        assert {id(g) for g in reaching(rules, request)} <= {id(g) for g in kept}


@pytest.mark.parametrize("seed", range(10))
def test_what_speaks_against_a_grant_is_never_left_out(seed: int) -> None:
    rules = random_rule_set(random.Random(seed))
    for request in generate_requests(rules, 60, seed):
        asked = Asked.of(request, find_party(rules.parts(request.body), request.party))
        for n, grant in enumerate(sliced(rules, request)):
            facts = list(grant_facts(n, grant, asked))
            assert sum(f["k"] == "condition" for f in facts) == len(grant.conditions)
            assert sum(f["k"] == "bar" for f in facts) == len(grant.bars)
            assert sum(f["k"] == "literal" for f in facts) == sum(len(bar.literals) for bar in grant.bars)


def test_real_rules_are_sliced_small() -> None:
    from api import project

    rules = project.load().rule_set
    slices = {id(part): PartSlices(part) for part in (rules.national, *rules.bodies.values())}
    sizes, wholes = [], []
    for request in generate_requests(rules, 500, seed=9):
        parts = rules.parts(request.body)
        scope, fitting = find_affair(parts, request.affair).scope, holdings(request)
        kept = [g for part in parts for g in slices[id(part)].grants(request, scope, fitting)]
        assert {id(g) for g in reaching(rules, request)} <= {id(g) for g in kept}
        sizes.append(len(kept))
        wholes.append(sum(g.affair in scope for part in parts for g in part.grants))
    assert sum(sizes) * 4 < sum(wholes)
