"""Two bodies and the network process: inquiries end to end, refusals, faults."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date

import msgspec
import pytest
from sqlalchemy import inspect, select, update

from api import ids
from api.permits import Act, epoch
from api.storage.database import open_database
from linkage.intermediate import paper, persons, tables
from linkage.intermediate.client import Told
from linkage.intermediate.copies import Copy
from linkage.intermediate.inquiries import Standing
from linkage.intermediate.refusals import IntermediateRefused
from linkage.intermediate.states import InquiryState
from linkage.network.wire import Inquiry
from linkage.records import of_person, of_serial
from linkage.refusal import Refusal
from tests.linkage.intermediate.city import (
    AOMINE,
    BOARD,
    CALLER,
    CHILD_MEDICAL,
    ISHINOMAKI,
    ITEMS,
    MINISTER,
    PENSION,
    RESIDENTS,
    TAX,
    City,
)
from tests.linkage.network.process import NetworkProcess

Pair = tuple[City, City]


@pytest.fixture
def person(pair: Pair, network: NetworkProcess) -> tuple[str, str]:
    """A person who moved from Aomine to Ishinomaki: her handle there, and the one here."""
    asks, provides = pair
    resident = network.residents(1)[0]
    here, there = asks.know(resident), provides.know(resident)
    for information in (RESIDENTS, TAX):
        provides.copy(there, information)
    return here, there


def test_an_inquiry_goes_and_comes_and_both_sides_and_the_network_record_it(
    pair: Pair, person: tuple[str, str]
) -> None:
    asks, provides = pair
    here, there = person
    order = asks.order(here, AOMINE, TAX)
    sent = asks.send(order)
    assert asks.wait(order).state is InquiryState.ANSWERED
    content = asks.open(order)
    assert content.records == [ITEMS[TAX]]
    with asks.body.database.read() as connection:
        mine = of_serial(connection, sent.processing_number)
        assert of_person(connection, here)
        code = persons.code_of(connection, ISHINOMAKI, here)
    with provides.body.database.read() as connection:
        theirs = of_serial(connection, sent.processing_number)
        assert theirs[0].facts.person == there
    assert sorted(record.act_name for record in mine) == ["inquiry.receive", "inquiry.send"]
    assert [record.act_name for record in theirs] == ["provision.answer"]
    assert all("番号法第19条第9号" in record.bases for record in (*mine, *theirs))
    assert next(record for record in mine if record.act_name == "inquiry.receive").facts.provided is not None
    (kept,) = asks.server.line.records(ISHINOMAKI, str(code))
    assert (kept.outcome, kept.provider_name, kept.items) == ("provided", "青嶺市長", tuple(ITEMS[TAX]))
    assert provides.provided(sent.processing_number) == 1


def test_a_state_body_provides_by_the_same_code(city: Callable[..., City], network: NetworkProcess) -> None:
    asks, minister = city(ISHINOMAKI, agencies=(ISHINOMAKI, BOARD)), city(MINISTER)
    resident = network.residents(1)[0]
    here, there = asks.know(resident), minister.know(resident)
    minister.copy(there, PENSION)
    order = asks.order(here, MINISTER, PENSION)
    asks.send(order)
    assert asks.wait(order).state is InquiryState.ANSWERED
    assert asks.open(order).records == [ITEMS[PENSION]]


def test_what_is_asked_for_is_all_that_leaves(pair: Pair, person: tuple[str, str]) -> None:
    asks, _ = pair
    order = asks.order(person[0], AOMINE, TAX, items=("TK99010000000002",))
    asks.send(order)
    asks.wait(order)
    assert asks.open(order).records == [{"TK99010000000002": "98000"}]


def test_a_correction_replaces_and_a_withdrawn_or_expired_copy_is_not_provided(
    pair: Pair, person: tuple[str, str]
) -> None:
    asks, provides = pair
    here, there = person
    corrected = {**ITEMS[TAX], "TK99010000000001": "2300000"}
    provides.copy(there, TAX, version="0002", items=corrected)
    with pytest.raises(IntermediateRefused, match="版番号0002") as refused:
        provides.copy(there, TAX, version="0002")
    assert refused.value.code == "N0113"
    order = asks.order(here, AOMINE, TAX)
    asks.send(order)
    asks.wait(order)
    assert asks.open(order).records == [corrected]
    provides.copy(there, TAX, version="0003", public_until=date(2026, 1, 31))
    order = asks.order(here, AOMINE, TAX)
    asks.send(order)
    refusal = asks.wait(order)
    assert (refusal.state, refusal.code) == (InquiryState.REFUSED, "no-copy")
    token = provides.permit(Act("copy.withdraw", "copy", (there,)), provides.use_request())
    provides.server.withdraw_copy(token, CALLER, AOMINE, there, RESIDENTS, "0001", "0001")
    order = asks.order(here, AOMINE, RESIDENTS)
    asks.send(order)
    assert asks.wait(order).code == "no-copy"


# ---- checks before anything is spent


def test_three_checks_are_explained_before_the_permit_is_spent(pair: Pair, person: tuple[str, str]) -> None:
    asks, _ = pair
    stranger = asks.order(ids.new("ad"), AOMINE)
    with pytest.raises(IntermediateRefused, match="符号が未取得です"):
        asks.send(stranger)
    order = asks.order(person[0], AOMINE)
    asks.send(order)
    with pytest.raises(IntermediateRefused, match="レコード識別番号が既に存在しています"):
        asks.send(order)
    unlisted = asks.order(person[0], MINISTER)
    with pytest.raises(IntermediateRefused, match="照会は許可されていません"):
        asks.server.check(unlisted)


def test_a_permit_for_another_inquiry_is_refused_and_nothing_is_sent(pair: Pair, person: tuple[str, str]) -> None:
    asks, _ = pair
    mine, other = asks.order(person[0], AOMINE, RESIDENTS), asks.order(person[0], AOMINE, TAX)
    act = Act("inquiry.send", "network", (mine.handle, mine.record_id))
    for_other = Act("inquiry.send", "network", (other.handle, other.record_id))
    with pytest.raises(Refusal) as refused:  # of another record
        asks.server.send(asks.permit(for_other, asks.link_request(mine)), CALLER, mine)
    assert refused.value.code == "G0601"
    with pytest.raises(IntermediateRefused) as refused_:  # of this record, but decided for other information
        asks.server.send(asks.permit(act, asks.link_request(other)), CALLER, mine)
    assert refused_.value.code == "N0105"
    assert "情報" in refused_.value.text
    token = asks.permit(act, asks.link_request(mine))
    with pytest.raises(Refusal):  # of another caller
        asks.server.send(token, "somebody-else", mine)
    asks.server.send(token, CALLER, mine)
    again = asks.order(person[0], AOMINE, RESIDENTS)
    with pytest.raises(Refusal):  # used
        asks.server.send(token, CALLER, again)
    with pytest.raises(IntermediateRefused, match="N0107"):
        asks.server.standing(again.record_id, CALLER)


def test_the_answer_opens_only_by_a_permit_of_this_inquiry_and_to_who_asked(
    pair: Pair, person: tuple[str, str]
) -> None:
    asks, _ = pair
    order, other = asks.order(person[0], AOMINE), asks.order(person[0], AOMINE)
    asks.send(order)
    asks.wait(order)
    act = Act("inquiry.receive", "network", (other.handle, other.record_id))
    with pytest.raises(Refusal):
        asks.server.receive(asks.permit(act, asks.link_request(order)), CALLER, order.record_id)
    with pytest.raises(IntermediateRefused, match="N0106"):
        asks.server.receive("no permit", "somebody-else", order.record_id)
    with pytest.raises(Refusal):
        asks.server.receive("no permit", CALLER, order.record_id)
    assert asks.open(order).records == [ITEMS[RESIDENTS]]


# ---- the network's own refusals


def test_an_assessment_withdrawn_on_either_side_stops_the_network(pair: Pair, person: tuple[str, str]) -> None:
    asks, provides = pair
    for city, subject, code in ((asks, CHILD_MEDICAL, "N0207"), (provides, RESIDENTS, "N0208")):
        for state in ("withdrawn", "missing", "outdated", "insufficient"):
            city.assessed(subject, state=state)
            order = asks.order(person[0], AOMINE)
            asks.send(order)
            refused = asks.wait(order)
            assert (refused.state, refused.code) == (InquiryState.REFUSED, code)
            assert "第21条第2項" in refused.text
        city.assessed(subject)
    order = asks.order(person[0], AOMINE)
    asks.send(order)
    assert asks.wait(order).state is InquiryState.ANSWERED


def test_a_pair_the_law_does_not_list_is_refused_by_the_network_too(pair: Pair, person: tuple[str, str]) -> None:
    asks, _ = pair
    listed, asks.server.permitted = asks.server.permitted, None  # a server that does not ask first
    order = asks.order(person[0], AOMINE, information=TAX, affair="JM99000000000007", procedure="JT99070000000001")
    with pytest.raises(Refusal):  # the engine does not permit it either
        asks.send(order)
    asks.server.permitted = listed
    message = asks.order(person[0], AOMINE)
    asks.send(message)
    asks.wait(message)
    query = select(tables.inquiry.c.message).where(tables.inquiry.c.record_id == message.record_id)
    with asks.body.database.read() as connection:
        body = connection.scalar(query)
    sent = msgspec.json.decode(body, type=Inquiry)
    forged = msgspec.structs.replace(
        sent, record_id=ids.new("rq"), processing_number=ids.new("tx"), information=PENSION, items=tuple(ITEMS[PENSION])
    )
    with pytest.raises(Told) as told:
        asks.server.line.inquire(forged)
    assert told.value.code == "N0206"
    replayed = msgspec.structs.replace(sent, section="別の課")
    with pytest.raises(Told) as told:  # the record id of another inquiry
        asks.server.line.inquire(replayed)
    assert told.value.code == "N0203"
    assert asks.server.line.inquire(sent).processing_number == sent.processing_number


def test_nobody_speaks_for_another_agency(pair: Pair, person: tuple[str, str]) -> None:
    asks, provides = pair
    with pytest.raises(Told) as told:
        provides.server.line.acquisition(ISHINOMAKI, "jr_somebody")
    assert told.value.code == "N0202"
    with pytest.raises(IntermediateRefused, match="N0115"):
        provides.server.check(asks.order(person[0], AOMINE))


# ---- link codes


def stored(pair: Pair, network: NetworkProcess) -> Iterator[bytes]:
    """Everything that stands in the files and databases of the three."""
    for folder in (network.home, network.home.parent / ISHINOMAKI, network.home.parent / AOMINE):
        yield from (file.read_bytes() for file in folder.rglob("*") if file.is_file())
    own = open_database(network.database_url or f"sqlite:///{network.home / 'network.db'}")
    for database in (pair[0].body.database, pair[1].body.database, own):
        with database.read() as connection:
            for table in inspect(connection).get_table_names():
                yield repr(connection.exec_driver_sql(f'SELECT * FROM "{table}"').all()).encode()
    own.close()


def test_codes_of_two_agencies_are_never_equal_and_the_acquisition_number_is_gone(
    pair: Pair, network: NetworkProcess
) -> None:
    asks, provides = pair
    residents = network.residents(12)
    codes: list[set[str]] = [set(), set(), set()]
    numbers = []
    for resident in residents:
        handle, there = ids.new("ad"), ids.new("ad")
        numbers += [asks.know_as(resident, handle, agency) for agency in (ISHINOMAKI, BOARD)]
        numbers.append(provides.know_as(resident, there, AOMINE))
        with asks.body.database.read() as connection:
            codes[0].add(str(persons.code_of(connection, ISHINOMAKI, handle)))
            codes[1].add(str(persons.code_of(connection, BOARD, handle)))
        with provides.body.database.read() as connection:
            codes[2].add(str(persons.code_of(connection, AOMINE, there)))
    assert len(codes[0] | codes[1] | codes[2]) == 3 * len(residents)
    for number in numbers:  # used: good for nothing, and nowhere
        with pytest.raises(Told) as told:
            asks.server.line.code(ISHINOMAKI, number)
        assert told.value.code == "N0209"
    for place in stored(pair, network):
        assert not any(number.encode() in place for number in numbers)
    assert all(b"jr_" not in place for place in stored(pair, network))


def test_a_stolen_code_of_another_agency_is_worth_nothing(pair: Pair, person: tuple[str, str]) -> None:
    asks, provides = pair
    with provides.body.database.read() as connection:
        theirs = persons.code_of(connection, AOMINE, person[1])
    with asks.body.database.begin() as connection:
        table = tables.link_code
        connection.execute(update(table).where(table.c.handle == person[0]).values(code=theirs))
    order = asks.order(person[0], AOMINE)
    asks.send(order)
    assert asks.wait(order).code == "N0204"


# ---- manual answers and non-disclosure


def test_a_flagged_person_is_never_answered_automatically_and_both_records_say_so(
    pair: Pair, person: tuple[str, str]
) -> None:
    asks, provides = pair
    here, there = person
    token = provides.permit(Act("copy.correct", "copy", (there,)), provides.use_request())
    provides.server.flag(token, CALLER, AOMINE, there, "個人情報保護法第78条第1項第1号")
    order = asks.order(here, AOMINE)
    number = asks.send(order).processing_number
    waits = wait_pending(provides)
    assert (waits.processing_number, "不開示" in waits.why) == (number, True)
    act = Act("provision.answer", "network", (there, number))
    request = asks.link_request(order)
    provides.server.answer(provides.permit(act, request), CALLER, number, there, handler="officer-7")
    assert asks.wait(order).state is InquiryState.ANSWERED
    assert asks.open(order).undisclosed
    with asks.body.database.read() as connection:
        assert [record.act_name for record in of_person(connection, here)] == ["inquiry.send"]
        assert len(of_person(connection, here, withheld=True)) == 2
    with provides.body.database.read() as connection:
        assert of_person(connection, there) == ()
        (record,) = of_person(connection, there, withheld=True)
        assert (record.facts.non_disclosure, record.handler) == ("個人情報保護法第78条第1項第1号", "officer-7")
        code = persons.code_of(connection, AOMINE, there)
    (kept,) = provides.server.line.records(AOMINE, str(code))
    assert kept.undisclosed_by_provider


def test_a_person_refuses_with_the_reason_and_cannot_answer_twice(pair: Pair, person: tuple[str, str]) -> None:
    asks, provides = pair
    here, there = person
    provides.copy(there, RESIDENTS, version="0002", automatic=False)
    order = asks.order(here, AOMINE)
    number = asks.send(order).processing_number
    assert "自動応答をしない" in wait_pending(provides).why
    act = Act("provision.answer", "network", (there, number))
    with pytest.raises(IntermediateRefused, match="N0122"):
        provides.server.answer("", CALLER, number, there, handler="officer-7", refusal="  ")
    token = provides.permit(act, asks.link_request(order))
    provides.server.answer(token, CALLER, number, there, handler="officer-7", refusal="副本を確認中である。")
    refused = asks.wait(order)
    assert (refused.state, refused.code, refused.text) == (InquiryState.REFUSED, "declined", "副本を確認中である。")
    with pytest.raises(IntermediateRefused, match="N0109"):
        provides.server.answer(
            provides.permit(act, asks.link_request(order)), CALLER, number, there, handler="officer-7"
        )
    assert provides.provided(number) == 0
    assert provides.server.pending() == ()


def wait_pending(city: City, seconds: float = 10):  # type: ignore[no-untyped-def]
    ends = time.monotonic() + seconds
    while not (found := city.server.pending()):
        assert time.monotonic() < ends
        time.sleep(0.01)
    return found[0]


# ---- the rule set changes


def test_a_change_of_the_rules_makes_old_permits_stale_and_leaves_what_is_on_its_way_consistent(
    pair: Pair, person: tuple[str, str], network: NetworkProcess
) -> None:
    asks, provides = pair
    network.faults(late_ms=600)
    on_its_way = asks.order(person[0], AOMINE)
    asks.send(on_its_way)
    order = asks.order(person[0], AOMINE)
    stale = asks.permit(Act("inquiry.send", "network", (order.handle, order.record_id)), asks.link_request(order))
    with asks.body.database.begin() as connection:
        epoch.advance(connection, "042021", "条例の公布", asks.server.clock)
    with pytest.raises(Refusal) as refused:
        asks.server.send(stale, CALLER, order)
    assert refused.value.code == "G0601"
    with asks.body.database.read() as connection:
        assert (
            connection.scalar(select(tables.inquiry.c.state).where(tables.inquiry.c.record_id == order.record_id))
            is None
        )
    assert asks.wait(on_its_way).state is InquiryState.ANSWERED
    stale_opening = Act("inquiry.receive", "network", (on_its_way.handle, on_its_way.record_id))
    token = asks.permit(stale_opening, asks.link_request(on_its_way))
    with asks.body.database.begin() as connection:
        epoch.advance(connection, "042021", "条例の公布", asks.server.clock)
    with pytest.raises(Refusal):
        asks.server.receive(token, CALLER, on_its_way.record_id)
    assert asks.open(on_its_way).records  # decided anew
    asks.send(order)
    assert asks.wait(order).state is InquiryState.ANSWERED
    assert provides.provided(asks.server.standing(on_its_way.record_id, CALLER).processing_number) == 1


def test_the_provider_decides_anew_when_its_epoch_moves_between_permit_and_answer(
    pair: Pair, person: tuple[str, str]
) -> None:
    asks, provides = pair
    inner, moved = provides.server.permits, []

    class Moving:
        def permit(self, request, act, caller):  # type: ignore[no-untyped-def]
            token = inner.permit(request, act, caller)
            if not moved:
                moved.append(True)
                with provides.body.database.begin() as connection:
                    epoch.advance(connection, epoch.EVERYBODY, "条例の公布", provides.server.clock)
            return token

    provides.server.permits = Moving()
    order = asks.order(person[0], AOMINE)
    number = asks.send(order).processing_number
    assert asks.wait(order).state is InquiryState.ANSWERED
    assert (moved, provides.provided(number)) == ([True], 1)


# ---- faults of the network


def test_slow_network_answers_late_but_once(pair: Pair, person: tuple[str, str], network: NetworkProcess) -> None:
    asks, provides = pair
    network.faults(delay_ms=300)
    order = asks.order(person[0], AOMINE)
    number = asks.send(order).processing_number
    assert asks.wait(order).state is InquiryState.ANSWERED
    assert provides.provided(number) == 1


def test_when_the_network_is_down_a_same_day_case_goes_to_paper(
    pair: Pair, person: tuple[str, str], network: NetworkProcess
) -> None:
    asks, provides = pair
    network.faults(down=True)
    order = asks.order(person[0], AOMINE, TAX, same_day=True, wait_ms=700)
    started = time.monotonic()
    number = asks.send(order).processing_number
    ended = asks.wait(order)
    assert ended.state is InquiryState.FALLBACK_TO_PAPER
    assert time.monotonic() - started < 5
    assert "「地方税関係情報」を証明する書類を提出してください" in ended.text
    assert "申請は受け付けます" in ended.text
    assert papers(asks, ended) == ({"医療保険の被保険者証の写し": "no"}, {"医療保険の被保険者証の写し": "yes"})
    network.faults()
    time.sleep(1.0)
    assert asks.server.standing(order.record_id, CALLER).state is InquiryState.FALLBACK_TO_PAPER
    assert provides.provided(number) == 0
    later = asks.order(person[0], AOMINE)
    asks.send(later)
    assert asks.wait(later).state is InquiryState.ANSWERED


def papers(city: City, standing: Standing) -> tuple[dict[str, str], dict[str, str]]:
    """What the engine says of a paper after the fallback, and what it says when the network is there."""
    from engine.attachments import attachments

    said = []
    for facts in (paper.facts(standing), {"same_day": False, "network_up": True}):
        request = city.body.rules.now.desk.resolver.resolve(
            {
                "action": "link",
                "municipality": "石巻市",
                "agency": "市長",
                "affair": "番号法別表第二/93",
                "information": ["医療保険給付関係情報"],
                "holder": "全国健康保険協会",
                "attachments": ["医療保険の被保険者証の写し"],
                "on": "2017-11-13",
                "facts": {"pia": "published", **facts},
            }
        )
        found = attachments(city.body.rules.now.rule_set, request)
        said.append({one.name: one.droppable.value for one in found})
    return said[0], said[1]


def test_a_late_answer_after_the_fallback_is_noted_and_not_kept(
    pair: Pair, person: tuple[str, str], network: NetworkProcess
) -> None:
    asks, provides = pair
    network.faults(late_ms=1500)
    order = asks.order(person[0], AOMINE, same_day=True, wait_ms=400)
    number = asks.send(order).processing_number
    ended = asks.wait(order)
    assert ended.state is InquiryState.FALLBACK_TO_PAPER
    assert "回答が、本日の受付の時間内に届きません" in ended.text
    ends = time.monotonic() + 10
    while not asks.server.standing(order.record_id, CALLER).late:
        assert time.monotonic() < ends
        time.sleep(0.02)
    with pytest.raises(IntermediateRefused, match="N0108"):
        asks.open(order)
    with asks.body.database.read() as connection:
        kept = select(tables.inquiry.c.answer).where(tables.inquiry.c.record_id == order.record_id)
        assert connection.scalar(kept) is None
    assert provides.provided(number) == 1


def test_dropped_responses_change_nothing(pair: Pair, person: tuple[str, str], network: NetworkProcess) -> None:
    asks, provides = pair
    network.faults(drop_responses=6)
    orders = [asks.order(person[0], AOMINE) for _ in range(3)]
    numbers = [asks.send(order).processing_number for order in orders]
    for order in orders:
        assert asks.wait(order).state is InquiryState.ANSWERED
        assert asks.open(order).records == [ITEMS[RESIDENTS]]
    assert [provides.provided(number) for number in numbers] == [1, 1, 1]


def test_past_its_time_without_a_word_an_inquiry_is_unknown_and_then_found_out(
    pair: Pair, person: tuple[str, str], network: NetworkProcess
) -> None:
    asks, provides = pair
    network.faults(down=True)
    order = asks.order(person[0], AOMINE, wait_ms=500)
    number = asks.send(order).processing_number
    assert asks.wait(order, InquiryState.UNKNOWN).text.endswith("行われたかどうかを確かめている。")
    network.faults()
    assert asks.wait(order).state is InquiryState.FAILED
    assert provides.provided(number) == 0


def test_sealed_all_the_way(pair: Pair, person: tuple[str, str], network: NetworkProcess) -> None:
    """What is provided stands in no database in clear: not the copies, not the network's, not the answer."""
    asks, provides = pair
    there = person[1]
    secret = "目印の値" + ids.new("zz")
    act = Act("copy.register", "copy", (there,))
    items = {**ITEMS[RESIDENTS], "TK99020000000002": secret}
    copy = Copy(
        agency=AOMINE, handle=there, information=RESIDENTS, version="0009", public_from=date(2026, 1, 1), items=items
    )
    provides.server.register_copies(provides.permit(act, provides.use_request()), CALLER, (copy,))
    order = asks.order(person[0], AOMINE)
    asks.send(order)
    asks.wait(order)
    assert not any(secret.encode() in place for place in stored(pair, network))
    assert asks.open(order).records[0]["TK99020000000002"] == secret


