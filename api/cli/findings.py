"""Findings as the commands print them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.common import Format
from dsl.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from api.project import Source


def as_values(findings: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """Findings as plain values for JSON."""
    from dsl.render import as_values as values

    return values(findings)


def render(findings: Sequence[Diagnostic], sources: Iterable[Source], form: Format = Format.TEXT) -> str:
    """Findings as text with the passages underlined, as JSON, or as SARIF."""
    from dsl.render import render as drawn
    from dsl.render import to_json, to_sarif

    if form is Format.JSON:
        return to_json(findings)
    if form is Format.SARIF:
        return to_sarif(findings)
    texts: dict[str, str | None] = {source.path: source.text for source in sources}
    for finding in findings:
        if finding.path not in texts:
            texts[finding.path] = _text(finding.path)
    return "\n\n".join(drawn(finding, texts[finding.path]) for finding in findings)


def _text(shown: str) -> str | None:
    """The text of a file that is no rule file (a scenario file)."""
    from api.project import HOME, read_text

    for path in (Path(shown), HOME / shown):
        if path.is_file():
            return read_text(path)[0]
    return None


def counts(findings: Iterable[Diagnostic]) -> str:
    """How many errors and warnings there are."""
    found = list(findings)
    errors = sum(d.severity is Severity.ERROR for d in found)
    return f"エラー {errors}件、警告 {len(found) - errors}件"
