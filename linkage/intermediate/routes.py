"""Routes of the intermediate server: inquiries, copies, and what waits for a person. The permit comes in a header.

Mounted by whoever serves: `app.include_router(router(context))`. The caller is who the credential says.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api.callers import CallerRefused, require
from linkage.intermediate import layout
from linkage.intermediate.client import Unreachable
from linkage.intermediate.copies import Copy
from linkage.intermediate.inquiries import Order
from linkage.network.wire import AgencyCode, Id, InformationCode
from linkage.refusal import Refusal

if TYPE_CHECKING:
    from api.callers import Authenticator, Caller
    from linkage.intermediate.server import IntermediateServer

PERMIT = "jorei-permit"
T = TypeVar("T")
_LIMIT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class IntermediateContext:
    """What the routes work with."""

    server: IntermediateServer
    authenticator: Authenticator


class _Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    handler: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | None = None


class SendForm(_Form, frozen=True, kw_only=True):
    """An inquiry, as an order or as the fixed record of 18 fields with what that record does not say."""

    order: Order | None = None
    record: str | None = None
    record_id: Id | None = None
    handle: Id | None = None
    items: tuple[str, ...] = ()
    section_name: str | None = None
    same_day: bool = False
    consent: bool = False

    def ordered(self) -> Order:
        """The order."""
        if self.order is not None:
            return self.order
        if self.record is None or self.record_id is None or self.handle is None:
            raise Refusal(
                "N0125", "照会には、order か、record・record_id・handle の組が要る。", "様式を確かめてください。", 400
            )
        return order_of(layout.decode(self.record), self)


class OpenForm(_Form, frozen=True):
    """Opens an answer."""


class CopiesForm(_Form, frozen=True, kw_only=True):
    """Copies to register."""

    copies: tuple[Copy, ...]


class WithdrawalForm(_Form, frozen=True, kw_only=True):
    """A copy whose publication ends."""

    agency: AgencyCode
    handle: Id
    information: InformationCode
    dataset: str
    record_key: str


class FlagForm(_Form, frozen=True, kw_only=True):
    """A non-disclosure flag."""

    agency: AgencyCode
    handle: Id
    ground: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    information: str = "*"


class CodeForm(_Form, frozen=True, kw_only=True):
    """A link code to obtain."""

    agency: AgencyCode
    handle: Id
    acquisition_number: Id


class AnswerForm(_Form, frozen=True, kw_only=True):
    """A person's answer; with `refusal`, nothing is provided, for this reason."""

    handle: Id
    refusal: str | None = None


def order_of(record: layout.InquiryRecord, form: SendForm) -> Order:
    """The order that a record of 18 fields is."""
    return Order(
        record_id=str(form.record_id),
        handle=str(form.handle),
        requester=record.requester,
        provider=record.provider,
        affair=record.affair,
        procedure=record.procedure,
        information=record.information,
        items=form.items,
        first_day=_day(record.first_day),
        last_day=_day(record.last_day),
        section=form.section_name or record.section,
        same_day=form.same_day,
        undisclosed=record.undisclosed == "1",
        consent=form.consent,
    )


def _day(text: str) -> Any:
    return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007


def router(context: IntermediateContext) -> APIRouter:
    """The routes, under /v1/linkage."""
    routes = APIRouter(prefix="/v1/linkage", tags=["情報連携"])
    _inquiries(routes, context)
    _copies(routes, context)
    _manual(routes, context)
    return routes


def _inquiries(routes: APIRouter, context: IntermediateContext) -> None:
    server = context.server

    @routes.post("/inquiries", status_code=202)
    async def send(request: Request) -> Response:
        """Inquire, by a permit for inquiry.send."""

        def work(caller: Caller, form: SendForm) -> object:
            return server.send(_permit(request), caller.client_id, form.ordered(), handler=form.handler)

        return await _answer(context, request, "linkage:inquiry:send", SendForm, work, 202)

    @routes.get("/inquiries/{record_id}")
    async def standing(request: Request, record_id: str) -> Response:
        """Where an inquiry stands."""
        return await _look(
            context, request, "linkage:inquiry:read", lambda caller: server.standing(record_id, caller.client_id)
        )

    @routes.post("/inquiries/{record_id}/answer")
    async def receive(request: Request, record_id: str) -> Response:
        """Open the answer, by a permit for inquiry.receive."""

        def work(caller: Caller, form: OpenForm) -> object:
            return server.receive(_permit(request), caller.client_id, record_id, handler=form.handler)

        return await _answer(context, request, "linkage:inquiry:read", OpenForm, work)

    @routes.post("/codes", status_code=204)
    async def code(request: Request) -> Response:
        """Obtain a link code, by a permit for code.acquire."""

        def work(caller: Caller, form: CodeForm) -> None:
            server.acquire_code(_permit(request), caller.client_id, form.agency, form.handle, form.acquisition_number)

        return await _answer(context, request, "linkage:code:acquire", CodeForm, work, 204)


