"""`python -m linkage.network --port … --home DIR`: the simulator as a process of its own."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import uvicorn

from linkage.network import SIMULATOR_JAPANESE
from linkage.network.app import create_app, open_network


def main(arguments: list[str] | None = None) -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser("python -m linkage.network", description=SIMULATOR_JAPANESE)
    parser.add_argument("--home", type=Path, required=True, help="模擬装置のフォルダ（データベース、鍵、管理者の鍵）")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--database", help="PostgreSQL を使うとき（既定は home の network.db）")
    parser.add_argument("--permitted", type=Path, help="照会許可用照合リスト（YAML）")
    chosen = parser.parse_args(arguments)
    network = open_network(chosen.home, url=chosen.database, listed=chosen.permitted)
    print(SIMULATOR_JAPANESE, file=sys.stderr, flush=True)
    uvicorn.run(create_app(network), host=chosen.host, port=chosen.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
