"""Provisions of this body: what it is asked for, answered automatically or by a person, by permit, and once."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, RowMapping, select, update

from api.clock import from_ms, to_ms
from dsl.masking import twelve_digits
from linkage.intermediate import binding, copies, disclosure, persons, tables
from linkage.intermediate.refusals import REASONS, IntermediateRefused
from linkage.intermediate.states import ProvisionState
from linkage.network.sealing import SealKey, seal
from linkage.network.wire import Notice, Provision
from linkage.records import Named, ProvisionFacts, Side
from linkage.rights.grounds import is_stop
from linkage.ticket import admit

if TYPE_CHECKING:
    from linkage.intermediate.codes import Codes
    from linkage.ticket import Ticket

_S = ProvisionState
_UNDECIDED = (_S.RECEIVED.value, _S.WAITING.value)


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the list of what waits for a person (手動の回答待ち)."""

    processing_number: str
    handle: str | None
    requester: str
    section: str
    affair: str
    procedure: str
    information: str
    requested: Any
    why: str


class Prospect(msgspec.Struct, frozen=True):
    """What would be answered: to whom it refers, whether a person must decide, and what is there."""

    handle: str | None
    found: copies.Found | None
    ground: str | None  # of non-disclosure
    manual: str | None  # why a person decides


def keep(connection: Connection, notice: Notice, now_ms: int) -> bool:
    """Keep a notice that came; False when it was here already."""
    if row_of(connection, notice.processing_number) is not None:
        return False
    connection.execute(
        tables.provision.insert().values(
            processing_number=notice.processing_number,
            state=_S.RECEIVED.value,
            notice=msgspec.json.encode(notice),
            handle=persons.handle_of(connection, notice.provider, notice.link_code),
            received_ms=now_ms,
            next_ms=now_ms,
            attempts=0,
        )
    )
    return True


def row_of(connection: Connection, number: str) -> RowMapping | None:
    """A provision as kept."""
    query = select(tables.provision).where(tables.provision.c.processing_number == number)
    return connection.execute(query).mappings().first()


def notice_of(row: RowMapping) -> Notice:
    """What the network told."""
    return msgspec.json.decode(row["notice"], type=Notice)


def look(connection: Connection, row: RowMapping, on: date) -> Prospect:
    """What there is to answer with, on a day; decides nothing."""
    notice = notice_of(row)
    handle = row["handle"]
    if handle is None:
        return Prospect(None, None, None, None)
    found = copies.find(connection, notice.provider, handle, notice.information, on)
    ground = disclosure.ground_of(connection, notice.provider, handle, notice.information, on)
    manual = None
    if ground is not None:
        manual = "不開示の情報に当たるため、職員が確かめてから答える。"
    elif found is not None and not found.automatic:
        manual = "自動応答をしない副本であるため、職員が確かめてから答える。"
    return Prospect(handle, found, ground, manual)


def wait(connection: Connection, number: str, why: str) -> None:
    """Put a provision on the list of what waits for a person."""
    table = tables.provision
    connection.execute(
        update(table)
        .where(table.c.processing_number == number, table.c.state == _S.RECEIVED.value)
        .values(state=_S.WAITING.value, why_waiting=why)
    )


def answer(
    ticket: Ticket,
    number: str,
    codes: Codes,
    key: SealKey,
    *,
    refusal: str | None = None,
    handler: str | None = None,
) -> ProvisionFacts:
    """Answer what was asked: provide what is there, or refuse with the reason; gives the record of it.

    The copies are read again here, inside the transaction of the permit. Raises when it is answered already, so that
    nothing is provided twice.

    Raises:
        IntermediateRefused: N0105 a permit for another provision; N0109 nothing waits under this number; N0117;
            N0129 the provision is stopped at the person's request.
    """
    admission = admit(ticket, "provision.answer")
    row = row_of(admission.connection, number)
    if row is None or row["state"] not in _UNDECIDED:
        raise IntermediateRefused("N0109", status=404 if row is None else 409)
    if row["handle"] is None or admission.permit is None:
        raise IntermediateRefused("N0117")
    admit(ticket, "provision.answer", handles=(row["handle"], number))
    notice = notice_of(row)
    binding.check(
        admission.permit,
        codes,
        requester=notice.requester,
        provider=notice.provider,
        affair=notice.affair,
        procedure=notice.procedure,
        information=notice.information,
    )
    prospect = look(admission.connection, row, admission.at.date())
    if prospect.manual is not None and handler is None:
        raise IntermediateRefused("N0109")  # a flag came in between: a person decides
    if is_stop(prospect.ground) and refusal is None:
        raise IntermediateRefused("N0129")
    made = _made(notice, prospect, key, to_ms(admission.at), refusal)
    state = _S.ANSWERED if made.outcome == "provided" else _S.REFUSED
    _settle(admission.connection, number, state, made, admission.evaluation, handler, to_ms(admission.at))
    return facts(notice, made, codes, prospect.ground, row["handle"])


