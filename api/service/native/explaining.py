"""GET /v1/decisions/{id}, its explanation, and POST /v1/explain."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from api.callers import acts_for, allows, require
from api.callers.model import DECISION_READ, EVALUATE, LOG_READ, RULESET_READ
from api.canonical import canonical
from api.rulesets.refusal import RuleSetRefused
from api.service.calls import Call, Reply
from api.service.native.decisions import CITATIONS
from api.service.native.papers import object_of
from api.service.native.records import the_recorded
from api.service.problems import Problem, refused
from engine.explain import Node, explain_provision, reasoning
from engine.japanese import day_of
from engine.request import RequestRefused
from engine.resolve import resolve

if TYPE_CHECKING:
    from api.callers import Caller
    from api.service.context import ServiceContext


async def recorded(context: ServiceContext, call: Call, evaluation_id: str) -> dict[str, Any]:
    """The content of a record that the caller may read: its own body's, or any for an auditor.

    Raises:
        Problem: 404 when there is none, or it is not the caller's to read: the two are not told apart.
    """
    if not allows(call.caller, LOG_READ):
        require(call.caller, DECISION_READ)
    record = await the_recorded(context, evaluation_id)
    content = record.content()
    if not allows(call.caller, LOG_READ) and not _own(call.caller, content):
        raise Problem("not-found")
    return content | {"index": record.index}


def _own(caller: Caller, content: dict[str, Any]) -> bool:
    made_by = content["caller"]
    if made_by["client_id"] == caller.client_id:
        return True
    return made_by["body"] == caller.body and acts_for(caller, content["request"]) is None


async def decision(context: ServiceContext, call: Call, evaluation_id: str) -> Reply:
    """A past decision as it was answered."""
    citations = call.choice("citations", CITATIONS)
    await recorded(context, call, evaluation_id)
    return Reply((await the_recorded(context, evaluation_id)).said(citations))


async def explanation(context: ServiceContext, call: Call, evaluation_id: str) -> Reply:
    """Why a past decision came out as it did: from the recorded request, under the recorded rule set."""
    content = await recorded(context, call, evaluation_id)
    digest = content["ruleset"]["digest"]
    under = {"bundle": content["ruleset"]["bundle"], "ruleset": digest}
    try:
        loaded = await asyncio.to_thread(context.rules.of, digest)
    except (RuleSetRefused, SQLAlchemyError):
        raise Problem("rules-unavailable", "記録された規則集を読み込めません") from None
    rule_set = loaded.desk.resolver.rule_set
    try:
        request = resolve(rule_set, content["request"])
    except RequestRefused as error:
        node = Node("要求を判断できなかった", False, None, tuple(Node(p["detail"], False) for p in _said(error)))
        return Reply(canonical(tree(node, found=True) | {"id": evaluation_id, **under}))
    said = tree(reasoning(rule_set, request), found=True)
    return Reply(canonical(said | {"id": evaluation_id, **under}))


def _said(error: RequestRefused) -> list[dict[str, Any]]:
    return refused(error.problems).errors or []


def provision(context: ServiceContext, call: Call) -> Reply:
    """What a row or clause grants."""
    if not allows(call.caller, RULESET_READ):
        require(call.caller, EVALUATE)
    asked = object_of(context, call)
    citation = asked.get("citation")
    if not isinstance(citation, str) or not citation.strip() or len(citation) > 200:
        raise Problem("request-invalid", errors=[{"pointer": "#/citation", "detail": "引用を文字列で書いてください"}])
    if set(asked) - {"citation", "on"}:
        raise Problem("request-invalid", errors=[{"pointer": "#", "detail": "要求にない項目です"}])
    deciding = context.deciding()
    node = explain_provision(deciding.desk.resolver.rule_set, citation, _day(asked.get("on")))
    if node.holds is False and not node.children:
        raise Problem("not-found", "この規定は、読み込まれた規則にありません")
    return Reply(canonical(tree(node, found=True) | {"bundle": deciding.bundle, "ruleset": deciding.digest}))


def _day(given: object) -> date | None:
    if given is None:
        return None
    on = day_of(given) if isinstance(given, str) else None
    if on is None:
        raise Problem("request-invalid", errors=[{"pointer": "#/on", "detail": "日付で書いてください"}])
    return on


def tree(node: Node, *, found: bool) -> dict[str, Any]:
    """The tree as values and as text."""
    from api.memo import tree as drawn

    return {"found": found, "tree": node_json(node), "text": drawn(node)}


def node_json(node: Node) -> dict[str, Any]:
    """A statement and what it rests on."""
    return {
        "text": node.text,
        "holds": node.holds,
        "citation": None if node.citation is None else node.citation.label,
        "children": [node_json(child) for child in node.children],
    }
