"""Plain text on lines of equal width, where full-width characters count two."""

from __future__ import annotations

import unicodedata

WIDTH = 88
#: Characters that do not begin a line.
_CLOSING = "、。，．）」』〕］・ー"


def width(text: str) -> int:
    """Columns that a text takes in a terminal.

    Examples:
        >>> width("第3条")
        5
    """
    return sum(2 if unicodedata.east_asian_width(c) in "FWA" else 1 for c in text)


def wrapped(text: str, first: int, rest: int, columns: int = WIDTH) -> list[str]:
    """The text on lines of `columns`, indented by `first` and, from the second line, by `rest`.

    Examples:
        >>> wrapped("根拠がない。", 2, 4, columns=10)
        ['  根拠がな', '    い。']
    """
    lines: list[str] = []
    line, taken = " " * first, first
    for c in " ".join(text.split("\n")):
        wide = width(c)
        if taken + wide > columns and c not in _CLOSING:
            lines.append(line)
            line, taken = " " * rest, rest
        line += c
        taken += wide
    return [*lines, line]
