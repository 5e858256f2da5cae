"""What a person sees: all that happened, as it was called then, refusals too; nothing withheld, nothing of others."""

from __future__ import annotations

import base64
import json
import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, func, select, update

from api.clock import from_ms
from api.decision_log import erase_all, offline, verify
from api.decision_log.keys import verifiers_of
from api.keys import Purpose
from api.storage.tables import checkpoint, log_entry
from linkage.portal import tables, traces
from linkage.portal.notices import Notice
from linkage.portal.refusals import PortalRefused
from linkage.portal.view import Item
from linkage.records import Office
from tests.linkage.addressee.numbers import number
from tests.linkage.portal.town import COUNTER, Town


def seen(town: Town, person: str) -> list[Item]:
    return list(town.portal.records(town.log_in(person))[0])


def refused(town: Town, person: str, id_: str) -> str:
    with pytest.raises(PortalRefused) as raised:
        town.portal.record(town.log_in(person), id_)
    return raised.value.code


def test_everything_is_there_in_the_words_of_then(town: Town) -> None:
    town.used(town.mother)
    town.inquired(town.mother)
    town.received(town.mother)
    town.provided(town.mother)
    town.refused(town.mother)
    items = seen(town, town.mother)
    assert [item.sort.japanese for item in items] == ["拒まれた", "提供した", "受け取った", "照会した", "利用した"]
    refusal, provided, received, inquired, used = items
    assert received.headline == "石巻市長が青嶺市長から「地方税関係情報、合計所得金額」の提供を受けました"
    assert received.who == "石巻市長（保険年金課）"
    assert (inquired.affair, inquired.procedure) == (
        "子ども医療費の助成に関する事務",
        "子ども医療費の受給資格の認定の申請",
    )
    assert inquired.bases[0].startswith("番号法第19条第9号")
    assert inquired.retain_until == date(2033, 11, 26)
    assert (provided.requested, provided.provided) == (provided.at - timedelta(seconds=20), provided.at)
    assert used.headline == "石巻市長（住民記録システム）が「業務の記録の検索」をしました"
    assert used.affair == "子ども医療費の助成に関する事務"
    assert any("石巻市番号利用条例" in base for base in used.bases)
    assert "個人番号の表示" in refusal.headline
    assert refusal.refusal is not None
    assert "P0317" in refusal.refusal
    assert not refusal.statutory


def test_names_stay_as_they_were(town: Town) -> None:
    """The section has another name in a later record; the earlier one keeps its own."""
    town.inquired(town.mother)
    town.clock.advance(timedelta(days=400))
    town.inquired(town.mother, serial="tx_2", inquirer=Office("石巻市長", "9900000000042101", "国保医療課"))
    assert [item.who for item in seen(town, town.mother)] == ["石巻市長（国保医療課）", "石巻市長（保険年金課）"]


def test_what_is_withheld_is_neither_listed_nor_counted_nor_found(town: Town) -> None:
    (hidden,) = town.inquired(town.mother, non_disclosure="個人情報保護法第78条第1項第1号").records
    (shown,) = town.inquired(town.mother, serial="tx_2").records
    assert [item.id for item in seen(town, town.mother)] == [shown.id]
    with town.database.read() as connection:
        acts = connection.scalars(select(log_entry.c.id).where(log_entry.c.kind == "act")).all()
    assert refused(town, town.mother, hidden.id) == "M0205"
    assert refused(town, town.mother, "pr_none") == "M0205"  # no different from what is not there
    assert len(acts) == 5  # three numberings, whose handles nobody knew yet, and the two inquiries
    assert {refused(town, town.mother, id_) for id_ in acts} == {"M0205"}


def test_nobody_sees_what_is_of_others(town: Town) -> None:
    (provision,) = town.provided(town.neighbour).records
    use = town.used(town.neighbour)
    town.refused(town.neighbour)
    (refusal,) = [item for item in seen(town, town.neighbour) if item.refusal]
    assert seen(town, town.mother) == []
    for id_ in (provision.id, use.id, refusal.id):
        assert refused(town, town.mother, id_) == "M0205"
        assert town.portal.record(town.log_in(town.neighbour), id_)[0].id == id_


