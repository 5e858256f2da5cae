"""Records of decisions read back: whatever is answered about a past decision comes from the log."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from api.canonical import canonical
from api.service.problems import Problem
from api.service.recording import KIND
from api.storage.tables import log_entry, log_payload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.service.context import ServiceContext
    from api.storage.database import Database

_AT_ONCE: Final = 500  # identifiers in one look-up
_BRIEF_REASON: Final = ("code", "fact")


class Recorded(msgspec.Struct, frozen=True):
    """One record: its place, and its body unless that was erased."""

    index: int
    kind: str
    body: bytes | None

    def content(self) -> dict[str, Any]:
        """The body.

        Raises:
            Problem: When it was erased after its time.
        """
        if self.body is None:
            raise Problem("erased")
        content: dict[str, Any] = msgspec.json.decode(self.body)
        return content

    def said(self, citations: str) -> bytes:
        """The answer as it was given, or would have been with these citations."""
        content = self.content()
        answer = content["answer"] if citations == "full" else brief_of(content["answer"])
        return canonical(
            {
                "at": content["at"],
                "bundle": content["ruleset"]["bundle"],
                "decision": answer,
                "id": content["id"],
                "log": {"index": self.index},
            }
        )


def brief_of(answer: dict[str, Any]) -> dict[str, Any]:
    """A recorded answer with provisions by their identity (`answers.brief_json`)."""
    if "items" not in answer:
        return answer
    return answer | {
        "duties": [duty["id"] for duty in answer["duties"]],
        "items": [_brief_item(item) for item in answer["items"]],
    }


def _brief_item(item: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in item.items() if name != "grants"}
    return kept | {
        "basis": [basis["clause"] for basis in item["basis"]],
        "unmet": [
            {name: reason[name] for name in _BRIEF_REASON}
            | {"basis": None if reason["basis"] is None else reason["basis"]["clause"]}
            for reason in item["unmet"]
        ],
    }


def _find(database: Database, ids: Sequence[str]) -> dict[str, Recorded]:
    entry, payload = log_entry.c, log_payload.c
    wanted = select(entry.id, entry.idx, entry.kind, payload.body).select_from(
        log_entry.outerjoin(log_payload, entry.idx == payload.idx)
    )
    records: dict[str, Recorded] = {}
    with database.read() as connection:
        for at in range(0, len(ids), _AT_ONCE):
            for row in connection.execute(wanted.where(entry.id.in_(ids[at : at + _AT_ONCE]))):
                records[row.id] = Recorded(row.idx, row.kind, None if row.body is None else bytes(row.body))
    return records


async def found(context: ServiceContext, ids: Sequence[str]) -> dict[str, Recorded]:
    """The records with these identifiers that there are.

    Raises:
        Problem: When the log cannot be read.
    """
    try:
        return await asyncio.to_thread(_find, context.database, ids)
    except SQLAlchemyError:
        raise Problem("log-unavailable", headers=(("Retry-After", "1"),)) from None


async def the_recorded(context: ServiceContext, evaluation_id: str) -> Recorded:
    """The record of one decision.

    Raises:
        Problem: When there is none.
    """
    record = (await found(context, [evaluation_id])).get(evaluation_id)
    if record is None or record.kind != KIND:
        raise Problem("not-found")
    return record
