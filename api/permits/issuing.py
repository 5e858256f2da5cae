"""Permits issued: only for a lawful decision of today on the rule set in force, on which two interpreters agree.

What a permit says is recorded beside its decision in one transaction; it is signed after the commit, from what was
recorded, with the key that was recorded. So the same token can be made again as long as that key is trusted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
from joserfc import jws
from sqlalchemy import Connection, select

from api import ids
from api.canonical import canonical
from api.clock import Clock, to_ms, today
from api.decision_log import Entry, Journal, Receipt
from api.decision_log.bodies import body_of
from api.keys import ALGORITHM, KeyRefused, KeyStore, Purpose
from api.permits.model import (
    AUDIENCE,
    ISSUER,
    LIFE,
    TYPE,
    Act,
    Claims,
    Confirmation,
    LogClaim,
    Obligation,
    Permit,
    RuleSetClaim,
    binding,
    binding_hash,
    check_act,
    check_digits,
    encoded,
)
from api.permits.refusals import (
    NO_KEY,
    NOT_LAWFUL,
    NOT_THE_DECISION,
    NOT_TODAY,
    SECOND_OPINION,
    STALE_RULES,
    PermitRefused,
)
from api.storage.tables import log_entry
from engine.japanese import has_twelve_digits

if TYPE_CHECKING:
    from api.permits.second_opinion import SecondOpinion
    from engine.decision import Decision
    from engine.request import Request

REGISTRY = jws.JWSRegistry(algorithms=[ALGORITHM])

KIND = "permit"
ALARM = "alarm"


class Asked(msgspec.Struct, frozen=True):
    """What a permit is asked for.

    `epoch` was read before `decision` was made; `request` is the resolved request that was decided.
    """

    request: Request
    decision: Decision
    evaluation_id: str
    caller: str
    act: Act
    epoch: int
    bundle: str | None = None
    thumbprint: str | None = None  # x5t#S256 of the caller's certificate
    retain_until: date | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A permit to be recorded: what it will say, and the key that will sign it."""

    claims: Claims
    kid: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Issued:
    """A permit and its token."""

    token: str
    permit: Permit


@dataclass(frozen=True, slots=True)
class Issuance:
    """What came of a decision for which a permit was asked: its place in the log, and a permit or why there is none."""

    decided: Receipt
    issued: Issued | None
    refusal: PermitRefused | None


