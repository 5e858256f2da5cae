"""The trace that a call belongs to, as its records carry it."""

from __future__ import annotations

from api.decision_log.digits import holds_number
from api.telemetry.tracing import parse, suspect


def fragment_of(header: bytes) -> bytes:
    """The member `traceparent` of a record in canonical JSON, with the comma before it, for the header of a call.

    Nothing for one that is ill-formed, or in which a record could be taken to hold an Individual Number.

    Examples:
        >>> fragment_of(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        b',"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"'
        >>> fragment_of(b"00-x")
        b''
    """
    found = parse(header)
    if found is None:
        return b""
    said = b',"traceparent":"%s"' % found.header().encode()
    if not suspect(said):  # as nearly always
        return said
    return b"" if any(map(holds_number, (said, found.trace_id.encode(), found.span_id.encode()))) else said
