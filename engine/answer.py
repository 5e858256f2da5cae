"""The whole answer to a request: decision, papers, alternatives, duties and assumptions, and its JSON form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from engine import impact_assessment
from engine.alternatives import Alternative, Change, alternatives
from engine.attachments import Attachment, attachments
from engine.decision import Outcome
from engine.index import index_of
from engine.rule_set import Action, Assumption, Citation, Duty

if TYPE_CHECKING:
    from engine.decision import Decision, Interpreter, ItemDecision, Unmet
    from engine.request import Request
    from engine.rule_set import RuleSet

#: Nobody may be refused a service only because the number could not be confirmed.
NO_REFUSAL_OF_SERVICE = "no-refusal-of-service"
_APPLICATION_WORDS = ("申請", "届出", "請求", "申込", "申出", "申告")


class Answer(msgspec.Struct, frozen=True):
    """A decision with all that a business system and a citizen need to act on it."""

    decision: Decision
    duties: tuple[Duty, ...]
    attachments: tuple[Attachment, ...]
    alternatives: tuple[Alternative, ...]
    assumptions: tuple[Assumption, ...]

    @property
    def lawful(self) -> bool:
        """True only when permitted."""
        return self.decision.lawful

    def to_json(self) -> dict[str, Any]:
        """The answer as plain values, ready for JSON; days are ISO."""
        decision = self.decision
        return {
            "lawful": decision.lawful,
            "outcome": decision.outcome.value,
            "on": decision.on.isoformat(),
            "ruleset": decision.ruleset,
            "items": [_item(item) for item in decision.items],
            "duties": [{"id": duty.id, "text": duty.text, "basis": citation(duty.citation)} for duty in self.duties],
            "attachments": [
                {
                    "name": paper.name,
                    "droppable": paper.droppable.value,
                    "reasons": list(paper.reasons),
                    "basis": [citation(basis) for basis in paper.bases],
                }
                for paper in self.attachments
            ],
            "alternatives": [
                {"text": way.text, "changes": [_change(change) for change in way.changes]} for way in self.alternatives
            ],
            "assumptions": [{"id": a.id, "text": a.text, "source": a.source} for a in self.assumptions],
        }


def _of_facts(request: Request, decision: Decision) -> tuple[str, ...]:
    """The assumptions behind the facts of a request, when its decision can rest on them (保護評価は連携と保管だけ)."""
    asked = request.action in (Action.LINK, Action.STORE) and decision.outcome is not Outcome.NO_BASIS
    return request.assumptions if asked else ()


def _of_scope(rule_set: RuleSet, request: Request, decision: Decision) -> tuple[str, ...]:
    """The assumptions by which grants of another affair reach, when no grant of the affair itself permits an item."""
    index = index_of(rule_set)
    affair = index.affair(request.body, request.affair)
    if affair is None or not affair.assumptions:
        return ()
    own = {grant.id for grant in index.grants(request.body, request.action, (affair.id,))}
    borrowed = any(item.grants and own.isdisjoint(item.grants) for item in decision.items)
    return affair.assumptions if borrowed else ()


def answer(rule_set: RuleSet, interpreter: Interpreter, request: Request) -> Answer:
    """Answer a resolved request in full.

    Args:
        rule_set: The rules that the interpreter reads.
        interpreter: Decides; the compiled index is the authority.
        request: A resolved request.
    """
    decision = interpreter.decide(request)
    papers = attachments(rule_set, request) if request.action is not Action.CARD else ()
    duties = decision.duties
    if not decision.lawful and _is_application(rule_set, request):
        duties = (*duties, *_no_refusal(rule_set, request, duties))
    names = {
        *decision.assumptions,
        *_of_facts(request, decision),
        *_of_scope(rule_set, request, decision),
        *(name for paper in papers for name in paper.assumptions),
    }
    assumed = tuple(found for name in sorted(names) if (found := _assumption(rule_set, request, name)) is not None)
    return Answer(decision, duties, papers, alternatives(rule_set, interpreter, request), assumed)


def citation(basis: Citation) -> dict[str, Any]:
    """A citation as plain values."""
    last = basis.in_force.last
    return {
        "label": basis.label,
        "instrument": basis.instrument,
        "article": basis.article,
        "paragraph": basis.paragraph,
        "item": basis.item,
        "table": basis.table,
        "row": basis.row,
        "in_force": {"from": basis.in_force.first.isoformat(), "to": None if last is None else last.isoformat()},
    }


def _item(item: ItemDecision) -> dict[str, Any]:
    information = item.information
    return {
        "information": None if information is None else information.name,
        "person": None if information is None else information.person,
        "lawful": item.lawful,
        "outcome": item.outcome.value,
        "basis": [citation(basis) for basis in item.bases],
        "unmet": [_unmet(reason) for reason in item.unmet],
    }


def _unmet(reason: Unmet) -> dict[str, Any]:
    return {
        "code": reason.code,
        "text": reason.text,
        "basis": None if reason.citation is None else citation(reason.citation),
        "fact": reason.fact,
        "remedy": reason.remedy,
    }


def _change(change: Change) -> dict[str, Any]:
    return {"kind": change.kind.value, "name": change.name, "value": change.value}


def _is_application(rule_set: RuleSet, request: Request) -> bool:
    """Whether the request may concern somebody's application: its procedure says so, or it names none."""
    if request.action is Action.CARD:
        return False
    if request.procedure is None:
        return True
    texts = [
        part.procedures[request.procedure].text_on(request.on)
        for part in index_of(rule_set).parts(request.body)
        if request.procedure in part.procedures
    ]
    return not texts or any(word in text for text in texts for word in _APPLICATION_WORDS)


def _no_refusal(rule_set: RuleSet, request: Request, given: tuple[Duty, ...]) -> tuple[Duty, ...]:
    duties = (duty for part in index_of(rule_set).parts(request.body) for duty in part.duties)
    return tuple(duty for duty in duties if duty.id == NO_REFUSAL_OF_SERVICE and _follows(duty, request, given))[:1]


def _follows(duty: Duty, request: Request, given: tuple[Duty, ...]) -> bool:
    return duty.citation.in_force.contains(request.on) and duty not in given


def _assumption(rule_set: RuleSet, request: Request, name: str) -> Assumption | None:
    """The assumption as declared; an undeclared one is shown too. None when its period does not hold the day."""
    declared = [p.assumptions[name] for p in index_of(rule_set).parts(request.body) if name in p.assumptions]
    if declared:
        return next((a for a in declared if a.period.contains(request.on)), None)
    if name == impact_assessment.THRESHOLD_ASSUMPTION:
        source = impact_assessment.THRESHOLD_SOURCE
        return Assumption(name, impact_assessment.THRESHOLD_TEXT, source, rule_set.valid)
    return Assumption(name, "この仮定の内容は規則に記されていません", "", rule_set.valid)
