"""A log that an operator continues after a restore from an older backup: said openly, under the key of the log.

The checkpoints that the restored log contradicts are listed in a note that the log's key signs. The note stands in an
entry of the log and in the folder outside. Only both together put those checkpoints aside.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from sqlalchemy import Connection, select

from api.canonical import canonical
from api.clock import Clock
from api.decision_log import note, notes_folder
from api.decision_log.appending import append, head
from api.decision_log.entry import Entry, Receipt
from api.decision_log.note import Checkpoint, NoteRefused, Signer, Verifier
from api.decision_log.proofs import DamagedTree, StoredTree
from api.storage.database import Database
from api.storage.tables import log_entry, log_payload

KIND = "fork"
_HEADING = "jorei-log-fork/1"

Aside = frozenset[tuple[int, bytes]]


class ForkRefused(Exception):
    """There is nothing that a fork would put aside."""


class _Body(msgspec.Struct):
    note: str


def superseded(connection: Connection, folder: Path, verifiers: Iterable[Verifier]) -> Aside:
    """The checkpoints put aside by forks that are recorded in the log and kept in the folder."""
    keys = tuple(verifiers)
    found: set[tuple[int, bytes]] = set()
    for one in notes_folder.kept(folder, "fork"):
        text = one.read()
        try:
            listed = _listed(note.opened(text, keys))
        except NoteRefused:
            continue
        if _recorded(connection, text):
            found |= listed
    return frozenset(found)


def record_fork(
    database: Database,
    folder: Path,
    signer: Signer,
    clock: Clock,
    *,
    reason: str,
    by: str,
    verifiers: Iterable[Verifier] = (),
) -> Receipt:
    """Say that the log goes on from here, though checkpoints outside say otherwise.

    Raises:
        ForkRefused: when no checkpoint outside contradicts the log.
    """
    keys = (signer.verifier, *verifiers)
    with database.begin() as connection:
        now = head(connection, lock=True)
        against = contradicted(connection, folder, keys)
        if not against:
            raise ForkRefused
        at = Checkpoint(signer.name, now.size, now.root)
        text = signer.sign(_text(at, against))
        leaf = {"size": now.size, "root": _b64(now.root), "superseded": len(against)}
        body = canonical({"note": text, "reason": reason, "by": by})
        receipt = append(connection, [Entry(_id(text), KIND, leaf, body)], clock)[0]
    notes_folder.keep(folder, notes_folder.name_of("fork", now.size, now.root, signer.verifier), text)
    return receipt


def contradicted(connection: Connection, folder: Path, verifiers: Iterable[Verifier]) -> list[Checkpoint]:
    """The checkpoints outside, not put aside, that the stored log contradicts."""
    keys = tuple(verifiers)
    aside = superseded(connection, folder, keys)
    size, tree = head(connection).size, StoredTree(connection)
    found = []
    for _, one in notes_folder.checkpoints(folder, keys):
        if one is None or (one.size, one.root) in aside:
            continue
        try:
            same = one.size <= size and tree.root(one.size) == one.root
        except DamagedTree:
            same = False
        if not same:
            found.append(one)
    return found


def _text(at: Checkpoint, against: Sequence[Checkpoint]) -> str:
    lines = [at.origin, _HEADING, f"{at.size} {_b64(at.root)}", *(f"{one.size} {_b64(one.root)}" for one in against)]
    return "".join(f"{line}\n" for line in lines)


def _listed(text: str) -> Aside:
    lines = text.splitlines()
    if len(lines) < 3 or lines[1] != _HEADING:
        raise NoteRefused("not a fork")
    found = set()
    for line in lines[3:]:
        size, _, root = line.partition(" ")
        found.add((int(size), base64.b64decode(root)))
    return frozenset(found)


def _recorded(connection: Connection, text: str) -> bool:
    """Whether an entry of the log carries this note."""
    query = (
        select(log_payload.c.body)
        .join(log_entry, log_entry.c.idx == log_payload.c.idx)
        .where(log_entry.c.id == _id(text), log_entry.c.kind == KIND)
    )
    body = connection.scalar(query)
    return body is not None and msgspec.json.decode(body, type=_Body).note == text


def _id(text: str) -> str:
    hashed = hashlib.sha256(text.encode()).digest()[:16]
    return "fk_" + base64.b32encode(hashed).decode("ascii").rstrip("=").lower()


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
