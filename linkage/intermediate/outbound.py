"""What goes out to the network: inquiries that are prepared, answers that are made; and the time that runs out.

Each step reads what stands in the database, tries, and writes down what became of it. Sending again changes nothing at
the other end, so a process that dies anywhere in here goes on where it stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import RowMapping, select, update

from api.clock import to_ms
from api.permits import Act
from linkage.intermediate import binding, inquiries, paper, provisions, tables
from linkage.intermediate.client import Told, Unreachable
from linkage.intermediate.permits import ProvisionDenied
from linkage.intermediate.server import OPERATOR, IntermediateServer
from linkage.intermediate.states import InquiryState, ProvisionState
from linkage.network.wire import Inquiry, Provision
from linkage.refusal import Refusal
from linkage.ticket import admit

if TYPE_CHECKING:
    from linkage.ticket import Ticket

_log = logging.getLogger(__name__)
_BATCH = 50
_SLOWEST_MS = 5_000
#: Attempts without a line after which a same-day case goes to paper at once.
_DOWN_AFTER = 3
#: Attempts after which a person has to look at what could not be answered automatically.
_PERSON_AFTER = 5


def backoff(attempts: int) -> int:
    """Milliseconds until the next attempt."""
    return min(100 << min(attempts, 10), _SLOWEST_MS)


class Outbound:
    """One pass over everything that is to go out. Not for several threads at once."""

    def __init__(self, server: IntermediateServer) -> None:
        self._server = server

    def step(self) -> int:
        """Do what is due; gives how many things were done."""
        done = self.expire()
        done += self.send()
        done += self.answer()
        return done + self.deliver()

    # ---- inquiries

    def send(self) -> int:
        """Send what is prepared, again what got no reply, and find out what is unknown."""
        due = self._due(tables.inquiry, (InquiryState.PREPARED, InquiryState.SENT, InquiryState.UNKNOWN))
        return self._each(
            due, lambda row: self._find_out(row) if row["state"] == InquiryState.UNKNOWN else self._send(row)
        )

    def _send(self, row: RowMapping) -> None:
        server, record_id = self._server, row["record_id"]
        if row["state"] == InquiryState.PREPARED:
            with server.database.begin() as connection:
                inquiries.move(connection, record_id, InquiryState.SENT, sent_ms=self._now)
            server.reached("inquiry.sent")
        try:
            accepted = server.line.inquire(msgspec.json.decode(row["message"], type=Inquiry))
        except Told as told:
            self._end(row, InquiryState.REFUSED, told.code, told.text)
        except Unreachable as gone:
            self._again(row, down=not gone.sent)
        else:
            server.reached("inquiry.before-accepted")
            with server.database.begin() as connection:
                inquiries.move(connection, record_id, InquiryState.ACCEPTED, accepted_ms=accepted.accepted_ms)

    def _find_out(self, row: RowMapping) -> None:
        try:
            known = self._server.line.state(row["processing_number"])
        except Told:
            self._end(row, InquiryState.FAILED, "N0211", "照会はネットワークに届いておらず、提供は行われていない。")
        except Unreachable:
            self._again(row, down=False)
        else:
            with self._server.database.begin() as connection:
                inquiries.move(connection, row["record_id"], InquiryState.ACCEPTED, accepted_ms=known.accepted_ms)

    def _again(self, row: RowMapping, *, down: bool) -> None:
        attempts = row["attempts"] + 1
        if down and row["same_day"] and attempts >= _DOWN_AFTER:
            self._to_paper(row, down=True)
            return
        table = tables.inquiry
        with self._server.database.begin() as connection:
            connection.execute(
                update(table)
                .where(table.c.record_id == row["record_id"])
                .values(attempts=attempts, next_ms=self._now + backoff(attempts))
            )

    def expire(self) -> int:
        """What has run out of time: same-day cases go to paper, others become unknown or were never sent."""
        table = tables.inquiry
        waiting = (InquiryState.PREPARED, InquiryState.SENT, InquiryState.ACCEPTED)
        query = (
            select(table)
            .where(table.c.state.in_([one.value for one in waiting]), table.c.deadline_ms <= self._now)
            .where(table.c.same_day | (table.c.state != InquiryState.ACCEPTED.value))
            .limit(_BATCH)
        )
        with self._server.database.read() as connection:
            late = connection.execute(query).mappings().all()
        return self._each(late, self._expire)

    def _expire(self, row: RowMapping) -> None:
        if row["same_day"]:
            self._to_paper(row, down=row["state"] != InquiryState.ACCEPTED)
        elif row["state"] == InquiryState.PREPARED:
            self._end(row, InquiryState.FAILED, "N0211", "照会を送れないまま時間が過ぎた。提供は行われていない。")
        else:
            with self._server.database.begin() as connection:
                inquiries.move(connection, row["record_id"], InquiryState.UNKNOWN, next_ms=self._now)

    def _to_paper(self, row: RowMapping, *, down: bool) -> None:
        asked = msgspec.json.decode(row["message"], type=Inquiry)
        codes = self._server.codes
        text = paper.sentence(codes.agency(asked.provider).name, codes.information(asked.information).name, down=down)
        self._end(row, InquiryState.FALLBACK_TO_PAPER, None, text)

    def _end(self, row: RowMapping, state: InquiryState, code: str | None, text: str) -> None:
        record_id, now = row["record_id"], self._now

        def work(ticket: Ticket) -> None:
            connection = admit(ticket, "network.settle").connection
            inquiries.move(connection, record_id, state, code=code, text=text, ended_ms=now)

        self._server.gate.operate("network.settle", OPERATOR, work, handles=(row["handle"], record_id))

    # ---- provisions

    def answer(self) -> int:
        """Answer what has come: automatically by permit, or put it before a person."""
        due = self._due(tables.provision, (ProvisionState.RECEIVED,))
        return self._each(due, self._answer)

    def _answer(self, row: RowMapping) -> None:
        server, number = self._server, row["processing_number"]
        with server.database.read() as connection:
            prospect = provisions.look(connection, row, server.today)
        if prospect.handle is None:
            self._cannot(number, "no-person")
            return
        if prospect.manual is not None:
            self._person(number, prospect.manual)
            return
        try:
            token = server.permits.permit(self._request(row), self._act(row), OPERATOR)
            server.answer(token, OPERATOR, number, prospect.handle, handler=None)
        except ProvisionDenied:
            self._cannot(number, "unlawful")
        except Exception as trouble:  # whatever it is: nothing was provided; try again, then a person looks
            self._trouble(row, trouble)

    def _act(self, row: RowMapping) -> Act:
        return Act("provision.answer", "network", (row["handle"], row["processing_number"]))

    def _request(self, row: RowMapping) -> dict[str, object]:
        notice = provisions.notice_of(row)
        return binding.native_request(
            self._server.codes,
            requester=notice.requester,
            provider=notice.provider,
            affair=notice.affair,
            procedure=notice.procedure,
            information=notice.information,
            on=self._server.today,
            facts={"pia": "published", "consent": notice.consent},  # 番号法21条2項: the network has asked for both
        )

    def _trouble(self, row: RowMapping, trouble: Exception) -> None:
        attempts = row["attempts"] + 1
        _log.warning("outbound: not answered yet (%s)", getattr(trouble, "code", type(trouble).__name__))
        if attempts >= _PERSON_AFTER:
            code = f"（{trouble.code}）" if isinstance(trouble, Refusal) else ""
            self._person(row["processing_number"], f"自動で答えられないため、職員が確かめてから答える{code}。")
            return
        self._later(row["processing_number"], attempts)

    def _cannot(self, number: str, reason: str) -> None:
        now = self._now

        def work(ticket: Ticket) -> None:
            provisions.refuse_without_permit(ticket, number, reason, now)

        self._server.gate.operate("network.settle", OPERATOR, work, handles=(number,))

    def _person(self, number: str, why: str) -> None:
        with self._server.database.begin() as connection:
            provisions.wait(connection, number, why)

    def deliver(self) -> int:
        """Hand in the answers that are made."""
        due = self._due(tables.provision, (ProvisionState.ANSWERED, ProvisionState.REFUSED))
        return self._each(due, self._deliver)

    def _deliver(self, row: RowMapping) -> None:
        number = row["processing_number"]
        try:
            self._server.line.provide(number, msgspec.json.decode(row["answer"], type=Provision))
        except Told:
            self._delivered(number, ProvisionState.UNDELIVERABLE)
        except Unreachable:
            self._later(number, row["attempts"] + 1)
        else:
            self._server.reached("provision.before-delivered")
            self._delivered(number, ProvisionState.DELIVERED)

    def _delivered(self, number: str, state: ProvisionState) -> None:
        table = tables.provision
        with self._server.database.begin() as connection:
            connection.execute(
                update(table)
                .where(table.c.processing_number == number)
                .values(state=state.value, delivered_ms=self._now)
            )

    def _later(self, number: str, attempts: int) -> None:
        table = tables.provision
        with self._server.database.begin() as connection:
            connection.execute(
                update(table)
                .where(table.c.processing_number == number)
                .values(attempts=attempts, next_ms=self._now + backoff(attempts))
            )

    def _each(self, rows: Sequence[RowMapping], work: Callable[[RowMapping], None]) -> int:
        """Do the work for each row; one that fails is tried again later and keeps no other from going on."""
        done = 0
        for row in rows:
            try:
                work(row)
                done += 1
            except Exception as trouble:
                _log.error("outbound: a step failed (%s)", getattr(trouble, "code", type(trouble).__name__))
        return done

    def _due(self, table: Any, states: tuple[Any, ...]) -> list[RowMapping]:
        query = (
            select(table)
            .where(table.c.state.in_([one.value for one in states]), table.c.next_ms <= self._now)
            .order_by(table.c.next_ms)
            .limit(_BATCH)
        )
        with self._server.database.read() as connection:
            return list(connection.execute(query).mappings().all())

    @property
    def _now(self) -> int:
        return to_ms(self._server.clock.now())
