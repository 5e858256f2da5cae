"""A town with people, things that happened with their information, and My Portal served on loopback."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from fastapi import FastAPI

from api.storage.database import Database
from linkage.gate import Acted, Gate, GateRefused
from linkage.portal.logins import Bearer
from linkage.portal.portal import OPERATOR as PORTAL
from linkage.portal.portal import Portal
from linkage.portal.proofs import signing
from linkage.portal.routes import router
from linkage.portal.words import RuleNames
from linkage.records import Ground, Named, Office, ProvisionFacts, Side
from tests.linkage.addressee.numbers import number
from tests.linkage.office import rules
from tests.linkage.world import CITY, OPERATOR, World

MAYOR = Office("石巻市長", "9900000000042101", "保険年金課")
OTHER = Office("青嶺市長", "9900000000021101")
AFFAIR = Named("JM99000000000001", "子ども医療費の助成に関する事務")
PROCEDURE = Named("JT99010000000001", "子ども医療費の受給資格の認定の申請")
TAX = (Named("TM99000000000001", "地方税関係情報"), Named("TK99010000000001", "合計所得金額"))
COUNTER = "窓口"


def staff(operator: str, operation: str) -> None:
    if operator not in (OPERATOR, COUNTER, PORTAL):
        raise GateRefused("G0615", "この操作を命じる権限がない。", "管理者の資格情報で行ってください。")


class Town(World):
    """A city whose gate lets My Portal and the counter order what is theirs; three people live there."""

    def __init__(self, database: Database, folder: Path, base_url: str = "http://127.0.0.1") -> None:
        super().__init__(database, folder)
        self.gate = Gate(database, self.clock, self.keys, lambda *_: self.digest, body=CITY, authority=staff)
        self.checkpoints = folder / "checkpoints"
        names = RuleNames(rules()[0], {"juki": "住民記録システム"})
        sign = signing(database, self.checkpoints, self.keys, self.clock)
        self.portal = Portal(
            self.gate,
            database,
            self.clock,
            self.keys,
            names,
            sign,
            municipality="石巻市",
            base_url=base_url,
        )
        self.mother = self.number(number(1), "1").handle
        self.child = self.number(number(2), "2").handle
        self.neighbour = self.number(number(3), "3").handle

    def facts(self, side: Side, **more: Any) -> ProvisionFacts:
        """Seven minutes later."""
        self.clock.advance(timedelta(minutes=7))
        now = self.clock.now()
        given: dict[str, Any] = {
            "side": side,
            "serial": f"tx_{side.value}",
            "inquirer": MAYOR,
            "provider": OTHER,
            "affair": AFFAIR,
            "procedure": PROCEDURE,
            "items": TAX,
            "requested": now - timedelta(seconds=20),
            "ground": Ground.NETWORK_BY_ORDINANCE,
        }
        if side is Side.PROVIDER:
            given |= {"inquirer": OTHER, "provider": MAYOR, "provided": now}
        return ProvisionFacts(**(given | more))

    def inquired(self, person: str, **more: Any) -> Acted[None]:
        return self._provision("inquiry.send", person, self.facts(Side.INQUIRER, **more))

    def received(self, person: str, **more: Any) -> Acted[None]:
        facts = self.facts(Side.INQUIRER, **more)
        facts = msgspec.structs.replace(facts, provided=self.clock.now())
        return self._provision("inquiry.receive", person, facts)

    def provided(self, person: str, **more: Any) -> Acted[None]:
        return self._provision("transfer.provide", person, self.facts(Side.PROVIDER, **more))

    def used(self, person: str) -> Acted[None]:
        return self.do("record.search", (person,), lambda ticket: None, subject=person)

    def refused(self, person: str) -> None:
        """Somebody tries with a permit for another act."""
        token = self.permit(self.act("record.search", person))
        try:
            self.gate.act(token, "juki", self.act("addressee.show", person), lambda ticket: None, subject=person)
        except GateRefused:
            return
        raise AssertionError("let in")

    def _provision(self, act: str, person: str, facts: ProvisionFacts) -> Acted[None]:
        return self.do(act, (person, "rec"), lambda ticket: None, subject=person, provision=facts)

    def log_in(self, person: str, **more: Any) -> Any:
        return self.portal.log_in(self.portal.ticket(COUNTER, Bearer(person, **more)))


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The app on loopback; gives its URL."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def app_of(portal: Portal) -> FastAPI:
    app = FastAPI()
    app.include_router(router(portal))
    return app
