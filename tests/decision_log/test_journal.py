"""The journal: answers after the commit only, one transaction for many, and a reason for each refusal."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, func, select
from sqlalchemy.exc import IntegrityError

from api.clock import FixedClock
from api.decision_log import Entry, Journal, JournalRefused, Receipt, append, entry_at, head
from api.decision_log.refused import refused
from api.storage.database import Database
from api.storage.tables import log_entry, permit_redemption
from tests.databases import Server
from tests.decision_log.helping import MORNING, clock, entry, grow, verified


@pytest.fixture
def journal(database: Database) -> Iterator[Journal]:
    opened = Journal(database, clock())
    yield opened
    opened.close()


def size(database: Database) -> int:
    with database.read() as connection:
        return head(connection).size


def redemption(jti: str) -> dict[str, object]:
    return {"jti": jti, "evaluation_id": "ev", "client_id": "c", "act": "a", "redeemed_ms": 0}


def test_receipts(database: Database, journal: Journal) -> None:
    first = journal.record_now(entry())
    second = asyncio.run(journal.record(entry()))
    assert (first.index, second.index) == (0, 1)
    with database.read() as connection:
        found = entry_at(connection, 1)
    assert found is not None
    assert (found.id, found.leaf_hash, found.at_ms) == (second.id, second.leaf_hash, second.at_ms)
    assert found.body == entry().body


def test_threads_and_tasks_together(database: Database, journal: Journal, tmp_path: Path) -> None:
    receipts: list[Receipt] = []

    def record() -> None:
        receipts.extend(journal.record_now(entry(n)) for n in range(50))

    async def tasks() -> None:
        receipts.extend(await asyncio.gather(*(journal.record(entry(n)) for n in range(300))))

    threads = [threading.Thread(target=record) for _ in range(8)]
    for thread in threads:
        thread.start()
    asyncio.run(tasks())
    for thread in threads:
        thread.join()
    assert sorted(one.index for one in receipts) == list(range(700))
    assert verified(database, tmp_path).ok


def test_several_journals(database: Database, tmp_path: Path) -> None:
    """As in several workers."""
    journals = [Journal(database, clock()) for _ in range(4)]

    def record(own: Journal) -> None:
        for n in range(40):
            own.record_now(entry(n))

    threads = [threading.Thread(target=record, args=[own]) for own in journals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for own in journals:
        own.close()
    found = verified(database, tmp_path)
    assert (found.ok, found.size) == (True, 160)


def test_many_in_one_transaction(database: Database, journal: Journal) -> None:
    commits = 0

    def count(_: Connection) -> None:
        nonlocal commits
        commits += 1

    event.listen(database.engine, "commit", count)
    receipts = journal.record_many_now([entry(n) for n in range(1_000)])
    event.remove(database.engine, "commit", count)
    assert (commits, receipts[0].index, receipts[-1].index) == (1, 0, 999)
    assert asyncio.run(journal.record_many([entry(), entry()]))[1].index == 1001


def test_waiters_share_transactions(database: Database) -> None:
    batches: list[int] = []
    journal = Journal(database, clock(), observed=lambda entries, _: batches.append(entries))

    async def record() -> None:
        await asyncio.gather(*(journal.record(entry(n)) for n in range(512)))

    asyncio.run(record())
    journal.close()
    assert sum(batches) == 512
    assert len(batches) <= 8
    assert max(batches) <= 256


def test_a_doubled_id_fails_alone(database: Database, journal: Journal) -> None:
    known = journal.record_now(entry())

    async def record() -> list[object]:
        again = Entry(known.id, "decision", {}, b"{}")
        tasks = [journal.record(one) for one in (entry(), again, entry())]
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    first, second, third = asyncio.run(record())
    assert isinstance(first, Receipt)
    assert isinstance(third, Receipt)
    assert isinstance(second, JournalRefused)
    assert second.code == "D0417"
    assert size(database) == 3
    assert journal.refusal is None


def test_other_writes_with_the_entry(database: Database, journal: Journal) -> None:
    def work(connection: Connection) -> str:
        connection.execute(permit_redemption.insert().values(redemption("pm_a")))
        return "done"

    made = entry()
    value, receipts = journal.submit(work, lambda said: [made] if said == "done" else []).result(10)
    assert (value, receipts[0].id) == ("done", made.id)
    with pytest.raises(JournalRefused):
        journal.submit(work, lambda _: [entry()]).result(10)
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(permit_redemption)) == 1
    assert size(database) == 1


def test_a_refusal_of_the_work_reaches_its_waiter_and_undoes_its_writes(database: Database, journal: Journal) -> None:
    class PermitRefused(Exception):
        pass

    def refuse(connection: Connection) -> None:
        connection.execute(permit_redemption.insert().values(redemption("pm_b")))
        raise PermitRefused

    def used_twice(connection: Connection) -> None:
        try:
            with connection.begin_nested():
                connection.execute(permit_redemption.insert().values(redemption("pm_c")))
        except IntegrityError:
            raise PermitRefused from None

    works = (refuse, used_twice, used_twice, refuse)
    waiting: list[Future[tuple[None, list[Receipt]]]] = [journal.submit(work, lambda _: [entry()]) for work in works]
    for one, good in zip(waiting, (False, True, False, False), strict=True):
        if good:
            assert len(one.result(10)[1]) == 1
        else:
            with pytest.raises(PermitRefused):
                one.result(10)
    assert size(database) == 1
    with database.read() as connection:
        assert list(connection.scalars(select(permit_redemption.c.jti))) == ["pm_c"]


def test_work_awaited(journal: Journal) -> None:
    async def go() -> tuple[int, list[Receipt]]:
        return await journal.submit_async(lambda _: 7, lambda n: [entry(n)])

    value, receipts = asyncio.run(go())
    assert (value, receipts[0].index) == (7, 0)


def test_nothing_to_record(database: Database, journal: Journal) -> None:
    assert journal.record_many_now([]) == []
    assert journal.submit(lambda _: 1, lambda _: []).result(10) == (1, [])
    assert size(database) == 0


@pytest.mark.parametrize(
    "bad",
    [
        Entry("ev_a", "decision", {}, b'{"number":"1234-5678-9012"}'),
        Entry("ev_a", "decision", {}, '{"number":"１２３４５６７８９０１２"}'.encode()),
        Entry("ev_a", "decision", {"note": "1234 5678 9012"}, b"{}"),
        Entry("123456789012", "decision", {}, b"{}"),
        Entry("ev_a", "decision", {"commit": "forged"}, b"{}"),
        Entry("ev_a", "decision", {"at_ms": 1}, b"{}"),
        Entry("ev_a", "decision", {}, b"\xff"),
        Entry("", "decision", {}, b"{}"),
    ],
)
def test_what_may_not_be_recorded(database: Database, journal: Journal, bad: Entry) -> None:
    with pytest.raises(JournalRefused) as why:
        journal.record_now(bad)
    assert why.value.code == "D0418"
    assert "9012" not in str(why.value)
    with pytest.raises(JournalRefused):
        journal.submit(lambda _: None, lambda _: [bad]).result(10)
    assert size(database) == 0


def test_thirteen_and_fourteen_digits_are_no_number(journal: Journal) -> None:
    body = b'{"at_ms":1795672955064,"corporate":"1234567890123","at":"2026-11-26T09:00:00.123+09:00"}'
    assert journal.record_now(Entry("ev_a", "decision", {}, body)).index == 0


def test_the_clock_stepped_back(database: Database) -> None:
    time_ = FixedClock(MORNING)
    journal = Journal(database, time_)
    at_ms = journal.record_now(entry()).at_ms
    time_.set(MORNING - timedelta(seconds=2))
    stepped = journal.record_now(entry())
    assert stepped.at_ms == at_ms
    with database.read() as connection:
        found = entry_at(connection, stepped.index)
        assert found is not None
        assert f'"clock_ms":{at_ms - 2000}'.encode() in found.leaf
    time_.set(MORNING - timedelta(seconds=2, milliseconds=1))
    with pytest.raises(JournalRefused, match="時計が戻っています"):
        journal.record_now(entry())
    time_.set(MORNING + timedelta(seconds=1))
    assert journal.record_now(entry()).index == 2
    journal.close()


def test_read_only(database: Database) -> None:
    why = refused("D0411", "12番")
    journal = Journal(database, clock(), refusal=why)
    with pytest.raises(JournalRefused, match="12番"):
        journal.record_now(entry())
    journal.close()
    other = Journal(database, clock())
    other.record_now(entry())
    other.refuse(why)
    with pytest.raises(JournalRefused, match="12番"):
        other.submit(lambda _: None, lambda _: [entry()])
    other.close()
    assert size(database) == 1


def test_closed(database: Database) -> None:
    journal = Journal(database, clock())
    waiting = [journal.submit(lambda _: None, lambda _: [entry()]) for _ in range(300)]
    journal.close()
    journal.close()
    assert [len(one.result(0)[1]) for one in waiting] == [1] * 300, "what waited was drained"
    with pytest.raises(JournalRefused) as why:
        journal.record_now(entry())
    assert why.value.code == "D0416"


def test_too_much_waits(database: Database) -> None:
    journal = Journal(database, clock(), pending=10)
    going, on = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        going.set()
        on.wait(10)

    held = journal.submit(hold, lambda _: [entry()])
    going.wait(10)
    waiting = [journal.submit(lambda _: None, lambda _: [entry()]) for _ in range(9)]
    assert journal.pending == 10
    with pytest.raises(JournalRefused) as why:
        journal.record_now(entry())
    assert why.value.code == "D0415"
    on.set()
    assert [one.result(10)[1][0].index for one in [held, *waiting]] == list(range(10))
    journal.close()
    assert journal.pending == 0


def test_a_waiter_that_went_away(database: Database, journal: Journal) -> None:
    async def impatient() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(journal.submit_async(lambda _: time.sleep(0.2), lambda _: [entry()]), 0.01)

    asyncio.run(impatient())
    assert journal.record_now(entry()).index == 1


def test_disk_full(sqlite_database: Database, tmp_path: Path) -> None:
    journal = Journal(sqlite_database, clock())
    journal.record_now(entry())
    pages = 0

    def limit(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    with sqlite_database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one() + 4
    event.listen(sqlite_database.engine, "begin", limit)

    def fill() -> None:
        for _ in range(100):
            journal.record_many_now([entry(n) for n in range(20)])

    with pytest.raises(JournalRefused) as why:
        fill()
    assert why.value.code == "D0413"
    full = size(sqlite_database)
    with pytest.raises(JournalRefused):
        journal.record_many_now([entry(n) for n in range(20)])
    event.remove(sqlite_database.engine, "begin", limit)
    sqlite_database.engine.dispose()
    assert journal.record_now(entry()).index == full
    journal.close()
    assert verified(sqlite_database, tmp_path / "outside").ok


def test_database_gone(postgresql_server: Server) -> None:
    from api.storage.database import open_database

    url = postgresql_server.fresh()
    database = open_database(url)
    journal = Journal(database, clock())
    journal.record_now(entry())
    postgresql_server.drop(url)
    for _ in range(2):
        with pytest.raises(JournalRefused) as why:
            journal.record_now(entry())
        assert why.value.code == "D0414"
    journal.close()
    database.close()


def test_connection_lost_before_the_commit(postgresql_database: Database, tmp_path: Path) -> None:
    journal = Journal(postgresql_database, clock())
    attempts = 0

    def cut(connection: Connection) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            _cut(postgresql_database, connection)

    assert journal.submit(cut, lambda _: [entry()]).result(10)[1][0].index == 0
    assert attempts == 2
    journal.close()
    assert verified(postgresql_database, tmp_path).size == 1


@pytest.mark.parametrize("committed", [True, False])
def test_connection_lost_in_the_commit(postgresql_database: Database, tmp_path: Path, *, committed: bool) -> None:
    """The answer to COMMIT is lost. What it did is looked up, never guessed."""
    journal = Journal(postgresql_database, clock())
    journal.record_now(entry())
    cuts = 0

    def lose(connection: Connection) -> None:
        nonlocal cuts
        cuts += 1
        if cuts == 1:
            if committed:
                connection.exec_driver_sql("COMMIT")
            _cut(postgresql_database, connection)

    event.listen(postgresql_database.engine, "commit", lose)
    made = entry()
    receipt = journal.record_now(made)
    event.remove(postgresql_database.engine, "commit", lose)
    assert (receipt.id, receipt.index) == (made.id, 1)
    assert (cuts == 1) is committed or cuts == 2
    journal.close()
    found = verified(postgresql_database, tmp_path)
    assert (found.ok, found.size) == (True, 2)
    with postgresql_database.read() as connection:
        assert connection.scalar(select(log_entry.c.leaf_hash).where(log_entry.c.idx == 1)) == receipt.leaf_hash


def _cut(database: Database, connection: Connection) -> None:
    pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
        other.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 5000)")


def test_append_in_the_callers_transaction(database: Database, tmp_path: Path) -> None:
    def fail() -> None:
        with database.begin() as connection:
            append(connection, [entry()], clock())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert grow(database, 2)[1].index == 1
    assert verified(database, tmp_path).size == 2
