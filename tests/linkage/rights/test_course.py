"""Requests from the counter to their end, each step through the gate and in the log; what the law bars is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError

from api.decision_log.bodies import body_of
from api.storage.database import Database
from api.storage.tables import log_entry
from linkage.gate import GateRefused
from linkage.refusal import Refusal
from linkage.rights import reading, tables
from linkage.rights.values import Application, By, Kind, Outcome, Standing, State, Subject
from tests.linkage.addressee.numbers import number
from tests.linkage.portal.town import COUNTER, Town


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Town:
    return Town(database, tmp_path)


def application(town: Town, kind: Kind = Kind.DISCLOSURE, **more: Any) -> Application:
    given: dict[str, Any] = {
        "person": town.mother,
        "kind": kind,
        "identity": "個人番号カード",
        "target": "令和8年度の地方税関係情報",
        "reason": "" if kind is Kind.DISCLOSURE else "事実と違う。",
    }
    return Application(**(given | more))


def received(town: Town, kind: Kind = Kind.DISCLOSURE, **more: Any) -> Standing:
    return town.portal.desk.receive(COUNTER, application(town, kind, **more))


def later(town: Town, days: int) -> None:
    town.clock.advance(timedelta(days=days))


def disclosed(town: Town) -> str:
    """A disclosure carried out today."""
    desk, request = town.portal.desk, received(town).id
    desk.decide(COUNTER, request, Outcome.GRANTED)
    desk.carry_out(COUNTER, request, "写しを交付した。")
    return request


def refused(code: str, run: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as raised:
        run()
    assert raised.value.code == code
    return raised.value


def operations(town: Town) -> list[list[str]]:
    """The handles of the operations of rights in the log, oldest first."""
    query = select(log_entry.c.id).where(log_entry.c.kind == "operation").order_by(log_entry.c.idx)
    with town.database.read() as connection:
        bodies = [msgspec.json.decode(body_of(connection, id_) or b"{}") for id_ in connection.scalars(query).all()]
    return [body["act"]["handles"] for body in bodies if body["act"]["name"] == "rights.write"]


def test_a_disclosure_from_the_counter_to_its_end(town: Town) -> None:
    desk = town.portal.desk
    standing = received(town)
    assert (standing.state, standing.received) == (State.RECEIVED, date(2026, 11, 26))
    assert standing.due is not None
    assert (standing.due.last, standing.due.article) == (date(2026, 12, 26), "個人情報保護法第83条第1項")
    assert standing.fee is not None
    assert "個人情報保護法第89条第2項" in standing.fee
    later(town, 10)
    standing = desk.decide(
        COUNTER, standing.id, Outcome.PARTLY, "世帯員の氏名を除く。", "個人情報保護法第78条第1項第2号"
    )
    assert (standing.state, standing.outcome, standing.due) == (State.DECIDED, Outcome.PARTLY, None)
    later(town, 3)
    standing = desk.carry_out(COUNTER, standing.id, "写しを交付した。")
    assert (standing.state, standing.carried_out) == (State.CARRIED_OUT, date(2026, 12, 9))
    assert [step.step for step in standing.steps] == ["受付", "決定", "実施"]
    names = [handles[-1] for handles in operations(town)]
    assert names == ["rights.receive", "rights.decide", "rights.carry-out"]
    assert all(handles[:2] == [town.mother, standing.id] for handles in operations(town))
    with town.database.read() as connection:
        kept = {str(one) for one in connection.scalars(select(log_entry.c.id))}
    assert {step.evaluation for step in standing.steps} <= kept


def test_the_clock_stands_while_the_person_is_asked(town: Town) -> None:
    desk, request = town.portal.desk, received(town).id
    later(town, 25)
    standing = desk.ask(COUNTER, request, "年度を教えてください。")
    assert standing.due is not None
    assert (standing.state, standing.due.last, standing.due.left) == (State.CORRECTING, None, 5)
    later(town, 100)
    assert not desk.standing(request).overdue
    assert desk.overdue() == ()
    refused("M0102", lambda: desk.decide(COUNTER, request, Outcome.GRANTED))
    standing = desk.complete(COUNTER, request, "令和8年度。")
    assert standing.due is not None
    assert (standing.due.left, standing.due.stopped) == (5, 100)
    later(town, 6)
    assert [one.id for one in desk.overdue()] == [request]


def test_an_extension_is_told_in_time_and_once(town: Town) -> None:
    desk, request = town.portal.desk, received(town).id
    refused("M0106", lambda: desk.extend(COUNTER, request, 31, "照会に時間がかかる。"))
    refused("M0106", lambda: desk.extend(COUNTER, request, 10, " "))
    later(town, 30)
    standing = desk.extend(COUNTER, request, 30, "照会に時間がかかる。")
    assert standing.due is not None
    assert (standing.due.last, standing.due.article) == (date(2027, 1, 25), "個人情報保護法第83条第2項")
    assert "照会に時間がかかる。" in standing.steps[-1].text
    refused("M0106", lambda: desk.extend(COUNTER, request, 1, "まだかかる。"))
    other = received(town).id
    later(town, 31)
    refused("M0106", lambda: desk.extend(COUNTER, other, 30, "遅れた。"))


def test_very_much_information_takes_the_time_that_was_told(town: Town) -> None:
    desk, request = town.portal.desk, received(town).id
    refused("M0107", lambda: desk.take_longer(COUNTER, request, date(2026, 12, 1), "著しく大量である。"))
    standing = desk.take_longer(COUNTER, request, date(2027, 6, 30), "著しく大量である。")
    assert standing.due is not None
    assert (standing.due.last, standing.due.part) == (date(2027, 6, 30), date(2027, 1, 25))
    assert standing.due.article == "個人情報保護法第84条"
    refused("M0107", lambda: desk.take_longer(COUNTER, request, date(2028, 1, 1), "まだかかる。"))
    refused("M0107", lambda: desk.decide_part(COUNTER, received(town).id, "税の部分を開示する。"))
    later(town, 60)
    assert request not in [one.id for one in desk.overdue()]
    later(town, 1)
    assert request in [one.id for one in desk.overdue()]
    standing = desk.decide_part(COUNTER, request, "税の部分を開示する。")
    assert standing.due is not None
    assert (standing.overdue, standing.due.part, standing.state) == (False, None, State.RECEIVED)
    refused("M0107", lambda: desk.decide_part(COUNTER, request, "もう一度。"))


def test_a_correction_that_takes_very_long(town: Town) -> None:
    desk = town.portal.desk
    standing = received(town, Kind.CORRECTION, disclosed_on=date(2026, 11, 1))
    told = desk.take_longer(COUNTER, standing.id, date(2027, 6, 1), "特に長期間を要する。")
    assert told.due is not None
    assert (told.due.last, told.due.part, told.due.article) == (date(2027, 6, 1), None, "個人情報保護法第95条")
    refused("M0107", lambda: desk.decide_part(COUNTER, standing.id, "一部を直す。"))
    other = received(town, Kind.CORRECTION, disclosed_on=date(2026, 11, 1)).id
    later(town, 31)
    refused("M0107", lambda: desk.take_longer(COUNTER, other, date(2027, 6, 1), "特に長期間を要する。"))


def test_what_is_overdue_comes_first(town: Town) -> None:
    desk = town.portal.desk
    first = received(town).id
    later(town, 5)
    second, waits = received(town).id, received(town).id
    desk.ask(COUNTER, waits, "年度を教えてください。")
    done = received(town).id
    desk.decide(COUNTER, done, Outcome.GRANTED)
    assert [one.id for one in desk.open()] == [first, second, waits]
    later(town, 25)
    assert desk.overdue() == ()  # the last day itself
    later(town, 1)
    assert [one.id for one in desk.overdue()] == [first]
    later(town, 5)
    assert [one.id for one in desk.overdue()] == [first, second]


def test_no_refusal_without_reason_and_article(town: Town) -> None:
    desk, request = town.portal.desk, received(town).id
    refused("M0109", lambda: desk.decide(COUNTER, request, Outcome.REFUSED, "", "個人情報保護法第78条第1項第2号"))
    refused("M0109", lambda: desk.decide(COUNTER, request, Outcome.REFUSED, "出せない。"))
    said = refused(
        "M0109", lambda: desk.decide(COUNTER, request, Outcome.REFUSED, "出せない。", "個人情報保護法第100条ただし書")
    )
    assert "個人情報保護法第81条" in said.help
    standing = desk.decide(COUNTER, request, Outcome.REFUSED, "保有していない。", "個人情報保護法第82条第2項")
    assert standing.article == "個人情報保護法第82条第2項"
    refused("M0102", lambda: desk.carry_out(COUNTER, request, "何もしない。"))
    refused("M0102", lambda: desk.decide(COUNTER, request, Outcome.GRANTED))


@pytest.mark.parametrize("kind", [Kind.STOP_OF_USE, Kind.DELETION, Kind.STOP_OF_PROVISION])
def test_records_are_disclosed_and_corrected_but_not_stopped(town: Town, kind: Kind) -> None:
    seen = disclosed(town)
    standing = received(town, kind, subject=Subject.RECORDS, disclosure=seen)
    assert [bar.article for bar in standing.bars] == ["番号法第31条第1項"]
    desk = town.portal.desk
    refused("M0108", lambda: desk.decide(COUNTER, standing.id, Outcome.GRANTED))
    done = desk.decide(COUNTER, standing.id, Outcome.REFUSED, "記録には適用がない。", "番号法第31条第1項")
    assert done.outcome is Outcome.REFUSED


def test_a_correction_follows_a_disclosure_within_ninety_days(town: Town) -> None:
    desk = town.portal.desk
    without = received(town, Kind.CORRECTION)
    assert [bar.article for bar in without.bars] == ["個人情報保護法第90条第1項"]
    refused("M0108", lambda: desk.decide(COUNTER, without.id, Outcome.GRANTED))
    seen = disclosed(town)
    of_another = received(town, Kind.CORRECTION, person=town.neighbour, disclosure=seen)
    assert [bar.article for bar in of_another.bars] == ["個人情報保護法第90条第1項"]
    later(town, 90)
    assert received(town, Kind.CORRECTION, disclosure=seen).bars == ()
    later(town, 1)
    late = received(town, Kind.CORRECTION, disclosure=seen)
    assert [bar.article for bar in late.bars] == ["個人情報保護法第90条第3項"]
    assert received(town, Kind.STOP_OF_USE, disclosure=seen).bars[0].article == "個人情報保護法第98条第3項"


def test_representatives_show_what_they_are(town: Town) -> None:
    child = {"person": town.child, "representative": "石巻 花子"}
    refused("M0105", lambda: received(town, by=By.STATUTORY, **child))
    refused("M0105", lambda: received(town, by=By.STATUTORY, authority="委任状", **child))
    refused("M0105", lambda: received(town, by=By.VOLUNTARY, authority="委任状", person=town.child))
    assert received(town, by=By.STATUTORY, authority="戸籍謄本", **child).application.by is By.STATUTORY
    assert received(town, by=By.VOLUNTARY, authority="委任状", **child).application.by is By.VOLUNTARY


def test_a_writing_that_lacks_something_or_holds_a_number_is_not_taken(town: Town) -> None:
    refused("M0103", lambda: received(town, target=" "))
    refused("M0103", lambda: received(town, identity="名刺"))
    refused("M0103", lambda: received(town, Kind.CORRECTION, reason=""))
    digits = number(7)
    said = refused("M0104", lambda: received(town, target=f"番号 {digits} の情報"))
    assert digits not in f"{said} {said.help}"
    refused("M0113", lambda: received(town, subject=Subject.RECORDS, record="pr_none"))
    with town.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.request)) == 0


def test_whoever_was_provided_is_told_of_a_correction(town: Town) -> None:
    town.provided(town.mother)
    town.provided(town.mother, serial="tx_2")
    town.provided(town.neighbour)
    desk = town.portal.desk
    request = received(town, Kind.CORRECTION, disclosure=disclosed(town)).id
    desk.decide(COUNTER, request, Outcome.GRANTED)
    assert desk.unsent() == ()
    desk.carry_out(COUNTER, request, "所得の額を直した。")
    (notice,) = desk.unsent()
    assert (notice.recipient, notice.records, notice.article) == ("青嶺市長", 2, "個人情報保護法第97条")
    desk.notified(COUNTER, notice.id)
    assert desk.unsent() == ()
    assert "青嶺市長に通知した" in desk.standing(request).steps[-1].text
    refused("M0112", lambda: desk.notified(COUNTER, notice.id))


def test_a_corrected_record_stays_and_bears_a_note(town: Town) -> None:
    (receipt,) = town.inquired(town.mother).records
    desk = town.portal.desk
    request = received(town, Kind.CORRECTION, subject=Subject.RECORDS, record=receipt.id, disclosure=disclosed(town)).id
    desk.decide(COUNTER, request, Outcome.GRANTED)
    desk.carry_out(COUNTER, request, "照会した課は、介護保険課が正しい。")
    assert {one.recipient for one in desk.unsent()} == {"内閣総理大臣（デジタル庁）", "青嶺市長"}
    assert all("第31条第1項" in one.article for one in desk.unsent())
    with town.database.read() as connection:
        (note,) = reading.annotations_of(connection, [receipt.id])[receipt.id]
    assert note.text == "照会した課は、介護保険課が正しい。"
    item, _ = town.portal.record(town.log_in(town.mother), receipt.id)
    assert item.annotations == (note,)
    assert item.who == "石巻市長（保険年金課）"  # as it was written


def test_only_who_may_orders_a_step(town: Town) -> None:
    desk, request = town.portal.desk, received(town).id
    refused("G0615", lambda: desk.decide("誰か", request, Outcome.GRANTED))
    assert desk.standing(request).state is State.RECEIVED


def test_a_person_takes_back_only_what_is_the_persons(town: Town) -> None:
    desk, request = town.portal.desk, received(town).id
    refused("M0101", lambda: desk.withdraw(COUNTER, request, town.neighbour))
    assert desk.withdraw(COUNTER, request, town.mother).state is State.WITHDRAWN
    refused("M0102", lambda: desk.withdraw(COUNTER, request, town.mother))
    refused("M0101", lambda: desk.standing("rq_none"))


def test_steps_and_notes_are_not_changed(town: Town) -> None:
    received(town)
    for attack in (update(tables.step).values(text="x"), delete(tables.step)):
        with pytest.raises(DBAPIError), town.database.begin() as connection:
            connection.execute(attack)


def test_without_a_ticket_nothing_moves(town: Town) -> None:
    from linkage.rights import course

    request = received(town).id
    with pytest.raises(GateRefused):
        course.decide(object(), request, Outcome.GRANTED)  # type: ignore[arg-type]
    assert town.portal.desk.standing(request).state is State.RECEIVED
