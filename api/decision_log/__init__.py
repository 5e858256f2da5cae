"""The decision log: append-only, provable, and honest about what it could not record."""

from __future__ import annotations

from api.decision_log.appending import append, head
from api.decision_log.bodies import body_of, entry_at, entry_of, erase, erase_all
from api.decision_log.checkpoints import publish
from api.decision_log.entry import Entry, Receipt
from api.decision_log.forks import record_fork
from api.decision_log.journal import Journal
from api.decision_log.proofs import NoSuchProof, consistency_proof, inclusion_proof, root_at
from api.decision_log.refused import JournalRefused
from api.decision_log.verification import Verification, verify, verify_at_start

__all__ = [
    "Entry",
    "Journal",
    "JournalRefused",
    "NoSuchProof",
    "Receipt",
    "Verification",
    "append",
    "body_of",
    "consistency_proof",
    "entry_at",
    "entry_of",
    "erase",
    "erase_all",
    "head",
    "inclusion_proof",
    "publish",
    "record_fork",
    "root_at",
    "verify",
    "verify_at_start",
]
