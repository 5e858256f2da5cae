"""The system log of the process is set up by what runs a service: here it is put back as it was."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog


class State:
    """How the log of the process is set up at the moment this is made."""

    def __init__(self) -> None:
        root = logging.getLogger()
        self._handlers, self._level, self._raising = list(root.handlers), root.level, logging.raiseExceptions
        self._hooks = sys.excepthook, sys.unraisablehook
        self._configured = structlog.get_config() if structlog.is_configured() else None

    def put_back(self) -> None:
        """Set it up like this again."""
        root = logging.getLogger()
        logging.captureWarnings(False)
        root.handlers[:], logging.raiseExceptions = self._handlers, self._raising
        root.setLevel(self._level)
        sys.excepthook, sys.unraisablehook = self._hooks
        structlog.reset_defaults()
        if self._configured is not None:
            structlog.configure(**self._configured)


@contextmanager
def kept() -> Iterator[None]:
    """Whatever happens to the log within, it is afterwards as it was."""
    before = State()
    try:
        yield
    finally:
        before.put_back()
