"""The routes of rule sets as the OpenAPI document describes them."""

from __future__ import annotations

from typing import Any

_PROBLEM = {
    "description": "できない理由（RFC 9457）",
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                    "code": {"type": "string"},
                },
                "required": ["type", "title", "status"],
            },
            "example": {
                "type": "urn:jorei:problem:ruleset-refused",
                "title": "案を書いた人は、その案を承認できません",
                "status": 403,
                "detail": "案を書いていない承認者が承認してください。",
                "code": "B0503",
            },
        }
    },
}
_VALUE = {"description": "求めたもの", "content": {"application/json": {"schema": {"type": "object"}}}}

ANSWERS: dict[int | str, dict[str, Any]] = {
    200: _VALUE,
    **dict.fromkeys((400, 401, 403, 404, 409, 413, 422, 429, 503), _PROBLEM),
}

_TEXT = {"type": ["string", "null"]}
_DAY = {"type": ["string", "null"], "format": "date", "description": "日本の日。省くと、すぐに"}


def _object(members: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": list(required), "additionalProperties": False}


UPLOAD = _object(
    {
        "files": {
            "type": "array",
            "items": _object({"path": {"type": "string"}, "text": {"type": "string"}}, ("path", "text")),
        },
        "remove": {"type": "array", "items": {"type": "string"}, "description": "取り除く文書の場所"},
        "base": {**_TEXT, "description": "元にする公開の名か符号"},
        "note": {**_TEXT, "description": "覚え書き（200字まで）"},
        "revision": {"type": ["integer", "null"], "description": "改めるとき、見た版"},
    }
)
UPLOAD["example"] = {
    "base": "000001r3f9a61d204",
    "files": [{"path": "ordinances/みなと町/規則.jorei", "text": "規則 みなと町…"}],
    "note": "施行期日の誤りを直す",
}
SEEN = _object({"content": {"type": "string", "description": "見た案の content"}}, ("content",))
REASON = _object({"reason": {**_TEXT, "description": "理由（200字まで）"}})
FROM = _object({"from": _DAY})
FROM["example"] = {"from": "2027-04-01"}
BACK = _object(
    {
        "to": {**_TEXT, "description": "戻す先の公開"},
        "confirm": {**_TEXT, "description": "承認する案"},
        "from": _DAY,
        "note": _TEXT,
    }
)


def taking(schema: dict[str, Any], status: int = 200) -> dict[str, Any]:
    """The arguments of a route that takes a body of a schema."""
    answers = {**ANSWERS, status: _VALUE}
    if status != 200:
        answers.pop(200)
    shown = {name: value for name, value in schema.items() if name != "example"}
    media: dict[str, Any] = {"schema": shown}
    if "example" in schema:
        media["example"] = schema["example"]
    body = {"required": bool(schema["required"]), "content": {"application/json": media}}
    return {"responses": answers, "openapi_extra": {"requestBody": body}}
