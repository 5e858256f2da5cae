"""The 新旧対照表 for the terminal: two columns, changed words underlined on the line below."""

from __future__ import annotations

from collections.abc import Iterable

from wcwidth import wcwidth

from api.comparison.entries import Comparison
from api.comparison.rows import Piece, Row, rows

_BETWEEN, _UNDER = " │ ", "‾"
#: a column narrower than this holds no words
_NARROWEST = 12

_Line = list[tuple[str, bool]]  # characters, and whether each is underlined


def as_text(comparison: Comparison, width: int, *, new_first: bool = True) -> str:
    """The 新旧対照表 as text.

    Args:
        comparison: the two editions.
        width: columns of the screen to fill (a full-width character takes two).
        new_first: whether 改正後 stands on the left, as most municipalities have it.

    Returns:
        The lines; "" when the texts do not differ.
    """
    shown = rows(comparison)
    if not shown:
        return ""
    half = max((width - len(_BETWEEN)) // 2, _NARROWEST)
    names = ("改正後", "改正前") if new_first else ("改正前", "改正後")
    rule = "─" * half + "─┼─" + "─" * half
    out = [_pair(_plain(names[0]), _plain(names[1]), half)[0], rule]
    for row in shown:
        left, right = (_side(row, new=new_first, half=half), _side(row, new=not new_first, half=half))
        for at in range(max(len(left), len(right))):
            out += _pair(_at(left, at), _at(right, at), half)
    return "\n".join(line.rstrip() for line in out)


def _plain(text: str) -> _Line:
    return [(ch, False) for ch in text]


def _at(lines: list[_Line], index: int) -> _Line:
    return lines[index] if index < len(lines) else []


def _side(row: Row, *, new: bool, half: int) -> list[_Line]:
    cells = row.new if new else row.old
    if cells is None:
        return [_plain(row.word)] if row.word else []
    line = _plain("  " * max(row.depth - 1, 0))
    if row.tabular:
        for cell in cells:
            line += [*_plain("| "), *_characters(cell), *_plain(" ")]
        line += _plain("|")
    else:
        line += _characters(cells[0])
    if new and row.moved:
        line += _plain(f"　［{row.moved}］")
    return _wrapped(line, half)


def _characters(cell: Iterable[Piece]) -> _Line:
    return [(ch if wcwidth(ch) > 0 else "·", piece.changed) for piece in cell for ch in piece.text]


def _wrapped(line: _Line, half: int) -> list[_Line]:
    out: list[_Line] = [[]]
    used = 0
    for ch, changed in line:
        size = max(wcwidth(ch), 0)
        if used + size > half:
            out.append([])
            used = 0
        out[-1].append((ch, changed))
        used += size
    return out


def _pair(left: _Line, right: _Line, half: int) -> list[str]:
    """A line of both columns, and one with the underlines where there are any."""
    lines = [_padded(left, half) + _BETWEEN + "".join(ch for ch, _ in right)]
    if any(changed for _, changed in (*left, *right)):
        under = [
            [(_UNDER * wcwidth(ch) if changed else " " * wcwidth(ch), False) for ch, changed in s]
            for s in (left, right)
        ]
        lines.append(_padded(under[0], half) + _BETWEEN + "".join(ch for ch, _ in under[1]))
    return lines


def _padded(line: _Line, half: int) -> str:
    text = "".join(ch for ch, _ in line)
    return text + " " * (half - sum(max(wcwidth(ch), 0) for ch in text))
