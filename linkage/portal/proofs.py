"""The proof of one record for the person: the receipt that anyone can check offline, and the checkpoint it rests on."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, select

from api.decision_log import note as notes
from api.decision_log import publish
from api.decision_log.checkpoints import CheckpointRefused
from api.decision_log.keys import signer_of, verifiers_of
from api.decision_log.note import NoteRefused, Verifier
from api.decision_log.proofs import DamagedTree, NoSuchProof
from api.decision_log.receipt import receipt
from api.storage.tables import checkpoint
from linkage.portal.refusals import PortalRefused
from linkage.portal.traces import decoded, persons

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from api.clock import Clock
    from api.decision_log.bodies import Recorded
    from api.keys import KeyStore
    from api.storage.database import Database

#: Signs the log as it stands; None when it may not be signed.
Sign = Callable[[], str | None]
_NAME = re.compile(r"[^a-z0-9_]")


class Proof(msgspec.Struct, frozen=True):
    """What a page says of a proof, and the text to download."""

    index: int
    size: int
    origin: str
    root: str
    key: str  # the public key to check it with
    erased: bool  # the body is past its time, only the leaf is proved
    text: str

    @property
    def note(self) -> str:
        """The signed checkpoint."""
        return self.text.partition("\n\n")[2]


def signing(database: Database, folder: Path, keys: KeyStore, clock: Clock) -> Sign:
    """Signs with the installation's own key, where no service does it already."""

    def sign() -> str | None:
        try:
            return publish(database, folder, signer_of(keys), clock, verifiers_of(keys))[1]
        except CheckpointRefused:
            return None

    return sign


class Prover:
    """Makes receipts."""

    def __init__(self, database: Database, keys: KeyStore, sign: Sign) -> None:
        self._database, self._keys, self._sign = database, keys, sign

    def public_keys(self) -> tuple[str, ...]:
        """The public keys that receipts are checked with, those revoked left out."""
        signer_of(self._keys)  # the first key is made on first use
        return tuple(key.text for key in self._trusted())

    def proof(self, recorded: Recorded, own: Iterable[str]) -> Proof:
        """The proof of an entry; what it says goes along only when it is about nobody but `own`.

        Raises:
            PortalRefused: M0206 the log cannot be signed, or rows that the proof needs are missing.
        """
        if persons(decoded(recorded.body)) - set(own):
            recorded = replace(recorded, salt=None, body=None)
        with self._database.read() as connection:
            for note in self._notes(connection, recorded.index):
                made = self._under(connection, recorded, note)
                if made is not None:
                    return made
        signed = self._sign()
        if signed is not None:
            with self._database.read() as connection:
                made = self._under(connection, recorded, signed)
            if made is not None:
                return made
        raise PortalRefused("M0206", 503)

    def _under(self, connection: Connection, recorded: Recorded, note: str) -> Proof | None:
        """The proof under a checkpoint, when a trusted key signed that and it covers the entry."""
        for key in self._trusted():
            try:
                at = notes.verify(note, [key])
                text = receipt(connection, recorded, note, key)
            except (NoteRefused, NoSuchProof, DamagedTree):
                continue
            root = note.split("\n")[2]
            return Proof(recorded.index, at.size, at.origin, root, key.text, recorded.body is None, text)
        return None

    def _notes(self, connection: Connection, index: int) -> list[str]:
        """The first checkpoint that covers an entry."""
        table = checkpoint.c
        return list(connection.scalars(select(table.note).where(table.size > index).order_by(table.size).limit(1)))

    def _trusted(self) -> list[Verifier]:
        return [one for one in verifiers_of(self._keys) if not one.revoked]


def file_name(entry: str) -> str:
    """Of a download.

    Examples:
        >>> file_name("pr_ab2")
        'pr_ab2.tlog-proof'
    """
    return f"{_NAME.sub('', entry)}.tlog-proof"
