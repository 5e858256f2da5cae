"""Diagnostics: findings about a rule file as values, with a stable code, position and mending."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from dsl.syntax import Span


class Severity(enum.StrEnum):
    """How much a finding weighs: an error stops the file from loading, a warning does not."""

    ERROR = "エラー"
    WARNING = "警告"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    `message` says what is wrong, `reason` why it matters legally, `help` how to mend it; all in
    plain Japanese. `code` is stable (J0123) and has a page docs/ja/codes/J0123.md.
    """

    code: str
    severity: Severity
    path: str
    span: Span
    message: str
    reason: str
    help: str
