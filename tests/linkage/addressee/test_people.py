"""付番, 変更, 訂正, 統合, 対応付け and 検索, each through the gate, on both databases."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select

from api.storage.database import Database
from linkage.addressee import changes, looking, numbering, people
from linkage.addressee.looking import Query
from linkage.addressee.number import AddresseeRefused
from linkage.addressee.sealing import Ephemeral, sealed_handle
from linkage.addressee.values import (
    Basic,
    Batch,
    BatchRow,
    Found,
    Kind,
    Sex,
    Shown,
    local_form,
    local_handle,
    serial_form,
)
from linkage.refusal import Refusal
from linkage.storage.tables import addressee, vault_cell, vault_index
from tests.linkage.addressee.numbers import number
from tests.linkage.world import World, person


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, tmp_path)


def shown(world: World, handle: str) -> list[Shown]:
    mine = Ephemeral()
    answer = world.do("addressee.show", (handle,), lambda t: looking.show(t, world.vault, handle, mine.public)).result
    return msgspec.json.decode(mine.open(answer), type=list[Shown])


def change(world: World, handle: str, digits: str, on: date) -> None:
    sealed = world.sealed(digits)
    handles = (handle, sealed_handle(sealed))
    world.do("addressee.change", handles, lambda t: changes.change(t, world.vault, handle, sealed, on))


def correct(world: World, handle: str, digits: str) -> None:
    sealed = world.sealed(digits)
    handles = (handle, sealed_handle(sealed))
    world.do("addressee.correct", handles, lambda t: changes.correct(t, world.vault, handle, sealed))


def merge(world: World, keep: str, away: str) -> None:
    world.do("addressee.merge", (keep, away), lambda t: changes.merge(t, world.vault, keep, away))


def mapping(world: World, handle: str, system: str, local: str) -> None:
    handles = (handle, local_handle(system, local))
    world.do("addressee.map", handles, lambda t: changes.map_local(t, handle, system, local))


def refusal(run: Any, *args: Any) -> str:
    with pytest.raises(Refusal) as refused:
        run(*args)
    return refused.value.code


def test_a_person_is_numbered_once(world: World) -> None:
    first = world.number(number(1), "15")
    assert first.new
    assert world.number(number(1), "15") == type(first)(first.handle, False)
    assert world.number(number(1), "77", system="zei").handle == first.handle
    other = world.number(number(2), "16")
    with world.database.read() as connection:
        assert people.handle_of(connection, "zei", local_form("77")) == first.handle
        assert people.locals_of(connection, first.handle) == (("juki", local_form("15")), ("zei", local_form("77")))
        serials = [people.serial_of(connection, one.handle) for one in (first, other)]
    assert [serial_form(serial or 0) for serial in serials] == ["000000000000001", "000000000000002"]
    assert world.search(number(1)) == Found(first.handle, True)
    assert world.search(number(3)) is None


def test_conflicts_are_refused_and_leave_nothing(world: World) -> None:
    one, two = world.number(number(1), "1"), world.number(number(2), "2")
    before = counts(world)
    assert refusal(world.number, number(3), "1") == "G0623"  # another number for who has one
    assert refusal(world.number, number(1), "2") == "G0624"  # number of one, 宛名番号 of another
    assert refusal(world.number, number(4), number(4)) == "G0624"  # the number as 宛名番号
    assert refusal(world.number, number(4), f"000{number(4)}") == "G0624"
    assert refusal(world.number, "1" * 12, "3") == "G0621"
    assert refusal(world.number, number(5), "番号") == "G0624"
    assert refusal(change, world, one.handle, number(2), date(2026, 11, 26)) == "G0623"
    assert refusal(correct, world, one.handle, number(1)) == "G0623"
    assert refusal(change, world, one.handle, number(6), date(2026, 11, 25)) == "G0627"
    assert refusal(change, world, "ad_nobody", number(6), date(2026, 11, 26)) == "G0622"
    assert refusal(mapping, world, one.handle, "juki", "2") == "G0624"
    assert refusal(merge, world, two.handle, two.handle) == "G0627"
    assert counts(world) == before


def counts(world: World) -> tuple[int, ...]:
    with world.database.read() as connection:
        return tuple(
            connection.scalar(select(func.count()).select_from(table)) or 0
            for table in (addressee, vault_cell, vault_index)
        )


def test_a_change_keeps_the_number_before(world: World) -> None:
    handle = world.number(number(1), "1").handle
    change(world, handle, number(2), date(2026, 11, 26))
    assert world.search(number(2)) == Found(handle, True)
    assert world.search(number(1)) == Found(handle, False)
    day = date(2026, 11, 26)
    assert shown(world, handle) == [Shown(number(2), day, None), Shown(number(1), day, day, "changed")]
    assert world.number(number(1), "9", system="zei").handle == handle  # known by the number before


def test_a_correction_destroys_the_wrong_number(world: World) -> None:
    handle = world.number(number(1), "1").handle
    correct(world, handle, number(2))
    assert world.search(number(1)) is None
    assert shown(world, handle) == [Shown(number(2), date(2026, 11, 26), None)]
    other = world.number(number(1), "2")  # whose it really is
    assert other.new
    assert world.search(number(1)) == Found(other.handle, True)


def test_a_non_resident_without_a_number(world: World) -> None:
    known = world.number(None, "1", kind=Kind.NON_RESIDENT)
    assert known.new
    assert refusal(shown, world, known.handle) == "G0628"
    assert refusal(change, world, known.handle, number(1), date(2026, 11, 26)) == "G0628"
    assert world.number(number(1), "1").handle == known.handle  # the number arrives later
    assert world.search(number(1)) == Found(known.handle, True)


def test_duplicates_become_one(world: World) -> None:
    keep, away = world.number(number(1), "1").handle, world.number(number(2), "2").handle
    mapping(world, away, "zei", "9")
    merge(world, keep, away)
    assert world.search(number(2)) == Found(keep, False)
    assert world.search(number(1)) == Found(keep, True)
    assert refusal(shown, world, away) == "G0626"
    with world.database.read() as connection:
        assert people.handle_of(connection, "zei", local_form("9")) == keep
        assert changes.survivor(connection, away) == keep
        assert changes.survivor(connection, "ad_x") is None
    third = world.number(number(3), "3").handle
    merge(world, third, keep)
    with world.database.read() as connection:
        assert changes.survivor(connection, away) == third
    assert shown(world, third)[0].number == number(3)


def test_basic_items_are_amended_and_found(world: World) -> None:
    handle = world.number(number(1), "1").handle
    moved = Basic("試験　花子", "仙台市青葉区国分町三丁目7番1号", date(1990, 2, 3), Sex.FEMALE)

    def amend(basic: Basic) -> None:
        work = lambda t: changes.amend(t, world.vault, handle, basic, Kind.NON_RESIDENT)  # noqa: E731
        world.do("addressee.amend", (handle,), work)

    def find(name: str, birth: date) -> tuple[str, ...]:
        sealed = world.sealed(msgspec.json.encode(Query(name, birth)).decode())
        return world.do(
            "addressee.find", (sealed_handle(sealed),), lambda t: looking.find(t, world.vault, sealed)
        ).result

    assert find("試験1", date(1980, 1, 1)) == (handle,)
    amend(moved)
    assert find("試験1", date(1980, 1, 1)) == ()
    assert find("試験 花子", date(1990, 2, 3)) == (handle,)
    basic = world.do("addressee.basic", (handle,), lambda t: looking.basic(t, world.vault, handle)).result
    assert basic.name == "試験 花子"
    assert refusal(amend, Basic("試験", f"番号は{number(1)}", date(1990, 2, 3), Sex.MALE)) == "G0625"
    assert refusal(amend, Basic(" 　", "石巻市", date(1990, 2, 3), Sex.MALE)) == "G0625"


def load(world: World, *rows: BatchRow) -> list[Any]:
    sealed = world.sealed(msgspec.json.encode(Batch("juki", rows)).decode())
    return world.do("addressee.load", (sealed_handle(sealed),), lambda t: numbering.load(t, world.vault, sealed)).result


def row(place: int, digits: str | None) -> BatchRow:
    return BatchRow(str(place), person(str(place)), digits)


def test_a_batch_is_numbered_whole_or_not_at_all(world: World) -> None:
    old = world.number(number(3), "3").handle
    answers = load(world, row(1, number(1)), row(2, None), row(3, number(3)), row(4, number(1)), row(2, number(2)))
    assert [answer.new for answer in answers] == [True, True, False, False, False]
    assert answers[2].handle == old
    assert answers[3].handle == answers[0].handle
    assert answers[4].handle == answers[1].handle
    assert world.search(number(2)) == Found(answers[1].handle, True)
    before = counts(world)
    with pytest.raises(AddresseeRefused, match="2行目") as refused:
        load(world, row(5, number(5)), row(6, number(5)[:-1] + str((int(number(5)[-1]) + 1) % 10)))
    assert refused.value.code == "G0621"
    with pytest.raises(AddresseeRefused, match="3行目"):
        load(world, row(5, number(5)), row(7, number(7)), row(5, number(8)))
    assert counts(world) == before
    assert world.search(number(7)) is None


def test_a_permit_for_one_batch_is_good_for_no_other(world: World) -> None:
    named, other = (world.sealed(msgspec.json.encode(Batch("juki", (row(i, number(i)),))).decode()) for i in (1, 2))
    act = world.act("addressee.load", sealed_handle(named))
    with pytest.raises(Refusal) as refused:
        world.gate.act(world.permit(act), "juki", act, lambda t: numbering.load(t, world.vault, other))
    assert refused.value.code == "G0611"
    assert world.search(number(2)) is None


def test_sealed_nonsense_is_refused(world: World) -> None:
    for sealed in ("", "a.b.c.d.e", world.sealed("{}"), world.sealed("[1]"), Ephemeral().public["x"]):
        work = lambda t, sealed=sealed: numbering.load(t, world.vault, sealed)  # noqa: E731
        assert refusal(world.do, "addressee.load", (sealed_handle(sealed),), work) == "G0634"
