"""The second opinion over the project's own rules: it agrees with the index, from many threads, and only with it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from api.permits import SecondOpinion
from engine.compiled import CompiledIndex
from engine.decision import Decision, Outcome
from engine.request import Request
from engine.rule_set import RuleSet
from tests.oracles.strategies import generate_requests

pytestmark = pytest.mark.filterwarnings("ignore:.*utcfromtimestamp.*:DeprecationWarning")


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    from api import project

    return project.load().rule_set


@pytest.fixture(scope="module")
def decided(rules: RuleSet) -> list[tuple[Request, Decision]]:
    index = CompiledIndex(rules)
    return [(request, index.decide(request)) for request in generate_requests(rules, 1_500, seed=41)]


def test_it_agrees_from_eight_threads(rules: RuleSet, decided: list[tuple[Request, Decision]]) -> None:
    second = SecondOpinion(rules)
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda one: second.agrees(*one), decided))
    assert sum(decision.lawful for _, decision in decided) > 100


def test_a_wrong_yes_never_finds_agreement(rules: RuleSet, decided: list[tuple[Request, Decision]]) -> None:
    """Whatever was refused is turned into a yes on the grounds of another decision."""
    second = SecondOpinion(rules)
    lawful = next(decision for _, decision in decided if decision.lawful)
    for request, decision in decided[:400]:
        if decision.lawful:
            continue
        items = tuple(msgspec.structs.replace(lawful.items[0], information=item.information) for item in decision.items)
        wrong = msgspec.structs.replace(decision, outcome=Outcome.PERMITTED, items=items, duties=lawful.duties)
        assert not second.agrees(request, wrong)


def test_a_yes_on_other_grounds_never_finds_agreement(rules: RuleSet, decided: list[tuple[Request, Decision]]) -> None:
    second = SecondOpinion(rules)
    for request, decision in [one for one in decided if one[1].lawful][:100]:
        first = decision.items[0]
        for grants in (first.grants[1:], (*first.grants, "番号法/ない根拠"), ()):
            items = (msgspec.structs.replace(first, grants=grants), *decision.items[1:])
            assert not second.agrees(request, msgspec.structs.replace(decision, items=items))
        assert not second.agrees(
            request,
            msgspec.structs.replace(decision, duties=())
            if decision.duties
            else msgspec.structs.replace(decision, ruleset="0" * 64),
        )
