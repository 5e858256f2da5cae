"""What every entry of the registers does: admitted by an order, without numbers, and felt by permits at once."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, FromClause, and_, or_

from api.clock import FixedClock
from api.permits import epoch
from dsl.masking import twelve_digits
from linkage.people.refusals import PeopleRefused
from linkage.ticket import Admission, admit

if TYPE_CHECKING:
    from linkage.ticket import Ticket

#: The operation by which registers are written.
WRITE = "register.write"

_DIGITS = re.compile(r"\d{6,}")
_ID = re.compile(r"[a-z][a-z0-9._-]{2,39}")


def admitted(ticket: Ticket) -> Admission:
    """The admission of a ticket for writing registers."""
    return admit(ticket, WRITE)


def worded(**texts: str) -> None:
    """Refuse a text that is empty, or that holds what may be a person's number.

    Raises:
        PeopleRefused: G0716, G0717.
    """
    for what, text in texts.items():
        if not text.strip():
            raise PeopleRefused("G0717", what=what)
        if twelve_digits(text):
            raise PeopleRefused("G0716")


def identifier(text: str) -> str:
    """An identifier chosen by the municipality, that cannot be taken for a number of a person.

    Raises:
        PeopleRefused: G0716.

    Examples:
        >>> identifier("hk-sato")
        'hk-sato'
    """
    if _ID.fullmatch(text) is None or _DIGITS.search(text) or twelve_digits(text):
        raise PeopleRefused("G0716")
    return text


def period(first: date, last: date | None) -> None:
    """Refuse a period that ends before it begins.

    Raises:
        PeopleRefused: G0718.
    """
    if last is not None and last < first:
        raise PeopleRefused("G0718")


def in_force(table: FromClause, on: date) -> ColumnElement[bool]:
    """The rows whose period contains the day."""
    day = on.isoformat()
    return and_(table.c.first <= day, or_(table.c.last.is_(None), table.c.last >= day))


def make_stale(admission: Admission, body: str, reason: str) -> int:
    """Permits issued before are not taken any more, once this commits. Gives the new epoch."""
    return epoch.advance(admission.connection, body, reason, FixedClock(admission.at))
