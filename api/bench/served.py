"""The service as it is timed: run as `jorei serve` runs it, or for servers that import an application (granian).

The settings come from the environment: `JOREI_BENCH_HOME`, `JOREI_BENCH_DATABASE`, `JOREI_BENCH_LOG`, `JOREI_BENCH_LEAN`.
`app` is made when it is asked for.

python -m api.bench.served PORT
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import Any


@cache
def _made() -> Any:
    from api.service.app import create_app
    from api.service.running import settled
    from api.service.settings import Settings

    found = create_app(
        Settings(
            home=Path(os.environ["JOREI_BENCH_HOME"]),
            database_url=os.environ.get("JOREI_BENCH_DATABASE") or None,
            log=os.environ.get("JOREI_BENCH_LOG") == "on",
            files=True,
            lean=os.environ.get("JOREI_BENCH_LEAN") != "off",
        )
    )
    settled()
    return found


def __getattr__(name: str) -> Any:
    if name == "app":
        return _made()
    raise AttributeError(name)


def main() -> None:
    """Serve until told to stop."""
    from api.service.running import listen, listened
    from api.service.settings import Settings

    home = Path(os.environ["JOREI_BENCH_HOME"])
    with listen(Settings(home=home, port=int(sys.argv[1]))) as listening:
        sys.exit(listened(_made(), listening))


if __name__ == "__main__":
    main()
