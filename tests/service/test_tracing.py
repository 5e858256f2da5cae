"""Traces: the caller's `traceparent` in each record, and the spans of deciding, recording and issuing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import select

from api.decision_log.bodies import body_of
from api.project import HOME, Project
from api.rulesets.recorded import replay
from api.service.edge import Edge
from api.service.recording import Recorder
from api.service.settings import Settings
from api.service.traced import TracedEdge
from api.storage.tables import log_entry
from api.telemetry.tracing import ATTRIBUTES, Tracer, open_tracer
from dsl.masking import twelve_digits
from tests.service.conftest import EVALUATION, REQUEST, Running, running, today

TRACE_ID, SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE_ID}-{SPAN_ID}-01"
EVALUATE = "/access/v1/evaluation"
ACT = {"name": "copy.register", "target": "copy", "handles": ["adr-kfmzq"]}


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture(scope="module")
def traced(
    tmp_path_factory: pytest.TempPathFactory, project: Project, exporter: InMemorySpanExporter
) -> Iterator[Running]:
    settings = Settings(home=tmp_path_factory.mktemp("traced"), files=True)
    with running(settings, project, None, open_tracer(exporter)) as found:
        yield found


def record(service: Running, evaluation_id: str) -> dict[str, Any]:
    with service.context.database.read() as connection:
        body = body_of(connection, evaluation_id)
    assert body is not None
    found: dict[str, Any] = json.loads(body)
    return found


def spans(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    """The spans ended since the last look, by name."""
    found = {span.name: span for span in exporter.get_finished_spans()}
    exporter.clear()
    return found


def ids(span: ReadableSpan) -> tuple[str, str, str | None]:
    at = span.context
    assert at is not None
    above = None if span.parent is None else f"{span.parent.span_id:016x}"
    return f"{at.trace_id:032x}", f"{at.span_id:016x}", above


def test_a_decision_is_a_span_below_the_callers_with_the_append_below_it(
    traced: Running, exporter: InMemorySpanExporter
) -> None:
    exporter.clear()
    for path, body in (("/v1/decisions", REQUEST), (EVALUATE, EVALUATION)):
        said = traced.client.post(path, json=body, headers={"traceparent": PARENT}).json()
        evaluation_id = said.get("id") or said["context"]["evaluation_id"]
        found = spans(exporter)
        assert set(found) == {"decide", "append"}
        trace, place, above = ids(found["decide"])
        assert (trace, above) == (TRACE_ID, SPAN_ID)
        assert ids(found["append"])[::2] == (trace, place)
        assert dict(found["decide"].attributes or {}) == {
            "http.route": path,
            "http.request.method": "POST",
            "http.response.status_code": 200,
        }
        told = dict(found["append"].attributes or {})
        assert told["jorei.evaluation_id"] == evaluation_id
        assert told["jorei.outcome"] == "permitted"
        assert told["jorei.ruleset"] == traced.context.deciding().digest
        assert isinstance(told["jorei.log.index"], int)
        assert record(traced, evaluation_id)["traceparent"] == PARENT


def test_without_a_caller_the_record_names_the_span_itself(traced: Running, exporter: InMemorySpanExporter) -> None:
    exporter.clear()
    for headers in ({}, {"traceparent": "00-zz"}):
        said = traced.client.post("/v1/decisions", json=REQUEST, headers=headers).json()
        trace, place, above = ids(spans(exporter)["decide"])
        assert above is None
        assert record(traced, said["id"])["traceparent"] == f"00-{trace}-{place}-01"


def test_a_permit_is_issued_below_its_decision(traced: Running, exporter: InMemorySpanExporter) -> None:
    exporter.clear()
    asked = {"request": REQUEST | {"on": today()}, "act": ACT}
    said = traced.client.post("/v1/permits", json=asked, headers={"traceparent": PARENT}).json()
    found = spans(exporter)
    assert ids(found["issue"])[::2] == (TRACE_ID, ids(found["decide"])[1])
    told = dict(found["issue"].attributes or {})
    assert told == {
        "jorei.evaluation_id": said["decision"]["id"],
        "jorei.permit.act": "copy.register",
        "jorei.code": "issued",
    }
    traced.client.post("/v1/permits", json={"request": REQUEST, "act": ACT})
    assert dict(spans(exporter)["issue"].attributes or {})["jorei.code"] == "P0302"


def test_every_record_of_a_batch_is_in_its_trace(traced: Running, exporter: InMemorySpanExporter) -> None:
    exporter.clear()
    for path, body in (
        ("/v1/decisions", {"requests": [REQUEST] * 3}),
        ("/access/v1/evaluations", EVALUATION | {"evaluations": [{}, {}, {"action": {"name": "can_read"}}]}),
    ):
        said = traced.client.post(path, json=body, headers={"traceparent": PARENT}).json()
        listed = said.get("decisions") or [one["context"] for one in said["evaluations"]]
        made = [record(traced, one.get("id") or one["evaluation_id"]) for one in listed]
        assert [one["traceparent"] for one in made] == [PARENT] * 3
        assert dict(spans(exporter)["append"].attributes or {}) == {"jorei.count": 3}


def test_a_refused_call_is_a_span_with_its_status_and_nothing_of_the_call(
    traced: Running, exporter: InMemorySpanExporter
) -> None:
    exporter.clear()
    number = "123456" + "789018"
    answer = traced.client.post("/v1/decisions", json=REQUEST | {"affair": number}, headers={"traceparent": PARENT})
    assert answer.status_code == 400
    found = exporter.get_finished_spans()
    assert [span.name for span in found] == ["decide"]
    assert dict(found[0].attributes or {})["http.response.status_code"] == 400
    _clean(found)
    assert not traced.client.get("/livez").is_error
    assert len(exporter.get_finished_spans()) == 1  # what does not decide has none


def _clean(found: Sequence[ReadableSpan]) -> None:
    for span in found:
        assert set(span.attributes or {}) <= ATTRIBUTES
        assert not twelve_digits(span.to_json())


def test_spans_hold_no_run_of_twelve_digits_and_records_replay(traced: Running, exporter: InMemorySpanExporter) -> None:
    exporter.clear()
    for _ in range(100):
        answer = traced.client.post("/v1/decisions", json=REQUEST)
        assert answer.status_code == 200, answer.text
    found = exporter.get_finished_spans()
    assert len(found) == 200
    for span in found:
        assert not any(twelve_digits(one) for one in ids(span) if one)
    again = replay(traced.context.database, traced.context.rules.of)
    assert (again.ok, again.same) == (True, again.decisions)


# ---- without a collector ----------------------------------------------------------------------------


def test_nothing_stands_in_the_way_of_a_call_without_a_collector(service: Running, traced: Running) -> None:
    assert type(service.app) is Edge
    assert type(service.context.recorder) is Recorder
    assert type(service.context.tracer) is Tracer
    assert type(traced.app) is TracedEdge


def test_the_sdk_is_not_even_loaded() -> None:
    code = (  # FastAPI itself loads the API, which does nothing without the SDK
        "import sys, api.service.app, api.telemetry.tracing as t; t.open_tracer();"
        "print(sum(name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter')) for name in sys.modules))"
    )
    environment = {"PATH": "/usr/bin:/bin"}
    said = subprocess.run([sys.executable, "-c", code], cwd=HOME, env=environment, capture_output=True, check=True)
    assert said.stdout.decode().strip() == "0"


def test_the_callers_trace_is_recorded_all_the_same(service: Running) -> None:
    said = service.client.post("/v1/decisions", json=REQUEST, headers={"traceparent": PARENT}).json()
    assert record(service, said["id"])["traceparent"] == PARENT
    said = service.client.post(EVALUATE, json=EVALUATION, headers={"traceparent": PARENT}).json()
    assert record(service, said["context"]["evaluation_id"])["traceparent"] == PARENT
    asked = {"request": REQUEST | {"on": today()}, "act": ACT}
    said = service.client.post("/v1/permits", json=asked, headers={"traceparent": PARENT}).json()
    assert record(service, said["decision"]["id"])["traceparent"] == PARENT
    # the next call over the same connection is in no trace
    assert "traceparent" not in record(service, service.post("/v1/decisions", REQUEST).json()["id"])


@pytest.mark.parametrize(
    "headers",
    [
        [("traceparent", "00-x")],
        [("traceparent", f"00-{'0' * 32}-{SPAN_ID}-01")],
        [("traceparent", f"00-{'123456' + '789018'}{'a' * 20}-{SPAN_ID}-01")],  # the log takes no such run
        [("traceparent", f"00-{'a' * 26}123456-{'789018'}{'b' * 10}-01")],
        [("traceparent", f"00-{TRACE_ID}-{SPAN_ID}-01\u3000".encode())],
    ],
)
def test_what_is_no_trace_is_not_recorded(light: Running, headers: Any) -> None:
    sent = [("authorization", f"Bearer {light.key}"), *headers]
    answer = light.client.post("/v1/decisions", json=REQUEST, headers=sent)
    assert answer.status_code == 200
    assert "traceparent" not in record(light, answer.json()["id"])


def test_records_with_a_trace_replay(service: Running) -> None:
    service.client.post("/v1/decisions", json=REQUEST, headers={"traceparent": PARENT})
    with service.context.database.read() as connection:
        assert connection.execute(select(log_entry.c.id).where(log_entry.c.kind == "decision")).first()
    assert replay(service.context.database, service.context.rules.of).ok
