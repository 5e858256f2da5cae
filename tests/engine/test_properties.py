"""Properties that hold for every rule set and request."""

from __future__ import annotations

import random
from datetime import timedelta

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.alternatives import alternatives, apply
from engine.compiled import CompiledIndex
from engine.decision import Decision, Outcome
from engine.request import Request
from engine.rule_set import Bar, Grant, RuleSet
from tests.engine.strategies import FACTS, a_bar, cases, world

Case = tuple[list[Grant], list[Grant], Request]


def decide(rules: RuleSet, request: Request) -> Decision:
    return CompiledIndex(rules).decide(request)


def said(decision: Decision) -> list[tuple[Outcome, frozenset[str]]]:
    return [(item.outcome, frozenset(item.grants)) for item in decision.items]


@given(cases(), st.randoms(use_true_random=False))
def test_order_and_duplicates_never_matter(case: Case, chance: random.Random) -> None:
    own, national, request = case
    shuffled = own + own[:2]
    chance.shuffle(shuffled)
    other = decide(world(shuffled, national), request)
    decision = decide(world(own, national), request)
    assert said(other) == said(decision)
    assert all(len(set(item.grants)) == len(item.grants) for item in other.items)


@given(cases(), a_bar, st.integers(0, 5))
def test_a_further_bar_never_makes_lawful(case: Case, bar: Bar, at: int) -> None:
    grants, _, request = case
    assume(at < len(grants))
    barred = [replace(g, bars=(*g.bars, bar)) if n == at else g for n, g in enumerate(grants)]
    assert decide(world(grants, []), request).lawful or not decide(world(barred, []), request).lawful


@given(cases(), st.integers(0, 5))
def test_removing_a_ground_never_makes_lawful(case: Case, at: int) -> None:
    grants, _, request = case
    fewer = grants[:at] + grants[at + 1 :]
    assert decide(world(grants, []), request).lawful or not decide(world(fewer, []), request).lawful


@given(cases(), st.integers(0, 5))
def test_outside_its_days_a_grant_does_nothing(case: Case, at: int) -> None:
    grants, _, request = case
    assume(at < len(grants))
    period = grants[at].period
    days = [period.first - timedelta(days=1)] + ([] if period.last is None else [period.last + timedelta(days=1)])
    for day in days:
        asked = replace(request, on=day)
        without = world(grants[:at] + grants[at + 1 :], [])
        assert said(decide(world(grants, []), asked)) == said(decide(without, asked))


@given(cases(), st.sampled_from(FACTS))
def test_a_missing_fact_never_makes_lawful(case: Case, fact: str) -> None:
    grants, _, request = case
    rules = world(grants, [])
    fewer = replace(request, facts={k: v for k, v in request.facts.items() if k != fact})
    known = [replace(request, facts={**fewer.facts, fact: value}) for value in (True, False)]
    if decide(rules, fewer).lawful:
        assert all(decide(rules, asked).lawful for asked in known)


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(cases())
def test_exactly_the_named_grounds_carry_the_permit(case: Case) -> None:
    own, national, request = case
    decision = decide(world(own, national), request)
    assume(decision.lawful)
    assert all(item.grants and item.bases for item in decision.items)
    for item in decision.items:
        alone = replace(request, information=(item.information,) if item.information is not None else ())
        left = [[g for g in part if g.id not in item.grants] for part in (own, national)]
        assert not decide(world(*left), alone).lawful
        for kept in item.grants:
            one = [[g for g in part if g.id == kept] for part in (own, national)]
            assert decide(world(*one), alone).lawful


@given(cases())
def test_every_refusal_says_why_and_every_permit_has_no_buts(case: Case) -> None:
    grants, _, request = case
    decision = decide(world(grants, []), request)
    for item in decision.items:
        assert bool(item.unmet) is not item.lawful
        assert item.lawful is bool(item.grants)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_alternatives_are_minimal_and_work(case: Case) -> None:
    own, national, request = case
    rules = world(own, national)
    engine = CompiledIndex(rules)
    found = alternatives(rules, engine, request)
    if engine.decide(request).lawful:
        assert found == ()
        return
    assert 1 <= len(found) <= 5
    for alternative in found:
        changes = alternative.changes
        assert alternative.text
        if not changes:
            continue
        assert engine.decide(apply(rules, request, changes)).lawful
        for mask in range(2 ** len(changes) - 1):
            part = tuple(change for n, change in enumerate(changes) if mask >> n & 1)
            assert not engine.decide(apply(rules, request, part)).lawful


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_what_any_day_or_fact_could_mend_is_found(case: Case) -> None:
    """If some later day and some facts alone make the request lawful, an alternative is offered."""
    grants, _, request = case
    rules = world(grants, [])
    engine = CompiledIndex(rules)
    assume(not engine.decide(request).lawful)
    days = {request.on} | {request.on.replace(year=year, month=1, day=1) for year in range(request.on.year + 1, 2024)}
    values = [
        dict(zip(FACTS, (a, b, c), strict=True)) for a in (True, False) for b in (True, False) for c in (True, False)
    ]
    if any(engine.decide(replace(request, on=day, facts=facts)).lawful for day in days for facts in values):
        assert any(alternative.executable for alternative in alternatives(rules, engine, request))
