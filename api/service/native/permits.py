"""POST /v1/permits, and for stores apart from this database: redemption and outcome."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from api import ids
from api.callers import require
from api.callers.model import EVALUATE, LOG_READ, PERMIT_ISSUE
from api.canonical import canonical
from api.clock import from_ms, to_ms
from api.decision_log import Entry, JournalRefused, entry_at
from api.keys import KeyRefused, Purpose
from api.permits import (
    Act,
    Asked,
    Issued,
    Issuer,
    Outcome,
    PermitRefused,
    redeem_remote,
    report_outcome,
    unreported,
)
from api.permits import epoch as epochs
from api.permits.issuing import ALARM
from api.permits.model import check_act
from api.permits.refusals import NO_KEY, NOT_LAWFUL, NOT_TODAY, SECOND_OPINION, STALE_RULES
from api.rulesets.refusal import RuleSetRefused
from api.service.calls import Call, Reply
from api.service.idempotency import fingerprint
from api.service.native.decisions import API, decision, permitted
from api.service.native.papers import object_of
from api.service.native.records import the_recorded
from api.service.problems import Problem, refused
from api.service.recording import unavailable
from engine.request import RequestRefused

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from api.permits import RemoteReceipt
    from api.service.context import ServiceContext
    from api.service.deciding import Deciding
    from api.service.remembering import Decided
    from engine.request import Request


def act_of(value: object) -> Act:
    """The act in a body.

    Raises:
        Problem: When it is none.
    """
    try:
        return msgspec.convert(value, _ActForm, strict=True).act()
    except msgspec.ValidationError:
        raise _fault("act", "name、target と handles（文字列の並び）を書いてください") from None


class _ActForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    target: str
    handles: tuple[str, ...] = ()

    def act(self) -> Act:
        return Act(self.name, self.target, self.handles)


def _fault(pointer: str, detail: str) -> Problem:
    return Problem("request-invalid", errors=[{"pointer": f"#/{pointer}", "detail": detail}])


def _members(asked: dict[str, Any], required: set[str], optional: frozenset[str] | set[str] = frozenset()) -> None:
    for name in sorted(required - asked.keys()):
        raise _fault(name, "項目がありません")
    if asked.keys() - required - optional:
        raise _fault("", "要求にない項目です")


async def issue(context: ServiceContext, call: Call) -> Reply:
    """Decide, and issue a permit when the decision is lawful today and the second interpreter agrees."""
    require(call.caller, EVALUATE)
    require(call.caller, PERMIT_ISSUE)
    if not context.settings.log:
        raise Problem("log-off")
    asked = object_of(context, call)
    _members(asked, {"request", "act"})
    words, act = asked["request"], act_of(asked["act"])
    if words.__class__ is not dict:
        raise _fault("request", "オブジェクトで書いてください")
    permitted(call.caller, words)
    recorder = context.recorder
    evaluation_id = recorder.new_id()
    key = call.headers.get(b"idempotency-key")
    if key is not None:
        mark = fingerprint(b"permit", call.body)
        claim = await context.idempotency.claim(call.caller.client_id, key, mark, evaluation_id)
        evaluation_id = claim.id
        if claim.recorded:
            return await _again(context, evaluation_id, act)
    return await _issue(context, call, words, act, evaluation_id)


async def _issue(context: ServiceContext, call: Call, words: dict[str, Any], act: Act, evaluation_id: str) -> Reply:
    deciding = context.deciding()
    second = context.rules.current().second
    try:
        request = deciding.desk.resolver.resolve(words)
    except RequestRefused as error:
        raise refused(error.problems) from None
    epoch, in_force = await _standing(context, request)
    prepared = decided(deciding, words, request)
    moment = context.recorder.now()
    entry = context.recorder.entry(prepared, deciding, call.caller, API, moment, evaluation_id, call.trace)
    thumbprint = context.authenticator.certificate_of(list(call.headers.items()), call.peer)
    wanted = Asked(
        request,
        prepared.decision,
        evaluation_id,
        call.caller.client_id,
        act,
        epoch,
        deciding.bundle,
        thumbprint,
        entry.retain_until,
    )
    issuer = Issuer(context.keys, context.clock, alarmed=lambda _: context.metrics.failed("second-opinion"))
    try:
        # the second interpreter takes its time: beside the other calls
        with context.tracer.span("issue") as span:
            span.set("jorei.evaluation_id", evaluation_id)
            span.set("jorei.permit.act", act.name)
            issuance = await asyncio.to_thread(issuer.issue_now, context.journal, entry, wanted, second, in_force)
            span.set("jorei.code", "issued" if issuance.refusal is None else issuance.refusal.code)
    except JournalRefused as error:
        raise unavailable(error) from None
    except KeyRefused as error:
        raise Problem("permit-refused", f"{error.code} {error.text}", status=503) from None
    context.metrics.permit("issued" if issuance.issued is not None else "refused")
    said = decision(deciding, prepared, "full", moment.iso, evaluation_id, issuance.decided.index)
    return Reply(_answer(said, issuance.issued, issuance.refusal))


def decided(deciding: Deciding, words: dict[str, Any], request: Request) -> Decided:
    """The decision on the resolved request itself, so that the permit is bound to what was decided."""
    return deciding.decided(words, deciding.desk.index.decide(request))


def standing(context: ServiceContext, request: Request) -> tuple[int, str]:
    """The epoch that counts for a request, and the digest of the rule set in force, both as the database has them.

    The epoch is read first. A publication that comes between the two shows in the digest, one that comes after them in
    the epoch that redemption compares: so nothing decided by old rules gets a permit that lasts under new ones, also
    where this worker has not looked yet. It then looks at once.

    Raises:
        RuleSetRefused: nothing is in force.
    """
    with context.database.read() as connection:
        epoch = epochs.current(connection, *epochs.touched(request.body, request.holder))
        digest = context.rules.digest_in(connection)
    if digest != context.rules.current().digest:
        context.rules.wake()
    return epoch, digest


async def _standing(context: ServiceContext, request: Request) -> tuple[int, str]:
    try:
        return await asyncio.to_thread(standing, context, request)
    except SQLAlchemyError:
        raise Problem("log-unavailable", headers=(("Retry-After", "1"),)) from None
    except RuleSetRefused as error:
        raise Problem("rules-unavailable", f"{error.code} {error.text}", headers=(("Retry-After", "5"),)) from None


def _answer(said: bytes, issued: Issued | None, refusal: PermitRefused | None) -> bytes:
    permit = None
    if issued is not None:
        one = issued.permit
        permit = {
            "token": issued.token,
            "jti": one.jti,
            "act": one.act,
            "expires_at": from_ms(one.expires_ms).isoformat(),
            "obligations": list(one.obligations),
        }
    why = None if refusal is None else {"code": refusal.code, "text": refusal.text, "help": refusal.help}
    return b'{"decision":%s,"permit":%s,"refusal":%s}' % (said, canonical(permit), canonical(why))


async def _again(context: ServiceContext, evaluation_id: str, act: Act) -> Reply:
    """The same decision and the same token as the first time: the permit stands right behind its decision."""
    record = await the_recorded(context, evaluation_id)
    content = record.content()

    def read() -> tuple[Issued | None, PermitRefused | None]:
        with context.database.read() as connection:
            behind = entry_at(connection, record.index + 1)
            if behind is None or msgspec.json.decode(behind.leaf).get("evaluation") != evaluation_id:
                return None, _refused_before(context, content, act)
            if behind.kind == ALARM:
                return None, PermitRefused(SECOND_OPINION)
            return Issuer(context.keys, context.clock).again(connection, behind.id), None

    try:
        issued, refusal = await asyncio.to_thread(read)
    except SQLAlchemyError:
        raise Problem("log-unavailable", headers=(("Retry-After", "1"),)) from None
    except KeyRefused as error:
        raise Problem("permit-refused", f"{error.code} {error.text}", status=503) from None
    return Reply(_answer(record.said("full"), issued, refusal))


def _refused_before(context: ServiceContext, content: dict[str, Any], act: Act) -> PermitRefused:
    """Why there was no permit for a recorded decision: as the issuer looks, in its order."""
    try:
        check_act(act)
    except PermitRefused as refusal:
        return refusal
    answer = content["answer"]
    if not answer["lawful"]:
        return PermitRefused(NOT_LAWFUL)
    if answer["on"] != content["at"][:10]:
        return PermitRefused(NOT_TODAY)
    try:
        context.keys.signing_key(Purpose.PERMIT)
    except KeyRefused:
        return PermitRefused(NO_KEY)
    return PermitRefused(STALE_RULES)


def _act_id(call: Call, asked: dict[str, Any]) -> str:
    """The caller's own identifier of the act: in the body, as Idempotency-Key, or both when they are the same."""
    key = call.headers.get(b"idempotency-key")
    header = None if key is None else key.decode("latin-1").strip().strip('"')
    given = asked.get("act_id", header)
    if given is None:
        raise Problem("idempotency-key-missing")
    if not isinstance(given, str) or (header is not None and given != header):
        raise _fault("act_id", "Idempotency-Key と同じ文字列で書いてください")
    return given


