"""A person's receipt: one record with the proof that it stands in the log, checked by anyone, offline.

The form is that of c2sp.org/tlog-proof; its extra data carry the leaf and, while they are kept, body and salt. The
program that checks one is `offline.py` beside this module: it needs nothing but Python.
"""

from __future__ import annotations

import base64
from pathlib import Path

from sqlalchemy import Connection

from api.canonical import canonical
from api.decision_log import note
from api.decision_log.bodies import Recorded
from api.decision_log.note import Verifier
from api.decision_log.proofs import NoSuchProof, inclusion_proof

#: The program to hand out with a receipt.
OFFLINE = Path(__file__).with_name("offline.py")


def receipt(connection: Connection, recorded: Recorded, checkpoint: str, verifier: Verifier) -> str:
    """The receipt of an entry under a signed checkpoint.

    Raises:
        NoSuchProof: when the checkpoint is older than the entry.
        NoteRefused: when it is not signed by the key.
    """
    at = note.verify(checkpoint, [verifier])
    if recorded.index >= at.size:
        raise NoSuchProof
    proof = inclusion_proof(connection, recorded.index, at.size)
    extra = {"leaf": recorded.leaf.decode()}
    if recorded.salt is not None and recorded.body is not None:
        extra |= {"salt": _b64(recorded.salt), "body": recorded.body.decode()}
    lines = [
        "c2sp.org/tlog-proof@v1",
        f"extra {_b64(canonical(extra))}",
        f"index {recorded.index}",
        *(_b64(one) for one in proof),
    ]
    return "\n".join(lines) + "\n\n" + checkpoint


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
