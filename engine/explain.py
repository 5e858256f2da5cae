"""Reasoning as a tree, and what a row or clause of the law grants: values to be drawn, not text to be parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from engine import wording
from engine.index import index_of
from engine.japanese import canonical, nearest, spoken_day
from engine.matching import (
    State,
    bar_value,
    literal_value,
    reaches_holder,
    reaches_information,
    reaches_party,
    reaches_procedure,
    state,
)
from engine.rule_set import Citation, ClauseStatus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from engine.index import GrantIndex
    from engine.period import Period
    from engine.request import Request
    from engine.rule_set import Clause, Grant, GrantedInformation, Part, Party, RuleSet

_GROUNDS = 12  # candidate grounds shown for an item of information
_DIMENSIONS = 5  # 機関 情報 手続 保有者 期間
_STATUS = {
    ClauseStatus.ENCODED: "判断に使われています",
    ClauseStatus.OUT_OF_SCOPE: "対象外です",
    ClauseStatus.NOT_EXPRESSIBLE: "まだ表せないため、何も認めません",
}


class Node(msgspec.Struct, frozen=True):
    """A statement, whether it holds (None: cannot be said, or is no question), where it stands, and why."""

    text: str
    holds: bool | None = None
    citation: Citation | None = None
    children: tuple[Node, ...] = ()


def reasoning(rule_set: RuleSet, request: Request) -> Node:
    """Why a request is lawful or not: per item, per candidate ground, per dimension, condition and bar.

    Args:
        rule_set: The rules.
        request: A resolved request.
    """
    index = index_of(rule_set)
    party = index.party(request.body, request.party)
    affair = index.affair(request.body, request.affair)
    faults = [fault for part in index.parts(request.body) for fault in part.faults]
    items = [_item(index, request, information, party) for information in request.information or (None,)]
    broken = tuple(Node(wording.rule_set_fault(fault).text, False) for fault in faults)
    who = request.party if party is None else party.name
    what = request.affair if affair is None else affair.name_on(request.on)
    return Node(
        f"{spoken_day(request.on)}、{who}が「{what}」のために行う{wording.ACTIONS[request.action]}",
        False if faults else _all([item.holds for item in items]),
        None,
        (*broken, *items),
    )


def explain_provision(rule_set: RuleSet, citation_text: str, on: date | None = None) -> Node:
    """What a row or clause grants, where it came from, whether it is void, and what became of it.

    Args:
        rule_set: The rules.
        citation_text: A citation as people write it (番号法別表第一の十五の項, 番号法第9条第1項) or a clause id.
        on: Only what stands on this day; None for all versions.

    Returns:
        A tree; its root holds False, with the nearest citation, when there is no such provision.
    """
    wanted = canonical(citation_text)
    parts = (rule_set.national, *rule_set.bodies.values())
    found = [node for part in parts for node in _provision(part, wanted, on)]
    if not found:
        labels = {clause.citation.label for part in parts for clause in part.clauses}
        labels |= {basis.label for part in parts for grant in part.grants for basis in grant.bases}
        like = nearest(citation_text, labels)
        hint = "" if like is None else f"。「{like}」の誤りではありませんか"
        day = "" if on is None else f"（{spoken_day(on)}）"
        return Node(f"「{citation_text}」という規定は読み込まれた規則にありません{day}{hint}", False)
    return Node(citation_text, True, None, tuple(found))


# ---- a request --------------------------------------------------------------------------------


def _item(index: GrantIndex, request: Request, information: GrantedInformation | None, party: Party | None) -> Node:
    scope = index.scope(request.body, request.affair)
    judged = (
        _ground(grant, request, information, party) for grant in index.grants(request.body, request.action, scope)
    )
    ranked = sorted(judged, key=_distance)
    grounds = [node for node in ranked if _distance(node)[0] <= 1][:_GROUNDS] or ranked[:3]
    voids = tuple(
        Node(wording.void(void).text, False, void.citation)
        for void in index.voids(request.body, request.action, scope)
        if void.period.contains(request.on) and party is not None and not void.parties.isdisjoint(party.designations)
    )
    children = (*grounds, *voids)
    if not children:
        children = (Node("この事務とこの行為についての規定がありません", False),)
    held = [node.holds for node in grounds]
    return Node(
        wording.information(information), True if True in held else None if None in held else False, None, children
    )


def _distance(node: Node) -> tuple[int, int]:
    """How many dimensions a ground misses by, and how many conditions and bars stand against it."""
    dimensions, rest = node.children[:_DIMENSIONS], node.children[_DIMENSIONS:]
    return sum(child.holds is False for child in dimensions), sum(child.holds is not True for child in rest)


def _ground(grant: Grant, request: Request, information: GrantedInformation | None, party: Party | None) -> Node:
    unsure, unheld = reaches_party(grant, party), reaches_holder(grant, request)
    dimensions = (
        Node(f"機関: {'・'.join(sorted(grant.parties))}", unsure),
        Node(
            f"情報: {'・'.join(sorted(map(wording.information, grant.information or ()))) or 'なし'}",
            reaches_information(grant, information),
        ),
        Node(
            f"手続: {'・'.join(sorted(grant.procedures or ())) or '限定なし'}",
            reaches_procedure(grant, request.procedure),
        ),
        Node(f"保有者: {wording.HOLDINGS[grant.holding]}{_of(grant)}", unheld),
        Node(f"期間: {_period(grant.period)}", grant.period.contains(request.on)),
    )
    judged = (*dimensions, *_conditions(grant, request))
    reached = _all([node.holds for node in dimensions])
    holds = reached
    if reached is not False:
        said = state(grant, request.on, request.facts, pending=reached is None)
        holds = {State.SATISFIED: True, State.UNKNOWN: None}.get(said, False)
    chain = tuple(Node(f"根拠: {basis.label}", True, basis) for basis in grant.bases)
    return Node(wording.ground(grant), holds, grant.bases[0] if grant.bases else None, (*judged, *chain))


def _conditions(grant: Grant, request: Request) -> Iterator[Node]:
    for condition in grant.conditions:
        value = literal_value(condition.literal, request.facts)
        yield Node(f"条件: {condition.text}", value, condition.citation)
    for bar in grant.bars:
        active = bar_value(bar, request.on, request.facts)
        yield Node(f"禁止に当たらない: {bar.text}", None if active is None else not active, bar.citation)


def _of(grant: Grant) -> str:
    return f"（{'・'.join(sorted(grant.holders))}）" if grant.holders else ""


def _all(values: list[bool | None]) -> bool | None:
    return False if False in values else None if None in values else True


def _period(period: Period) -> str:
    return f"{spoken_day(period.first)}から" + ("" if period.last is None else f"{spoken_day(period.last)}まで")


# ---- a provision ------------------------------------------------------------------------------


def _provision(part: Part, wanted: str, on: date | None) -> Iterator[Node]:
    def asked(citation: Citation, period: Period) -> bool:
        named = wanted in (canonical(citation.label), canonical(citation.clause))
        return named and (on is None or period.contains(on))

    for clause in part.clauses:
        if asked(clause.citation, clause.citation.in_force):
            yield _clause(clause)
    for grant in part.grants:
        if any(asked(basis, grant.period) for basis in grant.bases):
            yield _granted(grant)
    for void in part.voids:
        if asked(void.citation, void.period):
            yield Node(f"何も認めません: {void.reason}", False, void.citation)
    for deemed in part.deemed:
        if asked(deemed.citation, deemed.period):
            covers = "・".join(sorted(deemed.covers))
            yield Node(f"{covers}が求める書類の提出があったものとみなします", True, deemed.citation)
    for document in part.documents:
        if asked(document.citation, document.period):
            yield Node(f"書類「{document.name}」を求めます（{document.demanded_by}）", True, document.citation)
    for duty in part.duties:
        if asked(duty.citation, duty.citation.in_force):
            yield Node(f"義務: {duty.text}", True, duty.citation)


def _clause(clause: Clause) -> Node:
    children = (
        Node(f"条文: {clause.text}"),
        Node(f"所在: {clause.file} {clause.line}行目"),
        Node(f"扱い: {_STATUS[clause.status]}（{clause.reason}）", clause.status is ClauseStatus.ENCODED),
        Node(f"効力: {_period(clause.citation.in_force)}"),
    )
    return Node(clause.citation.label, clause.status is ClauseStatus.ENCODED, clause.citation, children)


def _granted(grant: Grant) -> Node:
    actions = "・".join(wording.ACTIONS[action] for action in sorted(grant.actions))
    children = [
        Node(f"機関: {'・'.join(sorted(grant.parties))}"),
        Node(f"事務: {grant.affair}"),
        Node(f"手続: {'・'.join(sorted(grant.procedures)) if grant.procedures is not None else '限定なし'}"),
        Node(f"情報: {'・'.join(sorted(map(wording.information, grant.information or ()))) or 'なし'}"),
        Node(f"保有者: {wording.HOLDINGS[grant.holding]}{_of(grant)}"),
        Node(f"期間: {_period(grant.period)}"),
    ]
    children += [
        Node(f"期間の由来: {limit.text}（{_period(limit.period)}）", None, limit.citation) for limit in grant.limits
    ]
    children += [Node(f"条件: {condition.text}", None, condition.citation) for condition in grant.conditions]
    children += [Node(f"禁止: {bar.text}（{_period(bar.period)}）", None, bar.citation) for bar in grant.bars]
    children += [Node(f"根拠: {basis.label}", True, basis) for basis in grant.bases]
    children += [Node(f"仮定: {name}") for name in grant.assumptions]
    return Node(f"{actions}を認めます", True, grant.bases[0] if grant.bases else None, tuple(children))
