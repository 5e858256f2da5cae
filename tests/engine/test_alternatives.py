"""The nearest lawful way, and hints where there is none."""

from __future__ import annotations

from engine.alternatives import Alternative, Kind, alternatives
from engine.compiled import CompiledIndex
from engine.request import Request
from engine.rule_set import Action, RuleSet, Void
from tests.engine.build import (
    AFFAIR,
    BOARD,
    CITY,
    MAYOR,
    MAYOR_PARTY,
    TAX,
    a_grant,
    a_request,
    a_rule_set,
    bars,
    by_network,
    cite,
    from_agency,
    needs,
    own_use,
    period,
)


def ways(rules: RuleSet, request: Request) -> tuple[Alternative, ...]:
    return alternatives(rules, CompiledIndex(rules), request)


def changes(alternative: Alternative) -> list[tuple[str, object]]:
    return [(change.name, change.value) for change in alternative.changes]


def test_a_lawful_request_needs_none() -> None:
    assert ways(a_rule_set([a_grant("g")]), a_request()) == ()


def test_the_missing_consent() -> None:
    (way,) = ways(a_rule_set([a_grant("g", conditions=(needs("consent"),))]), a_request())
    assert changes(way) == [("consent", True)]
    assert "本人等の同意" in way.text


def test_the_first_lawful_day() -> None:
    rules = a_rule_set([a_grant("late", period=period("2020-04-01")), a_grant("later", period=period("2021-04-01"))])
    (way,) = ways(rules, a_request())
    assert changes(way) == [("on", "2020-04-01")]
    assert "令和2年4月1日" in way.text


def test_what_is_past_does_not_come_back() -> None:
    (hint,) = ways(a_rule_set([a_grant("g", period=period("2016-01-01", "2016-12-31"))]), a_request())
    assert not hint.executable


def test_another_agency_holder_or_procedure() -> None:
    assert changes(ways(a_rule_set([a_grant("g", parties=frozenset({BOARD}))]), a_request())[0]) == [("agency", BOARD)]
    transfer = a_request(TAX, action=Action.TRANSFER, party=BOARD)
    assert changes(ways(a_rule_set([from_agency("g", TAX)]), transfer)[0]) == [("holder", MAYOR)]
    narrowed = a_rule_set([a_grant("g", procedures=frozenset({f"{AFFAIR}/1"}))])
    assert changes(ways(narrowed, a_request(procedure=f"{AFFAIR}/2"))[0]) == [("procedure", f"{AFFAIR}/1")]


def test_the_network_instead_of_the_barred_inner_route() -> None:
    rules = a_rule_set([own_use("own", TAX, bars=(bars(),))], [by_network("link", TAX)])
    own = {"holder": MAYOR, "holder_designations": MAYOR_PARTY.designations, "holder_body": CITY}
    (way,) = ways(rules, a_request(TAX, action=Action.TRANSFER, **own))
    assert {change.kind for change in way.changes} == {Kind.ACTION, Kind.HOLDER}
    assert "情報連携" in way.text


def test_the_nearest_comes_first() -> None:
    rules = a_rule_set([a_grant("far", period=period("2020-01-01")), a_grant("near", conditions=(needs("consent"),))])
    assert [changes(way) for way in ways(rules, a_request())] == [[("consent", True)], [("on", "2020-01-01")]]


def test_several_items_need_one_bundle() -> None:
    grants = [
        own_use("a", TAX, conditions=(needs("consent"),)),
        own_use("b", "住民票関係情報", period=period("2020-01-01")),
    ]
    (way,) = ways(a_rule_set(grants), a_request(TAX, "住民票関係情報"))
    assert {name for name, _ in changes(way)} == {"consent", "on"}


def test_where_only_an_enactment_helps_a_hint_says_so() -> None:
    void = Void(
        frozenset({Action.USE}), frozenset({"市町村長"}), AFFAIR, period(), cite("別表第1の4の項"), "規則がない"
    )
    hints = ways(a_rule_set(voids=(void,)), a_request())
    assert not any(hint.executable for hint in hints)
    assert any("規則等を定めて" in hint.text for hint in hints)


def test_a_faulty_text_offers_no_way() -> None:
    (hint,) = ways(a_rule_set([a_grant("g")], faults=("J0101",)), a_request())
    assert "誤りを直す" in hint.text
