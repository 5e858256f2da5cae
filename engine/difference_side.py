"""One of two rule sets that are compared, as `engine.difference` asks it: by one body, within some days."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

from engine import resolve
from engine.japanese import plain
from engine.names import Directories, head_designations
from engine.region import STATED, FactSpace
from engine.rule_set import Action, Fact, Grant, Holding

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from engine.names import Holder
    from engine.period import Period
    from engine.rule_set import Affair, Bar, Literal, Part, RuleSet

_PIA = Fact.PIA.value
#: Heads of local bodies that no register names, one of each form (`engine.names`).
_HEADS = ("他の市長", "他の町村長", "他の都道府県知事")


class Rest(enum.Enum):
    """Values of a dimension that are no name."""

    EVERY = "every"  # the whole dimension
    LISTED = "listed"  # procedures: those that the rules name, and a request that names none
    OTHER = "other"  # whatever the rules do not name
    UNSAID = "unsaid"  # the request does not say
    OWN = "own"  # holder: the acting agency itself


class Register(NamedTuple):
    """The word of the register of impact assessments on an affair: days of change, values between them."""

    days: tuple[date, ...]
    values: tuple[bool, ...]


class Named(NamedTuple):
    """A holder that a grant names: the name in the request, the key it stands for, and whether it is of the body."""

    name: str
    key: str
    inside: bool


class Effect:
    """A grant as it works on the days compared. Two effects are equal when no request tells them apart."""

    __slots__ = ("_hash", "assessed", "bars", "facts", "grant", "labels", "law", "names", "needs", "period")

    def __init__(self, grant: Grant, period: Period, named: frozenset[Named]) -> None:
        self.grant = grant
        self.period = period
        clipped = [(bar.period.intersect(period), bar) for bar in grant.bars]
        self.bars: list[tuple[Period, Bar]] = [(p, bar) for p, bar in clipped if p is not None]
        self.needs: frozenset[Literal] = frozenset(condition.literal for condition in grant.conditions)
        self.facts = frozenset(
            [literal.fact for literal in self.needs] + [x.fact for _, bar in self.bars for x in bar.literals]
        )
        self.names: frozenset[str | None] = (
            frozenset((None,)) if grant.information is None else frozenset(entry.name for entry in grant.information)
        )
        self.assessed = _PIA in self.facts
        self.law = (
            grant.procedures,
            grant.information,
            grant.holding,
            named,
            period,
            self.needs,
            frozenset((p, frozenset(bar.literals)) for p, bar in self.bars),
        )
        self.labels = frozenset(basis.label for basis in grant.bases)
        self._hash = hash((self.law, self.labels, grant.clause))

    @property
    def periods(self) -> Iterable[Period]:
        """The days of the grant, and those of its prohibitions."""
        return (self.period, *(period for period, _ in self.bars))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Effect)
            and self.law == other.law
            and self.labels == other.labels
            and self.grant.clause == other.grant.clause
        )


class Side:
    """What one rule set says to requests about one body.

    Args:
        rule_set: The rules.
        body: Whose requests; None for the nation's agencies.
        days: The days compared.
        names: The holders that a request may name.
    """

    def __init__(self, rule_set: RuleSet, body: str | None, days: Period, names: frozenset[str]) -> None:
        self.rule_set = rule_set
        self.body = body
        self.days = days
        known = body is None or body in rule_set.bodies
        self.parts: tuple[Part, ...] = rule_set.parts(body) if known else ()
        self.sound = known and not any(part.faults for part in self.parts)
        self.affairs: dict[str, Affair] = {}
        for part in reversed(self.parts):
            self.affairs.update(part.affairs)
        self.parties = self.parts[0].parties if self.parts else {}
        self.designations = {key: party.designations for key, party in self.parties.items()}
        self.names = names
        self.holders = _holders(rule_set, body, names)
        self._grants: dict[tuple[Action, str], list[Effect]] = {}
        self._named: dict[frozenset[str], frozenset[Named]] = {}
        self._opened: dict[tuple[Holding, frozenset[str], Action, str], frozenset[str | Rest]] = {}
        self._registers: dict[str, Register] = {}
        self._procedures: dict[str, set[str]] = {}
        self.persons: frozenset[str] = frozenset(
            entry.person
            for part in self.parts
            for grant in part.grants
            for entry in grant.information or ()
            if entry.person is not None
        )
        self._asking = frozenset(document.affair for part in self.parts for document in part.documents)
        self._read()

    def _read(self) -> None:
        for part in self.parts:
            for procedure in part.procedures.values():
                self._procedures.setdefault(procedure.affair, set()).add(procedure.id)
            for document in part.documents:
                self._procedures.setdefault(document.affair, set()).update(document.procedures or ())
            for grant in part.grants:
                self._procedures.setdefault(grant.affair, set()).update(grant.procedures or ())
                period = grant.period.intersect(self.days)
                if period is None or not self.sound:
                    continue
                effect = Effect(grant, period, self.named(grant))
                for action in grant.actions:
                    self._grants.setdefault((action, grant.affair), []).append(effect)

    def named(self, grant: Grant) -> frozenset[Named]:
        """The holders that fall under the designations of the grant."""
        if grant.holding in (Holding.NONE, Holding.OWN):
            return frozenset()
        found = self._named.get(grant.holders)
        if found is None:
            found = self._named[grant.holders] = frozenset(
                Named(name, holder.key, self.body is not None and holder.body == self.body)
                for name, holder in self.holders.items()
                if not holder.designations.isdisjoint(grant.holders)
            )
        return found

    def scope(self, affair: str) -> frozenset[str]:
        """The affairs whose grants reach the affair; none when it is unknown."""
        found = self.affairs.get(affair)
        return frozenset() if found is None else found.scope

    def effects(self, action: Action, affair: str) -> list[Effect]:
        """The grants for an action that reach an affair."""
        return [e for key in sorted(self.scope(affair)) for e in self._grants.get((action, key), ())]

    def reaching(self, effects: Iterable[Effect], party: str) -> list[Effect]:
        """Those that name the agency for certain."""
        falls = self.designations.get(party, frozenset())
        return [effect for effect in effects if not effect.grant.parties.isdisjoint(falls)]

    def procedures(self, affair: str) -> frozenset[str]:
        """The procedures that registers, papers and grants name for the affair."""
        return frozenset(p for key in {affair, *self.scope(affair)} for p in self._procedures.get(key, ()))

    def asks(self, affair: str) -> bool:
        """Whether any paper is asked for in the affair."""
        return not self._asking.isdisjoint(self.scope(affair))

    def register(self, affair: str) -> Register:
        """The register's word on an affair, within the days compared."""
        found = self._registers.get(affair)
        if found is None:
            known = self.affairs.get(affair)
            days, values, _ = ([], [], ()) if known is None else resolve.register(self.parts, known)
            kept = [(day, value) for day, value in zip(days, values[1:], strict=True) if self.days.contains(day)]
            before = sum(day < self.days.first for day in days)
            first = values[before : before + 1]
            found = self._registers[affair] = Register(
                tuple(day for day, _ in kept), (*first, *(value for _, value in kept))
            )
        return found

    def opened(self, effect: Effect, action: Action, party: str) -> frozenset[str | Rest]:
        """The holders that the grant opens to a request of the agency, with what is no name (SEMANTICS, 6)."""
        grant = effect.grant
        key = (grant.holding, grant.holders, action, party)
        found = self._opened.get(key)
        if found is None:
            found = self._opened[key] = frozenset(self._opened_by(grant, action, party))
        return found

    def _opened_by(self, grant: Grant, action: Action, party: str) -> Iterable[str | Rest]:
        holding = grant.holding
        if holding is Holding.NONE:
            yield from (Rest.UNSAID, Rest.OTHER)
            yield from (party, *self.names)
            return
        if action is Action.STORE or holding is Holding.NETWORK or (holding is Holding.OWN and action is Action.USE):
            yield Rest.UNSAID
        if holding is Holding.OWN:
            yield party
            yield from (name for name, holder in self.holders.items() if holder.key == party)
            return
        for name, key, inside in self.named(grant):
            if (inside and key != party) if holding is Holding.OTHER_AGENCY else not inside:
                yield name

    def permits(self, effect: Effect, affair: str, on: date, space: FactSpace) -> int:
        """The statements of facts under which a grant that reaches permits on a day."""
        found = space.everything
        for literal in effect.needs:
            found &= space.where(literal.fact, self._stated(literal, affair, on, wanted=True))
        for period, bar in effect.bars:
            if period.contains(on):
                lifted = 0
                for literal in bar.literals:
                    lifted |= space.where(literal.fact, self._stated(literal, affair, on, wanted=False))
                found &= lifted
        return found

    def _stated(self, literal: Literal, affair: str, on: date, *, wanted: bool) -> list[bool | None]:
        """What can be stated of the fact such that the literal is true (or, not wanted, false)."""
        return [
            stated
            for stated in STATED
            if (value := self._effective(literal.fact, stated, affair, on)) is not None
            and (value is literal.value) is wanted
        ]

    def _effective(self, fact: str, stated: bool | None, affair: str, on: date) -> bool | None:
        if fact != _PIA:
            return stated
        register = self.register(affair)
        if not register.values:
            return stated
        return register.values[sum(day <= on for day in register.days)] and stated is not False


