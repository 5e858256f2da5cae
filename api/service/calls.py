"""One call as the operations see it, whichever way it came: over the lean path or over FastAPI's routes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from api.callers import CallerRefused, TooManyRequests
from api.service.problems import MEDIA_TYPE, Problem
from api.service.tracing import fragment_of
from api.telemetry.tracing import HEADER

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping
    from typing import Any

    from api.callers import Caller

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

JSON: Final = b"application/json"
NDJSON: Final = b"application/x-ndjson"


class Call:
    """Headers (the last of each name), query, body and caller of one call."""

    __slots__ = ("body", "caller", "headers", "peer", "query")

    def __init__(
        self, headers: dict[bytes, bytes], query: bytes, body: bytes, caller: Caller, peer: str | None = None
    ) -> None:
        self.headers = headers
        self.query = query
        self.body = body
        self.caller = caller
        self.peer = peer

    @property
    def trace(self) -> bytes:
        """What its records say of the trace that it belongs to."""
        given = self.headers.get(HEADER)
        return b"" if given is None else fragment_of(given)

    def parameter(self, name: str) -> str | None:
        """A member of the query, None when it is not given.

        Raises:
            Problem: When it is given twice.
        """
        if not self.query:
            return None
        given = [value for key, value in _pairs(self.query) if key == name]
        if len(given) > 1:
            raise Problem("request-invalid", f"{name} は一度だけ書いてください")
        return given[0] if given else None

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """A member of the query with a fixed choice of values; the first when it is not given.

        Raises:
            Problem: When it is another, or given twice.
        """
        given = self.parameter(name)
        if given is None:
            return allowed[0]
        if given not in allowed:
            raise Problem("request-invalid", f"{name} には {'・'.join(allowed)} のどれかを書いてください")
        return given


@lru_cache(maxsize=256)
def _pairs(query: bytes) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(query.decode("latin-1"), keep_blank_values=True))


class Reply:
    """An answer: status, media type, body and further headers."""

    __slots__ = ("body", "headers", "media", "status")

    def __init__(
        self, body: bytes, status: int = 200, media: bytes = JSON, headers: tuple[tuple[bytes, bytes], ...] = ()
    ) -> None:
        self.body = body
        self.status = status
        self.media = media
        self.headers = headers


def reply_of(problem: Problem, *, authzen: bool) -> Reply:
    """The answer that a problem is; AuthZEN's callers know few statuses."""
    if authzen and problem.status in (406, 413, 415, 422):
        problem.status = 400
    headers = tuple((name.lower().encode(), value.encode("utf-8")) for name, value in problem.headers)
    return Reply(problem.encode(), problem.status, MEDIA_TYPE, headers)


def problem_of(refused: CallerRefused) -> Problem:
    """The problem of a caller turned away."""
    if isinstance(refused, TooManyRequests):
        name = "too-many-requests"
    else:
        name = {401: "not-authenticated", 403: "forbidden"}.get(refused.status, "register-unavailable")
    return Problem(name, refused.text, headers=tuple(refused.headers), status=refused.status)


def check_type(headers: dict[bytes, bytes]) -> None:
    """Let pass a body that says it is plain JSON.

    Raises:
        Problem: Otherwise.
    """
    given = headers.get(b"content-type")
    if given != JSON:
        media, _, parameters = (given or b"").partition(b";")
        charset = parameters.strip().lower().replace(b'"', b"")
        if media.strip().lower() != JSON or charset not in (b"", b"charset=utf-8", b"charset=utf8"):
            raise Problem("content-type")
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise Problem("content-encoding")


async def read_body(receive: Receive, headers: dict[bytes, bytes], limit: int) -> bytes:
    """The whole body of a call, refused as soon as it is known to be too large.

    Raises:
        Problem: When it is larger than the limit, or the caller went away.
    """
    declared = headers.get(b"content-length")
    if declared is not None and declared.isdigit() and int(declared[:19]) > limit:
        raise Problem("body-too-large")
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if message["type"] == "http.disconnect":
            raise Gone
        if len(body) > limit:
            raise Problem("body-too-large")
        return body
    pieces, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if size > limit:
            raise Problem("body-too-large")
    return b"".join(pieces)


class Gone(Exception):
    """The caller closed the connection: there is nobody to answer."""
