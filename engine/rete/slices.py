"""Which grants of a part become facts for a request, found through an index made once.

A grant is left out only when its action, its affair, its information or its holding alone rule it out, so that it can
neither reach nor be pending. The index is made from the grants themselves and shares nothing with the compiled one. A
mistake here can only take grounds away: the two opinions then differ, and there is no permit.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.request import Request
from engine.rule_set import Action, Grant, Holding, Part

_Key = tuple[str, Action, str | None]  # affair, action, name of the information (None: the grant is not about any)
_ALL = frozenset(Holding)
_OF_USE = frozenset({Holding.NONE, Holding.OWN, Holding.NETWORK})
_OF_NO_HOLDER = frozenset({Holding.NONE, Holding.NETWORK})


class PartSlices:
    """The grants of one part by affair, action and name of information."""

    __slots__ = ("_by_key",)

    def __init__(self, part: Part) -> None:
        self._by_key: dict[_Key, list[tuple[int, Grant]]] = {}
        for n, grant in enumerate(part.grants):
            names = {None} if grant.information is None else {entry.name for entry in grant.information}
            for action in grant.actions:
                for name in names:
                    self._by_key.setdefault((grant.affair, action, name), []).append((n, grant))

    def grants(self, request: Request, scope: Iterable[str], holdings: frozenset[Holding]) -> list[Grant]:
        """The grants that may reach, or be pending, in the order of the part.

        Args:
            request: what is asked.
            scope: the affairs whose grants reach the affair asked for.
            holdings: see `holdings`.
        """
        action, found = request.action, self._by_key
        names = {item.name for item in request.information} or (None,)
        numbered = {
            n: grant
            for affair in scope
            for name in names
            for n, grant in found.get((affair, action, name), ())
            if grant.holding in holdings
        }
        return [numbered[n] for n in sorted(numbered)]


def holdings(request: Request) -> frozenset[Holding]:
    """The holdings that a request may come under (SEMANTICS, 6); who is named as a holder is the matcher's test."""
    if request.holder is None:
        if request.action in (Action.STORE, Action.TRANSFER):
            return _ALL
        return _OF_USE if request.action is Action.USE else _OF_NO_HOLDER
    same_body = request.holder_body is not None and request.holder_body == request.body
    own = {Holding.OWN} if request.holder == request.party else set()
    return frozenset({Holding.NONE, Holding.OTHER_AGENCY if same_body else Holding.NETWORK} | own)
