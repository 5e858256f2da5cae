"""The intermediate server of one body: everything goes through its gate; a carrier takes what was prepared to the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from api.clock import to_ms
from api.permits import Act
from linkage.intermediate import codes as registers
from linkage.intermediate import copies, disclosure, inquiries, persons, provisions
from linkage.intermediate.permits import NoPermits, ProvisionPermits
from linkage.intermediate.refusals import IntermediateRefused
from linkage.records import ProvisionFacts

if TYPE_CHECKING:
    from api.clock import Clock
    from api.storage.database import Database
    from linkage.gate import Gate
    from linkage.intermediate.client import Line
    from linkage.intermediate.codes import AgencyEntry, Codes
    from linkage.intermediate.copies import Copy
    from linkage.intermediate.inquiries import Content, Order, Standing
    from linkage.intermediate.provisions import Pending
    from linkage.network.permitted import Permitted
    from linkage.ticket import Ticket

#: Under this name the server itself redeems permits for automatic answers, and orders `network.settle`.
OPERATOR = "intermediate-server"


@dataclass(slots=True)
class IntermediateServer:
    """One body's server.

    Attributes:
        agencies: codes of the agencies it speaks for.
        permitted: its own copy of the network's list, asked before a permit is spent.
    """

    database: Database
    clock: Clock
    gate: Gate
    line: Line
    agencies: tuple[str, ...]
    codes: Codes = field(default_factory=registers.demonstration)
    permits: ProvisionPermits = field(default_factory=NoPermits)
    permitted: Permitted | None = None
    reached: Callable[[str], None] = lambda point: None
    wake: Callable[[], None] = lambda: None

    def register_copies(self, token: str, caller: str, given: tuple[Copy, ...], *, handler: str | None = None) -> int:
        """Register copies, by a permit for `copy.register` that names every person's handle."""
        self._own(*(copy.agency for copy in given))
        act = Act("copy.register", "copy", tuple(dict.fromkeys(copy.handle for copy in given)))
        subject = act.handles[0] if len(act.handles) == 1 else None

        def work(ticket: Ticket) -> int:
            return copies.register(ticket, given, self.codes, self.line.seal_key)

        return self.gate.act(token, caller, act, work, subject=subject, handler=handler).result

    def withdraw_copy(
        self, token: str, caller: str, agency: str, handle: str, information: str, dataset: str, record_key: str
    ) -> int:
        """End the publication of a copy, by a permit for `copy.withdraw`."""
        self._own(agency)

        def work(ticket: Ticket) -> int:
            return copies.withdraw(ticket, agency, handle, information, dataset, record_key)

        act = Act("copy.withdraw", "copy", (handle,))
        return self.gate.act(token, caller, act, work, subject=handle).result

    def flag(
        self, token: str, caller: str, agency: str, handle: str, ground: str, *, information: str = disclosure.ALL
    ) -> None:
        """Set a non-disclosure flag from today, by a permit for `copy.correct`."""
        self._own(agency)

        def work(ticket: Ticket) -> None:
            disclosure.flag(ticket, agency, handle, ground, self.today, information=information)

        self.gate.act(token, caller, Act("copy.correct", "copy", (handle,)), work, subject=handle)

    def acquire_code(self, token: str, caller: str, agency: str, handle: str, acquisition_number: str) -> None:
        """Obtain the link code of a person, by a permit for `code.acquire`. The acquisition number is kept nowhere.

        Raises:
            Unreachable: The code did not come: ask for another acquisition number, and again.
            Told: The network refused.
        """
        self._own(agency)
        self.gate.act(
            token, caller, Act("code.acquire", "network", (handle,)), lambda ticket: persons.ask(ticket, agency, handle)
        )
        code = self.line.code(agency, acquisition_number)
        with self.database.begin() as connection:
            persons.keep(connection, agency, handle, code, to_ms(self.clock.now()))

    def check(self, order: Order) -> None:
        """What can be said before a permit is asked for, or spent.

        Raises:
            IntermediateRefused: The reason in Japanese.
        """
        self._own(order.requester)
        with self.database.read() as connection:
            inquiries.checked(connection, order, self.codes)
        if self.permitted is None:
            return
        who, whom = self.codes.agency(order.requester), self.codes.agency(order.provider)
        if not self.permitted.allows(order.affair, who.designations, whom.designations, order.information, self.today):
            raise IntermediateRefused("N0103", information=order.information)

    def send(self, token: str, caller: str, order: Order, *, handler: str | None = None) -> Standing:
        """Inquire, by a permit for `inquiry.send`. A record id is good for one inquiry; its state is asked by `standing`.

        Raises:
            Refusal: By the gate, or `IntermediateRefused` with the reason.
        """
        self.check(order)
        requested = to_ms(self.clock.now())

        def work(ticket: Ticket) -> str:
            return inquiries.prepare(ticket, order, self.codes)

        def record(number: object) -> ProvisionFacts:
            return inquiries.facts(order, self.codes, str(number), requested)

        act = Act("inquiry.send", "network", (order.handle, order.record_id))
        self.gate.act(token, caller, act, work, subject=order.handle, provision=record, handler=handler)
        self.reached("inquiry.prepared")
        self.wake()
        return self.standing(order.record_id, caller)

    def standing(self, record_id: str, caller: str) -> Standing:
        """Where an inquiry of this caller stands.

        Raises:
            IntermediateRefused: N0106, N0107.
        """
        with self.database.read() as connection:
            row = inquiries.row_of(connection, record_id)
        if row is None:
            raise IntermediateRefused("N0107", status=404)
        if row["caller"] != caller:
            raise IntermediateRefused("N0106", status=403)
        return inquiries.standing(row)

    def receive(self, token: str, caller: str, record_id: str, *, handler: str | None = None) -> Content:
        """Open the answer, by a permit for `inquiry.receive`."""
        standing = self.standing(record_id, caller)

        def work(ticket: Ticket) -> tuple[Content, ProvisionFacts]:
            return inquiries.receive(ticket, record_id, self.codes, self.line.seal_key)

        def record(result: tuple[Content, ProvisionFacts]) -> ProvisionFacts:
            return result[1]

        act = Act("inquiry.receive", "network", (standing.handle, record_id))
        acted = self.gate.act(token, caller, act, work, subject=standing.handle, provision=record, handler=handler)
        return acted.result[0]

    def pending(self) -> tuple[Pending, ...]:
        """What waits for a person."""
        with self.database.read() as connection:
            return provisions.pending(connection, self.codes)

    def answer(
        self, token: str, caller: str, number: str, handle: str, *, handler: str | None, refusal: str | None = None
    ) -> None:
        """Answer a provision, by a permit for `provision.answer`; `handler` is the person who decided, if one did."""
        reason = provisions.reason_given(refusal) if refusal is not None else None

        def work(ticket: Ticket) -> ProvisionFacts:
            key = self.line.seal_key
            return provisions.answer(ticket, number, self.codes, key, refusal=reason, handler=handler)

        act = Act("provision.answer", "network", (handle, number))
        with self.database.read() as connection:
            if provisions.row_of(connection, number) is None:
                raise IntermediateRefused("N0109", status=404)
        self.gate.act(token, caller, act, work, subject=handle, provision=lambda made: made, handler=handler)
        self.reached("provision.answered")
        self.wake()

    @property
    def today(self) -> date:
        """The day."""
        return self.clock.now().date()

    def own_agencies(self) -> tuple[AgencyEntry, ...]:
        """The agencies this server speaks for."""
        return tuple(self.codes.agency(code) for code in self.agencies)

    def _own(self, *agencies: str) -> None:
        if not set(agencies) <= set(self.agencies):
            raise IntermediateRefused("N0115", status=403)
