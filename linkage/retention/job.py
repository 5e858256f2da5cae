"""The erasure job: short steps through the gate, each whole in itself, so that it may be interrupted anywhere.

A step erases and notes what it erased in one transaction. A job that was interrupted goes on where it stood when it is
run again for the same day. When nothing is due any more, its certificate is recorded, with its digest in the log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, RowMapping, func, insert, select, update

from api import ids
from api.canonical import canonical
from api.clock import from_ms, to_ms
from linkage.retention import erasers, holds, tables
from linkage.retention.refusals import RetentionRefused
from linkage.retention.reporting import Certificate, Report, dry_run, held_back, line_of
from linkage.retention.rules import Rules, rules
from linkage.ticket import Admission, admit

if TYPE_CHECKING:
    from api.storage.database import Database
    from linkage.gate import Gate
    from linkage.ticket import Ticket

ERASE = "retention.erase"
_LETTERS = "abcdefghijklmnop"
_TRIES = 5


class Erasure:
    """Runs jobs. `reached` is told of each point between steps (`retention.begun`, `.step`, `.swept`, `.finished`)."""

    def __init__(
        self,
        gate: Gate,
        database: Database,
        operator: str,
        *,
        limit: int = 500,
        data: Rules | None = None,
        reached: Callable[[str], None] = lambda point: None,
    ) -> None:
        self._gate, self._database, self._operator = gate, database, operator
        self._limit, self._data, self._reached = limit, data or rules(), reached
        self._kinds = erasers.known(self._data)

    def dry_run(self, before: date) -> Report:
        """What a job would erase."""
        with self._database.read() as connection:
            return dry_run(connection, before, self._data)

    def run(self, before: date) -> Certificate:
        """Erase everything due before a day, or go on with the job of that day; gives the certificate.

        Raises:
            RetentionRefused: G0732 a job of another day is under way; G0733 a day to come.
            Refusal: By the gate: the operator may not.
        """
        job = self._gate.operate(ERASE, self._operator, lambda ticket: start(ticket, before)).result
        self._reached("retention.begun")
        for attempt in range(_TRIES):
            self._sweep(job, before)
            self._reached("retention.swept")
            try:
                return self._finish(job)
            except RetentionRefused as refused:
                if refused.code != "G0736" or attempt == _TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def _sweep(self, job: str, before: date) -> None:
        for kind in self._kinds:
            while True:
                with self._database.read() as connection:
                    if not erasers.due(connection, kind, before, holds.held(connection)):
                        break
                work = _Step(job, kind.id, self._limit, self._data)
                if not self._gate.operate(ERASE, self._operator, work, handles=(job,)).result:
                    break
                self._reached("retention.step")

    def _finish(self, job: str) -> Certificate:
        """The certificate is made before its digest can be named; it is made again inside, and must be the same."""
        with self._database.read() as connection:
            made = certificate(connection, job, self._data)
        digest = spelled(made)
        work = _Finish(job, digest, made, self._data)
        finished = self._gate.operate(ERASE, self._operator, work, handles=(job, digest)).result
        self._reached("retention.finished")
        return finished


class _Step:
    def __init__(self, job: str, kind: str, limit: int, data: Rules) -> None:
        self._job, self._kind, self._limit, self._data = job, kind, limit, data

    def __call__(self, ticket: Ticket) -> int:
        return step(ticket, self._job, self._kind, self._limit, self._data)


class _Finish:
    def __init__(self, job: str, digest: str, made: Certificate, data: Rules) -> None:
        self._job, self._digest, self._made, self._data = job, digest, made, data

    def __call__(self, ticket: Ticket) -> Certificate:
        return finish(ticket, self._job, self._digest, self._made, self._data)


def start(ticket: Ticket, before: date) -> str:
    """Begin a job for everything due before a day; gives its id, of the one under way for that day when there is one.

    Raises:
        RetentionRefused: G0732, G0733.
    """
    here = admit(ticket, ERASE)
    if before > here.at.date():
        raise RetentionRefused("G0733")
    holds.alone(here.connection)
    table = tables.job
    row = here.connection.execute(select(table).where(table.c.finished_ms.is_(None))).mappings().first()
    if row is not None:
        if row["before"] != before.isoformat():
            raise RetentionRefused("G0732", before=row["before"])
        return str(row["id"])
    id_ = ids.new("er")
    values = {"id": id_, "before": before.isoformat(), "operator": here.caller, "started_ms": to_ms(here.at)}
    here.connection.execute(insert(table), [values])
    return id_


def step(ticket: Ticket, job: str, kind: str, limit: int, data: Rules) -> int:
    """One step of a job: erase up to so many of a kind, and note how many, in the running transaction.

    Raises:
        RetentionRefused: G0731 no such job, or over.
    """
    here = admit(ticket, ERASE)
    row = _open(here, job)
    count = erasers.step(ticket, data.kind(kind), date.fromisoformat(row["before"]), limit)
    if count:
        table = tables.done
        last = select(func.max(table.c.seq)).where(table.c.job == job, table.c.kind == kind)
        seq = (here.connection.scalar(last) or 0) + 1
        values = {"job": job, "kind": kind, "seq": seq, "count": count, "operation": here.evaluation}
        here.connection.execute(insert(table), [values])
    return count


def finish(ticket: Ticket, job: str, digest: str, made: Certificate, data: Rules) -> Certificate:
    """Keep the certificate of a job whose every kind is done.

    Raises:
        RetentionRefused: G0731; G0736 something became due, or was held back, since the certificate was made.
    """
    here = admit(ticket, ERASE)
    holds.alone(here.connection)
    row = _open(here, job)
    before, held = date.fromisoformat(row["before"]), holds.held(here.connection)
    left = any(erasers.due(here.connection, kind, before, held) for kind in data.kinds)
    now = certificate(here.connection, job, data)
    if left or spelled(made) != digest or msgspec.structs.replace(now, finished=made.finished) != made:
        raise RetentionRefused("G0736")
    table = tables.job
    kept = {"finished_ms": to_ms(here.at), "certificate": canonical(made)}
    here.connection.execute(update(table).where(table.c.id == job).values(kept))
    return made


def certificate(connection: Connection, job: str, data: Rules) -> Certificate:
    """The certificate of a job as its steps stand: its counts are those that were committed, no other.

    Raises:
        RetentionRefused: G0731.
    """
    row = connection.execute(select(tables.job).where(tables.job.c.id == job)).mappings().first()
    if row is None:
        raise RetentionRefused("G0731")
    if row["certificate"] is not None:
        return msgspec.json.decode(bytes(row["certificate"]), type=Certificate)
    table = tables.done
    counted = select(table.c.kind, func.sum(table.c.count), func.count()).where(table.c.job == job)
    rows = connection.execute(counted.group_by(table.c.kind)).all()
    counts = {kind: int(total) for kind, total, _ in rows}
    before = date.fromisoformat(row["before"])
    back = held_back(connection, before, data)
    return Certificate(
        job,
        before,
        row["operator"],
        from_ms(row["started_ms"]).isoformat(),
        _finished(connection, row),
        tuple(line_of(kind.id, data, counts.get(kind.id, 0), back[kind.id]) for kind in erasers.known(data)),
        sum(steps for _, _, steps in rows),
    )


def certificates(connection: Connection) -> tuple[Certificate, ...]:
    """Those of the jobs that are done, oldest first: the list of disposals (削除・廃棄記録)."""
    table = tables.job
    query = select(table.c.certificate).where(table.c.certificate.is_not(None)).order_by(table.c.finished_ms)
    return tuple(msgspec.json.decode(bytes(body), type=Certificate) for body in connection.scalars(query))


def spelled(made: Certificate) -> str:
    """The digest of a certificate in letters alone, so that it can name no number of a person.

    Examples:
        >>> made = Certificate("er_a", date(2026, 11, 26), "kanri", "", "", (), 0)
        >>> len(spelled(made)), spelled(made).isalpha()
        (64, True)
    """
    digest = hashlib.sha256(canonical(made)).hexdigest()
    return "".join(_LETTERS[int(digit, 16)] for digit in digest)


def _open(here: Admission, job: str) -> RowMapping:
    query = select(tables.job).where(tables.job.c.id == job, tables.job.c.finished_ms.is_(None)).with_for_update()
    row = here.connection.execute(query).mappings().first()
    if row is None:
        raise RetentionRefused("G0731")
    return row


def _finished(connection: Connection, row: RowMapping) -> str:
    """The moment of the last step in the log's time; of a job without steps, its beginning."""
    from api.storage.tables import log_entry

    table = tables.done
    query = (
        select(func.max(log_entry.c.at_ms))
        .join(table, table.c.operation == log_entry.c.id)
        .where(table.c.job == row["id"])
    )
    last = connection.scalar(query)
    return from_ms(row["started_ms"] if last is None else last).isoformat()
