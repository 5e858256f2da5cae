"""Permits redeemed for a store apart from this database, and what it says came of its acts.

The store asks here before it acts, under an id of its own for the act; asked again with that id it gets the same
receipt, so a lost answer costs nothing and no permit is used twice. Afterwards it reports the outcome. What was
redeemed and never reported is listed, to be reconciled: it may or may not have been done.
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec
from sqlalchemy import Connection, and_, func, select

from api import ids
from api.canonical import canonical
from api.clock import Clock, to_ms
from api.decision_log import Entry
from api.permits.epoch import inserting
from api.permits.model import AUDIENCE, ISSUER, Act, Claims
from api.permits.redeeming import use
from api.permits.refusals import BAD_ACT_ID, NOT_REDEEMED, SETTLED, USED, PermitRefused
from api.permits.tables import permit_outcome, permit_remote
from api.permits.verifying import Keys, addressed, opened
from api.storage.tables import permit_redemption
from engine.japanese import has_twelve_digits

_ACT_ID = re.compile(r"[a-z][A-Za-z0-9_.:-]{7,99}")


class Outcome(StrEnum):
    """What came of an act."""

    COMPLETED = "completed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class RemoteReceipt(msgspec.Struct, frozen=True):
    """That a permit was redeemed for an act of a separate store; `again` when it had been before."""

    jti: str
    act_id: str
    evaluation_id: str
    caller: str
    redeemed_ms: int
    again: bool = False


class Unreported(msgspec.Struct, frozen=True):
    """An act that was let in and of which no end is known."""

    jti: str
    act_id: str
    caller: str
    redeemed_ms: int
    outcome: Outcome | None  # None: nothing was reported


def redeem_remote(
    connection: Connection,
    token: str,
    act: Act,
    act_id: str,
    caller: str,
    keys: Keys,
    clock: Clock,
    *,
    audience: str = AUDIENCE,
    issuer: str = ISSUER,
    thumbprint: str | None = None,
    active_digest: str | None = None,
) -> RemoteReceipt:
    """Use a permit up for the act `act_id` of a separate store; the same call again gives the same receipt.

    Raises:
        PermitRefused: as `redeem`; P0318 for another act id, or an act id used for another permit.
    """
    if not _ACT_ID.fullmatch(act_id) or has_twelve_digits(act_id):
        raise PermitRefused(BAD_ACT_ID)
    claims = opened(token, keys)
    addressed(claims, audience=audience, caller=caller, issuer=issuer, thumbprint=thumbprint)
    before = _before(connection, claims, act, act_id)
    if before is not None:
        return before
    other = select(permit_remote.c.jti).where(permit_remote.c.act_id == act_id)
    if connection.execute(other).one_or_none() is not None:
        raise PermitRefused(USED)
    try:
        use(connection, claims, act, clock, active_digest)
    except PermitRefused as refusal:
        before = _before(connection, claims, act, act_id) if refusal.code == USED else None
        if before is None:
            raise
        return before  # the same call, made twice at once
    redeemed_ms = connection.execute(
        select(permit_redemption.c.redeemed_ms).where(permit_redemption.c.jti == claims.jti)
    ).scalar_one()
    row = {"jti": claims.jti, "act_id": act_id, "client_id": caller, "redeemed_ms": redeemed_ms}
    insert = inserting(connection, permit_remote).values(row).on_conflict_do_nothing()
    if connection.execute(insert.returning(permit_remote.c.jti)).one_or_none() is None:
        raise PermitRefused(USED)
    return RemoteReceipt(claims.jti, act_id, claims.evaluation_id, caller, redeemed_ms)


def _before(connection: Connection, claims: Claims, act: Act, act_id: str) -> RemoteReceipt | None:
    kept = connection.execute(select(permit_remote).where(permit_remote.c.jti == claims.jti)).one_or_none()
    if kept is None:
        return None
    if kept.act_id != act_id or claims.act != act:
        raise PermitRefused(USED)
    return RemoteReceipt(claims.jti, act_id, claims.evaluation_id, kept.client_id, kept.redeemed_ms, again=True)


def report_outcome(
    connection: Connection, jti: str, act_id: str, caller: str, outcome: Outcome, clock: Clock
) -> Entry | None:
    """Keep what a store says came of its act.

    Returns:
        What is to be appended to the log in the same transaction; None when it was reported before.

    Raises:
        PermitRefused: P0322 no such redemption of this caller; P0323 another outcome was reported before.
    """
    kept = connection.execute(select(permit_remote).where(permit_remote.c.jti == jti)).one_or_none()
    if kept is None or kept.act_id != act_id or kept.client_id != caller:
        raise PermitRefused(NOT_REDEEMED)
    number, last = _last(connection, jti)
    if last is outcome:
        return None
    if last in (Outcome.COMPLETED, Outcome.FAILED):
        raise PermitRefused(SETTLED)
    row = {"jti": jti, "number": number + 1, "outcome": outcome.value, "reported_ms": to_ms(clock.now())}
    insert = inserting(connection, permit_outcome).values(row).on_conflict_do_nothing()
    if connection.execute(insert.returning(permit_outcome.c.number)).one_or_none() is None:
        return report_outcome(connection, jti, act_id, caller, outcome, clock)  # another report came first
    body = canonical({"v": 1, "permit": jti, "act": act_id, "caller": caller, "outcome": outcome.value})
    return Entry(ids.new("oc"), "outcome", {"permit": jti, "outcome": outcome.value}, body)


def unreported(connection: Connection, before_ms: int, limit: int = 1_000) -> list[Unreported]:
    """What was redeemed before a moment and has no known end, oldest first."""
    newest = (
        select(permit_outcome.c.jti, func.max(permit_outcome.c.number).label("number"))
        .group_by(permit_outcome.c.jti)
        .subquery()
    )
    said = permit_outcome.alias()
    columns = permit_remote.c
    statement = (
        select(columns.jti, columns.act_id, columns.client_id, columns.redeemed_ms, said.c.outcome)
        .outerjoin(newest, newest.c.jti == columns.jti)
        .outerjoin(said, and_(said.c.jti == newest.c.jti, said.c.number == newest.c.number))
        .where(columns.redeemed_ms < before_ms)
        .where(said.c.outcome.is_(None) | (said.c.outcome == Outcome.UNKNOWN.value))
        .order_by(columns.redeemed_ms, columns.jti)
        .limit(limit)
    )
    return [
        Unreported(row.jti, row.act_id, row.client_id, row.redeemed_ms, Outcome(row.outcome) if row.outcome else None)
        for row in connection.execute(statement)
    ]


def _last(connection: Connection, jti: str) -> tuple[int, Outcome | None]:
    columns = permit_outcome.c
    row = connection.execute(
        select(columns.number, columns.outcome).where(columns.jti == jti).order_by(columns.number.desc()).limit(1)
    ).one_or_none()
    return (0, None) if row is None else (row.number, Outcome(row.outcome))
