"""The carrier: two threads of an intermediate server, one that takes out and one that takes in."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from linkage.intermediate.client import Unreachable
from linkage.intermediate.inbound import Inbound
from linkage.intermediate.outbound import Outbound

if TYPE_CHECKING:
    from linkage.intermediate.server import IntermediateServer

_log = logging.getLogger(__name__)
_IDLE = 0.2
_WAIT_MS = 2_000


class Carrier:
    """Runs until closed. Whatever goes wrong in a pass, the next one goes on from what stands in the database."""

    def __init__(self, server: IntermediateServer) -> None:
        self._server = server
        self._outbound, self._inbound = Outbound(server), Inbound(server)
        self._wake, self._stop = threading.Event(), threading.Event()
        self._threads = tuple(
            threading.Thread(target=run, name=f"carrier-{name}", daemon=True)
            for name, run in (("out", self._take_out), ("in", self._take_in))
        )
        self.network_up = True
        server.wake = self._wake.set

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    @property
    def running(self) -> bool:
        """Whether it was not closed."""
        return not self._stop.is_set()

    def close(self) -> None:
        """Finish the passes that run, and end."""
        self._stop.set()
        self._wake.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _take_out(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                done = self._outbound.step()
            except Exception as trouble:
                _log.error("carrier: a pass out failed (%s)", type(trouble).__name__)
                self._stop.wait(1.0)
                continue
            if not done:
                self._wake.wait(_IDLE)

    def _take_in(self) -> None:
        while not self._stop.is_set():
            try:
                self._inbound.step(_WAIT_MS)
                self.network_up = True
            except Unreachable:
                self.network_up = False
                self._stop.wait(0.25)
            except Exception as trouble:
                _log.error("carrier: a pass in failed (%s)", type(trouble).__name__)
                self._stop.wait(1.0)
