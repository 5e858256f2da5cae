"""Where the assessment of an affair stands on a day: in order, or in which way not."""

from __future__ import annotations

import enum
from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, RowMapping, or_, select

from engine.impact_assessment import LEVELS, THRESHOLD_ASSUMPTION
from engine.rule_set import ImpactAssessment
from linkage.assessments import tables
from linkage.assessments.figures import Figures, figures, files

if TYPE_CHECKING:
    from linkage.people.concerned import Concern


class State(enum.StrEnum):
    """The state; all but the last word for the network too (wire.Assessment)."""

    PUBLISHED = "published"
    NOT_REQUIRED = "not_required"
    MISSING = "missing"
    OUTDATED = "outdated"
    INSUFFICIENT = "insufficient"
    WITHDRAWN = "withdrawn"
    EMERGENCY = "emergency"  # 規則9条2項: held before its assessment; not for the network


#: What lets a file be held, and what lets the network be used (番号法28条6項 knows no emergency).
HOLDS = frozenset({State.PUBLISHED, State.NOT_REQUIRED, State.EMERGENCY})
LINKS = frozenset({State.PUBLISHED, State.NOT_REQUIRED})

WHY = {
    State.MISSING: "保護評価の評価書が公表されていない",
    State.OUTDATED: "重要な変更の後に保護評価をし直していない",
    State.INSUFFICIENT: "保護評価の水準が必要な水準に足りない",
    State.WITHDRAWN: "保護評価の評価書が取り下げられている",
    State.EMERGENCY: "緊急の保有であって、保護評価がまだ済んでいない",
}


class Standing(msgspec.Struct, frozen=True):
    """The standing of one affair. `required` is None when the figures are not known."""

    affair: str
    state: State
    figures: Figures
    required: str | None
    level: str | None
    published: date | None
    changed: date | None = None  # an important change that no published assessment covers
    assumptions: tuple[str, ...] = ()

    @property
    def why(self) -> str:
        """Why it is not in order, as a clause; empty when it is."""
        return WHY.get(self.state, "")

    def as_engine_fact(self) -> ImpactAssessment:
        """The entry as the engine judges it; without known figures one that nothing satisfies."""
        persons = self.figures.persons
        if persons is None:
            return ImpactAssessment(self.affair, LEVELS[0], None, 300_000, 0, True)
        exempt = self.state is State.NOT_REQUIRED
        return ImpactAssessment(
            self.affair,
            self.level or LEVELS[0],
            self.published,
            0 if exempt else persons,
            self.figures.handlers,
            self.figures.incident,
            self.changed,
        )


def standing(connection: Connection, body: str, affair: str, on: date) -> Standing | None:
    """The standing of an affair by its own entries; None when the register has none."""
    held = files(connection, body, affair, on)
    made = _assessments(connection, body, affair, on)
    if not held and not made:
        return None
    agency = str((held[0] if held else made[0])["agency"])
    numbers = figures(connection, body, agency, affair, on)
    # the last published counts: one before it does not come back when it is withdrawn
    current = made[0] if made and made[0]["published"] and not _withdrawn(made[0], on) else None
    changed = uncovered(connection, body, affair, on, current)
    state = _state(connection, body, affair, on, held, made, numbers, current, changed)
    published = None if current is None else date.fromisoformat(current["published"])
    level = None if current is None else str(current["level"])
    doubts = () if numbers.verified else (THRESHOLD_ASSUMPTION,)
    return Standing(affair, state, numbers, numbers.required, level, published, changed, doubts)


def relevant(connection: Connection, body: str, about: Concern, on: date) -> tuple[Standing, ...]:
    """The standings that count for an affair: its own or, without any, those of its scope (as the engine has it)."""
    own = standing(connection, body, about.affair, on)
    if own is not None:
        return (own,)
    others = (standing(connection, body, affair, on) for affair in sorted(about.scope - {about.affair}))
    return tuple(one for one in others if one is not None)


def in_order(standings: Collection[Standing], good: frozenset[State]) -> bool:
    """Whether there is an entry, and every entry is good."""
    return bool(standings) and all(one.state in good for one in standings)


def _state(
    connection: Connection,
    body: str,
    affair: str,
    on: date,
    held: tuple[RowMapping, ...],
    made: tuple[RowMapping, ...],
    numbers: Figures,
    current: RowMapping | None,
    changed: date | None,
) -> State:
    if held and all(row["exemption"] for row in held):
        return State.NOT_REQUIRED
    if numbers.required == LEVELS[0] and held:
        return State.NOT_REQUIRED
    found = _of_assessment(held, made, numbers, current, changed, on)
    if found is not State.PUBLISHED and _emergency(connection, body, affair, on):
        return State.EMERGENCY
    return found


def _of_assessment(
    held: tuple[RowMapping, ...],
    made: tuple[RowMapping, ...],
    numbers: Figures,
    current: RowMapping | None,
    changed: date | None,
    on: date,
) -> State:
    if not held or numbers.required is None:
        return State.MISSING
    if current is None:
        return State.WITHDRAWN if any(_withdrawn(row, on) for row in made) else State.MISSING
    if LEVELS.index(current["level"]) < LEVELS.index(numbers.required):
        return State.INSUFFICIENT
    return State.PUBLISHED if changed is None else State.OUTDATED


def uncovered(connection: Connection, body: str, affair: str, on: date, current: RowMapping | None) -> date | None:
    """The day of the latest important change in effect that the current assessment was neither made for nor after."""
    change, link = tables.change, tables.covered
    query = select(change.c.on).where(
        change.c.body == body, change.c.affair == affair, change.c.important, change.c.on <= on.isoformat()
    )
    if current is not None:
        made_for = select(link.c.change).where(link.c.assessment == current["id"])
        query = query.where(change.c.id.not_in(made_for), change.c.on > current["published"])
    day = connection.scalar(query.order_by(change.c.on.desc()).limit(1))
    return None if day is None else date.fromisoformat(day)


def _assessments(connection: Connection, body: str, affair: str, on: date) -> tuple[RowMapping, ...]:
    """Those drafted by the day, the last published first; what is published later counts as not published."""
    table, day = tables.assessment, on.isoformat()
    query = select(table).where(
        table.c.body == body,
        table.c.affair == affair,
        table.c.drafted <= day,
        or_(table.c.published.is_(None), table.c.published <= day),
    )
    order = (table.c.published.is_(None), table.c.published.desc(), table.c.withdrawn.is_not(None), table.c.id)
    return tuple(connection.execute(query.order_by(*order)).mappings())


def _withdrawn(row: RowMapping, on: date) -> bool:
    return row["withdrawn"] is not None and row["withdrawn"] <= on.isoformat()


def _emergency(connection: Connection, body: str, affair: str, on: date) -> bool:
    table, day = tables.emergency, on.isoformat()
    query = select(table.c.id).where(
        table.c.body == body, table.c.affair == affair, table.c.first <= day, table.c.last >= day
    )
    return connection.scalar(query.limit(1)) is not None
