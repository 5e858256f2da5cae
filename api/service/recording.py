"""The record of a decision, durable before it is answered."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from api.canonical import canonical
from api.decision_log import Entry, JournalRefused
from api.service.fresh import Fresh
from api.service.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.callers import Caller
    from api.clock import Clock
    from api.decision_log import Journal
    from api.service.deciding import Deciding
    from api.service.remembering import Prepared

KIND: Final = "decision"
_MILLISECOND: Final = timedelta(milliseconds=1)


class Moment(NamedTuple):
    """A moment as records write it."""

    iso: bytes
    today: str


class Recorder:
    """Writes decisions into the journal and says where they stand. Used by the thread of the event loop.

    Without a journal (measurement only) nothing is recorded and nothing has a place.
    """

    def __init__(self, journal: Journal | None, clock: Clock, version: str, retention_years: int) -> None:
        self.journal = journal
        self.clock = clock
        self._ids = Fresh("ev")
        self._years = retention_years
        self._engine = canonical({"interpreter": "compiled", "version": version})
        self._callers: dict[int, tuple[Caller, bytes]] = {}
        self._until: tuple[str, date | None] = ("", None)
        self._first = self._next = clock.now()
        self._moment = Moment(b"", "")

    def now(self) -> Moment:
        """This moment; within a millisecond, the same."""
        at = self.clock.now()
        if self._first <= at < self._next:
            return self._moment
        iso = at.isoformat(timespec="milliseconds")
        self._first = at.replace(microsecond=at.microsecond // 1000 * 1000)
        self._next = self._first + _MILLISECOND
        self._moment = Moment(iso.encode(), iso[:10])
        return self._moment

    def new_id(self) -> str:
        """The identifier of an evaluation."""
        return self._ids.one()

    def new_ids(self, count: int) -> list[str]:
        """As many."""
        return self._ids.many(count)

    def entry(
        self,
        prepared: Prepared,
        deciding: Deciding,
        caller: Caller,
        api: bytes,
        moment: Moment,
        evaluation_id: str,
        trace: bytes = b"",
    ) -> Entry:
        """What is recorded of one decision: all that it needs to be made again (level 4), and its trace (`Call.trace`)."""
        body = b"".join(
            (
                b'{"answer":',
                prepared.head,
                prepared.on,
                prepared.tail,
                b',"api":"',
                api,
                b'","at":"',
                moment.iso,
                b'","caller":',
                self.caller(caller),
                b',"engine":',
                self._engine,
                b',"id":"',
                evaluation_id.encode(),
                b'","request":',
                prepared.request,
                b',"ruleset":',
                deciding.ruleset,
                trace,
                b',"v":1}',
            )
        )
        leaf = {"ruleset": deciding.digest, "outcome": prepared.outcome}
        return Entry(evaluation_id, KIND, leaf, body, self.retain_until(moment.today))

    def end_of_batch(self, seed: str, count: int, moment: Moment) -> Entry:
        """That every request of a batch with an Idempotency-Key was answered; its identifier is that of the key."""
        body = canonical({"at": moment.iso.decode(), "count": count, "id": seed, "v": 1})
        return Entry(seed, "batch", {"count": count}, body, self.retain_until(moment.today))

    async def record(self, entry: Entry) -> int:
        """Record; returns its place once it is durable.

        Raises:
            Problem: When nothing can be recorded: then nothing is answered.
        """
        assert self.journal is not None
        try:
            return (await self.journal.record(entry)).index
        except JournalRefused as error:
            raise unavailable(error) from None

    async def record_many(self, entries: Sequence[Entry]) -> list[int]:
        """Record in one transaction."""
        assert self.journal is not None
        try:
            return [receipt.index for receipt in await self.journal.record_many(entries)]
        except JournalRefused as error:
            raise unavailable(error) from None

    def caller(self, caller: Caller) -> bytes:
        """A caller as it is recorded."""
        kept = self._callers.get(id(caller))
        if kept is not None:
            return kept[1]
        if len(self._callers) >= 1_024:
            self._callers.clear()
        encoded = canonical(
            {
                "client_id": caller.client_id,
                "system": caller.system,
                "body": caller.body,
                "agency": caller.agency,
                "section": caller.section,
            }
        )
        self._callers[id(caller)] = (caller, encoded)
        return encoded

    def retain_until(self, today: str) -> date | None:
        """The last day on which the body of a record made today is kept."""
        if self._until[0] != today:
            on = date.fromisoformat(today)
            year = on.year + self._years
            leap = on.month == 2 and on.day == 29
            self._until = (today, date(year, 3, 1) if leap else on.replace(year=year))
        return self._until[1]


def unavailable(error: JournalRefused) -> Problem:
    """The problem of a record that cannot be made."""
    return Problem("log-unavailable", f"{error.code} {error.text}", headers=(("Retry-After", "1"),))
