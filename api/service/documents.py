"""The OpenAPI 3.1 document: schemas of `api.service.models`, Japanese summaries, examples that a test sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from api.service.models import ProblemDetails
from api.service.problems import PROBLEMS

if TYPE_CHECKING:
    from fastapi import FastAPI
    from pydantic import BaseModel

_REF: Final = "#/components/schemas/{model}"
_TITLES: Final = dict(reversed(PROBLEMS.values()))
_DESCRIPTION: Final = """番号法と条例によって、個人番号の利用・提供・連携・保管が適法かを判断します。

判断は記録されてから答えられます。適法でないことも 200 で答えます。個人番号（12桁の数字）を書いた要求は受け付けません。
"""

_bodies: dict[str, type[BaseModel]] = {}


def body(model: type[BaseModel]) -> dict[str, Any]:
    """The request body of a route that reads its bytes itself."""
    _bodies[model.__name__] = model
    schema = {"$ref": _REF.format(model=model.__name__)}
    examples = dict(model.model_config).get("json_schema_extra")
    shown: dict[str, Any] = {"schema": schema}
    if isinstance(examples, dict) and isinstance(examples.get("examples"), list):
        shown["examples"] = {f"例{n}": {"value": one} for n, one in enumerate(examples["examples"], 1)}
    return {"requestBody": {"required": True, "content": {"application/json": shown}}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The answers of a route that are problems."""
    return {
        status: {
            "description": _TITLES.get(status, "内部の誤り"),
            "content": {"application/problem+json": {"schema": {"$ref": _REF.format(model="ProblemDetails")}}},
        }
        for status in (*statuses, 500)
    }


def install(app: FastAPI) -> None:
    """Let the application give this document."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version="3.1.0",
        description=_DESCRIPTION,
        routes=app.routes,
        servers=[{"url": "/"}],
    )
    components = made.setdefault("components", {})
    models: list[Any] = [(model, "validation") for model in (*_bodies.values(), ProblemDetails)]
    _, schemas = models_json_schema(models, ref_template=_REF)
    kept = components.setdefault("schemas", {})
    kept.update(schemas.get("$defs", {}))
    for name in ("HTTPValidationError", "ValidationError"):
        kept.pop(name, None)
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "アクセストークンか API キー"}
    }
    for path, item in made["paths"].items():
        for operation in item.values():
            operation.get("responses", {}).pop("422", None) if _plain_422(operation) else None
            if path not in _OPEN:
                operation.setdefault("security", [{"bearer": []}])
    return made


_OPEN: Final = frozenset(
    {
        "/livez",
        "/readyz",
        "/health",
        "/metrics",
        "/v1/version",
        "/.well-known/authzen-configuration",
        "/.well-known/jwks.json",
        "/oauth/token",
        "/v1/log/checkpoint",
    }
)


def _plain_422(operation: dict[str, Any]) -> bool:
    """Whether the 422 is the one FastAPI adds by itself: here malformed parameters are 400."""
    return "HTTPValidationError" in str(operation.get("responses", {}).get("422", ""))
