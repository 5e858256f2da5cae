"""Smoke test of `jorei bench`: the figures exist, the encodings agree. Says nothing about speed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from api import bench


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path: Path = tmp_path_factory.mktemp("bench") / "bench.json"
    said: list[str] = []
    result = bench.run(path, quick=True, echo=said.append)
    assert "error" not in result, result["error"]
    assert "目標" in said[-1]
    kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return kept


def test_every_encoding_agrees(figures: dict[str, Any]) -> None:
    for name, found in figures["speed"]["agreement"].items():
        if "not_installed" not in found:
            assert found["checked"] > 0, name
            assert found["disagreements"] == 0, name
    assert figures["speed"]["agreement"]["table"]["floor_misses"] == 0
    assert figures["municipalities"]["disagreements"] == 0


def test_every_figure_exists(figures: dict[str, Any]) -> None:
    installed = {a["package"] for a in figures["speed"]["peers"].values() if a["status"] == "measured"}
    for target in figures["targets"]:
        peer = target["name"].rpartition(" ")[2]
        missing_peer = peer in {"zen-engine", "durable-rules", "cedarpy"} - installed
        assert missing_peer or target["measured"] is not None, target
    for series in figures["speed"]["series"].values():
        assert series["rounds_ns"]
        assert len(series["rounds_ns"]) == len(series["rounds_floor_ns"])


def test_absent_engines_are_reported(figures: dict[str, Any]) -> None:
    assert all(about["status"] for about in figures["speed"]["peers"].values())
