"""Bells that wake members who wait at their mailbox."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator


class Bells:
    """One bell per member, rung from any thread, waited for on the loop of the server."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def ring(self, member: str) -> None:
        """Wake whoever waits for this member's mail."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._ring, member)

    def _ring(self, member: str) -> None:
        for event in self._waiting.get(member, ()):
            event.set()

    @contextlib.contextmanager
    def listening(self, member: str) -> Iterator[asyncio.Event]:
        """An event that the member's bell sets."""
        self._loop = asyncio.get_running_loop()
        event = asyncio.Event()
        self._waiting.setdefault(member, set()).add(event)
        try:
            yield event
        finally:
            self._waiting[member].discard(event)
