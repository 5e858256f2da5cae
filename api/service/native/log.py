"""The log over HTTP: checkpoint, entries, proofs, verification."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from api.callers import allows, require
from api.callers.model import DECISION_READ, LOG_READ
from api.canonical import canonical
from api.clock import from_ms
from api.decision_log import (
    NoSuchProof,
    consistency_proof,
    entry_at,
    entry_of,
    head,
    inclusion_proof,
    root_at,
    verify,
)
from api.decision_log.keys import verifiers_of
from api.service.calls import Call, Reply
from api.service.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from api.decision_log.bodies import Recorded
    from api.service.context import ServiceContext

_TEXT: Final = b"text/plain; charset=utf-8"
_LARGEST: Final = 2**53


def b64(raw: bytes) -> str:
    """Bytes in base64."""
    return base64.b64encode(raw).decode("ascii")


async def _read(context: ServiceContext, look: Callable[[Connection], dict[str, Any]]) -> Reply:
    def read() -> dict[str, Any]:
        with context.database.read() as connection:
            return look(connection)

    try:
        return Reply(canonical(await asyncio.to_thread(read)))
    except NoSuchProof:
        raise Problem("not-found") from None
    except SQLAlchemyError:
        raise Problem("log-unavailable", headers=(("Retry-After", "1"),)) from None


async def checkpoint(context: ServiceContext) -> Reply:
    """The log as it stands, signed (C2SP)."""
    note = await asyncio.to_thread(context.checkpoints.now)
    if note is None:
        raise Problem("log-unavailable")
    return Reply(note.encode(), media=_TEXT)


async def entry(context: ServiceContext, call: Call, index: int) -> Reply:
    """An entry with its leaf and, while it is kept, its body and salt."""
    require(call.caller, LOG_READ)

    def look(connection: Connection) -> dict[str, Any]:
        found = entry_at(connection, index) if 0 <= index < _LARGEST else None
        if found is None:
            raise NoSuchProof
        return entry_json(found)

    return await _read(context, look)


def entry_json(found: Recorded) -> dict[str, Any]:
    """An entry as plain values."""
    return {
        "index": found.index,
        "id": found.id,
        "kind": found.kind,
        "at": from_ms(found.at_ms).isoformat(timespec="milliseconds"),
        "leaf": found.leaf.decode(),
        "leaf_hash": b64(found.leaf_hash),
        "salt": None if found.salt is None else b64(found.salt),
        "body": None if found.body is None else msgspec.json.decode(found.body),
    }


def _number(call: Call, name: str) -> int | None:
    text = call.parameter(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise Problem("request-invalid", f"{name} には0以上の整数を書いてください")
    return int(text)


def _may(call: Call) -> None:
    if not allows(call.caller, LOG_READ):
        require(call.caller, DECISION_READ)


async def inclusion(context: ServiceContext, call: Call) -> Reply:
    """The proof that an entry stands in the log of a size."""
    _may(call)
    index, size, named = _number(call, "index"), _number(call, "size"), call.parameter("id")
    if (index is None) == (named is None):
        raise Problem("request-invalid", "id と index のどちらか一つを書いてください")

    def look(connection: Connection) -> dict[str, Any]:
        found = entry_of(connection, named) if named is not None else entry_at(connection, index or 0)
        if found is None:
            raise NoSuchProof
        of = head(connection).size if size is None else size
        proof = inclusion_proof(connection, found.index, of)
        return {
            "index": found.index,
            "size": of,
            "leaf_hash": b64(found.leaf_hash),
            "root": b64(root_at(connection, of)),
            "hashes": [b64(one) for one in proof],
        }

    return await _read(context, look)


async def consistency(context: ServiceContext, call: Call) -> Reply:
    """The proof that the log of one size goes on as that of another."""
    _may(call)
    first, last = _number(call, "from"), _number(call, "to")
    if first is None:
        raise Problem("request-invalid", "from を書いてください")

    def look(connection: Connection) -> dict[str, Any]:
        to = head(connection).size if last is None else last
        proof = consistency_proof(connection, first, to)
        return {
            "from": first,
            "to": to,
            "root_from": b64(root_at(connection, first)),
            "root_to": b64(root_at(connection, to)),
            "hashes": [b64(one) for one in proof],
        }

    return await _read(context, look)


async def verification(context: ServiceContext, call: Call) -> Reply:
    """The whole log verified; on a fault nothing more is recorded."""
    require(call.caller, LOG_READ)

    def run() -> dict[str, Any]:
        found = verify(context.database, context.settings.checkpoints, verifiers_of(context.keys))
        if found.refusal is not None:
            context.journal.refuse(found.refusal)
        return {
            "ok": found.ok,
            "size": found.size,
            "root": b64(found.root),
            "bodies": found.bodies,
            "erased": found.erased,
            "checkpoints": found.checkpoints,
            "faults": [
                {"kind": fault.kind.value, "first": fault.first, "last": fault.last, "text": fault.text}
                for fault in found.faults[:100]
            ],
        }

    try:
        return Reply(canonical(await asyncio.to_thread(run)))
    except SQLAlchemyError:
        raise Problem("log-unavailable", headers=(("Retry-After", "1"),)) from None
