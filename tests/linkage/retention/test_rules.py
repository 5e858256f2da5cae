"""The retention rules as data, and that acquisition numbers are kept by nobody."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from api.clock import FixedClock
from api.publication import JAPAN
from api.storage.database import Database
from linkage.intermediate import persons
from linkage.intermediate import tables as im
from linkage.network import jlis
from linkage.network import tables as network
from linkage.retention import erasers, rules
from linkage.retention.rules import fiscal_year_end, load
from tests.linkage.people.town import Town


@given(st.dates(date(2016, 1, 1), date(2060, 1, 1)))
def test_a_fiscal_year_ends_in_march_and_holds_its_days(day: date) -> None:
    end = fiscal_year_end(day)
    assert (end.month, end.day) == (3, 31)
    assert day <= end < day + timedelta(days=366)


@given(st.dates(date(2016, 1, 1), date(2060, 1, 1)), st.sampled_from(rules.rules().procedures))
def test_nothing_is_kept_shorter_than_its_years(closed: date, rule: rules.Years) -> None:
    until = rule.keep_until(closed)
    whole = closed.year + rule.years
    assert until >= closed.replace(year=whole, day=min(closed.day, 28))
    assert until <= closed + timedelta(days=366 * (rule.years + 1))


@given(st.dates(date(2020, 1, 1), date(2060, 1, 1)), st.sampled_from(rules.rules().kinds))
def test_nothing_is_erased_before_the_day_of_the_order(before: date, kind: rules.KindRule) -> None:
    assert kind.cutoff(before) <= before


def test_of_each_procedure() -> None:
    found = rules.rules()
    assert found.years("042021/child-medical", "1").years == 5
    assert found.years("042021/child-medical", "3").years == 3
    assert found.years("local-tax", "1").years == 7
    assert found.years("042021/nothing", "1") is found.default


def test_every_kind_is_known_and_has_its_basis() -> None:
    kinds = erasers.known(rules.rules())
    assert [kind.id for kind in kinds].index("person") < [kind.id for kind in kinds].index("case")
    assert all(kind.basis and kind.method for kind in kinds)
    assert rules.rules().kind("provision-record").assumption is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("months: 12\n    basis: 番号法第20条\n", "months: -1\n    basis: 番号法第20条\n"),
        ("assumption: A-COPY-YEAR", "assumption: A-X"),
    ],
)
def test_data_that_cannot_be(tmp_path: Path, old: str, new: str) -> None:
    text = Path(rules.__file__).with_name("retention.yaml").read_text("utf-8")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text.replace(old, new, 1), "utf-8")
    assert wrong.read_text("utf-8") != text
    with pytest.raises(ValueError, match="保存期間の登録簿"):
        load(wrong)


def test_a_kind_that_the_program_does_not_know(tmp_path: Path) -> None:
    text = Path(rules.__file__).with_name("retention.yaml").read_text("utf-8")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text.replace("id: copy\n", "id: copies\n"), "utf-8")
    with pytest.raises(ValueError, match="種類"):
        erasers.known(load(wrong))


def test_acquisition_numbers_are_kept_by_nobody(database: Database, tmp_path: Path) -> None:
    """番号法21条の2: used, or past its time, a number is gone; this body never writes it down."""
    town = Town(database, tmp_path, guarded=False)
    network.metadata.create_all(database.engine)
    clock = FixedClock(datetime(2026, 11, 26, 10, tzinfo=JAPAN))
    agency = "9900000000042101"
    with database.begin() as connection:
        first, second = jlis.register_residents(connection, 2)
        used = jlis.acquire(connection, first, agency, clock).acquisition_number
        left = jlis.acquire(connection, second, agency, clock).acquisition_number
    town.do("code.acquire", ("ad_one",), lambda t: persons.ask(t, agency, "ad_one"))
    with database.begin() as connection:
        jlis.redeem(connection, used, agency, clock)
    assert rows(database) == 1
    clock.advance(timedelta(days=1, seconds=1))
    with database.begin() as connection:
        assert jlis.sweep(connection, clock) == 1
    assert rows(database) == 0
    everything = repr(town.contents())
    assert used not in everything
    assert left not in everything
    assert not {"number", "acquisition_number"} & set(im.link_code.c.keys())


def rows(database: Database) -> int:
    with database.read() as connection:
        return len(connection.execute(select(network.acquisition)).all())
