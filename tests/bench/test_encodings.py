"""Every engine of the benchmark says the same on a small rule set; the copies of a municipality are complete."""

from __future__ import annotations

import pytest

from api.bench.multiply import multiply
from api.bench.peers import CONTENDERS, Contender, plain_names
from api.bench.rows import Case, Floor, Table, compact, distinct, expand
from api.bench.speed import EndToEnd, grants_of
from api.bench.workload import Workload, generate
from engine.rule_set import RuleSet
from tests.bench.small import CODE, NAME, small


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return small()


@pytest.fixture(scope="module")
def workload(rules: RuleSet) -> Workload:
    return generate(rules, distinct(expand(rules)), 600)


def _answers(rules: RuleSet, cases: tuple[Case, ...]) -> list[set[str]]:
    ours = EndToEnd(rules)
    return [grants_of(ours.decide(case)) for case in cases]


def test_half_of_the_workload_is_lawful(rules: RuleSet, workload: Workload) -> None:
    lawful = [bool(answer) for answer in _answers(rules, workload.cases)]
    assert lawful == list(workload.lawful)
    assert sum(lawful) == 300


def test_twins_have_the_same_answer_in_kind(rules: RuleSet, workload: Workload) -> None:
    assert [bool(answer) for answer in _answers(rules, workload.twins)] == list(workload.lawful)


def test_the_workload_is_the_same_each_time(rules: RuleSet, workload: Workload) -> None:
    assert generate(rules, distinct(expand(rules)), 600) == workload


def test_rows_say_what_the_index_says(rules: RuleSet, workload: Workload) -> None:
    rows = distinct(expand(rules))
    table, floor = Table(rows), Floor(rows)
    for case, answer in zip(workload.cases, _answers(rules, workload.cases), strict=True):
        assert set(table.decide(case)) == answer
        assert answer <= set(floor.decide(case))


@pytest.mark.parametrize("contender", CONTENDERS, ids=lambda c: c.name)
def test_peers_say_what_the_index_says(contender: Contender, rules: RuleSet, workload: Workload) -> None:
    if contender.version is None:
        pytest.skip(f"{contender.package} is not installed")
    peer = contender.load(distinct(expand(rules)))
    for case, answer in zip(workload.cases, _answers(rules, workload.cases), strict=True):
        assert set(peer.decide(case)) == answer, case


def test_a_copy_of_a_municipality_names_the_old_one_nowhere(rules: RuleSet) -> None:
    many = multiply(rules, CODE, 5)
    assert len(many.bodies) == len(many.names) == 5
    for code, part in many.bodies.items():
        if code != CODE:
            assert CODE not in repr(part)
            assert NAME not in repr(part)
    assert many.bodies[CODE] is rules.bodies[CODE]


def test_copies_decide_alike(rules: RuleSet, workload: Workload) -> None:
    many = multiply(rules, CODE, 3)
    ours, whole = EndToEnd(rules), EndToEnd(many)
    for case in workload.cases[:200]:
        kept = ours.decide(case)
        for name in many.names:
            copied = whole.decide({**case, "municipality": name})
            assert copied.outcome is kept.outcome
            assert len(grants_of(copied)) == len(grants_of(kept))


def test_facts_are_named_by_identifiers(rules: RuleSet) -> None:
    """One column that zen cannot parse costs its whole table the index: agreement alone does not show it."""
    rows = expand(rules)
    assert any(not fact.isidentifier() for row in rows for fact, _ in row.needs)
    assert all(fact.isidentifier() for row in plain_names(rows) for fact, _ in row.needs)


def test_lists_say_what_the_rows_say(rules: RuleSet) -> None:
    rows = expand(rules)
    unrolled = {
        ((*group.key[:4], procedure, group.key[4], holder), group.first, group.last, group.needs, group.grant)
        for group in compact(rows)
        for procedure in group.procedures
        for holder in group.holders
    }
    assert unrolled == set(rows)
