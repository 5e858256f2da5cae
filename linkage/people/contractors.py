"""Subcontractors (委託・再委託, 番号法10条・11条): contracts in a chain, consent of who entrusted first, supervision."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, RowMapping, func, insert, select, update

from api import ids
from api.clock import to_ms
from linkage.people import organisation, tables
from linkage.people.keeping import admitted, identifier, in_force, make_stale, period, worded
from linkage.people.refusals import PeopleRefused
from linkage.people.requirements import months_after, requirements

if TYPE_CHECKING:
    from linkage.ticket import Ticket


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """A contract. `parent` is the contract of whoever entrusts further; without it the municipality entrusts.

    `safeguards`: what was ascertained of the subcontractor's safety measures before it was chosen.
    """

    body: str
    contractor: str
    agency: str
    section: str
    affairs: tuple[str, ...]
    staff: int
    safeguards: str
    first: date
    last: date
    parent: str | None = None
    callers: tuple[str, ...] = ()


class Listed(msgspec.Struct, frozen=True):
    """A contract in the list of subcontractors (委託先の一覧), and what stands in its way on the day."""

    id: str
    contractor: str
    depth: int  # 1: 委託, 2: 再委託, …
    affairs: tuple[str, ...]
    staff: int
    first: date
    last: date
    consented: bool
    supervised: date | None
    problem: str | None  # code of the refusal that its callers would meet


def entrust(ticket: Ticket, terms: Terms) -> str:
    """Enter a contract; gives its id. A re-entrustment stays within its parent, and opens nothing without consent.

    Raises:
        PeopleRefused: G0716–G0720, G0725, G0726.
    """
    connection = admitted(ticket).connection
    worded(委託先=terms.contractor, 安全管理措置の確認=terms.safeguards)
    period(terms.first, terms.last)
    if terms.staff < 1 or not terms.affairs:
        raise PeopleRefused("G0717", what="従業者の数、委託する事務")
    if terms.parent is not None:
        _within_parent(connection, terms)
    for affair in terms.affairs:
        carrying = {(d.agency, d.section) for d in organisation.duties(connection, terms.body, terms.first, affair)}
        if (terms.agency, terms.section) not in carrying:
            raise PeopleRefused("G0720", section=f"{terms.agency} {terms.section}", affair=affair)
    id_ = ids.new("ct")
    values = {
        "id": id_,
        "body": terms.body,
        "contractor": terms.contractor,
        "parent": terms.parent,
        "agency": terms.agency,
        "section": terms.section,
        "staff": terms.staff,
        "safeguards": terms.safeguards,
        "first": terms.first.isoformat(),
        "last": terms.last.isoformat(),
    }
    connection.execute(insert(tables.contract), [values])
    connection.execute(insert(tables.contract_affair), [{"contract": id_, "affair": a} for a in set(terms.affairs)])
    if terms.callers:
        rows = [{"contract": id_, "caller": identifier(caller)} for caller in set(terms.callers)]
        connection.execute(insert(tables.contract_caller), rows)
    return id_


def _within_parent(connection: Connection, terms: Terms) -> None:
    parent = _row(connection, str(terms.parent))
    inside = parent["first"] <= terms.first.isoformat() and terms.last.isoformat() <= parent["last"]
    if parent["body"] != terms.body or not inside or not set(terms.affairs) <= affairs_of(connection, parent["id"]):
        raise PeopleRefused("G0726")


def consent(ticket: Ticket, contract: str, given: date, conditions: str) -> str:
    """Enter that the municipality, which entrusted first, consents to a re-entrustment (番号法10条). Gives its id.

    Raises:
        PeopleRefused: G0725 no such contract; G0726 not a re-entrustment; G0718 a day to come.
    """
    admission = admitted(ticket)
    worded(許諾の条件=conditions)
    if _row(admission.connection, contract)["parent"] is None:
        raise PeopleRefused("G0726")
    if given > admission.at.date():
        raise PeopleRefused("G0718")
    id_ = ids.new("cs")
    values = {"id": id_, "contract": contract, "given": given.isoformat(), "conditions": conditions}
    admission.connection.execute(insert(tables.consent), [values])
    return id_


def withdraw_consent(ticket: Ticket, contract: str, on: date) -> int:
    """Consent is withdrawn from this day on. Permits issued before are stale. Gives how many consents ended.

    Raises:
        PeopleRefused: G0725.
    """
    admission = admitted(ticket)
    table, row = tables.consent, _row(admission.connection, contract)
    ended = admission.connection.execute(
        update(table).where(table.c.contract == contract, table.c.withdrawn.is_(None)).values(withdrawn=on.isoformat())
    )
    make_stale(admission, row["body"], "再委託の許諾の取消し")
    return ended.rowcount


def supervise(ticket: Ticket, contract: str, on: date, kind: str, finding: str, *, in_order: bool) -> str:
    """Enter how a subcontractor was looked at (報告・実地の監査), and whether it was in order. Gives the id.

    Raises:
        PeopleRefused: G0716–G0718, G0725.
    """
    admission = admitted(ticket)
    worded(監督の方法=kind, 結果=finding)
    row = _row(admission.connection, contract)
    if on > admission.at.date():
        raise PeopleRefused("G0718")
    looked = select(func.max(tables.supervision.c.seq)).where(tables.supervision.c.contract == contract)
    seq = (admission.connection.scalar(looked) or 0) + 1
    id_ = ids.new("sv")
    values = {
        "id": id_,
        "contract": contract,
        "on": on.isoformat(),
        "seq": seq,
        "kind": kind,
        "finding": finding,
        "in_order": int(in_order),
        "written_ms": to_ms(admission.at),
    }
    admission.connection.execute(insert(tables.supervision), [values])
    if not in_order:
        make_stale(admission, row["body"], "委託先の取扱いの不備")
    return id_


def end(ticket: Ticket, contract: str, last: date) -> None:
    """The contract ends with this day, before its time. Permits issued before are stale.

    Raises:
        PeopleRefused: G0725, G0718.
    """
    admission = admitted(ticket)
    row = _row(admission.connection, contract)
    period(date.fromisoformat(row["first"]), last)
    if last.isoformat() < row["last"]:
        table = tables.contract
        admission.connection.execute(update(table).where(table.c.id == contract).values(last=last.isoformat()))
    make_stale(admission, row["body"], "委託の終了")


def affairs_of(connection: Connection, contract: str) -> frozenset[str]:
    """The affairs that a contract entrusts."""
    table = tables.contract_affair
    return frozenset(connection.scalars(select(table.c.affair).where(table.c.contract == contract)))


def contracts_of(connection: Connection, caller: str) -> tuple[str, ...]:
    """The contracts by which a caller comes, whenever they were; nothing for a caller of the municipality itself."""
    table = tables.contract_caller
    return tuple(
        connection.scalars(select(table.c.contract).where(table.c.caller == caller).order_by(table.c.contract))
    )


def chain(connection: Connection, contract: str) -> tuple[RowMapping, ...]:
    """The contract and those above it, up to the municipality's own.

    Raises:
        PeopleRefused: G0725.
    """
    found = [_row(connection, contract)]
    while found[-1]["parent"] is not None:
        found.append(_row(connection, found[-1]["parent"]))
    return tuple(found)


def may_act(connection: Connection, contract: str, scope: Collection[str], affair: str, on: date) -> None:
    """Return when a subcontractor may do something in an affair on a day: every link of the chain is in order.

    Raises:
        PeopleRefused: G0721 out of its time; G0722 another affair; G0723 no consent; G0724 not supervised; G0725.
    """
    for row in chain(connection, contract):
        problem = _problem(connection, row, scope, on)
        if problem is not None:
            raise PeopleRefused(problem, status=403, affair=affair, months=str(requirements().supervision.months))


def _problem(connection: Connection, row: RowMapping, scope: Collection[str], on: date) -> str | None:
    day = on.isoformat()
    if not row["first"] <= day <= row["last"]:
        return "G0721"
    if affairs_of(connection, row["id"]).isdisjoint(scope):
        return "G0722"
    if row["parent"] is not None and not consented(connection, row["id"], on):
        return "G0723"
    if not _supervised(connection, row, on):
        return "G0724"
    return None


def consented(connection: Connection, contract: str, on: date) -> bool:
    """Whether the municipality's consent to a re-entrustment stands on a day."""
    table, day = tables.consent, on.isoformat()
    query = select(table.c.id).where(
        table.c.contract == contract,
        table.c.given <= day,
        table.c.withdrawn.is_(None) | (table.c.withdrawn > day),
    )
    return connection.scalar(query.limit(1)) is not None


