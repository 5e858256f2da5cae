"""Provision records: what Art. 23 wants, kept with the act or not at all, and read by the person."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from api.decision_log.bodies import body_of
from api.storage.database import Database
from api.storage.tables import log_entry
from linkage import records
from linkage.gate import Acted, GateRefused
from linkage.records import Ground, Named, Office, ProvisionFacts, Side, seven_years_after
from tests.linkage.addressee.numbers import number
from tests.linkage.gate.test_gate import kept, refused
from tests.linkage.office import CALLER
from tests.linkage.world import OPERATOR, World


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, tmp_path)


def facts(world: World, **other: Any) -> ProvisionFacts:
    known = ProvisionFacts(
        side=Side.INQUIRER,
        serial="sr_aaaa",
        inquirer=Office("石巻市長", "0420210000000001", "子育て支援課"),
        provider=Office("仙台市長", "0410090000000001"),
        affair=Named("JM01000000121000", "子ども医療費の助成に関する事務"),
        procedure=Named("JT01010000000214", "助成の申請の審査"),
        items=(Named("TM00000000000002", "地方税関係情報"),),
        requested=world.clock.now(),
        ground=Ground.NETWORK_BY_ORDINANCE,
    )
    return msgspec.structs.replace(known, **other)


def inquire(world: World, provision: Any, **how: Any) -> Acted[str]:
    act = world.act("inquiry.send", "ad_mother", "ad_child")
    how = {"subject": "ad_mother", **how}
    return world.gate.act(world.permit(act), CALLER, act, lambda ticket: "sent", provision=provision, **how)


def of(world: World, person: str, **how: Any) -> tuple[records.ProvisionRecord, ...]:
    with world.database.read() as connection:
        return records.of_person(connection, person, **how)


def test_an_inquiry_leaves_its_record_and_the_log_proves_it(world: World) -> None:
    acted = inquire(world, facts(world), handler="職員甲")
    (record,) = of(world, "ad_mother")
    assert (record.act, record.act_name, record.caller, record.handler) == (acted.id, "inquiry.send", CALLER, "職員甲")
    assert record.facts.person == "ad_mother"
    assert record.facts.affair.name == "子ども医療費の助成に関する事務"
    assert record.bases[0].startswith(("番号法", "石巻市"))
    assert record.retain_until == date(2033, 11, 26)
    (receipt,) = acted.records
    assert receipt.id == record.id
    with world.database.read() as connection:
        entry = connection.execute(select(log_entry).where(log_entry.c.id == record.id)).one()
        assert msgspec.json.decode(body_of(connection, record.id) or b"", type=records.ProvisionRecord) == record
    assert entry.kind == "provision"
    leaf = json.loads(entry.leaf)
    assert "ad_mother" not in json.dumps(leaf)
    assert leaf["act"] == "inquiry.send"


def test_both_sides_of_one_serial(world: World) -> None:
    inquire(world, facts(world))
    answer = facts(world, side=Side.PROVIDER, provided=world.clock.now())
    act = world.act("provision.answer", "ad_mother")
    world.gate.act(world.permit(act), CALLER, act, lambda ticket: None, subject="ad_mother", provision=answer)
    with world.database.read() as connection:
        sides = {record.facts.side for record in records.of_serial(connection, "sr_aaaa")}
    assert sides == {Side.INQUIRER, Side.PROVIDER}


def test_a_record_told_by_the_result(world: World) -> None:
    acted = inquire(world, lambda result: [facts(world, serial=f"sr_{result}"), facts(world, person="ad_child")])
    assert len(acted.records) == 2
    assert [r.facts.serial for r in of(world, "ad_mother")] == ["sr_sent"]
    assert [r.facts.serial for r in of(world, "ad_child")] == ["sr_aaaa"]


@pytest.mark.parametrize(
    "missing",
    [
        {"items": ()},
        {"serial": ""},
        {"inquirer": Office("", "x")},
        {"provider": Office("", "x")},
        {"affair": Named("", "x")},
        {"procedure": Named("", "x")},
    ],
    ids=str,
)
def test_a_record_that_lacks_something_stops_the_act(world: World, missing: dict[str, Any]) -> None:
    assert refused(world, lambda: inquire(world, facts(world, **missing))).code == "G0612"


def test_a_record_is_about_whom_the_permit_names(world: World) -> None:
    assert refused(world, lambda: inquire(world, facts(world, person="ad_stranger"))).code == "G0611"
    assert refused(world, lambda: inquire(world, facts(world), subject="ad_stranger")).code == "G0611"


def test_no_record_no_inquiry(world: World) -> None:
    assert refused(world, lambda: inquire(world, None)).code == "G0612"
    assert refused(world, lambda: inquire(world, [])).code == "G0612"
    assert refused(world, lambda: inquire(world, facts(world), subject=None)).code == "G0612"


def test_a_number_in_a_record_stops_the_act(world: World) -> None:
    wrong = facts(world, refusal=f"番号 {number(1)} が見つからない")
    assert refused(world, lambda: inquire(world, wrong)).code == "G0608"


def test_non_disclosure_is_withheld_from_the_view_not_from_the_record(world: World) -> None:
    inquire(world, facts(world, non_disclosure="個人情報保護法第78条第1項第1号"))
    inquire(world, facts(world, serial="sr_open"))
    assert [r.facts.serial for r in of(world, "ad_mother")] == ["sr_open"]
    assert {r.facts.serial for r in of(world, "ad_mother", withheld=True)} == {"sr_aaaa", "sr_open"}


def test_newest_first_by_pages(world: World) -> None:
    for place in range(5):
        world.clock.advance(timedelta(seconds=1))
        inquire(world, facts(world, serial=f"sr_{place}"))
    page = of(world, "ad_mother", limit=3)
    assert [r.facts.serial for r in page] == ["sr_4", "sr_3", "sr_2"]
    rest = of(world, "ad_mother", before=page[-1].recorded)
    assert [r.facts.serial for r in rest] == ["sr_1", "sr_0"]


def test_a_record_is_not_written_without_a_ticket(world: World) -> None:
    before = kept(world)
    with pytest.raises(GateRefused) as raised:
        records.write(object(), facts(world), act="ac_x", subject="ad_x", handler=None)  # type: ignore[arg-type]
    assert raised.value.code == "G0609"
    assert kept(world) == before


def test_records_are_erased_after_seven_years_and_not_before(world: World) -> None:
    for place in range(3):
        inquire(world, facts(world, serial=f"sr_{place}"))
    with world.database.read() as connection:
        leaves = connection.scalar(select(func.count()).select_from(log_entry))

    def erase(before: date) -> int:
        return world.gate.operate("retention.erase", OPERATOR, lambda t: records.erase(t, before, 2)).result

    world.clock.set(world.clock.now().replace(year=2033))
    assert erase(date(2033, 11, 26)) == 0  # the last day is still theirs
    assert refused(world, lambda: erase(date(2033, 11, 27))).code == "G0618"
    world.clock.advance(timedelta(days=1))
    assert erase(date(2033, 11, 27)) == 2
    assert len(of(world, "ad_mother")) == 1  # here it was interrupted
    assert (erase(date(2033, 11, 27)), erase(date(2033, 11, 27))) == (1, 0)
    assert of(world, "ad_mother") == ()
    with world.database.read() as connection:
        assert (connection.scalar(select(func.count()).select_from(log_entry)) or 0) > (leaves or 0)


@given(st.dates(date(2015, 10, 5), date(2999, 12, 31)))
def test_seven_years(day: date) -> None:
    until = seven_years_after(day)
    assert until.year == day.year + 7
    assert (until - day).days in (7 * 365, 7 * 365 + 1, 7 * 365 + 2)
    assert (until.month, until.day) in ((day.month, day.day), (3, 1))
