"""Clock, ids, canonical JSON, rows in bulk."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Float, MetaData, Table, select

from api import ids
from api.canonical import LARGEST, NotCanonicalError, canonical
from api.clock import FixedClock, SystemClock, from_ms, to_ms, today
from api.publication import JAPAN
from api.storage import bulk
from api.storage.database import Database
from api.storage.tables import log_payload
from engine.japanese import has_twelve_digits

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | _TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner),
)


@given(_VALUES)
def test_canonical_is_rfc_8785(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


def test_keys_are_ordered_by_utf_16() -> None:
    value = {"\uff21": 1, "𠮷": 2, "a": {"ﬀ": 1, "😀": 2}}
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "value",
    [1.5, 1e300, float("nan"), float("inf"), [0.0], {"a": {"b": [-1.25]}}, 2**53, -(2**53), [10**30], "\ud800"],
    ids=ascii,
)
def test_what_has_no_canonical_form(value: Any) -> None:
    with pytest.raises(NotCanonicalError):
        canonical(value)


def test_strings_that_look_like_numbers() -> None:
    value = {"a": ":1.5", "b": ",12345678901234567890", "c": [":null"], "d": None}
    assert canonical(value) == rfc8785.dumps(value)


def test_structs_are_written_as_msgspec_does() -> None:
    class Pair(msgspec.Struct):
        b: date
        a: str | None

    assert canonical(Pair(date(2026, 11, 26), None)) == b'{"a":null,"b":"2026-11-26"}'


def test_ids() -> None:
    drawn = {ids.new("ev") for _ in range(2_000)}
    assert len(drawn) == 2_000
    for one in drawn:
        assert one.startswith("ev_")
        assert len(one) == 3 + ids.LENGTH
        assert set(one[3:]) <= set(ids.ALPHABET)
        assert not has_twelve_digits(one)


def test_ids_are_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be masked is not given out: the first draw here begins with sixteen twos."""
    draws = iter([bytes.fromhex("d6b5ad6b5ad6b5ad6b5a") + bytes(6), bytes(16)])
    monkeypatch.setattr(ids.secrets, "token_bytes", lambda _: next(draws))
    assert ids.new("pm") == "pm_" + "a" * 26


@pytest.mark.parametrize("prefix", ["", "EV", "a_b", "1", "toolongprefix"])
def test_prefixes(prefix: str) -> None:
    with pytest.raises(ValueError):
        ids.new(prefix)


@given(st.integers(0, 4 * 10**15))
def test_milliseconds(microseconds: int) -> None:
    at = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)
    ms = to_ms(at)
    assert timedelta(0) <= at - from_ms(ms) < timedelta(milliseconds=1)
    assert to_ms(from_ms(ms)) == ms
    assert from_ms(ms).tzinfo is JAPAN


def test_clocks() -> None:
    now = SystemClock().now()
    assert now.utcoffset() == timedelta(hours=9)
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)
    clock = FixedClock(datetime(2026, 3, 31, 14, 59, tzinfo=UTC))
    assert today(clock) == date(2026, 3, 31)
    clock.advance(timedelta(minutes=1))
    assert today(clock) == date(2026, 4, 1)
    clock.set(datetime(2026, 1, 1, tzinfo=UTC))
    assert today(clock) == date(2026, 1, 1)
    with pytest.raises(ValueError):
        FixedClock(datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize("count", [0, 1, 3, 4, 64, 255, 256, 341, 1000])
def test_bulk(database: Database, count: int) -> None:
    rows = [(n, b"s", f"{n}'\\".encode(), "2027-01-01" if n % 2 else None) for n in range(count)]
    with database.begin() as connection:
        bulk.insert(connection, {log_payload: rows})
        found = connection.execute(select(log_payload).order_by(log_payload.c.idx)).all()
    assert [tuple(row) for row in found] == rows


def test_bulk_knows_its_types(postgresql_database: Database) -> None:
    odd = Table("odd", MetaData(), Column("a", Float))
    with postgresql_database.begin() as connection, pytest.raises(TypeError):
        bulk.insert(connection, {odd: [(1.0,)]})
