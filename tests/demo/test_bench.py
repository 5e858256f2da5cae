"""The figures are measured as a whole; small here, so only their form is looked at."""

from __future__ import annotations

import json
from pathlib import Path

from demo import bench


def test_figures(tmp_path: Path) -> None:
    file = tmp_path / "out" / "linkage.json"
    bench.main(["--json", str(file), "--people", "200", "--inquiries", "4", "--only", "sqlite"])
    (said,) = json.loads(file.read_text("utf-8"))["linkage"].values()
    assert said["people"] == 200
    for name in ("search", "inquiry", "overhead"):
        assert said[name]
    assert said["search"]["n"] == 200
    assert 0 < said["search"]["p50_ms"] <= said["search"]["p99_ms"]
    assert said["overhead"]["act_by_gate"]["p50_ms"] > said["overhead"]["bare_write"]["p50_ms"]
    assert said["rotation_while_serving"]["cells"]["count"] >= 400
    assert said["inquiry"]["until_answered"]["p50_ms"] < said["inquiry"]["until_opened"]["p50_ms"]
