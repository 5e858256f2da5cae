"""Permits redeemed for a separate store: at most once, whatever is lost on the way; what has no end is listed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from api.clock import to_ms
from api.decision_log import append
from api.permits import Act, Outcome, PermitRefused, RemoteReceipt, redeem_remote, report_outcome, unreported
from tests.permits.office import CALLER, HIDE, SHOW, Office

pytestmark = pytest.mark.filterwarnings("ignore:.*utcfromtimestamp.*:DeprecationWarning")

FIRST, SECOND = "act-first", "act-second"


def remote(office: Office, token: str, act_id: str = FIRST, act: Act = SHOW, **more: Any) -> RemoteReceipt:
    with office.database.begin() as connection:
        return redeem_remote(connection, token, act, act_id, CALLER, office.keys, office.clock, **more)


def code(office: Office, token: str, act_id: str = FIRST, act: Act = SHOW, **more: Any) -> str:
    with pytest.raises(PermitRefused) as refused:
        remote(office, token, act_id, act, **more)
    return refused.value.code


def report(office: Office, receipt: RemoteReceipt, outcome: Outcome, caller: str = CALLER) -> bool:
    with office.database.begin() as connection:
        entry = report_outcome(connection, receipt.jti, receipt.act_id, caller, outcome, office.clock)
        if entry is not None:
            append(connection, [entry], office.clock)
        return entry is not None


def open_ends(office: Office) -> list[tuple[str, Outcome | None]]:
    with office.database.read() as connection:
        found = unreported(connection, to_ms(office.clock.now()))
        return [(one.act_id, one.outcome) for one in found]


def test_the_same_call_again_gives_the_same_receipt(office: Office) -> None:
    token = office.token()
    first = remote(office, token)
    office.clock.advance(timedelta(minutes=10))  # the answer was lost; the store asks again when it is back
    again = remote(office, token)
    assert again.again
    assert not first.again
    assert (again.jti, again.act_id, again.redeemed_ms) == (first.jti, first.act_id, first.redeemed_ms)
    assert office.redeemed() == [first.jti]


def test_never_for_two_acts(office: Office) -> None:
    token, other = office.token(), office.token()
    remote(office, token)
    assert code(office, token, SECOND) == "P0318"
    assert code(office, token, FIRST, HIDE) == "P0318"
    assert code(office, other, FIRST) == "P0318"
    assert office.refusal(token) == "P0318", "nor here"
    office.redeem(other)
    assert code(office, other, SECOND) == "P0318"


def test_refusals_are_those_of_a_redemption_here(office: Office) -> None:
    token = office.token()
    assert code(office, token, act=HIDE) == "P0317"
    assert code(office, token, active_digest="00" * 32) == "P0304"
    for bad in ("", "x", "act 1234567", "act-1234-5678-9012", "Act-first", "a" * 101):
        assert code(office, token, bad) == "P0324"
    office.clock.advance(timedelta(seconds=60))
    assert code(office, token) == "P0314"
    assert office.redeemed() == []


def test_many_stores_at_once(office: Office) -> None:
    """Ten workers of one store with the same act id, and ten with others: one act."""
    token = office.token()

    def one(n: int) -> str:
        try:
            return remote(office, token, FIRST if n % 2 else f"act-other{n}").act_id
        except PermitRefused as refused:
            return refused.code

    with ThreadPoolExecutor(8) as pool:
        said = set(pool.map(one, range(20)))
    assert len(office.redeemed()) == 1
    assert len(said - {"P0318"}) == 1


def test_outcomes(office: Office) -> None:
    first, second = remote(office, office.token()), remote(office, office.token(), SECOND)
    assert open_ends(office) == []
    office.clock.advance(timedelta(minutes=1))
    assert sorted(open_ends(office)) == [(FIRST, None), (SECOND, None)]
    assert report(office, first, Outcome.COMPLETED)
    assert not report(office, first, Outcome.COMPLETED), "said again, recorded once"
    assert open_ends(office) == [(SECOND, None)]
    assert report(office, second, Outcome.UNKNOWN)
    assert open_ends(office) == [(SECOND, Outcome.UNKNOWN)]
    assert report(office, second, Outcome.FAILED)
    assert open_ends(office) == []
    assert [leaf["outcome"] for leaf in office.entries("outcome")] == ["completed", "unknown", "failed"]


def test_outcomes_that_are_not_taken(office: Office) -> None:
    receipt = remote(office, office.token())
    for bad in (
        RemoteReceipt("pm_other", FIRST, "", CALLER, 0),
        RemoteReceipt(receipt.jti, SECOND, "", CALLER, 0),
    ):
        with pytest.raises(PermitRefused, match="P0322"):
            report(office, bad, Outcome.COMPLETED)
    with pytest.raises(PermitRefused, match="P0322"):
        report(office, receipt, Outcome.COMPLETED, caller="other")
    report(office, receipt, Outcome.FAILED)
    with pytest.raises(PermitRefused, match="P0323"):
        report(office, receipt, Outcome.COMPLETED)
    with pytest.raises(PermitRefused, match="P0323"):
        report(office, receipt, Outcome.UNKNOWN)
