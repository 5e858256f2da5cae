"""Log-in with a ticket of the counter: a simulator of the national log-in by card (JPKI), and nothing more.

A ticket is 256 random bits, used once, within ten minutes; only its hash is kept. It stands for an addressee, and for a
representative where one asks in the person's place. Redeeming it begins a session.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import insert, select, update

from api.clock import from_ms, to_ms
from dsl.masking import twelve_digits
from linkage.addressee.changes import survivor
from linkage.portal import tables
from linkage.portal.refusals import PortalRefused
from linkage.rights.limits import limits
from linkage.rights.values import By
from linkage.ticket import admit

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from linkage.ticket import Ticket

_W = "rights.write"
TICKET_LIFE = timedelta(minutes=10)
#: A session ends after so long, however busy.
SESSION_LIFE = timedelta(minutes=60)
_BITS = 256
_FORM = re.compile(r"[a-z2-7]{52}")


class Bearer(msgspec.Struct, frozen=True):
    """Whose records are seen, and by whom."""

    person: str
    by: By = By.SELF
    representative: str | None = None
    authority: str | None = None


class Begun(msgspec.Struct, frozen=True):
    """A session: its id goes into the cookie."""

    id: str
    bearer: Bearer
    ends: datetime


def fresh() -> str:
    """A secret of 256 bits: 52 characters of base32 that never look like an Individual Number."""
    while True:
        drawn = base64.b32encode(secrets.token_bytes(_BITS // 8)).decode("ascii").rstrip("=").lower()
        if not re.search(r"[2-7]{12}", drawn):
            return drawn


def grouped(secret: str) -> str:
    """A ticket as it is printed.

    Examples:
        >>> grouped("abcdefgh")
        'abcd-efgh'
    """
    return "-".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def hashed(text: str) -> bytes | None:
    """The hash of a ticket or session id as people give it; None for what is none."""
    plain = re.sub(r"[\s\-]", "", text).lower()
    return hashlib.sha256(plain.encode()).digest() if _FORM.fullmatch(plain) else None


def issue(ticket: Ticket, secret: str, bearer: Bearer) -> None:
    """Keep a ticket that the counter hands out, after looking at the person's documents.

    Raises:
        PortalRefused: M0201 no such addressee; M0209 a representative whose documents were not looked at.
    """
    here = admit(ticket, _W)
    if survivor(here.connection, bearer.person) is None:
        raise PortalRefused("M0201", 404)
    if bearer.by is not By.SELF:
        evidence = limits().evidence
        documents = evidence.statutory if bearer.by is By.STATUTORY else evidence.voluntary
        name = (bearer.representative or "").strip()
        if not name or twelve_digits(name) or bearer.authority not in documents:
            raise PortalRefused("M0209", 400, documents="・".join(documents))
    row = _row(bearer) | {"hash": hashed(secret), "issued_ms": to_ms(here.at), "evaluation": here.evaluation}
    here.connection.execute(insert(tables.ticket), [row | {"expires_ms": to_ms(here.at + TICKET_LIFE)}])


def holder(connection: Connection, secret: str, now: datetime) -> Bearer | None:
    """For whom a ticket could be redeemed now; changes nothing."""
    key = hashed(secret)
    table = tables.ticket.c
    if key is None:
        return None
    query = select(tables.ticket).where(table.hash == key, table.used_ms.is_(None), table.expires_ms >= to_ms(now))
    row = connection.execute(query).one_or_none()
    return None if row is None else Bearer(row.person, By(row.by), row.representative, row.authority)


def redeem(ticket: Ticket, secret: str, session: str) -> Begun:
    """Use a ticket, and begin a session with a fresh id.

    Raises:
        PortalRefused: M0202 unknown, used or past its time.
    """
    here = admit(ticket, _W)
    key, table = hashed(secret), tables.ticket
    bearer = holder(here.connection, secret, here.at)
    if bearer is None:
        raise PortalRefused("M0202")
    used = update(table).where(table.c.hash == key, table.c.used_ms.is_(None)).values(used_ms=to_ms(here.at))
    if here.connection.execute(used).rowcount != 1:
        raise PortalRefused("M0202")
    ends = here.at + SESSION_LIFE
    row = _row(bearer) | {"hash": hashed(session), "began_ms": to_ms(here.at), "evaluation": here.evaluation}
    here.connection.execute(insert(tables.session), [row | {"ends_ms": to_ms(ends)}])
    return Begun(session, bearer, ends)


def end(ticket: Ticket, session: str) -> None:
    """ログアウト: the session is over, whatever its cookie says."""
    here = admit(ticket, _W)
    table = tables.session
    ended = update(table).where(table.c.hash == hashed(session), table.c.ended_ms.is_(None))
    here.connection.execute(ended.values(ended_ms=to_ms(here.at)))


def live(connection: Connection, session: str, now: datetime) -> Begun | None:
    """A session that goes on; its person is where the addressee is now, if it was merged into another."""
    key, table = hashed(session), tables.session
    if key is None:
        return None
    row = connection.execute(select(table).where(table.c.hash == key, table.c.ended_ms.is_(None))).one_or_none()
    if row is None or row.ends_ms <= to_ms(now):
        return None
    person = survivor(connection, row.person)
    if person is None:
        return None
    return Begun(session, Bearer(person, By(row.by), row.representative, row.authority), from_ms(row.ends_ms))


def _row(bearer: Bearer) -> dict[str, object]:
    return {
        "person": bearer.person,
        "by": bearer.by.value,
        "representative": bearer.representative,
        "authority": bearer.authority,
    }
