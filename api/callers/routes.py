"""`/oauth/token` and `/oauth/introspect` for FastAPI."""

from __future__ import annotations

from typing import Any, Final, Protocol

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api.callers.assertions import ASSERTION_TYPE
from api.callers.authenticator import Authenticator
from api.callers.endpoint import LONGEST_BODY, Answer

_FORM: Final = "application/x-www-form-urlencoded"


class Context(Protocol):
    """What of the service these routes need."""

    @property
    def authenticator(self) -> Authenticator:
        """Made by `open_callers`."""
        ...


def router(context: Context) -> APIRouter:
    """The routes, to be included by the service."""
    routes = APIRouter(tags=["認証"])
    endpoint = context.authenticator.endpoint
    if endpoint is None:
        raise ValueError("the authenticator was opened without its endpoint")

    @routes.post(
        "/oauth/token", summary="アクセストークンを得る（RFC 6749）", responses=_TOKEN, openapi_extra=_form(_TOKEN_FORM)
    )
    async def token(request: Request) -> Response:
        """client credentials。認証は client_secret_jwt（RFC 7523）、当面は client_secret_basic も使えます。"""
        return await _answer(request, endpoint.token)

    @routes.post(
        "/oauth/introspect",
        summary="アクセストークンが有効かを調べる（RFC 7662）",
        responses=_INTROSPECTION,
        openapi_extra=_form(_INTROSPECT_FORM),
    )
    async def introspect(request: Request) -> Response:
        """スコープ jorei:token:introspect が要ります。無効なトークンについては active が false であることだけを答えます。"""
        return await _answer(request, endpoint.introspect)

    return routes


async def _answer(request: Request, ask: Any) -> Response:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BODY:
            break
    peer = request.client.host if request.client else None
    answer: Answer = await run_in_threadpool(ask, list(request.headers.raw), body, peer)
    return Response(answer.json(), answer.status, dict(answer.headers), "application/json")


def _form(members: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": members, "required": [n for n, m in members.items() if m.get("required")]}
    shown = {**schema, "properties": {n: {k: v for k, v in m.items() if k != "required"} for n, m in members.items()}}
    return {"requestBody": {"required": True, "content": {_FORM: {"schema": shown}}}}


_TOKEN_FORM: Final = {
    "grant_type": {"type": "string", "enum": ["client_credentials"], "required": True},
    "scope": {"type": "string", "description": "空白で区切る。省くと、与えられたすべて"},
    "client_id": {"type": "string"},
    "client_assertion_type": {"type": "string", "enum": [ASSERTION_TYPE]},
    "client_assertion": {
        "type": "string",
        "description": "HS256 の JWT。iss、sub、aud、exp（5分以内）、jti（一度だけ）",
    },
}
_INTROSPECT_FORM: Final = {
    "token": {"type": "string", "required": True},
    "token_type_hint": {"type": "string", "description": "読みません"},
}


def _json(description: str, properties: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": sorted(set(properties) & set(_ALWAYS))}
    return {"description": description, "content": {"application/json": {"schema": schema, "example": example}}}


_ALWAYS = ("access_token", "token_type", "expires_in", "active", "error")
_ERROR = {"error": {"type": "string"}, "error_description": {"type": "string"}, "message": {"type": "string"}}
_EXAMPLE = {
    "error": "invalid_client",
    "error_description": "assertion expired",
    "message": "クライアントを認証できません",
}
_ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    status: _json(text, _ERROR, _EXAMPLE)
    for status, text in (
        (400, "要求の形か、スコープが正しくない"),
        (401, "認証できない"),
        (403, "スコープが足りない"),
        (429, "要求が多すぎる"),
        (503, "台帳を読めない"),
    )
}
_TOKEN: Final[dict[int | str, dict[str, Any]]] = _ERRORS | {
    200: _json(
        "アクセストークン",
        {
            "access_token": {"type": "string"},
            "token_type": {"type": "string", "enum": ["Bearer"]},
            "expires_in": {"type": "integer"},
            "scope": {"type": "string"},
        },
        {"access_token": "eyJ…", "token_type": "Bearer", "expires_in": 600, "scope": "jorei:decision:evaluate"},
    )
}
_INTROSPECTION: Final[dict[int | str, dict[str, Any]]] = _ERRORS | {
    200: _json("トークンの状態", {"active": {"type": "boolean"}}, {"active": False})
}
