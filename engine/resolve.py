"""From the plain words of a business system to a request that can be decided, or all reasons why it cannot.

Shapes of well-formed requests are remembered, so that the names of a request seen before cost one
look-up. What is remembered never changes what is answered.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from engine import impact_assessment
from engine.facts import ASSESSMENT_WORDS, normalise
from engine.names import Directories
from engine.reading import Reading, digits_anywhere
from engine.request import Request
from engine.rule_set import Affair, Fact, Part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.names import Directory
    from engine.rule_set import RuleSet

_PIA: Final[str] = Fact.PIA.value
_SIMPLE = frozenset({"consent", "resident", "ppc_notified", "same_day", "network_up", _PIA})
_SHAPES = 65_536
_DAYS = 65_536

_Register = tuple[list[date], list[bool], tuple[str, ...]]


def resolve(rule_set: RuleSet, raw: Mapping[str, object]) -> Request:
    """Resolve one request; see `Resolver.resolve`. For many requests keep a `Resolver`."""
    return Resolver(rule_set).resolve(raw)


class Shape:
    """The part of a request that its names decide, and the register's word on the impact assessment.

    `plan` is a place for whoever decides requests of this shape (`engine.desk`) to keep what it prepared.
    """

    __slots__ = ("assumptions", "changes", "directory", "plan", "request", "values")

    def __init__(self, request: Request, directory: Directory, register: _Register) -> None:
        self.request = request
        self.directory = directory
        self.changes, self.values, self.assumptions = register
        self.plan: Any = None

    def facts_on(self, on: date, facts: dict[str, bool]) -> dict[str, bool]:
        """The stated facts, and the register's word: both must be satisfied where both speak."""
        if self.changes:
            facts[_PIA] = self.values[bisect_right(self.changes, on)] and facts.get(_PIA, True)
        return facts

    def on(self, on: date, facts: dict[str, bool], assumptions: tuple[str, ...]) -> Request:
        """The request of this shape on a day with these facts, and what the register adds to them."""
        facts = self.facts_on(on, facts)
        if self.assumptions:
            assumptions = tuple(sorted({*assumptions, *self.assumptions})) if assumptions else self.assumptions
        same = self.request
        return Request(
            same.action,
            same.body,
            same.party,
            same.affair,
            on,
            same.procedure,
            same.information,
            same.holder,
            same.holder_designations,
            same.holder_body,
            facts,
            same.attachments,
            assumptions,
        )


def _key(raw: Mapping[str, Any]) -> tuple[object, ...]:
    """What the names of a request are remembered by: its naming members, and which members it has."""
    get = raw.get
    information = get("information")
    if information.__class__ is list:
        information = tuple(information)
    procedure = get("procedure")
    return (
        get("action"),
        get("municipality"),
        get("agency"),
        get("affair"),
        procedure,
        procedure.__class__,
        information,
        get("holder"),
        *raw,
    )


