"""Traces of the calls that decide: the caller's `traceparent` in each record, and spans where a collector is named.

The edge and the recorder here take the place of those of the service only when spans are wanted, so without a collector
a call costs one look for the header. A record is written whether its trace is sampled or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from api.service.edge import Edge
from api.service.recording import Recorder
from api.service.tracing import fragment_of
from api.telemetry.tracing import HEADER, context_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.clock import Clock
    from api.decision_log import Entry, Journal
    from api.service.calls import Message, Receive, Scope, Send
    from api.service.context import ServiceContext
    from api.telemetry.tracing import Span, Tracer

#: The paths whose POST decides.
_DECIDES: Final = frozenset(
    {
        "/access/v1/evaluation",
        "/access/v1/evaluations",
        "/access/v1/search/action",
        "/access/v1/search/resource",
        "/v1/attachments",
        "/v1/decisions",
        "/v1/permits",
    }
)


class TracedEdge(Edge):
    """The edge with a span `decide` around each call that decides, below the caller's."""

    def __init__(self, app: Any, context: ServiceContext) -> None:
        super().__init__(app, context)
        self._tracer = context.tracer
        self.lean = frozenset()  # a call with a span goes through ASGI

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in _DECIDES:
            await super().__call__(scope, receive, send)
            return
        given = [value for name, value in scope["headers"] if name == HEADER]
        known = len(given) == 1 and fragment_of(given[0])
        with self._tracer.span("decide", context_of(scope["headers"]) if known else None, root=True) as span:
            span.set("http.route", scope["path"])
            span.set("http.request.method", "POST")
            if not known:  # the record then names the place of this span
                headers = [pair for pair in scope["headers"] if pair[0] != HEADER]
                scope = {**scope, "headers": [*headers, (HEADER, span.header())]}

            async def telling(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set("http.response.status_code", message["status"])
                await send(message)

            await super().__call__(scope, receive, telling)


class TracedRecorder(Recorder):
    """The recorder with a span `append` until what is recorded is durable."""

    def __init__(
        self, journal: Journal | None, clock: Clock, version: str, retention_years: int, tracer: Tracer
    ) -> None:
        super().__init__(journal, clock, version, retention_years)
        self._tracer = tracer

    async def record(self, entry: Entry) -> int:
        """Record; returns its place once it is durable."""
        with self._tracer.span("append") as span:
            _say(span, entry)
            index = await super().record(entry)
            span.set("jorei.log.index", index)
            return index

    async def record_many(self, entries: Sequence[Entry]) -> list[int]:
        """Record in one transaction."""
        with self._tracer.span("append") as span:
            span.set("jorei.count", len(entries))
            return await super().record_many(entries)


def _say(span: Span, entry: Entry) -> None:
    span.set("jorei.evaluation_id", entry.id)
    for name in ("outcome", "ruleset"):
        if name in entry.leaf:
            span.set(f"jorei.{name}", entry.leaf[name])
