"""HTTP for the lean operations without ASGI: what uvicorn takes apart for an application is answered where it is read.

A plain call of such an operation (whole within uvicorn's buffer, HTTP/1.1, kept alive, answered in one piece) is put to
`Edge.answer` as soon as its last byte is there, and its answer leaves in one write: no task is made for it unless it has
to wait, and no messages are passed. That is half of what a call costs. All other calls, and all others of the same path,
go through uvicorn's own code; so does everything that a connection does between calls. A call that waits for the log
goes on in a task, in the context in which it began, as with `asyncio.eager_task_factory` of Python 3.12.
"""

from __future__ import annotations

import re
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.service.calls import NDJSON, Reply
from api.service.edge import COMMON, REQUEST_ID, Edge

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator

    from uvicorn import Config
    from uvicorn.server import ServerState

#: Bodies up to this length are put together here, as uvicorn would before an application asks for more.
_WHOLE: Final = 65_536
_LENGTH: Final = re.compile(rb"[0-9]{1,5}")
_ID: Final = re.compile(rb"[\x21-\x7e]{1,200}")
_COMMON: Final = b"".join(b"%b: %b\r\n" % pair for pair in COMMON)
_USUAL: Final = STATUS_LINE[200] + b"content-type: application/json\r\n" + _COMMON + REQUEST_ID + b": "


class Protocol(HttpToolsProtocol):
    """One connection. Before another application than `Edge` this is uvicorn's own."""

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any], **more: Any) -> None:
        super().__init__(config, server_state, app_state, **more)
        self._edge = self.app if isinstance(self.app, Edge) else None
        self._lean = frozenset[bytes]() if self._edge is None else self._edge.lean
        self._longest = 0 if self._edge is None else min(_WHOLE, self._edge.longest)
        self._plain: tuple[str, bytes, dict[bytes, bytes]] | None = None  # path, query, headers of what is being read
        self._body = b""

    def on_headers_complete(self) -> None:
        """Take a plain call of a lean operation, or leave it to uvicorn."""
        path, _, query = self.url.partition(b"?")
        self._plain = None
        if path in self._lean:
            headers = dict(self.headers)
            if self._is_plain(headers):
                self._plain = (path.decode("ascii"), query, headers)
                self._body = b""
                return
        super().on_headers_complete()

    def _is_plain(self, headers: dict[bytes, bytes]) -> bool:
        length = headers.get(b"content-length")
        given = headers.get(REQUEST_ID)
        parser = self.parser
        return (
            length is not None
            and _LENGTH.fullmatch(length) is not None
            and int(length) <= self._longest
            and (given is None or _ID.fullmatch(given) is not None)
            and b"transfer-encoding" not in headers
            and NDJSON not in headers.get(b"accept", b"").lower()
            and not self.expect_100_continue
            and (self.cycle is None or self.cycle.response_complete)
            and not self.flow.write_paused
            and parser.get_method() == b"POST"
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not parser.should_upgrade()
        )

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        if self._plain is None:
            super().on_body(body)
        else:
            self._body += body

    def on_message_complete(self) -> None:
        """Answer a plain call."""
        if self._plain is None or self._edge is None:
            super().on_message_complete()
            return
        path, query, headers = self._plain
        self._plain = None
        client = self.client[0] if self.client else None
        answering = self._edge.answer(path, self.headers, headers, query, client, self._body)
        context = copy_context()
        try:
            waiting = context.run(answering.send, None)
        except StopIteration as done:
            self._write(*done.value)
            return
        cycle = _Waited()
        self.cycle = cycle  # type: ignore[assignment]
        task = self.loop.create_task(self._later(_Begun(answering, waiting), cycle), context=context)
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    async def _later(self, begun: _Begun, cycle: _Waited) -> None:
        reply, request_id = await begun
        if cycle.disconnected:
            return
        cycle.response_complete = True
        self._write(reply, request_id, keep=cycle.keep_alive)

    def _write(self, reply: Reply, request_id: bytes, *, keep: bool = True) -> None:
        body = reply.body
        if reply.status == 200 and not reply.headers and keep:
            head = b"%b%b\r\ncontent-length: %d\r\n\r\n" % (_USUAL, request_id, len(body))
        else:
            more = reply.headers if keep else (*reply.headers, (b"connection", b"close"))
            head = b"%bcontent-type: %b\r\n%b%b: %b\r\n%bcontent-length: %d\r\n\r\n" % (
                STATUS_LINE[reply.status],
                reply.media,
                _COMMON,
                REQUEST_ID,
                request_id,
                b"".join([b"%b: %b\r\n" % pair for pair in more]),
                len(body),
            )
        self.transport.write(head + body)
        if not keep:
            self.transport.close()
        self.on_response_complete()


class _Nobody:
    """There is nobody to be told that a message came."""

    def set(self) -> None:
        """Tell nobody."""


class _Waited:
    """A call that waits, as uvicorn looks at it when the connection is lost or the server is to end."""

    __slots__ = ("disconnected", "keep_alive", "response_complete")
    message_event = _Nobody()

    def __init__(self) -> None:
        self.disconnected = self.response_complete = False
        self.keep_alive = True


class _Begun:
    """A coroutine that has run until it had to wait, to be awaited to its end."""

    __slots__ = ("_coroutine", "_waiting")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], waiting: Any) -> None:
        self._coroutine = coroutine
        self._waiting = waiting

    def __await__(self) -> Generator[Any, Any, Any]:
        waiting, coroutine = self._waiting, self._coroutine
        try:
            while True:
                try:
                    sent = yield waiting
                except BaseException as error:  # also that the task was cancelled
                    waiting = coroutine.throw(error)
                else:
                    waiting = coroutine.send(sent)
        except StopIteration as done:
            return done.value
