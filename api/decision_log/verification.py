"""The log verified: derived again from its leaves, and compared with everything stored or signed of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from api.decision_log import note, notes_folder
from api.decision_log.appending import Head, head
from api.decision_log.checkpoints import newest_outside
from api.decision_log.faults import Fault, Kind, at
from api.decision_log.forks import Aside, superseded
from api.decision_log.note import Checkpoint, NoteRefused, Verifier
from api.decision_log.peaks import Peaks
from api.decision_log.proofs import DamagedTree, StoredTree
from api.decision_log.refused import READ_ONLY, JournalRefused, refused
from api.decision_log.walk import Walk, unexplained
from api.storage.database import Database
from api.storage.tables import checkpoint as checkpoint_table
from api.storage.tables import log_entry

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Verification:
    """What was verified, and what is wrong.

    Attributes:
        size: entries that the head says.
        root: the root that the head says.
        begun_at: the size from which entries were read; the tree before it was compared with a signed checkpoint.
        bodies: bodies that were compared with their commitments.
        erased: entries whose bodies were erased.
        checkpoints: signed checkpoints that were compared.
        faults: what is wrong, by index.
    """

    size: int
    root: bytes
    begun_at: int
    bodies: int
    erased: int
    checkpoints: int
    faults: tuple[Fault, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    @property
    def first(self) -> Fault | None:
        """The fault of the lowest index."""
        return self.faults[0] if self.faults else None

    @property
    def refusal(self) -> JournalRefused | None:
        """Why nothing may be recorded; none when nothing is wrong."""
        return None if self.first is None else refused(READ_ONLY, self.first.text)


def verify(
    database: Database,
    checkpoints_folder: Path,
    verifier: Verifier | Iterable[Verifier],
    *,
    progress: Progress | None = None,
) -> Verification:
    """Verify the whole log; `progress` is told how many entries of how many."""
    keys = _keys(verifier)
    with database.read() as connection:
        return _verify(connection, checkpoints_folder, keys, None, progress)


def verify_at_start(
    database: Database,
    checkpoints_folder: Path,
    verifier: Verifier | Iterable[Verifier],
    *,
    progress: Progress | None = None,
) -> Verification:
    """Verify what came after the newest signed checkpoint outside; the whole log when there is none or it does not fit."""
    keys = _keys(verifier)
    with database.read() as connection:
        begin = _beginning(connection, checkpoints_folder, keys)
        found = _verify(connection, checkpoints_folder, keys, begin, progress)
        if begin is None or found.ok:
            return found
        return _verify(connection, checkpoints_folder, keys, None, progress)


def _keys(verifier: Verifier | Iterable[Verifier]) -> tuple[Verifier, ...]:
    return (verifier,) if isinstance(verifier, Verifier) else tuple(verifier)


def _verify(
    connection: Connection,
    folder: Path,
    keys: tuple[Verifier, ...],
    begin: tuple[Peaks, bytes] | None,
    progress: Progress | None,
) -> Verification:
    now = _head(connection)
    peaks, chain = begin or (Peaks(), bytes(32))
    begun_at = peaks.size
    signed, faults = _signed(connection, folder, keys, begun_at)
    compared = sorted({(one.size, one.root) for one in signed if begun_at <= one.size <= now.size})
    walk = Walk(connection, now, peaks, chain, compared)
    ended = walk.run(progress)
    faults += walk.faults
    if ended is not None:
        faults.append(ended)
    else:
        faults += [at(Kind.BODY_MISSING, index) for index in unexplained(walk.missing, walk.erased)]
        faults += _shorter(signed, now)
    erased = sum(last - first + 1 for first, last in walk.missing)
    faults.sort(key=lambda one: (one.last, one.last - one.first))  # what is named exactly before what spans it
    return Verification(now.size, now.root, begun_at, walk.bodies, erased, len(compared), tuple(faults))


def _head(connection: Connection) -> Head:
    """The head; an empty one in place of one that was removed, so that the walk finds what is beyond it."""
    try:
        return head(connection)
    except JournalRefused:
        return Head(0, b"", b"", b"", 0)


def _signed(
    connection: Connection, folder: Path, keys: tuple[Verifier, ...], begun_at: int
) -> tuple[list[Checkpoint], list[Fault]]:
    """The checkpoints that count, of the folder and of the database, and what is wrong with notes.

    From a start in the middle only the newest of the folder is read, and of the database those from there on.
    """
    aside = superseded(connection, folder, keys)
    found, faults = _outside(connection, folder, keys, aside, whole=begun_at == 0)
    largest = max((one.size for one in found), default=-1)
    rows = select(checkpoint_table).where(checkpoint_table.c.size >= begun_at).order_by(checkpoint_table.c.size)
    for row in connection.execute(rows):
        try:
            inside = note.verify(row.note, keys)
        except NoteRefused:
            inside = None
        if inside is None and note.disowned(row.note, keys):
            continue
        if inside is None or (inside.size, inside.root) != (row.size, bytes(row.root)):
            faults.append(at(Kind.NOTE, row.size, f"checkpoint {row.size}"))
        elif (inside.size, inside.root) not in aside:
            found.append(inside)
            if inside.size > largest:
                faults.append(at(Kind.OUTSIDE, inside.size))
    return found, faults


def _outside(
    connection: Connection, folder: Path, keys: tuple[Verifier, ...], aside: Aside, *, whole: bool
) -> tuple[list[Checkpoint], list[Fault]]:
    if not whole:
        newest = newest_outside(connection, folder, keys)
        return ([] if newest is None else [newest]), []
    found, faults = [], []
    for kept, outside in notes_folder.checkpoints(folder, keys):
        if outside is None:
            faults.append(at(Kind.NOTE, kept.size, kept.path.name))
        elif (outside.size, outside.root) not in aside:
            found.append(outside)
    return found, faults


def _shorter(signed: list[Checkpoint], now: Head) -> list[Fault]:
    largest = max((one.size for one in signed), default=0)
    return [Fault(Kind.SHORTER, now.size, largest - 1)] if largest > now.size else []


def _beginning(connection: Connection, folder: Path, keys: tuple[Verifier, ...]) -> tuple[Peaks, bytes] | None:
    """Where the newest checkpoint outside stands, when the stored tree has its root."""
    newest, now = newest_outside(connection, folder, keys), _head(connection)
    if newest is None or newest.size > now.size:
        return None
    tree = StoredTree(connection)
    try:
        if tree.root(newest.size) != newest.root:
            return None
        packed, first = b"", 0
        for level in reversed(range(newest.size.bit_length())):
            if newest.size >> level & 1:
                packed += tree.subtree(first, first + (1 << level))
                first += 1 << level
    except DamagedTree:
        return None
    following = select(log_entry.c.prev_hash).where(log_entry.c.idx == newest.size)
    chain = now.chain if newest.size == now.size else connection.scalar(following)
    return None if chain is None else (Peaks(newest.size, packed), bytes(chain))
