"""How often a caller may call. Counted in each worker: an installation's limit is shared out among its workers."""

from __future__ import annotations

import threading
import time
from math import ceil

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from api.callers.model import Caller
from api.callers.refused import TooManyRequests

_LEASES_A_MINUTE = 600
_LEASE_LASTS = 1.0
_MOST_KEYS = 50_000


class Limits:
    """Limits by caller, and by address for calls without a good credential.

    Calls are taken from the window a tenth of a second's worth at a time, so that most calls cost one subtraction.

    Args:
        per_minute: of every caller that has no limit of its own; None for none.
        stranger_per_minute: of every address, for calls that are not authenticated.
        workers: among how many processes the limits are shared out.
    """

    def __init__(
        self, per_minute: int | None = None, stranger_per_minute: int | None = 120, *, workers: int = 1
    ) -> None:
        self._per_minute, self._stranger, self._workers = per_minute, stranger_per_minute, max(1, workers)
        self._window = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._leases: dict[str, list[float]] = {}  # calls left, until when
        self._lock = threading.Lock()

    def caller(self, caller: Caller) -> None:
        """Count a call of a caller, else raise `TooManyRequests`."""
        limit = caller.per_minute or self._per_minute
        if limit is None:
            return
        lease = self._leases.get(caller.client_id)
        if lease is not None and lease[0] >= 1 and time.monotonic() < lease[1]:
            lease[0] -= 1
            return
        self._take(caller.client_id, limit)

    def stranger(self, peer: str | None) -> None:
        """Count a call from an address that is not authenticated, else raise `TooManyRequests`."""
        if self._stranger is not None:
            self._take(f"@{peer}", self._stranger)

    def _take(self, key: str, limit: int) -> None:
        """Take a lease from the window."""
        share = max(1, limit // self._workers)
        item = RateLimitItemPerMinute(share)
        size = max(1, share // _LEASES_A_MINUTE)
        with self._lock:
            if len(self._leases) >= _MOST_KEYS:
                self._leases.clear()
            if not self._window.hit(item, key, cost=size) and (size == 1 or not self._window.hit(item, key)):
                reset = self._window.get_window_stats(item, key).reset_time
                raise TooManyRequests(min(60, max(1, ceil(reset - time.time()))))
            self._leases[key] = [size - 1, time.monotonic() + _LEASE_LASTS]
