"""Traces: the W3C `traceparent` of a call kept for its record, and spans where OpenTelemetry is installed and wanted.

Without it nothing is imported and a span costs one call. Records are written whether a trace is sampled or not.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final, Protocol

import msgspec

from api.telemetry.redaction import is_clean, redact
from dsl.masking import twelve_digits

HEADER: Final = b"traceparent"
_FORM = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16
_SHAPE: Final = bytes(0x30 if chr(code).isdecimal() and code < 128 else 0x78 for code in range(256))
_ENDPOINT: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
#: The only attributes of a span.
ATTRIBUTES: Final = frozenset(
    {
        *("jorei.evaluation_id", "jorei.outcome", "jorei.ruleset", "jorei.client_id", "jorei.system", "jorei.count"),
        *("jorei.log.index", "jorei.permit.act", "jorei.code", "http.route", "http.request.method"),
        "http.response.status_code",
    }
)


class TraceContext(msgspec.Struct, frozen=True):
    """Where a call stands in a trace."""

    trace_id: str
    span_id: str
    sampled: bool
    parent_span_id: str | None = None

    def header(self) -> str:
        """As it is handed on."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    def child(self) -> TraceContext:
        """A place below this one."""
        return TraceContext(self.trace_id, _span_id(), self.sampled, self.span_id)


def suspect(header: bytes) -> bool:
    """Whether the redactor has to look at a header: eleven digits with nothing but hyphens between.

    Examples:
        >>> suspect(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), suspect(b"1234-5678-901")
        (False, True)
    """
    return b"0" * 11 in header.translate(_SHAPE, b"-")


def parse(header: bytes | None) -> TraceContext | None:
    """What a `traceparent` says; None when it is missing, ill-formed, or holds what may be a personal number.

    Examples:
        >>> parse(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").sampled
        True
        >>> parse(b"00-00000000000000000000000000000000-00f067aa0ba902b7-01") is None
        True
    """
    found = _FORM.fullmatch(header) if header is not None and len(header) <= 512 else None
    if found is None or found[1] == b"ff" or (found[1] == b"00" and found[5] is not None):
        return None
    trace_id, span_id = found[2].decode(), found[3].decode()
    if trace_id == _NO_TRACE or span_id == _NO_SPAN:
        return None
    if suspect(found.string) and not (is_clean(trace_id) and is_clean(span_id)):
        return None
    return TraceContext(trace_id, span_id, bool(int(found[4], 16) & 1))


def context_of(headers: Iterable[tuple[bytes, bytes]]) -> TraceContext:
    """The place of a call in its trace: below its caller's, or at the head of a new one."""
    values = [value for name, value in headers if name == HEADER]
    above = parse(values[0]) if len(values) == 1 else None
    return above.child() if above is not None else fresh()


def fresh() -> TraceContext:
    """The head of a new trace."""
    while True:
        trace_id = secrets.token_hex(16)
        if is_clean(trace_id) and set(trace_id) != {"0"}:
            return TraceContext(trace_id, _span_id(), sampled=True)


def _span_id() -> str:
    while True:
        span_id = secrets.token_hex(8)
        if is_clean(span_id) and set(span_id) != {"0"}:
            return span_id


def _lettered(size: int) -> str:
    """Random hexadecimal between letters, without twelve digits: so no run goes from one identifier into the next."""
    while True:
        drawn = secrets.token_hex(size)
        if drawn[0].isalpha() and drawn[-1].isalpha() and not twelve_digits(drawn):
            return drawn


class Span(Protocol):
    """What can be said of the work under way."""

    def set(self, name: str, value: Any) -> None:
        """Set an attribute of `ATTRIBUTES`; others are left out."""
        ...

    def header(self) -> bytes:
        """Its place as a `traceparent`; empty when there is none."""
        ...


class _NoSpan:
    def set(self, name: str, value: Any) -> None:
        """Nothing."""

    def header(self) -> bytes:
        """None."""
        return b""


class Tracer:
    """Opens spans around deciding, recording and issuing; this one opens none."""

    enabled = False
    _NONE: Final = nullcontext(_NoSpan())

    def span(
        self, name: str, context: TraceContext | None = None, *, root: bool = False
    ) -> AbstractContextManager[Span]:
        """The work `name` (`decide`, `append`, `issue`), below a place in a trace.

        Args:
            name: of the work.
            context: the place; without one, the span under way.
            root: whether the span begins a trace when there is no place, whatever is under way.
        """
        return self._NONE

    def close(self) -> None:
        """Send what has not been sent."""


class _OpenTelemetry(Tracer):
    enabled = True

    def __init__(self, provider: Any) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("jorei")

    @contextmanager
    def span(self, name: str, context: TraceContext | None = None, *, root: bool = False) -> Iterator[Span]:
        from opentelemetry.context import Context
        from opentelemetry.trace import Status, StatusCode

        above = Context() if root and context is None else _parent(context)
        with self._tracer.start_as_current_span(
            name, context=above, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield _Telling(span)
            except BaseException as error:
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise

    def close(self) -> None:
        self._provider.shutdown()


class _Telling:
    def __init__(self, span: Any) -> None:
        self._span = span

    def set(self, name: str, value: Any) -> None:
        if name in ATTRIBUTES:
            shown = redact(value)
            self._span.set_attribute(name, shown if isinstance(shown, bool | int | float | str) else str(shown))

    def header(self) -> bytes:
        at = self._span.get_span_context()
        return b"00-%032x-%016x-%02x" % (at.trace_id, at.span_id, at.trace_flags)


def _parent(context: TraceContext | None) -> Any:
    if context is None:
        return None
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    flags = TraceFlags(TraceFlags.SAMPLED if context.sampled else TraceFlags.DEFAULT)
    span_id = context.parent_span_id or context.span_id
    above = SpanContext(int(context.trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=flags)
    return set_span_in_context(NonRecordingSpan(above))


def open_tracer(exporter: Any = None) -> Tracer:
    """Spans to the collector that the environment names (OTEL_EXPORTER_OTLP_ENDPOINT), or none.

    Args:
        exporter: a span exporter to use instead: for tests.

    Raises:
        ImportError: when a collector is named and OpenTelemetry is not installed (`pip install jorei[otel]`).
    """
    import os

    if exporter is None and not any(os.environ.get(name) for name in _ENDPOINT):
        return Tracer()
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
    from opentelemetry.sdk.trace.id_generator import IdGenerator

    class CleanIds(IdGenerator):
        """Identifiers in which nothing, and no record, takes a run of digits for a personal number."""

        def generate_span_id(self) -> int:
            return int(_lettered(8), 16)

        def generate_trace_id(self) -> int:
            return int(_lettered(16), 16)

    resource = Resource.create({"service.name": "jorei"})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False, id_generator=CleanIds())
    if exporter is not None:
        provider.add_span_processor(SimpleSpanProcessor(exporter))
    else:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return _OpenTelemetry(provider)
