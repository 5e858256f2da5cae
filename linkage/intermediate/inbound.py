"""What comes in from the network: notices to answer, and answers to our inquiries. Kept first, then acknowledged."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select, update

from api.clock import to_ms
from linkage.intermediate import inquiries, provisions, tables
from linkage.intermediate.server import OPERATOR, IntermediateServer
from linkage.intermediate.states import InquiryState
from linkage.ticket import admit

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from linkage.network.wire import Delivery, Message
    from linkage.ticket import Ticket

_log = logging.getLogger(__name__)


class Inbound:
    """Takes what waits at the mailbox."""

    def __init__(self, server: IntermediateServer) -> None:
        self._server = server

    def step(self, wait_ms: int = 0) -> int:
        """Take what is there, waiting for it if asked to; gives how many messages were kept.

        Raises:
            Unreachable: The network does not answer.
        """
        kept = tuple(message.seq for message in self._server.line.mailbox(wait_ms) if self._kept(message))
        if kept:
            self._server.reached("mailbox.kept")
            self._server.wake()
            self._server.line.acknowledge(kept)
        return len(kept)

    def _kept(self, message: Message) -> bool:
        """Keep a message; one that cannot be kept stays at the network, and keeps no other from coming."""
        try:
            self._keep(message)
        except Exception as trouble:
            _log.error("inbound: a message was not kept (%s)", getattr(trouble, "code", type(trouble).__name__))
            return False
        return True

    def _keep(self, message: Message) -> None:
        if message.notice is not None:
            with self._server.database.begin() as connection:
                provisions.keep(connection, message.notice, to_ms(self._server.clock.now()))
        if message.delivery is not None:
            self._deliver(message.delivery)

    def _deliver(self, delivery: Delivery) -> None:
        server, now = self._server, to_ms(self._server.clock.now())
        table = tables.inquiry
        query = select(table).where(table.c.processing_number == delivery.processing_number)
        with server.database.read() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            self._stray(delivery, now)
            return
        if row["state"] not in (InquiryState.SENT, InquiryState.ACCEPTED, InquiryState.UNKNOWN):
            self._late(row["record_id"], row["state"], now)
            return

        def work(ticket: Ticket) -> None:
            connection = admit(ticket, "network.settle").connection
            self._end(connection, row["record_id"], delivery, now)

        server.gate.operate("network.settle", OPERATOR, work, handles=(row["handle"], row["record_id"]))

    @staticmethod
    def _end(connection: Connection, record_id: str, delivery: Delivery, now: int) -> None:
        provision = delivery.provision
        if provision.outcome == "provided":
            answer = msgspec.json.encode(delivery)
            inquiries.move(connection, record_id, InquiryState.ANSWERED, answer=answer, answered_ms=now, ended_ms=now)
        else:
            inquiries.move(
                connection,
                record_id,
                InquiryState.REFUSED,
                code=provision.reason,
                text=provision.text,
                answered_ms=now,
                ended_ms=now,
            )

    def _late(self, record_id: str, state: str, now: int) -> None:
        """After the case went to paper: note that it came, and keep nothing of what it says."""
        if state != InquiryState.FALLBACK_TO_PAPER:
            return  # the same delivery again
        table = tables.inquiry
        with self._server.database.begin() as connection:
            connection.execute(
                update(table).where(table.c.record_id == record_id, table.c.late_ms.is_(None)).values(late_ms=now)
            )

    def _stray(self, delivery: Delivery, now: int) -> None:
        table = tables.stray
        with self._server.database.begin() as connection:
            known = select(table.c.kept_ms).where(table.c.processing_number == delivery.processing_number)
            if connection.scalar(known) is None:
                values = {"processing_number": delivery.processing_number, "kept_ms": now}
                connection.execute(table.insert().values(values))
