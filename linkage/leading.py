"""One of the processes of an installation leads: it carries messages to the network and tells it of assessments.

Whoever holds the lock of a file in the folder leads; when it ends, however it ends, another takes over.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from typing import TYPE_CHECKING

from linkage.intermediate.carrier import Carrier

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from linkage.intermediate.server import IntermediateServer

_log = logging.getLogger(__name__)
_TRY = 0.5
_TELL = 5.0


class Leading:
    """Waits for its turn in a thread; `tell` is called at the beginning, when something changed, and from time to time."""

    def __init__(self, lock: Path, server: IntermediateServer, tell: Callable[[], object]) -> None:
        self._lock, self._server, self._tell = lock, server, tell
        self._stop, self._changed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="linkage-leading", daemon=True)
        self.carrier: Carrier | None = None

    def start(self) -> None:
        """Begin to wait."""
        self._thread.start()

    def changed(self) -> None:
        """Something to tell may have changed."""
        self._changed.set()

    def close(self) -> None:
        """Lead no more."""
        self._stop.set()
        self._changed.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        handle = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while not self._stop.is_set():
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    self._stop.wait(_TRY)
                    continue
                self._lead()
        finally:
            os.close(handle)

    def _lead(self) -> None:
        carrier = self.carrier = Carrier(self._server)
        carrier.start()
        try:
            while not self._stop.is_set():
                self._changed.clear()
                wait = _TELL
                try:
                    self._tell()
                except Exception as trouble:  # told again: the network asks for it before it lets anything through
                    _log.warning("the network was not told of the assessments (%s)", type(trouble).__name__)
                    wait = 1.0
                self._changed.wait(wait)
        finally:
            carrier.close()
            self.carrier = None
