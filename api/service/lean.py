"""The operations that are answered in front of FastAPI; FastAPI's routes of the same paths call them too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from api.callers import require
from api.callers.model import EVALUATE
from api.service.authzen import evaluation
from api.service.calls import NDJSON, Call, Reply, check_type
from api.service.native import decisions
from api.service.native.batch import Batch, split
from api.service.problems import Problem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from api.service.calls import Send
    from api.service.context import ServiceContext


class Stream:
    """An answer sent piece by piece."""

    __slots__ = ("headers", "lines", "status")

    def __init__(self, lines: AsyncIterator[bytes]) -> None:
        self.lines = lines
        self.status = 200
        self.headers = ((b"content-type", NDJSON),)


def decide(context: ServiceContext, call: Call) -> Awaitable[Reply | Stream]:
    """POST /v1/decisions: one request, or those of `requests`."""
    deciding = context.deciding()
    found = deciding.native_memory.find(call.body)
    if found is None:
        requests = split(call.body, context.settings.limits.depth) if b"{" in call.body else None
        if requests is not None:
            return _many(context, call, requests)
    return decisions.one(context, deciding, call, found)


async def _many(context: ServiceContext, call: Call, requests: list[bytes]) -> Reply | Stream:
    require(call.caller, EVALUATE)
    check_type(call.headers)
    batch = Batch(context, call, requests)
    if not decisions.wants_stream(call):
        return await batch.answer()
    if b"idempotency-key" in call.headers:
        raise Problem("idempotency-key-invalid", "NDJSON で受け取るときは、Idempotency-Key を使えません")
    return Stream(batch.lines())


def evaluate(context: ServiceContext, call: Call) -> Awaitable[Reply]:
    """POST /access/v1/evaluation."""
    return evaluation.one(context, call)


#: Path → operation.
OPERATIONS: Final[dict[str, Callable[[ServiceContext, Call], Awaitable[Reply | Stream]]]] = {
    "/v1/decisions": decide,
    "/access/v1/evaluation": evaluate,
}


async def stream(reply: Stream, send: Send, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    """Send a stream; each piece is durable before it is sent."""
    await send({"type": "http.response.start", "status": 200, "headers": [*reply.headers, *headers]})
    async for piece in reply.lines:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
