"""The epoch of a municipality: it goes forward whenever something that decisions rested on is taken back.

A permit carries the epoch it was decided at, and is not taken once that moved on. Whoever issues a permit reads the
epoch before the decision, never after. Publication of a rule set advances the epoch of everybody.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from api.clock import Clock, to_ms
from api.storage.tables import state_epoch
from dsl.masking import mask

#: The row that counts for every municipality.
EVERYBODY = "*"
#: The row of national agencies, whose requests have no municipality.
NATION = "nation"


def touched(body: str | None, holder: object) -> tuple[str | None, ...]:
    """The municipalities whose epoch counts for a request: of who asks, and of who holds what is asked for.

    Examples:
        >>> touched("042021", "990021/市長"), touched("042021", "042021/市長"), touched("042021", "厚生労働大臣")
        (('042021', '990021'), ('042021',), ('042021', None))
    """
    if not isinstance(holder, str):
        return (body,)
    head, slash, _ = holder.partition("/")
    other = head if slash else None
    return (body,) if other == body else (body, other)


def current(connection: Connection, *bodies: str | None) -> int:
    """The epoch of a municipality (None: national agencies), or of several together."""
    return sum(_read(connection, bodies, lock=False).values())


def held(connection: Connection, *bodies: str | None) -> int:
    """The epoch, which cannot move until this transaction ends."""
    found = _read(connection, bodies, lock=True)
    missing = {EVERYBODY, *map(_key, bodies)} - found.keys()
    if missing:  # a row that is not there cannot be locked
        rows = [{"body": key, "epoch": 0, "reason": "", "changed_ms": 0} for key in sorted(missing)]
        connection.execute(inserting(connection, state_epoch).on_conflict_do_nothing(), rows)
        found = _read(connection, bodies, lock=True)
    return sum(found.values())


def advance(connection: Connection, body: str | None, reason: str, clock: Clock) -> int:
    """Move the epoch of a municipality on (`EVERYBODY`: of all). Permits issued before are stale once this commits.

    Args:
        connection: in a write transaction.
        body: code of the municipality, None for national agencies, or `EVERYBODY`.
        reason: why, for the operator; never personal.
        clock: the time of the change.

    Returns:
        The new epoch.
    """
    key = EVERYBODY if body == EVERYBODY else _key(body)
    row = {"body": key, "epoch": 1, "reason": mask(reason), "changed_ms": to_ms(clock.now())}
    statement = inserting(connection, state_epoch).values(row)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[state_epoch.c.body],
            set_={"epoch": state_epoch.c.epoch + 1, "reason": row["reason"], "changed_ms": row["changed_ms"]},
        )
    )
    return current(connection, None if body == EVERYBODY else body)


def inserting(connection: Connection, table: Any) -> Any:
    """An INSERT of the dialect, which knows ON CONFLICT."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)


def _key(body: str | None) -> str:
    return NATION if body is None else body


def _read(connection: Connection, bodies: tuple[str | None, ...], *, lock: bool) -> dict[str, int]:
    columns = state_epoch.c
    keys = dict.fromkeys((EVERYBODY, *map(_key, bodies)))
    statement = select(columns.body, columns.epoch).where(columns.body.in_(keys))
    statement = statement.order_by(columns.body)
    if lock:
        statement = statement.with_for_update(read=True)
    return {row.body: row.epoch for row in connection.execute(statement)}
