"""No file is held and the network is not used without an assessment in order, asked inside the transaction of the act."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from api.permits import epoch
from api.publication import JAPAN
from api.storage.database import Database
from api.storage.tables import permit_redemption
from linkage.acts import ACTS, Kind
from linkage.assessments import registering, reviewing, steps, tables
from linkage.assessments.measures import measures
from linkage.assessments.standing import State, standing
from linkage.assessments.telling import Teller, statuses
from linkage.intermediate.codes import demonstration
from linkage.network.wire import Assessment
from linkage.people import contractors, handlers
from linkage.people.contractors import Terms
from tests.linkage.people.town import CHILD, MAYOR, SECTION, Town, rule_set
from tests.linkage.world import CITY

TODAY = date(2026, 11, 26)
ISHINOMAKI = "9900000000042101"
BOARD = "9900000000042102"


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Town:
    return Town(database, tmp_path).organised()


def stands(town: Town, affair: str = CHILD, on: date = TODAY) -> State | None:
    with town.database.read() as connection:
        found = standing(connection, CITY, affair, on)
    return None if found is None else found.state


def made(town: Town) -> str:
    with town.database.read() as connection:
        query = select(tables.assessment.c.id).where(tables.assessment.c.affair == CHILD)
        return str(connection.scalar(query.order_by(tables.assessment.c.published.desc())))


@pytest.mark.parametrize(("name", "code"), [("file.create", "G0701"), ("inquiry.send", "G0702")])
def test_without_an_entry_nothing(town: Town, name: str, code: str) -> None:
    handler = town.handler()
    refusal = town.refused(code, lambda: town.attempt(name, handler=handler))
    assert "番号法28条" in refusal.text
    assert "子ども医療費" in refusal.text


def test_with_it_what_needs_it_goes_on(town: Town) -> None:
    town.assessed()
    handler = town.handler()
    for name, need in measures().acts.items():
        if ACTS[name].recording.value == "none":
            assert town.attempt(name, handler=handler).result == "done", need


def test_every_act_that_needs_it_is_refused_without(town: Town) -> None:
    handler = town.handler()
    for name, need in measures().acts.items():
        code = {"hold": "G0701", "network": "G0702"}[need]
        town.refused(code, lambda n=name: town.attempt(n, handler=handler))  # type: ignore[misc]


def test_reading_what_is_there_needs_none(town: Town) -> None:
    handler = town.handler()
    needless = {n for n, e in ACTS.items() if e.kind is Kind.ACT} - set(measures().acts) - {"card.use"}
    assert needless == {
        "addressee.search",
        "addressee.show",
        "addressee.basic",
        "addressee.find",
        "copy.withdraw",
        "record.search",
        "transfer.use",
    }
    for name in sorted(needless):
        assert town.attempt(name, handler=handler).result == "done"


def test_withdrawn_between_permit_and_act(town: Town) -> None:
    """The permit is stale by the epoch, and a permit of the new epoch meets the guard."""
    town.assessed()
    handler = town.handler()
    token = town.token()
    with town.database.read() as connection:
        before = epoch.current(connection, CITY)
    town.order(lambda t: steps.withdraw(t, made(town), "記載に誤り"))
    with town.database.read() as connection:
        assert epoch.current(connection, CITY) == before + 1
    town.refused("G0601", lambda: town.attempt(token=token, handler=handler))
    refusal = town.refused("G0701", lambda: town.attempt(handler=handler))
    assert "取り下げられている" in refusal.text
    with town.database.read() as connection:
        assert connection.execute(select(permit_redemption)).all() == []


def test_an_older_one_does_not_come_back(town: Town) -> None:
    town.assessed()
    again = town.order(lambda t: steps.draft(t, CITY, MAYOR, CHILD, "重点", TODAY))
    town.order(lambda t: steps.submit(t, again, TODAY))
    town.order(lambda t: steps.publish(t, again, TODAY, basic=TODAY))
    assert stands(town) is State.PUBLISHED
    town.order(lambda t: steps.withdraw(t, again, "誤り"))
    assert stands(town) is State.WITHDRAWN


def test_an_important_change_needs_one_before_it(town: Town) -> None:
    town.assessed()
    handler = town.handler()
    on = TODAY + timedelta(days=30)
    change = town.order(lambda t: registering.plan_change(t, CITY, CHILD, on, "linkage", "提供先を加える"))
    town.order(lambda t: registering.plan_change(t, CITY, CHILD, TODAY, "wording", "課の名の変更"))
    assert town.attempt(handler=handler).result == "done"  # not yet in effect; the other is none to assess
    with town.database.read() as connection:
        (task,) = (one for one in reviewing.tasks(connection, CITY, TODAY) if one.affair == CHILD and one.duty)
        assert task.due == on
    assert stands(town, on=on - timedelta(days=1)) is State.PUBLISHED
    assert stands(town, on=on) is State.OUTDATED
    town.clock.advance(timedelta(days=1))
    day = TODAY + timedelta(days=1)
    again = town.order(lambda t: steps.draft(t, CITY, MAYOR, CHILD, "基礎", day, changes=[change]))
    town.order(lambda t: steps.submit(t, again, day))
    town.order(lambda t: steps.publish(t, again, day))
    town.clock.advance(timedelta(days=29))
    assert town.attempt(handler=handler).result == "done"


def test_an_important_change_without_one(town: Town) -> None:
    town.assessed()
    handler, on = town.handler(), TODAY + timedelta(days=30)
    town.order(lambda t: registering.plan_change(t, CITY, CHILD, on, "linkage", "提供先を加える"))
    town.clock.advance(timedelta(days=30))
    assert "重要な変更" in town.refused("G0701", lambda: town.attempt(handler=handler)).text


def test_an_important_change_in_effect_makes_permits_stale(town: Town) -> None:
    town.assessed()
    handler, token = town.handler(), town.token()
    town.order(lambda t: registering.plan_change(t, CITY, CHILD, TODAY, "items", "所得の項目"))
    town.refused("G0601", lambda: town.attempt(token=token, handler=handler))


def test_a_count_that_raises_the_level(town: Town) -> None:
    """16,500 persons, 基礎; with 100,000 the level is 重点. Permits go stale only when something is taken away."""
    town.assessed()
    handler = town.handler()
    with town.database.read() as connection:
        file = str(connection.scalar(select(tables.file.c.id).where(tables.file.c.affair == CHILD)))
    token = town.token()
    town.order(lambda t: registering.count_persons(t, file, 99_999, TODAY))
    assert town.attempt(token=token, handler=handler).result == "done"
    token = town.token()
    town.order(lambda t: registering.count_persons(t, file, 100_000, TODAY + timedelta(days=0)))
    # two counts of one day: the larger may not be hidden by the order of their ids
    town.refused("G0601", lambda: town.attempt(token=token, handler=handler))
    assert "水準" in town.refused("G0701", lambda: town.attempt(handler=handler)).text


def test_staff_of_a_subcontractor_raises_the_level(town: Town) -> None:
    """24 of our own and 476 of theirs are 500: with 16,500 persons the level is 重点."""
    town.assessed()
    terms = Terms(
        body=CITY,
        contractor="架空計算センター",
        agency=MAYOR,
        section=SECTION,
        affairs=(CHILD,),
        staff=475,
        safeguards="確かめた",
        first=TODAY,
        last=TODAY + timedelta(days=90),
    )
    town.order(lambda t: contractors.entrust(t, terms))
    assert stands(town) is State.PUBLISHED
    other = town.order(lambda t: contractors.entrust(t, Terms(**{**_members(terms), "staff": 1})))
    assert stands(town) is State.INSUFFICIENT
    town.order(lambda t: contractors.end(t, other, TODAY))
    assert stands(town, on=TODAY + timedelta(days=1)) is State.PUBLISHED


def _members(terms: Terms) -> dict[str, Any]:
    return {name: getattr(terms, name) for name in terms.__struct_fields__}


def test_a_serious_incident_raises_every_affair_of_the_agency(town: Town) -> None:
    town.assessed()
    handler, token = town.handler(), town.token()
    town.order(lambda t: registering.report_incident(t, CITY, MAYOR, TODAY, TODAY, 250, "誤送付", intentional=False))
    town.refused("G0601", lambda: town.attempt(token=token, handler=handler))
    assert stands(town) is State.INSUFFICIENT
    assert stands(town, on=date(2027, 11, 26)) is State.INSUFFICIENT
    assert stands(town, on=date(2027, 11, 27)) is State.PUBLISHED


def test_in_a_disaster_held_at_once_but_not_linked(town: Town) -> None:
    """規則9条2項 lets the file be held; 番号法28条6項 lets nothing be asked or provided before publication."""
    handler = town.handler()
    file = town.order(lambda t: registering.add_file(t, CITY, MAYOR, CHILD, "被災した子どもの台帳"))
    town.order(lambda t: registering.count_persons(t, file, 5_000, TODAY))
    town.refused("G0701", lambda: town.attempt(handler=handler))
    last = town.order(lambda t: registering.hold_at_once(t, CITY, CHILD, "津波による被災"))
    assert town.attempt(handler=handler).result == "done"
    assert "緊急" in town.refused("G0702", lambda: town.attempt("code.acquire", handler=handler)).text
    town.clock.set(datetime(last.year, last.month, last.day, 23, tzinfo=JAPAN) + timedelta(hours=2))
    town.refused("G0701", lambda: town.attempt(handler=handler))


# ---- steps ---------------------------------------------------------------------------------------


def test_the_steps_of_a_full_one_in_their_order(town: Town) -> None:
    town.assessed()
    town.clock.set(datetime(2027, 3, 1, 10, tzinfo=JAPAN))
    order = town.order
    made_ = order(lambda t: steps.draft(t, CITY, MAYOR, CHILD, "全項目", TODAY))
    day = TODAY + timedelta(days=40)
    town.refused("G0705", lambda: order(lambda t: steps.consider(t, made_, day)))
    town.refused("G0705", lambda: order(lambda t: steps.review(t, made_, day, "審査会")))
    town.refused("G0705", lambda: order(lambda t: steps.submit(t, made_, day)))
    town.refused("G0705", lambda: order(lambda t: steps.publish(t, made_, day, basic=day)))
    short = TODAY + timedelta(days=28)
    town.refused("G0706", lambda: order(lambda t: steps.open_for_comment(t, made_, TODAY, short)))
    town.refused("G0707", lambda: order(lambda t: steps.open_for_comment(t, made_, TODAY - timedelta(days=1), day)))
    last = TODAY + timedelta(days=29)
    order(lambda t: steps.open_for_comment(t, made_, TODAY, last))
    town.refused("G0707", lambda: order(lambda t: steps.consider(t, made_, last)))
    order(lambda t: steps.consider(t, made_, day))
    town.refused("G0705", lambda: order(lambda t: steps.submit(t, made_, day)))
    order(lambda t: steps.review(t, made_, day, "個人情報保護審査会"))
    order(lambda t: steps.submit(t, made_, day))
    town.refused("G0708", lambda: order(lambda t: steps.publish(t, made_, day)))
    town.refused("G0707", lambda: order(lambda t: steps.publish(t, made_, date(2027, 3, 2), basic=day)))
    order(lambda t: steps.publish(t, made_, day, basic=day))
    with town.database.read() as connection:
        found = standing(connection, CITY, CHILD, date(2027, 3, 1))
        assert found is not None
        assert (found.level, found.published) == ("全項目", day)


def test_a_withdrawn_one_takes_no_step(town: Town) -> None:
    town.assessed()
    id_ = made(town)
    town.order(lambda t: steps.withdraw(t, id_, "誤り"))
    town.refused("G0709", lambda: town.order(lambda t: steps.publish(t, id_, TODAY)))
    town.refused("G0704", lambda: town.order(lambda t: steps.withdraw(t, "pa_x", "誤り")))


def test_effort_duties_stop_nothing(town: Town) -> None:
    """Published in 2015: past five years. The act goes on, the task is told."""
    town.assessed()
    handler = town.handler()
    with town.database.read() as connection:
        tasks = [one for one in reviewing.tasks(connection, CITY, TODAY) if one.affair == CHILD]
        earlier = [one for one in reviewing.tasks(connection, CITY, date(2018, 1, 1)) if one.affair == CHILD]
    assert [(one.article, one.duty, one.due) for one in tasks] == [("規則15条", False, date(2020, 11, 20))]
    assert [(one.article, one.duty) for one in earlier] == [("規則14条1項", False)]
    assert town.attempt(handler=handler).result == "done"


# ---- the network ---------------------------------------------------------------------------------


def test_what_the_network_is_told(town: Town) -> None:
    codes, line = demonstration(), list[Assessment]()

    class Line:
        def assess(self, told: Assessment) -> None:
            line.append(told)

    teller = Teller(town.database, codes, (ISHINOMAKI, BOARD), Line())
    told = {(one.agency, one.subject): one for one in teller.tell(rule_set(), TODAY)}
    assert {one.state for one in told.values()} == {"missing"}
    assert (ISHINOMAKI, "TM99000000000001") in told
    assert (BOARD, "TM99000000000001") not in told, "the board holds no tax information"
    town.assessed()
    told = {(one.agency, one.subject): one for one in teller.tell(rule_set(), TODAY)}
    child = told[ISHINOMAKI, "JM99000000000001"]
    assert (child.state, child.published) == ("published", "2015-11-20")
    assert told[ISHINOMAKI, "TM99000000000001"].state == "published"
    assert teller.tell(rule_set(), TODAY) == ()
    town.order(lambda t: steps.withdraw(t, made(town), "誤り"))
    changed = teller.tell(rule_set(), TODAY)
    assert {(one.subject, one.state) for one in changed} == {("JM99000000000001", "withdrawn")}
    with town.database.read() as connection:
        assert {one.agency for one in statuses(connection, rule_set(), codes, (ISHINOMAKI,), TODAY)} == {ISHINOMAKI}


def test_what_could_not_be_told_is_told_again(town: Town) -> None:
    class Broken:
        def assess(self, told: Assessment) -> None:
            raise OSError("down")

    town.assessed()
    teller = Teller(town.database, demonstration(), (ISHINOMAKI,), Broken())
    with pytest.raises(OSError, match="down"):
        teller.tell(rule_set(), TODAY)
    with pytest.raises(OSError, match="down"):
        teller.tell(rule_set(), TODAY)


def test_a_provider_answers_only_from_what_is_assessed(town: Town) -> None:
    """Another city asks; what counts is the assessment of the affair for which the information is held."""
    town.assessed()
    assert town.refused("G0612", lambda: town.attempt("provision.answer")).text  # past the guards: no record was made
    with town.database.read() as connection:
        query = select(tables.assessment.c.id).where(tables.assessment.c.affair == "local-tax")
        tax = str(connection.scalar(query))
    town.order(lambda t: steps.withdraw(t, tax, "誤り"))
    refusal = town.refused("G0702", lambda: town.attempt("provision.answer"))
    assert "地方税" in refusal.text


def test_taking_over_twice_takes_nothing_twice(town: Town) -> None:
    town.assessed()
    before = town.contents()
    town.assessed()
    after = town.contents()
    assert all(before[name] == after[name] for name in before if name.startswith("pia_"))
    assert stands(town, "042021/disaster-condolence") is State.INSUFFICIENT
    assert stands(town, "042021/city-housing") is State.OUTDATED
    assert stands(town, "042021/foreign-national-assistance") is State.NOT_REQUIRED


def test_handlers_above_what_was_stated_count(town: Town) -> None:
    town.assessed()
    with town.database.read() as connection:
        found = standing(connection, CITY, CHILD, TODAY)
    assert found is not None
    assert found.figures.handlers == 24
    town.order(lambda t: registering.state_staff(t, CITY, CHILD, 0, TODAY))
    handler = town.order(lambda t: handlers.enrol(t, CITY, "試験", TODAY))
    town.order(lambda t: handlers.assign(t, handler, MAYOR, SECTION, CHILD, TODAY))
    with town.database.read() as connection:
        found = standing(connection, CITY, CHILD, TODAY)
    assert found is not None
    assert found.figures.handlers == 1
