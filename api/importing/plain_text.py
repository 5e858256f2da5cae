"""Plain text, as copied from a page or a document, into lines."""

from __future__ import annotations

import re

from dsl.importing.source import Piece, Source, Words


def read_plain_text(path: str, text: str) -> Source:
    """Read plain text: every line is one piece, tables are found later by their separators.

    Args:
        path: the file, for messages.
        text: its text.
    """
    lines = re.split("\r\n|\r|\n|\u2028|\x0c|\x0b|\x85", text)
    pieces: tuple[Piece, ...] = tuple(Words(line, at) for at, line in enumerate(lines, 1) if line.strip())
    return Source(path, "テキスト", "行", pieces)
