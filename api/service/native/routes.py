"""The routes of the native API."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from api.canonical import canonical
from api.service import lean, models
from api.service.calls import Call, Reply
from api.service.documents import body, problems
from api.service.native import explaining, health, log, papers, permits
from api.service.native import models as own
from api.service.routing import call_of, caller_of, context_of, response

router = APIRouter()

_CITATIONS = {
    "name": "citations",
    "in": "query",
    "required": False,
    "description": "full は規定の引用をすべて、ids は規定の識別子だけを返す",
    "schema": {"type": "string", "enum": ["full", "ids"], "default": "full"},
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "同じ要求をもう一度送るときの鍵。同じ判断が返る",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


def _asked(request: Request) -> Call:
    """A call without a body."""
    peer = request.client.host if request.client else None
    return Call(dict(request.headers.raw), request.scope["query_string"], b"", caller_of(request), peer)


# --- decisions -------------------------------------------------------------------------------------

_decide = body(models.DecisionRequest)
_batch = body(models.BatchRequest)["requestBody"]["content"]["application/json"]
_content = _decide["requestBody"]["content"]["application/json"]
_content["schema"] = {"anyOf": [_content["schema"], _batch["schema"]]}
_content["examples"]["一括"] = next(iter(_batch["examples"].values()))


@router.post(
    "/v1/decisions",
    tags=["判断"],
    summary="適法かを判断する（一件、又は一括）",
    response_model=None,
    responses={
        200: {"model": models.Decided | models.DecidedBatch},
        **problems(400, 401, 403, 409, 413, 415, 422, 429, 503),
    },
    openapi_extra=_decide | {"parameters": [_CITATIONS, _KEY]},
)
async def decide(request: Request) -> Response:
    """判断は記録されてから返ります。一括は requests に並べ、Accept: application/x-ndjson なら一件一行で届きます。"""
    return response(await lean.decide(context_of(request), await call_of(request, batch=True)))


@router.get(
    "/v1/decisions/{id}",
    tags=["判断"],
    summary="過去の判断",
    response_model=None,
    responses={200: {"model": models.Decided}, **problems(400, 401, 403, 404, 410, 429, 503)},
    openapi_extra={"parameters": [_CITATIONS]},
)
async def decision(request: Request, id: str) -> Response:
    """記録された判断を、答えたとおりに返します。"""
    return response(await explaining.decision(context_of(request), _asked(request), id))


@router.get(
    "/v1/decisions/{id}/explanation",
    tags=["判断"],
    summary="過去の判断の理由",
    response_model=None,
    responses={200: {"model": own.Explained}, **problems(401, 403, 404, 410, 429, 503)},
)
async def explanation(request: Request, id: str) -> Response:
    """記録された要求と規則集による、理由の木。"""
    return response(await explaining.explanation(context_of(request), _asked(request), id))


@router.post(
    "/v1/attachments",
    tags=["判断"],
    summary="家に置いてきてよい書類",
    response_model=None,
    responses={200: {"model": own.Papers}, **problems(400, 401, 403, 413, 415, 422, 429, 503)},
    openapi_extra=body(models.DecisionRequest),
)
async def attachments(request: Request) -> Response:
    """この申請者が、この手続で持ってこなくてよい書類。"""
    return response(papers.answer(context_of(request), await call_of(request)))


@router.post(
    "/v1/explain",
    tags=["判断"],
    summary="規定が何を認めるか",
    response_model=None,
    responses={200: {"model": own.Explained}, **problems(400, 401, 403, 404, 413, 415, 429, 503)},
    openapi_extra=body(own.ExplainRequest),
)
async def explain(request: Request) -> Response:
    """引用された規定が認めること、その由来、効力。"""
    return response(explaining.provision(context_of(request), await call_of(request)))


# --- permits ---------------------------------------------------------------------------------------


@router.post(
    "/v1/permits",
    tags=["許可証"],
    summary="判断し、適法なら許可証を出す",
    response_model=None,
    responses={200: {"model": own.PermitAnswer}, **problems(400, 401, 403, 409, 413, 415, 422, 429, 503)},
    openapi_extra=body(own.PermitRequest) | {"parameters": [_KEY]},
)
async def issue(request: Request) -> Response:
    """許可証は60秒、一度だけ、示した行為にだけ使えます。"""
    return response(await permits.issue(context_of(request), await call_of(request)))


@router.post(
    "/v1/permits/redeem",
    tags=["許可証"],
    summary="別の保管先が許可証を使う",
    response_model=None,
    responses={200: {"model": own.Redeemed}, **problems(400, 401, 403, 404, 409, 413, 415, 429, 503)},
    openapi_extra=body(own.RedeemRequest) | {"parameters": [_KEY]},
)
async def redeem(request: Request) -> Response:
    """行為の前に呼びます。同じ act_id でもう一度呼ぶと、同じ受取りが返ります。"""
    return response(await permits.redeem(context_of(request), await call_of(request)))


@router.post(
    "/v1/permits/{jti}/outcome",
    tags=["許可証"],
    summary="行為の結果を知らせる",
    response_model=None,
    responses=problems(400, 401, 403, 404, 409, 413, 415, 429, 503),
    openapi_extra=body(own.OutcomeRequest) | {"parameters": [_KEY]},
)
async def outcome(request: Request, jti: str) -> Response:
    """completed（した）・failed（しなかった）・unknown（分からない）。"""
    return response(await permits.outcome(context_of(request), await call_of(request), jti))


@router.get(
    "/v1/permits/unreported",
    tags=["許可証"],
    summary="結果の知らせのない行為",
    response_model=None,
    responses=problems(401, 403, 429, 503),
)
async def unreported(request: Request) -> Response:
    """許可証が使われてから一分を過ぎても、結果が知らされていない行為。"""
    return response(await permits.open_ends(context_of(request), _asked(request)))


@router.get("/.well-known/jwks.json", tags=["許可証"], summary="公開鍵", response_model=None)
async def jwks(request: Request) -> Response:
    """許可証・封印などを確かめる公開鍵（RFC 7517）。"""
    return response(Reply(canonical(context_of(request).keys.jwks())))


# --- the log ---------------------------------------------------------------------------------------


@router.get(
    "/v1/log/checkpoint",
    tags=["記録"],
    summary="記録の封印",
    response_model=None,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "C2SP"},
        **problems(503),
    },
)
async def checkpoint(request: Request) -> Response:
    """今の記録の大きさと根に署名したもの（C2SP の signed note）。"""
    return response(await log.checkpoint(context_of(request)))


@router.get(
    "/v1/log/entries/{index}",
    tags=["記録"],
    summary="記録の一件",
    response_model=None,
    responses=problems(400, 401, 403, 404, 429, 503),
)
async def entry(request: Request, index: int) -> Response:
    """監査者が読みます。保存期間を過ぎたものは、葉だけが残ります。"""
    return response(await log.entry(context_of(request), _asked(request), index))


def _query(name: str, description: str, kind: str = "integer") -> dict[str, object]:
    schema = {"type": kind, "minimum": 0} if kind == "integer" else {"type": kind}
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


@router.get(
    "/v1/log/proof/inclusion",
    tags=["記録"],
    summary="記録に含まれる証明",
    response_model=None,
    responses=problems(400, 401, 403, 404, 429, 503),
    openapi_extra={
        "parameters": [
            _query("id", "記録の識別子", "string"),
            _query("index", "記録の位置"),
            _query("size", "記録の大きさ（省くと今）"),
        ]
    },
)
async def inclusion(request: Request) -> Response:
    """RFC 6962 の包含証明。"""
    return response(await log.inclusion(context_of(request), _asked(request)))


@router.get(
    "/v1/log/proof/consistency",
    tags=["記録"],
    summary="記録が続いている証明",
    response_model=None,
    responses=problems(400, 401, 403, 404, 429, 503),
    openapi_extra={"parameters": [_query("from", "前の大きさ"), _query("to", "後の大きさ（省くと今）")]},
)
async def consistency(request: Request) -> Response:
    """RFC 6962 の整合証明。"""
    return response(await log.consistency(context_of(request), _asked(request)))


@router.post(
    "/v1/log/verify",
    tags=["記録"],
    summary="記録をすべて確かめる",
    response_model=None,
    responses=problems(401, 403, 429, 503),
)
async def verify(request: Request) -> Response:
    """改ざんがあれば、その最初の位置を返し、以後の記録を止めます。"""
    return response(await log.verification(context_of(request), _asked(request)))


# --- operation -------------------------------------------------------------------------------------


@router.get("/livez", tags=["運用"], summary="動いているか", response_model=None)
async def livez() -> Response:
    """プロセスが答えるか。"""
    return response(health.live())


@router.get("/readyz", tags=["運用"], summary="応答できるか", response_model=None, responses=problems(503))
@router.get(
    "/health", tags=["運用"], summary="応答できるか（readyz と同じ）", response_model=None, responses=problems(503)
)
async def readyz(request: Request) -> Response:
    """データベース、記録、規則集、鍵、時計を一つずつ確かめます。"""
    ready: health.Health = request.app.state.health
    return response(await ready.ready())


@router.get(
    "/metrics",
    tags=["運用"],
    summary="数値（Prometheus）",
    response_class=PlainTextResponse,
    response_model=None,
    responses=problems(401, 403, 429, 503)
    | {200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus"}},
)
async def metrics(request: Request) -> Response:
    """この機械からか、スコープ jorei:metrics:read を持つ呼び出し元に。"""
    peer = request.client.host if request.client else None
    return response(await health.figures(context_of(request), lambda: _asked(request), peer))


@router.get("/v1/version", tags=["運用"], summary="版", response_model=None)
async def version(request: Request) -> Response:
    """プログラムの版と、判断している規則集。"""
    return response(health.version(context_of(request)))
