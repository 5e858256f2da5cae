"""The level required, by the engine's one table, against the text of the rule (規則4条・6条・7条) written out again here."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api import ids
from api.storage.database import Database
from engine.facts import normalise
from engine.impact_assessment import LEVELS, THRESHOLDS, satisfied
from linkage.assessments import registering, steps, tables
from linkage.assessments.figures import Figures, figures
from linkage.assessments.measures import load, measures
from linkage.assessments.standing import HOLDS, LINKS, State, standing
from linkage.assessments.telling import pia_fact
from linkage.people.requirements import months_after
from tests.linkage.people.town import CHILD, MAYOR, Town, rule_set
from tests.linkage.world import CITY

TODAY = date(2026, 11, 26)


def by_the_rule(persons: int, handlers: int, *, incident: bool) -> str:
    """規則4条3号・8号イロ、6条1項1号・2号、7条1項, as they are written."""
    if persons < 1_000:
        return "義務なし"
    few = handlers < 500 and not incident
    if persons < 10_000 or (persons < 100_000 and few):
        return "基礎"
    if persons < 100_000 or (persons < 300_000 and few):
        return "重点"
    return "全項目"


EDGES = sorted({edge + off for edge in (0, 1_000, 10_000, 100_000, 300_000) for off in (-1, 0, 1) if edge + off >= 0})


@given(
    st.one_of(st.sampled_from(EDGES), st.integers(0, 1_000_000)),
    st.one_of(st.sampled_from([0, 499, 500, 501]), st.integers(0, 2_000)),
    st.booleans(),
)
def test_the_table_is_the_rule(persons: int, handlers: int, incident: bool) -> None:
    assert Figures(persons, handlers, incident).required == by_the_rule(persons, handlers, incident=incident)


@given(st.integers(0, 400_000), st.integers(0, 600), st.booleans(), st.integers(0, 400_000), st.integers(0, 600))
def test_more_never_needs_less(persons: int, handlers: int, incident: bool, more: int, further: int) -> None:
    low = Figures(persons, handlers, incident).required
    high = Figures(persons + more, handlers + further, True).required
    assert LEVELS.index(str(low)) <= LEVELS.index(str(high))


def test_there_is_one_table() -> None:
    """The package holds no threshold of its own."""
    for file in Path(registering.__file__).parent.glob("*.py"):
        text = file.read_text("utf-8")
        for threshold in THRESHOLDS:
            if threshold.persons and not (threshold.persons == 300_000 and file.name == "standing.py"):
                assert f"{threshold.persons:_}" not in text.replace(",", "_")


def test_unknown_persons_require_what_cannot_be_told() -> None:
    assert Figures(None, 3, False).required is None


@pytest.fixture
def town(sqlite_database: Database, tmp_path: Path) -> Town:
    return Town(sqlite_database, tmp_path, guarded=False).organised()


def build(town: Town, affair: str, persons: int, own: int, incident: bool, level: str, published: int | None) -> None:
    """One affair with figures, and an assessment published so many days ago."""
    file, since = ids.new("pf"), date(2025, 1, 10)
    whose = {"body": CITY, "agency": MAYOR, "affair": affair, "name": "台帳", "entered": since.isoformat()}
    with town.database.begin() as connection:
        connection.execute(tables.file.insert(), [{"id": file, **whose}])
    town.order(lambda t: registering.count_persons(t, file, persons, since))
    town.order(lambda t: registering.state_staff(t, CITY, affair, own, since))
    if incident:
        town.order(
            lambda t: registering.report_incident(t, CITY, MAYOR, TODAY, TODAY, 101, "封筒の誤送付", intentional=False)
        )
    if published is not None:
        day = TODAY - timedelta(days=published)
        made = town.order(lambda t: steps.draft(t, CITY, MAYOR, affair, level, day))
        if level == "全項目":
            town.order(lambda t: steps.open_for_comment(t, made, day, day + timedelta(days=29)))
            day += timedelta(days=30)
            town.order(lambda t: steps.consider(t, made, day))
            town.order(lambda t: steps.review(t, made, day, "個人情報保護審査会"))
        town.order(lambda t: steps.submit(t, made, day))
        town.order(lambda t: steps.publish(t, made, day, basic=day))


_CASES = st.tuples(
    st.sampled_from(EDGES),
    st.sampled_from([12, 499, 500]),
    st.booleans(),
    st.sampled_from(LEVELS[1:]),
    st.one_of(st.none(), st.integers(31, 300)),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_CASES)
def test_the_register_says_what_the_engine_says(town: Town, case: tuple[int, int, bool, str, int | None]) -> None:
    """Standing, the engine on its entry, and the engine on the fact `pia` as a request carries it: one answer."""
    count = sum(1 for table in ("pia_file",) for _ in town.contents()[table])
    affair = sorted(rule_set().national.affairs)[count]  # of its own, so that examples do not meet
    with town.database.begin() as connection:
        connection.execute(tables.incident.delete())
    build(town, affair, *case)
    with town.database.read() as connection:
        found = standing(connection, CITY, affair, TODAY)
        fact = pia_fact(connection, rule_set(), CITY, affair, TODAY)
    assert found is not None
    assert fact is not None
    entry = found.as_engine_fact()
    assert (found.state in LINKS) == (found.state in HOLDS) == satisfied(entry, TODAY)
    assert normalise({"pia": fact}, TODAY).facts["pia"] == satisfied(entry, TODAY)
    assert found.required == by_the_rule(case[0], case[1], incident=case[2])


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(-800, 800))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_incident_counts_for_a_year(town: Town, on: date, days: int) -> None:
    known = on + timedelta(days=days)
    with town.database.begin() as connection:
        connection.execute(tables.incident.delete())
        row = {"id": "pi_a", "body": CITY, "agency": MAYOR, "occurred": known.isoformat(), "known": known.isoformat()}
        connection.execute(
            tables.incident.insert(), [{**row, "persons": 200, "intentional": False, "serious": True, "note": "x"}]
        )
    with town.database.read() as connection:
        counts = figures(connection, CITY, MAYOR, CHILD, on).incident
        assert not figures(connection, CITY, "教育委員会", CHILD, on).incident, "an incident is its agency's"
    assert counts == (months_after(on, -12) <= known <= on)


@pytest.mark.parametrize(
    ("persons", "intentional", "serious"), [(100, False, False), (101, False, True), (1, True, True)]
)
def test_what_is_serious(town: Town, persons: int, intentional: bool, serious: bool) -> None:
    told = town.order(
        lambda t: registering.report_incident(t, CITY, MAYOR, TODAY, TODAY, persons, "持出し", intentional=intentional)
    )
    assert told is serious


def test_exempt_files_are_not_counted(town: Town) -> None:
    add = registering.add_file
    town.order(lambda t: add(t, CITY, MAYOR, CHILD, "職員の福利厚生", exemption="item-1"))
    with town.database.read() as connection:
        found = standing(connection, CITY, CHILD, TODAY)
        assert found is not None
        assert found.state is State.NOT_REQUIRED
    town.order(lambda t: add(t, CITY, MAYOR, CHILD, "台帳"))
    with town.database.read() as connection:
        found = standing(connection, CITY, CHILD, TODAY)
        assert found is not None
        assert (found.state, found.figures.persons) == (State.MISSING, None)


@pytest.mark.parametrize("exemption", ["item-3", "item-7", "item-99"])
def test_exemptions_that_are_not_a_municipalitys(town: Town, exemption: str) -> None:
    add = registering.add_file
    town.refused("G0708", lambda: town.order(lambda t: add(t, CITY, MAYOR, CHILD, "台帳", exemption=exemption)))


def test_data_that_names_nothing_is_refused(tmp_path: Path) -> None:
    assert {one.item for one in measures().exemptions} == {"第1号", "第2号", "第4号", "第5号", "第6号", "第7号"}
    text = Path(registering.__file__).with_name("measures.yaml").read_text("utf-8")
    for old, new in (("file.create:", "file.made:"), ("assumption: A-PIA-INCIDENT", "assumption: A-NOWHERE")):
        wrong = tmp_path / "wrong.yaml"
        wrong.write_text(text.replace(old, new), "utf-8")
        with pytest.raises(ValueError, match="知られていない名前"):
            load(wrong)
