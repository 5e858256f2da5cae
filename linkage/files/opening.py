"""Files created and closed. What a file is (agency, affair, name) stands in the register of assessments, and only there.

Creating one is an act: it begins to hold Specific Personal Information, which needs a decision and an assessment
(番号法20条・28条1項; the gate's guard asks for the latter). Closing one is an operation of who keeps the register: it
touches nobody's information, since it is refused while there are records, and it ends the entry of the register with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Select, and_, func, insert, or_, select, update

from api.clock import to_ms
from linkage.assessments import registering
from linkage.assessments import tables as register
from linkage.files import tables
from linkage.files.refusals import FileRefused
from linkage.ticket import admit

if TYPE_CHECKING:
    from linkage.ticket import Admission, Ticket


def create(ticket: Ticket, file: str) -> None:
    """特定個人情報ファイルの作成: open a file of the register for records. Act file.create, naming the file.

    Raises:
        FileRefused: G0931 not in the register; G0932 of another affair or agency than the permit's; G0933 there already.
    """
    here = admit(ticket, "file.create", handles=(file,))
    _registered(here, select(register.file).where(register.file.c.id == file).with_for_update())
    connection = here.connection
    if connection.scalar(select(tables.file.c.file).where(tables.file.c.file == file)) is not None:
        raise FileRefused("G0933")
    row = {"file": file, "evaluation": here.evaluation, "created_ms": to_ms(here.at)}
    connection.execute(insert(tables.file), [row])


def close(ticket: Ticket, file: str) -> None:
    """The file is held no more: nothing is written into it from now on, and its entry in the register ends today.

    Operation register.write.

    Raises:
        AssessmentRefused: G0704 not in the register.
        FileRefused: G0934 not open; G0939 records are left, whose time is not over.
    """
    here = admit(ticket, "register.write")
    registering.end_file(ticket, file)  # first: its row keeps writers out until the commit
    record, table = tables.record, tables.file
    left = here.connection.scalar(select(func.count()).select_from(record).where(record.c.file == file))
    if left:
        raise FileRefused("G0939", count=str(left))
    closed = update(table).where(table.c.file == file, table.c.closed_ms.is_(None)).values(closed_ms=to_ms(here.at))
    if not here.connection.execute(closed).rowcount:
        raise FileRefused("G0934")


def opened(here: Admission, file: str) -> None:
    """Refuse a file that is not open for the affair and agency of the permit; it stays open to the end of the transaction.

    Raises:
        FileRefused: G0931, G0932, G0934.
    """
    _registered(here, select(register.file).where(register.file.c.id == file).with_for_update(read=True))
    table = tables.file
    query = select(table.c.file).where(table.c.file == file, table.c.closed_ms.is_(None))
    if here.connection.scalar(query) is None:
        raise FileRefused("G0934")


def within(here: Admission) -> ColumnElement[bool]:
    """The open files of the permit's affair and agency, that the register has today, as a condition on the register."""
    body, agency, affair = decided(here)
    table, file, day = register.file.c, tables.file.c, here.at.date().isoformat()
    open_ = select(file.file).where(file.closed_ms.is_(None))
    return and_(
        table.body == body,
        table.agency == agency,
        table.affair == affair,
        table.entered <= day,
        or_(table.last.is_(None), table.last >= day),
        table.id.in_(open_),
    )


def decided(here: Admission) -> tuple[str, str, str]:
    """Body, agency and affair of the decision that the permit rests on; an agency without a body has no files here."""
    asked = {} if here.permit is None else here.permit.request
    body, _, agency = str(asked.get("party", "")).partition("/")
    return body, agency, str(asked.get("affair", ""))


def _registered(here: Admission, query: Select[tuple[str, ...]]) -> None:
    row, day = here.connection.execute(query).mappings().first(), here.at.date().isoformat()
    if row is None or row["entered"] > day or (row["last"] is not None and row["last"] < day):
        raise FileRefused("G0931", status=404)
    if (row["body"], row["agency"], row["affair"]) != decided(here):
        raise FileRefused("G0932", status=403)
