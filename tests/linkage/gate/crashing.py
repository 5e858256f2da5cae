"""One act in a process of its own, which a failpoint ends: `python -m tests.linkage.gate.crashing URL FOLDER REQUEST`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from api.permits import Act
from api.storage.database import open_database
from linkage.addressee import numbering
from linkage.addressee.values import Numbering
from tests.linkage.world import CALLER, World, person


def main(url: str, folder: str, given: str) -> None:
    told = json.loads(given)
    database = open_database(url)
    world = World(database, Path(folder), set_up=False)
    request = Numbering("juki", "1", person("1"), told["sealed"])
    act = Act("addressee.number", "addressee", request.handles)
    acted = world.gate.act(told["token"], CALLER, act, lambda t: numbering.number(t, world.vault, request))
    database.close()
    print(acted.id)


if __name__ == "__main__":
    main(*sys.argv[1:])
