"""POST /v1/decisions: one request, a batch, or a batch streamed as NDJSON."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from api.callers import Caller, acts_for, require
from api.callers.model import EVALUATE
from api.service.calls import NDJSON, Call, Reply, check_type
from api.service.idempotency import fingerprint
from api.service.native.records import the_recorded
from api.service.problems import Problem
from api.service.reading import Unreadable, read

if TYPE_CHECKING:
    from api.service.context import ServiceContext
    from api.service.deciding import Deciding
    from api.service.remembering import Prepared

API: Final = b"native"
CITATIONS: Final = ("full", "ids")


#: Whom each caller was found to ask for, by the caller itself: it stays the same object until the register changes.
_approved: dict[int, tuple[Caller, set[tuple[object, object]]]] = {}
_CALLERS: Final = 1_024
_PAIRS: Final = 1_024


def permitted(caller: Caller, words: dict[str, Any]) -> None:
    """Let pass a request for the caller's own municipality and agency.

    Raises:
        Problem: 403 otherwise.
    """
    kept = _approved.get(id(caller))
    named = (words.get("municipality"), words.get("agency"))
    try:
        if kept is not None and named in kept[1]:
            return
    except TypeError:  # a list or an object where a name stands
        kept = None
    refused = acts_for(caller, words)
    if refused is not None:
        raise Problem("forbidden", refused.text, errors=[{"code": refused.code, "pointer": refused.pointer}])
    if kept is None:
        if len(_approved) >= _CALLERS:
            _approved.clear()
        kept = _approved[id(caller)] = (caller, set())
    if len(kept[1]) < _PAIRS:
        kept[1].add(named)


def prepared_for(context: ServiceContext, deciding: Deciding, call: Call, found: Prepared | None) -> Prepared:
    """The decision on the request in the body; `found` when it was decided before.

    Raises:
        Problem: When it cannot be read, is not the caller's to ask, or cannot be decided.
    """
    if found is not None:
        if found.about.approved is not call.caller:
            permitted(call.caller, found.about.words)
            found.about.approved = call.caller
        return found
    try:
        words = read(call.body, context.settings.limits.depth)
    except Unreadable as error:
        raise Problem(error.name) from None
    if words.__class__ is not dict:
        raise Problem("request-invalid", errors=[{"pointer": "#", "detail": "オブジェクトで書いてください"}])
    permitted(call.caller, words)
    prepared = deciding.native(words)
    prepared.about.approved = call.caller
    deciding.native_memory.keep(call.body, prepared)
    return prepared


async def one(context: ServiceContext, deciding: Deciding, call: Call, found: Prepared | None) -> Reply:
    """Decide one request; the answer is durable in the log before it is given."""
    began = time.perf_counter()
    if found is None or found.about.approved is not call.caller:  # approved is only who may ask at all
        require(call.caller, EVALUATE)
    check_type(call.headers)
    citations = call.choice("citations", CITATIONS) if call.query else "full"
    prepared = prepared_for(context, deciding, call, found)
    recorder = context.recorder
    moment = recorder.now()
    evaluation_id = recorder.new_id()
    if not context.settings.log:
        context.figures.decided(prepared.form, time.perf_counter() - began)
        return Reply(decision(deciding, prepared, citations, moment.iso, evaluation_id, None))
    key = call.headers.get(b"idempotency-key")
    if key is not None:
        mark = fingerprint(API, citations.encode(), call.body)
        claim = await context.idempotency.claim(call.caller.client_id, key, mark, evaluation_id)
        evaluation_id = claim.id
        if claim.recorded:
            return Reply((await the_recorded(context, evaluation_id)).said(citations))
    entry = recorder.entry(prepared, deciding, call.caller, API, moment, evaluation_id, call.trace)
    index = await recorder.record(entry)
    context.figures.decided(prepared.form, time.perf_counter() - began)
    return Reply(decision(deciding, prepared, citations, moment.iso, evaluation_id, index))


def decision(
    deciding: Deciding, prepared: Prepared, citations: str, at: bytes, evaluation_id: str, index: int | None
) -> bytes:
    """One answered decision."""
    form = prepared.form
    return b"".join(
        (
            b'{"at":"',
            at,
            deciding.native_bundle,
            form.full if citations == "full" else deciding.encoder.brief_of(form),
            prepared.on,
            form.tail,
            b',"id":"',
            evaluation_id.encode(),
            b'","log":null}' if index is None else b'","log":{"index":%d}}' % index,
        )
    )


def wants_stream(call: Call) -> bool:
    """Whether the caller asked for NDJSON."""
    return NDJSON in call.headers.get(b"accept", b"").lower()
