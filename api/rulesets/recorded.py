"""Recorded decisions made again: the recorded request on the recorded rule set must give the recorded answer, byte by byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import select

from api.canonical import canonical
from api.decision_log.commitment import commitment
from api.rulesets.refusal import RuleSetRefused
from api.storage.tables import log_entry, log_payload
from engine.request import RequestRefused

if TYPE_CHECKING:
    from api.rulesets.loaded import Loaded
    from api.storage.database import Database
    from engine.decision import Decision

KIND = "decision"
_CHUNK = 1_000
_NAMED = 20  # rule sets that are not kept, by name

#: Gives the rule set of a digest; `api.rulesets.active.ActiveRules.of`.
RuleSets = Callable[[str], "Loaded"]
#: Told how many entries of the log were looked at, and of how many.
Progress = Callable[[int, int], None]


class Differs(msgspec.Struct, frozen=True):
    """A recorded decision that does not come out again."""

    index: int
    id: str
    why: str  # Japanese
    ruleset: str | None = None
    at: int | None = None  # first byte in which the answers differ


class Again(msgspec.Struct):
    """What became of the decisions of a stretch of the log."""

    first: int
    last: int  # the one after
    same: int = 0
    different: int = 0
    erased: int = 0
    not_kept: int = 0
    missing: dict[str, str] = {}  # digest of a rule set that could not be had → why
    found: Differs | None = None  # the first that differs

    @property
    def decisions(self) -> int:
        """All decisions of the stretch."""
        return self.same + self.different + self.erased + self.not_kept

    @property
    def ok(self) -> bool:
        """Whether no decision differs."""
        return self.different == 0


class _Record(msgspec.Struct):
    """What of a record is needed; everything else is covered by the commitment."""

    id: str
    request: dict[str, Any]
    ruleset: dict[str, Any]
    answer: msgspec.Raw


def answer_again(decision: Decision) -> bytes:
    """The answer in the form of the records, written by the reference and not by the encoder that recorded it."""
    from api.service.answers import answer_json

    return canonical(answer_json(decision))


def refusal_again(digest: str, refused: RequestRefused) -> bytes:
    """The answer of AuthZEN to a request whose names are not known, in the form of the records."""
    from api.service.deciding import refused_answer

    return refused_answer(digest, refused.problems)


def replay(
    database: Database,
    rules: RuleSets,
    first: int = 0,
    last: int | None = None,
    progress: Progress | None = None,
) -> Again:
    """Decide every recorded decision of a stretch of the log again.

    Args:
        database: with the log.
        rules: gives the rule set of a digest, or raises `RuleSetRefused`.
        first: index of the first entry.
        last: index of the last entry, included; by default the newest.
        progress: told now and then.
    """
    end = _end(database) if last is None else min(last + 1, _end(database))
    again = Again(first, end, missing={})
    replayer = _Replayer(rules, again)
    for start in range(first, end, _CHUNK):
        stop = min(start + _CHUNK, end)
        for index, name, leaf, salt, body in _rows(database, start, stop):
            replayer.one(index, name, leaf, salt, body)
        if progress is not None:
            progress(stop - first, end - first)
    return again


class _Replayer:
    """Decides records again and counts."""

    def __init__(self, rules: RuleSets, again: Again) -> None:
        self._rules, self._again = rules, again
        self._digest, self._loaded = "", None  # type: tuple[str, Loaded | None]
        self._decode = msgspec.json.Decoder(_Record).decode

    def one(self, index: int, name: str, leaf: bytes, salt: bytes | None, body: bytes | None) -> None:
        """One decision of the log."""
        again = self._again
        if salt is None or body is None:
            again.erased += 1
            return None
        try:
            if msgspec.json.decode(leaf)["commit"] != commitment(salt, body):
                return self._differs(Differs(index, name, "記録の本文が、記録されたときと違います"))
            record = self._decode(body)
            digest = record.ruleset["digest"]
        except (msgspec.MsgspecError, KeyError, TypeError):
            return self._differs(Differs(index, name, "記録の形が壊れています"))
        if record.id != name:
            return self._differs(Differs(index, name, "記録の本文が、別の判定のものです"))
        loaded = self._of(digest)
        if loaded is None:
            again.not_kept += 1
            return None
        differs = _compared(index, record, digest, loaded)
        if differs is not None:
            return self._differs(differs)
        again.same += 1
        return None

    def _of(self, digest: str) -> Loaded | None:
        if digest != self._digest:
            self._digest, self._loaded = digest, None
            if digest not in self._again.missing:
                try:
                    self._loaded = self._rules(digest)
                except RuleSetRefused as refused:
                    if len(self._again.missing) < _NAMED:
                        self._again.missing[digest] = f"{refused.code} {refused.text}"
        return self._loaded

    def _differs(self, found: Differs) -> None:
        self._again.different += 1
        if self._again.found is None:
            self._again.found = found


def _compared(index: int, record: _Record, digest: str, loaded: Loaded) -> Differs | None:
    request: Mapping[str, Any] = record.request
    why = "答えが、記録と違います"
    try:
        now = answer_again(loaded.desk.decide(request))
    except RequestRefused as refused:  # recorded as such by AuthZEN, which has no other answer than a denial
        now = refusal_again(digest, refused)
        codes = "、".join(dict.fromkeys(problem.code for problem in refused.problems))
        why = f"要求が拒否されました（{codes}）"
    then = bytes(record.answer)
    if now == then:
        return None
    at = next((n for n, (a, b) in enumerate(zip(now, then, strict=False)) if a != b), min(len(now), len(then)))
    return Differs(index, record.id, why, digest, at)


def _end(database: Database) -> int:
    from api.decision_log import head

    with database.read() as connection:
        return head(connection).size


def _rows(database: Database, start: int, stop: int) -> Iterator[tuple[int, str, bytes, bytes | None, bytes | None]]:
    e, p = log_entry.c, log_payload.c
    asked = (
        select(e.idx, e.id, e.leaf, p.salt, p.body)
        .outerjoin(log_payload, p.idx == e.idx)
        .where(e.kind == KIND, e.idx >= start, e.idx < stop)
        .order_by(e.idx)
    )
    with database.read() as connection:
        found = connection.execute(asked).all()
    for row in found:
        salt, body = (None if part is None else bytes(part) for part in (row.salt, row.body))
        yield row.idx, row.id, bytes(row.leaf), salt, body
