"""Log-in by ticket: 256 bits, once, ten minutes; sessions end; cookies and form tokens cannot be made or moved."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from api.decision_log.bodies import body_of
from api.keys import Purpose
from api.storage.tables import log_entry
from linkage.addressee import changes
from linkage.portal import logins, tables
from linkage.portal.logins import Bearer
from linkage.portal.refusals import PortalRefused
from linkage.refusal import Refusal
from linkage.rights.values import By
from tests.linkage.portal.town import COUNTER, Town


def size(town: Town) -> int:
    with town.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(log_entry)) or 0


def cookie(town: Town, begun: logins.Begun) -> str:
    return town.portal.cookies.cookie(begun.id, town.clock.now(), begun.ends)


def test_a_ticket_has_256_bits_and_only_its_hash_is_kept(town: Town) -> None:
    printed = town.portal.ticket(COUNTER, Bearer(town.mother))
    plain = printed.replace("-", "")
    assert len(plain) == 52  # base32 of 256 bits
    assert len({logins.fresh() for _ in range(100)}) == 100
    with town.database.read() as connection:
        row = connection.execute(select(tables.ticket)).one()
        entries = connection.scalars(select(log_entry.c.id)).all()
        bodies = b"".join(body_of(connection, id_) or b"" for id_ in entries)
    assert row.hash == logins.hashed(printed)
    assert plain not in str(row)
    assert plain.encode() not in bodies


def test_a_ticket_is_used_once_and_in_its_time(town: Town) -> None:
    printed = town.portal.ticket(COUNTER, Bearer(town.mother))
    assert town.portal.log_in(printed.upper().replace("-", " ")).bearer.person == town.mother
    kept = size(town)
    with pytest.raises(PortalRefused):
        town.portal.log_in(printed)
    assert size(town) == kept
    late = town.portal.ticket(COUNTER, Bearer(town.mother))
    town.clock.advance(timedelta(minutes=10, seconds=1))
    before = size(town)
    for wrong in (printed, late, "", "x", "a" * 52, "あ" * 52):
        with pytest.raises(PortalRefused) as raised:
            town.portal.log_in(wrong)
        assert raised.value.code == "M0202"
    assert size(town) == before  # guesses fill no log


def test_of_many_at_once_one_gets_in(town: Town) -> None:
    printed = town.portal.ticket(COUNTER, Bearer(town.mother))
    outcomes: list[str] = []
    barrier = threading.Barrier(12)

    def run() -> None:
        barrier.wait()
        try:
            outcomes.append(town.portal.log_in(printed).bearer.person)
        except PortalRefused as refused:
            outcomes.append(refused.code)

    threads = [threading.Thread(target=run) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == sorted([town.mother, *["M0202"] * 11])
    with town.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.session)) == 1


def test_the_counter_issues_and_nobody_else_and_for_people_who_are_there(town: Town) -> None:
    with pytest.raises(Refusal) as raised:
        town.portal.ticket("誰か", Bearer(town.mother))
    assert raised.value.code == "G0615"
    for bearer, code in (
        (Bearer("ad_nobody"), "M0201"),
        (Bearer(town.child, By.STATUTORY), "M0209"),
        (Bearer(town.child, By.STATUTORY, "石巻 花子", "委任状"), "M0209"),
        (Bearer(town.child, By.VOLUNTARY, "1234 5678 9012", "委任状"), "M0209"),
    ):
        with pytest.raises(PortalRefused) as refused:
            town.portal.ticket(COUNTER, bearer)
        assert refused.value.code == code


def test_a_representative_sees_the_childs_records(town: Town) -> None:
    town.used(town.child)
    begun = town.log_in(town.child, by=By.STATUTORY, representative="石巻 花子", authority="戸籍謄本")
    assert [item.sort.value for item in town.portal.records(begun)[0]] == ["used"]
    assert begun.bearer.representative == "石巻 花子"


def test_a_session_ends_by_rest_by_time_and_by_log_out(town: Town) -> None:
    begun = town.log_in(town.mother)
    value = cookie(town, begun)
    town.clock.advance(timedelta(minutes=14, seconds=59))
    assert town.portal.session(value) == begun
    town.clock.advance(timedelta(seconds=1))
    assert town.portal.session(value) is None
    again = town.log_in(town.mother)
    for _ in range(5):  # busy all the time
        town.clock.advance(timedelta(minutes=11))
        assert town.portal.session(cookie(town, again)) is not None
    town.clock.advance(timedelta(minutes=5))
    assert town.portal.session(cookie(town, again)) is None
    out = town.log_in(town.mother)
    value = cookie(town, out)
    assert town.portal.session(value) is not None
    town.portal.log_out(out)
    assert town.portal.session(value) is None


def test_cookies_are_not_made_or_changed(town: Town) -> None:
    one, other = town.log_in(town.mother), town.log_in(town.neighbour)
    value = cookie(town, one)
    session, last, mac = value.split(".")
    forged = [
        f"{other.id}.{last}.{mac}",
        f"{session}.{'j' * 13}.{mac}",
        f"{session}.{last}.{cookie(town, other).split('.')[2]}",
        f"{session}.{last}.{town.portal.cookies.form_token(session)}",
        f"{session}.{last}",
        f"{session}.{last}.",
        "..",
        "",
        f"{value}x",
        f"é{value}",
    ]
    assert [town.portal.session(one) for one in forged] == [None] * len(forged)
    town.keys.rotate(Purpose.TOKEN)
    assert town.portal.session(value) is None


def test_a_form_token_is_of_its_session(town: Town) -> None:
    cookies = town.portal.cookies
    one, other = town.log_in(town.mother), town.log_in(town.mother)
    assert cookies.is_form_token(one.id, cookies.form_token(one.id))
    assert not cookies.is_form_token(one.id, cookies.form_token(other.id))
    assert not cookies.is_form_token(one.id, "")
    assert not cookies.is_form_token(one.id, "é")


def test_a_session_follows_a_merged_addressee(town: Town) -> None:
    twice = town.number(None, "9").handle
    town.used(twice)
    begun = town.log_in(twice)
    value = cookie(town, begun)
    town.do("addressee.merge", (town.mother, twice), lambda t: changes.merge(t, town.vault, town.mother, twice))
    now = town.portal.session(value)
    assert now is not None
    assert now.bearer.person == town.mother
    items, _ = town.portal.records(now)
    assert "業務の記録の検索" in " ".join(item.headline for item in items)


@given(st.text(max_size=80))
def test_nothing_else_is_a_ticket(text: str) -> None:
    key = logins.hashed(text)
    plain = "".join(ch for ch in text if not ch.isspace() and ch != "-").lower()
    assert (key is not None) == (len(plain) == 52 and all(ch in "abcdefghijklmnopqrstuvwxyz234567" for ch in plain))
