"""The place of a call in a trace, and spans where OpenTelemetry is wanted."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api.telemetry.tracing import Tracer, context_of, fresh, open_tracer, parse

HEADER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_traceparent_is_gone_on_from() -> None:
    above = parse(HEADER.encode())
    assert above is not None
    assert above.header() == HEADER
    here = context_of([(b"host", b"pdp"), (b"traceparent", HEADER.encode())])
    assert (here.trace_id, here.parent_span_id, here.sampled) == (above.trace_id, above.span_id, True)
    assert here.span_id != above.span_id
    assert parse(here.header().encode()) is not None


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        HEADER.upper(),
        HEADER[:-1],
        HEADER + "-more",
        "ff" + HEADER[2:],
        "00-" + "0" * 32 + HEADER[35:],
        HEADER[:36] + "0" * 16 + "-01",
        HEADER.replace("4bf9", "4bg9"),
        " " + HEADER,
        "01-" + HEADER[3:] + "x",
    ],
)
def test_what_w3c_calls_invalid_starts_a_new_trace(header: str) -> None:
    assert parse(header.encode()) is None
    here = context_of([(b"traceparent", header.encode())])
    assert here.parent_span_id is None
    assert here.trace_id != HEADER[3:35]


def test_a_later_version_may_say_more() -> None:
    assert parse(f"01-{HEADER[3:]}-what-comes-later".encode()) is not None


def test_two_traceparents_are_none() -> None:
    assert context_of([(b"traceparent", HEADER.encode())] * 2).parent_span_id is None


@given(st.binary(max_size=80))
def test_any_bytes_are_taken_without_fault(value: bytes) -> None:
    found = parse(value)
    assert found is None or found.header().encode()[3:-3] == value[3:-3]


def test_not_sampled_stays_not_sampled() -> None:
    assert not context_of([(b"traceparent", (HEADER[:-2] + "00").encode())]).sampled
    assert fresh().sampled


def test_without_a_collector_nothing_is_imported_and_nothing_done(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    tracer = open_tracer()
    assert type(tracer) is Tracer
    with tracer.span("decide") as span:
        span.set("jorei.outcome", "x")
    code = (
        "import sys\n"
        "from api.telemetry.tracing import open_tracer\n"
        "with open_tracer().span('decide') as s: s.set('jorei.outcome', 1)\n"
        "assert not [m for m in sys.modules if m.startswith('opentelemetry')]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PATH": "/usr/bin"})


def test_spans_stand_below_the_callers() -> None:
    exporter = InMemorySpanExporter()
    tracer = open_tracer(exporter)
    here = context_of([(b"traceparent", HEADER.encode())])
    with tracer.span("decide", here) as outer:
        outer.set("jorei.count", 2)
        with tracer.span("append"):
            pass
    tracer.close()
    inner, decided = exporter.get_finished_spans()
    assert (decided.name, inner.name) == ("decide", "append")
    assert decided.context is not None
    assert decided.parent is not None
    assert inner.parent is not None
    assert f"{decided.context.trace_id:032x}" == here.trace_id
    assert f"{decided.parent.span_id:016x}" == HEADER[36:52]
    assert inner.parent.span_id == decided.context.span_id
    assert dict(decided.attributes or {}) == {"jorei.count": 2}


def test_a_trace_that_is_not_sampled_is_not_sent() -> None:
    exporter = InMemorySpanExporter()
    tracer = open_tracer(exporter)
    with tracer.span("decide", context_of([(b"traceparent", (HEADER[:-2] + "00").encode())])):
        pass
    tracer.close()
    assert exporter.get_finished_spans() == ()
