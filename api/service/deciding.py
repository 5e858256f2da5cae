"""From the words of a request to an answer that can be recorded and sent, on one rule set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from api.canonical import canonical
from api.service.answers import Encoder, Form
from api.service.problems import Problem, refusal, refused
from api.service.remembering import About, Decided, Memory, Prepared, written
from engine.request import RequestProblem, RequestRefused

if TYPE_CHECKING:
    from datetime import date

    from engine.decision import Decision
    from engine.desk import Desk

_DAYS: Final = 16_384  # in ISO, kept

ILL_TYPED: Final = "R0108"
_REFUSED: Final = "refused"


class Deciding:
    """One rule set with what was prepared for its answers. Used by the thread of the event loop."""

    def __init__(self, desk: Desk, digest: str, bundle: str) -> None:
        self.desk = desk
        self.digest = digest
        self.bundle = bundle
        self.encoder = Encoder(digest)
        self.ruleset = canonical({"bundle": bundle, "digest": digest})
        #: The bundle as answers name it, with what stands around it: beside the answer that is replayed, not in it.
        self.native_bundle = b'","bundle":%s,"decision":' % canonical(bundle)
        self.authzen_bundle = b'{"context":{"bundle":%s,"evaluated_at":"' % canonical(bundle)
        self._days: dict[date, bytes] = {}
        valid = desk.resolver.rule_set.valid
        self.native_memory = Memory(self.encoder, desk.plain, valid)
        self.authzen_memory = Memory(self.encoder, desk.plain, valid)

    def prepare(self, words: dict[str, Any]) -> Prepared:
        """Decide a request.

        Raises:
            RequestRefused: When its words cannot be read.
            Problem: When it holds what has no canonical form.
        """
        return self.decided(words, self.desk.decide(words))

    def decided(self, words: dict[str, Any], decision: Decision) -> Decided:
        """A decision made already."""
        return Decided(About(words), self.encoder.whole(decision), self.day(decision.on), decision)

    def native(self, words: dict[str, Any]) -> Prepared:
        """Decide a request of the native API.

        Raises:
            Problem: When it cannot be decided.
        """
        try:
            return self.prepare(words)
        except RequestRefused as error:
            raise refused(error.problems) from None

    def closed(self, words: dict[str, Any]) -> Prepared:
        """Decide a request of AuthZEN, which knows two answers only: what cannot be decided is denied.

        Raises:
            Problem: When a member is ill-typed or holds a run of twelve digits.
        """
        try:
            return self.prepare(words)
        except RequestRefused as error:
            return self.denied(words, error.problems)

    def denied(self, words: dict[str, Any], problems: tuple[RequestProblem, ...]) -> Prepared:
        """A request whose names are not known, denied with the reasons."""
        problem = refused(problems)
        if problem.name != "request-refused":
            raise problem
        if any(one.code == ILL_TYPED for one in problems):
            raise Problem("request-invalid", errors=problem.errors)
        written(words)  # what has no canonical form cannot be recorded
        return Prepared(About(words), Form(None, _REFUSED, refused_answer(self.digest, problems)), b"")

    def day(self, on: date) -> bytes:
        """The day in ISO."""
        found = self._days.get(on)
        if found is None:
            if len(self._days) >= _DAYS:
                self._days.clear()
            found = self._days[on] = on.isoformat().encode()
        return found


def refused_answer(digest: str, problems: tuple[RequestProblem, ...]) -> bytes:
    """The answer to a request that cannot be decided, as it is recorded."""
    return canonical(
        {
            "lawful": False,
            "outcome": _REFUSED,
            "problems": [refusal(problem) for problem in problems],
            "ruleset": digest,
        }
    )


def replayed(desk: Desk, digest: str, words: dict[str, Any]) -> bytes:
    """The answer to recorded words on a rule set: equal, byte for byte, to what was recorded."""
    encoder = Encoder(digest)
    try:
        return encoder.full(desk.decide(words))
    except RequestRefused as error:
        return refused_answer(digest, error.problems)
