"""A process that records until it is stopped, and says on its standard output what it was told is recorded.

    python -m tests.decision_log.recording URL FOLDER COUNT THREADS [erase|record]

Each line: an id and its index, written only after the journal answered. Run by the tests, which end it at will.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from api.clock import SystemClock
from api.decision_log import Journal, JournalRefused, erase_all, publish
from api.storage.database import open_database
from tests.decision_log.helping import clock, entry, signer


def main(url: str, folder: str, count: str, threads: str, then: str = "") -> None:
    database = open_database(url)
    journal = Journal(database, SystemClock())
    lock = threading.Lock()

    def record() -> None:
        for n in range(int(count)):
            try:
                receipt = journal.record_now(entry(n))
            except JournalRefused as refused:
                print(refused.code, refused.text, file=sys.stderr, flush=True)
                continue
            with lock:
                print(receipt.id, receipt.index, flush=True)

    running = [threading.Thread(target=record) for _ in range(int(threads))]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    journal.close()
    if then != "record":
        publish(database, Path(folder), signer(), SystemClock())
    if then == "erase":
        later = clock(days=900)
        erase_all(database, later.now().date(), later)
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
