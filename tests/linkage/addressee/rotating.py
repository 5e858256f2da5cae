"""A rotation in a process of its own, which a failpoint ends: `python -m tests.linkage.addressee.rotating URL FOLDER WHAT`."""

from __future__ import annotations

import sys
from pathlib import Path

from api.storage.database import open_database
from tests.linkage.world import World


def main(url: str, folder: str, what: str) -> None:
    database = open_database(url)
    rotation = World(database, Path(folder), set_up=False).rotation(batch=4, pause=0)
    steps = {"keys": rotation.keys, "encrypt": rotation.encrypt, "index": rotation.index, "again": rotation.index_again}
    print(list(steps[what]()))
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
