"""What is forgotten once its time is over, a little at a time, beside the calls."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.exc import SQLAlchemyError

from api.service.idempotency import PURGED
from api.storage.database import DatabaseRefused

if TYPE_CHECKING:
    from api.service.idempotency import Idempotency

EVERY: Final = 300.0
PAUSE: Final = 0.05  # seconds between two transactions of one round, in which the calls have the database
ROUNDS: Final = 200  # transactions of one round: what is left then waits for the next


class Housekeeping:
    """Purges expired Idempotency-Keys at the start and every few minutes, in a thread of its own.

    Args:
        idempotency: whose keys.
        log: told what could not be done; it is tried again with the next round.
        every: seconds between rounds.
    """

    def __init__(self, idempotency: Idempotency, log: Any, every: float = EVERY) -> None:
        self._idempotency, self._log, self._every = idempotency, log, every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="jorei-housekeeping", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End, after the transaction under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def round(self) -> int:
        """Forget what is past its time; how many keys it were."""
        gone = 0
        for _ in range(ROUNDS):
            purged = self._idempotency.purge()
            gone += purged
            if purged < PURGED or self._stop.wait(PAUSE):
                break
        return gone

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.round()
            except (SQLAlchemyError, DatabaseRefused) as error:
                self._log.warning("expired keys not purged", code=type(error).__name__)
            except Exception as error:  # whatever it is, the next round may fare better
                self._log.error("expired keys not purged", exc_info=error)
            self._stop.wait(self._every)
