"""Tables typed or pasted as plain lines: parted by tabs, bars, box drawing or blanks, or one cell a line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dsl.fragment import BLANKS
from dsl.importing.grids import _NAME
from dsl.importing.lines import kind_of, starts_article
from dsl.importing.notes import is_furniture, is_rule
from dsl.importing.source import Grid, GridCell, Ledger, Piece, Words, plain
from dsl.lines import Kind
from dsl.normalise import provision_number

_BARS = re.compile("[|｜│┃]")
_HEADS = (Kind.ARTICLE, Kind.TABLE, Kind.SUPPLEMENTARY)


def gather(pieces: Sequence[Piece], ledger: Ledger) -> list[Piece]:
    """The pieces with runs of lines that are a table put together as grids.

    Args:
        pieces: the document from the first article on.
        ledger: where drawn rules go.
    """
    out: list[Piece] = []
    i = 0
    under_table = False
    while i < len(pieces):
        piece = pieces[i]
        if not isinstance(piece, Words) or piece.aside:
            out.append(piece)
            i += 1
            continue
        run = _run(pieces, i) or _goes_on(piece, out)
        if run:
            out.append(_barred(run, ledger))
            i += len(run)
            continue
        if under_table and plain(piece.text):
            lines = _until_head(pieces, i)
            grid, used = _by_blanks(lines) or _cell_a_line(lines) or (None, 0)
            if grid is not None:
                out.append(grid)
                i += used
                under_table = False
                continue
        if plain(piece.text):
            kind = kind_of(piece.text)
            under_table = kind is Kind.TABLE or (under_table and kind is Kind.CAPTION)
        out.append(piece)
        i += 1
    return out


def _barred_line(text: str) -> bool:
    inner = text.strip(BLANKS)
    return len(_BARS.findall(inner)) >= 2 or "\t" in inner


def _run(pieces: Sequence[Piece], start: int) -> list[Words]:
    run: list[Words] = []
    for piece in pieces[start:]:
        if not isinstance(piece, Words) or piece.aside:
            break
        drawn = is_rule(piece.text) and re.search("[\u2500-\u257f]|-{3}|={3}|＋|\\+", piece.text)
        tabbed = "\t" in piece.text.strip(BLANKS) and not _BARS.search(piece.text)
        headed = kind_of(piece.text) in (Kind.ITEM, Kind.PARAGRAPH) and piece.text.strip(BLANKS).count("\t") < 2
        if tabbed and (starts_article(piece.text) or (headed and not run)):
            break
        goes_on = piece.text.startswith("\t") and bool(run) and not starts_article(piece.text)
        if not (_barred_line(piece.text) or drawn or goes_on):
            break
        run.append(piece)
    while run and is_rule(run[-1].text) and not any(not is_rule(w.text) for w in run):
        run.pop()
    return run if sum(not is_rule(w.text) for w in run) >= 2 else []


def _goes_on(piece: Words, before: Sequence[Piece]) -> list[Words]:
    """A single line with as many cells as the table above it, from which something parts it."""
    if not _barred_line(piece.text) or starts_article(piece.text):
        return []
    for above in reversed(before[-3:]):
        if isinstance(above, Grid) and above.rows:
            return [piece] if len(above.rows[-1]) == len(_cells(piece.text)) else []
        if isinstance(above, Words) and kind_of(above.text) in _HEADS:
            return []
    return []


def _barred(run: Sequence[Words], ledger: Ledger) -> Grid:
    """Rows from lines with bars or tabs; where rules are drawn between rows, the lines between two rules are one row."""
    drawn = any(is_rule(w.text) for w in run[1:-1])
    rows: list[list[list[str]]] = []
    fresh = True
    for words in run:
        if is_rule(words.text):
            ledger.leave(words.at, words.text, "罫線")
            fresh = True
            continue
        cells = _cells(words.text)
        if fresh or not (drawn and sum(is_rule(w.text) for w in run) > 3) or len(cells) != len(rows[-1]):
            rows.append([[c] for c in cells])
        else:
            for held, cell in zip(rows[-1], cells, strict=True):
                held.append(cell)
        fresh = False
    return Grid(tuple(tuple(GridCell(tuple(c)) for c in row) for row in rows), run[0].at, merges_known=False)


def _cells(text: str) -> list[str]:
    if not _BARS.search(text):
        return [c.strip(BLANKS) for c in text.strip(" 　\r\n").split("\t")]
    inner = text.strip(BLANKS)
    inner = inner[1:] if _BARS.match(inner[0]) else inner
    inner = inner[:-1] if inner and _BARS.match(inner[-1]) else inner
    return [c.strip(BLANKS) for c in _BARS.split(inner)]


def _until_head(pieces: Sequence[Piece], start: int) -> list[Words]:
    lines: list[Words] = []
    for piece in pieces[start:]:
        if not isinstance(piece, Words) or piece.aside or not plain(piece.text):
            break
        if starts_article(piece.text) or kind_of(piece.text) in _HEADS or is_furniture(piece.text):
            break
        if "\t" in piece.text.strip(BLANKS):
            break
        lines.append(piece)
    return lines


def _by_blanks(lines: Sequence[Words]) -> tuple[Grid, int] | None:
    """A header of names parted by blanks, and rows with as many parts."""
    if len(lines) < 2:
        return None
    split = [[c for c in re.split(f"[{BLANKS}]+", w.text.strip(BLANKS)) if c] for w in lines]
    width = len(split[0])
    if width < 2 or not all(_NAME.match(c) for c in split[0]) or any(len(r) != width for r in split[1:]):
        return None
    rows = tuple(tuple(GridCell((c,)) for c in row) for row in split)
    return Grid(rows, lines[0].at, merges_known=False), len(lines)


def _cell_a_line(lines: Sequence[Words]) -> tuple[Grid, int] | None:
    """Names one a line, then the cells one a line: what some browsers make of a copied table."""
    texts = [w.text.strip(BLANKS) for w in lines]
    width = 0
    while width < len(texts) and width < 7 and _NAME.match(texts[width]) and len(texts[width]) <= 16:
        width += 1
    while width >= 2:
        body = texts[width:]
        numbered = texts[0] in ("項", "項番", "番号", "号")
        firsts = body[::width]
        if body and len(body) % width == 0 and all(_first(t, numbered=numbered) for t in firsts):
            rows = [texts[i : i + width] for i in range(0, len(texts), width)]
            grid = Grid(tuple(tuple(GridCell((c,)) for c in row) for row in rows), lines[0].at, merges_known=False)
            return grid, len(texts)
        width -= 1
    return None


def _first(text: str, *, numbered: bool) -> bool:
    return provision_number(text) is not None if numbered else bool(re.search("(長|委員会|知事|機関|者)$", text))
