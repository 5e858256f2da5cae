"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07): the same call again gets the same evaluation.

The identifier of an evaluation is drawn and kept with the key *before* anything is decided, and the record carries it.
So whenever the process dies, the call made again either finds the record and is answered from it, or is decided under
the identifier that it already has. Only identifiers are kept here; the answer comes from the log.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import delete, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from api.clock import to_ms
from api.failpoints import reach
from api.service.problems import Problem
from api.storage.tables import idempotency, log_entry

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from api.clock import Clock
    from api.storage.database import Database

_LONGEST: Final = 255
#: How long a call that left no record is taken to be still under way.
_UNDER_WAY_MS: Final = 30_000
_HOUR_MS: Final = 3_600_000
#: Keys forgotten in one transaction: it is over in a few milliseconds, and nobody waits for it.
PURGED: Final = 1_000


class Claim(msgspec.Struct, frozen=True):
    """The identifier that belongs to a key, and whether the log holds its record already."""

    id: str
    recorded: bool


def key_of(given: bytes) -> str:
    """The key as it is kept: a hash, since a caller may write anything into it.

    Raises:
        Problem: When it is empty or too long.
    """
    text = given.strip()
    if len(text) >= 2 and text[:1] == text[-1:] == b'"':  # a structured header string
        text = text[1:-1]
    if not text or len(text) > _LONGEST:
        raise Problem("idempotency-key-invalid")
    return hashlib.sha256(text).hexdigest()


def fingerprint(*parts: bytes) -> bytes:
    """What tells one payload from another."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


class Idempotency:
    """Claims of keys in the database."""

    def __init__(self, database: Database, clock: Clock, hours: int) -> None:
        self._database = database
        self._clock = clock
        self._kept_ms = hours * _HOUR_MS

    async def claim(self, client_id: str, key: bytes, print_: bytes, new_id: str) -> Claim:
        """The identifier for a key, drawn now or before.

        Raises:
            Problem: When the key was used with another payload (422), or its first call is under way (409).
        """
        try:
            made = await asyncio.to_thread(self._claim, client_id, key_of(key), print_, new_id)
        except SQLAlchemyError:
            raise Problem("log-unavailable", headers=(("Retry-After", "1"),)) from None
        reach("idempotency.after-claim")
        return made

    def _claim(self, client_id: str, key: str, print_: bytes, new_id: str) -> Claim:
        try:
            with self._database.begin() as connection:
                return self._within(connection, client_id, key, print_, new_id)
        except IntegrityError:  # another worker claimed it between the look and the insertion
            with self._database.begin() as connection:
                return self._within(connection, client_id, key, print_, new_id)

    def _within(self, connection: Connection, client_id: str, key: str, print_: bytes, new_id: str) -> Claim:
        now = to_ms(self._clock.now())
        table = idempotency.c
        mine = (table.client_id == client_id) & (table.key == key)
        found = connection.execute(
            select(table.fingerprint, table.response, table.expires_ms).where(mine).with_for_update()
        ).first()
        if found is not None and found.expires_ms <= now:
            connection.execute(delete(idempotency).where(mine))
            found = None
        if found is None:
            connection.execute(
                insert(idempotency).values(
                    client_id=client_id,
                    key=key,
                    fingerprint=print_,
                    response=new_id.encode(),
                    expires_ms=now + self._kept_ms,
                )
            )
            return Claim(new_id, False)
        if found.fingerprint != print_:
            raise Problem("idempotency-key-reused")
        kept = bytes(found.response).decode()
        if connection.execute(select(log_entry.c.idx).where(log_entry.c.id == kept)).first() is not None:
            return Claim(kept, True)
        claimed = found.expires_ms - self._kept_ms
        if now - claimed < _UNDER_WAY_MS:
            raise Problem("idempotency-in-progress", headers=(("Retry-After", "1"),))
        connection.execute(update(idempotency).where(mine).values(expires_ms=now + self._kept_ms))
        return Claim(kept, False)

    def purge(self, most: int = PURGED) -> int:
        """Forget the keys longest past their time, so many at most in one transaction; how many it were."""
        table = idempotency.c
        past = table.expires_ms <= to_ms(self._clock.now())
        oldest = select(table.client_id, table.key).where(past).order_by(table.expires_ms).limit(most)
        # asked again of each row: a key claimed anew meanwhile is past its time no more
        statement = delete(idempotency).where(tuple_(table.client_id, table.key).in_(oldest), past)
        with self._database.begin() as connection:
            return connection.execute(statement).rowcount
