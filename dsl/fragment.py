"""Pieces of a typed line that remember the column of every character."""

from __future__ import annotations

from dataclasses import dataclass

from dsl.syntax import Span

#: white space of the two widths, as typed between a head and its text
BLANKS = " \t　\u00a0"


@dataclass(frozen=True, slots=True)
class Fragment:
    """Characters of one line with the 1-based column each was typed in; `at` places an empty fragment."""

    line: int
    text: str
    columns: tuple[int, ...]
    at: int

    @classmethod
    def of_line(cls, line: int, text: str) -> Fragment:
        """A whole line as typed."""
        return cls(line, text, tuple(range(1, len(text) + 1)), 1)

    def part(self, start: int, end: int | None = None) -> Fragment:
        """The characters from `start` up to `end` (counted in this fragment)."""
        stop = len(self.text) if end is None else end
        columns = self.columns[start:stop]
        return Fragment(self.line, self.text[start:stop], columns, columns[0] if columns else self._column(start))

    def _column(self, index: int) -> int:
        if index < len(self.columns):
            return self.columns[index]
        return self.columns[-1] + 1 if self.columns else self.at

    def strip(self) -> Fragment:
        """Without blanks on either side."""
        stripped = self.text.lstrip(BLANKS)
        start = len(self.text) - len(stripped)
        return self.part(start, start + len(stripped.rstrip(BLANKS)))

    def span(self, start: int = 0, end: int | None = None) -> Span:
        """Where the characters from `start` up to `end` were typed."""
        piece = self.part(start, end)
        if not piece.columns:
            return Span(self.line, piece.at, self.line, piece.at + 1)
        return Span(self.line, piece.columns[0], self.line, piece.columns[-1] + 1)
