"""Inquiries of this body: prepared by permit, their states, and the answer opened by permit."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from sqlalchemy import Connection, RowMapping, select, update

from api import ids
from api.clock import from_ms, to_ms
from dsl.masking import twelve_digits
from linkage.intermediate import binding, persons, tables
from linkage.intermediate.refusals import IntermediateRefused
from linkage.intermediate.states import InquiryState, before
from linkage.network.wire import (
    AffairCode,
    AgencyCode,
    Delivery,
    Id,
    InformationCode,
    Inquiry,
    ItemCode,
    Name,
    ProcedureCode,
)
from linkage.records import ProvisionFacts, Side
from linkage.ticket import admit

if TYPE_CHECKING:
    from linkage.intermediate.codes import Codes
    from linkage.network.sealing import SealKey
    from linkage.ticket import Ticket

#: How long a counter waits for a same-day case, and anybody else.
SAME_DAY_MS, OTHERWISE_MS = 10_000, 24 * 60 * 60 * 1000


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a business system asks for."""

    record_id: Id
    handle: Id
    requester: AgencyCode
    provider: AgencyCode
    affair: AffairCode
    procedure: ProcedureCode
    information: InformationCode
    items: tuple[ItemCode, ...]
    first_day: date
    last_day: date
    section: Name
    same_day: bool = False
    wait_ms: Annotated[int, msgspec.Meta(ge=100, le=OTHERWISE_MS)] | None = None
    undisclosed: bool = False
    consent: bool = False


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where an inquiry stands, in the words of the counter."""

    record_id: str
    processing_number: str
    handle: str
    state: InquiryState
    text: str
    code: str | None
    prepared: Any
    answered: Any
    paper: bool
    late: bool
    opened: bool


class Content(msgspec.Struct, frozen=True):
    """What the provider provided, opened."""

    processing_number: str
    provider: str
    records: list[dict[str, str]]  # TK… → value
    undisclosed: bool


def prepare(ticket: Ticket, order: Order, codes: Codes) -> str:
    """Keep an inquiry that is to be sent; gives its processing number.

    Raises:
        IntermediateRefused: N0101, N0102, N0105, N0118, N0121.
    """
    admission = admit(ticket, "inquiry.send", handles=(order.handle, order.record_id))
    if admission.permit is None:
        raise IntermediateRefused("N0117")
    binding.check(
        admission.permit,
        codes,
        requester=order.requester,
        provider=order.provider,
        affair=order.affair,
        procedure=order.procedure,
        information=order.information,
    )
    checked(admission.connection, order, codes)
    code = persons.code_of(admission.connection, order.requester, order.handle)
    now, number = to_ms(admission.at), ids.new("tx")
    message = Inquiry(
        record_id=order.record_id,
        processing_number=number,
        requester=order.requester,
        provider=order.provider,
        link_code=str(code),
        affair=order.affair,
        procedure=order.procedure,
        information=order.information,
        items=order.items,
        first_day=order.first_day.isoformat(),
        last_day=order.last_day.isoformat(),
        section=order.section,
        requested_ms=now,
        undisclosed=order.undisclosed,
        consent=order.consent,
    )
    admission.connection.execute(
        tables.inquiry.insert().values(
            record_id=order.record_id,
            processing_number=number,
            handle=order.handle,
            caller=admission.caller,
            evaluation=admission.evaluation,
            state=InquiryState.PREPARED.value,
            same_day=order.same_day,
            message=msgspec.json.encode(message),
            attempts=0,
            next_ms=now,
            deadline_ms=now + (order.wait_ms or (SAME_DAY_MS if order.same_day else OTHERWISE_MS)),
            prepared_ms=now,
        )
    )
    return number


def checked(connection: Connection, order: Order, codes: Codes) -> None:
    """What can be said before a permit is spent: code obtained, record id unused, period, items.

    Raises:
        IntermediateRefused: The first thing that is wrong, in Japanese.
    """
    requester = codes.agency(order.requester)
    codes.procedure(order.procedure, order.affair)
    codes.items(order.information, order.items)
    if not order.items:
        raise IntermediateRefused("N0121", status=400)
    if order.first_day > order.last_day:
        raise IntermediateRefused("N0118", status=400)
    if twelve_digits(order.section):
        raise IntermediateRefused("N0114", status=400)
    if persons.code_of(connection, order.requester, order.handle) is None:
        raise IntermediateRefused("N0101", agency=requester.name)
    if row_of(connection, order.record_id) is not None:
        raise IntermediateRefused("N0102")


def facts(order: Order, codes: Codes, number: str, requested_ms: int) -> ProvisionFacts:
    """The record of having asked (番号法23条1項)."""
    affair = codes.affair(order.affair)
    return _facts(order, codes, number, requested_ms, items=codes.items(order.information, order.items), affair=affair)


def _facts(
    asked: Order | Inquiry, codes: Codes, number: str, requested_ms: int, *, items: Any, affair: Any
) -> ProvisionFacts:
    from linkage.records import Named

    procedure = codes.procedure(asked.procedure, asked.affair)
    return ProvisionFacts(
        side=Side.INQUIRER,
        serial=number,
        inquirer=codes.agency(asked.requester).office(asked.section),
        provider=codes.agency(asked.provider).office(),
        affair=Named(affair.code, affair.name),
        procedure=Named(procedure.code, procedure.name),
        items=items,
        requested=from_ms(requested_ms),
        ground=affair.ground,
        non_disclosure="照会者の側で不開示の情報に当たる" if asked.undisclosed else None,
    )


def row_of(connection: Connection, record_id: str) -> RowMapping | None:
    """An inquiry as kept."""
    query = select(tables.inquiry).where(tables.inquiry.c.record_id == record_id)
    return connection.execute(query).mappings().first()


def move(connection: Connection, record_id: str, to: InquiryState, **values: object) -> bool:
    """Bring an inquiry to a state, when it stands where that state may follow. True when it did."""
    table = tables.inquiry
    done = connection.execute(
        update(table)
        .where(table.c.record_id == record_id, table.c.state.in_([one.value for one in before(to)]))
        .values(state=to.value, **values)
    )
    return done.rowcount == 1


def receive(ticket: Ticket, record_id: str, codes: Codes, key: SealKey) -> tuple[Content, ProvisionFacts]:
    """Open the answer, by permit; gives it and the record of having received it.

    Raises:
        IntermediateRefused: N0105–N0108.
    """
    admission = admit(ticket, "inquiry.receive")
    row = row_of(admission.connection, record_id)
    if row is None:
        raise IntermediateRefused("N0107", status=404)
    admit(ticket, "inquiry.receive", handles=(row["handle"], record_id))
    if row["caller"] != admission.caller or admission.permit is None:
        raise IntermediateRefused("N0106", status=403)
    if row["state"] != InquiryState.ANSWERED or row["answer"] is None:
        raise IntermediateRefused("N0108")
    asked = msgspec.json.decode(row["message"], type=Inquiry)
    binding.check(
        admission.permit,
        codes,
        requester=asked.requester,
        provider=asked.provider,
        affair=asked.affair,
        procedure=asked.procedure,
        information=asked.information,
    )
    delivery = msgspec.json.decode(row["answer"], type=Delivery)
    records = msgspec.json.decode(key.open(delivery.provision.sealed or ""), type=list[dict[str, str]])
    table = tables.inquiry
    admission.connection.execute(
        update(table).where(table.c.record_id == record_id).values(opened_ms=to_ms(admission.at))
    )
    content = Content(row["processing_number"], delivery.provider_name, records, delivery.provision.undisclosed)
    return content, received(row, asked, delivery, codes)


def received(row: RowMapping, asked: Inquiry, delivery: Delivery, codes: Codes) -> ProvisionFacts:
    """The record of what was provided to us."""
    provision = delivery.provision
    items = codes.items(asked.information, provision.items or asked.items)
    made = _facts(
        asked, codes, row["processing_number"], asked.requested_ms, items=items, affair=codes.affair(asked.affair)
    )
    hidden = "提供者の側で不開示の情報に当たる" if provision.undisclosed else made.non_disclosure
    provided = from_ms(provision.answered_ms) if provision.outcome == "provided" else None
    return msgspec.structs.replace(
        made, provided=provided, refusal=None if provided else provision.text, non_disclosure=hidden
    )


def standing(row: RowMapping) -> Standing:
    """An inquiry in the words of the counter."""
    state = InquiryState(row["state"])
    text = row["text"] or _TEXTS[state]
    return Standing(
        record_id=row["record_id"],
        processing_number=row["processing_number"],
        handle=row["handle"],
        state=state,
        text=text,
        code=row["code"],
        prepared=from_ms(row["prepared_ms"]),
        answered=from_ms(row["answered_ms"]) if row["answered_ms"] else None,
        paper=state in (InquiryState.FALLBACK_TO_PAPER, InquiryState.REFUSED, InquiryState.FAILED),
        late=row["late_ms"] is not None,
        opened=row["opened_ms"] is not None,
    )


_TEXTS = {
    InquiryState.PREPARED: "照会を受け付けた。これから情報提供ネットワークシステムに送る。",
    InquiryState.SENT: "情報提供ネットワークシステムに送っている。",
    InquiryState.ACCEPTED: "情報提供ネットワークシステムが受け付けた。提供者の回答を待っている。",
    InquiryState.ANSWERED: "回答が届いた。許可を受けて開くことができる。",
    InquiryState.REFUSED: "提供されなかった。",
    InquiryState.FAILED: "照会は行われなかった。",
    InquiryState.UNKNOWN: "送ったが、ネットワークの応答が無い。行われたかどうかを確かめている。",
    InquiryState.FALLBACK_TO_PAPER: "書類の提出により処理する。",
}
