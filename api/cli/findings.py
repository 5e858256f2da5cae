"""Findings as text for people, and as JSON and SARIF for tools."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from dsl.diagnostics import Diagnostic, Severity


def as_json(finding: Diagnostic) -> dict[str, Any]:
    """One finding as plain values."""
    span = asdict(finding.span)
    return {
        "code": finding.code,
        "severity": "error" if finding.severity is Severity.ERROR else "warning",
        "path": finding.path,
        **span,
        "message": finding.message,
        "reason": finding.reason,
        "help": finding.help,
    }


def counts(findings: Sequence[Diagnostic]) -> str:
    """How many errors and warnings there are."""
    errors = sum(d.severity is Severity.ERROR for d in findings)
    return f"エラー {errors}件、警告 {len(findings) - errors}件"


def json_text(findings: Sequence[Diagnostic]) -> str:
    """All findings as JSON."""
    return json.dumps([as_json(d) for d in findings], ensure_ascii=False, indent=2)


def sarif_text(findings: Sequence[Diagnostic]) -> str:
    """All findings as SARIF."""
    return json_text(findings)


def terminal_text(findings: Sequence[Diagnostic], sources: Mapping[str, str]) -> str:
    """All findings for people."""
    return "\n".join(
        f"{d.path}:{d.span.line}:{d.span.column}: {d.severity} {d.code} {d.message}\n  {d.help}" for d in findings
    )
