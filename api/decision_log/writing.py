"""One transaction of the journal: other writes, entries, commit; and what is known when one of them fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, cast

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from api.clock import Clock
from api.decision_log.appending import append_prepared, head
from api.decision_log.entry import Entry, Prepared, Receipt, prepare
from api.decision_log.refused import BAD_HEAD, DUPLICATE, GONE, NO_SPACE, UNKNOWN_OUTCOME, JournalRefused, refused
from api.failpoints import reach
from api.storage.database import Database
from api.storage.refused import DatabaseRefused
from api.storage.tables import log_entry

#: Attempts of one job when others got in its way.
_ATTEMPTS = 4

#: PostgreSQL: serialization failure, deadlock.
_CONFLICTS = ("40001", "40P01")


class Job:
    """What one waiter asked for, and what came of it."""

    __slots__ = ("_waiter", "entries", "failed", "known", "loop", "prepared", "receipts", "value", "weight", "work")

    def __init__(
        self,
        work: Callable[[Connection], Any] | None,
        entries: Callable[[Any], Sequence[Entry]] | None,
        known: list[Prepared],
        waiter: Future[tuple[Any, list[Receipt]]] | asyncio.Future[tuple[Any, list[Receipt]]],
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.work, self.entries, self.known = work, entries, known
        self._waiter, self.loop = waiter, loop
        self.weight = max(1, len(known))
        self.prepared: list[Prepared] = known
        self.receipts: list[Receipt] = []
        self.value: Any = None
        self.failed: BaseException | None = None

    @property
    def blocking(self) -> Future[tuple[Any, list[Receipt]]]:
        """The waiter of a thread."""
        return cast("Future[tuple[Any, list[Receipt]]]", self._waiter)

    def settle(self) -> None:
        """Answer the waiter, unless it went away."""
        if self._waiter.done():
            return
        if self.failed is not None:
            self._waiter.set_exception(self.failed)
        else:
            self._waiter.set_result((self.value, self.receipts))


class _CommitFailed(Exception):
    """COMMIT did not return; what it did is to be looked up."""


class Writer:
    """Writes jobs so that each ends recorded with receipts, or failed with a reason."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def write(self, jobs: Sequence[Job]) -> JournalRefused | None:
        """Write the jobs together, or one by one when one of them stands in the way.

        Returns:
            Why nothing more may be recorded, when the log proved to be damaged.
        """
        error = self._attempt(jobs)
        if error is None:
            return None
        if len(jobs) > 1 and not isinstance(error, JournalRefused) and not self._unreachable(error):
            damage = [self._alone(job) for job in jobs]
            return next((one for one in damage if one is not None), None)
        if len(jobs) == 1:
            return self._alone(jobs[0], error)
        self._fail(jobs, error)
        return None

    def _alone(self, job: Job, error: BaseException | None = None) -> JournalRefused | None:
        for _ in range(_ATTEMPTS):
            if error is not None and not self._again(error):
                break
            error = self._attempt([job])
            if error is None:
                return None
        assert error is not None
        if isinstance(error, IntegrityError):
            error = self._explained(job, error)
        self._fail([job], error)
        return job.failed if isinstance(job.failed, JournalRefused) and job.failed.code == BAD_HEAD else None

    def _attempt(self, jobs: Sequence[Job]) -> BaseException | None:
        """Try once; none when every job has its answer."""
        for job in jobs:
            job.failed, job.receipts, job.value = None, [], None
        try:
            self._transaction(jobs)
        except _CommitFailed as failure:
            return self._looked_up(jobs, cast("SQLAlchemyError", failure.__cause__))
        except (SQLAlchemyError, DatabaseRefused, JournalRefused) as error:
            return error
        return None

    def _transaction(self, jobs: Sequence[Job]) -> None:
        with self._database.turn(), self._database.engine.connect() as connection:
            transaction = connection.begin()
            try:
                for job in jobs:
                    _work(job, connection)
                reach("journal.before-insert")
                going = [job for job in jobs if job.failed is None]
                receipts = append_prepared(connection, [one for job in going for one in job.prepared], self._clock)
                reach("journal.before-commit")
            except BaseException:
                transaction.rollback()
                raise
            _share(going, receipts)
            try:
                transaction.commit()
            except SQLAlchemyError as error:
                raise _CommitFailed from error
        reach("journal.after-commit")

    def _looked_up(self, jobs: Sequence[Job], error: SQLAlchemyError) -> BaseException | None:
        """What a commit did that did not return: all or nothing, so one entry tells.

        The head is locked first: a server that still commits holds it, and is waited for.
        """
        first = next((job.receipts[0] for job in jobs if job.receipts), None)
        if first is None:
            return error
        try:
            with self._database.begin() as connection:
                head(connection, lock=True)
                found = connection.scalar(select(log_entry.c.leaf_hash).where(log_entry.c.id == first.id))
        except (SQLAlchemyError, DatabaseRefused, JournalRefused) as other:
            return refused(UNKNOWN_OUTCOME, type(other).__name__)
        return None if found == first.leaf_hash else error

    def _again(self, error: BaseException) -> bool:
        """Whether another attempt may succeed: others were in the way, or a connection of the pool had died."""
        if not isinstance(error, DBAPIError):
            return False
        return getattr(error.orig, "sqlstate", None) in _CONFLICTS or error.connection_invalidated

    def _unreachable(self, error: BaseException) -> bool:
        return isinstance(error, DatabaseRefused) or _code(error) == NO_SPACE

    def _explained(self, job: Job, error: IntegrityError) -> BaseException:
        """A row that was there already: an entry of the same id, or rows beyond the head."""
        ids = [one.entry.id for one in job.prepared]
        try:
            with self._database.read() as connection:
                known = connection.scalar(select(log_entry.c.id).where(log_entry.c.id.in_(ids[:500])).limit(1))
        except (SQLAlchemyError, DatabaseRefused):
            return error
        return refused(DUPLICATE if known is not None or len(set(ids)) < len(ids) else BAD_HEAD)

    def _fail(self, jobs: Sequence[Job], error: BaseException) -> None:
        for job in jobs:
            job.receipts = []
            job.failed = error.again() if isinstance(error, JournalRefused) else refused(_code(error), _why(error))


def _work(job: Job, connection: Connection) -> None:
    """The other writes of a job. Its own refusals undo its own writes; errors of the database undo the transaction."""
    if job.work is None or job.entries is None:
        return
    nested = connection.begin_nested()
    try:
        job.value = job.work(connection)
        job.prepared = [prepare(entry) for entry in job.entries(job.value)]
    except SQLAlchemyError:
        nested.rollback()
        raise
    except Exception as error:
        nested.rollback()
        job.failed = error
        return
    nested.commit()


def _share(jobs: Sequence[Job], receipts: Sequence[Receipt]) -> None:
    at = 0
    for job in jobs:
        job.receipts = list(receipts[at : at + len(job.prepared)])
        at += len(job.prepared)


def _code(error: BaseException) -> str:
    cause = getattr(error, "orig", None)
    if getattr(cause, "sqlite_errorname", None) == "SQLITE_FULL" or getattr(cause, "sqlstate", None) == "53100":
        return NO_SPACE
    return GONE


def _why(error: BaseException) -> str:
    """The kind of an error, never its values."""
    cause = getattr(error, "orig", None)
    return str(
        getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or type(cause or error).__name__
    )