def test_other_entries_of_the_log_are_not_shown(town: Town) -> None:
    town.used(town.mother)
    with town.database.read() as connection:
        others = connection.scalars(
            select(log_entry.c.id).where(log_entry.c.kind.in_(("decision", "permit", "operation")))
        )
        ids = others.all()
    assert len(ids) > 4
    begun = town.log_in(town.mother)
    for id_ in ids:
        with pytest.raises(PortalRefused):
            town.portal.record(begun, id_)


def test_every_entry_is_proved_offline(town: Town) -> None:
    town.used(town.mother)
    town.inquired(town.mother)
    town.refused(town.mother)
    begun = town.log_in(town.mother)
    (key,) = town.portal.prover.public_keys()
    for item in town.portal.records(begun)[0]:
        _, proof = town.portal.record(begun, item.id)
        found = offline.check(proof.text, key)
        body = found["body"]
        assert isinstance(body, dict)
        assert body["id"] == item.id
        assert (found["index"], found["size"]) == (proof.index, proof.size)
        with pytest.raises(offline.Wrong):
            offline.check(forged(proof.text), key)
    assert verify(town.database, town.checkpoints, verifiers_of(town.keys)).ok


def forged(text: str) -> str:
    """The receipt with a word of its record changed."""
    lines = text.split("\n")
    data = json.loads(base64.b64decode(lines[1][6:]))
    data["body"] = data["body"].replace("juki", "zuki")
    lines[1] = "extra " + base64.b64encode(json.dumps(data).encode()).decode()
    return "\n".join(lines)


def test_the_same_proof_is_given_again_and_after_a_change_of_keys(town: Town) -> None:
    town.used(town.mother)
    begun = town.log_in(town.mother)
    (item,) = town.portal.records(begun)[0]
    first = town.portal.record(begun, item.id)[1]
    town.clock.advance(timedelta(minutes=1))
    for _ in range(3):
        assert town.portal.record(begun, item.id)[1] == first
    with town.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(checkpoint)) == 1
    town.keys.rotate(Purpose.CHECKPOINT)
    again = town.portal.record(begun, item.id)[1]
    assert again == first
    assert again.key in town.portal.prover.public_keys()
    offline.check(again.text, again.key)


def test_no_proof_when_the_log_contradicts_what_was_signed(town: Town) -> None:
    town.used(town.mother)
    begun = town.log_in(town.mother)
    (old,) = town.portal.records(begun)[0]
    town.portal.record(begun, old.id)
    new = town.used(town.mother)
    with town.database.begin() as connection:
        for statement in unlocked(town):
            connection.exec_driver_sql(statement)
        connection.execute(update(log_entry).where(log_entry.c.idx == 3).values(leaf_hash=b"\0" * 32))
    town.portal.records(begun)
    with pytest.raises(PortalRefused) as raised:
        town.portal.record(begun, new.id)
    assert raised.value.code == "M0206"


def unlocked(town: Town) -> list[str]:
    """What somebody with the database in hand would do first."""
    if town.database.dialect == "sqlite":
        return ["DROP TRIGGER log_entry_no_update"]
    return ["ALTER TABLE log_entry DISABLE TRIGGER ALL"]


def test_the_proof_of_an_act_on_several_people_shows_only_that_it_is_there(town: Town) -> None:
    act = town.do("record.search", (town.mother, town.neighbour), lambda ticket: None)
    for person in (town.mother, town.neighbour):
        item, proof = town.portal.record(town.log_in(person), act.id)
        assert item.sort.value == "used"
        found = offline.check(proof.text, proof.key)
        assert found["body"] is None
        text = base64.b64decode(proof.text.split("\n")[1][6:]).decode()
        assert town.mother not in text
        assert town.neighbour not in text


def test_pages_follow_each_other_without_gap_or_repetition(town: Town) -> None:
    made = []
    for place in range(5):
        made.append(town.used(town.mother).id)
        made.extend(one.id for one in town.inquired(town.mother, serial=f"tx_{place}").records)
    from linkage.portal.view import View

    begun = town.log_in(town.mother)
    town.portal.records(begun)
    for limit in (1, 2, 3, 4, 7, 10, 11):
        found: list[str] = []
        before = None
        with town.database.read() as connection:
            view = View(connection, town.mother, town.portal._names)
            for _ in range(20):
                page, before = view.page(before, limit)
                found += [item.id for item in page]
                if before is None:
                    break
        assert sorted(found) == sorted(made), limit


