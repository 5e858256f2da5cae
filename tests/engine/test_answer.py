"""The whole answer, its JSON form and its reasoning."""

from __future__ import annotations

import json
from datetime import date

from engine.answer import answer
from engine.compiled import CompiledIndex
from engine.explain import Node, explain_provision, reasoning
from engine.rule_set import Action, Clause, ClauseStatus, Duty, Procedure, Void
from tests.engine.build import (
    AFFAIR,
    TAX,
    a_grant,
    a_request,
    a_rule_set,
    bars,
    cite,
    needs,
    own_use,
    period,
)

STATEMENT = Duty(
    "no-refusal-of-service", "番号を確かめられないことだけを理由に拒まない", cite("番号法"), frozenset({Action.STORE})
)


def test_the_json_form() -> None:
    rules = a_rule_set([own_use("g", (TAX, "申請者"), assumptions=("A-1",))])
    said = answer(rules, CompiledIndex(rules), a_request(TAX)).to_json()
    assert json.loads(json.dumps(said, ensure_ascii=False)) == said
    assert list(said) == [
        "lawful", "outcome", "on", "ruleset", "items", "duties", "attachments", "alternatives", "assumptions",
    ]  # fmt: skip
    assert (said["lawful"], said["outcome"], said["on"]) == (True, "permitted", "2018-04-01")
    assert said["items"][0]["information"] == TAX
    assert said["items"][0]["basis"][0]["label"] == "根拠g"
    assert said["items"][0]["basis"][0]["in_force"] == {"from": "2016-01-01", "to": None}
    assert said["assumptions"][0]["id"] == "A-1"


def test_a_refusal_carries_its_reasons_and_ways_out() -> None:
    rules = a_rule_set([a_grant("g", conditions=(needs("consent"),))])
    said = answer(rules, CompiledIndex(rules), a_request()).to_json()
    assert said["outcome"] == "undetermined"
    assert said["items"][0]["unmet"][0]["fact"] == "consent"
    assert said["alternatives"][0]["changes"] == [{"kind": "fact", "name": "consent", "value": True}]


def test_nobody_is_refused_a_service_for_want_of_the_number() -> None:
    rules = a_rule_set(national_duties=(STATEMENT,))
    assert answer(rules, CompiledIndex(rules), a_request()).duties == (STATEMENT,)
    assert answer(a_rule_set(), CompiledIndex(a_rule_set()), a_request()).duties == ()
    inner = Procedure(f"{AFFAIR}/9", AFFAIR, "台帳の管理", (cite("第9号"),))
    rules = a_rule_set(national_duties=(STATEMENT,), procedures={inner.id: inner})
    assert answer(rules, CompiledIndex(rules), a_request(procedure=inner.id)).duties == ()


def test_the_threshold_assumption_surfaces_only_where_a_decision_can_rest_on_it() -> None:
    rules = a_rule_set([a_grant("g"), a_grant("s", actions=frozenset({Action.STORE}))])
    interpreter = CompiledIndex(rules)
    stored = a_request(action=Action.STORE, assumptions=("A-PIA-THRESHOLD",))
    assert [a.id for a in answer(rules, interpreter, stored).assumptions] == ["A-PIA-THRESHOLD"]
    used = a_request(assumptions=("A-PIA-THRESHOLD",))
    assert answer(rules, interpreter, used).assumptions == ()
    without = a_request(TAX, action=Action.LINK, assumptions=("A-PIA-THRESHOLD",))
    assert answer(rules, interpreter, without).assumptions == ()


def texts(node: Node) -> list[str]:
    return [node.text, *(text for child in node.children for text in texts(child))]


def test_reasoning_holds_as_the_decision_does() -> None:
    rules = a_rule_set(
        [
            own_use("g", TAX, conditions=(needs("consent"),), bars=(bars("resident"),)),
            own_use("late", TAX, period=period("2020-01-01")),
        ]
    )
    engine = CompiledIndex(rules)
    for facts, holds in (
        ({"consent": True, "resident": False}, True),
        ({"consent": False}, False),
        ({"resident": False}, None),
    ):
        request = a_request(TAX, facts=facts)
        assert reasoning(rules, request).holds is holds
        assert engine.decide(request).lawful is (holds is True)
    tree = texts(reasoning(rules, a_request(TAX)))
    assert "根拠: 根拠g" in tree
    assert any(text.startswith("禁止に当たらない") for text in tree)
    assert any(text.startswith("期間: 令和2年") for text in tree)


def test_reasoning_of_a_faulty_text_or_no_ground() -> None:
    assert reasoning(a_rule_set([a_grant("g")], faults=("J0101",)), a_request()).holds is False
    assert "この事務とこの行為についての規定がありません" in texts(reasoning(a_rule_set(), a_request()))


def test_what_a_provision_grants() -> None:
    row = cite("番号法別表第一の15の項")
    clause = Clause("t1-15", row, "都道府県知事等 …", ClauseStatus.ENCODED, "statutory_use", "rules/番号法.jorei", 7)
    void = Void(
        frozenset({Action.USE}), frozenset({"市町村長"}), AFFAIR, period("2016-01-01", "2016-03-31"), row, "省令がない"
    )
    rules = a_rule_set(
        [],
        [a_grant("g", bases=(row,), conditions=(needs("consent"),))],
        national_clauses=(clause,),
        national_voids=(void,),
    )
    said = texts(explain_provision(rules, "番号法別表第一の十五の項"))
    assert "所在: rules/番号法.jorei 7行目" in said
    assert "利用を認めます" in said
    assert "何も認めません: 省令がない" in said
    assert not any(
        "何も認めません" in text for text in texts(explain_provision(rules, "番号法別表第一/15", date(2018, 1, 1)))
    )


def test_an_unknown_provision_names_the_nearest() -> None:
    rules = a_rule_set([], [a_grant("g", bases=(cite("番号法別表第一の15の項"),))])
    node = explain_provision(rules, "番号法別表第一の16の項")
    assert node.holds is False
    assert "番号法別表第一の15の項" in node.text
