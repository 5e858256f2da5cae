"""SQLite's write-ahead log copied into its database beside the writers, so that no commit waits for it.

Left to itself, SQLite copies the log in the commit that makes it a thousand pages long, and all who wait for that commit
wait for the copying and its flush (https://www.sqlite.org/wal.html, "Avoiding Excessively Large WAL Files"). A thread
that copies passively takes that work over. It never catches up with a writer without pauses, so the last little is
copied in a turn of its own: the next writer then begins the log anew.
"""

from __future__ import annotations

import sqlite3
import threading
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from api.storage.database import Database

EVERY: Final = 0.25  # seconds from one copying to the next, while something is written
PAGES: Final = 10_000  # length at which a commit copies after all: 40 MB

_AFTER_FAILURE: Final = 20  # times that, when the disk takes no more
_COPY = "PRAGMA wal_checkpoint(PASSIVE)"


class WriteAheadLog:
    """Keeps the write-ahead log of a database short. On PostgreSQL, whose server does so itself, nothing is done.

    Args:
        database: the database; its connections are opened anew.
        log: told what could not be done; it is tried again.
        every: seconds from one copying to the next.
    """

    def __init__(self, database: Database, log: Any, every: float = EVERY) -> None:
        self._database, self._log, self._every = database, log, every
        self._written, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="jorei-write-ahead", daemon=True)
        self.copied = 0

    def start(self) -> None:
        """Begin."""
        engine = self._database.engine
        if self._database.dialect != "sqlite":
            return
        event.listen(engine, "connect", _lengthened)
        engine.dispose()
        event.listen(engine, "commit", self._committed)
        self._thread.start()

    def close(self) -> None:
        """End, after the copying under way."""
        self._stop.set()
        self._written.set()
        if self._thread.is_alive():
            self._thread.join()

    def _committed(self, _: object) -> None:
        self._written.set()

    def _run(self) -> None:
        while self._written.wait() and not self._stop.is_set():
            self._written.clear()
            pause = self._every
            try:
                self._copy()
            except (SQLAlchemyError, sqlite3.Error) as error:
                self._log.warning("write-ahead log not copied", code=type(error).__name__)
                pause *= _AFTER_FAILURE
            self._stop.wait(pause)

    def _copy(self) -> None:
        connection = self._database.engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(_COPY)
            with self._database.turn():
                _, _, self.copied = cursor.execute(_COPY).fetchone()
            cursor.close()
        finally:
            connection.close()


def _lengthened(connection: Any, _record: object) -> None:
    connection.execute(f"PRAGMA wal_autocheckpoint = {PAGES}")