def _copies(routes: APIRouter, context: IntermediateContext) -> None:
    server = context.server

    @routes.post("/copies", status_code=201)
    async def register(request: Request) -> Response:
        """Register copies, by a permit for copy.register."""

        def work(caller: Caller, form: CopiesForm) -> object:
            count = server.register_copies(_permit(request), caller.client_id, form.copies, handler=form.handler)
            return {"registered": count}

        return await _answer(context, request, "linkage:copy:write", CopiesForm, work, 201)

    @routes.post("/copies/withdrawal", status_code=204)
    async def withdraw(request: Request) -> Response:
        """End the publication of a copy, by a permit for copy.withdraw."""

        def work(caller: Caller, form: WithdrawalForm) -> None:
            given = (form.agency, form.handle, form.information, form.dataset, form.record_key)
            server.withdraw_copy(_permit(request), caller.client_id, *given)

        return await _answer(context, request, "linkage:copy:write", WithdrawalForm, work, 204)

    @routes.post("/nondisclosure", status_code=204)
    async def flag(request: Request) -> Response:
        """Set a non-disclosure flag, by a permit for copy.correct."""

        def work(caller: Caller, form: FlagForm) -> None:
            given = (form.agency, form.handle, form.ground)
            server.flag(_permit(request), caller.client_id, *given, information=form.information)

        return await _answer(context, request, "linkage:copy:write", FlagForm, work, 204)


def _manual(routes: APIRouter, context: IntermediateContext) -> None:
    server = context.server

    @routes.get("/pending")
    async def pending(request: Request) -> Response:
        """What waits for a person."""
        return await _look(context, request, "linkage:provision:read", lambda caller: {"pending": server.pending()})

    @routes.post("/pending/{number}/answer", status_code=204)
    async def answer(request: Request, number: str) -> Response:
        """A person answers or refuses, by a permit for provision.answer."""

        def work(caller: Caller, form: AnswerForm) -> None:
            if form.handler is None:
                raise Refusal(
                    "N0126", "手動の回答には、判断した職員（handler）が要る。", "職員の識別子を示してください。", 400
                )
            token = _permit(request)
            server.answer(token, caller.client_id, number, form.handle, handler=form.handler, refusal=form.refusal)

        return await _answer(context, request, "linkage:provision:answer", AnswerForm, work, 204)


async def _answer(
    context: IntermediateContext,
    request: Request,
    scope: str,
    form: type[T],
    work: Callable[[Caller, T], object],
    status: int = 200,
) -> Response:
    async def carry_out() -> object:
        caller = _caller(context, request, scope)
        given = await _read(request, form)
        return await run_in_threadpool(work, caller, given)

    return await _replied(carry_out, status)


async def _look(
    context: IntermediateContext, request: Request, scope: str, work: Callable[[Caller], object]
) -> Response:
    async def carry_out() -> object:
        return await run_in_threadpool(work, _caller(context, request, scope))

    return await _replied(carry_out, 200)


async def _replied(carry_out: Callable[[], Awaitable[object]], status: int) -> Response:
    try:
        result = await carry_out()
    except CallerRefused as refused:
        return _problem(refused.status, refused.code, refused.text, "", dict(refused.headers))
    except Refusal as refusal:
        return _problem(refusal.status, refusal.code, refusal.text, refusal.help, {})
    except Unreachable as gone:
        return _problem(503, "N0127", str(gone), "時間をおいて、もう一度行ってください。", {})
    headers = {"cache-control": "no-store"}
    if result is None:
        return Response(status_code=204, headers=headers)
    return Response(msgspec.json.encode(result), status, headers, "application/json")


def _problem(status: int, code: str, text: str, help_: str, headers: dict[str, str]) -> Response:
    body = {
        "type": f"urn:jorei:problem:{code.lower()}",
        "title": "情報連携の求めを受け付けられません",
        "status": status,
        "detail": text,
        "code": code,
        "help": help_,
    }
    headers = {**headers, "cache-control": "no-store"}
    return Response(msgspec.json.encode(body), status, headers, "application/problem+json")


def _caller(context: IntermediateContext, request: Request, scope: str) -> Caller:
    peer = request.client.host if request.client else None
    caller = context.authenticator.admit(request.scope["headers"], peer)
    require(caller, scope)
    return caller


def _permit(request: Request) -> str:
    token = request.headers.get(PERMIT)
    if not token:
        raise Refusal(
            "N0128",
            "許可証（Jorei-Permit）が無い。許可証なしには何も行わない。",
            "判定を受け、許可証を添えてください。",
            403,
        )
    return token


async def _read(request: Request, form: type[T]) -> T:
    body = await request.body()
    if len(body) > _LIMIT:
        raise Refusal("N0125", "要求の本文が大きすぎる。", "副本は分けて登録してください。", 413)
    try:
        return msgspec.json.decode(body or b"{}", type=form)
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise Refusal("N0125", "要求の本文の形が正しくない。", "様式を確かめてください。", 400) from None
