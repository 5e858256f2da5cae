"""Batches of decisions: each request in its place, an unreadable one as an error there; in slices, so that others wait little.

Requests come apart as bytes first (`msgspec.Raw`). Those seen before cost one look-up; a request holds no personal data,
so a run over all residents asks few different ones. A number of twelve digits anywhere refuses the whole batch before
anything is recorded.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from api.callers import require
from api.callers.model import EVALUATE
from api.ids import ALPHABET, LENGTH
from api.service.calls import NDJSON, Call, Reply
from api.service.idempotency import fingerprint
from api.service.native.decisions import API, CITATIONS, permitted
from api.service.native.records import found
from api.service.problems import Problem
from api.service.reading import Unreadable, read
from engine.reading import digits_anywhere

if TYPE_CHECKING:
    from api.callers import Caller
    from api.service.context import ServiceContext
    from api.service.deciding import Deciding
    from api.service.native.records import Recorded
    from api.service.recording import Moment
    from api.service.remembering import Prepared

_MEMBERS: Final = frozenset({"requests"})

_top = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_raws = msgspec.json.Decoder(list[msgspec.Raw]).decode
_value = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def split(body: bytes, depth: int) -> list[bytes] | None:
    """The requests of a batch as bytes; None when the body is no batch.

    Raises:
        Problem: When it is malformed, names a member twice, or `requests` is no array.
    """
    try:
        top = _top(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # no object, or malformed: for the careful reading to say
    if "requests" not in top:
        return None
    if not _MEMBERS.issuperset(top):
        raise Problem("request-invalid", errors=[{"pointer": "#", "detail": "requests のほかの項目は書けません"}])
    if b"\\" in body:
        return _split_slowly(body, depth)
    requests = bytes(top["requests"])
    if body.count(b'"') - requests.count(b'"') != 2:
        raise Problem("duplicate-member")
    try:
        return [bytes(raw) for raw in _raws(requests)]
    except msgspec.ValidationError:
        raise _no_array() from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Problem("body-malformed") from None


def _no_array() -> Problem:
    return Problem("request-invalid", errors=[{"pointer": "#/requests", "detail": "配列で書いてください"}])


def _split_slowly(body: bytes, depth: int) -> list[bytes]:
    """A body with escapes is read whole, and its requests written again without needless ones."""
    try:
        value = read(body, depth)
    except Unreadable as error:
        raise Problem(error.name) from None
    if value["requests"].__class__ is not list:
        raise _no_array()
    return [_encode(one) for one in value["requests"]]


def _words(raw: bytes, depth: int) -> dict[str, Any]:
    """The words of one request, read as strictly as a whole body.

    Twelve digits are left to the resolver, which refuses them wherever they stand; so is nesting, which no member of a
    request that it accepts has.
    """
    if b"\\" in raw:
        try:
            words = read(raw, depth)
        except Unreadable as error:
            raise Problem(error.name) from None
    else:
        words = _value(raw)
        if raw.count(b'"') != _encode(words).count(b'"'):
            raise Problem("duplicate-member")
    if words.__class__ is not dict:
        raise Problem("personal-number-not-allowed" if digits_anywhere(words) else "request-invalid")
    checked: dict[str, Any] = words
    return checked


def _one(deciding: Deciding, caller: Caller, raw: bytes, depth: int, words: Any = None) -> Prepared | Problem:
    """One request decided; `words` when it was read with others already."""
    found = deciding.native_memory.find(raw)
    if found is not None:
        try:
            permitted(caller, found.about.words)
        except Problem as problem:
            return problem
        found.about.approved = caller
        return found
    try:
        if words.__class__ is not dict:
            words = _words(raw, depth)
        try:
            permitted(caller, words)
        except Problem:
            if digits_anywhere(words):  # the graver fault: it refuses the batch
                raise Problem("personal-number-not-allowed") from None
            raise
        prepared = deciding.native(words)
    except Problem as problem:
        if problem.name in ("personal-number-not-allowed", "duplicate-member"):
            raise
        return problem
    except RecursionError:
        return Problem("nesting-too-deep")
    except (msgspec.DecodeError, UnicodeDecodeError):  # what Raw passed over: malformed within a string or number
        raise Problem("body-malformed") from None
    prepared.about.approved = caller
    deciding.native_memory.keep(raw, prepared)
    return prepared


def _together(raws: list[bytes]) -> list[Any] | None:
    """The values of requests read at once; None when one of them needs a closer look."""
    joined = b"[%s]" % b",".join(raws)
    if b"\\" in joined:
        return None
    try:
        values: list[Any] = _value(joined)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return values if joined.count(b'"') == _encode(values).count(b'"') else None


class Batch:
    """One batch under way."""

    def __init__(self, context: ServiceContext, call: Call, requests: list[bytes]) -> None:
        require(call.caller, EVALUATE)
        limits = context.settings.limits
        if len(requests) > limits.batch:
            raise Problem("batch-too-large", f"一度に送れるのは{limits.batch}件までです")
        self.context = context
        self.call = call
        self.requests = requests
        self.citations = call.choice("citations", CITATIONS)
        self.deciding = context.deciding()
        self.seed: str | None = None

    def _slices(self) -> Iterator[tuple[int, list[bytes]]]:
        size = self.context.settings.limits.slice
        for start in range(0, len(self.requests), size):
            yield start, self.requests[start : start + size]

    def _decide(self, requests: list[bytes]) -> list[Prepared | Problem]:
        deciding, caller = self.deciding, self.call.caller
        outcomes: list[Any] = list(map(deciding.native_memory.find, requests))
        new = [n for n, one in enumerate(outcomes) if one is None or one.about.approved is not caller]
        if not new:
            return outcomes
        depth = self.context.settings.limits.depth
        raws = [requests[n] for n in new]
        values = (_together(raws) if len(raws) > 1 else None) or [None] * len(raws)
        for n, raw, words in zip(new, raws, values, strict=True):
            outcomes[n] = _one(deciding, caller, raw, depth, words)
        return outcomes

    async def _written(self, start: int, outcomes: list[Prepared | Problem]) -> list[bytes]:
        """The answers of one slice, recorded first; those recorded before under the same key come from the log."""
        recorder = self.context.recorder
        moment = recorder.now()
        places = [n for n, one in enumerate(outcomes) if not isinstance(one, Problem)]
        if self.seed is None:
            ids = recorder.new_ids(len(places))
            before: dict[str, Recorded] = {}
        else:
            ids = [derived(self.seed, start + n) for n in places]
            before = await found(self.context, ids)
        began = time.perf_counter()
        if before:
            fresh = [(n, one) for n, one in zip(places, ids, strict=True) if one not in before]
            said = {n: before[one].said(self.citations) for n, one in zip(places, ids, strict=True) if one in before}
            places, ids = [n for n, _ in fresh], [one for _, one in fresh]
        else:
            said = {}
        made: list[Any] = [outcomes[n] for n in places]
        indices = await self._recorded(made, ids, moment)
        written = self._said(made, ids, indices, moment)
        if made:
            self.context.figures.decided_together(made, (time.perf_counter() - began) / len(made))
        if len(written) == len(outcomes):
            return written
        said |= zip(places, written, strict=True)
        return [
            b'{"error":%s}' % one.encode() if isinstance(one, Problem) else said[n] for n, one in enumerate(outcomes)
        ]

    def _said(self, made: list[Prepared], ids: list[str], indices: Sequence[int] | None, moment: Moment) -> list[bytes]:
        """`decision` of each, put together from fewer pieces."""
        head = b'{"at":"%b%b' % (moment.iso, self.deciding.native_bundle)
        if self.citations == "full":
            whole = [one.form.full for one in made]
        else:
            brief_of = self.deciding.encoder.brief_of
            whole = [one.form.brief or brief_of(one.form) for one in made]
        if indices is None:
            return [
                b'%b%b%b%b,"id":"%b","log":null}' % (head, begun, one.on, one.form.tail, given.encode())
                for begun, one, given in zip(whole, made, ids, strict=True)
            ]
        return [
            b'%b%b%b%b,"id":"%b","log":{"index":%d}}' % (head, begun, one.on, one.form.tail, given.encode(), index)
            for begun, one, given, index in zip(whole, made, ids, indices, strict=True)
        ]

    async def _recorded(self, made: list[Prepared], ids: list[str], moment: Moment) -> Sequence[int] | None:
        if not self.context.settings.log:
            return None
        if not made:
            return []
        recorder, caller, deciding = self.context.recorder, self.call.caller, self.deciding
        trace = self.call.trace
        entries = [
            recorder.entry(one, deciding, caller, API, moment, given, trace)
            for one, given in zip(made, ids, strict=True)
        ]
        return await recorder.record_many(entries)

    async def answer(self) -> Reply:
        """All decisions in one answer. Everything is decided before anything is recorded."""
        ended = await self._claimed()
        outcomes: list[tuple[int, list[Prepared | Problem]]] = []
        for start, requests in self._slices():
            outcomes.append((start, self._decide(requests)))
            await asyncio.sleep(0)
        pieces: list[bytes] = []
        for start, decided in outcomes:
            pieces.extend(await self._written(start, decided))
            await asyncio.sleep(0)
        if self.seed is not None and not ended:
            await self._end()
        return Reply(b'{"decisions":[%s]}' % b",".join(pieces))

    async def _claimed(self) -> bool:
        """With an Idempotency-Key, identifiers follow from the key; whether the batch was answered before."""
        key = self.call.headers.get(b"idempotency-key")
        if key is None or not self.context.settings.log:
            return False
        mark = fingerprint(API, b"batch", self.citations.encode(), self.call.body)
        seed = self.context.recorder.new_id()
        claim = await self.context.idempotency.claim(self.call.caller.client_id, key, mark, seed)
        self.seed = claim.id
        return claim.recorded

    async def _end(self) -> None:
        """Note under the identifier of the key that every request of the batch has been answered."""
        assert self.seed is not None
        recorder = self.context.recorder
        await recorder.record(recorder.end_of_batch(self.seed, len(self.requests), recorder.now()))

    async def lines(self) -> AsyncIterator[bytes]:
        """The decisions as NDJSON, slice by slice, each durable before it is sent; a last line says that all are there."""
        count = 0
        try:
            for start, requests in self._slices():
                written = await self._written(start, self._decide(requests))
                count += len(written)
                yield b"\n".join(written) + b"\n"
                await asyncio.sleep(0)
        except Problem as problem:
            yield b'{"complete":false,"count":%d,"error":%s}\n' % (count, problem.encode())
            return
        yield b'{"complete":true,"count":%d}\n' % count


STREAM_HEADERS: Final = ((b"content-type", NDJSON),)


def derived(seed: str, number: int) -> str:
    """The identifier of one evaluation of a batch whose seed was claimed with a key.

    Examples:
        >>> derived("ev_a", 0) == derived("ev_a", 0) != derived("ev_a", 1)
        True
    """
    turn = 0
    while True:
        digest = hashlib.sha256(f"{seed}/{number}/{turn}".encode()).digest()
        text = "".join(ALPHABET[code & 31] for code in digest[:LENGTH])
        if not any(text[at : at + 11].isdecimal() for at in range(LENGTH - 10)):
            return f"ev_{text}"
        turn += 1
