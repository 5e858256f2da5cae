"""One schema: the lean path, FastAPI's routes and the models of the OpenAPI document accept, refuse and answer the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from api.project import Project
from api.service.authzen.mapping import Asked
from api.service.models import DecisionRequest, EvaluationRequest
from api.service.problems import Problem
from api.service.reading import Unreadable, read
from api.service.settings import Settings
from tests.service.conftest import EVALUATION, REQUEST, UNLAWFUL, Running, running

OWN = ("id", "at", "log", "evaluation_id", "evaluated_at")
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def routed(tmp_path_factory: pytest.TempPathFactory, project: Project) -> Iterator[Running]:
    """The same service without the lean path: FastAPI answers everything."""
    with running(Settings(home=tmp_path_factory.mktemp("routed"), files=True, lean=False), project) as found:
        yield found


def _bare(value: Any) -> Any:
    """An answer without what differs from call to call."""
    if isinstance(value, dict):
        return {name: _bare(one) for name, one in value.items() if name not in OWN}
    return [_bare(one) for one in value] if isinstance(value, list) else value


_ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 99),
    st.floats(-10, 10, width=16),
    st.sampled_from(["", "市長", "石巻市", "child-medical", "transfer", "use", "地方税関係情報", "2016-04-01", "full"]),
    st.sampled_from(["1234-5678-9012", "知らない", "agency", "information", "section", "file", "教育委員会"]),
)
_VALUES = st.recursive(
    _ATOMS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "id", "name", "properties", "person", "holder", "resident", "affair", "on", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=6,
)


@st.composite
def _changed(draw: st.DrawFn, whole: dict[str, Any], more: list[str]) -> bytes:
    """A good request with a few members changed, taken away or added, and sometimes broken bytes."""
    asked = json.loads(json.dumps(whole))
    places = [asked, *(one for one in asked.values() if isinstance(one, dict))]
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.sampled_from(places))
        name = draw(st.sampled_from([*place, *more]))
        if draw(st.booleans()):
            place.pop(name, None)
        else:
            place[name] = draw(_VALUES)
    body = json.dumps(asked, ensure_ascii=draw(st.booleans())).encode()
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(body)))
        body = body[:at] + draw(st.binary(min_size=1, max_size=2)) + body[at:]
    return body


_NATIVE = st.one_of(_changed(REQUEST, ["attachments", "x"]), _changed(UNLAWFUL, ["requests", "x"]))
_AUTHZEN = _changed(EVALUATION, ["properties", "x", "time", "holder"])
_SETTINGS = settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def _same(light: Running, routed: Running, path: str, body: bytes, headers: dict[str, str]) -> None:
    a = light.client.post(path, content=body, headers=headers)
    b = routed.client.post(path, content=body, headers=headers)
    assert (a.status_code, a.headers["content-type"]) == (b.status_code, b.headers["content-type"])
    assert _bare(a.json()) == _bare(b.json())
    named = ("cache-control", "x-content-type-options", "www-authenticate", "retry-after")
    assert [a.headers.get(name) for name in named] == [b.headers.get(name) for name in named]
    assert "x-request-id" in a.headers
    assert "x-request-id" in b.headers


@_SETTINGS
@given(body=_NATIVE, query=st.sampled_from(["", "?citations=ids", "?citations=full", "?citations=x", "?y=1"]))
def test_decisions_are_the_same_on_both_ways(light: Running, routed: Running, body: bytes, query: str) -> None:
    _same(light, routed, f"/v1/decisions{query}", body, JSON)


@_SETTINGS
@given(body=_AUTHZEN)
def test_evaluations_are_the_same_on_both_ways(light: Running, routed: Running, body: bytes) -> None:
    _same(light, routed, "/access/v1/evaluation", body, JSON)


@pytest.mark.parametrize("path", ["/v1/decisions", "/access/v1/evaluation"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json; charset=utf-8"},
        {"Content-Type": "application/json; charset=shift_jis"},
        JSON | {"Content-Encoding": "gzip"},
        JSON | {"Authorization": "Bearer wrong"},
        JSON | {"Authorization": ""},
        JSON | {"Idempotency-Key": ""},
        JSON | {"Accept": "application/x-ndjson"},
    ],
    ids=str,
)
def test_headers_count_the_same_on_both_ways(
    light: Running, routed: Running, path: str, headers: dict[str, str]
) -> None:
    asked = REQUEST if path == "/v1/decisions" else EVALUATION
    _same(light, routed, path, json.dumps(asked).encode(), headers)
    _same(light, routed, path, b"", headers)


def test_batches_and_streams_are_the_same_on_both_ways(light: Running, routed: Running) -> None:
    body = json.dumps({"requests": [REQUEST, 5, UNLAWFUL, {"x": 1}]}).encode()
    _same(light, routed, "/v1/decisions", body, JSON)
    lines = [
        _bare([json.loads(line) for line in one.client.post("/v1/decisions", content=body, headers=h).iter_lines()])
        for one in (light, routed)
        for h in (JSON | {"Accept": "application/x-ndjson"},)
    ]
    assert lines[0] == lines[1]
    assert lines[0][-1] == {"complete": True, "count": 4}


# --- the models ------------------------------------------------------------------------------------


def _by_model(model: Any, value: Any) -> bool:
    try:
        model.model_validate_json(json.dumps(value), strict=True)
    except ValidationError:
        return False
    return True


@_SETTINGS
@given(body=_AUTHZEN)
def test_the_model_of_an_evaluation_accepts_what_is_read(body: bytes) -> None:
    """The form of the four entities; what the strings mean is for the decision."""
    try:
        value = read(body, 16)
    except Unreadable:
        return
    try:
        Asked(value)
        read_ = True
    except Problem:
        read_ = False
    except AttributeError:
        read_ = False  # no object at all
    assert read_ == _by_model(EvaluationRequest, value)


@_SETTINGS
@given(body=_NATIVE)
def test_the_model_of_a_request_refuses_nothing_that_is_decided(light: Running, body: bytes) -> None:
    answer = light.client.post("/v1/decisions", content=body, headers=JSON)
    if answer.status_code == 200 and "decisions" not in answer.json():
        assert _by_model(DecisionRequest, json.loads(body))


@_SETTINGS
@given(body=_NATIVE)
def test_what_the_model_refuses_is_refused(light: Running, body: bytes) -> None:
    try:
        value = read(body, 16)
    except Unreadable:
        return
    if not _by_model(DecisionRequest, value) and not (isinstance(value, dict) and "requests" in value):
        assert light.client.post("/v1/decisions", content=body, headers=JSON).status_code in (400, 403, 422)
