"""The acting handler is one of this body, assigned to the permit's affair, and trained, on the day; else nothing is done."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from api.permits import epoch
from api.publication import JAPAN
from api.storage.database import Database
from api.storage.tables import log_entry, permit_redemption
from linkage.acts import ACTS, Kind
from linkage.people import handlers, organisation, training
from linkage.people.refusals import PeopleRefused
from linkage.people.requirements import load, requirements
from tests.linkage.people.town import CHILD, MAYOR, SECTION, START, Town, read, rule_set
from tests.linkage.world import CITY


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Town:
    return Town(database, tmp_path)


def test_whole_it_acts_and_is_recorded(town: Town) -> None:
    _, handler = town.whole()
    assert town.attempt(handler=handler).result == "done"
    with town.database.read() as connection:
        assert connection.scalar(select(log_entry.c.kind).order_by(log_entry.c.idx.desc()).limit(1)) == "act"


def test_without_a_handler_what_needs_one_is_refused(town: Town) -> None:
    town.whole()
    refusal = town.refused("G0711", town.attempt)
    assert "番号法12条" in refusal.text


def test_what_needs_none_goes_without(town: Town) -> None:
    town.whole()
    assert town.attempt("copy.register").result == "done"


def test_every_act_asks_about_the_handler_that_is_named(town: Town) -> None:
    """Recorded acts among them: the guard comes before the work, so the missing record is not reached."""
    town.whole()
    for name in sorted(n for n, e in ACTS.items() if e.kind is Kind.ACT and n != "card.use"):
        town.refused("G0712", lambda n=name: town.attempt(n, handler="hd_nobody"))  # type: ignore[misc]


def test_a_handler_of_another_affair(town: Town) -> None:
    town.whole()
    other = town.handler(affair="local-tax", section="市民税課")
    refusal = town.refused("G0714", lambda: town.attempt(handler=other))
    assert "子ども医療費" in refusal.text


def test_a_handler_of_another_agency(town: Town) -> None:
    """The board's school aid is not the mayor's child medical aid, even for the same person."""
    town.whole()
    other = town.handler(affair="042021/school-aid", agency="教育委員会", section="学校教育課")
    town.refused("G0714", lambda: town.attempt(handler=other))


def test_untrained(town: Town) -> None:
    town.organised().assessed()
    handler = town.handler(trained=False)
    refusal = town.refused("G0715", lambda: town.attempt(handler=handler))
    assert "29条の2" in refusal.text
    town.order(lambda t: training.record(t, handler, "handling", date(2026, 5, 1)))
    assert "サイバー" in town.refused("G0715", lambda: town.attempt(handler=handler)).text
    town.order(lambda t: training.record(t, handler, "security", date(2026, 5, 1)))
    assert town.attempt(handler=handler).result == "done"


def test_training_ends_after_a_year(town: Town) -> None:
    _, handler = town.whole()
    town.clock.set(datetime(2027, 5, 1, 23, 59, tzinfo=JAPAN))
    assert town.attempt(handler=handler).result == "done"
    town.clock.advance(timedelta(minutes=2))
    town.refused("G0715", lambda: town.attempt(handler=handler))


def test_revoked_between_permit_and_act(town: Town) -> None:
    """The permit is stale by the epoch; a fresh one meets the guard."""
    _, handler = town.whole()
    token = town.token()
    with town.database.read() as connection:
        before = epoch.current(connection, CITY)
    town.order(lambda t: handlers.revoke(t, handler, "異動"))
    with town.database.read() as connection:
        assert epoch.current(connection, CITY) == before + 1
    town.refused("G0601", lambda: town.attempt(token=token, handler=handler))
    town.refused("G0713", lambda: town.attempt(handler=handler))
    with town.database.read() as connection:
        assert connection.execute(select(permit_redemption)).all() == []


def test_released_from_one_affair(town: Town) -> None:
    _, handler = town.whole()
    with town.database.read() as connection:
        (assignment,) = handlers.assignments(connection, CITY, date(2026, 11, 26), handler_id=handler)
    town.order(lambda t: handlers.release(t, assignment.id, date(2026, 11, 26)))
    assert town.attempt(handler=handler).result == "done"  # its last day
    town.clock.advance(timedelta(days=1))
    town.refused("G0714", lambda: town.attempt(handler=handler))


def test_assigned_only_where_the_duty_is(town: Town) -> None:
    town.organised()
    handler = town.order(lambda t: handlers.enrol(t, CITY, "試験 次郎", START))
    town.refused("G0720", lambda: town.order(lambda t: handlers.assign(t, handler, MAYOR, "市民税課", CHILD, START)))


def test_a_handler_of_nobody(town: Town) -> None:
    town.organised()
    work = handlers.assign
    town.refused("G0712", lambda: town.order(lambda t: work(t, "hd_x", MAYOR, SECTION, CHILD, START)))


def test_identifiers_look_like_no_number(town: Town) -> None:
    for id_ in ("1234567", "hk-123456", "H-1", "hk 1", "a", "hk-１２３４５６"):
        town.refused("G0716", lambda i=id_: town.order(lambda t: handlers.enrol(t, CITY, "試験", START, id_=i)))  # type: ignore[misc]


def test_no_number_in_a_name(town: Town) -> None:
    town.refused("G0716", lambda: town.order(lambda t: handlers.enrol(t, CITY, "123456789012", START)))


def test_training_due(town: Town) -> None:
    town.organised()
    handler = town.handler(trained=False)
    with town.database.read() as connection:
        assert {(d.course, d.until) for d in training.due(connection, CITY, date(2026, 11, 26))} == {
            ("handling", None),
            ("security", None),
        }
    town.train(handler)
    with town.database.read() as connection:
        assert training.due(connection, CITY, date(2026, 11, 26)) == ()
        soon = training.due(connection, CITY, date(2027, 4, 1))
        assert {d.until for d in soon} == {date(2027, 5, 1)}


def test_organisation_as_written(town: Town) -> None:
    unknown = town.order(lambda t: organisation.load(t, read(), rule_set(), START))
    assert unknown == ()
    again = town.contents()
    town.order(lambda t: organisation.load(t, read(), rule_set(), START))
    now = town.contents()
    assert {k for k in again if again[k] != now[k]} <= {"log_entry", "log_payload", "log_head", "log_node"}
    on = date(2026, 11, 26)
    with town.database.read() as connection:
        assert {u.agency for u in organisation.units(connection, CITY, on)} == {
            "市長",
            "教育委員会",
            "選挙管理委員会",
            "監査委員",
        }
        (duty,) = organisation.duties(connection, CITY, on, CHILD)
        assert (duty.agency, duty.section) == (MAYOR, SECTION)
        assert organisation.duties(connection, CITY, date(2026, 3, 31)) == ()


def test_a_duty_moves_to_another_section(town: Town) -> None:
    town.organised()
    with town.database.read() as connection:
        (duty,) = organisation.duties(connection, CITY, START, CHILD)
    first = date(2027, 4, 1)
    town.order(lambda t: organisation.move_duty(t, duty.id, MAYOR, "子育て支援課", first))
    with town.database.read() as connection:
        for day, section in ((date(2027, 3, 31), SECTION), (first, "子育て支援課")):
            assert [d.section for d in organisation.duties(connection, CITY, day, CHILD)] == [section]


def test_requirements_name_what_there_is(tmp_path: Path) -> None:
    acts = {name for name, entry in ACTS.items() if entry.kind is Kind.ACT}
    assert set(requirements().handler) == acts, "every act says whether a person is behind it"
    text = (Path(handlers.__file__).with_name("requirements.yaml")).read_text("utf-8")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text.replace("addressee.show:", "addressee.shown:"), "utf-8")
    with pytest.raises(ValueError, match=r"addressee\.shown"):
        load(wrong)
    assert all(c.assumption in {a.id for a in requirements().assumptions} for c in requirements().courses)


def test_a_ticket_for_something_else_writes_no_register(town: Town) -> None:
    town.organised().assessed()
    with pytest.raises(Exception, match="G0610"):
        town.gate.act(
            town.token("copy.register"),
            "juki",
            town.act("copy.register", "pf_x"),
            lambda t: handlers.enrol(t, CITY, "試験 五郎", START),
        )


def test_the_section_that_does_not_exist(town: Town) -> None:
    town.organised()
    with pytest.raises(PeopleRefused) as refused:
        town.order(lambda t: organisation.add_duty(t, CITY, MAYOR, "宇宙課", CHILD, START))
    assert refused.value.code == "G0719"