def head_of(name: str) -> str | None:
    """The one of these names that stands for heads of unregistered local bodies such as `name`.

    Examples:
        >>> head_of("女川町長"), head_of("東京都知事"), head_of("図書館")
        ('他の町村長', '他の都道府県知事', None)
    """
    falls = head_designations(plain(name))
    return next((head for head in _HEADS if head_designations(head) == falls), None) if falls else None


def holder_names(rule_sets: Iterable[RuleSet], body: str | None) -> frozenset[str]:
    """The names by which a request about the body may say who holds information, each holder once."""
    known = [rule_set for rule_set in rule_sets if body is None or body in rule_set.bodies]
    names: set[str] = set(_HEADS)
    for rule_set in known:
        for part in (rule_set.national, *rule_set.bodies.values()):
            names.update(part.parties)
        for part in rule_set.parts(body):
            names.update(name for grant in part.grants for name in grant.holders)
            names.update(name for party in part.parties.values() for name in party.designations)
    meanings = [_holders(rule_set, body, frozenset(names)) for rule_set in known]
    aliases = {
        name
        for name in names
        if {holders[name].key if name in holders else name for holders in meanings} == {_first_key(meanings, name)}
        and _first_key(meanings, name) in names - {name}
    }
    return frozenset(names - aliases)


def _first_key(meanings: Iterable[dict[str, Holder]], name: str) -> str:
    return next((holders[name].key for holders in meanings if name in holders), name)


def _holders(rule_set: RuleSet, body: str | None, names: frozenset[str]) -> dict[str, Holder]:
    """What each name stands for here; names that this rule set does not know are left out."""
    if body is not None and body not in rule_set.bodies:
        return {}
    directories = Directories(rule_set)
    directory = directories.of(body)
    found = {name: directory.holder(plain(name), directories.registered) for name in names}
    return {name: holder for name, holder in found.items() if holder is not None}
