"""The writer of the log: waiters' entries gathered into few transactions, each answered after its commit only."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from sqlalchemy import Connection

from api.clock import Clock
from api.decision_log.entry import Entry, Receipt, prepare
from api.decision_log.refused import CLOSED, GONE, OVERLOADED, JournalRefused, refused
from api.decision_log.writing import Job, Writer
from api.storage.database import Database

_T = TypeVar("_T")

BATCH = 256
LINGER = 0.002
PENDING = 16_384


class Journal:
    """One writer thread over one log.

    Args:
        database: where the log is.
        clock: what dates the entries.
        refusal: set when the log may only be read, e.g. after a failed start-up check.
        batch: entries after which a transaction takes no more jobs.
        linger: seconds a transaction waits for as many jobs as the one before it held.
        pending: entries that may wait; more are refused at once.
        observed: told the entries and seconds of each transaction.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        refusal: JournalRefused | None = None,
        batch: int = BATCH,
        linger: float = LINGER,
        pending: int = PENDING,
        observed: Callable[[int, float], None] | None = None,
    ) -> None:
        self._writer = Writer(database, clock)
        self._refusal = refusal
        self._batch, self._linger, self._most = batch, linger, pending
        self._observed = observed
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._pending = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="jorei-journal", daemon=True)
        self._thread.start()

    @property
    def pending(self) -> int:
        """Entries that wait now."""
        return self._pending

    @property
    def refusal(self) -> JournalRefused | None:
        """Why nothing is recorded any more; none while the log is written."""
        return self._refusal

    def refuse(self, why: JournalRefused) -> None:
        """Record nothing more: the log may only be read."""
        self._refusal = why

    async def record(self, entry: Entry) -> Receipt:
        """Record an entry; returns once it is durable."""
        return (await self.record_many([entry]))[0]

    async def record_many(self, entries: Sequence[Entry]) -> list[Receipt]:
        """Record entries in one transaction."""
        return (await self.submit_async(None, lambda _: entries, entries))[1]

    def record_now(self, entry: Entry) -> Receipt:
        """Record an entry from a thread; returns once it is durable."""
        return self.record_many_now([entry])[0]

    def record_many_now(self, entries: Sequence[Entry]) -> list[Receipt]:
        """Record entries in one transaction, from a thread."""
        job = Job(None, None, [prepare(entry) for entry in entries], Future())
        self._put(job)
        return job.blocking.result()[1]

    def submit(
        self, work: Callable[[Connection], _T], entries: Callable[[_T], Sequence[Entry]]
    ) -> Future[tuple[_T, list[Receipt]]]:
        """Do other writes in the transaction that records what they led to.

        What `work` raises reaches the waiter and undoes only its own writes. `work` may run again after a conflict.
        """
        job = Job(work, entries, [], Future())
        self._put(job)
        return job.blocking

    async def submit_async(
        self,
        work: Callable[[Connection], _T] | None,
        entries: Callable[[Any], Sequence[Entry]],
        known: Sequence[Entry] = (),
    ) -> tuple[_T, list[Receipt]]:
        """The same, awaited; without work, the known entries are recorded."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[tuple[Any, list[Receipt]]] = loop.create_future()
        job = Job(work, entries if work is not None else None, [prepare(entry) for entry in known], waiter, loop)
        self._put(job)
        return await waiter

    def close(self) -> None:
        """Record what waits, then stop."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _put(self, job: Job) -> None:
        if self._refusal is not None:
            raise self._refusal.again()
        with self._lock:
            if self._closed:
                raise refused(CLOSED)
            if self._pending and self._pending + job.weight > self._most:
                raise refused(OVERLOADED)
            self._pending += job.weight
            self._queue.put(job)

    def _run(self) -> None:
        before, last = 1, False
        while not last:
            jobs, last = self._gather(before)
            before = len(jobs)
            if jobs:
                self._write(jobs)

    def _gather(self, before: int) -> tuple[list[Job], bool]:
        """The jobs of the next transaction, and whether they are the last.

        Callers that were answered together soon ask again; so it waits a little for as many jobs as there were before.
        """
        first = self._queue.get()
        if first is None:
            return [], True
        jobs, weight = [first], first.weight
        until = time.monotonic() + self._linger
        while weight < self._batch:
            try:
                left = until - time.monotonic() if len(jobs) < before else 0.0
                job = self._queue.get(timeout=left) if left > 0 else self._queue.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return jobs, True
            jobs.append(job)
            weight += job.weight
        return jobs, False

    def _write(self, jobs: list[Job]) -> None:
        began = time.perf_counter()
        if self._refusal is not None:
            for job in jobs:
                job.failed = self._refusal.again()
        else:
            try:
                damage = self._writer.write(jobs)
            except BaseException as error:  # the writer thread must outlive whatever happened: fail closed
                damage = None
                for job in jobs:
                    job.failed = job.failed or refused(GONE, type(error).__name__)
            self._refusal = damage or self._refusal
        recorded = sum(len(job.receipts) for job in jobs if job.failed is None)
        with self._lock:
            self._pending -= sum(job.weight for job in jobs)
        _answer(jobs)
        if self._observed is not None and recorded:
            self._observed(recorded, time.perf_counter() - began)


def _answer(jobs: Sequence[Job]) -> None:
    """Answer the waiters; those of one event loop together."""
    loops: dict[asyncio.AbstractEventLoop, list[Job]] = {}
    for job in jobs:
        if job.loop is None:
            job.settle()
        else:
            loops.setdefault(job.loop, []).append(job)
    for loop, own in loops.items():
        try:
            loop.call_soon_threadsafe(_settle, own)
        except RuntimeError:  # the loop is closed: nobody waits any more
            continue


def _settle(jobs: Sequence[Job]) -> None:
    for job in jobs:
        job.settle()
