"""お知らせ: what sections tell everyone, or one person, about services."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, insert, or_, select

from api.clock import from_ms, to_ms
from dsl.masking import twelve_digits
from linkage.portal import tables
from linkage.portal.refusals import PortalRefused
from linkage.ticket import admit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from linkage.ticket import Ticket

_TITLE, _BODY = 120, 4_000


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What a section tells; without person, everyone. Shown from the first day to the last."""

    section: str
    title: str
    body: str
    first: date
    last: date | None = None
    person: str | None = None


class Posted(msgspec.Struct, frozen=True):
    """A notice as it was posted."""

    id: str
    notice: Notice
    posted: datetime

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """Its text by paragraphs."""
        return tuple(line.strip() for line in self.notice.body.splitlines() if line.strip())


def post(ticket: Ticket, id_: str, notice: Notice) -> None:
    """Post a notice. Operation rights.write.

    Raises:
        PortalRefused: M0207 something is missing or too long, or twelve digits stand in it.
    """
    here = admit(ticket, "rights.write")
    named = {"課": notice.section, "題名": notice.title, "本文": notice.body}
    wrong = [name for name, text in named.items() if not text.strip() or twelve_digits(text)]
    if len(notice.title) > _TITLE or len(notice.body) > _BODY:
        wrong.append("長さ")
    if notice.last is not None and notice.last < notice.first:
        wrong.append("期間")
    if wrong:
        raise PortalRefused("M0207", 400, what="・".join(wrong))
    values = {
        "id": id_,
        "section": notice.section,
        "title": notice.title,
        "body": notice.body,
        "person": notice.person,
        "posted_ms": to_ms(here.at),
        "first": notice.first.isoformat(),
        "last": notice.last.isoformat() if notice.last else None,
        "evaluation": here.evaluation,
    }
    here.connection.execute(insert(tables.notice), [values])


def of_person(connection: Connection, handles: Iterable[str], on: date, limit: int = 50) -> tuple[Posted, ...]:
    """What a person is shown on a day, newest first."""
    table, day = tables.notice, on.isoformat()
    query = (
        select(table)
        .where(
            or_(table.c.person.is_(None), table.c.person.in_(tuple(handles))),
            table.c.first <= day,
            or_(table.c.last.is_(None), table.c.last >= day),
        )
        .order_by(table.c.posted_ms.desc(), table.c.id)
        .limit(limit)
    )
    return tuple(_posted(row) for row in connection.execute(query).mappings())


def _posted(row: object) -> Posted:
    values = dict(row)  # type: ignore[call-overload]
    notice = Notice(
        section=values["section"],
        title=values["title"],
        body=values["body"],
        first=date.fromisoformat(values["first"]),
        last=date.fromisoformat(values["last"]) if values["last"] else None,
        person=values["person"],
    )
    return Posted(values["id"], notice, from_ms(values["posted_ms"]))