def refuse_without_permit(ticket: Ticket, number: str, reason: str, now_ms: int) -> bool:
    """Refuse what this body cannot answer at all: no decision permits it, or the person is not known here."""
    connection = admit(ticket, "network.settle").connection
    made = Provision("refused", now_ms, reason=reason, text=REASONS[reason])
    return _settle(connection, number, _S.REFUSED, made, None, None, now_ms)


def _made(notice: Notice, prospect: Prospect, key: SealKey, now_ms: int, refusal: str | None) -> Provision:
    hidden = prospect.ground is not None
    if refusal is not None:
        return Provision("refused", now_ms, reason="declined", text=refusal, undisclosed=hidden)
    records = copies.opened(prospect.found, notice.items, key) if prospect.found else []
    given = tuple(code for code in notice.items if any(code in record for record in records))
    if not given:
        return Provision("refused", now_ms, reason="no-copy", text=REASONS["no-copy"], undisclosed=hidden)
    sealed = seal(msgspec.json.encode(records), notice.seal)
    return Provision("provided", now_ms, items=given, sealed=sealed, undisclosed=hidden)


def _settle(
    connection: Connection,
    number: str,
    state: ProvisionState,
    made: Provision,
    evaluation: str | None,
    handler: str | None,
    now_ms: int,
) -> bool:
    table = tables.provision
    done = connection.execute(
        update(table)
        .where(table.c.processing_number == number, table.c.state.in_(_UNDECIDED))
        .values(
            state=state.value,
            answer=msgspec.json.encode(made),
            evaluation=evaluation,
            handler=handler,
            answered_ms=now_ms,
            next_ms=now_ms,
            attempts=0,
        )
    )
    if evaluation is not None and not done.rowcount:
        raise IntermediateRefused("N0109")
    return done.rowcount == 1


def facts(notice: Notice, made: Provision, codes: Codes, ground: str | None, handle: str) -> ProvisionFacts:
    """The provider's record (番号法23条1項・2項)."""
    affair, procedure = codes.affair(notice.affair), codes.procedure(notice.procedure, notice.affair)
    return ProvisionFacts(
        side=Side.PROVIDER,
        serial=notice.processing_number,
        inquirer=codes.agency(notice.requester).office(notice.section),
        provider=codes.agency(notice.provider).office(),
        affair=Named(affair.code, affair.name),
        procedure=Named(procedure.code, procedure.name),
        items=codes.items(notice.information, made.items or notice.items),
        requested=from_ms(notice.requested_ms),
        ground=affair.ground,
        provided=from_ms(made.answered_ms) if made.outcome == "provided" else None,
        refusal=made.text,
        non_disclosure=ground or ("照会者の側で不開示の情報に当たる" if notice.undisclosed else None),
        person=handle,
    )


def pending(connection: Connection, codes: Codes) -> tuple[Pending, ...]:
    """What waits for a person, oldest first."""
    table = tables.provision
    query = select(table).where(table.c.state == _S.WAITING.value).order_by(table.c.received_ms)
    return tuple(_pending(row, codes) for row in connection.execute(query).mappings())


def _pending(row: RowMapping, codes: Codes) -> Pending:
    notice = notice_of(row)
    return Pending(
        processing_number=row["processing_number"],
        handle=row["handle"],
        requester=notice.requester_name,
        section=notice.section,
        affair=codes.affair(notice.affair).name,
        procedure=codes.procedure(notice.procedure, notice.affair).name,
        information=codes.information(notice.information).name,
        requested=from_ms(notice.requested_ms),
        why=row["why_waiting"] or "",
    )


def reason_given(text: str) -> str:
    """A person's reason for refusing, fit to be sent and recorded.

    Raises:
        IntermediateRefused: N0122 none; N0114 twelve digits in it.
    """
    if not text.strip():
        raise IntermediateRefused("N0122", status=400)
    if twelve_digits(text):
        raise IntermediateRefused("N0114", status=400)
    return text.strip()[:500]
