"""Writers of one process take turns in the order they came.

SQLite has one writer and no queue: who finds it busy sleeps and tries again, so a writer without pauses starves the
others until they give up. On PostgreSQL the server queues.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """A lock that is handed on to who has waited longest. Not reentrant, like the write transaction it guards."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._taken = False

    @contextmanager
    def turn(self, seconds: float) -> Iterator[None]:
        """Wait for the turn; after so many seconds go on without it, and let the database say that it is busy."""
        mine = self._asked()
        had = mine is None or mine.acquire(timeout=seconds) or self._gave_up(mine)
        try:
            yield
        finally:
            if had:
                self._hand_on()

    def _asked(self) -> threading.Lock | None:
        """None when it is nobody's turn, else what is released when ours comes."""
        with self._mutex:
            if not self._taken:
                self._taken = True
                return None
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
            return mine

    def _gave_up(self, mine: threading.Lock) -> bool:
        """Leave the queue; true when the turn came in that very moment."""
        with self._mutex:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return False
            return True

    def _hand_on(self) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
