"""A city as a process of its own that dies at a named point: `HOME NETWORK_HOME NETWORK_PORT AGENCY POINT [ORDER]`."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import msgspec

from linkage.intermediate.inquiries import Order
from tests.linkage.intermediate.city import City
from tests.linkage.network.process import NetworkProcess


def main() -> None:
    home, network_home, port, agency, point, url, *order = sys.argv[1:]
    network = NetworkProcess(Path(network_home), port=int(port))

    def reached(name: str) -> None:
        if name == point:
            os.kill(os.getpid(), signal.SIGKILL)

    city = City(Path(home), network, agency, reached=reached, database_url=url or None).start()
    print("ready", flush=True)
    if order:
        city.send(msgspec.json.decode(order[0], type=Order))
    time.sleep(60)


if __name__ == "__main__":
    main()
