"""One step of a rule set in a process of its own: `python -m tests.rulesets.publishing URL HOME STEP [DRAFT]`.

STEP is `draft` (the mended texts drafted), `publish` (DRAFT published), or `record` (a worker takes over what is in
force, and the chain of publications with it). A failpoint is named in the environment.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from api.clock import FixedClock
from api.keys import KeyStore
from api.rulesets import ActiveRules, Lifecycle, Release
from api.storage.database import open_database
from tests.rulesets.conftest import ANNA, CHIE, NOW, town


def main(url: str, home: str, step: str, draft: str = "") -> None:
    """Take the step."""
    clock = FixedClock(NOW + timedelta(minutes=1))
    keys, store, database = KeyStore(Path(home) / "keys", clock), Path(home) / "publications", open_database(url)
    life = Lifecycle(database, store, keys, clock)
    release = Release(life)
    print("begun", flush=True)
    if step == "draft":
        life.create(ANNA, town(mended=True), base=draft)
    elif step == "publish":
        release.publish(draft, CHIE)
    else:
        ActiveRules(database, store, keys, clock, record=release.record_in_force).refresh()
    print("whole", flush=True)
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
