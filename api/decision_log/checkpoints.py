"""Signed checkpoints: made of what is committed, consistent with every one made before, kept outside the database."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from api.clock import Clock, to_ms
from api.decision_log import merkle, note, notes_folder
from api.decision_log.appending import head
from api.decision_log.forks import superseded
from api.decision_log.note import Checkpoint, Signer, Verifier
from api.decision_log.proofs import DamagedTree, StoredTree
from api.storage.database import Database
from api.storage.tables import checkpoint as table


class CheckpointRefused(Exception):
    """The log is not the continuation of what was signed before: it must not be signed."""


def publish(
    database: Database, folder: Path, signer: Signer, clock: Clock, verifiers: Iterable[Verifier] = ()
) -> tuple[Checkpoint, str]:
    """Sign the log as it stands, unless that was done; the checkpoint and its note.

    Args:
        database: where the log is.
        folder: outside the database.
        signer: the key of the log.
        clock: dates the row in the database; the note has no date.
        verifiers: former keys of the log.

    Raises:
        CheckpointRefused: when the log contradicts an earlier checkpoint.
    """
    keys = (signer.verifier, *verifiers)
    with database.read() as connection:
        made = _signable(connection, folder, signer.name, keys)
    path = folder / notes_folder.name_of("checkpoint", made.size, made.root, signer.verifier)
    if path.exists():
        return made, path.read_text(encoding="utf-8")
    signed = note.sign(made, signer)
    notes_folder.keep(folder, path.name, signed)
    _remember(database, made, signed, clock)
    return made, signed


def _signable(connection: Connection, folder: Path, origin: str, keys: tuple[Verifier, ...]) -> Checkpoint:
    """The checkpoint of the log as it stands, shown to go on from the newest one outside and the newest inside."""
    now = head(connection)
    tree = StoredTree(connection)
    try:
        if tree.root(now.size) != now.root:
            raise CheckpointRefused("the head does not have the root of its tree")
        for earlier in (newest_outside(connection, folder, keys), newest_inside(connection)):
            if earlier is not None:
                _consistent(tree, earlier, Checkpoint(origin, now.size, now.root))
    except (DamagedTree, IndexError):
        raise CheckpointRefused("rows of the tree are missing") from None
    return Checkpoint(origin, now.size, now.root)


def _consistent(tree: StoredTree, earlier: Checkpoint, now: Checkpoint) -> None:
    if earlier.size == 0:
        return
    if earlier.size > now.size:
        raise CheckpointRefused("the log is shorter than it was")
    proof = merkle.consistency(earlier.size, now.size, tree.subtree)
    if not merkle.verify_consistency(earlier.size, now.size, proof, earlier.root, now.root):
        raise CheckpointRefused("the log is not what it was")


def newest_outside(connection: Connection, folder: Path, verifiers: Iterable[Verifier]) -> Checkpoint | None:
    """The largest checkpoint of the folder that a trusted key signed and no recorded fork put aside.

    Files that no trusted key signed are passed over here; the whole verification names them.
    """
    keys = tuple(verifiers)
    aside = superseded(connection, folder, keys)
    for one in reversed(notes_folder.kept(folder, "checkpoint")):
        found = notes_folder.opened(one, keys)
        if found is not None and (found.size, found.root) not in aside:
            return found
    return None


def newest_inside(connection: Connection) -> Checkpoint | None:
    """The largest checkpoint of the database."""
    row = connection.execute(select(table.c.size, table.c.root).order_by(table.c.size.desc()).limit(1)).one_or_none()
    return None if row is None else Checkpoint("", row.size, bytes(row.root))


def _remember(database: Database, made: Checkpoint, signed: str, clock: Clock) -> None:
    values = {"size": made.size, "root": made.root, "note": signed, "at_ms": to_ms(clock.now())}
    try:
        with database.begin() as connection:
            connection.execute(table.insert().values(values))
    except IntegrityError:  # another process signed the same size
        return