class Issuer:
    """Issues permits with the keys of an installation.

    Args:
        keys: whose permit key signs.
        clock: the time.
        issuer: the claim `iss`.
        audience: the claim `aud`.
        alarmed: told the evaluation when two interpreters differ (a metric, a message to the operator).
    """

    def __init__(
        self,
        keys: KeyStore,
        clock: Clock,
        *,
        issuer: str = ISSUER,
        audience: str = AUDIENCE,
        alarmed: Callable[[str], None] | None = None,
    ) -> None:
        self._keys, self._clock = keys, clock
        self._issuer, self._audience = issuer, audience
        self._alarmed = alarmed

    async def issue(
        self, journal: Journal, decision: Entry, asked: Asked, second: SecondOpinion, active_digest: str
    ) -> Issuance:
        """Record a decision, and beside it the permit or the alarm; sign once both are durable.

        Raises:
            JournalRefused: nothing was recorded, so nothing may be answered as lawful.
        """
        draft, refusal, entries = self._drafted(decision, asked, second, active_digest)
        return self._signed(await journal.record_many(entries), draft, refusal)

    def issue_now(
        self, journal: Journal, decision: Entry, asked: Asked, second: SecondOpinion, active_digest: str
    ) -> Issuance:
        """The same from a thread."""
        draft, refusal, entries = self._drafted(decision, asked, second, active_digest)
        return self._signed(journal.record_many_now(entries), draft, refusal)

    def draft(self, asked: Asked, second: SecondOpinion, active_digest: str) -> Draft:
        """What is to be recorded, when a permit may be issued.

        Raises:
            PermitRefused: it may not; with the alarm to be recorded when the interpreters differ.
            KeyRefused: no key can sign.
        """
        check_act(asked.act)
        self._may(asked, second, active_digest)
        claims = self._claims(asked)
        kid = str(self._keys.signing_key(Purpose.PERMIT).kid)
        body = canonical({"v": 1, "id": claims.jti, "kid": kid, "claims": claims})
        check_digits(body.decode())
        leaf = {"ruleset": claims.ruleset.digest, "evaluation": claims.evaluation_id}
        return Draft(claims, kid, Entry(claims.jti, KIND, leaf, body, asked.retain_until))

    def sign(self, draft: Draft, decided: Receipt) -> Issued:
        """The token, once decision and permit are recorded; `decided` is where the decision stands."""
        return self._sign(draft.claims, draft.kid, decided.index, decided.leaf_hash)

    def again(self, connection: Connection, jti: str) -> Issued | None:
        """The same token as when the permit was issued, for a call made again.

        None when it is not there, or its body was erased.

        Raises:
            KeyRefused: the key that signed it is no longer trusted.
        """
        body = body_of(connection, jti)
        if body is None:
            return None
        recorded = msgspec.json.decode(body)
        claims = msgspec.convert(recorded["claims"], Claims, strict=False)
        columns = log_entry.c
        place = select(columns.idx, columns.leaf_hash).where(columns.id == claims.evaluation_id)
        row = connection.execute(place).one()
        return self._sign(claims, str(recorded["kid"]), row.idx, row.leaf_hash)

    # --- within ---------------------------------------------------------------------------------

    def _drafted(
        self, decision: Entry, asked: Asked, second: SecondOpinion, active_digest: str
    ) -> tuple[Draft | None, PermitRefused | None, list[Entry]]:
        if decision.id != asked.evaluation_id:
            raise PermitRefused(NOT_THE_DECISION)
        try:
            draft = self.draft(asked, second, active_digest)
        except PermitRefused as refusal:
            return None, refusal, [decision, *([refusal.alarm] if refusal.alarm else [])]
        except KeyRefused:
            return None, PermitRefused(NO_KEY), [decision]
        return draft, None, [decision, draft.entry]

    def _signed(self, receipts: list[Receipt], draft: Draft | None, refusal: PermitRefused | None) -> Issuance:
        decided, issued = receipts[0], None
        if draft is not None:
            try:
                issued = self.sign(draft, decided)
            except KeyRefused:  # revoked meanwhile: what is recorded was never signed
                refusal = PermitRefused(NO_KEY)
            except PermitRefused as refused:
                refusal = refused
        return Issuance(decided, issued, refusal)

    def _may(self, asked: Asked, second: SecondOpinion, active_digest: str) -> None:
        request, decision = asked.request, asked.decision
        if not decision.lawful:
            raise PermitRefused(NOT_LAWFUL)
        if not request.on == decision.on == today(self._clock):
            raise PermitRefused(NOT_TODAY)
        if not decision.ruleset == second.digest == active_digest:
            raise PermitRefused(STALE_RULES)
        if tuple(item.information for item in decision.items) != (request.information or (None,)):
            raise PermitRefused(NOT_THE_DECISION)
        difference = second.difference(request, decision)
        if difference is not None:
            if self._alarmed is not None:
                self._alarmed(asked.evaluation_id)
            raise PermitRefused(SECOND_OPINION, alarm=_alarm(asked, difference))

    def _claims(self, asked: Asked) -> Claims:
        request, decision = asked.request, asked.decision
        bound, now = binding(request), to_ms(self._clock.now()) // 1000
        bundle = asked.bundle if asked.bundle is None or not has_twelve_digits(asked.bundle) else None
        return Claims(
            iss=self._issuer,
            aud=(self._audience,),
            sub=asked.caller,
            iat=now,
            nbf=now,
            exp=now + LIFE,
            jti=ids.new("pm"),
            evaluation_id=asked.evaluation_id,
            ruleset=RuleSetClaim(encoded(bytes.fromhex(decision.ruleset)), bundle),
            epoch=asked.epoch,
            on=request.on.isoformat(),
            body=request.body,
            act=asked.act,
            binding=bound,
            binding_hash=binding_hash(bound),
            grants=tuple(dict.fromkeys(grant for item in decision.items for grant in item.grants)),
            citations=tuple(dict.fromkeys(base.label for item in decision.items for base in item.bases)),
            obligations=tuple(Obligation(duty.id) for duty in decision.duties),
            uses=1,
            cnf=None if asked.thumbprint is None else Confirmation(asked.thumbprint),
        )

    def _sign(self, claims: Claims, kid: str, index: int, leaf_hash: bytes) -> Issued:
        claims = msgspec.structs.replace(claims, log=LogClaim(index, encoded(leaf_hash)))
        payload = canonical(claims)
        check_digits(payload.decode())
        header = {"alg": ALGORITHM, "kid": kid, "typ": TYPE}
        key = self._keys.signing_key(Purpose.PERMIT, kid)
        return Issued(jws.serialize_compact(header, payload, key, registry=REGISTRY), claims.permit())


def _alarm(asked: Asked, difference: dict[str, Any]) -> Entry:
    body = canonical({"v": 1, "evaluation": asked.evaluation_id, "said": difference, "request": binding(asked.request)})
    leaf = {"code": SECOND_OPINION, "evaluation": asked.evaluation_id}
    return Entry(ids.new("al"), ALARM, leaf, body, asked.retain_until)
