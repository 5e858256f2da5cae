"""PostgreSQL as a durable store: refused when a commit may be lost."""

from __future__ import annotations

import time
import warnings
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import InvalidatePoolError

from api.storage.refused import NOT_DURABLE, DatabaseRefused

#: How long a statement waits for a lock, and a transaction for its next statement: a process that hangs stops no other.
_LOCK_MS, _IDLE_MS = 10_000, 60_000

#: Seconds after which a connection of the pool is tried before it is used. One that was in use just now is not: a
#: writer would wait for one answer more in every transaction.
_RESTED = 0.2
_USED = "jorei_used"

_SETTINGS = (
    "SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'), "
    f"set_config('lock_timeout', '{_LOCK_MS}', false), "
    f"set_config('idle_in_transaction_session_timeout', '{_IDLE_MS}', false)"
)
_CHECKSUMS = "SHOW data_checksums"
#: `local` is flushed here though not on the standby; the others wait for more.
_FLUSHED = ("on", "local", "remote_write", "remote_apply")


class ChecksumsOff(UserWarning):
    """The server keeps no checksums of its pages."""


def engine(url: URL) -> Engine:
    """An engine over psycopg 3; every connection shows that its commits are flushed."""
    made = create_engine(
        url,
        hide_parameters=True,
        pool_timeout=10,
        connect_args={
            "connect_timeout": 5,
            "application_name": "jorei",
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "tcp_user_timeout": 30_000,
        },
    )
    event.listen(made, "connect", _connected)
    event.listen(made, "checkin", _used)

    def tried(connection: Any, record: Any, _: object) -> None:
        if time.monotonic() - record.info.get(_USED, time.monotonic()) < _RESTED:
            return
        try:
            made.dialect.do_ping(connection)
        except made.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error  # the pool takes a new one

    event.listen(made, "checkout", tried)
    return made


def _used(_: object, record: Any) -> None:
    record.info[_USED] = time.monotonic()


def _connected(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        fsync, full_page_writes, synchronous_commit, *_ = cursor.fetchone()
    connection.commit()  # or the settings of the session would end with the transaction
    for name, value, wanted in (
        ("fsync", fsync, ("on",)),
        ("full_page_writes", full_page_writes, ("on",)),
        ("synchronous_commit", synchronous_commit, _FLUSHED),
    ):
        if value not in wanted:
            raise DatabaseRefused(
                NOT_DURABLE,
                f"PostgreSQL の {name} が {value} です。停電などで、答えた判定の記録が失われます",
                f"postgresql.conf の {name} を on にしてください",
            )


def warn_of_checksums(made: Engine) -> None:
    """Say when the server would not notice that a page was damaged."""
    with made.connect() as connection:
        if connection.exec_driver_sql(_CHECKSUMS).scalar_one() != "on":
            warnings.warn(
                "PostgreSQL の data_checksums が off です。ディスクの故障に気付けるよう、"
                "pg_checksums --enable で有効にしてください",
                ChecksumsOff,
                stacklevel=3,
            )
