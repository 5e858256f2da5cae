"""A stop of provision really stops: the intermediate server answers no more by itself, and says why to whoever would."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from api.storage.database import Database
from linkage.gate import GateRefused
from linkage.intermediate import disclosure
from linkage.rights.refusals import RightsRefused
from linkage.rights.stop import GROUND, is_stop
from linkage.rights.values import Application, Kind, Outcome, State
from tests.linkage.office import CALLER
from tests.linkage.portal.town import COUNTER, MAYOR, OTHER, Town

TAX, RESIDENTS = "TM99000000000001", "TM99000000000002"


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Town:
    return Town(database, tmp_path)


def granted(town: Town, kind: Kind = Kind.STOP_OF_PROVISION) -> str:
    asked = Application(
        person=town.mother,
        kind=kind,
        identity="個人番号カード",
        target="地方税関係情報",
        reason="番号法第19条に違反して提供されている。",
        disclosed_on=town.clock.now().date(),
    )
    request = town.portal.desk.receive(COUNTER, asked).id
    town.portal.desk.decide(COUNTER, request, Outcome.GRANTED)
    return request


def ground(town: Town, agency: str = MAYOR.code, information: str = TAX) -> str | None:
    with town.database.read() as connection:
        return disclosure.ground_of(connection, agency, town.mother, information, town.clock.now().date())


def test_the_flag_is_set_with_the_step_by_a_permit(town: Town) -> None:
    desk, request = town.portal.desk, granted(town)
    with pytest.raises(RightsRefused) as raised:
        desk.carry_out(COUNTER, request, "止めた。")
    assert raised.value.code == "M0110"
    assert ground(town) is None
    act = desk.stop_act(request)
    assert act.handles == (town.mother, request)
    standing = desk.stop_provision(town.permit(act), CALLER, request, (MAYOR.code,), TAX, handler="職員甲")
    assert standing.state is State.CARRIED_OUT
    assert ground(town) == GROUND
    assert (ground(town, OTHER.code), ground(town, information=RESIDENTS)) == (None, None)
    town.clock.advance(timedelta(days=400))
    assert is_stop(ground(town))


def test_everything_may_be_stopped(town: Town) -> None:
    desk, request = town.portal.desk, granted(town)
    desk.stop_provision(town.permit(desk.stop_act(request)), CALLER, request, (MAYOR.code, OTHER.code))
    assert [ground(town, agency, info) for agency in (MAYOR.code, OTHER.code) for info in (TAX, RESIDENTS)] == [
        GROUND
    ] * 4


def test_without_the_permit_neither_flag_nor_step(town: Town) -> None:
    desk, request = town.portal.desk, granted(town)
    wrong = [
        town.permit(town.act("copy.correct", town.neighbour, request)),
        town.permit(town.act("copy.register", town.mother)),
        "x",
    ]
    for token in wrong:
        with pytest.raises(GateRefused):
            desk.stop_provision(token, CALLER, request, (MAYOR.code,))
    assert ground(town) is None
    assert desk.standing(request).state is State.DECIDED


def test_neither_flag_nor_step_when_one_fails(town: Town) -> None:
    desk, request = town.portal.desk, granted(town)
    token = town.permit(desk.stop_act(request))
    with pytest.raises(Exception, match=r"UNIQUE|unique"):
        desk.stop_provision(token, CALLER, request, (MAYOR.code, MAYOR.code))
    assert ground(town) is None
    assert desk.standing(request).state is State.DECIDED
    desk.stop_provision(town.permit(desk.stop_act(request)), CALLER, request, (MAYOR.code,))
    assert ground(town) == GROUND


def test_another_request_does_not_stop_the_provision(town: Town) -> None:
    desk, request = town.portal.desk, granted(town, Kind.STOP_OF_USE)
    with pytest.raises(RightsRefused) as raised:
        desk.stop_provision(town.permit(desk.stop_act(request)), CALLER, request, (MAYOR.code,))
    assert raised.value.code == "M0111"
    assert ground(town) is None


def test_the_person_still_sees_what_was_not_provided_for_the_stop(town: Town) -> None:
    """The ground of a stop is no 不開示情報: the record stays in view."""
    town.provided(town.mother, provided=None, refusal="本人の請求により提供しない。", non_disclosure=GROUND)
    town.provided(town.mother, serial="tx_secret", non_disclosure="個人情報保護法第78条第1項第1号")
    items, _ = town.portal.records(town.log_in(town.mother))
    assert [item.refusal for item in items] == ["本人の請求により提供しない。"]
