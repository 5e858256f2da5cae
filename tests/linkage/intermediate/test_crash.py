"""Killed mid-inquiry (SIGKILL), anywhere: after the restart every state is known, and nothing is provided twice."""

from __future__ import annotations

import subprocess
import sys
import time

import msgspec
import pytest
from sqlalchemy import select

from linkage.intermediate import tables
from linkage.intermediate.inquiries import Order
from linkage.intermediate.states import ENDS, InquiryState
from linkage.network.faults import POINTS
from tests.linkage.intermediate.city import AOMINE, CALLER, ISHINOMAKI, ITEMS, RESIDENTS, City
from tests.linkage.intermediate.conftest import Land
from tests.linkage.network.process import ROOT

ROUNDS = {"sqlite": 2, "postgresql": 1}


@pytest.fixture
def person(land: Land) -> str:
    """Known on both sides, with a copy in Aomine."""
    asks, provides = land.city(ISHINOMAKI), land.city(AOMINE)
    resident = land.network.residents(1)[0]
    here, there = asks.know(resident), provides.know(resident)
    provides.copy(there, RESIDENTS)
    return here


def whole(land: Land, order: Order) -> None:
    """Ended once, with the answer, provided once, recorded once."""
    asks, provides = land.city(ISHINOMAKI), land.city(AOMINE)
    standing = asks.wait(order, seconds=40)
    assert standing.state is InquiryState.ANSWERED
    assert asks.open(order).records == [ITEMS[RESIDENTS]]
    assert provides.provided(standing.processing_number) == 1


@pytest.mark.parametrize("point", POINTS)
def test_the_network_dies_at(point: str, land: Land, person: str) -> None:
    asks, provides = land.city(ISHINOMAKI), land.city(AOMINE)
    for _ in range(ROUNDS[asks.body.database.dialect]):
        land.network.faults(crash_at=point)
        order = asks.order(person, AOMINE)
        asks.send(order)
        land.network.wait_dead()
        standing = asks.server.standing(order.record_id, CALLER)
        assert standing.state in (
            InquiryState.PREPARED,
            InquiryState.SENT,
            InquiryState.ACCEPTED,
            InquiryState.ANSWERED,
        )
        land.network.start()
        whole(land, order)
        assert provides.body.carrier.running


def test_the_network_is_killed_while_many_inquiries_are_on_their_way(land: Land, person: str) -> None:
    asks = land.city(ISHINOMAKI)
    orders = []
    for round_ in range(3):
        for _ in range(4):
            orders.append(asks.order(person, AOMINE))
            asks.send(orders[-1])
        time.sleep(0.03 * (round_ + 1))
        land.network.kill()
        known = {asks.server.standing(order.record_id, CALLER).state for order in orders}
        assert known <= set(InquiryState)
        land.network.start()
    for order in orders:
        whole(land, order)


REQUESTER_POINTS = ("inquiry.prepared", "inquiry.sent", "inquiry.before-accepted", "mailbox.kept")


@pytest.mark.parametrize("point", REQUESTER_POINTS)
def test_the_requesters_server_dies_at(point: str, land: Land, person: str) -> None:
    order = land.city(ISHINOMAKI).order(person, AOMINE)
    dies(land, ISHINOMAKI, point, order)
    asks = land.city(ISHINOMAKI)  # opened again on what it left behind
    assert row_state(asks, order) in {state.value for state in InquiryState}
    whole(land, order)


PROVIDER_POINTS = ("mailbox.kept", "provision.answered", "provision.before-delivered")


@pytest.mark.parametrize("point", PROVIDER_POINTS)
def test_the_providers_server_dies_at(point: str, land: Land, person: str) -> None:
    asks = land.city(ISHINOMAKI)
    order = asks.order(person, AOMINE)
    dies(land, AOMINE, point, None, lambda: asks.send(order))
    whole(land, order)


def dies(land: Land, agency: str, point: str, order: Order | None, then=lambda: None) -> None:  # type: ignore[no-untyped-def]
    """Close the body here, run it as a process that kills itself at the point, and forget it."""
    url = land.leave(agency)
    home = land.folder / agency
    command = [sys.executable, "-m", "tests.linkage.intermediate.city_process", str(home), str(land.network.home)]
    command += [str(land.network.port), agency, point, url or ""]
    if order is not None:
        command.append(msgspec.json.encode(order).decode())
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        then()
        assert process.wait(40) == -9, "it did not come to the point"


def row_state(city: City, order: Order) -> str:
    query = select(tables.inquiry.c.state).where(tables.inquiry.c.record_id == order.record_id)
    with city.body.database.read() as connection:
        return str(connection.scalar(query))


def test_ends_are_ends() -> None:
    from linkage.intermediate.states import NEXT

    assert {state for state, following in NEXT.items() if not following} == ENDS
    assert set(NEXT) == set(InquiryState)
