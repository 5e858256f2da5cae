"""Numbers notified, cards issued and used: who does what by which article; the card rules decide, the number is nowhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import MetaData, delete, select, update
from sqlalchemy.exc import DBAPIError

from api.decision_log.bodies import body_of
from api.permits import Act
from api.storage.database import Database
from api.storage.tables import log_entry
from dsl.masking import twelve_digits
from linkage.cards import tables
from linkage.cards.desk import CardDesk
from linkage.cards.register import birthday, expiry, register, task
from linkage.cards.values import MOVES, Case, Identity, Kind, State, Step, Use
from linkage.refusal import Refusal
from tests.linkage.addressee.numbers import number
from tests.linkage.office import REQUESTS
from tests.linkage.portal.town import COUNTER, Town

REQUESTS.setdefault("card", {"affair": "certificate-kiosk"})
IDENTITY = Identity(True, "運転免許証", date(1980, 5, 1))
LIBRARY = "library"


class Hall(Town):
    """A town with a desk for cards."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(database, folder)
        self.desk = CardDesk(self.gate, database, self.clock)

    def issued(self, person: str) -> Case:
        case = self.desk.apply(COUNTER, person).id
        for step in (Step.MAKE, Step.INVITE):
            self.desk.move(COUNTER, case, step)
        return self.desk.move(COUNTER, case, Step.ISSUE, identity=IDENTITY)

    def for_card(self, act: Act, affair: str = "library-card", agency: str = "教育委員会") -> str:
        return self.office.permit(act, "card", LIBRARY, affair=affair, agency=agency)

    def enrolled(self, card: str, affair: str = "library-card", agency: str = "教育委員会", local: str = "L-77") -> Use:
        act = self.desk.enrol_act(card)
        return self.desk.enrol(self.for_card(act, affair, agency), LIBRARY, act, affair, local)

    def use(self, application: str, affair: str = "library-card", agency: str = "教育委員会") -> Use:
        token = self.for_card(self.desk.use_act(application), affair, agency)
        return self.desk.use(token, LIBRARY, application)


@pytest.fixture
def hall(database: Database, tmp_path: Path) -> Hall:
    return Hall(database, tmp_path)


