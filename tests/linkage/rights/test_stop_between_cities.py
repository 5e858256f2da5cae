"""A stop of provision between two cities over the network: what was answered by itself yesterday goes out no more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.clock import SystemClock, today
from api.permits import Act
from linkage.gate import Gate, GateRefused
from linkage.intermediate.refusals import IntermediateRefused
from linkage.intermediate.states import InquiryState
from linkage.records import of_person
from linkage.rights.desk import RightsDesk
from linkage.rights.stop import GROUND
from linkage.rights.values import Application, Kind, Outcome, State
from tests.databases import KINDS
from tests.linkage.intermediate.city import AOMINE, BOARD, CALLER, ISHINOMAKI, RESIDENTS, City
from tests.linkage.intermediate.conftest import Land

COUNTER = "窓口"


@pytest.fixture(params=KINDS)
def land(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Land]:
    server = request.getfixturevalue("postgresql_server") if request.param == "postgresql" else None
    made = Land(tmp_path, server)
    yield made
    made.close()


def only_the_counter(operator: str, operation: str) -> None:
    if operator != COUNTER:
        raise GateRefused("G0615", "この操作を命じる権限がない。", "管理者の資格情報で行ってください。")


def desk_of(city: City) -> RightsDesk:
    body, clock = city.body, SystemClock()
    code = city.codes.agency(city.agency).body
    gate = Gate(
        body.database, clock, body.keys, lambda *_: body.rules.now.digest, body=code, authority=only_the_counter
    )
    return RightsDesk(gate, body.database, clock)


def test_after_the_stop_nothing_goes_out_by_itself(land: Land) -> None:
    asks, provides = land.city(ISHINOMAKI, agencies=(ISHINOMAKI, BOARD)), land.city(AOMINE)
    resident = land.network.residents(1)[0]
    here, there = asks.know(resident), provides.know(resident)
    provides.copy(there, RESIDENTS)
    first = asks.order(here, AOMINE)
    asks.send(first)
    assert asks.wait(first).state is InquiryState.ANSWERED
    desk = desk_of(provides)
    application = Application(
        person=there,
        kind=Kind.STOP_OF_PROVISION,
        identity="個人番号カード",
        target="住民票関係情報の提供",
        reason="番号法第19条に違反して提供されている。",
        disclosed_on=today(SystemClock()),
    )
    request = desk.receive(COUNTER, application).id
    desk.decide(COUNTER, request, Outcome.GRANTED)
    token = provides.permit(desk.stop_act(request), provides.use_request())
    assert desk.stop_provision(token, CALLER, request, (AOMINE,), RESIDENTS).state is State.CARRIED_OUT
    second = asks.order(here, AOMINE)
    number = asks.send(second).processing_number
    asks.wait(second, InquiryState.ACCEPTED)
    ends = time.monotonic() + 20
    while not any(one.processing_number == number for one in provides.server.pending()):
        assert time.monotonic() < ends
        time.sleep(0.005)
    assert provides.provided(number) == 0
    act = Act("provision.answer", "network", (there, number))
    with pytest.raises(IntermediateRefused) as stopped:
        provides.server.answer(
            provides.permit(act, asks.link_request(second)), CALLER, number, there, handler="officer-7"
        )
    assert (stopped.value.code, provides.provided(number)) == ("N0129", 0)
    refusal = "本人の請求により、提供を停止している。"
    provides.server.answer(
        provides.permit(act, asks.link_request(second)), CALLER, number, there, handler="officer-7", refusal=refusal
    )
    assert asks.wait(second).state is InquiryState.REFUSED
    assert provides.provided(number) == 0
    with provides.body.database.read() as connection:
        newest = of_person(connection, there, withheld=True)[0]
    assert (newest.facts.non_disclosure, newest.facts.refusal) == (GROUND, refusal)
