"""業務の記録の登録: a record of a person, or its next version, sealed into an open file of the permit's affair."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from api import ids
from api.clock import to_ms
from linkage.addressee import people
from linkage.addressee.vault import CONTENT, Value
from linkage.files import opening, tables
from linkage.files.refusals import FileRefused
from linkage.files.values import Written, cell, encoded
from linkage.retention import cases, holds
from linkage.ticket import admit

if TYPE_CHECKING:
    from linkage.addressee.vault import Vault
    from linkage.ticket import Admission, Ticket

#: The procedure of a case when the decision was about none: the affair's own years count.
_NO_PROCEDURE = "-"


def write(
    ticket: Ticket,
    vault: Vault,
    file: str,
    person: str,
    fields: Mapping[str, str],
    *,
    record: str | None = None,
    after: int = 0,
    closed: date | None = None,
) -> Written:
    """Write a record, or a further version of one. Act record.write, naming the file, the person, and the record.

    It belongs to the person's running case in the procedure that was decided on, which is opened when there is none.

    Args:
        ticket: of the act.
        vault: where it is sealed.
        file: id of the file in the register.
        person: handle of the addressee.
        fields: names and texts; no Individual Number.
        record: which record this is a version of; None for a new one.
        after: the version that the writer saw last, so that nobody's writing is lost.
        closed: the day on which the case ended, when this is its last record: the retention period is counted from it.

    Raises:
        FileRefused: G0931, G0932, G0934, G0935, G0936; G0937 no such record; G0938 it has a later version.
        AddresseeRefused: G0622, G0626.
        RetentionRefused: G0735, a day out of place.
    """
    here = admit(ticket, "record.write", handles=(file, person, *(() if record is None else (record,))))
    content = encoded(fields)
    connection = here.connection
    holds.beside(connection)
    opening.opened(here, file)
    people.alone_with(connection, person)
    record, owner, version = _next(here, file, person, record, after)
    case = cases.running(ticket, person, *_matter(here))
    row = {
        "record": record,
        "version": version,
        "case_id": case,
        "evaluation": here.evaluation,
        "caller": here.caller,
        "written_ms": to_ms(here.at),
    }
    connection.execute(insert(tables.version), [row])
    vault.put(ticket, [Value(cell(file, owner, record, version), CONTENT, content)])
    if closed is not None:
        cases.close_case(ticket, case, person, closed)
    return Written(record, version, case)


def _next(here: Admission, file: str, person: str, record: str | None, after: int) -> tuple[str, str, int]:
    """The record, the addressee it is kept under (perhaps one merged into the person), and the version to come."""
    table, connection = tables.record, here.connection
    if record is None:
        made = ids.new("fr")
        connection.execute(insert(table), [{"id": made, "file": file, "person": person, "current": 1}])
        return made, person, 1
    whose = table.c.person.in_(people.handles_of(connection, person))
    row = connection.execute(select(table).where(table.c.id == record, table.c.file == file, whose)).mappings().first()
    if row is None:
        raise FileRefused("G0937", status=404)
    if row["current"] != after:
        raise FileRefused("G0938", version=str(row["current"]))
    connection.execute(update(table).where(table.c.id == record).values(current=after + 1))
    return record, str(row["person"]), after + 1


def _matter(here: Admission) -> tuple[str, str]:
    """Affair and procedure of the decision, as cases are kept by them."""
    asked = {} if here.permit is None else here.permit.request
    return str(asked.get("affair")), str(asked.get("procedure") or "").rpartition("/")[2] or _NO_PROCEDURE