def refused(code: str, run: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as raised:
        run()
    assert raised.value.code == code
    return raised.value.text


def log(hall: Hall, kind: str) -> list[dict[str, Any]]:
    query = select(log_entry.c.id).where(log_entry.c.kind == kind).order_by(log_entry.c.idx)
    with hall.database.read() as connection:
        return [msgspec.json.decode(body_of(connection, id_) or b"{}") for id_ in connection.scalars(query).all()]


def test_a_number_is_notified_by_the_agency_the_mayor_delegated_to(hall: Hall) -> None:
    case = hall.desk.ask_number(COUNTER, hall.mother)
    assert (case.kind, case.state) == (Kind.NOTIFICATION, State.ASKED)
    steps = (Step.DESIGNATE, Step.SEND, Step.COME_BACK, Step.SEND, Step.DELIVER)
    for step in steps:
        case = hall.desk.move(COUNTER, case.id, step)
    assert case.state is State.DELIVERED
    said = [step.text for step in case.steps]
    assert "番号法第8条第2項" in said[0]
    assert "個人番号の指定は市町村長が行う" in said[1]
    assert "市町村長からの委任" in said[2]
    assert "仮定A-CARD-DELEGATION" in said[2]
    handles = [body["act"]["handles"] for body in log(hall, "operation") if body["act"]["name"] == "rights.write"]
    assert [one[2] for one in handles] == ["card.ask-number", *(f"card.{step.value}" for step in steps)]
    assert {tuple(one[:2]) for one in handles} == {(hall.mother, case.id)}


def test_a_card_is_issued_by_the_mayor_after_both_looks_at_who_comes(hall: Hall) -> None:
    case = hall.desk.apply(COUNTER, hall.mother).id
    hall.desk.move(COUNTER, case, Step.MAKE)
    issue = lambda identity: hall.desk.move(COUNTER, case, Step.ISSUE, identity=identity)  # noqa: E731
    for wrong in (
        None,
        msgspec.structs.replace(IDENTITY, record_compared=False),
        msgspec.structs.replace(IDENTITY, document="名刺"),
        msgspec.structs.replace(IDENTITY, birth=date(2030, 1, 1)),
    ):
        refused("M0304", lambda wrong=wrong: issue(wrong))  # type: ignore[misc]
    card = issue(IDENTITY)
    assert (card.state, card.expires) == (State.ISSUED, date(2036, 5, 1))
    assert "番号法第17条第1項" in card.steps[-1].text
    assert "A-CARD-EXPIRY" in card.steps[-1].text
    assert "1980" not in str(card)  # the day of birth is not kept


@pytest.mark.parametrize("state", list(State))
def test_a_step_is_taken_only_from_where_it_may(hall: Hall, state: State) -> None:
    case = hall.desk.apply(COUNTER, hall.mother).id
    with hall.database.begin() as connection:
        connection.execute(update(tables.case).values(state=state.value))
    for step, move in MOVES.items():
        if state in move.sources:
            continue
        refused("M0302", lambda step=step: hall.desk.move(COUNTER, case, step, identity=IDENTITY))  # type: ignore[misc]
    assert hall.desk.case(case).state is state
    assert len(hall.desk.case(case).steps) == 1


def test_one_card_a_person(hall: Hall) -> None:
    card = hall.issued(hall.mother)
    refused("M0305", lambda: hall.desk.apply(COUNTER, hall.mother))
    hall.desk.move(COUNTER, card.id, Step.LOSE, "財布ごと落とした")
    again = hall.desk.apply(COUNTER, hall.mother)
    refused("M0305", lambda: hall.desk.move(COUNTER, card.id, Step.FIND))
    refused("M0305", lambda: hall.desk.apply(COUNTER, hall.mother))
    hall.desk.move(COUNTER, again.id, Step.CANCEL)
    assert hall.desk.move(COUNTER, card.id, Step.FIND).state is State.ISSUED
    assert hall.desk.move(COUNTER, card.id, Step.RETURN).state is State.RETURNED
    assert hall.desk.apply(COUNTER, hall.mother).state is State.APPLIED
    assert len(hall.desk.of_person(hall.mother)) == 3
    assert hall.desk.of_person(hall.neighbour) == ()
    refused("M0310", lambda: hall.desk.apply(COUNTER, "ad_nobody"))
    refused("G0615", lambda: hall.desk.apply("誰か", hall.neighbour))
    refused("M0301", lambda: hall.desk.case("cd_none"))


def test_who_may_do_it_depends_on_the_day() -> None:
    assert task("make", date(2021, 8, 31)).kind == "委任"
    assert task("make", date(2021, 9, 1)).article == "番号法第16条の2第1項"
    assert task("issue", date(2026, 1, 1)).who == "市町村長"
    for id_, day in (("make", date(2015, 12, 31)), ("notify", date(2015, 10, 4)), ("generate", date(2015, 10, 4))):
        refused("M0303", lambda id_=id_, day=day: task(id_, day))  # type: ignore[misc]
    known = {one.id for one in register().assumptions}
    assert {one.assumption for one in register().tasks if one.assumption} <= known
    assert register().validity.assumption in known


@given(st.dates(date(1920, 1, 1), date(2026, 11, 26)), st.integers(0, 3650))
def test_a_card_is_good_to_the_tenth_or_fifth_birthday(birth: date, later: int) -> None:
    issued = max(birth, date(2016, 1, 1)) + timedelta(days=later)
    last = expiry(birth, issued)
    adult = birthday(birth, birth.year + 18) <= issued
    passed = [year for year in range(issued.year, last.year + 1) if issued < birthday(birth, year) <= last]
    assert len(passed) == (10 if adult else 5)
    assert last == birthday(birth, last.year)


def test_the_library_knows_its_reader_by_the_card_without_the_number(hall: Hall) -> None:
    card = hall.issued(hall.mother)
    enrolled = hall.enrolled(card.id)
    assert enrolled.application.startswith("ap_")
    assert hall.use(enrolled.application) == Use(enrolled.application, "library-card", "L-77", date(2036, 5, 1))
    acts = [body for body in log(hall, "act") if body["act"]["name"] == "card.use"]
    assert len(acts) == 2
    for body in acts:
        assert "番号法第18条" in body["citations"]
        assert "石巻市番号利用条例第5条第1号" in body["citations"]
        assert body["subject"] == hall.mother
    items, _ = hall.portal.records(hall.log_in(hall.mother))
    assert sum("個人番号カードの独自利用" in item.headline for item in items) == 2


def test_each_affair_has_its_own_application_and_permit(hall: Hall) -> None:
    card = hall.issued(hall.mother)
    library = hall.enrolled(card.id).application
    kiosk = hall.enrolled(card.id, "certificate-kiosk", "市長", "K-1").application
    assert hall.use(kiosk, "certificate-kiosk", "市長").local == "K-1"
    refused("M0307", lambda: hall.use(library, "certificate-kiosk", "市長"))
    refused("M0307", lambda: hall.use(kiosk))
    act = hall.desk.enrol_act(card.id)
    refused("M0307", lambda: hall.desk.enrol(hall.for_card(act), LIBRARY, act, "certificate-kiosk", "x"))
    other = hall.enrolled(card.id, local="L-78").application  # written anew
    refused("M0308", lambda: hall.use(library))
    assert hall.use(other).local == "L-78"
    token = hall.for_card(hall.desk.use_act(other))
    hall.desk.end(token, LIBRARY, other)
    refused("M0308", lambda: hall.use(other))


def test_without_the_ordinance_no_permit_and_without_the_permit_no_use(hall: Hall) -> None:
    card = hall.issued(hall.mother)
    application = hall.enrolled(card.id).application
    act = hall.desk.use_act(application)
    with pytest.raises(AssertionError):  # the office asserts that the decision is lawful
        hall.for_card(act, "child-medical", "市長")
    use = hall.office.permit(hall.act("record.search", application), "use")
    for token in ("x", use, hall.office.permit(act, "use"), hall.for_card(hall.desk.use_act("ap_other"))):
        with pytest.raises(Refusal):
            hall.desk.use(token, LIBRARY, application)
    once = hall.for_card(act)
    hall.desk.use(once, LIBRARY, application)
    refused("G0601", lambda: hall.desk.use(once, LIBRARY, application))


def test_a_card_that_is_lost_returned_or_past_its_time_is_not_used(hall: Hall) -> None:
    card = hall.issued(hall.mother)
    application = hall.enrolled(card.id).application
    hall.desk.move(COUNTER, card.id, Step.LOSE)
    assert "紛失の届" in refused("M0306", lambda: hall.use(application))
    hall.desk.move(COUNTER, card.id, Step.FIND)
    assert hall.use(application).local == "L-77"
    assert hall.desk.expired() == ()
    with hall.database.begin() as connection:
        connection.execute(update(tables.case).values(expires="2026-11-25"))
    assert "満了" in refused("M0306", lambda: hall.use(application))
    assert [one.id for one in hall.desk.expired()] == [card.id]
    hall.desk.move(COUNTER, card.id, Step.RETURN)
    assert "返納" in refused("M0306", lambda: hall.use(application))
    notification = hall.desk.ask_number(COUNTER, hall.child)
    refused("M0306", lambda: hall.enrolled(notification.id))


def test_no_number_gets_onto_a_card(hall: Hall) -> None:
    card = hall.issued(hall.mother)
    digits = number(1)
    text = refused("M0309", lambda: hall.enrolled(card.id, local=digits))
    assert digits not in text
    hall.use(hall.enrolled(card.id).application)
    seen = MetaData()
    seen.reflect(hall.database.engine, only=lambda name, _: name.startswith("card_"))
    assert set(seen.tables) == {"card_case", "card_step", "card_application"}
    with hall.database.read() as connection:
        for table in seen.tables.values():
            for row in connection.execute(select(table)):
                for value in row:
                    assert not (isinstance(value, str) and twelve_digits(value))


def test_steps_of_cards_are_not_changed(hall: Hall) -> None:
    hall.issued(hall.mother)
    for attack in (update(tables.step).values(text="x"), delete(tables.step)):
        with pytest.raises(DBAPIError), hall.database.begin() as connection:
            connection.execute(attack)
