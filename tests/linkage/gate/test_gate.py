"""The gate: one permit, one act, one record, all or nothing; and every attack on it."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from joserfc import jws
from joserfc.jwk import OctKey
from sqlalchemy import Connection, func, select

from api.decision_log.bodies import body_of
from api.keys import KeyStore, Purpose
from api.permits import epoch
from api.storage.database import Database
from api.storage.tables import log_entry, permit_redemption
from linkage.addressee import looking, numbering
from linkage.addressee.sealing import sealed_handle
from linkage.addressee.values import Numbering
from linkage.gate import Acted, Gate, GateRefused, Occasion, Ticket
from linkage.refusal import Refusal
from linkage.storage.tables import addressee, addressee_map, addressee_number, provision_record, vault_cell, vault_index
from linkage.ticket import admit
from tests.linkage.addressee.numbers import number
from tests.linkage.office import CALLER
from tests.linkage.world import CITY, OPERATOR, World, person

STORES = (addressee, addressee_map, addressee_number, provision_record, vault_cell, vault_index, permit_redemption)


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, tmp_path)


class Attempt:
    """The numbering of one person, to be tried with any token."""

    def __init__(self, world: World, digits: str = "") -> None:
        self.world = world
        self.request = Numbering("juki", "1", person("1"), world.sealed(digits or number(1)))
        self.act = world.act("addressee.number", *self.request.handles)
        self.token = world.permit(self.act)

    def work(self, ticket: Ticket) -> str:
        return numbering.number(ticket, self.world.vault, self.request).handle

    def run(self, token: str | None = None, **how: Any) -> Acted[str]:
        caller = how.pop("caller", CALLER)
        gate = how.pop("gate", self.world.gate)
        return gate.act(self.token if token is None else token, caller, how.pop("act", self.act), self.work, **how)


def kept(world: World) -> tuple[int, ...]:
    with world.database.read() as connection:
        return tuple(connection.scalar(select(func.count()).select_from(table)) or 0 for table in STORES)


def log(world: World, kind: str) -> list[dict[str, Any]]:
    """The bodies of the entries of a kind, oldest first."""
    with world.database.read() as connection:
        ids = connection.scalars(select(log_entry.c.id).where(log_entry.c.kind == kind).order_by(log_entry.c.idx))
        return [msgspec.json.decode(body_of(connection, id_) or b"null") for id_ in ids.all()]


def refused(world: World, run: Callable[[], object]) -> GateRefused:
    """What the gate says; nothing was written, and the refusal is recorded."""
    before, recorded = kept(world), len(log(world, "refused-act"))
    with pytest.raises(Refusal) as raised:
        run()
    assert kept(world) == before
    entries = log(world, "refused-act")
    assert len(entries) == recorded + 1
    assert (entries[-1]["code"], entries[-1]["reason"]) == (raised.value.code, raised.value.text)
    return raised.value  # type: ignore[return-value]


def test_one_permit_one_act_one_record(world: World) -> None:
    attempt = Attempt(world)
    acted = attempt.run(handler="職員甲")
    (entry,) = log(world, "act")
    assert entry["id"] == acted.id == acted.receipt.id
    assert entry["act"] == {"name": "addressee.number", "target": "addressee", "handles": list(attempt.act.handles)}
    assert (entry["caller"], entry["handler"]) == (CALLER, "職員甲")
    assert entry["citations"] == ["石巻市番号利用条例第3条第1項", *entry["citations"][1:]]
    with world.database.read() as connection:
        redemption = connection.execute(select(permit_redemption)).one()
        last = connection.execute(select(log_entry).order_by(log_entry.c.idx.desc()).limit(1)).one()
    assert (redemption.jti, redemption.evaluation_id) == (entry["permit"], entry["evaluation"])
    assert (last.idx, last.id, last.leaf_hash) == (acted.receipt.index, acted.id, acted.receipt.leaf_hash)
    assert json.loads(last.leaf)["outcome"] == "done"


def test_a_permit_is_used_once(world: World) -> None:
    attempt = Attempt(world)
    attempt.run()
    assert "P0318" in refused(world, attempt.run).text
    assert kept(world)[-1] == 1


def test_of_fifty_at_once_one_gets_in(world: World) -> None:
    attempt = Attempt(world)
    outcomes: list[str] = []
    barrier = threading.Barrier(50)

    def run() -> None:
        barrier.wait()
        try:
            outcomes.append(attempt.run().result)
        except GateRefused as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=run) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 50
    assert sum(outcome.startswith("ad_") for outcome in outcomes) == 1
    assert outcomes.count("G0601") == 49
    assert len(log(world, "act")) == 1
    assert len(log(world, "refused-act")) == 49
    assert kept(world)[0] == 1


def forgeries(world: World, token: str, folder: Path) -> Iterator[tuple[str, str]]:
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    yield "no signature", f"{header}.{payload}."
    yield "alg none", f"{part({'alg': 'none', 'typ': 'authz-permit+jwt'})}.{payload}."
    yield "other claims", f"{header}.{part({**claims, 'exp': claims['exp'] + 3600})}.{signature}"
    yield "cut", token[:-4]
    yield "empty", ""
    public = world.keys.signing_key(Purpose.PERMIT).as_dict(private=False)
    hs = {"alg": "HS256", "typ": "authz-permit+jwt", "kid": str(world.keys.signing_key(Purpose.PERMIT).kid)}
    yield (
        "HS256 by the public key",
        jws.serialize_compact(hs, base64.urlsafe_b64decode(payload + "=="), OctKey.import_key(str(public["x"]))),
    )
    other = KeyStore(folder / "other", world.clock).signing_key(Purpose.PERMIT)
    head = json.loads(base64.urlsafe_b64decode(header + "=="))
    for kid in (head["kid"], str(other.kid)):
        signed = jws.serialize_compact(
            {**head, "kid": kid}, base64.urlsafe_b64decode(payload + "=="), other, algorithms=["Ed25519"]
        )
        yield f"another key as {kid[:4]}", signed


def test_forged_permits_do_not_open(world: World, tmp_path: Path) -> None:
    attempt = Attempt(world)
    for name, token in forgeries(world, attempt.token, tmp_path):
        assert refused(world, lambda token=token: attempt.run(token)).code == "G0601", name
    attempt.run()  # and the true one still does


def test_a_permit_for_another_act_caller_or_person_does_not_open(world: World) -> None:
    attempt = Attempt(world)
    other = world.act("addressee.number", "at_other", *attempt.act.handles[1:])
    assert "P0317" in refused(world, lambda: attempt.run(act=other)).text
    assert "P0317" in refused(world, lambda: attempt.run(act=world.act("addressee.load", *attempt.act.handles))).text
    assert "P0316" in refused(world, lambda: attempt.run(caller="zei")).text
    attempt.run()


def test_a_permit_is_stale_after_a_change_of_the_rule_set(world: World) -> None:
    attempt = Attempt(world)
    world.digest = "0" * 64
    assert "P0304" in refused(world, attempt.run).text


@pytest.mark.parametrize("body", [CITY, epoch.EVERYBODY])
def test_a_permit_is_stale_after_the_epoch_went_on(world: World, body: str) -> None:
    attempt = Attempt(world)
    with world.database.begin() as connection:
        epoch.advance(connection, body, "評価の取下げ", world.clock)
    assert "P0319" in refused(world, attempt.run).text


def test_the_epoch_of_another_city_does_not_matter(world: World) -> None:
    attempt = Attempt(world)
    with world.database.begin() as connection:
        epoch.advance(connection, "041009", "評価の取下げ", world.clock)
    attempt.run()


@pytest.mark.parametrize("step", [61, 3600, -30, -3600])
def test_a_stepped_clock_does_not_open(world: World, step: int) -> None:
    attempt = Attempt(world)
    world.clock.advance(timedelta(seconds=step))
    before = kept(world)
    with pytest.raises(GateRefused, match="P03"):
        attempt.run()
    assert kept(world) == before


def test_a_permit_does_not_cross_midnight(world: World) -> None:
    world.clock.set(world.clock.now().replace(hour=23, minute=59, second=50))
    attempt = Attempt(world)
    world.clock.advance(timedelta(seconds=20))
    assert "P0320" in refused(world, attempt.run).text


def test_a_revoked_key_does_not_open(world: World) -> None:
    attempt = Attempt(world)
    world.keys.revoke(str(world.keys.signing_key(Purpose.PERMIT).kid))
    assert "P0312" in refused(world, attempt.run).text


def test_a_lawful_use_is_no_linkage(world: World) -> None:
    act = world.act("inquiry.send", "ad_a")
    token = world.permit(act, action="use")
    assert refused(world, lambda: world.gate.act(token, CALLER, act, lambda ticket: None)).code == "G0604"


def test_a_permit_of_another_city_does_not_open(world: World) -> None:
    attempt = Attempt(world)
    sendai = Gate(world.database, world.clock, world.keys, lambda _: world.digest, body="041009")
    assert refused(world, lambda: attempt.run(gate=sendai)).code == "G0617"


def test_acts_outside_the_catalogue_do_not_open(world: World) -> None:
    attempt = Attempt(world)
    act = type(attempt.act)
    for wrong, code in (
        (act("addressee.copy_all", "addressee", ()), "G0602"),
        (act("vault.rotate", "vault", ()), "G0602"),
        (act("addressee.number", "copy", ()), "G0603"),
        (act("addressee.show", "addressee", (number(1),)), "G0608"),
    ):
        assert refused(world, lambda wrong=wrong: attempt.run(act=wrong)).code == code
    assert refused(world, lambda: attempt.run(caller=number(1))).code == "G0608"
    assert refused(world, lambda: attempt.run(handler=number(1))).code == "G0608"
    assert not any(number(1) in json.dumps(entry) for entry in log(world, "refused-act"))


def test_what_the_work_raises_undoes_everything(world: World) -> None:
    attempt = Attempt(world)

    def failing(ticket: Ticket) -> None:
        attempt.work(ticket)
        raise ZeroDivisionError

    before = kept(world)
    with pytest.raises(ZeroDivisionError):
        world.gate.act(attempt.token, CALLER, attempt.act, failing)
    assert kept(world) == before
    assert log(world, "refused-act")[-1]["code"] == "G0616"
    assert attempt.run().result.startswith("ad_")  # nothing happened, so the permit was not used


# ---- guards -------------------------------------------------------------------------------------


@dataclass
class Watch:
    """A guard that keeps what it was asked, and fails as told."""

    failure: Exception | None = None
    name: str = "試験の要件"
    asked: list[Occasion] = field(default_factory=list)

    def check(self, connection: Connection, occasion: Occasion) -> None:
        assert connection.in_transaction()
        self.asked.append(occasion)
        if self.failure is not None:
            raise self.failure


def test_guards_are_asked_before_anything_is_done(world: World) -> None:
    watch = Watch()
    world.gate.register(watch)
    attempt = Attempt(world)
    attempt.run(subject="ad_a", handler="職員甲")
    (asked,) = watch.asked
    assert asked.permit is not None
    assert (asked.act, asked.caller, asked.subject, asked.handler) == (attempt.act, CALLER, "ad_a", "職員甲")
    assert asked.entry.japanese == "団体内統合宛名番号の付番"


@pytest.mark.parametrize(
    ("failure", "code"), [(Refusal("A0101", "保護評価がない。", "公表する。"), "A0101"), (KeyError("x"), "G0607")]
)
def test_a_guard_that_refuses_or_fails_refuses(world: World, failure: Exception, code: str) -> None:
    attempt = Attempt(world)
    after = Watch()
    world.gate.register(Watch(failure))
    world.gate.register(after)
    assert refused(world, attempt.run).code == code
    assert not after.asked


# ---- tickets ------------------------------------------------------------------------------------


def test_a_ticket_does_not_outlive_its_transaction_nor_its_thread(world: World) -> None:
    attempt = Attempt(world)
    tickets: list[Ticket] = []
    elsewhere: list[str] = []

    def look(ticket: Ticket) -> None:
        try:
            admit(ticket, "addressee.number")
        except GateRefused as refusal:
            elsewhere.append(refusal.code)

    def work(ticket: Ticket) -> None:
        tickets.append(ticket)
        assert admit(ticket, "addressee.number").act == attempt.act
        thread = threading.Thread(target=look, args=(ticket,))
        thread.start()
        thread.join()

    world.gate.act(attempt.token, CALLER, attempt.act, work)
    assert elsewhere == ["G0609"]
    with pytest.raises(GateRefused) as raised:
        attempt.work(tickets[0])
    assert raised.value.code == "G0609"


def test_a_ticket_is_void_after_a_failure_too(world: World) -> None:
    attempt = Attempt(world)
    tickets: list[Ticket] = []

    def work(ticket: Ticket) -> None:
        tickets.append(ticket)
        raise ValueError

    with pytest.raises(ValueError):
        world.gate.act(attempt.token, CALLER, attempt.act, work)
    with pytest.raises(GateRefused):
        attempt.work(tickets[0])


def test_a_ticket_of_one_act_does_no_other(world: World) -> None:
    handle = world.number(number(1), "1").handle
    other = world.number(number(2), "2").handle
    key = {"kty": "OKP", "crv": "X25519", "x": "A" * 43}

    def show_other(ticket: Ticket) -> str:
        return looking.show(ticket, world.vault, other, key)

    act = world.act("addressee.show", handle)
    run = lambda: world.gate.act(world.permit(act), CALLER, act, show_other)  # noqa: E731
    with pytest.raises(GateRefused) as raised:
        run()
    assert raised.value.code == "G0611"
    sealed = world.sealed(number(1))
    search = world.act("addressee.search", sealed_handle(sealed))

    def show(ticket: Ticket) -> str:
        return looking.show(ticket, world.vault, handle, key)

    with pytest.raises(GateRefused) as raised:
        world.gate.act(world.permit(search), CALLER, search, show)
    assert raised.value.code == "G0610"


def test_the_gate_is_not_passed_from_within(world: World) -> None:
    attempt, second = Attempt(world), Attempt(world, number(2))
    run = lambda: world.gate.act(attempt.token, CALLER, attempt.act, lambda ticket: second.run())  # noqa: E731
    assert refused(world, run).code == "G0614"


# ---- operations ---------------------------------------------------------------------------------


def test_operations_need_an_order_and_show_nothing(world: World) -> None:
    handle = world.number(number(1), "1").handle
    assert refused(world, lambda: world.gate.operate("vault.encrypt", CALLER, lambda ticket: None)).code == "G0615"
    assert refused(world, lambda: world.gate.operate("addressee.show", OPERATOR, lambda ticket: None)).code == "G0602"
    nobody = Gate(world.database, world.clock, world.keys, lambda _: world.digest, body=CITY)
    assert refused(world, lambda: nobody.operate("vault.encrypt", OPERATOR, lambda ticket: None)).code == "G0615"

    def peep(ticket: Ticket) -> object:
        return world.vault.get(ticket, "number", [handle])

    assert refused(world, lambda: world.gate.operate("vault.encrypt", OPERATOR, peep)).code == "G0610"
    acted = world.gate.operate("vault.encrypt", OPERATOR, lambda ticket: 7)
    assert acted.result == 7
    assert log(world, "operation")[-1]["id"] == acted.id
