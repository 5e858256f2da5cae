"""rules/gates.yaml: a gate is what happened, or what a plan expects; nothing else."""

from __future__ import annotations

import pytest

from dsl.national_registers import read_gates

GATE = "- id: a\n  内容: 何かの開始\n  初日: 2017-01-01\n  出典: 計画\n"


@pytest.mark.parametrize(("kind", "planned"), [("", False), ("  種別: 実績\n", False), ("  種別: 予定\n", True)])
def test_kind(kind: str, planned: bool) -> None:
    (gate,), findings = read_gates("gates.yaml", GATE + kind)
    assert gate.planned is planned
    assert not findings


def test_unknown_kind_is_a_finding() -> None:
    _, (finding,) = read_gates("gates.yaml", GATE + "  種別: 見込み\n")
    assert finding.code == "J0203"
    assert finding.span.line == 5
    assert "見込み" in finding.message
