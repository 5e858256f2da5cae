"""POST /v1/attachments: which papers this applicant may leave at home, in plain Japanese."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from api.callers import require
from api.callers.model import EVALUATE
from api.canonical import canonical
from api.service.answers import citation_json
from api.service.calls import Call, Reply, check_type
from api.service.native.decisions import permitted
from api.service.problems import Problem, refused
from api.service.reading import Unreadable, read
from engine.attachments import Droppable, attachments
from engine.request import RequestRefused

if TYPE_CHECKING:
    from api.service.context import ServiceContext
    from engine.attachments import Attachment

_SAID: Final = {
    Droppable.YES: "持ってこなくてよい書類です",
    Droppable.NO: "持ってきてください",
    Droppable.PARTIAL: "一部は役所で確認できますが、持ってきてください",
}


def object_of(context: ServiceContext, call: Call) -> dict[str, Any]:
    """The object in the body of a call.

    Raises:
        Problem: When there is none, or it is not readable.
    """
    check_type(call.headers)
    try:
        value = read(call.body, context.settings.limits.depth)
    except Unreadable as error:
        raise Problem(error.name) from None
    if value.__class__ is not dict:
        raise Problem("request-invalid", errors=[{"pointer": "#", "detail": "オブジェクトで書いてください"}])
    checked: dict[str, Any] = value
    return checked


def answer(context: ServiceContext, call: Call) -> Reply:
    """The papers of the procedure of a request."""
    require(call.caller, EVALUATE)
    words = object_of(context, call)
    permitted(call.caller, words)
    deciding = context.deciding()
    try:
        request = deciding.desk.resolver.resolve(words)
    except RequestRefused as error:
        raise refused(error.problems) from None
    papers = attachments(deciding.desk.resolver.rule_set, request)
    said = {
        "on": request.on.isoformat(),
        "bundle": deciding.bundle,
        "ruleset": deciding.digest,
        "text": summary(papers),
        "attachments": [_paper(paper) for paper in papers],
    }
    return Reply(canonical(said))


def summary(papers: tuple[Attachment, ...]) -> str:
    """One or two sentences for the applicant."""
    if not papers:
        return "この手続で提出を求める書類の定めはありません。"
    leave = [paper.name for paper in papers if paper.droppable is Droppable.YES]
    bring = [paper.name for paper in papers if paper.droppable is not Droppable.YES]
    said = f"{'、'.join(leave)}は、持ってこなくてかまいません。" if leave else "省略できる書類はありません。"
    return said + (f"{'、'.join(bring)}は、持ってきてください。" if bring else "")


def _paper(paper: Attachment) -> dict[str, Any]:
    return {
        "name": paper.name,
        "droppable": paper.droppable.value,
        "text": _SAID[paper.droppable],
        "reasons": list(paper.reasons),
        "basis": [citation_json(basis) for basis in paper.bases],
    }
