"""What the register asks for: assessments to be made again or looked at again, and threshold results that rose.

Duties (重要な変更・しきい値の結果の上昇) stop acts by the guard; the yearly look and the assessment after five years are
effort duties and stop nothing.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, select, union

from linkage.assessments import tables
from linkage.assessments.measures import measures
from linkage.assessments.standing import State, standing
from linkage.people.requirements import months_after

if TYPE_CHECKING:
    from linkage.assessments.standing import Standing


class Task(msgspec.Struct, frozen=True):
    """Something to be done about an affair; `duty` false for an effort duty."""

    affair: str
    text: str
    article: str
    due: date | None
    duty: bool


def tasks(connection: Connection, body: str, on: date) -> tuple[Task, ...]:
    """Everything that is to be done on a day, duties first."""
    found: list[Task] = []
    for affair in affairs(connection, body):
        one = standing(connection, body, affair, on)
        if one is not None:
            found += _of(connection, body, one, on)
    return tuple(sorted(found, key=lambda task: (not task.duty, task.due or date.min, task.affair)))


def affairs(connection: Connection, body: str) -> tuple[str, ...]:
    """The affairs in the register."""
    file, made = tables.file, tables.assessment
    both = union(
        select(file.c.affair).where(file.c.body == body), select(made.c.affair).where(made.c.body == body)
    ).subquery()
    return tuple(connection.scalars(select(both.c.affair).order_by(both.c.affair)))


def _of(connection: Connection, body: str, one: Standing, on: date) -> list[Task]:
    if one.state is State.NOT_REQUIRED:
        return []
    found = []
    if one.state is not State.PUBLISHED:
        level = one.required or "（対象人数が分からない）"
        text = f"{one.why}。{level}の保護評価を行い、公表すること"
        found.append(Task(one.affair, text, "番号法28条1項", one.changed, True))
    coming = _coming(connection, body, one, on)
    if coming is not None:
        text = "予定している重要な変更の前に、保護評価をし直すこと"
        found.append(Task(one.affair, text, "番号法28条1項", coming, True))
    if one.published is not None:
        found += _effort(one, on)
    return found


def _effort(one: Standing, on: date) -> list[Task]:
    assert one.published is not None
    review = measures().review
    again = months_after(one.published, review.again_months)
    if on >= again:
        text = f"公表から{review.again_months // 12}年を過ぎた。保護評価を再び行うよう努めること"
        return [Task(one.affair, text, "規則15条", again, False)]
    yearly = months_after(one.published, review.yearly_months)
    if on >= yearly:
        text = "公表から一年を過ぎた。評価書の記載を見直すよう努めること"
        return [Task(one.affair, text, "規則14条1項", yearly, False)]
    return []


def _coming(connection: Connection, body: str, one: Standing, on: date) -> date | None:
    """The day of the next important change that no published assessment was made for."""
    change, link, made = tables.change, tables.covered, tables.assessment
    published = (
        select(link.c.change)
        .join(made, made.c.id == link.c.assessment)
        .where(made.c.published.is_not(None), made.c.withdrawn.is_(None))
    )
    query = (
        select(change.c.on)
        .where(
            change.c.body == body,
            change.c.affair == one.affair,
            change.c.important,
            change.c.on > on.isoformat(),
            change.c.id.not_in(published),
        )
        .order_by(change.c.on)
    )
    day = connection.scalar(query.limit(1))
    return None if day is None else date.fromisoformat(day)
