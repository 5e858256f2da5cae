"""Periods of the registers against the engine's own, and months, for any days."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from api.storage.database import Database
from engine.period import Period
from linkage.people import contractors, tables, training
from linkage.people.keeping import in_force
from linkage.people.requirements import months_after, requirements
from tests.linkage.people.town import CHILD, MAYOR, SECTION, Town
from tests.linkage.world import CITY

DAYS = st.dates(date(2016, 1, 1), date(2040, 1, 1))
NEAR = st.integers(-400, 800)
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def town(sqlite_database: Database, tmp_path: Path) -> Town:
    return Town(sqlite_database, tmp_path, guarded=False)


@given(DAYS, st.integers(0, 120))
def test_months_go_forward_and_back(day: date, months: int) -> None:
    later = months_after(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day <= day.day
    assert months_after(later, -months) <= day
    assert months_after(day, months + 1) > later


@SLOW
@given(DAYS, st.one_of(st.none(), st.integers(0, 800)), NEAR)
def test_a_row_is_in_force_as_a_period_is(town: Town, first: date, length: int | None, off: int) -> None:
    last = None if length is None else first + timedelta(days=length)
    on = first + timedelta(days=off)
    row = {"id": "du_a", "body": CITY, "agency": MAYOR, "section": SECTION, "affair": CHILD, "first": first.isoformat()}
    with town.database.begin() as connection:
        connection.execute(tables.duty.delete())
        connection.execute(tables.duty.insert(), [{**row, "last": None if last is None else last.isoformat()}])
        found = connection.scalar(select(tables.duty.c.id).where(in_force(tables.duty, on))) is not None
    assert found == Period(first, last).contains(on)


@SLOW
@given(DAYS, NEAR)
def test_training_counts_from_its_day_for_a_year(town: Town, taken: date, off: int) -> None:
    on, until = taken + timedelta(days=off), months_after(taken, 12)
    rows = [
        {"id": f"tr_{course}", "handler": "hd_a", "course": course, "taken": taken.isoformat()}
        for course in requirements().required_courses
    ]
    with town.database.begin() as connection:
        connection.execute(tables.training.delete())
        connection.execute(tables.training.insert(), [{**row, "valid_until": until.isoformat()} for row in rows])
        missing = training.missing(connection, "hd_a", on)
    assert (missing is None) == Period(taken, until).contains(on)


@SLOW
@given(DAYS, st.one_of(st.none(), st.integers(1, 400)), NEAR)
def test_consent_stands_from_its_day_until_it_is_withdrawn(
    town: Town, given_: date, withdrawn: int | None, off: int
) -> None:
    on = given_ + timedelta(days=off)
    ends = None if withdrawn is None else given_ + timedelta(days=withdrawn)
    row = {"id": "cs_a", "contract": "ct_a", "given": given_.isoformat(), "conditions": "秘密の保持"}
    with town.database.begin() as connection:
        connection.execute(tables.consent.delete())
        connection.execute(tables.consent.insert(), [{**row, "withdrawn": None if ends is None else ends.isoformat()}])
        stands = contractors.consented(connection, "ct_a", on)
    assert stands == (given_ <= on and (ends is None or on < ends))
