"""Provision records (情報提供等の記録, 番号法23条・26条): who asked whom for what about a person, when, and on what ground.

One is made with every inquiry, answer and provision, by the gate, in the transaction of the act; nothing changes it
afterwards, and only the erasure of what is past its seven years removes it (the database itself refuses the rest).
"""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, delete, insert, select

from api import ids
from api.canonical import canonical
from api.clock import to_ms
from api.decision_log import Entry
from dsl.masking import twelve_digits
from linkage.acts import ACTS, Kind
from linkage.refusal import GateRefused
from linkage.storage.tables import provision_record, record_release
from linkage.ticket import admit

if TYPE_CHECKING:
    from linkage.ticket import Ticket

#: 番号法施行令: the records are kept seven years.
RETENTION_YEARS = 7

#: The acts that may leave a provision record.
RECORDING = tuple(name for name, entry in ACTS.items() if entry.kind is Kind.ACT)


class Side(enum.StrEnum):
    """Whose record it is."""

    INQUIRER = "inquirer"  # 情報照会者
    PROVIDER = "provider"  # 情報提供者


class Ground(enum.StrEnum):
    """The item of Art. 19(1) the provision rests on; as the items were first numbered after 2021."""

    NETWORK = "19-8"  # 法定の情報連携（23条）
    NETWORK_BY_ORDINANCE = "19-9"  # 条例事務の情報連携（26条による準用）
    ORDINANCE = "19-11"  # 条例による同一団体内の他の機関への提供


class Office(msgspec.Struct, frozen=True):
    """An inquirer or provider as of then: name, code of 16 digits, section, and who delegated to it."""

    name: str
    code: str
    section: str | None = None
    delegator: str | None = None


class Named(msgspec.Struct, frozen=True):
    """A code with the name it had then (JM…, JT…, TM…)."""

    code: str
    name: str


class ProvisionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What Art. 23(1) wants recorded. `provided` is None when nothing was provided; then `refusal` says why, or it waits.

    `non_disclosure` is the ground of Art. 23(2) (個人情報保護法78条1項の不開示情報に当たること) where there is one.
    `person` is the addressee handle; without it the subject of the act. `corrects` names an earlier record in error.
    """

    side: Side
    serial: str  # 処理通番
    inquirer: Office
    provider: Office
    affair: Named
    procedure: Named
    items: tuple[Named, ...]
    requested: datetime
    ground: Ground = Ground.NETWORK
    provided: datetime | None = None
    refusal: str | None = None
    non_disclosure: str | None = None
    person: str | None = None
    corrects: str | None = None


class ProvisionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record as kept: the facts, the ground in law, and where the decision, the act and the log entry stand."""

    id: str
    act: str
    evaluation: str
    act_name: str
    caller: str
    handler: str | None
    bases: tuple[str, ...]
    ruleset: str
    recorded: datetime
    retain_until: date
    facts: ProvisionFacts


def seven_years_after(day: date) -> date:
    """The day until which a record is kept.

    Examples:
        >>> seven_years_after(date(2020, 2, 29))
        datetime.date(2027, 3, 1)
    """
    try:
        return day.replace(year=day.year + RETENTION_YEARS)
    except ValueError:
        return date(day.year + RETENTION_YEARS, 3, 1)


def write(ticket: Ticket, facts: ProvisionFacts, *, act: str, subject: str | None, handler: str | None) -> Entry:
    """Keep one record, and give the log entry of it. The gate calls it, and appends the entry in the same transaction.

    Raises:
        GateRefused: G0611 the person is not one the permit names; G0612 something Art. 23 wants is missing;
            G0608 twelve digits in it.
    """
    occasion = admit(ticket, *RECORDING)
    facts = msgspec.structs.replace(facts, person=facts.person or subject)
    _complete(facts)
    admit(ticket, *RECORDING, handles=(str(facts.person),))
    permit = occasion.permit
    record = ProvisionRecord(
        id=ids.new("pr"),
        act=act,
        evaluation=permit.evaluation_id if permit else act,
        act_name=occasion.act.name,
        caller=occasion.caller,
        handler=handler,
        bases=tuple(permit.citations) if permit else (),
        ruleset=permit.ruleset if permit else "",
        recorded=occasion.at,
        retain_until=seven_years_after(occasion.at.date()),
        facts=facts,
    )
    body = canonical(msgspec.to_builtins(record))
    if twelve_digits(body.decode()):
        raise GateRefused("G0608", "記録の中に12桁の数字列がある。", "個人番号を記録に含めないでください。")
    occasion.connection.execute(provision_record.insert().values(_row(record)))
    leaf = {"act": record.act_name, "outcome": "recorded", "ruleset": record.ruleset}
    return Entry(record.id, "provision", leaf, body, record.retain_until)


