"""One erasure job in a process of its own: `python -m tests.linkage.retention.erasing URL FOLDER KILL`.

KILL is `point:n` of the job (the process ends itself at the n-th arrival), or empty; a failpoint of the product is named
in the environment.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from api.storage.database import open_database
from tests.linkage.retention.archive import BEFORE, LATER, Archive


def main(url: str, folder: str, kill: str) -> None:
    point, _, count = kill.partition(":")
    left = [int(count or 0)]

    def reached(name: str) -> None:
        if name == point:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    database = open_database(url)
    archive = Archive(database, Path(folder), set_up=False)
    archive.clock.set(LATER)
    archive.erasure(limit=2, reached=reached).run(BEFORE)
    database.close()
    print("whole")


if __name__ == "__main__":
    main(*sys.argv[1:])
