"""POST /access/v1/evaluation and /access/v1/evaluations."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

from api.callers import acts_for, require
from api.callers.model import EVALUATE
from api.service.authzen.answering import evaluation, failed, moved, replayed
from api.service.authzen.mapping import Asked, unknown_types
from api.service.calls import Call, Reply, check_type
from api.service.idempotency import fingerprint
from api.service.native.batch import derived
from api.service.native.records import found, the_recorded
from api.service.problems import Problem
from api.service.reading import Unreadable, read

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence

    from api.callers import Caller
    from api.service.context import ServiceContext
    from api.service.deciding import Deciding
    from api.service.native.records import Recorded
    from api.service.recording import Moment
    from api.service.remembering import Prepared

API: Final = b"authzen"
EXECUTE_ALL, DENY_FIRST, PERMIT_FIRST = "execute_all", "deny_on_first_deny", "permit_on_first_permit"
SEMANTICS: Final = (EXECUTE_ALL, DENY_FIRST, PERMIT_FIRST)
_DEFAULTS: Final = ("subject", "action", "resource", "context")


def body_of(context: ServiceContext, call: Call) -> dict[str, Any]:
    """The object in the body.

    Raises:
        Problem: When there is none.
    """
    try:
        asked = read(call.body, context.settings.limits.depth)
    except Unreadable as error:
        raise Problem(error.name) from None
    if asked.__class__ is not dict:
        raise Problem("request-invalid", errors=[{"pointer": "#", "detail": "オブジェクトで書いてください"}])
    checked: dict[str, Any] = asked
    return checked


def prepare(deciding: Deciding, caller: Caller, asked: Asked, today: str) -> Prepared:
    """The decision on one evaluation.

    Raises:
        Problem: When it is malformed, or not the caller's to ask.
    """
    unknown = unknown_types(asked.subject, asked.resource)
    try:
        words = asked.words(caller, today)
        if unknown:  # a member that no request has: the resolver refuses it, now and when the record is replayed
            return deciding.closed(words | unknown)
        refused = acts_for(caller, words)
        if refused is not None:
            raise Problem("forbidden", refused.text, errors=[{"code": refused.code, "pointer": refused.pointer}])
        return deciding.closed(words)
    except Problem as problem:
        problem.errors = moved(problem.errors)
        raise


def one(context: ServiceContext, call: Call) -> Awaitable[Reply]:
    """One evaluation: two values, and 200 for both."""
    deciding = context.deciding()
    prepared = deciding.authzen_memory.find(call.body)
    if prepared is None or prepared.about.approved is not call.caller:  # approved is only who may ask at all
        require(call.caller, EVALUATE)
        prepared = None
    check_type(call.headers)
    moment = context.recorder.now()
    if prepared is None:
        asked = Asked(body_of(context, call))
        prepared = prepare(deciding, call.caller, asked, moment.today)
        if asked.complete and prepared.form.decision is not None:
            prepared.about.approved = call.caller
            deciding.authzen_memory.keep(call.body, prepared)
    return answered(context, call, prepared, deciding, moment)


async def answered(
    context: ServiceContext, call: Call, prepared: Prepared, deciding: Deciding, moment: Moment
) -> Reply:
    """Record one evaluation and answer it."""
    recorder = context.recorder
    evaluation_id = recorder.new_id()
    began = time.perf_counter()
    if not context.settings.log:
        context.figures.decided(prepared.form, time.perf_counter() - began)
        return Reply(evaluation(deciding, prepared, moment.iso, evaluation_id, None))
    key = call.headers.get(b"idempotency-key")
    if key is not None:
        mark = fingerprint(API, call.body)
        claim = await context.idempotency.claim(call.caller.client_id, key, mark, evaluation_id)
        evaluation_id = claim.id
        if claim.recorded:
            record = await the_recorded(context, evaluation_id)
            return Reply(replayed(record.content(), record.index))
    entry = recorder.entry(prepared, deciding, call.caller, API, moment, evaluation_id, call.trace)
    index = await recorder.record(entry)
    context.figures.decided(prepared.form, time.perf_counter() - began)
    return Reply(evaluation(deciding, prepared, moment.iso, evaluation_id, index))


class Evaluations:
    """One batch of evaluations."""

    def __init__(self, context: ServiceContext, call: Call, asked: Mapping[str, Any]) -> None:
        self.context = context
        self.call = call
        self.semantic = semantic_of(asked)
        self.items: list[Any] = asked["evaluations"]
        if len(self.items) > context.settings.limits.evaluations:
            raise Problem("batch-too-large", f"一度に送れるのは{context.settings.limits.evaluations}件までです")
        self.defaults = {name: asked[name] for name in _DEFAULTS if name in asked}
        self.deciding = context.deciding()
        self.moment = context.recorder.now()
        self.began = time.perf_counter()
        self.ended = True  # whether the key of the batch needs no note that it was answered

    def _one(self, item: object) -> Prepared | Problem:
        if item.__class__ is not dict:
            return Problem("request-invalid", errors=[{"pointer": "#", "detail": "オブジェクトで書いてください"}])
        assert isinstance(item, dict)
        try:
            # an item's member replaces the default as a whole, never part of it
            asked = Asked({**self.defaults, **{name: item[name] for name in _DEFAULTS if name in item}})
            return prepare(self.deciding, self.call.caller, asked, self.moment.today)
        except Problem as problem:
            return problem

    async def decided(self) -> list[Prepared | Problem]:
        """The evaluations that the semantic asks for, in the order of the request."""
        outcomes: list[Prepared | Problem] = []
        for number, item in enumerate(self.items, 1):
            one = self._one(item)
            outcomes.append(one)
            lawful = not isinstance(one, Problem) and one.lawful
            if (self.semantic == DENY_FIRST and not lawful) or (self.semantic == PERMIT_FIRST and lawful):
                break
            if number % self.context.settings.limits.slice == 0:
                await asyncio.sleep(0)
        return outcomes

    async def answer(self) -> Reply:
        """All in one answer, recorded first in one transaction."""
        recorder = self.context.recorder
        seed = await self._claimed()
        outcomes = await self.decided()
        places = [n for n, one in enumerate(outcomes) if not isinstance(one, Problem)]
        ids = recorder.new_ids(len(places)) if seed is None else [derived(seed, n) for n in places]
        before: dict[str, Recorded] = {} if seed is None else await found(self.context, ids)
        given = dict(zip(places, ids, strict=True))
        fresh = [n for n in places if given[n] not in before]
        indices: Sequence[int | None] = [None] * len(fresh)
        trace = self.call.trace
        entries = [
            recorder.entry(one, self.deciding, self.call.caller, API, self.moment, given[n], trace)
            for n in fresh
            if not isinstance(one := outcomes[n], Problem)
        ]
        if seed is not None and not self.ended:
            entries.append(recorder.end_of_batch(seed, len(outcomes), self.moment))
        if self.context.settings.log and entries:
            indices = (await recorder.record_many(entries))[: len(fresh)]
        made = [one for one in (outcomes[n] for n in fresh) if not isinstance(one, Problem)]
        if made:
            self.context.figures.decided_together(made, (time.perf_counter() - self.began) / len(made))
        at = dict(zip(fresh, indices, strict=True))
        pieces = []
        for n, one in enumerate(outcomes):
            if isinstance(one, Problem):
                pieces.append(failed(one))
            elif n in at:
                pieces.append(evaluation(self.deciding, one, self.moment.iso, given[n], at[n]))
            else:
                record = before[given[n]]
                pieces.append(replayed(record.content(), record.index))
        return Reply(b'{"evaluations":[%s]}' % b",".join(pieces))

    async def _claimed(self) -> str | None:
        key = self.call.headers.get(b"idempotency-key")
        if key is None or not self.context.settings.log:
            return None
        mark = fingerprint(API, b"batch", self.call.body)
        seed = self.context.recorder.new_id()
        claim = await self.context.idempotency.claim(self.call.caller.client_id, key, mark, seed)
        self.ended = claim.recorded
        return claim.id


def semantic_of(asked: Mapping[str, Any]) -> str:
    """Which evaluations of several are made.

    Raises:
        Problem: When it is none of the three.
    """
    options = asked.get("options", {})
    if options.__class__ is not dict:
        raise Problem("request-invalid", errors=[{"pointer": "#/options", "detail": "オブジェクトで書いてください"}])
    semantic = options.get("evaluations_semantic", EXECUTE_ALL)
    if semantic not in SEMANTICS:
        where = "#/options/evaluations_semantic"
        detail = f"{'・'.join(SEMANTICS)} のどれかを書いてください"
        raise Problem("request-invalid", errors=[{"pointer": where, "detail": detail}])
    return str(semantic)


async def many(context: ServiceContext, call: Call) -> Reply:
    """Several evaluations; without any, the single one that the top level is."""
    require(call.caller, EVALUATE)
    check_type(call.headers)
    asked = body_of(context, call)
    listed = asked.get("evaluations")
    if listed is not None and listed.__class__ is not list:
        raise Problem("request-invalid", errors=[{"pointer": "#/evaluations", "detail": "配列で書いてください"}])
    if listed is None and "evaluations" in asked:
        raise Problem("request-invalid", errors=[{"pointer": "#/evaluations", "detail": "配列で書いてください"}])
    if not listed:
        deciding = context.deciding()
        moment = context.recorder.now()
        prepared = prepare(deciding, call.caller, Asked(asked), moment.today)
        return await answered(context, call, prepared, deciding, moment)
    return await Evaluations(context, call, asked).answer()
