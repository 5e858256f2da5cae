"""Two cities and a state body around a real network process, with real decisions, permits, gates and logs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from api import ids, project
from api.clock import SystemClock
from api.permits import Act
from engine.rule_set import RuleSet
from linkage.acts import ACTS
from linkage.intermediate import tables
from linkage.intermediate.assembly import Standalone, enrolment, standalone
from linkage.intermediate.binding import native_request
from linkage.intermediate.codes import demonstration
from linkage.intermediate.copies import Copy
from linkage.intermediate.example_body import use_request
from linkage.intermediate.inquiries import Content, Order, Standing
from linkage.intermediate.states import ENDS, InquiryState
from linkage.network.wire import Assessment
from linkage.storage.tables import provision_record
from tests.linkage.network.process import NetworkProcess

ISHINOMAKI, AOMINE = "9900000000042101", "9900000000021101"
BOARD = "9900000000042102"
MINISTER = "9900000000000001"
CHILD_MEDICAL, CARE = "JM99000000000001", "JM99000000000002"
CHILD_MEDICAL_APPLICATION, CARE_PREMIUM = "JT99010000000001", "JT99020000000001"
TAX, RESIDENTS, PENSION = "TM99000000000001", "TM99000000000002", "TM99000000000003"
ITEMS = {
    TAX: {"TK99010000000001": "2450000", "TK99010000000002": "98000", "TK99010000000003": "2026"},
    RESIDENTS: {"TK99020000000001": "4", "TK99020000000002": "世帯主"},
    PENSION: {"TK99030000000001": "老齢基礎年金", "TK99030000000002": "795000"},
}
CALLER = "welfare"

_RULES: list[RuleSet] = []


def rules() -> RuleSet:
    if not _RULES:
        _RULES.append(project.load().rule_set)
    return _RULES[0]


class City:
    """One body; `settled` after `enter` for its persons."""

    def __init__(
        self,
        home: Path,
        network: NetworkProcess,
        agency: str,
        *,
        agencies: tuple[str, ...] | None = None,
        database_url: str | None = None,
        clock: Any = None,
        timeout: float = 3.0,
        reached: Callable[[str], None] = lambda point: None,
    ) -> None:
        self.agency, self.network, self.codes = agency, network, demonstration()
        self.name = self.codes.agency(agency).name
        self.body: Standalone = standalone(
            home,
            clock or SystemClock(),
            rules(),
            member=f"m{agency[-5:]}",
            agencies=agencies or (agency,),
            network_url=network.url,
            network_key=network.key,
            database_url=database_url,
            timeout=timeout,
            reached=reached,
        )
        self.server = self.body.server
        network.enrol(enrolment(self.server, f"{self.name}の中間サーバー"))

    def start(self) -> City:
        self.body.carrier.start()
        return self

    def close(self) -> None:
        self.body.close()

    def assessed(self, *subjects: str, state: Any = "published") -> None:
        published = "2025-04-01" if state == "published" else None
        for subject in subjects:
            self.server.line.assess(Assessment(self.agency, subject, state, published))

    def permit(self, act: Act, request: Mapping[str, object], caller: str = CALLER) -> str:
        return self.body.permits.permit(request, act, caller)

    def link_request(self, order: Order) -> dict[str, object]:
        return native_request(
            self.codes,
            requester=order.requester,
            provider=order.provider,
            affair=order.affair,
            procedure=order.procedure,
            information=order.information,
            on=self.server.today,
            facts={"pia": "published", "consent": order.consent},
        )

    def use_request(self) -> dict[str, object]:
        """A use by this body's own section, for its copies."""
        return use_request(self.codes.agency(self.agency), self.server.today)

    def know(self, resident: str, *, agency: str | None = None) -> str:
        """A person with the link code of an agency; gives the handle."""
        handle = ids.new("ad")
        self.know_as(resident, handle, agency or self.agency)
        return handle

    def know_as(self, resident: str, handle: str, agency: str) -> str:
        number = self.server.line.acquisition(agency, resident).acquisition_number
        act = Act("code.acquire", "network", (handle,))
        self.server.acquire_code(self.permit(act, self.use_request()), CALLER, agency, handle, number)
        return number

    def copy(self, handle: str, information: str, **more: Any) -> None:
        given = {"agency": self.agency, "public_from": date(2026, 1, 1), "items": ITEMS[information], **more}
        copy = Copy(handle=handle, information=information, **given)
        act = Act("copy.register", "copy", (handle,))
        self.server.register_copies(self.permit(act, self.use_request()), CALLER, (copy,))

    def order(self, handle: str, provider: str, information: str = RESIDENTS, **more: Any) -> Order:
        care = information == PENSION
        given: dict[str, Any] = {
            "record_id": ids.new("rq"),
            "handle": handle,
            "requester": self.agency,
            "provider": provider,
            "affair": CARE if care else CHILD_MEDICAL,
            "procedure": CARE_PREMIUM if care else CHILD_MEDICAL_APPLICATION,
            "information": information,
            "items": tuple(ITEMS[information]),
            "first_day": date(2026, 4, 1),
            "last_day": date(2026, 11, 26),
            "section": "保険年金課",
            "consent": information == TAX,
        }
        return Order(**{**given, **more})

    def send(self, order: Order) -> Standing:
        act = Act("inquiry.send", "network", (order.handle, order.record_id))
        return self.server.send(self.permit(act, self.link_request(order)), CALLER, order)

    def wait(self, order: Order, *states: InquiryState, seconds: float = 20) -> Standing:
        wanted, ends = states or tuple(ENDS), time.monotonic() + seconds
        while True:
            standing = self.server.standing(order.record_id, CALLER)
            if standing.state in wanted:
                return standing
            assert time.monotonic() < ends, standing
            time.sleep(0.005)

    def open(self, order: Order) -> Content:
        act = Act("inquiry.receive", "network", (order.handle, order.record_id))
        return self.server.receive(self.permit(act, self.link_request(order)), CALLER, order.record_id)

    def provided(self, number: str) -> int:
        """How many provisions of one inquiry this body has recorded as made."""
        table = provision_record
        query = select(func.count()).where(
            table.c.serial == number, table.c.side == "provider", table.c.provided_ms.is_not(None)
        )
        with self.body.database.read() as connection:
            return int(connection.scalar(query) or 0)

    def provision_state(self, number: str) -> str | None:
        query = select(tables.provision.c.state).where(tables.provision.c.processing_number == number)
        with self.body.database.read() as connection:
            return connection.scalar(query)


def target(act: str) -> str:
    return ACTS[act].target
