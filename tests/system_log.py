"""The system log of the process is set up by what runs a service: here it is put back as it was."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog


@contextmanager
def kept() -> Iterator[None]:
    """Whatever happens to the log within, it is afterwards as it was."""
    root = logging.getLogger()
    handlers, level, raising = list(root.handlers), root.level, logging.raiseExceptions
    hooks = sys.excepthook, sys.unraisablehook
    configured = structlog.get_config() if structlog.is_configured() else None
    try:
        yield
    finally:
        logging.captureWarnings(False)
        root.handlers[:], logging.raiseExceptions = handlers, raising
        root.setLevel(level)
        sys.excepthook, sys.unraisablehook = hooks
        structlog.reset_defaults()
        if configured is not None:
            structlog.configure(**configured)
