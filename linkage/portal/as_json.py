"""The JSON of My Portal: the same facts as the pages, without handles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from fastapi import Response

if TYPE_CHECKING:
    from linkage.portal.notices import Posted
    from linkage.portal.proofs import Proof
    from linkage.rights.values import Standing


def answer(value: Any) -> Response:
    """An answer."""
    return Response(msgspec.json.encode(value), media_type="application/json")


def proof(made: Proof) -> dict[str, Any]:
    """Where an entry stands, and what to check that with."""
    return {
        "index": made.index,
        "size": made.size,
        "origin": made.origin,
        "root": made.root,
        "key": made.key,
        "erased": made.erased,
        "checkpoint": made.note,
        "receipt": made.text,
    }


def notice(posted: Posted) -> dict[str, Any]:
    """A notice; whether it is for the person alone, not for whom."""
    said = posted.notice
    return {
        "id": posted.id,
        "section": said.section,
        "title": said.title,
        "body": said.body,
        "posted": posted.posted,
        "personal": said.person is not None,
    }


def request(standing: Standing) -> dict[str, Any]:
    """A request without the handle of the person."""
    said: dict[str, Any] = msgspec.to_builtins(standing)
    del said["application"]["person"]
    for step in said["steps"]:
        del step["by"]
    return said | {"overdue": standing.overdue}
