"""The log walked entry by entry, everything in it derived again from the leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from api.decision_log.appending import Head
from api.decision_log.bodies import ERASURE, Erased, Range
from api.decision_log.commitment import commitment
from api.decision_log.faults import Fault, Kind, at
from api.decision_log.merkle import leaf_hash
from api.decision_log.peaks import Peaks
from api.storage.tables import log_entry, log_node, log_payload

PAGE = 2_000

_sha256 = hashlib.sha256


class _Leaf(msgspec.Struct):
    id: str
    kind: str
    at_ms: int
    commit: str


_decode = msgspec.json.Decoder(_Leaf).decode


@dataclass
class Walk:
    """Where a walk stands, and what it has seen.

    Attributes:
        head: the stored head, that the walk must end at.
        peaks: the tree up to here.
        chain: the chain up to here.
        expected: roots that the tree must have at sizes, ascending; each with what says so.
        matched: the largest size whose root was as expected.
        faults: what does not end the walk: bodies, nodes, checkpoints.
        bodies: how many bodies were read.
        missing: indices without a body.
        erased: indices that recorded erasures name.
    """

    connection: Connection
    head: Head
    peaks: Peaks
    chain: bytes
    expected: list[tuple[int, bytes]]
    matched: int = 0
    faults: list[Fault] = field(default_factory=list)
    bodies: int = 0
    missing: list[Range] = field(default_factory=list)
    erased: list[Range] = field(default_factory=list)
    _next: int = 0
    _newest_ms: int | None = None

    def run(self, progress: Callable[[int, int], None] | None = None) -> Fault | None:
        """Walk to the head; the fault that ended the walk early."""
        self._compare_root()
        while self.peaks.size < self.head.size:
            rows = self._page()
            for row in rows:
                fault = self._step(row)
                if fault is not None:
                    return fault
            self._nodes()
            if not rows:
                return self._nothing()
            if progress is not None:
                progress(self.peaks.size, self.head.size)
        return self._end()

    def _page(self) -> list[tuple[Any, ...]]:
        """The next entries, each with salt and body where there are; read by ranges of the key, never by a join."""
        first = self.peaks.size
        last = min(first + PAGE, self.head.size) - 1
        entries = select(log_entry).where(log_entry.c.idx.between(first, last)).order_by(log_entry.c.idx)
        payloads = select(log_payload.c.idx, log_payload.c.salt, log_payload.c.body).where(
            log_payload.c.idx.between(first, last)
        )
        bodies = {index: (salt, body) for index, salt, body in self.connection.execute(payloads)}
        return [(*row, *bodies.get(row.idx, (None, None))) for row in self.connection.execute(entries)]

    def _nothing(self) -> Fault:
        """What it means that the next page is empty."""
        index, size = self.peaks.size, self.head.size
        later = select(log_entry.c.idx).where(log_entry.c.idx > index, log_entry.c.idx < size).limit(1)
        missing = self.connection.scalar(later) is not None
        return at(Kind.MISSING, index) if missing else at(Kind.TRUNCATED, index, size)

    def _step(self, row: Sequence[Any]) -> Fault | None:
        index, entry_id, kind, at_ms, leaf, hashed, prev_hash, salt, body = row
        expected = self.peaks.size
        if index != expected:
            return at(Kind.MISSING, expected)
        leaf, hashed = bytes(leaf), bytes(hashed)
        if leaf_hash(leaf) != hashed:
            return at(Kind.EDITED, index)
        if prev_hash != self.chain:
            return self._broken_chain(index, hashed)
        try:
            said = _decode(leaf)
        except msgspec.DecodeError:
            return at(Kind.EDITED, index)
        if (said.id, said.kind, said.at_ms) != (entry_id, kind, at_ms):
            return at(Kind.COLUMNS, index)
        self._body(index, kind, said.commit, salt, body)
        self.chain = _sha256(self.chain + hashed).digest()
        self._newest_ms = said.at_ms
        self.peaks.push(hashed)
        self._compare_root()
        return None

    def _body(self, index: int, kind: str, commit: str, salt: bytes | None, body: bytes | None) -> None:
        if salt is None or body is None:
            if self.missing and self.missing[-1][1] == index - 1:
                self.missing[-1] = (self.missing[-1][0], index)
            else:
                self.missing.append((index, index))
            return
        self.bodies += 1
        if commitment(bytes(salt), bytes(body)) != commit:
            self.faults.append(at(Kind.BODY, index))
        elif kind == ERASURE:
            self.erased += msgspec.json.decode(body, type=Erased).ranges

    def _broken_chain(self, index: int, hashed: bytes) -> Fault:
        """Which row is wrong where one does not continue the one before it."""
        others = select(log_entry.c.idx).where(log_entry.c.prev_hash == self.chain, log_entry.c.idx != index).limit(1)
        if self.connection.scalar(others) is not None:
            return at(Kind.REORDERED, index)
        following = self.connection.scalar(select(log_entry.c.prev_hash).where(log_entry.c.idx == index + 1))
        after = self.head.chain if index + 1 == self.head.size else following
        if index == 0 or after == _sha256(self.chain + hashed).digest():
            return at(Kind.CHAIN, index)
        return at(Kind.REPLACED, index - 1)

    def _compare_root(self) -> None:
        """Compare the tree with what was signed of it at this size."""
        size = self.peaks.size
        while self._next < len(self.expected) and self.expected[self._next][0] == size:
            if self.peaks.root == self.expected[self._next][1]:
                self.matched = size
            elif not any(fault.kind is Kind.CHECKPOINT for fault in self.faults):
                self.faults.append(Fault(Kind.CHECKPOINT, min(self.matched, max(size - 1, 0)), max(size - 1, 0)))
            self._next += 1

    def _nodes(self) -> None:
        """Compare the stored nodes with those that the walk completed since the last page."""
        for level in sorted({level for level, _, _ in self.peaks.completed}):
            own = {pos: hashed for found, pos, hashed in self.peaks.completed if found == level}
            query = select(log_node.c.pos, log_node.c.hash).where(
                log_node.c.level == level, log_node.c.pos.between(min(own), max(own))
            )
            stored = {pos: bytes(hashed) for pos, hashed in self.connection.execute(query)}
            for pos in sorted(own):
                if stored.get(pos) != own[pos]:
                    self.faults.append(Fault(Kind.NODE, pos << level, (pos + 1 << level) - 1))
        self.peaks.completed.clear()

    def _end(self) -> Fault | None:
        head, size = self.head, self.head.size
        beyond = self.connection.scalar(select(log_entry.c.idx).where(log_entry.c.idx >= size).limit(1))
        if beyond is not None:
            return at(Kind.BEYOND, size)
        last = max(size - 1, 0)
        tree = self.chain == head.chain and self.peaks.root == head.root and self.peaks.packed == head.peaks
        if tree and self._newest_ms in (None, head.newest_ms):
            return None
        if size and self.chain != head.chain and self.peaks.root != head.root and _whole(head):
            return at(Kind.REPLACED, last)
        return at(Kind.HEAD, last)


def _whole(head: Head) -> bool:
    """Whether a head agrees with itself."""
    try:
        return Peaks(head.size, head.peaks).root == head.root
    except ValueError:
        return False


def unexplained(missing: Sequence[Range], erased: Sequence[Range]) -> Iterator[int]:
    """The first index of each range without a body that no recorded erasure covers.

    Examples:
        >>> list(unexplained([(0, 4), (8, 9)], [(0, 2), (8, 9)]))
        [3]
    """
    covers = sorted((first, last) for first, last in erased)
    for first, last in missing:
        index = first
        for low, high in covers:
            if low <= index <= high:
                index = high + 1
        if index <= last:
            yield index
