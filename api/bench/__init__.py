"""Figures of speed and size: `jorei bench`. Ratios within one run, against a plain dict and against other engines.

A figure, not a test: whatever the machine says is reported, with every round.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from api.bench import checking, loading, municipalities, report, speed
from api.project import default_ordinances
from api.project import load as load_project
from engine.rule_set import RuleSet

__all__ = ["run"]

MUNICIPALITIES = 1_741


def run(
    json_path: Path | None = None,
    quick: bool = False,
    echo: Callable[[str], object] = print,
    rules: Path | None = None,
    ordinances: Sequence[Path] = (),
    service: bool | None = None,
) -> dict[str, Any]:
    """Measure everything, print the tables and keep the figures.

    Args:
        json_path: where the figures are written as JSON; None for nowhere.
        quick: few requests and rounds, one municipality, under 20 seconds; the figures exist but are rough.
        echo: told of progress and, in the end, the tables, a text each.
        rules: the folder of the national rules; None for the project's own.
        ordinances: municipality folders; empty for the project's own.
        service: whether the service over HTTP is measured too; None: unless quick.

    Returns:
        The figures: `machine`, `speed`, `municipalities`, `loading`, `check`, `targets`; or `error`.
    """
    started = time.perf_counter()
    result: dict[str, Any] = {"machine": _machine(), "quick": quick}
    project = load_project(rules, ordinances)
    fault = _unusable(project.rule_set)
    if fault is None:
        result |= _measured(project.rule_set, quick, echo, rules, ordinances)
        result["targets"] = report.targets(result)
        if service or (service is None and not quick):
            result["service"] = _service(quick, echo)
    else:
        result["error"] = fault
    result["seconds"] = round(time.perf_counter() - started, 1)
    console = Console(width=140, highlight=False)
    with console.capture() as captured:
        report.show(result, console)
    echo(captured.get())
    if json_path is not None:
        json_path.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return result


def _measured(
    rule_set: RuleSet, quick: bool, echo: Callable[[str], object], rules: Path | None, ordinances: Sequence[Path]
) -> dict[str, Any]:
    def tell(text: str) -> None:
        echo(text)

    scale = speed.Scale(1_000, 200, 2, 0.05, one_in=20) if quick else speed.Scale(10_000, 1_000, 7, 0.5)
    plan = municipalities.Plan(
        10 if quick else MUNICIPALITIES,
        500 if quick else 10_000,
        2 if quick else 7,
        str(rules) if rules else None,
        tuple(str(path) for path in ordinances),
    )
    named = {"rule_set": rule_set.digest, "bodies": len(rule_set.bodies)}
    result: dict[str, Any] = {"rules": named | {"grants": _grants(rule_set)}}
    tell(f"規則集 {rule_set.digest[:12]}: {len(rule_set.bodies)}団体、許容 {_grants(rule_set)} 件")
    tell("読込みを計っています")
    result["loading"] = loading.measure(rules, _one_municipality(ordinances), 1 if quick else 7)
    tell(f"{plan.count}団体を計っています")
    result["municipalities"] = municipalities.measure(plan)
    count = 2 if quick else MUNICIPALITIES
    tell(f"{count}団体の検査を計っています")
    result["check"] = checking.measure(count, 1 if quick else 5, rules, ordinances[0] if ordinances else None)
    tell("一件の判定を計っています")
    result["speed"] = speed.measure(_only_one(rule_set) if quick else rule_set, scale, tell)
    return result


def _service(quick: bool, echo: Callable[[str], object]) -> dict[str, Any]:
    try:
        from api.bench.service import measure
    except ImportError as error:
        return {"error": f"{error.name} が入っていません"}
    echo("HTTPのサービスを計っています")
    return measure(quick, echo)


def _only_one(rule_set: RuleSet) -> RuleSet:
    code = municipalities.CODE
    names = {name: named for name, named in rule_set.names.items() if named == code}
    return RuleSet(rule_set.digest, rule_set.valid, rule_set.national, {code: rule_set.bodies[code]}, names)


def _unusable(rule_set: RuleSet) -> str | None:
    faults = [*rule_set.national.faults, *(f for part in rule_set.bodies.values() for f in part.faults)]
    if faults:
        return f"規則に誤りがあります（{len(faults)}件）: {faults[0]}"
    if municipalities.CODE not in rule_set.bodies:
        return f"団体 {municipalities.CODE}（石巻市）の条例がありません"
    return None


def _one_municipality(ordinances: Sequence[Path]) -> tuple[Path, ...]:
    for folder in ordinances or (default_ordinances(),):
        for found in (folder / "ishinomaki", folder):
            if any(found.glob("*.jorei")):
                return (found,)
    return tuple(ordinances)


def _grants(rule_set: RuleSet) -> int:
    return len(rule_set.national.grants) + sum(len(part.grants) for part in rule_set.bodies.values())


def _machine() -> dict[str, Any]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "load_average": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor())
