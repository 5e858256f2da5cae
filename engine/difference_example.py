"""One request of a row, so that people see what the row means and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.difference import PaperRow, Point, Row
from engine.difference_side import Rest
from engine.japanese import plain
from engine.names import Directories
from engine.region import example
from engine.request import Request
from engine.resolve import Shape, register
from engine.rule_set import Action, GrantedInformation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.rule_set import RuleSet


def point_of(row: Row | PaperRow) -> Point:
    """A request of the row: its first day, the names it gives rather than what it leaves unsaid."""
    item: GrantedInformation | None = None
    action = Action.USE
    if isinstance(row, Row):
        action = min(row.actions)
        name, person = min(row.information, key=lambda i: (i[0] or "", isinstance(i[1], Rest), str(i[1])))
        item = None if name is None else GrantedInformation(name, None if isinstance(person, Rest) else person)
    holder = _first(row.holders)
    party = min(row.parties)
    return Point(
        row.body,
        action,
        party,
        min(row.affairs),
        row.days[0].first,
        _first(row.procedures),
        item,
        party if holder is None and Rest.OWN in row.holders and Rest.UNSAID not in row.holders else holder,
        example(row.facts),
    )


def _first(values: Iterable[str | Rest]) -> str | None:
    """The first name; none when the request may as well not say."""
    known = list(values)
    if Rest.EVERY in known or Rest.UNSAID in known:
        return None
    names = sorted(value for value in known if isinstance(value, str))
    return names[0] if names else "その他" if Rest.OTHER in known else None


def request_of(rule_set: RuleSet, point: Point, names: Directories | None = None) -> Request | None:
    """The point as a request resolved against one rule set; None when the rule set does not know its names.

    Args:
        rule_set: The rules.
        point: What was stated.
        names: The names of the rule set, when many points are resolved.
    """
    if point.body is not None and point.body not in rule_set.bodies:
        return None
    parts = rule_set.parts(point.body)
    affair = next((part.affairs[point.affair] for part in parts if point.affair in part.affairs), None)
    if affair is None or point.party not in parts[0].parties:
        return None
    directories = names or Directories(rule_set)
    directory = directories.of(point.body)
    holder = None if point.holder is None else directory.holder(plain(point.holder), directories.registered)
    request = Request(
        point.action,
        point.body,
        point.party,
        point.affair,
        point.on,
        point.procedure,
        () if point.item is None else (point.item,),
        None if point.holder is None else point.holder if holder is None else holder.key,
        frozenset() if holder is None else holder.designations,
        None if holder is None else holder.body,
    )
    shape = Shape(request, directory, register(parts, affair))
    return shape.on(point.on, dict(point.facts), ())
