"""1,741 municipalities at once: decision time against one, memory, time to build. Runs in a process of its own.

python -m api.bench.municipalities '{"count": 1741, …}'
"""

from __future__ import annotations

import gc
import json
import random
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from api.bench.multiply import multiply
from api.bench.rows import Case, distinct, expand, key_of
from api.bench.speed import EndToEnd, grants_of
from api.bench.timing import per_call
from api.bench.workload import generate
from api.project import load
from engine.rule_set import RuleSet

CODE = "042021"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure."""

    count: int
    cases: int
    rounds: int
    rules: str | None = None
    ordinances: tuple[str, ...] = ()


def measure(plan: Plan) -> dict[str, Any]:
    """Run `main` in a fresh process, so that its memory is its own."""
    command = [sys.executable, "-m", "api.bench.municipalities", json.dumps(asdict(plan))]
    home = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, capture_output=True, text=True, cwd=home, check=False)
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["?"])[-1][:300]}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def resident_mb() -> float:
    """Memory of this process that is resident, in MB."""
    try:
        text = Path("/proc/self/status").read_text("ascii", "replace")
    except OSError:
        return float("nan")
    return next((int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("VmRSS")), float("nan"))


def run(rule_set: RuleSet, plan: Plan) -> dict[str, Any]:
    """Multiply the municipality, build, touch, and time in interleaved rounds."""
    one_part = rule_set.bodies[CODE]
    one = RuleSet(rule_set.digest, rule_set.valid, rule_set.national, {CODE: one_part}, {_name(rule_set): CODE})
    cases = generate(one, distinct(expand(one)), plan.cases).cases
    gc.collect()
    result: dict[str, Any] = {"count": plan.count, "grants_of_one": len(one_part.grants)}
    result["tracemalloc_kb_per_municipality"] = _traced(one)
    memory = {"before": resident_mb()}
    start = time.perf_counter()
    many = multiply(one, CODE, plan.count)
    result["multiply_s"] = time.perf_counter() - start
    gc.collect()
    memory["rule_set"] = resident_mb()
    start = time.perf_counter()
    whole = EndToEnd(many)
    result["index_build_s"] = time.perf_counter() - start
    small = EndToEnd(one)
    result["grants"] = sum(len(part.grants) for part in many.bodies.values()) + len(many.national.grants)
    others = _elsewhere(cases, list(many.names))
    result["first_touch_ms_per_municipality"] = _touch(whole, cases[0], list(many.names))
    gc.collect()
    memory["all_touched"] = resident_mb()
    result["disagreements"] = sum(
        len(grants_of(small.decide(a))) != len(grants_of(whole.decide(b))) for a, b in zip(cases, others, strict=True)
    )
    result["rounds"] = _rounds(one, many, small, whole, cases, others, plan.rounds)
    gc.collect()
    memory["after_requests"] = resident_mb()
    result["memory_mb"] = {name: round(mb, 1) for name, mb in memory.items()}
    result["memory_mb"]["rule_set_delta"] = round(memory["rule_set"] - memory["before"], 1)
    result["memory_mb"]["index_delta"] = round(memory["all_touched"] - memory["rule_set"], 1)
    return result


def _name(rule_set: RuleSet) -> str:
    return next(name for name, code in rule_set.names.items() if code == CODE)


def _traced(one: RuleSet) -> float:
    """What Python allocates for one more municipality, in kB (mean of eight copies)."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    copies = multiply(one, CODE, 9)
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return round(taken / (len(copies.bodies) - 1) / 1024, 1)


def _elsewhere(cases: Sequence[Case], names: Sequence[str]) -> list[Case]:
    """The same requests, each about a municipality drawn at random."""
    dice = random.Random(1741)
    return [{**case, "municipality": dice.choice(names)} for case in cases]


def _touch(whole: EndToEnd, case: Case, names: Sequence[str]) -> float:
    """Mean time of the first request to a municipality, in ms: its names and its index are made then."""
    start = time.process_time_ns()
    for name in names:
        whole.decide({**case, "municipality": name})
    return round((time.process_time_ns() - start) / len(names) / 1e6, 3)


def _rounds(
    one: RuleSet,
    many: RuleSet,
    small: EndToEnd,
    whole: EndToEnd,
    cases: Sequence[Case],
    others: Sequence[Case],
    rounds: int,
) -> dict[str, Any]:
    """Warm: all requests seen before. Warm, as many shapes: each shape at one municipality. Cold: shapes never seen."""
    shapes = list({key_of(case): case for case in cases}.values())
    single = _elsewhere(shapes, list(many.names))
    small_requests = [small.resolve(case) for case in cases]
    whole_requests = [whole.resolve(case) for case in others]
    decide_small, decide_whole = small.interpreter.decide, whole.interpreter.decide
    repeat = max(1, 10_000 // len(cases))
    pairs: dict[str, Callable[[], tuple[float, float]]] = {
        "warm": lambda: _alternate(small.decide, cases, whole.decide, others, repeat),
        "warm_decide_only": lambda: _alternate(decide_small, small_requests, decide_whole, whole_requests, repeat),
        "warm_same_number_of_shapes": lambda: _alternate(small.decide, shapes, whole.decide, single, repeat),
        "cold": lambda: (_cold(one, shapes), _cold(many, single)),
    }
    found: dict[str, dict[str, list[float]]] = {name: {"one_ns": [], "many_ns": []} for name in pairs}
    for case in single:
        whole.decide(case)
    for _ in range(rounds):
        for name, pair in pairs.items():
            gc.collect()
            few, all_ = pair()
            found[name]["one_ns"].append(few)
            found[name]["many_ns"].append(all_)
    return {
        name: {
            "one_ns": [round(n) for n in pair["one_ns"]],
            "many_ns": [round(n) for n in pair["many_ns"]],
            "ratio": round(median(ratios := [b / a for a, b in zip(pair["one_ns"], pair["many_ns"], strict=True)]), 3),
            "ratio_range": [round(min(ratios), 3), round(max(ratios), 3)],
        }
        for name, pair in found.items()
    } | {"shapes": {"one": len(shapes), "many": len({key_of(case) for case in others})}}


def _alternate(
    one: Callable[[Any], object],
    cases: Sequence[Any],
    many: Callable[[Any], object],
    others: Sequence[Any],
    repeat: int,
) -> tuple[float, float]:
    """One, many, many, one: drift of the machine falls on both."""
    first, second = per_call(one, cases, repeat), per_call(many, others, repeat)
    third, fourth = per_call(many, others, repeat), per_call(one, cases, repeat)
    return (first + fourth) / 2, (second + third) / 2


def _cold(rule_set: RuleSet, cases: Sequence[Case]) -> float:
    """A new engine that has met each municipality of the requests once, but none of the requests."""
    fresh = EndToEnd(rule_set)
    for name in {case["municipality"] for case in cases}:
        fresh.touch(name)
    gc.collect()
    return per_call(fresh.decide, cases)


def main() -> None:
    """Measure as the JSON argument says and print JSON."""
    plan = Plan(**json.loads(sys.argv[1]))
    project = load(Path(plan.rules) if plan.rules else None, tuple(map(Path, plan.ordinances)))
    print(json.dumps(run(project.rule_set, plan), ensure_ascii=False))


if __name__ == "__main__":
    main()
