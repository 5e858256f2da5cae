"""The wall around durable_rules: facts in, findings out, and every doubt about it an exception.

The library is a Rete matcher with traps, each measured (version 2.0.28) and each closed here:

- *Threads crash it and mix answers up*: one lock around everything.
- *Two background timers take actions away*: `engine.rete.host` has none.
- *A fact stays until retracted, a state until deleted, and at 1,024 states memory "ends"*: each run has a
  state of its own, deleted at its end whatever happened. Asserting all facts in one batch into a fresh
  state costs about 5 µs a fact, less than asserting and retracting one by one.
- *An action that raises is swallowed, and other rules go on*: `engine.rete.host` raises it when they have run.
- *Silence is no answer*: a sentinel asserted last, in a rule of lowest priority, must have fired.
- *Deleting a state in which no action ran frees garbage and crashes*: each run first asserts the sentinel alone.
- *A batch stops at the first fact that no rule observes*: "not handled" is a fault, never an answer.
- *Ids are 32-bit hashes*, and two alike are "already observed": also a fault. Joins do compare in full.
- *512 constants on one field hang it, 70 range rules on one field fail, 4,096 rules are the most*: refused
  when the network is built. Rules join facts, so grants never become constants.
- *When the last comparison of a join fails, the evaluator runs past the end of its array* and, sooner or later,
  crashes (found by AddressSanitizer: events.c, `reduceExpressionSequence`; alternatives, `$or`, lose matches by
  the same slip): each join ends in a comparison that cannot fail, and only conjunctions can be written.

It imports on CPython 3.11 and 3.12 only, so it is imported when a matcher is made, not before.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from engine.rete.host import Host

#: A fact: flat, values are strings or integers. `k` names its kind.
Fact = dict[str, str | int]

#: The facts a rule has matched, by the names its patterns gave them.
Matched = Mapping[str, Mapping[str, Any]]

MAX_RULES = 4_000
MAX_CONSTANTS = 500  # different constants compared with one field
MAX_RANGES = 60  # rules that compare one field with a constant by order
_RANGES = ("$lt", "$lte", "$gt", "$gte", "$neq")
_NETWORK = "grounds"
_SENTINEL = "sentinel"
_ONE = "one"  # a field of every fact, always 1


class MatcherError(Exception):
    """The matcher failed, fell silent or cannot be relied on. The caller must refuse."""


class MatcherMissingError(MatcherError):
    """durable_rules cannot be imported on this Python."""


class Comparison(msgspec.Struct, frozen=True):
    """One comparison in a pattern: `field` of the fact with a constant, or with a field matched before.

    `operator` is one of =, $lt, $lte, $gt, $gte, $neq. `of` names an earlier pattern of the same rule.
    """

    field: str
    value: str | int
    of: str | None = None
    operator: str = "="

    def expression(self) -> dict[str, Any]:
        """The comparison in the library's notation."""
        right: Any = self.value if self.of is None else {self.of: self.value}
        equal = {self.field: right}
        return equal if self.operator == "=" else {self.operator: equal}


class Rule(msgspec.Struct, frozen=True):
    """When all patterns match (in order, each joined to those before), conclude.

    `then` makes a fact of what was matched. With `final` it is a finding of the run, otherwise it is
    asserted and other rules chain on it; a fact concluded twice counts once.
    """

    name: str
    when: tuple[tuple[str, tuple[Comparison, ...]], ...]
    then: Callable[[Matched], Fact]
    final: bool = False


