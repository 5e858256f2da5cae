"""The OpenAPI document: 3.1, in Japanese, with examples that are sent to the running service."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import jsonschema_rs
import pytest

from tests.service.conftest import Running

OURS = ("/v1/decisions", "/v1/attachments", "/v1/explain", "/v1/permits", "/v1/log", "/access", "/livez", "/readyz")


@pytest.fixture(scope="module")
def document(light: Running) -> dict[str, Any]:
    answer = light.client.get("/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def _operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, verb, one) for path, item in document["paths"].items() for verb, one in item.items()]


def _schema(document: dict[str, Any], schema: Any) -> dict[str, Any]:
    return {"components": document["components"], "allOf": [schema]}


def test_it_is_3_1_and_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)):
        assert name in document["components"]["schemas"], name
    for name in document["components"]["schemas"]:
        jsonschema_rs.validator_for(_schema(document, {"$ref": f"#/components/schemas/{name}"}))


def test_every_operation_is_told_in_japanese(document: dict[str, Any]) -> None:
    seen = set()
    for path, verb, one in _operations(document):
        assert re.search(r"[ぁ-んァ-ヶ一-龠]", one["summary"]), (path, verb)
        assert one["operationId"] not in seen
        seen.add(one["operationId"])
    assert {"/v1/decisions", "/access/v1/evaluation", "/v1/permits", "/oauth/token", "/v1/rulesets"} <= {
        path for path, _, _ in _operations(document)
    }


def test_there_is_no_number_of_twelve_digits_in_it(light: Running) -> None:
    from api.telemetry.redaction import is_clean

    assert is_clean(light.client.get("/openapi.json").text)


def _examples(document: dict[str, Any]) -> list[tuple[str, str, Any]]:
    found = []
    for path, verb, one in _operations(document):
        content = one.get("requestBody", {}).get("content", {}).get("application/json", {})
        for name, example in content.get("examples", {}).items():
            found.append((f"{verb} {path} {name}", path, example["value"]))
    return found


def test_each_example_is_valid_and_answered(light: Running, document: dict[str, Any]) -> None:
    examples = _examples(document)
    assert len(examples) >= 12
    for name, path, example in examples:
        if not path.startswith(OURS):
            continue
        operation = document["paths"][path]["post"]
        asked = operation["requestBody"]["content"]["application/json"]["schema"]
        jsonschema_rs.validator_for(_schema(document, asked)).validate(example)
        answer = light.post(path.replace("{jti}", "pm_none"), example)
        if "redeem" in path:  # the example's permit is cut short
            assert answer.status_code == 403, name
        elif "outcome" in path:
            assert answer.status_code == 404, name
        else:
            assert answer.status_code == 200, (name, answer.text)
        _described(document, operation, answer)


def _described(document: dict[str, Any], operation: dict[str, Any], answer: httpx.Response) -> None:
    """The answer is one of those that the document names, in the form it names."""
    described = operation["responses"][str(answer.status_code)]
    content = described.get("content", {})
    kind = answer.headers["content-type"].partition(";")[0]
    assert kind in content, (kind, content)
    schema = content[kind].get("schema")
    if schema and kind.endswith("json"):
        jsonschema_rs.validator_for(_schema(document, schema)).validate(answer.json())


def test_refusals_are_described_too(light: Running, document: dict[str, Any]) -> None:
    for path, verb, one in _operations(document):
        if not path.startswith(OURS) or "{" in path:
            continue
        answers = [light.client.request(verb, path, content=b"{", headers={"Content-Type": "application/json"})]
        if one.get("security"):
            answers.append(httpx.request(verb, light.url + path, content=b"{}"))
        for answer in answers:
            _described(document, one, answer)


def test_open_routes_are_open_and_the_others_are_not(light: Running, document: dict[str, Any]) -> None:
    for path, verb, one in _operations(document):
        if not path.startswith(OURS):
            continue
        answer = httpx.request(
            verb, light.url + path.replace("{id}", "x").replace("{jti}", "x").replace("{index}", "0")
        )
        assert (answer.status_code == 401) is bool(one.get("security")), (path, answer.status_code)
