"""Every scenario of the project's municipalities and of the demonstration, one test each."""

from __future__ import annotations

from functools import cache

import pytest

from api.judge import Judge
from api.project import HOME, default_ordinances, load
from api.scenario import run_one
from api.scenario_file import Scenario, read_scenarios, scenario_paths

FILES = [read_scenarios(path) for path in scenario_paths([default_ordinances(), HOME / "demo"])]


@cache
def judge() -> Judge:
    project = load()
    assert project.ok, [f"{d.path}:{d.span.line} {d.code} {d.message}" for d in project.errors]
    return Judge(project.rule_set)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.path)
def test_scenario_files_are_well_formed(file: object) -> None:
    assert [f"{d.span.line}: {d.code} {d.message}" for d in getattr(file, "diagnostics", [])] == []


@pytest.mark.parametrize("scenario", [s for f in FILES for s in f.scenarios], ids=lambda s: f"{s.path}/{s.name}")
def test_scenario(scenario: Scenario) -> None:
    result = run_one(judge(), scenario)
    assert [str(d) for d in result.differences] == [], result.reasons


def test_demonstration_has_at_least_twelve_cases() -> None:
    assert sum(len(f.scenarios) for f in FILES if f.path.startswith("demo/")) >= 12
