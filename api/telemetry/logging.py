"""The system log: JSON lines of known fields, masked last of all. The decision log is another thing (api/decision_log).

Everything that the standard library's `logging` is told (uvicorn, SQLAlchemy, alembic, warnings, uncaught exceptions)
comes out here too. Of an exception stand the type and the frames, and its message only when this project wrote it: a
database or a parser puts values into theirs.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import IO, Any, Final

import msgspec
import structlog
from structlog.stdlib import ProcessorFormatter

from api.clock import Clock, SystemClock
from api.telemetry.redaction import is_clean, redact, redact_text

#: The only fields that a line may have. What is told under another name is counted, not written.
FIELDS: Final = frozenset(
    {
        *("at", "level", "logger", "event", "error", "dropped"),
        *(
            "request_id",
            "trace_id",
            "span_id",
            "evaluation_id",
            "client_id",
            "system",
            "body",
            "peer",
            "method",
            "route",
        ),
        *("status", "code", "outcome", "reason", "ms", "count", "size", "index", "bytes", "worker", "pid", "signal"),
        *("ruleset", "bundle", "effective_from", "version", "engine", "kid", "epoch", "jti", "act", "target", "kind"),
        *("host", "port", "database", "folder", "path", "state", "attempt", "retry_after", "interpreter", "tree_size"),
    }
)
_OURS: Final = ("api", "dsl", "engine", "linkage")
_QUIET: Final = {"uvicorn.access": logging.WARNING, "sqlalchemy": logging.WARNING, "alembic": logging.WARNING}
_MOST_FRAMES = 30
_LONGEST = 2_000
_UNWRITABLE: Final = '{"level":"error","event":"a log line could not be written"}\n'

Event = MutableMapping[str, Any]


class _Handler(logging.StreamHandler[Any]):
    """A handler that never writes what it was told when it cannot write it."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Say so, and nothing of the record: the standard library would print its arguments."""
        try:
            self.stream.write(_UNWRITABLE)
        except (OSError, ValueError):
            return


def configure(stream: IO[str] | None = None, level: str = "INFO", clock: Clock | None = None) -> None:
    """Send every logger of the process to one stream (standard error unless told) as JSON lines."""
    clock = clock or SystemClock()

    def stamped(_: Any, __: str, event: Event) -> Event:
        return {"at": clock.now().isoformat(timespec="milliseconds"), **event}

    shared: list[Any] = [structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level, stamped]
    chain: list[Any] = [structlog.stdlib.add_logger_name, structlog.stdlib.ExtraAdder(), *shared]
    last: list[Any] = [_meta, exceptions, listed, redacted, written]
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(ProcessorFormatter(foreign_pre_chain=chain, processors=last))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    logging.raiseExceptions = False
    logging.captureWarnings(True)
    _route()
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            *shared,
            ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _route() -> None:
    """Take the loggers of libraries off their own handlers, and off levels of their own."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "sqlalchemy", "alembic", "py.warnings", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """The log of a part: `logger("service").info("started", port=8000)`. Events are fixed words, never values."""
    found: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return found


def uncaught() -> None:
    """Write exceptions that nobody caught to the log too, instead of to standard error as they are."""

    def write(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        logging.getLogger("jorei").critical("uncaught exception", exc_info=(kind, error or kind(), trace))

    def of_process(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, KeyboardInterrupt(), None)
        else:
            write(kind, error, trace)

    sys.excepthook = of_process
    threading.excepthook = lambda args: write(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: write(args.exc_type, args.exc_value, args.exc_traceback)


def _meta(_: Any, __: str, event: Event) -> Event:
    """Remove what structlog keeps for itself; keep what the standard library says of an exception."""
    record = event.pop("_record", None)
    event.pop("_from_structlog", None)
    if record is not None and record.exc_info and "exc_info" not in event:
        event["exc_info"] = record.exc_info
    return event


def exceptions(_: Any, __: str, event: Event) -> Event:
    """An exception as its types and frames; never values, locals or source lines."""
    given = event.pop("exc_info", None)
    for name in ("stack_info", "exception", "stack", "positional_args", "color_message"):
        event.pop(name, None)
    error = given if isinstance(given, BaseException) else given[1] if isinstance(given, tuple) else None
    if given is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event["error"] = described(error)
    return event


def described(error: BaseException) -> dict[str, Any]:
    """An exception for the log."""
    frames = traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
    found: dict[str, Any] = {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "frames": [f"{_module(f.filename)}:{f.lineno} {f.name}" for f in frames],
    }
    if type(error).__module__.split(".")[0] in _OURS:
        found["message"] = str(error)
    elif isinstance(error, OSError) and error.strerror:
        found["message"] = error.strerror
    state = getattr(getattr(error, "orig", error), "sqlstate", None)
    if isinstance(state, str):
        found["sqlstate"] = state
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and cause is not error:
        found["cause"] = f"{type(cause).__module__}.{type(cause).__qualname__}"
    return found


def _module(path: str) -> str:
    """The last two parts of a path: enough to find it, and no home folder."""
    return "/".join(path.replace("\\", "/").split("/")[-2:])


def listed(_: Any, __: str, event: Event) -> Event:
    """Only the fields of the list."""
    kept = {name: value for name, value in event.items() if name in FIELDS}
    dropped = len(event) - len(kept)
    return kept | {"dropped": dropped} if dropped else kept


def redacted(_: Any, __: str, event: Event) -> Event:
    """The last line: no run of eleven to thirteen digits passes, whoever wrote it."""
    found: Event = redact(event)
    return found


def written(_: Any, __: str, event: Event) -> str:
    """One line of JSON, looked at once more as the reader will see it."""
    if isinstance(event.get("event"), str):
        event["event"] = event["event"][:_LONGEST]
    for name in ("at", "level"):
        event.setdefault(name, "")
    order = [n for n in ("at", "level", "event") if n in event]
    line = msgspec.json.encode({n: event[n] for n in order} | dict(event)).decode()
    if is_clean(line):
        return line
    masked = redact_text(line)
    try:
        msgspec.json.decode(masked)
    except msgspec.DecodeError:
        return _UNWRITABLE.rstrip()
    return masked
