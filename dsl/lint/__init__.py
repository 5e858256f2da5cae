"""The linter of legal drafting traps: `jorei check --strict`.

A municipality's texts may be right in form and still say something else than their drafters meant, from some day on. Each
rule of this package looks for one kind of trap and says on which days it bites. The rules are pure: they look at the parsed
documents and at what was compiled from them, and never decide anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dsl.compile import Compiled, Nation, SourceFile
from dsl.diagnostics import Diagnostic, Severity
from dsl.lint import (
    act_numbers,
    commencement,
    deemed,
    delegation,
    fields,
    grounds,
    notifications,
    numbering,
    references,
    repealed_tables,
    statutory,
    terms,
    wording,
)
from dsl.lint.codes import SUPERSEDED
from dsl.lint.finding import Lint, lint
from dsl.lint.view import View
from dsl.organisation import Organisation, read_organisation
from dsl.syntax import Span

_RULES = (
    delegation.check,
    statutory.check,
    repealed_tables.check,
    act_numbers.check,
    deemed.check,
    grounds.check,
    commencement.check,
    terms.check,
    references.check,
    fields.check,
    notifications.check,
)


def check(files: Sequence[SourceFile], compiled: Compiled, nation: Nation) -> tuple[Lint, ...]:
    """Every trap in the files of one municipality, in the order of the texts.

    Args:
        files: the files of its folder.
        compiled: what became of them.
        nation: what they were compiled against.

    Returns:
        Findings, each a warning. When the files have errors only the words themselves were looked at, and L0100 says so.
    """
    found = [*wording.check(compiled.documents), *numbering.check(compiled.documents)]
    error = next((d for d in compiled.diagnostics if d.severity is Severity.ERROR), None)
    if error is not None or compiled.part is None or not nation.slices:
        path = error.path if error else (files[0].path if files else "")
        found.append(
            lint(
                "L0100",
                path,
                error.span if error else Span(1, 1, 1, 2),
                "誤りがあるので、厳しい検査のうち字句の検査だけをしました",
                "先に誤り（エラー）を直してから、もう一度検査してください。",
            )
        )
        return _ordered(found)
    view = View(compiled.documents, _organisation(files), compiled.part, nation)
    for rule in _RULES:
        found.extend(rule(view))
    return _ordered(found)


def merged(ordinary: Iterable[Diagnostic], found: Iterable[Lint]) -> tuple[Diagnostic, ...]:
    """Ordinary findings and those of the linter together, without ordinary warnings that the linter says more exactly."""
    lints = [f.diagnostic for f in found]
    said = {(code, d.path, d.span.line) for d in lints for code in SUPERSEDED.get(d.code, ())}
    kept = [d for d in ordinary if d.severity is Severity.ERROR or (d.code, d.path, d.span.line) not in said]
    return tuple(sorted((*kept, *lints), key=lambda d: (d.path, d.span.line, d.span.column)))


def _ordered(found: Iterable[Lint]) -> tuple[Lint, ...]:
    unique: dict[tuple[str, str, Span, str], Lint] = {}
    for one in found:
        d = one.diagnostic
        unique.setdefault((d.code, d.path, d.span, d.message), one)
    key = sorted(unique.values(), key=lambda f: (f.diagnostic.path, f.diagnostic.span.line, f.diagnostic.span.column))
    return tuple(key)


def _organisation(files: Sequence[SourceFile]) -> Organisation | None:
    for file in files:
        if file.path.endswith(("organisation.yaml", "organisation.yml")):
            return read_organisation(file.path, file.text)[0]
    return None
