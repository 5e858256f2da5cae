"""Personal numbers planted in everything that goes out, and every way out searched: log, problems, figures, spans."""

from __future__ import annotations

import io
import json
import logging
import sys
import warnings
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy.exc import DBAPIError

from api.callers import NotAuthenticated, acts_for
from api.storage.database import Database
from api.telemetry import logging as telemetry_logging
from api.telemetry.metrics import Metrics
from api.telemetry.redaction import redact
from api.telemetry.tracing import context_of, open_tracer, parse
from tests.callers.conftest import House, a_caller, build, clock, keys  # noqa: F401
from tests.databases import _sqlite_template, database, database_url, postgresql_server, sqlite_database  # noqa: F401
from tests.system_log import kept
from tests.telemetry.planting import found, nested, planted

quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def sink() -> Iterator[io.StringIO]:
    """The stream that everything is logged to; what was before is put back afterwards."""
    with kept():
        stream = io.StringIO()
        telemetry_logging.configure(stream, "DEBUG")
        yield stream


def _lines(sink: io.StringIO) -> list[dict[str, Any]]:
    text = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        if "at" in line:
            datetime.fromisoformat(line["at"])
        rest = {name: value for name, value in line.items() if name != "at"}
        for shown in (json.dumps(rest), json.dumps(rest, ensure_ascii=False)):
            assert found(shown) == []
    return lines


@given(planted(), nested(planted()))
@quick
def test_the_log_by_structlog(sink: io.StringIO, text: str, value: Any) -> None:
    log = telemetry_logging.logger("service")
    log.info(text, route=value, path=text, code=text, kind=[text], reason={text: text})
    (line,) = _lines(sink)
    assert line["level"] == "info"
    assert "route" in line


@given(planted())
@quick
def test_the_log_by_the_standard_library(sink: io.StringIO, text: str) -> None:
    for name in ("uvicorn.error", "uvicorn.access", "sqlalchemy.engine", "alembic", "anything"):
        log = logging.getLogger(name)
        log.warning("asked %s", text)
        log.error(text)
        log.warning("extra", extra={"path": text, "unknown": text})
        log.warning("wrong %d", text)  # cannot be formatted
        log.warning("too many", text, text)
    for line in _lines(sink):
        assert {"at", "level", "event"} <= set(line) or line["event"] == "a log line could not be written"


@given(planted(), planted())
@quick
def test_exceptions(sink: io.StringIO, text: str, other: str) -> None:
    log = telemetry_logging.logger("service")
    for kind in (ValueError, KeyError, RuntimeError, NotAuthenticated):
        try:
            try:
                int(text)
            except ValueError as error:
                raise (kind("C0502", other) if kind is NotAuthenticated else kind(other)) from error
        except Exception:
            log.exception(text)
            logging.getLogger("uvicorn.error").exception(text)
    lines = _lines(sink)
    assert len(lines) == 8
    for line in lines:
        assert line["error"]["cause"] == "builtins.ValueError"
        assert line["error"]["frames"][-1].endswith("test_exceptions")
        assert ("message" in line["error"]) == line["error"]["type"].startswith("api."), "others put values into theirs"


def test_errors_of_both_databases(sink: io.StringIO, database: Database) -> None:  # noqa: F811
    """A real database complains about the very value that it was given."""
    with database.begin() as connection:
        connection.execute(
            sa.text("CREATE TABLE person (number TEXT PRIMARY KEY, name TEXT CHECK (name <> '山田太郎'))")
        )
    numbers = ["123456789012", "1234-5678-9012", "１２３４５６７８９０１２"]
    log = telemetry_logging.logger("storage")
    for number in numbers:
        for name in ("a", "山田太郎"):
            try:
                with database.begin() as connection:
                    connection.execute(
                        sa.text("INSERT INTO person VALUES (:n, :name)"), [{"n": number, "name": name}] * 2
                    )
            except DBAPIError as error:
                log.exception("write failed")
                log.error(str(error))
                logging.getLogger("sqlalchemy.pool").error("failed: %s", error)
    text = sink.getvalue()
    assert "IntegrityError" in text
    for line in _lines(sink):
        if "error" in line:
            assert "山田" not in json.dumps(line["error"], ensure_ascii=False), "nor a name"


