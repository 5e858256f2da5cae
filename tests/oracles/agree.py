"""`python -m tests.oracles.agree --requests 100000 --seed 1`: the interpreters on many requests, counted.

Decides each request by the compiled index, the naive evaluator, Rete and Cedar, over the project's own
rule set. Prints counts by outcome, how many requests fall on a boundary of a period, and every
disagreement (shrunk to the first few). The exit code is 1 when there is one.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from engine.rule_set import RuleSet
from tests.oracles.compare import HAS_COMPILED, SideBySide
from tests.oracles.strategies import generate_requests

_CHUNK = 1_000
_SHOWN = 5
_ONE_DAY = timedelta(days=1)

_state: dict[str, Any] = {}


def load_rules(folders: tuple[Path, ...] = ()) -> RuleSet:
    """The rule set of the project, or with the given municipality folders."""
    from api import project

    return (project.load(ordinances=folders) if folders else project.load()).rule_set


def main(arguments: list[str] | None = None) -> int:
    """Run, print, and say whether all agreed."""
    options = _options(arguments)
    chunks = [(n, min(_CHUNK, options.requests - start), options.seed) for n, start in _starts(options.requests)]
    started, total = time.perf_counter(), Counter[str]()
    shown: list[str] = []
    with get_context("fork").Pool(options.processes, _start, (options.ordinances,)) as pool:
        for done, (counts, found) in enumerate(pool.imap_unordered(_chunk, chunks), 1):
            total.update(counts)
            shown += found
            _progress(done, len(chunks), total, time.perf_counter() - started)
    report = _report(options, total, time.perf_counter() - started, shown[:_SHOWN])
    print(json.dumps(report, ensure_ascii=False, indent=2))
    if options.json:
        options.json.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return int(total["disagreements"] > 0)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.oracles.agree", description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--ordinances", type=Path, nargs="*", default=(), help="folders instead of the default ones")
    parser.add_argument("--json", type=Path, help="also write the report to this file")
    return parser.parse_args(arguments)


def _starts(requests: int) -> Iterator[tuple[int, int]]:
    return enumerate(range(0, requests, _CHUNK))


def _start(ordinances: tuple[Path, ...]) -> None:
    rule_set = load_rules(tuple(ordinances))
    grants = [g for part in (rule_set.national, *rule_set.bodies.values()) for g in part.grants]
    periods = [g.period for g in grants] + [bar.period for g in grants for bar in g.bars]
    firsts, lasts = {p.first for p in periods}, {p.last for p in periods if p.last}
    _state["boundaries"] = {d for day in firsts for d in (day, day - _ONE_DAY)} | {
        d for day in lasts for d in (day, day + _ONE_DAY)
    }
    _state["rules"], _state["interpreters"] = rule_set, SideBySide(rule_set)


def _chunk(chunk: tuple[int, int, int]) -> tuple[Counter[str], list[str]]:
    number, size, seed = chunk
    counts, found = Counter[str](), list[str]()
    for request in generate_requests(_state["rules"], size, seed * 1_000_003 + number):
        answers, disagreement = _state["interpreters"].compare(request)
        counts["requests"] += 1
        counts["on a boundary"] += request.on in _state["boundaries"]
        counts[f"action {request.action.value}"] += 1
        counts.update(f"item {outcome}" for outcome, _ in answers)
        counts["grants named"] += sum(len(grants) for _, grants in answers)
        if disagreement is not None:
            counts["disagreements"] += 1
            found.append(f"{disagreement.request}\n{disagreement.answers}")
    return counts, found[:_SHOWN]


def _progress(done: int, chunks: int, total: Counter[str], seconds: float) -> None:
    if sys.stderr.isatty() or done % 10 == 0 or done == chunks:
        rate = total["requests"] / seconds
        line = f"{total['requests']:>9,} requests  {total['disagreements']} disagreements  {rate:,.0f}/s"
        print(line, end="\r" if sys.stderr.isatty() and done < chunks else "\n", file=sys.stderr, flush=True)


def _report(options: argparse.Namespace, total: Counter[str], seconds: float, shown: list[str]) -> dict[str, Any]:
    of = {
        kind: {k.removeprefix(f"{kind} "): n for k, n in sorted(total.items()) if k.startswith(f"{kind} ")}
        for kind in ("item", "action")
    }
    return {
        "requests": total["requests"],
        "seed": options.seed,
        "interpreters": ["naive", "rete", "cedar", *(["compiled"] if HAS_COMPILED else [])],
        "disagreements": total["disagreements"],
        "items by outcome": of["item"],
        "requests by action": of["action"],
        "requests on a boundary of a period": total["on a boundary"],
        "grants named": total["grants named"],
        "seconds": round(seconds, 1),
        "first disagreements": shown,
    }  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
