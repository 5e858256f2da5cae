"""Signed checkpoints of the log while the service runs: every so many entries, every minute, and at the end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from api.clock import to_ms
from api.decision_log import JournalRefused, publish
from api.decision_log.checkpoints import CheckpointRefused
from api.decision_log.keys import signer_of, verifiers_of
from api.decision_log.refused import READ_ONLY, refused

if TYPE_CHECKING:
    from pathlib import Path

    from api.clock import Clock
    from api.decision_log import Journal
    from api.keys import KeyStore
    from api.storage.database import Database

_EVERY: Final = 60.0


class Checkpoints:
    """Signs the log now and then, in a thread of its own."""

    def __init__(
        self, database: Database, folder: Path, keys: KeyStore, clock: Clock, journal: Journal, every: int, log: Any
    ) -> None:
        self._database, self._folder, self._keys, self._clock = database, folder, keys, clock
        self._journal, self._every, self._log = journal, every, log
        self._wake = threading.Event()
        self._stop = False
        self._since = 0
        self._lock = threading.Lock()
        self.newest_ms: int | None = None
        self._thread = threading.Thread(target=self._run, name="jorei-checkpoints", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def appended(self, count: int) -> None:
        """Entries were recorded."""
        self._since += count
        if self._since >= self._every:
            self._wake.set()

    def now(self) -> str | None:
        """Sign the log as it stands; the note, or None when it cannot be signed."""
        with self._lock:
            if self._journal.refusal is not None:
                return None
            try:
                note = publish(
                    self._database, self._folder, signer_of(self._keys), self._clock, verifiers_of(self._keys)
                )[1]
            except CheckpointRefused as error:
                # the log is not what was signed before: nothing more is recorded, no permit issued
                self._journal.refuse(refused(READ_ONLY, str(error)))
                self._log.critical("log contradicts a checkpoint", code=READ_ONLY)
                return None
            self._since = 0
            self.newest_ms = to_ms(self._clock.now())
            return note

    def close(self) -> None:
        """Sign a last time and end."""
        self._stop = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._try()

    def _run(self) -> None:
        while not self._stop:
            self._wake.wait(_EVERY)
            self._wake.clear()
            if not self._stop:
                self._try()

    def _try(self) -> None:
        try:
            self.now()
        except (OSError, JournalRefused) as error:
            self._log.error("checkpoint not written", exc_info=error)
        except Exception as error:
            self._log.error("checkpoint failed", exc_info=error)
