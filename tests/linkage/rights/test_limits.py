"""Days of the law: counted in Japan, over ends of months, while the clock stands, extended, and given a longer time."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.rights.limits import Course, Pause, base, due, limits, refusal_articles, rule, too_late
from linkage.rights.values import Kind

DAYS = st.dates(date(2024, 1, 1), date(2032, 12, 31))
KINDS = st.sampled_from(list(Kind))


@pytest.mark.parametrize(
    ("received", "last"),
    [
        (date(2026, 11, 26), date(2026, 12, 26)),  # a Saturday: not put off
        (date(2027, 1, 31), date(2027, 3, 2)),
        (date(2028, 1, 31), date(2028, 3, 1)),  # a leap year
        (date(2026, 12, 2), date(2027, 1, 1)),
        (date(2028, 1, 30), date(2028, 2, 29)),
    ],
)
def test_thirty_days_over_the_ends_of_months(received: date, last: date) -> None:
    for kind in Kind:
        found = due(Course(received), kind, received)
        assert (found.last, found.left) == (last, 30)


def test_the_articles_are_those_of_the_law() -> None:
    decided = {kind: due(Course(date(2026, 11, 26)), kind, date(2026, 11, 26)).article for kind in Kind}
    assert decided == {
        Kind.DISCLOSURE: "個人情報保護法第83条第1項",
        Kind.CORRECTION: "個人情報保護法第94条第1項",
        Kind.STOP_OF_USE: "個人情報保護法第102条第1項",
        Kind.DELETION: "個人情報保護法第102条第1項",
        Kind.STOP_OF_PROVISION: "個人情報保護法第102条第1項",
    }
    assert rule(Kind.DISCLOSURE).extend.article == "個人情報保護法第83条第2項"
    assert rule(Kind.CORRECTION).special.article == "個人情報保護法第95条"


def test_what_no_source_says_is_an_assumption_of_every_answer() -> None:
    known = {one.id for one in limits().assumptions}
    assert {"A-RIGHTS-FIRST-DAY", "A-RIGHTS-CORRECTION-DAYS", "A-RIGHTS-FEE"} <= known
    for kind in Kind:
        said = " ".join(limits().assumed(kind))
        assert "A-RIGHTS-FIRST-DAY" in said
        assert ("A-RIGHTS-SIXTY-DAYS" in said) == (kind is Kind.DISCLOSURE)
    assert all(one.source for one in limits().assumptions)


@given(DAYS, KINDS, st.lists(st.tuples(st.integers(0, 20), st.integers(0, 40)), max_size=4), st.integers(0, 30))
def test_days_of_a_correction_are_not_counted(
    received: date, kind: Kind, spans: list[tuple[int, int]], extended: int
) -> None:
    pauses, at = [], received
    for gap, length in spans:
        asked = at + timedelta(days=gap)
        at = asked + timedelta(days=length)
        pauses.append(Pause(asked, at))
    whole = sum(length for _, length in spans)
    found = due(Course(received, tuple(pauses), extended), kind, at)
    assert found.last == received + timedelta(days=30 + whole + extended)
    assert found.stopped == whole
    # taking a correction away never makes the day later
    for left_out in range(len(pauses)):
        fewer = tuple(one for place, one in enumerate(pauses) if place != left_out)
        other = due(Course(received, fewer, extended), kind, at).last
        assert other is not None
        assert other <= found.last


@given(DAYS, KINDS, st.integers(0, 29), st.integers(0, 400))
def test_while_the_clock_stands_nothing_is_due_and_no_day_is_lost(
    received: date, kind: Kind, gap: int, waited: int
) -> None:
    asked = received + timedelta(days=gap)
    today = asked + timedelta(days=waited)
    standing = due(Course(received, (Pause(asked),)), kind, today)
    assert standing.last is None
    assert standing.left == 30 - gap
    goes_on = due(Course(received, (Pause(asked, today),)), kind, today)
    assert goes_on.last is not None
    assert (goes_on.last - today).days == 30 - gap == goes_on.left


@given(DAYS, KINDS, st.integers(31, 900))
def test_a_longer_time_is_what_was_told(received: date, kind: Kind, days: int) -> None:
    until = received + timedelta(days=days)
    found = due(Course(received, special=until), kind, received)
    assert found.last == until
    assert found.article == rule(kind).special.article
    assert found.part == (received + timedelta(days=60) if kind is Kind.DISCLOSURE else None)


@given(DAYS, KINDS, st.integers(0, 200))
def test_overdue_begins_the_day_after(received: date, kind: Kind, later: int) -> None:
    today = received + timedelta(days=later)
    assert (due(Course(received), kind, today).left < 0) == (later > 30)


@given(DAYS, st.integers(0, 200))
def test_ninety_days_after_a_disclosure(disclosed: date, later: int) -> None:
    received = disclosed + timedelta(days=later)
    for kind in set(Kind) - {Kind.DISCLOSURE}:
        assert too_late(kind, disclosed, received) == (later > 90)
    assert not too_late(Kind.DISCLOSURE, disclosed, received)


def test_an_article_about_records_is_no_ground_for_other_information() -> None:
    assert "番号法第31条第1項" in refusal_articles(Kind.DELETION, of_records=True)
    assert "番号法第31条第1項" not in refusal_articles(Kind.DELETION, of_records=False)


def test_a_course_is_kept_as_it_was() -> None:
    course = Course(date(2026, 1, 1), (Pause(date(2026, 1, 2)),), 10, date(2027, 1, 1))
    assert msgspec.json.decode(msgspec.json.encode(course), type=Course) == course
    assert base(course, Kind.DISCLOSURE, date(2026, 1, 5)) == date(2026, 2, 3)
