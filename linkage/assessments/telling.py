"""What others are told of the register: the engine (fact `pia`) and the network (番号法21条2項2号)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Protocol

import msgspec

from linkage.assessments.standing import LINKS, State, in_order, relevant
from linkage.network.wire import Assessment
from linkage.people.concerned import Concern, concern
from linkage.people.organisation import affair_key
from linkage.people.refusals import PeopleRefused

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from api.storage.database import Database
    from engine.rule_set import RuleSet
    from linkage.intermediate.codes import AgencyEntry, Codes

_LEVELS = {"義務なし": "none", "基礎": "basic", "重点": "priority", "全項目": "full"}


class Line(Protocol):
    """The line to the network (`linkage.intermediate.client.Line`)."""

    def assess(self, told: Assessment) -> None:
        """Tell the state of an impact assessment."""
        ...


def pia_fact(
    connection: Connection, rule_set: RuleSet, body: str, affair: str, on: date
) -> Mapping[str, object] | None:
    """The fact `pia` of a request (POST /v1/decisions) for an affair, as the register has it; None without an entry.

    The engine judges it by the same thresholds. Of several entries the first that is not in order speaks.
    """
    found = relevant(connection, body, concern(rule_set, body, "", affair_key(rule_set, body, affair)), on)
    if not found:
        return None
    chosen = next((one for one in found if one.state not in LINKS), found[0])
    entry = chosen.as_engine_fact()
    told: dict[str, object] = {
        "level": _LEVELS[entry.level],
        "persons": entry.persons,
        "handlers": entry.handlers,
        "incident": entry.incident,
    }
    if entry.published is not None:
        told["published"] = entry.published.isoformat()
    if entry.changed is not None:
        told["changed"] = entry.changed.isoformat()
    return told


def statuses(
    connection: Connection, rule_set: RuleSet, codes: Codes, agencies: tuple[str, ...], on: date
) -> Iterator[Assessment]:
    """What each agency of this body has to tell the network: of its affairs (JM), and of what it holds (TM)."""
    for code in agencies:
        agency = codes.agency(code)
        if agency.body is None or agency.body not in rule_set.bodies:
            continue
        for subject in codes.subjects():
            about = _about(rule_set, codes, agency, subject)
            if about is None:
                continue
            state, published = _state(connection, agency.body, about, on)
            yield Assessment(code, subject, state.value, None if published is None else published.isoformat())  # type: ignore[arg-type]


def _about(rule_set: RuleSet, codes: Codes, agency: AgencyEntry, subject: str) -> tuple[Concern, ...] | None:
    """The affairs a subject stands for; None when it is not this agency's."""
    body = str(agency.body)
    if subject.startswith("JM"):
        found = []
        for name in codes.affair(subject).affairs:
            try:
                found.append(concern(rule_set, body, agency.agency, affair_key(rule_set, body, name)))
            except PeopleRefused:
                return None
        return tuple(found)
    name = codes.information(subject).name
    held = [
        entry.affair
        for entry in rule_set.bodies[body].holdings
        if entry.party == f"{body}/{agency.agency}" and entry.information == name
    ]
    return tuple(concern(rule_set, body, agency.agency, affair) for affair in dict.fromkeys(held)) or None


def _state(connection: Connection, body: str, about: tuple[Concern, ...], on: date) -> tuple[State, date | None]:
    """The state that is told: the first that is not in order; an emergency is none for the network (28条6項)."""
    days = []
    told = State.NOT_REQUIRED
    for one in about:
        found = relevant(connection, body, one, on)
        if not in_order(found, LINKS):
            bad = next((each.state for each in found if each.state not in LINKS), State.MISSING)
            return (State.MISSING if bad is State.EMERGENCY else bad), None
        for each in found:
            if each.state is State.PUBLISHED:
                told = State.PUBLISHED
                days.append(each.published)
    return told, max((day for day in days if day is not None), default=None)


class Teller:
    """Keeps the network told: what changed since it was last told by this process, or everything when it starts."""

    def __init__(self, database: Database, codes: Codes, agencies: tuple[str, ...], line: Line) -> None:
        self._database, self._codes, self._agencies, self._line = database, codes, agencies, line
        self._told: dict[tuple[str, str], Assessment] = {}

    def tell(self, rule_set: RuleSet, on: date) -> tuple[Assessment, ...]:
        """Tell what changed; gives it. A state that could not be told is told again the next time."""
        with self._database.read() as connection:
            now = list(statuses(connection, rule_set, self._codes, self._agencies, on))
        changed = [one for one in now if self._told.get((one.agency, one.subject)) != one]
        gone = [self._told[key] for key in self._told if key not in {(one.agency, one.subject) for one in now}]
        changed += [msgspec.structs.replace(one, state="missing", published=None) for one in gone]
        for one in changed:
            self._line.assess(one)
            self._told[one.agency, one.subject] = one
        return tuple(changed)
