"""What the linter finds: a diagnostic, and where the mending is mechanical, the edits that mend it."""

from __future__ import annotations

from dataclasses import dataclass

from dsl.diagnostics import Diagnostic, Severity
from dsl.lint.codes import LINTS
from dsl.syntax import Span


@dataclass(frozen=True, slots=True)
class Edit:
    """Put `new` in the place of what stands at `span` (a span that begins where it ends is an insertion)."""

    span: Span
    new: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits of one file that belong together: all are made, or none."""

    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Lint:
    """One finding of the linter with its fix; `None` where mending needs a person's judgment."""

    diagnostic: Diagnostic
    fix: Fix | None = None


#: said where the fix would touch a text that only an amending ordinance can change
AMENDS = "公布された条文を改めるには、改正条例（規則は改正規則）が要ります。"


def lint(code: str, path: str, span: Span, message: str, help_: str, fix: Fix | None = None) -> Lint:
    """A finding with the reason of its code; every finding of the linter is a warning."""
    return Lint(Diagnostic(code, Severity.WARNING, path, span, message, LINTS[code].reason, help_), fix)
