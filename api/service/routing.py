"""What FastAPI's routes share: the call of a request, the caller, answers, and problems for all that goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.exceptions import HTTPException

from api.callers import Caller, CallerRefused
from api.decision_log import JournalRefused
from api.permits import PermitRefused
from api.service.calls import Call, Reply, problem_of, read_body, reply_of
from api.service.lean import Stream
from api.service.problems import Problem
from api.service.recording import unavailable
from api.storage.database import DatabaseRefused

if TYPE_CHECKING:
    from api.service.context import ServiceContext

_AUTHZEN: Final = "/access/"
_BY_STATUS: Final = {
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    413: "body-too-large",
    415: "content-type",
}


def context_of(request: Request) -> ServiceContext:
    """The context of the service that a request came to."""
    found: ServiceContext = request.app.state.context
    return found


def caller_of(request: Request) -> Caller:
    """Who calls, within its limit."""
    peer = request.client.host if request.client else None
    return context_of(request).authenticator.admit(request.headers.raw, peer)


Context = Annotated[Any, Depends(context_of)]
Known = Annotated[Caller, Depends(caller_of)]


async def call_of(request: Request, *, batch: bool = False) -> Call:
    """A request as the operations see it."""
    caller = caller_of(request)
    limits = context_of(request).settings.limits
    headers = dict(request.headers.raw)
    body = await read_body(request.receive, headers, limits.batch_body if batch else limits.body)
    peer = request.client.host if request.client else None
    return Call(headers, request.scope["query_string"], body, caller, peer)


def response(reply: Reply | Stream) -> Response:
    """An answer for FastAPI to send."""
    if isinstance(reply, Stream):
        return StreamingResponse(reply.lines, media_type="application/x-ndjson")
    made = Response(reply.body, reply.status, media_type=reply.media.decode())
    for name, value in reply.headers:
        made.headers.append(name.decode(), value.decode())
    return made


def install(app: FastAPI) -> None:
    """Answer everything that is raised with a problem."""

    def answered(request: Request, problem: Problem) -> Response:
        if problem.name == "personal-number-not-allowed":
            context_of(request).figures.number_refused()
        return response(reply_of(problem, authzen=request.url.path.startswith(_AUTHZEN)))

    @app.exception_handler(Problem)
    async def on_problem(request: Request, error: Problem) -> Response:
        return answered(request, error)

    @app.exception_handler(CallerRefused)
    async def on_caller(request: Request, error: CallerRefused) -> Response:
        return answered(request, problem_of(error))

    @app.exception_handler(JournalRefused)
    async def on_journal(request: Request, error: JournalRefused) -> Response:
        return answered(request, unavailable(error))

    @app.exception_handler(PermitRefused)
    async def on_permit(request: Request, error: PermitRefused) -> Response:
        return answered(request, permit_problem(error))

    async def on_database(request: Request, error: Exception) -> Response:
        context_of(request).figures.error(error)
        return answered(request, Problem("log-unavailable", headers=(("Retry-After", "1"),)))

    for gone in (OperationalError, InterfaceError, DatabaseRefused):
        app.add_exception_handler(gone, on_database)

    @app.exception_handler(RequestValidationError)
    async def on_validation(request: Request, error: RequestValidationError) -> Response:
        places = [one.get("loc", ()) for one in error.errors()]
        errors = [{"pointer": "#/" + "/".join(map(str, place[:2])), "detail": "正しくありません"} for place in places]
        return answered(request, Problem("request-invalid", errors=errors))

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> Response:
        problem = Problem(_BY_STATUS.get(error.status_code, "request-invalid"), status=error.status_code)
        problem.headers = tuple((error.headers or {}).items())
        return answered(request, problem)

    @app.exception_handler(Exception)
    async def on_error(request: Request, error: Exception) -> Response:  # and `Edge` notes it
        return answered(request, Problem("internal-error"))


def permit_problem(error: PermitRefused) -> Problem:
    """The problem of a permit that is not issued or not taken."""
    used = error.code == "P0318"
    name = "permit-already-used" if used else "permit-refused"
    return Problem(name, f"{error.code} {error.text}{error.help}", status=error.status)
