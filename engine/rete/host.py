"""The library's C calls in the order its own host makes them, without what that does around each action.

The host of durable_rules reads the clock twice, writes and reads JSON three times and makes a closure of
attributes for each action: ten times the cost of the match. This one hands an action the facts as they come,
never starts a timer, and stops nothing short: other actions run after one that raised, as with the library's,
and then the first error is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

#: What a rule does with the facts that its patterns matched.
Action = Callable[[Mapping[str, Any]], None]

_decode = msgspec.json.Decoder().decode


class HostError(Exception):
    """The library took facts otherwise than asked."""


class Host:
    """One network in the library.

    Args:
        name: of the network.
        definition: its rules in the library's notation, without actions.
        actions: the action of each rule.

    Raises:
        ImportError: durable_rules cannot be imported on this Python.
    """

    def __init__(self, name: str, definition: Mapping[str, Any], actions: Mapping[str, Action]) -> None:
        from durable import engine

        self._library = engine.durable_rules_engine
        self._actions = actions
        self._handle = self._library.create_ruleset(name, _text(definition))

    def assert_facts(self, facts: list[dict[str, Any]]) -> None:
        """Assert facts of one state and run every action that follows.

        Raises:
            HostError: a fact was not handled, or observed before.
            Exception: the first that an action raised.
        """
        said, state = self._library.assert_facts(self._handle, _text(facts))
        if said in (1, 2):
            raise HostError("a fact was not handled" if said == 1 else "a fact was observed before")
        started = self._library.start_action_for_state(self._handle, 0 if said == 3 else state)
        if started:
            self._run(started[0], started[1], state)

    def _run(self, before: str, matched: str | None, state: Any) -> None:
        raised: Exception | None = None
        while matched:
            name, facts = next(iter(_decode(matched).items()))
            try:
                self._actions[name](facts)
            except Exception as error:  # the rest must run, or the state stays in the middle of an action
                raised = raised or error
            self._library.update_state(self._handle, before)
            matched = self._library.complete_and_start_action(self._handle, state)
        if raised is not None:
            raise raised

    def delete_state(self, sid: str) -> None:
        """Delete a state and its facts."""
        self._library.delete_state(self._handle, sid)


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
