"""Faults that a drill can switch on, from the same machine only: down, slow, late, answers dropped, death at a point."""

from __future__ import annotations

import os
import signal
import threading

import msgspec

from linkage.network.wire import Fault

#: Points at which a drill may end the process, as a power cut would.
POINTS = (
    "inquiry.before-commit",
    "inquiry.after-commit",
    "provision.before-commit",
    "provision.after-commit",
    "mailbox.before-answer",
    "ack.after-commit",
)


class Faults:
    """What is wrong now. Nothing, unless a drill says so."""

    def __init__(self) -> None:
        self._fault = Fault()
        self._lock = threading.Lock()

    @property
    def now(self) -> Fault:
        """The faults of this moment."""
        return self._fault

    def set(self, fault: Fault) -> None:
        """Replace them."""
        if fault.crash_at is not None and fault.crash_at not in POINTS:
            raise ValueError(fault.crash_at)
        with self._lock:
            self._fault = fault

    def reach(self, point: str) -> None:
        """Arrive at a point: nothing, unless a drill named it."""
        if point == self._fault.crash_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def drops(self) -> bool:
        """Whether this answer gets lost on its way."""
        with self._lock:
            left = self._fault.drop_responses
            if left:
                self._fault = msgspec.structs.replace(self._fault, drop_responses=left - 1)
            return left > 0