def _supervised(connection: Connection, row: RowMapping, on: date) -> bool:
    """Looked at within the interval (of a new contract, not yet due), and found in order the last time."""
    table = tables.supervision
    query = select(table).where(table.c.contract == row["id"], table.c.on <= on.isoformat())
    last = connection.execute(query.order_by(table.c.on.desc(), table.c.seq.desc()).limit(1)).mappings().first()
    if last is not None and not last["in_order"]:
        return False
    since = date.fromisoformat(row["first"] if last is None else last["on"])
    return on <= months_after(since, requirements().supervision.months)


def listed(connection: Connection, body: str, on: date) -> Iterator[Listed]:
    """The list of subcontractors on a day, with what stands in the way of each (安全管理措置)."""
    table = tables.contract
    query = select(table).where(table.c.body == body, in_force(table, on)).order_by(table.c.contractor, table.c.id)
    for row in connection.execute(query).mappings().all():
        affairs = affairs_of(connection, row["id"])
        links = chain(connection, row["id"])
        problems = (_problem(connection, link, affairs, on) for link in links)
        seen = select(func.max(tables.supervision.c.on)).where(tables.supervision.c.contract == row["id"])
        last = connection.scalar(seen)
        yield Listed(
            row["id"],
            row["contractor"],
            len(links),
            tuple(sorted(affairs)),
            row["staff"],
            date.fromisoformat(row["first"]),
            date.fromisoformat(row["last"]),
            row["parent"] is None or consented(connection, row["id"], on),
            None if last is None else date.fromisoformat(last),
            next((problem for problem in problems if problem is not None), None),
        )


def _row(connection: Connection, contract: str) -> RowMapping:
    row = connection.execute(select(tables.contract).where(tables.contract.c.id == contract)).mappings().first()
    if row is None:
        raise PeopleRefused("G0725")
    return row