class Resolver:
    """Resolves requests against one rule set. Safe for use from several threads at once."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.rule_set = rule_set
        self.directories = Directories(rule_set)
        self._shapes: dict[tuple[object, ...], Shape] = {}
        self._days: dict[Any, date] = {}

    def resolve(self, raw: Mapping[str, Any]) -> Request:
        """Resolve the words of a request to keys of the rule set.

        Args:
            raw: Members `action`, `municipality`, `agency`, `affair`, `procedure`, `information`,
                `holder`, `on`, `facts`, `attachments` (docs/ja/codes/R01xx for what is refused).

        Raises:
            RequestRefused: With every problem found; no number of twelve digits is ever repeated.
        """
        found = self.remembered(raw)
        return self._read_or_complete(raw) if found is None else found[0].on(found[1], found[2], ())

    def remembered(self, raw: Mapping[str, Any]) -> tuple[Shape, date, dict[str, bool]] | None:
        """The shape of a request whose names were asked about before, its day, and its plainly stated facts.

        None when anything needs careful reading; `resolve` then reads it.
        """
        get = raw.get
        try:
            shape = self._shapes.get(_key(raw))
            on = self._days.get(get("on"))
        except TypeError:  # a record or a list where names stand: not remembered
            return None
        if shape is None:
            return None
        if on is None:
            on = self._day(get("on"))
            if on is None:
                return None
        known: dict[str, bool] = {}
        facts = get("facts")
        if facts is not None:
            if facts.__class__ is not dict:
                return None
            for name, value in facts.items():
                if (value is True or value is False) and (name in _SIMPLE or name in shape.directory.specific_facts):
                    known[name] = value
                elif name == _PIA and value.__class__ is str and value in ASSESSMENT_WORDS:
                    known[_PIA] = ASSESSMENT_WORDS[value]
                else:
                    return None
        return shape, on, known

    def _read_or_complete(self, raw: Mapping[str, Any]) -> Request:
        """A request that is not remembered whole: only its facts need reading, or everything does."""
        key = _key(raw)
        try:
            shape = self._shapes.get(key)
            on = self._days.get(raw.get("on"))
        except TypeError:
            return self._read(raw, None)
        if shape is not None and on is not None and raw.get("facts").__class__ is dict:
            return self._with_facts(raw, shape, on)
        return self._read(raw, key)

    def _day(self, given: object) -> date | None:
        """A day not asked about before, when it is plainly written and within the rule set; remembered."""
        if not isinstance(given, str) or len(given) != len("2016-01-01"):
            return None
        try:
            on = date.fromisoformat(given)
        except ValueError:
            return None
        if on.isoformat() != given or not self.rule_set.valid.contains(on):  # 2024-W01-1 is ten characters too
            return None
        if len(self._days) >= _DAYS:
            self._days.clear()
        self._days[given] = on
        return on

    def _with_facts(self, raw: Mapping[str, Any], shape: Shape, on: date) -> Request:
        """The names are known, the facts need reading."""
        facts = raw["facts"]
        if digits_anywhere(facts):
            return self._read(raw, None)
        normal = normalise(facts, on, shape.directory.specific)
        if normal.problems:
            return self._read(raw, None)
        return shape.on(on, normal.facts, normal.assumptions)

    def _read(self, raw: Mapping[str, Any], key: tuple[object, ...] | None) -> Request:
        """Read every member, collecting problems; remember the shape under `key` when all is well."""
        request = Reading(self.directories, raw).read()
        directory = self.directories.of(request.body)
        parts = self.rule_set.parts(request.body)
        affair = next(part.affairs[request.affair] for part in parts if request.affair in part.affairs)
        shape = Shape(request, directory, register(parts, affair))
        if key is not None and "attachments" not in raw:
            if len(self._shapes) >= _SHAPES:
                self._shapes.clear()
            self._shapes[key] = shape
            if len(self._days) >= _DAYS:
                self._days.clear()
            self._days[raw["on"]] = request.on
        return shape.on(request.on, dict(request.facts), request.assumptions)


def register(parts: tuple[Part, ...], affair: Affair) -> _Register:
    """What the register of impact assessments says of the affair: days of change, values between them, assumptions.

    Without any entry there are no days.
    """
    entries = tuple(
        entry for part in parts for entry in impact_assessment.relevant(part.assessments, affair.id, affair.scope)
    )
    if not entries:
        return [], [], ()
    days = sorted({day for entry in entries for day in (entry.published, entry.changed) if day is not None})
    days = days or [date.min]
    probes = [days[0] - timedelta(days=1) if days[0] > date.min else days[0], *days]
    values = [all(impact_assessment.satisfied(entry, probe) for entry in entries) for probe in probes]
    doubtful = not all(impact_assessment.verified(entry) for entry in entries)
    return days, values, (impact_assessment.THRESHOLD_ASSUMPTION,) if doubtful else ()