def test_the_log_is_read_once_and_goes_on_where_it_stopped(town: Town) -> None:
    for _ in range(5):
        town.used(town.mother)
    gather = lambda limit: town.gate.operate("rights.write", COUNTER, lambda t: traces.gather(t, limit)).result  # noqa: E731
    counts = []
    while counts[-1:] != [0]:
        counts.append(gather(3))
    # the numbering of the three people is an act too, not yet about anybody's handle
    assert sum(counts) == 8
    with town.database.read() as connection:
        assert not traces.behind(connection)
        rows = connection.execute(select(tables.trace)).all()
    assert sum(row.person == town.mother for row in rows) == 5
    assert gather(3) == 0


def test_a_view_without_news_writes_nothing(town: Town) -> None:
    town.used(town.mother)
    begun = town.log_in(town.mother)
    town.portal.records(begun)

    def size() -> int:
        with town.database.read() as connection:
            return connection.scalar(select(func.count()).select_from(log_entry)) or 0

    before = size()
    for _ in range(3):
        town.portal.records(begun)
    assert size() == before


def test_after_the_time_of_records_nothing_is_shown_and_nothing_breaks(town: Town) -> None:
    use = town.used(town.mother)
    town.clock.advance(timedelta(days=366 * 8))
    erase_all(town.database, town.clock.now().date(), town.clock)
    begun = town.log_in(town.mother)
    assert town.portal.records(begun) == ((), None)
    with pytest.raises(PortalRefused):
        town.portal.record(begun, use.id)
    assert verify(town.database, town.checkpoints, verifiers_of(town.keys)).ok


@pytest.fixture
def posted(town: Town) -> date:
    today = town.clock.now().date()
    for title, first, last, person in (
        ("みんなへ", today, None, None),
        ("母へ", today, today, town.mother),
        ("隣人へ", today, None, town.neighbour),
        ("これから", today + timedelta(days=1), None, None),
        ("おわった", today - timedelta(days=9), today - timedelta(days=1), None),
    ):
        town.clock.advance(timedelta(seconds=1))
        town.portal.post(
            COUNTER, Notice(section="市民課", title=title, body="本文", first=first, last=last, person=person)
        )
    return today


def test_notices_reach_whom_and_when_they_should(town: Town, posted: date) -> None:
    titles = [one.notice.title for one in town.portal.notices(town.log_in(town.mother))]
    assert titles == ["母へ", "みんなへ"]
    town.clock.advance(timedelta(days=1))
    titles = [one.notice.title for one in town.portal.notices(town.log_in(town.mother))]
    assert titles == ["これから", "みんなへ"]


@pytest.mark.parametrize("wrong", ["section", "title", "body", "length", "number", "days"])
def test_a_notice_that_is_not_fit_is_not_posted(town: Town, wrong: str) -> None:
    today = town.clock.now().date()
    given = {"section": "市民課", "title": "題", "body": "本文", "first": today}
    changed = {
        "section": {"section": ""},
        "title": {"title": " "},
        "body": {"body": ""},
        "length": {"body": "あ" * 5000},
        "number": {"body": f"番号は {number(5)} です"},
        "days": {"last": today - timedelta(days=1)},
    }[wrong]
    with pytest.raises(PortalRefused) as raised:
        town.portal.post(COUNTER, Notice(**{**given, **changed}))
    assert raised.value.code == "M0207"
    assert number(5) not in f"{raised.value} {raised.value.help}"


def test_times_are_those_of_the_log(town: Town) -> None:
    use = town.used(town.mother)
    assert seen(town, town.mother)[0].at == from_ms(use.receipt.at_ms)


def test_traces_are_only_an_index(town: Town) -> None:
    """Thrown away, they are found again."""
    town.used(town.mother)
    before = seen(town, town.mother)
    with town.database.begin() as connection:
        connection.execute(delete(tables.trace))
        connection.execute(update(tables.position).values(next=0))
    assert seen(town, town.mother) == before


def test_many_who_look_at_once_note_each_entry_once(town: Town) -> None:
    made = {town.used(town.mother).id for _ in range(5)}
    begun = town.log_in(town.mother)
    found: list[set[str]] = []
    barrier = threading.Barrier(8)

    def look() -> None:
        barrier.wait()
        found.append({item.id for item in town.portal.records(begun)[0]})

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [made] * 8
    with town.database.read() as connection:
        mine = select(func.count()).select_from(tables.trace).where(tables.trace.c.person == town.mother)
        assert connection.scalar(mine) == 5