class Matcher:
    """Runs a network of rules over facts, each run for itself.

    Args:
        rules: the network; few rules that join facts, not a rule for each row.

    Raises:
        MatcherMissingError: durable_rules cannot be imported here.
        MatcherError: the network exceeds what the library can bear.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        _refuse_unbearable(self._rules)
        self._lock = threading.Lock()
        self._sids = itertools.count()
        self._findings: dict[tuple[Any, ...], Fact] = {}
        self._concluded: dict[tuple[Any, ...], Fact] = {}
        self._heard = 0
        self._host = self._make_host()

    def run(self, facts: Iterable[Fact]) -> list[Fact]:
        """All findings that follow from `facts`, each once, in no meaningful order.

        Raises:
            MatcherError: an action raised, nothing was handled, or the library failed in any other way.
        """
        with self._lock:
            sid = f"run-{next(self._sids)}"
            self._findings.clear()
            self._concluded.clear()
            self._heard = 0
            try:
                self._chain(sid, list(facts))
            except MatcherError:
                raise
            except Exception as error:
                raise MatcherError(f"{type(error).__name__}: {error}") from error
            finally:
                self._delete_state(sid)
            return list(self._findings.values())

    def _chain(self, sid: str, facts: list[Fact]) -> None:
        """Asserts facts, then what was concluded from them, until nothing new is concluded."""
        self._tell(sid, [])  # now an action has run, and the state can be deleted without a crash
        done = 0
        while facts:
            self._tell(sid, facts)
            facts = list(self._concluded.values())[done:]
            done += len(facts)

    def _tell(self, sid: str, facts: list[Fact]) -> None:
        turn = self._heard + 1
        batch = [{**fact, "sid": sid, "id": f"{turn}.{n}", _ONE: 1} for n, fact in enumerate(facts)]
        batch.append({"k": _SENTINEL, "sid": sid, "id": f"{turn}.end"})
        self._host.assert_facts(batch)
        if self._heard != turn:
            raise MatcherError("the matcher answered nothing")

    def _delete_state(self, sid: str) -> None:
        if self._heard:
            with contextlib.suppress(Exception):
                self._host.delete_state(sid)
                return
        self._host = self._make_host()  # a state that cannot be deleted would stay for ever: leave the host behind

    def _make_host(self) -> Host:
        definition: dict[str, Any] = {
            rule.name: {
                "all": [{name: {"$and": [t.expression() for t in _anchored(tests)]}} for name, tests in rule.when],
                "pri": 1,
            }
            for rule in self._rules
        }
        definition[_SENTINEL] = {"all": [{"end": {"k": _SENTINEL}}], "pri": 9}
        actions = {rule.name: self._action(rule) for rule in self._rules} | {_SENTINEL: self._hear}
        try:
            return Host(_NETWORK, definition, actions)
        except ImportError as error:
            raise MatcherMissingError(str(error)) from error

    def _hear(self, _matched: Any) -> None:
        self._heard += 1

    def _action(self, rule: Rule) -> Callable[[Matched], None]:
        found = self._findings if rule.final else self._concluded
        then = rule.then

        def act(matched: Matched) -> None:
            fact = then(matched)
            found.setdefault(tuple(fact.items()), fact)

        return act


def _anchored(tests: tuple[Comparison, ...]) -> tuple[Comparison, ...]:
    """The comparisons of a pattern; if it joins, with one at the end that cannot fail."""
    joined = [t.of for t in tests if t.of is not None]
    return (*tests, Comparison(_ONE, _ONE, joined[0])) if joined else tests


def _refuse_unbearable(rules: tuple[Rule, ...]) -> None:
    if len(rules) > MAX_RULES:
        raise MatcherError(f"{len(rules)} rules; at most {MAX_RULES}")
    constants = {(t.field, t.value) for r in rules for _, tests in r.when for t in tests if t.of is None}
    ranges = [t.field for r in rules for _, tests in r.when for t in tests if t.operator in _RANGES and t.of is None]
    for field, count in Counter(field for field, _ in constants).items():
        if count > MAX_CONSTANTS:
            raise MatcherError(f"{count} constants compared with `{field}`; at most {MAX_CONSTANTS}")
    for field, count in Counter(ranges).items():
        if count > MAX_RANGES:
            raise MatcherError(f"{count} ranges on `{field}`; at most {MAX_RANGES}")
