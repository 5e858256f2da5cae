"""What is due of each kind, and how it is erased. Whoever is held back is left out, inside the transaction that erases."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Select,
    Table,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.sql.elements import KeyedColumnElement

from api.clock import FixedClock, to_ms
from api.decision_log import erase as erase_bodies
from api.publication import JAPAN
from api.storage.tables import log_payload
from linkage.addressee import people
from linkage.addressee.vault import CONTENT
from linkage.files import tables as fi
from linkage.files.values import cell
from linkage.intermediate import tables as im
from linkage.intermediate.states import ENDS, ProvisionState
from linkage.retention import holds, tables
from linkage.retention.rules import KindRule, Rules
from linkage.storage import tables as st
from linkage.ticket import Admission, admit

if TYPE_CHECKING:
    from linkage.ticket import Ticket

Held = Collection[str]
Column = KeyedColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Eraser:
    """One kind: `due` selects the keys of what is due before a cutoff, `remove` erases the rows of such keys."""

    id: str
    due: Callable[[date, Held], Select[Any]]
    remove: Callable[[Admission, Sequence[Any], date], None]


def step(ticket: Ticket, kind: KindRule, before: date, limit: int) -> int:
    """Erase up to so many of a kind, in the running transaction; gives how many. Operation retention.erase."""
    here = admit(ticket, "retention.erase")
    holds.alone(here.connection)
    held = holds.held(here.connection)
    cutoff = kind.cutoff(before)
    if kind.id == LOG:
        return erase_bodies(here.connection, _log_cut(here.connection, cutoff, held), FixedClock(here.at), limit=limit)
    eraser = ERASERS[kind.id]
    keys = here.connection.execute(eraser.due(cutoff, held).limit(limit)).all()
    if keys:
        eraser.remove(here, keys, cutoff)
    return len(keys)


def due(connection: Connection, kind: KindRule, before: date, held: Held) -> int:
    """How many of a kind are due, those held back left out."""
    cutoff = kind.cutoff(before)
    if kind.id == LOG:
        cut = _log_cut(connection, cutoff, held).isoformat()
        found = connection.scalar(select(func.count()).where(log_payload.c.retain_until < cut))
    else:
        found = connection.scalar(select(func.count()).select_from(ERASERS[kind.id].due(cutoff, held).subquery()))
    return found or 0


def known(rules: Rules) -> tuple[KindRule, ...]:
    """The kinds in the order in which they are erased: persons before the cases that tell of them.

    Raises:
        ValueError: When the data and the program do not know the same kinds.
    """
    if {kind.id for kind in rules.kinds} != {LOG, *ERASERS}:
        raise ValueError("保存期間の登録簿の種類が、消去の作業の種類と違う")
    return tuple(rules.kind(id_) for id_ in (*ERASERS, LOG))


# ---- the log -------------------------------------------------------------------------------------

LOG = "log-body"


def _log_cut(connection: Connection, before: date, held: Held) -> date:
    """The day up to which bodies can be erased so that none about a person held back goes with them.

    The log erases by days. A body names persons by their handles, so those due are looked through.
    """
    if not held:
        return before
    body = log_payload.c.body
    inside = func.instr if connection.dialect.name == "sqlite" else func.pg_catalog.position
    named = or_(*(inside(body, literal(handle.encode(), LargeBinary)) > 0 for handle in sorted(held)))
    query = select(func.min(log_payload.c.retain_until)).where(log_payload.c.retain_until < before.isoformat(), named)
    day = connection.scalar(query)
    return before if day is None else date.fromisoformat(day)


# ---- rows of one table ---------------------------------------------------------------------------


def _free(column: Column, held: Held) -> ColumnElement[bool]:
    return or_(column.is_(None), column.not_in(list(held)))


def _day_ms(day: date) -> int:
    return to_ms(datetime(day.year, day.month, day.day, tzinfo=JAPAN))


def _by_id(table: Table, key: str, keys: Sequence[Any]) -> ColumnElement[bool]:
    return table.c[key].in_([row[0] for row in keys])


def _records_due(before: date, held: Held) -> Select[Any]:
    table = st.provision_record
    query = select(table.c.id).where(table.c.retain_until < before.isoformat(), _free(table.c.person, held))
    return query.order_by(table.c.retain_until, table.c.id)


def _remove_records(here: Admission, keys: Sequence[Any], before: date) -> None:
    """As `linkage.records.erase`: the order stands beside, without which the database removes nothing."""
    order = {"operation": here.evaluation, "before": before.isoformat(), "ordered_ms": to_ms(here.at)}
    here.connection.execute(insert(st.record_release), [order])
    here.connection.execute(delete(st.provision_record).where(_by_id(st.provision_record, "id", keys)))


def _cases_due(before: date, held: Held) -> Select[Any]:
    table = tables.case
    return (
        select(table.c.id)
        .where(table.c.keep_until < before.isoformat(), _free(table.c.handle, held))
        .order_by(table.c.id)
    )


def _remove_cases(here: Admission, keys: Sequence[Any], _: date) -> None:
    here.connection.execute(delete(tables.case).where(_by_id(tables.case, "id", keys)))


def _file_records_due(before: date, held: Held) -> Select[Any]:
    """Records of files no version of which belongs to a case that runs or is still within its years."""
    table, version, case = fi.record, fi.version, tables.case
    needed = exists().where(
        version.c.record == table.c.id,
        case.c.id == version.c.case_id,
        or_(case.c.keep_until.is_(None), case.c.keep_until >= before.isoformat()),
    )
    return select(table.c.id).where(~needed, _free(table.c.person, held)).order_by(table.c.id)


def _remove_file_records(here: Admission, keys: Sequence[Any], _: date) -> None:
    """Every version of each. Who writes waits, by the lock that erasure has alone (`holds.beside`)."""
    _alone_with_vault(here.connection)
    table, version = fi.record, fi.version
    for (id_,) in keys:
        query = select(table.c.file, table.c.person, table.c.id, version.c.version)
        rows = here.connection.execute(query.join(version, version.c.record == table.c.id).where(table.c.id == id_))
        _drop_cells(here.connection, CONTENT, [cell(*row) for row in rows])
    here.connection.execute(delete(version).where(_by_id(version, "record", keys)))
    here.connection.execute(delete(table).where(_by_id(table, "id", keys)))


def _codes_due(before: date, held: Held) -> Select[Any]:
    table = im.link_code
    query = select(table.c.agency, table.c.handle).where(
        table.c.code.is_(None), table.c.asked_ms < _day_ms(before), _free(table.c.handle, held)
    )
    return query.order_by(table.c.agency, table.c.handle)


def _remove_codes(here: Admission, keys: Sequence[Any], _: date) -> None:
    table = im.link_code
    for agency, handle in keys:
        here.connection.execute(
            delete(table).where(table.c.agency == agency, table.c.handle == handle, table.c.code.is_(None))
        )


# ---- numbers and persons -------------------------------------------------------------------------


def _numbers_due(before: date, held: Held) -> Select[Any]:
    table = st.addressee_number
    query = select(table.c.id).where(table.c.until < before.isoformat(), _free(table.c.handle, held))
    return query.order_by(table.c.id)


def _remove_numbers(here: Admission, keys: Sequence[Any], _: date) -> None:
    _alone_with_persons(here.connection)
    ids = [row[0] for row in keys]
    _drop_cells(here.connection, people.NUMBER, ids)
    table = st.addressee_number
    here.connection.execute(delete(table).where(table.c.id.in_(ids)))


def _persons_due(before: date, held: Held) -> Select[Any]:
    """Non-residents with cases, all of them past their years, of whom something is still there."""
    person, case, day = st.addressee, tables.case, before.isoformat()
    cases = case.c.handle == person.c.handle
    running = or_(case.c.keep_until.is_(None), case.c.keep_until >= day)
    cell = and_(st.vault_cell.c.record == person.c.handle, st.vault_cell.c.purpose == people.BASIC)
    kept = or_(exists().where(st.addressee_number.c.handle == person.c.handle), exists().where(cell))
    query = select(person.c.handle).where(
        person.c.kind == "non_resident",
        exists().where(cases),
        ~exists().where(cases, running),
        kept,
        _free(person.c.handle, held),
    )
    return query.order_by(person.c.handle)


def _remove_persons(here: Admission, keys: Sequence[Any], _: date) -> None:
    """Everything by which the person is known; the handle and its 統合宛名番号 stay, so that none is given out again."""
    _alone_with_persons(here.connection)
    handles, number = [row[0] for row in keys], st.addressee_number
    ids = list(here.connection.scalars(select(number.c.id).where(number.c.handle.in_(handles))))
    _drop_cells(here.connection, people.NUMBER, ids)
    _drop_cells(here.connection, people.BASIC, handles)
    for table in (number, st.addressee_map, im.link_code):
        here.connection.execute(delete(table).where(table.c.handle.in_(handles)))


def _alone_with_persons(connection: Connection) -> None:
    """The locks of the addressees and of the vault, in their order."""
    people.hold(connection)
    _alone_with_vault(connection)


def _alone_with_vault(connection: Connection) -> None:
    connection.execute(select(st.vault_state).with_for_update(read=True)).one_or_none()


def _drop_cells(connection: Connection, purpose: str, records: Sequence[str]) -> None:
    for table in (st.vault_cell, st.vault_index):
        connection.execute(delete(table).where(table.c.purpose == purpose, table.c.record.in_(list(records))))


# ---- copies, inquiries, provisions ---------------------------------------------------------------

_COPY_KEY = ("agency", "handle", "information", "dataset", "record_key", "version")


def _copies_due(before: date, held: Held) -> Select[Any]:
    """Versions overtaken before the day, and the newest once its publication ended before it.

    Older versions come first in the order, and the newest is not due before they are: nothing older comes back.
    """
    table, other = im.copy, im.copy.alias()
    day, ms = before.isoformat(), _day_ms(before)
    same = and_(*(table.c[key] == other.c[key] for key in _COPY_KEY[:-1]))
    newer = and_(same, other.c.version > table.c.version)
    overtaken = exists().where(newer, other.c.registered_ms < ms)
    ended = or_(table.c.withdrawn_ms < ms, table.c.public_until < day)
    no_older = ~exists().where(same, other.c.version < table.c.version)
    newest = and_(~exists().where(newer), ended, or_(table.c.registered_ms < ms, no_older))
    query = select(*(table.c[key] for key in _COPY_KEY)).where(or_(overtaken, newest), _free(table.c.handle, held))
    return query.order_by(*(table.c[key] for key in _COPY_KEY))


def _remove_copies(here: Admission, keys: Sequence[Any], _: date) -> None:
    table = im.copy
    for row in keys:
        here.connection.execute(
            delete(table).where(*(table.c[key] == value for key, value in zip(_COPY_KEY, row, strict=True)))
        )


def _inquiries(before: date, held: Held) -> Select[Any]:
    table = im.inquiry
    states = [state.value for state in ENDS]
    query = select(table.c.record_id).where(
        table.c.state.in_(states), table.c.ended_ms < _day_ms(before), _free(table.c.handle, held)
    )
    return query.order_by(table.c.record_id)


def _answers_due(before: date, held: Held) -> Select[Any]:
    return _inquiries(before, held).where(im.inquiry.c.answer.is_not(None))


def _strip_answers(here: Admission, keys: Sequence[Any], _: date) -> None:
    table = im.inquiry
    here.connection.execute(update(table).where(_by_id(table, "record_id", keys)).values(answer=None))


def _remove_inquiries(here: Admission, keys: Sequence[Any], _: date) -> None:
    here.connection.execute(delete(im.inquiry).where(_by_id(im.inquiry, "record_id", keys)))


def _provisions(before: date, held: Held) -> Select[Any]:
    table = im.provision
    query = select(table.c.processing_number).where(
        table.c.state.in_([ProvisionState.DELIVERED.value, ProvisionState.UNDELIVERABLE.value]),
        func.coalesce(table.c.delivered_ms, table.c.answered_ms, table.c.received_ms) < _day_ms(before),
        _free(table.c.handle, held),
    )
    return query.order_by(table.c.processing_number)


def _given_due(before: date, held: Held) -> Select[Any]:
    return _provisions(before, held).where(im.provision.c.answer.is_not(None))


def _strip_given(here: Admission, keys: Sequence[Any], _: date) -> None:
    table = im.provision
    here.connection.execute(update(table).where(_by_id(table, "processing_number", keys)).values(answer=None))


def _remove_provisions(here: Admission, keys: Sequence[Any], _: date) -> None:
    here.connection.execute(delete(im.provision).where(_by_id(im.provision, "processing_number", keys)))


ERASERS = {
    eraser.id: eraser
    for eraser in (
        Eraser("provision-record", _records_due, _remove_records),
        Eraser("number-before", _numbers_due, _remove_numbers),
        Eraser("person", _persons_due, _remove_persons),
        Eraser("file-record", _file_records_due, _remove_file_records),
        Eraser("case", _cases_due, _remove_cases),
        Eraser("copy", _copies_due, _remove_copies),
        Eraser("inquiry-answer", _answers_due, _strip_answers),
        Eraser("provision-answer", _given_due, _strip_given),
        Eraser("inquiry", _inquiries, _remove_inquiries),
        Eraser("provision", _provisions, _remove_provisions),
        Eraser("code-asked", _codes_due, _remove_codes),
    )
}