def test_a_person_the_provider_does_not_know_and_an_unlawful_provision_are_refused_with_the_reason(
    pair: Pair, person: tuple[str, str]
) -> None:
    asks, provides = pair
    inner = provides.server.permits

    class Unlawful:
        def permit(self, request, act, caller):  # type: ignore[no-untyped-def]
            return inner.permit({**request, "affair": "school-aid"}, act, caller)

    provides.server.permits = Unlawful()
    order = asks.order(person[0], AOMINE)
    number = asks.send(order).processing_number
    refused = asks.wait(order)
    assert (refused.code, "根拠を確かめられなかった" in refused.text) == ("unlawful", True)
    provides.server.permits = inner
    with provides.body.database.begin() as connection:
        table = tables.link_code
        connection.execute(update(table).where(table.c.handle == person[1]).values(code=None))
    order = asks.order(person[0], AOMINE)
    asks.send(order)
    assert asks.wait(order).code == "no-person"
    assert provides.provided(number) == 0


def test_without_a_decision_service_a_person_decides(pair: Pair, person: tuple[str, str]) -> None:
    from linkage.intermediate.permits import NoPermits

    asks, provides = pair
    inner, provides.server.permits = provides.server.permits, NoPermits()
    order = asks.order(person[0], AOMINE)
    number = asks.send(order).processing_number
    assert "自動で答えられない" in wait_pending(provides, seconds=20).why
    provides.server.permits = inner
    token = provides.permit(Act("provision.answer", "network", (person[1], number)), asks.link_request(order))
    provides.server.answer(token, CALLER, number, person[1], handler="officer-7")
    assert asks.wait(order).state is InquiryState.ANSWERED
