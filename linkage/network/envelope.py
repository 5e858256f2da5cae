"""The envelope of every exchange with the network: who asks is verified, faults of drills happen, the answer is signed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from linkage.network import SIMULATOR_HEADER, SIMULATOR_TEXT, signing
from linkage.network.refusals import NetworkRefused
from linkage.network.wire import Problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from linkage.network.faults import Faults

LIMIT = 256 * 1024
#: Paths that only members may use.
SIGNED = ("/v1/", "/jlis/")


def problem(refused: NetworkRefused) -> Response:
    """A refusal as an answer."""
    body = Problem(
        type=f"urn:jorei:problem:{refused.code.lower()}",
        title="情報提供ネットワークシステム（模擬装置）の拒否",
        status=refused.status,
        detail=refused.text,
        code=refused.code,
        help=refused.help,
    )
    return Response(msgspec.json.encode(body), refused.status, media_type="application/problem+json")


class Envelope:
    """ASGI middleware around the routes. `key_of` gives a member's public key."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        key: signing.SignKey,
        gatekeeper: signing.Gatekeeper,
        key_of: Callable[[str], str | None],
        faults: Faults,
    ) -> None:
        self._app, self._key, self._gatekeeper = app, key, gatekeeper
        self._key_of, self._faults = key_of, faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on when it is believed."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not scope["path"].startswith(SIGNED):
            await self._app(scope, receive, _marked(send))
            return
        await self._signed(scope, receive, send)

    async def _signed(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        kept = _Kept()
        fault = self._faults.now
        body = b""
        try:
            if fault.delay_ms:
                await asyncio.sleep(fault.delay_ms / 1000)
            if fault.down:
                raise NetworkRefused("N0217", status=503)
            body = await _body(request)
            await asyncio.to_thread(self._believe, request, body)
        except NetworkRefused as refused:
            await problem(refused)(scope, receive, kept)
        else:
            scope.setdefault("state", {})["member"] = request.headers[signing.MEMBER]
            await self._app(scope, _again(body), kept)
        if scope["path"] != "/v1/mailbox" and self._faults.drops():
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
            return  # the connection breaks before the body: the sender does not know what became of it
        await self._answer(kept, request.headers.get(signing.NONCE, ""), send)

    def _believe(self, request: Request, body: bytes) -> None:
        headers = {name: request.headers.get(name, "") for name in _NAMES}
        public = self._key_of(headers[signing.MEMBER])
        query = request.url.query
        target = request.url.path + (f"?{query}" if query else "")
        self._gatekeeper.believe(public, headers, request.method, target, body)

    async def _answer(self, kept: _Kept, nonce: str, send: Send) -> None:
        body = b"".join(kept.parts)
        signature = signing.answer_signature(self._key, nonce, kept.status, body)
        headers = [
            *kept.headers,
            (SIMULATOR_HEADER.lower().encode(), SIMULATOR_TEXT.encode()),
            (signing.SIGNATURE.encode(), signature.encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": kept.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


_NAMES = (signing.MEMBER, signing.AT, signing.NONCE, signing.SIGNATURE)


class _Kept:
    """Takes an answer in place of the connection."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self.parts: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self.parts.append(message.get("body", b""))


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LIMIT:
            raise NetworkRefused("N0212", status=413)
        parts.append(part)
    return b"".join(parts)


def _again(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _marked(send: Send) -> Send:
    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            mark = (SIMULATOR_HEADER.lower().encode(), SIMULATOR_TEXT.encode())
            message = {**message, "headers": [*message.get("headers", ()), mark]}
        await send(message)

    return marked