async def redeem(context: ServiceContext, call: Call) -> Reply:
    """Use a permit up before an act of a separate store. The same act again gets the same receipt."""
    require(call.caller, PERMIT_ISSUE)
    if not context.settings.log:
        raise Problem("log-off")
    asked = object_of(context, call)
    _members(asked, {"permit", "act"}, {"act_id"})
    act, act_id = act_of(asked["act"]), _act_id(call, asked)
    token = asked["permit"]
    if not isinstance(token, str):
        raise _fault("permit", "文字列で書いてください")

    def work(connection: Connection) -> RemoteReceipt:
        return redeem_remote(
            connection,
            token,
            act,
            act_id,
            call.caller.client_id,
            context.keys,
            context.clock,
            active_digest=context.rules.digest_in(connection),
        )

    try:
        receipt, _ = await context.journal.submit_async(
            work, lambda one: [] if one.again else [_redemption(context, one, act)]
        )
    except PermitRefused as error:
        if error.code == "P0318":
            context.metrics.replay_rejected()
        raise
    except JournalRefused as error:
        raise unavailable(error) from None
    if not receipt.again:
        context.metrics.permit("redeemed")
    said = {
        "jti": receipt.jti,
        "act_id": receipt.act_id,
        "evaluation_id": receipt.evaluation_id,
        "redeemed_at": from_ms(receipt.redeemed_ms).isoformat(timespec="milliseconds"),
        "again": receipt.again,
    }
    return Reply(canonical(said))


