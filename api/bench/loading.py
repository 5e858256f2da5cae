"""Time to load rules/ and one municipality: from text and from the compiled cache, in fresh processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

#: what a fresh process does: import, load, make the engine, decide nothing. Times in seconds.
_CHILD = """
import time; started = time.perf_counter()
import json, sys
from pathlib import Path
from api.project import load
from engine.compiled import CompiledIndex
from engine.resolve import Resolver
imported = time.perf_counter()
rules, ordinances, cached = json.loads(sys.argv[1])
project = load(Path(rules) if rules else None, tuple(map(Path, ordinances)), use_cache=cached)
loaded = time.perf_counter()
Resolver(project.rule_set); CompiledIndex(project.rule_set)
made = time.perf_counter()
print(json.dumps({"import_s": imported - started, "load_s": loaded - imported, "index_s": made - loaded,
                  "from_cache": project.from_cache, "ok": project.ok}))
"""


def measure(rules: Path | None, ordinances: Sequence[Path], rounds: int) -> dict[str, Any]:
    """Time fresh processes, from text and from a cache in a folder of its own, alternately.

    Args:
        rules: the folder of the national rules; None for the project's own.
        ordinances: the folder of one municipality.
        rounds: how many processes of each kind.
    """
    result: dict[str, Any] = {"text": [], "cache": []}
    with tempfile.TemporaryDirectory(prefix="jorei-bench-") as folder:
        filled = _child(rules, ordinances, folder, cached=True)
        if "error" in filled:
            return filled
        for _ in range(rounds):
            result["text"].append(_child(rules, ordinances, folder, cached=False))
            result["cache"].append(_child(rules, ordinances, folder, cached=True))
        result["cache_bytes"] = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    result["bare_interpreter_s"] = [_wall([sys.executable, "-c", "pass"], folder=None)[0] for _ in range(rounds)]
    for kind in ("text", "cache"):
        result[f"{kind}_median"] = {
            member: round(median(run[member] for run in result[kind]), 4)
            for member in ("wall_s", "import_s", "load_s", "index_s")
        }
    result["bare_interpreter_median_s"] = round(median(result["bare_interpreter_s"]), 4)
    result["cache_used"] = all(run["from_cache"] for run in result["cache"])
    return result


def _child(rules: Path | None, ordinances: Sequence[Path], folder: str, *, cached: bool) -> dict[str, Any]:
    asked = json.dumps([str(rules) if rules else None, [str(path) for path in ordinances], cached])
    wall, done = _wall([sys.executable, "-c", _CHILD, asked], folder)
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["?"])[-1][:300]}
    said: dict[str, Any] = json.loads(done.stdout)
    return {"wall_s": round(wall, 4)} | {k: round(v, 4) if isinstance(v, float) else v for k, v in said.items()}


def _wall(command: list[str], folder: str | None) -> tuple[float, subprocess.CompletedProcess[str]]:
    home = Path(__file__).resolve().parents[2]
    environment = {**os.environ, **({"JOREI_CACHE": folder} if folder else {})}
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, cwd=home, env=environment, check=False)
    return time.perf_counter() - start, done
