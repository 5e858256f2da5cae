"""The matcher at fault: whatever happens, a refusal or the right answer, never a permit that is wrong."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from engine import rete
from engine.decision import Outcome
from engine.naive import NaiveEvaluator
from engine.period import Period
from engine.request import Request
from engine.rete import ReteInterpreter, second_opinion
from engine.rete.matcher import Comparison, Fact, Matched, Matcher, MatcherError, MatcherMissingError, Rule
from engine.rete.network import NETWORK
from engine.rule_set import Action, Affair, Citation, Grant, Part, Party, RuleSet
from tests.oracles.compare import answer
from tests.oracles.strategies import generate_requests, random_rule_set

pytestmark = pytest.mark.filterwarnings("ignore:.*utcfromtimestamp.*:DeprecationWarning")

MINISTER = "厚生労働大臣"
DAY = date(2018, 4, 1)
CITE = Citation("番号法第9条第1項", "番号法", "clause", Period(date(2016, 1, 1)))


def rules(affairs: int = 1, grants: int = 1) -> RuleSet:
    """`affairs` affairs, for each `grants` grants of use to the minister."""
    keys = [f"事務{n}" for n in range(affairs)]
    part = Part(
        body=None,
        parties={MINISTER: Party(MINISTER, MINISTER, None, frozenset({MINISTER}))},
        affairs={key: Affair(key, key, frozenset(keys)) for key in keys},
        grants=tuple(
            Grant(
                id=f"{key}/{n}",
                actions=frozenset({Action.USE}),
                parties=frozenset({MINISTER}),
                affair=key,
                period=Period(date(2016, 1, 1)),
                bases=(CITE,),
                clause="clause",
            )
            for key in keys
            for n in range(grants)
        ),
    )
    return RuleSet("0" * 64, Period(date(2016, 1, 1)), part, {}, {})


def lawful(affair: str = "事務0") -> Request:
    return Request(action=Action.USE, body=None, party=MINISTER, affair=affair, on=DAY)


def altered(name: str, then: Callable[[Matched], Fact]) -> Matcher:
    """The network with the conclusion of one rule replaced."""
    assert any(rule.name == name for rule in NETWORK)
    return Matcher(Rule(r.name, r.when, then if r.name == name else r.then, r.final) for r in NETWORK)


def explode(_matched: Matched) -> Fact:
    raise ZeroDivisionError("in an action")


def test_sound_matcher_permits() -> None:
    decision = ReteInterpreter(rules()).decide(lawful())
    assert decision.outcome is Outcome.PERMITTED
    assert decision.items[0].grants == ("事務0/0",)


@pytest.mark.parametrize("rule", ["live", "party", "placed", "reach"])
def test_action_that_raises_refuses(rule: str) -> None:
    name = "procedure not limited" if rule == "placed" else rule
    interpreter = ReteInterpreter(rules(), altered(name, explode))
    decision = interpreter.decide(lawful())
    assert decision.outcome is Outcome.RULE_SET_FAULT
    assert not decision.items[0].grants


def test_raising_beside_other_findings_refuses_all() -> None:
    """The library goes on to other rules after an action raised; its findings must not count."""
    calls: list[int] = []

    def second_raises(matched: Matched) -> Fact:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("the second ground")
        return {"k": "reach", "g": matched["placed"]["g"], "i": 0, "sure": 1}

    decision = ReteInterpreter(rules(grants=3), altered("reach", second_raises)).decide(lawful())
    assert decision.outcome is Outcome.RULE_SET_FAULT
    assert len(calls) == 3


def test_unobserved_conclusion_refuses() -> None:
    """`live` concludes a fact that no rule knows: "not handled" must not be an ordinary answer."""
    matcher = altered("live", lambda _: {"k": "nobody's"})
    assert ReteInterpreter(rules(), matcher).decide(lawful()).outcome is Outcome.RULE_SET_FAULT


def test_after_a_fault_the_next_decision_is_right() -> None:
    broken = [True]

    def sometimes(matched: Matched) -> Fact:
        if broken[0]:
            raise ValueError
        return {"k": "live", **{field: matched["grant"][field] for field in ("g", "holding", "bare", "open")}}

    interpreter = ReteInterpreter(rules(), altered("live", sometimes))
    assert interpreter.decide(lawful()).outcome is Outcome.RULE_SET_FAULT
    broken[0] = False
    assert interpreter.decide(lawful()).outcome is Outcome.PERMITTED


class SilentHost:
    """Stands for the library when it answers nothing."""

    def assert_facts(self, *_: Any) -> None:
        return None

    def get_state(self, *_: Any) -> dict[str, Any]:
        return {}

    def delete_state(self, *_: Any) -> None:
        return None


class ThrowingHost(SilentHost):
    def assert_facts(self, *_: Any) -> None:
        raise MemoryError("1,024 states")


class StickyHost(SilentHost):
    def delete_state(self, *_: Any) -> None:
        raise RuntimeError("not deleted")


@pytest.mark.parametrize("host", [SilentHost, ThrowingHost, StickyHost])
def test_silence_or_exceptions_of_the_library_refuse(host: type[SilentHost], monkeypatch: pytest.MonkeyPatch) -> None:
    matcher = Matcher(NETWORK)
    monkeypatch.setattr(matcher, "_host", host())
    decision = ReteInterpreter(rules(), matcher).decide(lawful())
    assert decision.outcome is Outcome.RULE_SET_FAULT
    assert not decision.lawful


def test_findings_lost_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    matcher = Matcher(NETWORK)
    monkeypatch.setattr(matcher, "run", lambda _facts: [])
    assert ReteInterpreter(rules(), matcher).decide(lawful()).outcome is Outcome.NO_BASIS


def a_rule(n: int, operator: str = "=", field: str = "v") -> Rule:
    tests = (Comparison("k", "row"), Comparison(field, f"値{n}" if operator == "=" else n, None, operator))
    return Rule(f"rule {n}", (("row", tests),), lambda _, n=n: {"k": "hit", "n": n}, final=True)


def test_600_constants_on_one_field_are_refused_not_tried() -> None:
    with pytest.raises(MatcherError, match="600 constants"):
        Matcher(a_rule(n) for n in range(600))


def test_500_constants_are_borne() -> None:
    matcher = Matcher(a_rule(n) for n in range(499))
    assert matcher.run([{"k": "row", "v": "値498"}]) == [{"k": "hit", "n": 498}]


def test_too_many_ranges_and_rules_are_refused() -> None:
    with pytest.raises(MatcherError, match="61 ranges"):
        Matcher(a_rule(n, "$gt") for n in range(61))
    with pytest.raises(MatcherError, match="4001 rules"):
        Matcher(a_rule(n, field=f"v{n % 20}") for n in range(4001))


def test_a_fact_no_rule_observes_is_a_fault() -> None:
    matcher = Matcher([a_rule(1)])
    with pytest.raises(MatcherError):
        matcher.run([{"k": "stranger"}, {"k": "row", "v": "値1"}])
    assert matcher.run([{"k": "row", "v": "値1"}]) == [{"k": "hit", "n": 1}]


def test_600_affairs_600_grants_are_facts_not_constants() -> None:
    rule_set = rules(affairs=600)
    decision = ReteInterpreter(rule_set).decide(lawful("事務599"))
    assert decision.outcome is Outcome.PERMITTED
    assert len(decision.items[0].grants) == 600
    assert answer(decision) == answer(NaiveEvaluator(rule_set).decide(lawful("事務599")))


def test_failing_last_comparison_of_a_join() -> None:
    """Of a join whose last comparison fails, the library reads past its array: it crashed before the anchor."""
    tests = (Comparison("k", "row"), Comparison("v", "v", "ask", "$gt"))
    when = (("ask", (Comparison("k", "ask"),)), ("row", tests))
    matcher = Matcher([Rule("after", when, lambda m: {"k": "hit", "v": m["row"]["v"]}, final=True)])
    facts: list[Fact] = [{"k": "ask", "v": 50}, *({"k": "row", "v": v} for v in range(100))]
    assert sorted(int(f["v"]) for f in matcher.run(facts)) == list(range(51, 100))


@pytest.fixture(scope="module")
def mixed() -> tuple[RuleSet, list[Request]]:
    rule_set = random_rule_set(random.Random(3), size=10)
    return rule_set, list(generate_requests(rule_set, 1_100, seed=3))


def test_1100_decisions_in_sequence(mixed: tuple[RuleSet, list[Request]]) -> None:
    """More than the 1,024 states the library can hold."""
    rule_set, requests = mixed
    interpreter, naive = ReteInterpreter(rule_set), NaiveEvaluator(rule_set)
    assert all(answer(interpreter.decide(r)) == answer(naive.decide(r)) for r in requests)


def test_eight_threads_at_once(mixed: tuple[RuleSet, list[Request]]) -> None:
    rule_set, requests = mixed
    interpreter, naive = ReteInterpreter(rule_set), NaiveEvaluator(rule_set)
    with ThreadPoolExecutor(8) as pool:
        decisions = list(pool.map(interpreter.decide, requests * 2))
    assert [answer(d) for d in decisions] == [answer(naive.decide(r)) for r in requests] * 2


def test_without_the_library_the_naive_evaluator_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_rules: Iterator[Rule]) -> Matcher:
        raise MatcherMissingError("undefined symbol: PyEval_CallObject")

    assert second_opinion(rules()).name == "rete"  # type: ignore[attr-defined]
    monkeypatch.setattr(rete, "Matcher", missing)
    opinion = second_opinion(rules())
    assert opinion.name == "naive"  # type: ignore[attr-defined]
    assert opinion.decide(lawful()).lawful


def test_import_error_is_a_missing_matcher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "durable", None)
    with pytest.raises(MatcherMissingError):
        Matcher(NETWORK)
    assert isinstance(second_opinion(rules()), NaiveEvaluator)


def test_no_background_timer_runs() -> None:
    import threading

    before = set(threading.enumerate())
    Matcher(NETWORK)
    assert set(threading.enumerate()) <= before, "the library's timers were not stopped"