def erase(ticket: Ticket, before: date, limit: int = 1000) -> int:
    """Remove up to so many records whose last day is before a day; operation retention.erase. Gives how many.

    The order is kept beside (`record_release`), without which the database removes nothing. Call it again until it
    gives 0; each call is a transaction of its own, so it may be interrupted anywhere. The log keeps its leaves.

    Raises:
        GateRefused: G0618 the day is yet to come.
    """
    here = admit(ticket, "retention.erase")
    if before > here.at.date():
        raise GateRefused("G0618", "まだ来ていない日までの記録は消去できない。", "今日までの日を示してください。")
    day, table = before.isoformat(), provision_record.c
    ids_ = here.connection.scalars(
        select(table.id).where(table.retain_until < day).order_by(table.retain_until, table.id).limit(limit)
    ).all()
    if ids_:
        order = {"operation": here.evaluation, "before": day, "ordered_ms": to_ms(here.at)}
        here.connection.execute(insert(record_release), [order])
        here.connection.execute(delete(provision_record).where(table.id.in_(ids_)))
    return len(ids_)


def _complete(facts: ProvisionFacts) -> None:
    """Refuse a record that lacks what the Act wants."""
    names = (facts.inquirer.name, facts.provider.name, facts.affair.code, facts.procedure.code, facts.serial)
    if facts.person is None or not all(names) or not facts.items:
        raise GateRefused(
            "G0612",
            "情報提供等の記録に、欠けている事項がある。",
            "本人の識別子、照会者・提供者の名称、事務・手続、項目、処理通番をすべて示してください（番号法23条）。",
        )


def _row(record: ProvisionRecord) -> dict[str, Any]:
    facts = record.facts
    return {
        "id": record.id,
        "person": facts.person,
        "side": facts.side.value,
        "serial": facts.serial,
        "act": record.act,
        "evaluation": record.evaluation,
        "requested_ms": to_ms(facts.requested),
        "provided_ms": to_ms(facts.provided) if facts.provided else None,
        "recorded_ms": to_ms(record.recorded),
        "non_disclosure": facts.non_disclosure is not None,
        "retain_until": record.retain_until.isoformat(),
        "body": msgspec.json.encode(record),
    }


def of_person(
    connection: Connection, person: str, *, withheld: bool = False, before: datetime | None = None, limit: int = 100
) -> tuple[ProvisionRecord, ...]:
    """The records about a person, newest first, as My Portal shows them.

    Records under non-disclosure (Art. 23(2)) are left out unless `withheld`.
    """
    query = select(provision_record.c.body).where(provision_record.c.person == person)
    if not withheld:
        query = query.where(~provision_record.c.non_disclosure)
    if before is not None:
        query = query.where(provision_record.c.recorded_ms < to_ms(before))
    query = query.order_by(provision_record.c.recorded_ms.desc(), provision_record.c.id).limit(limit)
    return tuple(msgspec.json.decode(body, type=ProvisionRecord) for body in connection.scalars(query))


def of_serial(connection: Connection, serial: str) -> tuple[ProvisionRecord, ...]:
    """Both sides' records of one 処理通番 that are kept here."""
    query = select(provision_record.c.body).where(provision_record.c.serial == serial)
    return tuple(msgspec.json.decode(body, type=ProvisionRecord) for body in connection.scalars(query))
