"""Findings as text for the terminal, as JSON, and as SARIF 2.1.0. Passages are underlined by their width on the screen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from wcwidth import wcwidth

from dsl.codes import CODES
from dsl.diagnostics import Diagnostic, Severity
from dsl.masking import mask
from dsl.parse import typed_lines
from dsl.syntax import Span

#: columns of the screen that a quoted line may take
_WIDTH = 96


def render(found: Diagnostic, source: str | None) -> str:
    """One finding as text: where, the line with the passage underlined, what, why, how to mend it.

    Args:
        found: the finding.
        source: the text of its file; None when it is not at hand.
    """
    span = found.span
    out = [f"{found.code} {found.severity.value}: {mask(found.message)}", f"  {found.path}:{span.line}:{span.column}"]
    lines = typed_lines(source) if source is not None else []
    if 1 <= span.line <= len(lines):
        out += _quoted(lines[span.line - 1], span)
    out.append(f"  理由　: {found.reason}")
    out.append(f"  直し方: {mask(found.help)}")
    out.append(f"  詳しい説明: docs/ja/codes/{found.code}.md")
    return "\n".join(out)


def render_all(findings: Iterable[Diagnostic], sources: Mapping[str, str]) -> str:
    """Every finding, parted by blank lines, with a count at the end.

    Args:
        findings: in the order to print.
        sources: path → text of the files they are in.
    """
    held = list(findings)
    if not held:
        return "誤りも警告もありません。"
    errors = sum(d.severity is Severity.ERROR for d in held)
    blocks = [render(d, sources.get(d.path)) for d in held]
    return "\n\n".join([*blocks, f"エラー {errors}件、警告 {len(held) - errors}件"])


def _quoted(line: str, span: Span) -> list[str]:
    shown = [ch if wcwidth(ch) > 0 or ch == "\t" else "·" for ch in mask(line)]
    shown = [" " if ch == "\t" else ch for ch in shown]
    start = min(max(span.column - 1, 0), len(shown))
    end = min(max(span.end_column - 1 if span.end_line == span.line else len(shown), start), len(shown))
    low, high = _window(shown, start, end)
    before, passage = shown[low:start], shown[start : min(end, high)]
    lead = "… " if low else ""
    text = lead + "".join(shown[low:high]) + (" …" if high < len(shown) else "")
    gutter = " " * len(str(span.line))
    under = " " * (len(lead) + _width(before)) + "‾" * max(1, _width(passage))
    return [f"  {span.line} │ {text}", f"  {gutter} │ {under}"]


def _window(shown: list[str], start: int, end: int) -> tuple[int, int]:
    """The part of a long line to show: the passage with words around it."""
    if _width(shown) <= _WIDTH:
        return 0, len(shown)
    low, high, used = start, start, 0
    while high < end and used < _WIDTH:
        used += _width(shown[high : high + 1])
        high += 1
    while used < _WIDTH and (low > 0 or high < len(shown)):
        if low > 0:
            low -= 1
            used += _width(shown[low : low + 1])
        if high < len(shown):
            used += _width(shown[high : high + 1])
            high += 1
    return low, high


def _width(characters: Iterable[str]) -> int:
    return sum(max(wcwidth(ch), 0) for ch in characters)


# ---- for tools ------------------------------------------------------------------------------------


def as_values(findings: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """The findings as plain values for JSON."""
    return [
        {
            "code": d.code,
            "severity": d.severity.value,
            "path": d.path,
            "line": d.span.line,
            "column": d.span.column,
            "end_line": d.span.end_line,
            "end_column": d.span.end_column,
            "message": mask(d.message),
            "reason": d.reason,
            "help": mask(d.help),
        }
        for d in findings
    ]


def to_json(findings: Iterable[Diagnostic]) -> str:
    """The findings as a JSON array."""
    return json.dumps(as_values(findings), ensure_ascii=False, indent=2)


def to_sarif(findings: Iterable[Diagnostic]) -> str:
    """The findings as a SARIF 2.1.0 log, for code scanning and editors."""
    held = list(findings)
    codes = sorted({d.code for d in held})
    log: dict[str, Any] = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "jorei", "language": "ja", "rules": [_rule(code, held) for code in codes]}},
                "columnKind": "unicodeCodePoints",
                "results": [_result(d, codes) for d in held],
            }
        ],
    }
    return json.dumps(log, ensure_ascii=False, indent=2)


def _rule(code: str, held: list[Diagnostic]) -> dict[str, Any]:
    known = CODES.get(code)
    reason = next(d.reason for d in held if d.code == code)
    return {
        "id": code,
        "shortDescription": {"text": known.title if known else code},
        "fullDescription": {"text": reason},
        "helpUri": f"docs/ja/codes/{code}.md",
    }


def _result(found: Diagnostic, codes: list[str]) -> dict[str, Any]:
    span = found.span
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
    return {
        "ruleId": found.code,
        "ruleIndex": codes.index(found.code),
        "level": "error" if found.severity is Severity.ERROR else "warning",
        "message": {"text": f"{mask(found.message)}。{mask(found.help)}"},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": found.path}, "region": region}}],
    }
