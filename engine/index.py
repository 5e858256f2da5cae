"""The base index of a rule set: grants by action and affair, built for a municipality when first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.rule_set import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from engine.rule_set import Affair, Grant, Part, Party, RuleSet, Void

_Positions = dict["Action", dict[str, list[int]]]


class GrantIndex:
    """Finds the grants that may bear on a request without walking the rule set.

    A part is indexed when a request first touches it, so 1,741 municipalities cost nothing until
    they ask. Reading is safe from several threads: an index is complete before it is published.
    """

    def __init__(self, rule_set: RuleSet) -> None:
        self.rule_set = rule_set
        self._parts: dict[str | None, tuple[_Positions, _Positions]] = {}
        self._linked: dict[tuple[str | None, str], frozenset[str]] = {}

    def parts(self, body: str | None) -> tuple[Part, ...]:
        """The parts that decide for `body`; an unknown body has only the nation's."""
        own = None if body is None else self.rule_set.bodies.get(body)
        return (self.rule_set.national,) if own is None else (own, self.rule_set.national)

    def party(self, body: str | None, key: str) -> Party | None:
        """The agency with this key, own part first."""
        return next((part.parties[key] for part in self.parts(body) if key in part.parties), None)

    def affair(self, body: str | None, affair: str) -> Affair | None:
        """The affair with this id, own part first."""
        return next((part.affairs[affair] for part in self.parts(body) if affair in part.affairs), None)

    def scope(self, body: str | None, affair: str) -> frozenset[str]:
        """The affairs whose grants reach the affair."""
        found = self.affair(body, affair)
        return frozenset((affair,)) if found is None else found.scope

    def grants(self, body: str | None, action: Action, scope: Iterable[str]) -> list[Grant]:
        """The grants for the action and the affairs of `scope`, in rule-set order, own part first."""
        wanted = tuple(scope)
        return [
            part.grants[position]
            for code, part in self._keyed(body)
            for position in _merged(self._of(code, part)[0], action, wanted)
        ]

    def voids(self, body: str | None, action: Action, scope: Iterable[str]) -> list[Void]:
        """The provisions that would have granted, for the action and the affairs of `scope`."""
        wanted = tuple(scope)
        return [
            part.voids[position]
            for code, part in self._keyed(body)
            for position in _merged(self._of(code, part)[1], action, wanted)
        ]

    def linked_information(self, code: str | None, holder: str) -> frozenset[str]:
        """Names of information that a linkage grant of one part (None: the nation's) lets `holder` provide."""
        found = self._linked.get((code, holder))
        if found is None:
            part = self.rule_set.national if code is None else self.rule_set.bodies.get(code)
            found = self._linked[code, holder] = frozenset(
                entry.name
                for grant in (() if part is None else part.grants)
                if Action.LINK in grant.actions and holder in grant.holders
                for entry in grant.information or ()
            )
        return found

    def _keyed(self, body: str | None) -> Iterator[tuple[str | None, Part]]:
        if body is not None and body in self.rule_set.bodies:
            yield body, self.rule_set.bodies[body]
        yield None, self.rule_set.national

    def _of(self, code: str | None, part: Part) -> tuple[_Positions, _Positions]:
        found = self._parts.get(code)
        if found is None:
            found = (_positions(part.grants), _positions(part.voids))
            self._parts[code] = found
        return found


def _positions(provisions: Sequence[Grant | Void]) -> _Positions:
    index: _Positions = {}
    for position, provision in enumerate(provisions):
        for action in provision.actions:
            index.setdefault(action, {}).setdefault(provision.affair, []).append(position)
    return index


def _merged(index: _Positions, action: Action, scope: tuple[str, ...]) -> list[int]:
    affairs = index.get(action)
    if affairs is None:
        return []
    lists = [affairs[affair] for affair in scope if affair in affairs]
    return lists[0] if len(lists) == 1 else sorted(position for positions in lists for position in positions)


_recent: list[GrantIndex] = []


def index_of(rule_set: RuleSet) -> GrantIndex:
    """The index of a rule set; the last two are kept, by identity (rule sets never change)."""
    for index in tuple(_recent):
        if index.rule_set is rule_set:
            return index
    index = GrantIndex(rule_set)
    _recent.append(index)
    del _recent[:-2]
    return index
