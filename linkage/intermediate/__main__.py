"""`python -m linkage.intermediate`: an example body as a process of its own (a stub of a state body, synthetic people).

… enrol --home DIR --agency CODE --network URL --network-home DIR     registers it with the simulator
… serve --home DIR --agency CODE --network URL [--people FILE]        answers until it is told to stop
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from datetime import date
from pathlib import Path

import httpx
import msgspec

from api import project
from api.clock import SystemClock
from linkage.intermediate import example_body
from linkage.intermediate.assembly import Standalone, enrolment, standalone
from linkage.network.wire import Enrolled

_KEY = "network.pub"


def main(arguments: list[str] | None = None) -> None:
    """Enrol or serve."""
    parser = argparse.ArgumentParser("python -m linkage.intermediate", description="国の機関などの見本（模擬）")
    parser.add_argument("command", choices=("enrol", "serve"))
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--agency", required=True, action="append", help="機関コード（codes.yaml）")
    parser.add_argument("--network", required=True, help="模擬装置のURL")
    parser.add_argument("--network-home", type=Path, help="模擬装置のフォルダ（enrol のとき、管理者の鍵を読む）")
    parser.add_argument("--people", type=Path, help="架空の人の副本（JSON の行）")
    chosen = parser.parse_args(arguments)
    key = chosen.home / _KEY
    body = standalone(
        chosen.home,
        SystemClock(),
        project.load().rule_set,
        member=f"m{chosen.agency[0][-5:]}",
        agencies=tuple(chosen.agency),
        network_url=chosen.network,
        network_key=key.read_text() if key.exists() else "",
    )
    try:
        if chosen.command == "enrol":
            key.write_text(_enrol(body, chosen.network, chosen.network_home))
        else:
            _serve(body, chosen.agency[0], chosen.people)
    finally:
        body.close()


def _enrol(body: Standalone, url: str, network_home: Path) -> str:
    token = (network_home / "admin.token").read_text()
    member = enrolment(body.server, f"{body.server.own_agencies()[0].name}（見本）の中間サーバー")
    answer = httpx.put(
        f"{url}/admin/members",
        content=msgspec.json.encode(member),
        headers={"authorization": f"Bearer {token}"},
        trust_env=False,
    )
    answer.raise_for_status()
    return msgspec.json.decode(answer.content, type=Enrolled).sign


def _serve(body: Standalone, agency: str, people: Path | None) -> None:
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    codes = body.server.codes
    example_body.tell_assessments(body, agency, codes.subjects(), date(2025, 4, 1))
    for person in example_body.read(people) if people else ():
        example_body.introduce(body, agency, person)
    body.carrier.start()
    print("ready", flush=True)
    print("これは国の機関などの見本であり、実在の機関のシステムではない。", file=sys.stderr, flush=True)
    stop.wait()


if __name__ == "__main__":
    main()
