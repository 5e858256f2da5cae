"""Changes of the register in the decision log: who was let in, and who was shut out, cannot be rewritten either."""

from __future__ import annotations

from sqlalchemy import Connection

from api import ids
from api.callers.register import DISABLED, Change, Hook
from api.canonical import canonical
from api.clock import Clock
from api.decision_log import Entry, append

KIND = "caller"


def recorder(clock: Clock) -> Hook:
    """The hook that appends a change to the log, as the last statement of its transaction."""

    def record(connection: Connection, change: Change) -> None:
        body = {"v": 1, "what": change.what, "client_id": change.client_id, "body": change.body}
        leaf = {"what": change.what, "client_id": change.client_id}
        append(connection, [Entry(ids.new("cl"), KIND, leaf, canonical(body))], clock)

    return record


def epoch_hook(clock: Clock) -> Hook:
    """The hook that makes permits of a municipality (or of national agencies) stale when a caller is shut out."""

    def advance_epoch(connection: Connection, change: Change) -> None:
        if change.what != DISABLED:
            return
        from api.permits.epoch import advance

        advance(connection, change.body, f"caller {DISABLED}", clock)

    return advance_epoch
