"""The J-LIS part of the simulator: introduces a person to the network by an acquisition number (取得番号).

It stands for no system of J-LIS. A resident is known here by a reference that stands for the 住民票コード; the reference
itself is not kept, only its hash. An acquisition number is kept as a hash, good once, for one agency, for a day, and is
deleted when it is used (番号法21条の2).
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from sqlalchemy import Connection, delete, select

from api import ids
from api.clock import Clock, to_ms
from linkage.network.refusals import NetworkRefused
from linkage.network.tables import acquisition, resident
from linkage.network.wire import Acquisition

LIFETIME = timedelta(days=1)


def digest(text: str) -> bytes:
    """What is kept of a reference or an acquisition number."""
    return hashlib.sha256(text.encode()).digest()


def register_residents(connection: Connection, count: int) -> tuple[str, ...]:
    """References of new synthetic residents; shown once."""
    made = tuple(ids.new("jr") for _ in range(count))
    rows = [{"digest": digest(reference), "person": ids.new("ps")} for reference in made]
    connection.execute(resident.insert(), rows)
    return made


def acquire(connection: Connection, reference: str, agency: str, clock: Clock) -> Acquisition:
    """An acquisition number of a resident for one agency.

    Raises:
        NetworkRefused: N0215 no such resident.
    """
    person = connection.scalar(select(resident.c.person).where(resident.c.digest == digest(reference)))
    if person is None:
        raise NetworkRefused("N0215", status=404)
    sweep(connection, clock)
    number, expires = ids.new("aq"), to_ms(clock.now() + LIFETIME)
    values = {"digest": digest(number), "agency": agency, "person": person, "expires_ms": expires}
    connection.execute(acquisition.insert().values(values))
    return Acquisition(number, expires)


def redeem(connection: Connection, number: str, agency: str, clock: Clock) -> str:
    """The person whom an acquisition number introduces; the number is gone afterwards.

    Raises:
        NetworkRefused: N0209 used, past its time, or another agency's.
    """
    query = (
        delete(acquisition)
        .where(
            acquisition.c.digest == digest(number),
            acquisition.c.agency == agency,
            acquisition.c.expires_ms > to_ms(clock.now()),
        )
        .returning(acquisition.c.person)
    )
    person = connection.scalar(query)
    if person is None:
        raise NetworkRefused("N0209", status=404)
    return str(person)


def sweep(connection: Connection, clock: Clock) -> int:
    """Delete acquisition numbers past their time."""
    gone = connection.execute(delete(acquisition).where(acquisition.c.expires_ms <= to_ms(clock.now())))
    return gone.rowcount
