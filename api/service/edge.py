"""The outermost layer: what every answer carries, and the lean path of single decisions in front of FastAPI.

Every answer echoes `X-Request-ID`, is not to be stored, and none is ever a bare stack trace. POST /v1/decisions and
POST /access/v1/evaluation are answered here without FastAPI: the same operations that its routes call, so the two can
differ in nothing but time (FastAPI's routing adds about 100 µs of processor to each call). `api.service.protocol` puts
plain calls of them to `Edge.answer` without ASGI.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from api.callers import CallerRefused
from api.service import lean
from api.service.calls import Call, Gone, Reply, problem_of, read_body, reply_of
from api.service.fresh import Fresh
from api.service.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from api.service.calls import Message, Receive, Scope, Send
    from api.service.context import ServiceContext
    from api.service.lean import Stream

REQUEST_ID: Final = b"x-request-id"
COMMON: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
_AUTHZEN: Final = "/access/"


class Edge:
    """The ASGI application of the service.

    Attributes:
        lean: the paths whose POST may be put to `answer` (`api.service.protocol`), as they come over the line.
        longest: how many bytes their bodies may have.
    """

    def __init__(self, app: Any, context: ServiceContext) -> None:
        self.app = app
        self.context = context
        self._operations = lean.OPERATIONS if context.settings.lean else {}
        self.lean: frozenset[bytes] = frozenset(path.encode("ascii") for path in self._operations)
        self.longest = context.settings.limits.batch_body
        self._ids = Fresh("rq")
        self.opened: Any = None  # for whoever runs the service within its own process

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path: str = scope["path"]
        headers = dict(scope["headers"])
        if path not in self._operations or scope["method"] != "POST":
            await self._whole(scope, receive, send, headers)
            return
        try:
            reply, request_id = await self.answer(
                path, scope["headers"], headers, scope["query_string"], _peer(scope), receive
            )
        except Gone:
            return
        if isinstance(reply, Reply):
            await respond(send, reply, request_id)
        else:
            await lean.stream(reply, send, (*COMMON, (REQUEST_ID, request_id)))

    async def answer(
        self,
        path: str,
        raw: Iterable[tuple[bytes, bytes]],
        headers: dict[bytes, bytes],
        query: bytes,
        peer: str | None,
        body: bytes | Receive,
    ) -> tuple[Reply | Stream, bytes]:
        """The answer to a call of a lean operation, whatever goes wrong, and the identifier that it carries.

        Args:
            path: one of the lean operations.
            raw: all headers, names in lower case; `headers`: the last of each name.
            query: what follows the question mark.
            peer: the address that the connection comes from.
            body: the whole body, no longer than `longest`; or where it comes from: then it is not asked for before the
                caller is known, and refused when it is longer.

        Raises:
            Gone: When the caller went away before the body was there.
        """
        began = time.perf_counter()
        context = self.context
        request_id = self._identified(headers)
        try:
            caller = context.authenticator.admit(raw, peer)
            if not isinstance(body, bytes):
                body = await read_body(body, headers, self.longest)
            reply = await self._operations[path](context, Call(headers, query, body, caller))
        except Problem as problem:
            if problem.name == "personal-number-not-allowed":
                context.figures.number_refused()
            reply = reply_of(problem, authzen=path.startswith(_AUTHZEN))
        except CallerRefused as refused:
            reply = reply_of(problem_of(refused), authzen=False)
        except Gone:
            raise
        except Exception as error:
            context.figures.error(error)
            reply = reply_of(Problem("internal-error"), authzen=False)
        context.figures.call(path, reply.status, time.perf_counter() - began)
        return reply, request_id

    def _identified(self, headers: dict[bytes, bytes]) -> bytes:
        """The identifier that the caller gave its call, else a new one."""
        given = headers.get(REQUEST_ID)
        return self._ids.one().encode() if given is None else given

    async def _whole(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        headers: dict[bytes, bytes],
    ) -> None:
        """By FastAPI; the same headers are added, and what it raises becomes a problem."""
        began = time.perf_counter()
        request_id = self._identified(headers)
        status, complete = 0, False

        async def with_headers(message: Message) -> None:
            nonlocal status, complete
            complete = message["type"] == "http.response.body" and not message.get("more_body")
            if message["type"] == "http.response.start":
                status = message["status"]
                own = [(name, value) for name, value in message.get("headers", ()) if name != REQUEST_ID]
                names = {name for name, _ in own}
                added = [pair for pair in COMMON if pair[0] not in names]
                message = {**message, "headers": [*own, *added, (REQUEST_ID, request_id)]}
            await send(message)

        try:
            await self.app(scope, receive, with_headers)
        except Gone:
            return
        except Exception as error:
            self.context.figures.error(error)
            if status and not complete:
                raise  # the connection is cut, so that half an answer is not taken for a whole one
            if not status:
                status = 500
                await respond(send, reply_of(Problem("internal-error"), authzen=False), request_id)
        route = scope.get("route")
        self.context.figures.call(getattr(route, "path", "other"), status, time.perf_counter() - began)


def _peer(scope: Scope) -> str | None:
    client = scope.get("client")
    return client[0] if client else None


async def respond(send: Send, reply: Reply, request_id: bytes) -> None:
    """Send one whole answer."""
    await send({"type": "http.response.start", "status": reply.status, "headers": _headed(reply, request_id)})
    await send({"type": "http.response.body", "body": reply.body})


def _headed(reply: Reply, request_id: bytes) -> list[tuple[bytes, bytes]]:
    length = (b"content-length", b"%d" % len(reply.body))
    return [(b"content-type", reply.media), length, *COMMON, (REQUEST_ID, request_id), *reply.headers]
