"""The flow of notifications and cards. Each step needs a live ticket of the operation rights.write.

What J-LIS does is recorded with the task of the register it does it by: a law's own task, or a delegation of the mayor.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import Connection, RowMapping, func, insert, or_, select, update

from api.clock import from_ms, to_ms
from linkage.addressee.changes import survivor
from linkage.cards import tables
from linkage.cards.refusals import CardRefused
from linkage.cards.register import expiry, register, task
from linkage.cards.values import MOVES, Case, Done, Identity, Kind, State, Step
from linkage.ticket import admit

if TYPE_CHECKING:
    from linkage.ticket import Admission, Ticket

_W = "rights.write"
_C = tables.case
_OVER = (State.RETURNED.value, State.CANCELLED.value)


def ask_number(ticket: Ticket, case: str, person: str) -> None:
    """住民票コードを通知し、番号の生成を求める (番号法8条1項); J-LIS generates it.

    Raises:
        CardRefused: M0303, M0310.
    """
    here = admit(ticket, _W)
    _known(here, person)
    text = f"機構に番号の生成を求めた（番号法第8条第1項）。{task('generate', here.at.date()).text}。"
    _open(here, case, Kind.NOTIFICATION, person, State.ASKED)
    _done(ticket, case, "生成の求め", text)


def apply(ticket: Ticket, case: str, person: str) -> None:
    """カードの申請 (番号法16条の2第1項), through the mayor.

    Raises:
        CardRefused: M0305 there is a card, or one under way; M0310.
    """
    here = admit(ticket, _W)
    _known(here, person)
    today = here.at.date().isoformat()
    open_ = select(_C.c.id).where(
        _C.c.person == person,
        _C.c.kind == Kind.CARD.value,
        _C.c.state.not_in(_OVER),
        or_(_C.c.expires.is_(None), _C.c.expires >= today),
        _C.c.state != State.LOST.value,
    )
    if here.connection.scalar(open_.limit(1)) is not None:
        raise CardRefused("M0305")
    _open(here, case, Kind.CARD, person, State.APPLIED)
    _done(ticket, case, "申請", "カードの申請を受け付けた（番号法第16条の2第1項・第2項）。")


def move(ticket: Ticket, case: str, step: Step, text: str = "", identity: Identity | None = None) -> None:
    """Take a step.

    Raises:
        CardRefused: M0301; M0302 not from where it stands; M0303 nobody may do it; M0304 the identity at the issue;
            M0305 another card was issued meanwhile.
    """
    here = admit(ticket, _W)
    row, to = _row(here.connection, case, lock=True), MOVES[step]
    state, today = State(row["state"]), here.at.date()
    if state not in to.sources:
        raise CardRefused("M0302", state=state.value, step=to.japanese)
    values: dict[str, str] = {"state": to.to.value}
    said = [f"{to.japanese}（{to.article}）", text]
    if to.task is not None:
        said.append(task(to.task, today).text)
    if step is Step.ISSUE:
        values["expires"] = _issued(identity, today).isoformat()
        said.append(f"有効期間は{values['expires']}まで（仮定{register().validity.assumption}）")
    if step is Step.FIND:
        _alone(here, row)
    here.connection.execute(update(_C).where(_C.c.id == case).values(values))
    _done(ticket, case, to.japanese, "。".join(filter(None, said)) + "。")


def case_of(connection: Connection, case: str) -> Case:
    """A case as it stands.

    Raises:
        CardRefused: M0301.
    """
    return _case(connection, _row(connection, case))


def of_person(connection: Connection, person: str) -> tuple[Case, ...]:
    """The cases of a person, newest first."""
    rows = connection.execute(select(_C).where(_C.c.person == person).order_by(_C.c.made_ms.desc(), _C.c.id))
    return tuple(_case(connection, row) for row in rows.mappings().all())


def expired(connection: Connection, on: date) -> tuple[Case, ...]:
    """Cards past their time that were not yet given back (番号法17条10項・11項)."""
    query = select(_C).where(_C.c.state == State.ISSUED.value, _C.c.expires < on.isoformat()).order_by(_C.c.expires)
    return tuple(_case(connection, row) for row in connection.execute(query).mappings().all())


def _issued(identity: Identity | None, today: date) -> date:
    documents = register().documents
    if identity is None or not identity.record_compared or identity.document not in documents:
        raise CardRefused("M0304", 400, documents="・".join(documents))
    if identity.birth > today:
        raise CardRefused("M0304", 400, documents="・".join(documents))
    return expiry(identity.birth, today)


def _alone(here: Admission, row: RowMapping) -> None:
    """A card that was found is not put back beside a newer one."""
    other = select(_C.c.id).where(
        _C.c.person == row["person"],
        _C.c.kind == Kind.CARD.value,
        _C.c.id != row["id"],
        _C.c.state.not_in((*_OVER, State.LOST.value)),
    )
    if here.connection.scalar(other.limit(1)) is not None:
        raise CardRefused("M0305")


def _known(here: Admission, person: str) -> None:
    if survivor(here.connection, person) is None:
        raise CardRefused("M0310", 404)


def _open(here: Admission, case: str, kind: Kind, person: str, state: State) -> None:
    row = {"id": case, "kind": kind.value, "person": person, "state": state.value, "made_ms": to_ms(here.at)}
    here.connection.execute(insert(_C), [row])


def _row(connection: Connection, case: str, *, lock: bool = False) -> RowMapping:
    query = select(_C).where(_C.c.id == case)
    found = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if found is None:
        raise CardRefused("M0301", 404)
    return found


def _case(connection: Connection, row: RowMapping) -> Case:
    table = tables.step
    steps = connection.execute(select(table).where(table.c.card_case == row["id"]).order_by(table.c.seq))
    return Case(
        id=row["id"],
        kind=Kind(row["kind"]),
        person=row["person"],
        state=State(row["state"]),
        expires=date.fromisoformat(row["expires"]) if row["expires"] else None,
        steps=tuple(Done(from_ms(one.at_ms), one.step, one.text, one.by, one.evaluation) for one in steps),
    )


def _done(ticket: Ticket, case: str, step: str, text: str) -> None:
    here = admit(ticket, _W)
    table = tables.step
    seq = here.connection.scalar(select(func.count()).select_from(table).where(table.c.card_case == case)) or 0
    row = {"card_case": case, "seq": seq, "at_ms": to_ms(here.at), "step": step, "text": text}
    here.connection.execute(insert(table), [row | {"by": here.caller, "evaluation": here.evaluation}])
