"""What every route of the layer shares: who calls, the permit in its header, forms read with care, refusals as problems."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
from fastapi import Request, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from api.callers import CallerRefused, require
from api.decision_log import JournalRefused
from linkage.authority import RESERVED
from linkage.intermediate.client import Unreachable
from linkage.refusal import Refusal

if TYPE_CHECKING:
    from api.callers import Authenticator, Caller

PERMIT = "jorei-permit"
TITLE = "保管・連携の求めを受け付けられません"
T = TypeVar("T")
_LIMIT = 8 * 1024 * 1024


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A form; `handler` is the officer who acts."""

    handler: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | None = None


class Answering:
    """Answers calls. The caller is who the credential says; work runs in a thread."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    async def act(
        self, request: Request, scope: str, form: type[T], work: Callable[[Caller, T], object], status: int = 200
    ) -> Response:
        """A call with a body."""

        async def carry_out() -> object:
            caller = self._caller(request, scope)
            given = await _read(request, form)
            return await run_in_threadpool(work, caller, given)

        return await _replied(carry_out, status)

    async def look(self, request: Request, scope: str, work: Callable[[Caller], object]) -> Response:
        """A call without one."""

        async def carry_out() -> object:
            return await run_in_threadpool(work, self._caller(request, scope))

        return await _replied(carry_out, 200)

    def _caller(self, request: Request, scope: str) -> Caller:
        peer = request.client.host if request.client else None
        caller = self._authenticator.admit(request.scope["headers"], peer)
        require(caller, scope)
        if caller.client_id in RESERVED:
            raise Refusal("G0901", "この名の呼び出し元は使えない。", "ほかの client_id で登録してください。", 403)
        return caller


def permit(request: Request) -> str:
    """The permit of a call.

    Raises:
        Refusal: G0902, there is none.
    """
    token = request.headers.get(PERMIT)
    if not token:
        raise Refusal(
            "G0902",
            "許可証（Jorei-Permit）が無い。許可証なしには何も行わない。",
            "判定を受け、許可証を添えてください。",
            403,
        )
    return token


async def _replied(carry_out: Callable[[], Awaitable[object]], status: int) -> Response:
    try:
        result = await carry_out()
    except CallerRefused as refused:
        return problem(refused.status, refused.code, refused.text, "", dict(refused.headers))
    except Refusal as refusal:
        return problem(refusal.status, refusal.code, refusal.text, refusal.help)
    except Unreachable as gone:
        return problem(503, "N0127", str(gone), "時間をおいて、もう一度行ってください。")
    except (SQLAlchemyError, JournalRefused):
        text = "データベースを使えないため、何も行わなかった。"
        return problem(503, "G0904", text, "時間をおいて、もう一度行ってください。", {"retry-after": "1"})
    headers = {"cache-control": "no-store"}
    if result is None:
        return Response(status_code=204, headers=headers)
    return Response(msgspec.json.encode(result), status, headers, "application/json")


def problem(status: int, code: str, text: str, help_: str, headers: dict[str, str] | None = None) -> Response:
    """A refusal (RFC 9457). It echoes nothing that was sent."""
    body = {
        "type": f"urn:jorei:problem:{code.lower()}",
        "title": TITLE,
        "status": status,
        "detail": text,
        "code": code,
        "help": help_,
    }
    sent = {**(headers or {}), "cache-control": "no-store"}
    return Response(msgspec.json.encode(body), status, sent, "application/problem+json")


async def _read(request: Request, form: type[T]) -> T:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LIMIT:
            raise Refusal("G0903", "要求の本文が大きすぎる。", "分けて送ってください。", 413)
    try:
        return msgspec.json.decode(body or b"{}", type=form)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        raise Refusal("G0903", "要求の本文の形が正しくない。", "様式を確かめてください。", 400) from None
