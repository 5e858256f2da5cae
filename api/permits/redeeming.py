"""Permits redeemed: once, for the act they name, in the transaction that does it.

Everything that could have changed since the permit was issued is looked at again inside the transaction: whether it was
used, the epoch of who asks and who holds, the rule set, the day, the clock. The row of its use is written last, so a refusal
leaves the permit as it was; and it is kept for ever.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from api.clock import Clock, to_ms, today
from api.decision_log.appending import TOLERATED_MS
from api.permits import epoch
from api.permits.model import AUDIENCE, ISSUER, Act, Claims, Permit
from api.permits.refusals import CLOCK_BACK, NEXT_DAY, STALE, STALE_RULES, USED, WRONG_ACT, PermitRefused
from api.permits.verifying import Keys, addressed, opened, timely
from api.storage.tables import log_head, permit_redemption


def redeem(
    connection: Connection,
    token: str,
    act: Act,
    caller: str,
    keys: Keys,
    clock: Clock,
    *,
    audience: str = AUDIENCE,
    issuer: str = ISSUER,
    thumbprint: str | None = None,
    active_digest: str | None = None,
) -> Permit:
    """Use a permit up, in the caller's write transaction; the act is done in the same transaction, or not at all.

    Args:
        connection: in a write transaction, which the caller rolls back when this raises.
        token: as it was shown.
        act: what is about to be done; the permit must be for exactly this.
        caller: who shows it.
        keys: whose permit keys are trusted.
        clock: the time.
        audience: who redeems.
        issuer: who must have issued it.
        thumbprint: x5t#S256 of the certificate by which the caller came, if it did.
        active_digest: the rule set that decides now. Who does not give it compares `Permit.ruleset` itself.

    Raises:
        PermitRefused: P0304, P0310 to P0321.
    """
    claims = opened(token, keys)
    addressed(claims, audience=audience, caller=caller, issuer=issuer, thumbprint=thumbprint)
    return use(connection, claims, act, clock, active_digest)


def use(connection: Connection, claims: Claims, act: Act, clock: Clock, active_digest: str | None) -> Permit:
    """Use up the permit of claims whose seal and address were verified."""
    timely(claims, clock)
    if claims.on != today(clock).isoformat():
        raise PermitRefused(NEXT_DAY)
    if claims.act != act:
        raise PermitRefused(WRONG_ACT)
    permit = claims.permit()
    if active_digest is not None and permit.ruleset != active_digest:
        raise PermitRefused(STALE_RULES)
    now = to_ms(clock.now())
    newest = connection.execute(select(log_head.c.newest_ms)).scalar_one()
    if now < newest - TOLERATED_MS:
        raise PermitRefused(CLOCK_BACK)
    used = select(permit_redemption.c.jti).where(permit_redemption.c.jti == claims.jti)
    if connection.execute(used).one_or_none() is not None:
        raise PermitRefused(USED)
    if epoch.held(connection, *epoch.touched(claims.body, permit.request.get("holder"))) != claims.epoch:
        raise PermitRefused(STALE)
    row = {
        "jti": claims.jti,
        "evaluation_id": claims.evaluation_id,
        "client_id": claims.sub,
        "act": claims.act.name,
        "redeemed_ms": now,
    }
    insert = epoch.inserting(connection, permit_redemption).values(row).on_conflict_do_nothing()
    if connection.execute(insert.returning(permit_redemption.c.jti)).one_or_none() is None:
        raise PermitRefused(USED)
    return permit