@given(planted())
@quick
def test_warnings_and_uncaught_exceptions(sink: io.StringIO, text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn(text, stacklevel=1)
    telemetry_logging.uncaught()
    try:
        raise RuntimeError(text)
    except RuntimeError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    lines = _lines(sink)
    assert [line["event"] == "uncaught exception" for line in lines][-1]


@given(planted())
@quick
def test_context_variables(sink: io.StringIO, text: str) -> None:
    with structlog.contextvars.bound_contextvars(request_id=text, unknown=text):
        telemetry_logging.logger("service").info("answered")
    (line,) = _lines(sink)
    assert line["dropped"] == 1
    assert "unknown" not in line


@given(planted())
@quick
def test_figures(text: str) -> None:
    metrics = _METRICS
    metrics.decided(True, text, text, 0.001)
    metrics.failed(text)
    metrics.permit(text)
    metrics.number_refused(text)
    metrics.requested(text, 200)
    metrics.authenticated(text)
    metrics.ruleset(text)
    shown = metrics.render().decode()
    assert text not in shown
    for line in shown.splitlines():
        labels = line.partition("{")[2].partition("}")[0]
        assert found(labels) == []


_METRICS = Metrics()


@given(planted(), nested(planted()))
@quick
def test_spans(text: str, value: Any) -> None:
    exporter = InMemorySpanExporter()
    tracer = open_tracer(exporter)
    context = context_of([(b"traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")])

    def work() -> None:
        with tracer.span("decide", context) as span:
            span.set("jorei.evaluation_id", text)
            span.set("jorei.outcome", value)
            span.set("anything.else", text)
            raise RuntimeError(text)

    with pytest.raises(RuntimeError):
        work()
    tracer.close()
    (done,) = exporter.get_finished_spans()
    shown = done.to_json()
    attributes = dict(done.attributes or {})
    assert set(attributes) == {"jorei.evaluation_id", "jorei.outcome"}
    assert found(json.dumps(attributes, ensure_ascii=False)) == []
    assert done.status.description == "RuntimeError"
    assert not done.events, "an exception would be recorded with its message"
    assert text not in shown


@given(st.text("0123456789", min_size=12, max_size=12))
@quick
def test_a_traceparent_with_a_number_alone_is_left(digits: str) -> None:
    """A span whose identifier is a number between letters is not gone on from."""
    inside = f"ab{digits}cd"
    assert parse(f"00-4bf92f3577b34da6a3ce929d0e0e4736-{inside}-01".encode()) is None
    context = context_of([(b"traceparent", f"00-4bf92f3577b34da6a3ce929d0e0e4736-{inside}-01".encode())])
    assert digits not in context.header()


@given(planted(), planted())
@quick
def test_refusals_repeat_nothing(build: Any, text: str, other: str) -> None:  # noqa: F811
    house: House = _house(build)
    caller = a_caller()
    problems = [
        acts_for(caller, {"municipality": text, "agency": other}),
        acts_for(caller, {"municipality": "石巻市", "agency": other}),
    ]
    for problem in problems:
        assert problem is not None
        assert found(repr(problem)) == []
    headers = [(b"authorization", text.encode()), (b"x-request-id", other.encode())]
    with pytest.raises(NotAuthenticated) as refused:
        house.authenticator.authenticate(headers, None)
    assert found(str(refused.value) + repr(refused.value.headers)) == []
    answers = [
        house.ask({"grant_type": text}),
        house.ask({"grant_type": "client_credentials", "scope": text}, (b"authorization", text.encode())),
        house.ask_with(text, client_id=other),
    ]
    for answer in answers:
        assert answer.status in (400, 401)
        assert found(answer.json().decode()) == []


_HOUSES: list[tuple[Any, House]] = []


def _house(build: Any) -> House:  # noqa: F811
    if not _HOUSES or _HOUSES[-1][0] is not build:
        _HOUSES.append((build, build(stranger_per_minute=None)))
    return _HOUSES[-1][1]


@given(st.dictionaries(planted(), planted(), min_size=1))
@quick
def test_problem_details(values: dict[str, str]) -> None:
    """What a problem would hold, had somebody put values into it, is masked by the same function."""
    assert found(json.dumps(redact({"detail": values, "errors": [{"pointer": k} for k in values]}))) == []
