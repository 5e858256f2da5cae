"""Time to check the nation and very many municipalities: everything, one change, no change. In fresh processes.

python -m api.bench.checking 1741
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from api.bench.folders import write_folders
from api.checking import cores

#: what a fresh process does: the command itself; then how much memory it and its workers took at most (kB), CPU time
_CHILD = """
import resource, sys
from api.cli import main
try:
    main()
finally:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print("used", *(u.ru_maxrss for u in used), sum(u.ru_utime + u.ru_stime for u in used), file=sys.stderr)
"""

#: a check with one job is timed over so many at most
_FEW = 100


def measure(count: int, rounds: int, rules: Path | None = None, models: Path | None = None) -> dict[str, Any]:
    """Write folders to a temporary place and time `jorei check` over them.

    Args:
        count: how many municipalities.
        rounds: how many times a check of few changes is timed; a check of everything is timed once.
        rules: the folder of the national rules; None for the project's own.
        models: a folder of the municipality folders to be copied; None for the project's own.

    Returns:
        Seconds by the clock of a `cold` check with all jobs, and of `few` of them with one job, of checks after one
        change and after none, and of an interpreter that does nothing; or `error`.
    """
    result: dict[str, Any] = {"count": count, "cores": cores(), "load_average": _load()}
    with tempfile.TemporaryDirectory(prefix="jorei-bench-") as place:
        try:
            folders = write_folders(Path(place, "municipalities"), count, models)
            few = min(count, _FEW)
            write_folders(Path(place, "few"), few, models)
        except ValueError as error:
            return {"count": count, "error": str(error)}
        files = [path for path in Path(place, "municipalities").rglob("*") if path.is_file()]
        result["files"], result["bytes"] = len(files), sum(path.stat().st_size for path in files)
        run = _Run(place, rules)
        try:
            result["cold_one_job"] = {"count": few} | run.timed("cache-1", 1, "few")
            result["cold_all_jobs"] = run.timed("cache", result["cores"])
            result["unchanged"] = [run.timed("cache", result["cores"]) for _ in range(rounds)]
            result["one_change"] = []
            for number in range(rounds):
                _change(folders[number * 7 % count], number)
                result["one_change"].append(run.timed("cache", result["cores"]))
        except _Failed as error:
            return result | {"error": str(error)}
    result["bare_interpreter_s"] = median(_bare() for _ in range(max(rounds, 3)))
    for name in ("unchanged", "one_change"):
        result[f"{name}_median_s"] = round(median(one["wall_s"] for one in result[name]), 3)
    result["one_change_beyond_start_s"] = round(result["one_change_median_s"] - result["bare_interpreter_s"], 3)
    return result


class _Failed(Exception):
    """The command did not do what is timed."""


class _Run:
    def __init__(self, place: str, rules: Path | None) -> None:
        self._place = place
        self._rules = ["--rules", str(rules)] if rules is not None else []

    def timed(self, cache: str, jobs: int, ordinances: str = "municipalities") -> dict[str, float]:
        """One run in a process of its own, with a cache that other runs of the same name have filled."""
        arguments = ["check", "--json", "--ordinances", str(Path(self._place, ordinances)), *self._rules]
        command = [sys.executable, "-c", _CHILD, *arguments, "--jobs", str(jobs)]
        environment = {**os.environ, "JOREI_CACHE": str(Path(self._place, cache))}
        home = Path(__file__).resolve().parents[2]
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, cwd=home, env=environment, check=False)
        wall = time.perf_counter() - start
        last = (done.stderr.strip().splitlines() or ["?"])[-1]
        if not last.startswith("used ") or not done.stdout.startswith("{"):
            raise _Failed(last[:300])
        found = json.loads(done.stdout)["diagnostics"]
        own, child, cpu = map(float, last.split()[1:])
        figures = {"wall_s": wall, "cpu_s": cpu, "memory_mb": own / 1024, "worker_memory_mb": child / 1024}
        return {"findings": len(found)} | {name: round(value, 3) for name, value in figures.items()}


def _change(folder: Path, number: int) -> None:
    """One file of one municipality changes: a note is written at the end of its regulation."""
    path = next(path for path in sorted(folder.glob("*.jorei")) if path.name.endswith("規則.jorei"))
    with path.open("a", encoding="utf-8") as file:
        file.write(f"〔注 {number}〕\n")


def _bare() -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - start


def _load() -> list[float] | None:
    return [round(n, 2) for n in os.getloadavg()] if hasattr(os, "getloadavg") else None


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), 5), ensure_ascii=False, indent=1))
