"""Text edits as values: applied from the end, and only those that lie apart from one another."""

from __future__ import annotations

from collections.abc import Iterable

from dsl.lint.finding import Fix
from dsl.syntax import Span


def apply(source: str, fixes: Iterable[Fix]) -> tuple[str, int]:
    """Make the edits of fixes in a text.

    A fix that touches a place that an earlier one changes is left for the next time.

    Returns:
        The new text and how many fixes were made.
    """
    starts = _line_starts(source)
    taken: list[tuple[int, int, str]] = []
    made = 0
    for fix in fixes:
        places = [(*_offsets(starts, edit.span), edit.new) for edit in fix.edits]
        if any((a < d and c < b) or (a, b) == (c, d) for a, b, _ in places for c, d, _ in taken):
            continue
        taken += places
        made += 1
    for start, end, new in sorted(taken, reverse=True):
        source = source[:start] + new + source[end:]
    return source, made


def _line_starts(source: str) -> list[int]:
    starts = [0]
    for line in source.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    return starts


def _offsets(starts: list[int], span: Span) -> tuple[int, int]:
    return starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1
