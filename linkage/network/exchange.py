"""What the network does with inquiries and answers: checks, routes, records; each step one transaction.

Nothing is done twice: an inquiry is known by its sender's record id and its processing number, an answer by its
content. What a mailbox holds stays until its owner has kept it, so a process that dies anywhere loses nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, delete, select, update
from sqlalchemy.exc import IntegrityError

from api.clock import Clock, to_ms, today
from dsl.masking import twelve_digits
from linkage.network import link_codes, tables
from linkage.network.refusals import NetworkRefused
from linkage.network.wire import (
    Accepted,
    Delivery,
    Inquiry,
    Mailbox,
    Message,
    Notice,
    Provision,
    Record,
    StateOf,
)

if TYPE_CHECKING:
    from api.storage.database import Database
    from linkage.network.permitted import Permitted

_SUFFICIENT = frozenset({"published", "not_required"})


class Known(msgspec.Struct, frozen=True):
    """An agency as the network knows it."""

    code: str
    member: str
    name: str
    designations: frozenset[str]


class Exchange:
    """The routing of the network. Safe for use from several threads and processes at once."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        permitted: Permitted,
        reach: Callable[[str], None] = lambda point: None,
        late_ms: Callable[[], int] = lambda: 0,
    ) -> None:
        self._database, self._clock, self._permitted = database, clock, permitted
        self._reach, self._late_ms = reach, late_ms

    def inquire(self, member: str, message: Inquiry) -> tuple[Accepted, str]:
        """Take an inquiry; gives the receipt and the member to wake.

        Raises:
            NetworkRefused: With the article the refusal rests on.
        """
        try:
            with self._database.begin() as connection:
                result = self._inquire(connection, member, message)
                self._reach("inquiry.before-commit")
        except IntegrityError:  # the same inquiry came twice at once: the other one is there now
            with self._database.begin() as connection:
                result = self._inquire(connection, member, message)
        self._reach("inquiry.after-commit")
        return result

    def _inquire(self, connection: Connection, member: str, message: Inquiry) -> tuple[Accepted, str]:
        digest = _digest(message)
        known = self._repeated(connection, member, message, digest)
        if known is not None:
            return known
        requester = _own(connection, member, message.requester)
        provider = agency_of(connection, message.provider)
        person = link_codes.person_of(connection, requester.code, message.link_code)
        if person is None:
            raise NetworkRefused("N0204", status=409)
        if twelve_digits(message.section):
            raise NetworkRefused("N0216", status=400)
        if _day(message.first_day) > _day(message.last_day):
            raise NetworkRefused("N0218", status=400)
        self._listed(requester, provider, message)
        _assessed(connection, requester, message.affair, "N0207", today(self._clock))
        _assessed(connection, provider, message.information, "N0208", today(self._clock))
        code = link_codes.code_of(connection, provider.code, person)
        if code is None:
            raise NetworkRefused("N0205", status=409)
        return self._route(connection, member, message, requester, provider, person, code, digest)

    def _repeated(
        self, connection: Connection, member: str, message: Inquiry, digest: bytes
    ) -> tuple[Accepted, str] | None:
        table = tables.inquiry
        query = select(table).where(
            (table.c.processing_number == message.processing_number)
            | ((table.c.member == member) & (table.c.record_id == message.record_id))
        )
        row = connection.execute(query).mappings().first()
        if row is None:
            return None
        if row["digest"] != digest or row["member"] != member:
            raise NetworkRefused("N0203", status=409)
        return Accepted(row["processing_number"], row["state"], row["accepted_ms"]), row["provider_member"]

    def _listed(self, requester: Known, provider: Known, message: Inquiry) -> None:
        row = self._permitted.allows(
            message.affair, requester.designations, provider.designations, message.information, today(self._clock)
        )
        if row is None:
            raise NetworkRefused("N0206", information=message.information)

    def _route(
        self,
        connection: Connection,
        member: str,
        message: Inquiry,
        requester: Known,
        provider: Known,
        person: str,
        code: str,
        digest: bytes,
    ) -> tuple[Accepted, str]:
        now = to_ms(self._clock.now())
        connection.execute(
            tables.inquiry.insert().values(
                processing_number=message.processing_number,
                member=member,
                record_id=message.record_id,
                digest=digest,
                provider_member=provider.member,
                requester=requester.code,
                provider=provider.code,
                provider_name=provider.name,
                state="notified",
                accepted_ms=now,
            )
        )
        record = _record_of(message, requester, provider)
        _keep_record(connection, message.processing_number, "request", person, now, record)
        seal = connection.scalar(select(tables.member.c.seal).where(tables.member.c.id == member))
        notice = Notice(
            processing_number=message.processing_number,
            requester=requester.code,
            requester_name=requester.name,
            section=message.section,
            provider=provider.code,
            link_code=code,
            affair=message.affair,
            procedure=message.procedure,
            information=message.information,
            items=message.items,
            first_day=message.first_day,
            last_day=message.last_day,
            requested_ms=message.requested_ms,
            undisclosed=message.undisclosed,
            consent=message.consent,
            seal=str(seal),
        )
        _post(connection, provider.member, now, {"notice": notice})
        return Accepted(message.processing_number, "notified", now), provider.member

    def provide(self, member: str, number: str, answer: Provision) -> tuple[StateOf, str]:
        """Take the provider's answer, once; gives the state and the member to wake.

        Raises:
            NetworkRefused: N0210 another answer is there; N0211 no such inquiry; N0213 incomplete.
        """
        if (answer.outcome == "provided") != (answer.sealed is not None) or (
            answer.outcome == "refused" and not (answer.reason and answer.text)
        ):
            raise NetworkRefused("N0213", status=400)
        if answer.text and twelve_digits(answer.text):
            raise NetworkRefused("N0216", status=400)
        with self._database.begin() as connection:
            result = self._provide(connection, member, number, answer)
            self._reach("provision.before-commit")
        self._reach("provision.after-commit")
        return result

    def _provide(self, connection: Connection, member: str, number: str, answer: Provision) -> tuple[StateOf, str]:
        table = tables.inquiry
        now, digest = to_ms(self._clock.now()), _digest(answer)
        taken = connection.execute(
            update(table)
            .where(table.c.processing_number == number, table.c.provider_member == member, table.c.state == "notified")
            .values(state=answer.outcome, answered_ms=now, answer_digest=digest)
        )
        row = connection.execute(select(table).where(table.c.processing_number == number)).mappings().first()
        if row is None or row["provider_member"] != member:
            raise NetworkRefused("N0211", status=404)
        if not taken.rowcount:
            if row["answer_digest"] != digest:
                raise NetworkRefused("N0210", status=409)
            return _state(row), row["member"]
        delivery = Delivery(row["record_id"], number, row["provider"], row["provider_name"], answer)
        _post(connection, row["member"], now + self._late_ms(), {"delivery": delivery})
        person = connection.scalar(
            select(tables.record.c.person).where(
                tables.record.c.processing_number == number, tables.record.c.event == "request"
            )
        )
        shown = {
            "outcome": answer.outcome,
            "reason": answer.reason,
            "items": answer.items,
            "undisclosed": answer.undisclosed,
        }
        _keep_record(connection, number, "answer", str(person), now, shown)
        return _state(row), row["member"]

    def state(self, member: str, number: str) -> StateOf:
        """What became of an inquiry of this member.

        Raises:
            NetworkRefused: N0211.
        """
        with self._database.read() as connection:
            return self._state_of(connection, member, number)

    def _state_of(self, connection: Connection, member: str, number: str) -> StateOf:
        table = tables.inquiry
        query = select(table).where(table.c.processing_number == number, table.c.member == member)
        row = connection.execute(query).mappings().first()
        if row is None:
            raise NetworkRefused("N0211", status=404)
        return _state(row)

    def mailbox(self, member: str, limit: int = 50) -> Mailbox:
        """What waits for a member and is due."""
        table = tables.mailbox
        query = (
            select(table.c.seq, table.c.body)
            .where(table.c.member == member, table.c.due_ms <= to_ms(self._clock.now()))
            .order_by(table.c.seq)
            .limit(limit)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        found = tuple(msgspec.structs.replace(msgspec.json.decode(body, type=Message), seq=seq) for seq, body in rows)
        self._reach("mailbox.before-answer")
        return Mailbox(found)

    def acknowledge(self, member: str, seqs: tuple[int, ...]) -> None:
        """Delete messages that their owner has kept: nothing that was provided stays here."""
        table = tables.mailbox
        with self._database.begin() as connection:
            connection.execute(delete(table).where(table.c.member == member, table.c.seq.in_(seqs)))
        self._reach("ack.after-commit")

    def records(self, member: str, agency: str, code: str) -> tuple[Record, ...]:
        """The network's records about the person of a link code (番号法23条3項), for the disclosure to that person."""
        with self._database.read() as connection:
            _own(connection, member, agency)
            person = link_codes.person_of(connection, agency, code)
            table = tables.record
            query = select(table).where(table.c.person == person).order_by(table.c.at_ms, table.c.processing_number)
            rows = connection.execute(query).mappings().all()
        answers = {row["processing_number"]: row for row in rows if row["event"] == "answer"}
        return tuple(_shown(row, answers) for row in rows if row["event"] == "request")


def agency_of(connection: Connection, code: str) -> Known:
    """An agency.

    Raises:
        NetworkRefused: N0202 it is not registered.
    """
    row = connection.execute(select(tables.agency).where(tables.agency.c.code == code)).mappings().first()
    if row is None:
        raise NetworkRefused("N0202")
    return Known(row["code"], row["member"], row["name"], frozenset(msgspec.json.decode(row["designations"])))


def _own(connection: Connection, member: str, code: str) -> Known:
    """An agency that the member speaks for."""
    found = agency_of(connection, code)
    if found.member != member:
        raise NetworkRefused("N0202")
    return found


def _assessed(connection: Connection, agency: Known, subject: str, refusal: str, on: date) -> None:
    """番号法21条2項: no notice where the duty of Art. 28 is violated. What is not registered is a violation."""
    table = tables.assessment
    query = select(table.c.state, table.c.published).where(table.c.agency == agency.code, table.c.subject == subject)
    row = connection.execute(query).first()
    future = row is not None and row.state == "published" and (row.published is None or row.published > on.isoformat())
    if row is None or row.state not in _SUFFICIENT or future:
        raise NetworkRefused(refusal, agency=agency.name)


def _post(connection: Connection, member: str, due_ms: int, parts: dict[str, Any]) -> None:
    body = msgspec.json.encode(Message(seq=0, **parts))
    connection.execute(tables.mailbox.insert().values(member=member, due_ms=due_ms, body=body))


def _keep_record(
    connection: Connection, number: str, event: str, person: str, at_ms: int, shown: dict[str, Any]
) -> None:
    values = {"processing_number": number, "event": event, "person": person, "at_ms": at_ms}
    connection.execute(tables.record.insert().values(**values, body=msgspec.json.encode(shown)))


def _record_of(message: Inquiry, requester: Known, provider: Known) -> dict[str, Any]:
    return {
        "requester": requester.code,
        "requester_name": requester.name,
        "provider": provider.code,
        "provider_name": provider.name,
        "affair": message.affair,
        "procedure": message.procedure,
        "information": message.information,
        "items": message.items,
        "requested_ms": message.requested_ms,
        "undisclosed": message.undisclosed,
    }


def _shown(row: Any, answers: dict[str, Any]) -> Record:
    asked = msgspec.json.decode(row["body"])
    undisclosed = asked.pop("undisclosed")
    answer = answers.get(row["processing_number"])
    said = msgspec.json.decode(answer["body"]) if answer is not None else {}
    return Record(
        processing_number=row["processing_number"],
        **{**asked, "items": tuple(said.get("items") or asked["items"])},
        answered_ms=answer["at_ms"] if answer is not None else None,
        outcome=said.get("outcome", "pending"),
        reason=said.get("reason"),
        undisclosed_by_requester=undisclosed,
        undisclosed_by_provider=bool(said.get("undisclosed")),
    )


def _state(row: Any) -> StateOf:
    return StateOf(
        row["record_id"], row["processing_number"], row["state"], row["accepted_ms"], answered_ms=row["answered_ms"]
    )


def _digest(message: msgspec.Struct) -> bytes:
    return hashlib.sha256(msgspec.json.encode(message, order="sorted")).digest()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NetworkRefused("N0212", status=400) from None
