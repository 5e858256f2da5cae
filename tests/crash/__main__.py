"""`python -m tests.crash --iterations 300`: as many lives as wanted, on both databases."""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.crash.place import Place
from tests.crash.rounds import run
from tests.databases import start_server

SEED = 20261126


@contextmanager
def _folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="jorei-crash-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


def main() -> None:
    """Run, and say what was seen; an invariant that does not hold ends it with its seed."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash")
    parser.add_argument("--iterations", type=int, default=300, help="on each database")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    given = parser.parse_args()
    for kind in ("sqlite", "postgresql"):
        if given.database not in (kind, "both"):
            continue
        began = time.monotonic()
        with _folder() as folder:
            server = start_server(folder / "data") if kind == "postgresql" else None
            try:
                url = server.fresh() if server is not None else f"sqlite:///{folder / 'jorei.db'}"
                tally = run(Place(folder / "home", url), given.iterations, given.seed)
            finally:
                if server is not None:
                    server.stop()
        print(f"{kind}: seed {given.seed}, {time.monotonic() - began:.0f} s, {tally}", flush=True)


if __name__ == "__main__":
    main()
