"""Compiled index, naive evaluator, Rete and Cedar: the same outcome and the same grounds, item by item."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

from engine.decision import Outcome
from engine.request import Request
from engine.rule_set import RuleSet
from tests.oracles.compare import HAS_COMPILED, SideBySide, disagreements
from tests.oracles.strategies import generate_requests, random_rule_set, rule_sets_with_requests

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*utcfromtimestamp.*:DeprecationWarning"),  # durable_rules on 3.12
    pytest.mark.skipif(not HAS_COMPILED, reason="engine.compiled is not there yet"),
]


@pytest.fixture(scope="module")
def real_rules() -> RuleSet:
    """The project's own rule files, compiled."""
    from api import project

    return project.load().rule_set


@pytest.mark.parametrize("seed", range(30))
def test_random_rule_sets(seed: int) -> None:
    rule_set = random_rule_set(random.Random(seed))
    assert disagreements(rule_set, generate_requests(rule_set, 60, seed)) == []


@given(rule_sets_with_requests())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_drawn_rule_sets(drawn: tuple[RuleSet, list[Request]]) -> None:
    rule_set, requests = drawn
    assert disagreements(rule_set, requests) == []


def test_the_project_s_own_rules(real_rules: RuleSet) -> None:
    side_by_side, outcomes = SideBySide(real_rules), Counter[str]()
    for request in generate_requests(real_rules, 2_000, seed=20180401):
        answers, disagreement = side_by_side.compare(request)
        assert disagreement is None
        outcomes.update(outcome for outcome, _ in answers)
    assert outcomes[Outcome.PERMITTED] > 100
    assert outcomes[Outcome.NO_BASIS] > 100


def test_each_outcome_is_reached_by_random_requests() -> None:
    outcomes = Counter[str]()
    for seed in range(30):
        rule_set = random_rule_set(random.Random(seed))
        side_by_side = SideBySide(rule_set, cedar=False)
        for request in generate_requests(rule_set, 30, seed):
            outcomes.update(outcome for outcome, _ in side_by_side.compare(request)[0])
    assert set(outcomes) == {outcome.value for outcome in Outcome}


def test_same_seed_same_requests() -> None:
    rule_set = random_rule_set(random.Random(7))
    assert list(generate_requests(rule_set, 50, 1)) == list(generate_requests(rule_set, 50, 1))
    assert list(generate_requests(rule_set, 50, 1)) != list(generate_requests(rule_set, 50, 2))
