"""Two cities link while one of them publishes a new text of its ordinance: nothing old gets through, nothing is lost."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select

from api import project
from api.permits import Act, epoch
from linkage.intermediate import tables
from linkage.intermediate.assembly import Rules
from linkage.intermediate.inquiries import Order
from linkage.intermediate.states import InquiryState
from linkage.refusal import Refusal
from tests.linkage.intermediate.city import AOMINE, CALLER, ISHINOMAKI, ITEMS, RESIDENTS, City
from tests.linkage.intermediate.conftest import Land

PUBLISHED_AFTER = 6
ALL = 16


def new_text(folder: Path) -> Rules:
    """Ishinomaki's ordinance with another remark: other bytes, another digest, compiled anew."""
    shutil.copytree(project.default_ordinances(), folder)
    rule = folder / "ishinomaki" / "条例.jorei"
    text = rule.read_text(encoding="utf-8")
    first, _, rest = text.partition("\n")
    rule.write_text(f"{first}\n〔注 改正を試すための版〕\n{rest}", encoding="utf-8")
    loaded = project.load(ordinances=[folder], use_cache=False)
    assert loaded.ok, loaded.errors
    return Rules.of(loaded.rule_set)


def publish(city: City, rules: Rules) -> None:
    """As the service does it: the epoch of everybody moves in the transaction that activates the new rules."""
    with city.body.database.begin() as connection:
        epoch.advance(connection, epoch.EVERYBODY, "条例の公布", city.server.clock)
        city.body.rules.now = rules.now


def test_two_cities_link_while_one_publishes(land: Land, tmp_path: Path) -> None:
    asks, provides = land.city(ISHINOMAKI), land.city(AOMINE)
    old = asks.body.rules.now
    rules = new_text(tmp_path / "ordinances")
    assert rules.now.digest != old.digest
    (resident,) = land.network.residents(1)
    here, there = asks.know(resident), provides.know(resident)
    provides.copy(there, RESIDENTS)
    before = asks.order(here, AOMINE)
    stale = asks.permit(
        Act("inquiry.send", "network", (here, before.record_id)), asks.link_request(before)
    )  # decided under the old text, not used yet
    sent, refused = inquire_while_publishing(asks, here, rules)
    assert all("P0304" in text or "P0319" in text for text in refused)  # stale, and no other trouble
    assert len(sent) + len(refused) == ALL
    assert len(sent) >= PUBLISHED_AFTER
    with pytest.raises(Refusal, match="G0601"):  # a permit of the old text
        asks.server.send(stale, CALLER, before)
    for order in sent:
        assert asks.wait(order).state is InquiryState.ANSWERED
        assert asks.open(order).records == [ITEMS[RESIDENTS]]
        assert provides.provided(asks.server.standing(order.record_id, CALLER).processing_number) == 1
    assert kept(asks, here) == len(sent)
    asks.body.rules.now = old


def inquire_while_publishing(asks: City, handle: str, rules: Rules) -> tuple[list[Order], list[str]]:
    """Inquire from two threads, and publish in the middle; what was sent, and what was refused as stale."""
    sent: list[Order] = []
    refused: list[str] = []
    published = threading.Event()
    lock = threading.Lock()

    def work() -> None:
        for _ in range(ALL // 2):
            order = asks.order(handle, AOMINE)
            try:
                asks.send(order)
            except Refusal as refusal:
                with lock:
                    refused.append(str(refusal))
                continue
            with lock:
                sent.append(order)
                if len(sent) == PUBLISHED_AFTER:
                    published.set()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert published.wait(30)
    publish(asks, rules)
    for thread in threads:
        thread.join()
    return sent, refused


def kept(city: City, handle: str) -> int:
    """Inquiries of a person that stand in the database: those sent, and no other."""
    query = select(func.count()).where(tables.inquiry.c.handle == handle)
    with city.body.database.read() as connection:
        return int(connection.scalar(query) or 0)
