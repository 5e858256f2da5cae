"""The routes of AuthZEN."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.service import lean, models
from api.service.authzen import evaluation, metadata, search
from api.service.documents import body, problems
from api.service.routing import call_of, context_of, response

router = APIRouter(tags=["AuthZEN"])


@router.post(
    "/access/v1/evaluation",
    summary="一件を評価する",
    response_model=None,
    responses={200: {"model": models.Evaluated}, **problems(400, 401, 403, 409, 429, 503)},
    openapi_extra=body(models.EvaluationRequest),
)
async def evaluate(request: Request) -> Response:
    """AuthZEN 1.0 の Access Evaluation。拒否も 200 で、decision が false になります。"""
    return response(await lean.evaluate(context_of(request), await call_of(request)))


@router.post(
    "/access/v1/evaluations",
    summary="一括して評価する",
    response_model=None,
    responses={200: {"model": models.EvaluatedBatch | models.Evaluated}, **problems(400, 401, 403, 409, 429, 503)},
    openapi_extra=body(models.EvaluationsRequest),
)
async def evaluations(request: Request) -> Response:
    """AuthZEN 1.0 の Access Evaluations。最上位の値は既定で、各件の値に丸ごと置き換わります。"""
    return response(await evaluation.many(context_of(request), await call_of(request, batch=True)))


@router.post(
    "/access/v1/search/resource",
    summary="求められる情報を探す",
    response_model=None,
    responses={200: {"model": models.SearchResult}, **problems(400, 401, 403, 429, 503)},
    openapi_extra=body(models.ResourceSearchRequest),
)
async def search_resource(request: Request) -> Response:
    """個人に関わらない種類（information）だけを探します。"""
    return response(await search.resources(context_of(request), await call_of(request)))


@router.post(
    "/access/v1/search/action",
    summary="行える行為を探す",
    response_model=None,
    responses={200: {"model": models.SearchResult}, **problems(400, 401, 403, 429, 503)},
    openapi_extra=body(models.ActionSearchRequest),
)
async def search_action(request: Request) -> Response:
    """この機関がこの情報について適法に行える行為。"""
    return response(await search.actions(context_of(request), await call_of(request)))


@router.get("/.well-known/authzen-configuration", summary="AuthZEN の所在", response_model=None)
async def configuration(request: Request) -> Response:
    """AuthZEN のメタデータ。"""
    return response(metadata.configuration(context_of(request)))