def _redemption(context: ServiceContext, receipt: RemoteReceipt, act: Act) -> Entry:
    body = {"v": 1, "permit": receipt.jti, "act_id": receipt.act_id, "act": act, "caller": receipt.caller}
    leaf = {"permit": receipt.jti, "evaluation": receipt.evaluation_id}
    until = context.recorder.retain_until(context.recorder.now().today)
    return Entry(ids.new("rd"), "redemption", leaf, canonical(body), until)


async def outcome(context: ServiceContext, call: Call, jti: str) -> Reply:
    """What came of an act that a permit let in."""
    require(call.caller, PERMIT_ISSUE)
    asked = object_of(context, call)
    _members(asked, {"outcome"}, {"act_id"})
    act_id = _act_id(call, asked)
    try:
        said = Outcome(asked["outcome"])
    except ValueError:
        raise _fault("outcome", "completed・failed・unknown のどれかを書いてください") from None

    def work(connection: Connection) -> Entry | None:
        return report_outcome(connection, jti, act_id, call.caller.client_id, said, context.clock)

    try:
        await context.journal.submit_async(work, lambda entry: [] if entry is None else [entry])
    except JournalRefused as error:
        raise unavailable(error) from None
    return Reply(canonical({"jti": jti, "act_id": act_id, "outcome": said.value}))


async def open_ends(context: ServiceContext, call: Call) -> Reply:
    """Acts that were let in more than a minute ago and of which no end is known."""
    require(call.caller, LOG_READ)

    def read() -> list[dict[str, Any]]:
        with context.database.read() as connection:
            found = unreported(connection, to_ms(context.clock.now()) - 60_000)
        return [
            {
                "jti": one.jti,
                "act_id": one.act_id,
                "client_id": one.caller,
                "redeemed_at": from_ms(one.redeemed_ms).isoformat(timespec="milliseconds"),
                "outcome": None if one.outcome is None else one.outcome.value,
            }
            for one in found
        ]

    return Reply(canonical({"unreported": await asyncio.to_thread(read)}))
