"""The log against a model of it, through any order of what may happen to it."""

from __future__ import annotations

import shutil
import tempfile
from datetime import date, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from api.decision_log import (
    Entry,
    Journal,
    body_of,
    consistency_proof,
    entry_at,
    erase,
    head,
    inclusion_proof,
    merkle,
    publish,
    verify,
    verify_at_start,
)
from api.decision_log.note import Checkpoint
from api.storage.database import default_url, open_database
from tests.decision_log.helping import clock, entry, signer

_KEY = signer().verifier


class Log(RuleBasedStateMachine):
    """The model: the entries in order, those erased, the checkpoints."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="jorei-log-"))
        self.clock = clock()
        self.entries: list[Entry] = []
        self.leaves: list[bytes] = []
        self.erased: set[int] = set()
        self.checkpoints: list[Checkpoint] = []
        self.open()

    def open(self) -> None:
        self.database = open_database(default_url(self.home))
        self.journal = Journal(self.database, self.clock)

    def close(self) -> None:
        self.journal.close()
        self.database.close()

    def teardown(self) -> None:
        self.close()
        shutil.rmtree(self.home)

    @rule(count=st.sampled_from([1, 2, 3, 100, 255, 256]), days=st.none() | st.integers(0, 4))
    def record(self, count: int, days: int | None) -> None:
        retain = None if days is None else self.today() + timedelta(days=days)
        made = [entry(n, retain=retain) for n in range(count)]
        receipts = self.journal.record_many_now(made)
        assert [one.index for one in receipts] == list(range(len(self.entries), len(self.entries) + count))
        self.entries += made
        self.leaves += [one.leaf_hash for one in receipts]

    @rule()
    def a_day_passes(self) -> None:
        self.clock.advance(timedelta(days=1))

    @rule()
    def sign(self) -> None:
        self.checkpoints.append(publish(self.database, self.home / "outside", signer(), self.clock)[0])

    @rule(limit=st.sampled_from([1, 7, 2000]))
    def erase(self, limit: int) -> None:
        due = [n for n, one in enumerate(self.entries) if self.over(one) and n not in self.erased][:limit]
        with self.database.begin() as connection:
            assert erase(connection, self.today(), self.clock, limit=limit) == len(due)
        self.erased |= set(due)
        if due:
            with self.database.read() as connection:
                recorded = entry_at(connection, len(self.entries))
            assert recorded is not None
            self.entries.append(Entry(recorded.id, "erasure", {}, recorded.body or b""))
            self.leaves.append(recorded.leaf_hash)

    @rule()
    def restart(self) -> None:
        self.close()
        self.open()
        assert verify_at_start(self.database, self.home / "outside", _KEY).ok

    @precondition(lambda self: self.entries)
    @rule(data=st.data())
    def look(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.entries) - 1))
        with self.database.read() as connection:
            found = body_of(connection, self.entries[index].id)
            assert found == (None if index in self.erased else self.entries[index].body)
            for one in self.checkpoints:
                if one.size > index:
                    proof = inclusion_proof(connection, index, one.size)
                    assert merkle.verify_inclusion(index, one.size, self.leaves[index], proof, one.root)

    @precondition(lambda self: any(one.size for one in self.checkpoints))
    @rule()
    def goes_on_from_every_checkpoint(self) -> None:
        with self.database.read() as connection:
            now = head(connection)
            for one in self.checkpoints:
                if one.size:
                    proof = consistency_proof(connection, one.size)
                    assert merkle.verify_consistency(one.size, now.size, proof, one.root, now.root)

    @invariant()
    def is_what_the_model_says(self) -> None:
        found = verify(self.database, self.home / "outside", _KEY)
        assert found.ok, found.faults
        assert (found.size, found.root) == (len(self.leaves), merkle.root(self.leaves))
        assert found.erased == len(self.erased)
        assert found.checkpoints == len({one.size for one in self.checkpoints})

    def today(self) -> date:
        return self.clock.now().date()

    def over(self, one: Entry) -> bool:
        return one.retain_until is not None and one.retain_until < self.today()


TestLog = Log.TestCase
TestLog.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)
