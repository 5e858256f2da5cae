"""A provider answers by the request of who asks: what of it the gate lets in, and what both sides may take back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from api.permits import epoch
from api.storage.database import Database
from linkage.gate import Gate
from linkage.records import Side
from tests.linkage.gate.test_gate import Attempt, refused
from tests.linkage.gate.test_records import facts
from tests.linkage.office import CALLER
from tests.linkage.world import ANOTHER_ASKS, CITY, World

AOMINE = "990021"


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, tmp_path)


class Answer:
    """The answer to a request of another city, to be tried once."""

    def __init__(self, world: World, **members: Any) -> None:
        self.world = world
        self.act = world.act("provision.answer", "ad_mother")
        self.token = world.office.permit(self.act, "link", **{**ANOTHER_ASKS, **members})

    def run(self) -> str:
        made = facts(self.world, side=Side.PROVIDER, provided=self.world.clock.now())
        gate = self.world.gate
        return gate.act(self.token, CALLER, self.act, lambda _: None, subject="ad_mother", provision=made).id


def test_a_provider_answers_the_request_of_another_city(world: World) -> None:
    assert Answer(world).run().startswith("ac_")


@pytest.mark.parametrize("asks", ["石巻市", "青嶺市"])
def test_a_provider_answers_for_no_other_holder(world: World, asks: str) -> None:
    answer = Answer(world, municipality=asks, holder="汐見野町長")
    assert refused(world, answer.run).code == "G0617"


def test_a_request_of_its_own_is_nothing_to_answer(world: World) -> None:
    answer = Answer(world, municipality="石巻市", holder="青嶺市長")
    assert refused(world, answer.run).code == "G0617"


def test_the_request_of_another_city_opens_nothing_else(world: World) -> None:
    act = world.act("inquiry.send", "ad_mother")
    token = world.office.permit(act, "link", **ANOTHER_ASKS)
    assert refused(world, lambda: world.gate.act(token, CALLER, act, lambda _: None)).code == "G0617"


@pytest.mark.parametrize("body", [CITY, AOMINE, epoch.EVERYBODY])
def test_what_either_side_takes_back_counts(world: World, body: str) -> None:
    answer = Answer(world)
    with world.database.begin() as connection:
        epoch.advance(connection, body, "保護評価の取下げ", world.clock)
    assert "P0319" in refused(world, answer.run).text


def test_what_a_third_city_takes_back_does_not(world: World) -> None:
    answer = Answer(world)
    with world.database.begin() as connection:
        epoch.advance(connection, "990013", "保護評価の取下げ", world.clock)
    assert answer.run()


def test_the_rule_set_is_asked_within_the_transaction(world: World) -> None:
    asked: list[bool] = []

    def digest(connection: Connection) -> str:
        asked.append(connection.in_transaction())
        return "00" * 32

    newer = Gate(world.database, world.clock, world.keys, digest, body=CITY)
    attempt = Attempt(world)
    assert "P0304" in refused(world, lambda: attempt.run(gate=newer)).text
    assert asked == [True]
    assert attempt.run().result.startswith("ad_")
