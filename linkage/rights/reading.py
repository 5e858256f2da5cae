"""Requests as they stand on a day: of one person, those overdue, the notices still to be sent."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, RowMapping, select

from api.clock import from_ms
from linkage.rights import tables
from linkage.rights.limits import Course, due, limits, rule, too_late
from linkage.rights.refusals import RightsRefused
from linkage.rights.values import Application, Bar, Kind, Outcome, Standing, State, Step, Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

_R = tables.request


class ToSend(msgspec.Struct, frozen=True):
    """A notice to whoever was provided with what was corrected."""

    id: str
    request: str
    recipient: str
    code: str
    article: str
    records: int
    sent: bool


class Annotation(msgspec.Struct, frozen=True):
    """What was decided about a record that was not right."""

    record: str
    text: str
    day: date


def row_of(connection: Connection, request: str, *, lock: bool = False) -> RowMapping:
    """A request as kept.

    Raises:
        RightsRefused: M0101.
    """
    query = select(_R).where(_R.c.id == request)
    found = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if found is None:
        raise RightsRefused("M0101", 404)
    return found


def application_of(row: RowMapping) -> Application:
    """What was handed in."""
    return msgspec.json.decode(row["application"], type=Application)


def course_of(row: RowMapping) -> Course:
    """What moves its last day."""
    return msgspec.json.decode(row["course"], type=Course)


def standing(connection: Connection, request: str, today: date) -> Standing:
    """One request.

    Raises:
        RightsRefused: M0101.
    """
    return _standing(connection, row_of(connection, request), today)


def of_person(connection: Connection, person: str, today: date) -> tuple[Standing, ...]:
    """The requests of a person, newest first."""
    query = select(_R).where(_R.c.person == person).order_by(_R.c.received.desc(), _R.c.id)
    return tuple(_standing(connection, row, today) for row in connection.execute(query).mappings().all())


def open_requests(connection: Connection, today: date) -> tuple[Standing, ...]:
    """What is still to be decided, the most urgent first; where the clock stands, last."""
    states = [state.value for state in State if state.open]
    rows = connection.execute(select(_R).where(_R.c.state.in_(states))).mappings().all()
    found = [_standing(connection, row, today) for row in rows]
    return tuple(sorted(found, key=lambda one: (_last(one) is None, _last(one) or today, one.id)))


def overdue(connection: Connection, today: date) -> tuple[Standing, ...]:
    """What should have been decided before today, the longest overdue first."""
    return tuple(one for one in open_requests(connection, today) if one.overdue)


def notices_of(connection: Connection, request: str | None = None, *, unsent: bool = False) -> tuple[ToSend, ...]:
    """The notices of a request, or of all; `unsent` leaves out what was sent."""
    table = tables.notice
    query = select(table).order_by(table.c.made_ms, table.c.recipient)
    if request is not None:
        query = query.where(table.c.request == request)
    if unsent:
        query = query.where(table.c.sent_ms.is_(None))
    return tuple(
        ToSend(row.id, row.request, row.recipient, row.code, row.article, row.records, row.sent_ms is not None)
        for row in connection.execute(query)
    )


def annotations_of(connection: Connection, records: Sequence[str]) -> dict[str, list[Annotation]]:
    """By record, what was decided about it."""
    table = tables.annotation
    found: dict[str, list[Annotation]] = {}
    for row in connection.execute(select(table).where(table.c.record.in_(records)).order_by(table.c.day)):
        found.setdefault(row.record, []).append(Annotation(row.record, row.text, date.fromisoformat(row.day)))
    return found


def bars_of(connection: Connection, application: Application, received: date) -> tuple[Bar, ...]:
    """Why the law leaves no way to grant it."""
    says = rule(application.kind)
    found = []
    if says.none_for_records is not None and application.subject is Subject.RECORDS:
        text = says.refusals[says.none_for_records]
        found.append(Bar(says.none_for_records, f"{text}。"))
    after = says.after_disclosure
    if after is None:
        return tuple(found)
    seen = disclosed_on(connection, application)
    if seen is None:
        found.append(Bar(after.premise or after.article, "開示を受けた情報について請求するもので、先に開示が要る。"))
    elif too_late(application.kind, seen, received):
        found.append(Bar(after.article, f"開示を受けた日から{after.days}日を過ぎている。"))
    return tuple(found)


def disclosed_on(connection: Connection, application: Application) -> date | None:
    """The day on which the person was shown what it is about: of the register where that says so, else as stated."""
    if application.disclosure is None:
        return application.disclosed_on
    query = select(_R.c.carried_out).where(
        _R.c.id == application.disclosure,
        _R.c.person == application.person,
        _R.c.kind == Kind.DISCLOSURE.value,
        _R.c.outcome != Outcome.REFUSED.value,
    )
    day = connection.scalar(query)
    return None if day is None else date.fromisoformat(day)


def _standing(connection: Connection, row: RowMapping, today: date) -> Standing:
    application, course, state = application_of(row), course_of(row), State(row["state"])
    received, kind = date.fromisoformat(row["received"]), application.kind
    return Standing(
        id=row["id"],
        application=application,
        received=received,
        state=state,
        due=due(course, kind, today) if state.open else None,
        bars=bars_of(connection, application, received),
        outcome=None if row["outcome"] is None else Outcome(row["outcome"]),
        article=row["article"],
        explanation=row["explanation"],
        decided=_day(row["decided"]),
        carried_out=_day(row["carried_out"]),
        steps=_steps(connection, row["id"]),
        fee=f"{limits().fee.text.removesuffix('。')}（{limits().fee.article}）。" if rule(kind).fee else None,
        assumptions=limits().assumed(kind),
    )


def _steps(connection: Connection, request: str) -> tuple[Step, ...]:
    table = tables.step
    rows = connection.execute(select(table).where(table.c.request == request).order_by(table.c.seq))
    return tuple(Step(from_ms(row.at_ms), row.step, row.by, row.text, row.evaluation) for row in rows)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _last(one: Standing) -> date | None:
    return None if one.due is None else one.due.last
