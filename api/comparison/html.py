"""The 新旧対照表 as an HTML page of its own: A4 landscape when printed, readable by a screen reader."""

from __future__ import annotations

from html import escape

from api.comparison.entries import Comparison
from api.comparison.rows import Cell, Row, rows, visible

_STYLE = """
@page { size: A4 landscape; margin: 15mm; }
body { font-family: "Yu Mincho", "Hiragino Mincho ProN", "Noto Serif CJK JP", serif; line-height: 1.6; margin: 1em; }
h1 { font-size: 1.1em; text-align: center; }
table.comparison { border-collapse: collapse; width: 100%; table-layout: fixed; }
table.comparison > thead > tr > th, table.comparison > tbody > tr > td { border: 1px solid; padding: 0 .5em; }
table.comparison > tbody > tr > td { border-top: none; border-bottom: none; vertical-align: top; overflow-wrap: anywhere; }
table.comparison > tbody > tr:first-child > td { border-top: 1px solid; }
table.comparison > tbody > tr:last-child > td { border-bottom: 1px solid; }
table.cells { border-collapse: collapse; width: 100%; table-layout: fixed; }
table.cells td { border: 1px solid; padding: 0 .3em; vertical-align: top; }
u { text-decoration: underline; text-underline-offset: .2em; }
p { margin: 0; }
.d2 { padding-left: 1em; } .d3 { padding-left: 2em; } .d4 { padding-left: 3em; } .d5 { padding-left: 4em; }
.moved { font-size: .8em; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
""".strip()


def as_html(comparison: Comparison, *, title: str = "", new_first: bool = True) -> str:
    """The 新旧対照表 as a page that needs no other file.

    Args:
        comparison: the two editions.
        title: what the comparison is of, in the heading.
        new_first: whether 改正後 stands on the left.

    Returns:
        The page; when the texts do not differ it says so.
    """
    shown = rows(comparison)
    heading = escape(visible(f"{title}　新旧対照表" if title else "新旧対照表"))
    names = ("改正後", "改正前") if new_first else ("改正前", "改正後")
    out = [
        "<!DOCTYPE html>",
        '<html lang="ja">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>{heading}</title>",
        f"<style>\n{_STYLE}\n</style>",
        "</head>",
        "<body>",
        f"<h1>{heading}</h1>",
    ]
    if not shown:
        out.append("<p>条文に違いはありません。</p>")
    else:
        out += [
            '<table class="comparison">',
            "<caption>下線を付けた部分は、改正に係る部分である。</caption>",
            f'<thead><tr><th scope="col">{names[0]}</th><th scope="col">{names[1]}</th></tr></thead>',
            "<tbody>",
            *(_row(row, new_first) for row in shown),
            "</tbody>",
            "</table>",
        ]
    return "\n".join([*out, "</body>", "</html>", ""])


def _row(row: Row, new_first: bool) -> str:
    sides = [_side(row, new=new_first), _side(row, new=not new_first)]
    return f"<tr>{''.join(f'<td>{side}</td>' for side in sides)}</tr>"


def _side(row: Row, *, new: bool) -> str:
    cells = row.new if new else row.old
    if cells is None:
        return f'<p class="word">{row.word}</p>' if row.word else ""
    moved = f' <span class="moved">［{row.moved}］</span>' if new and row.moved else ""
    if row.tabular:
        inner = "".join(f"<td>{_cell(cell)}{moved if at == 0 else ''}</td>" for at, cell in enumerate(cells))
        # one row of the ordinance's table; its columns are named in the row that shows the table's own heading
        return f'<table class="cells" role="presentation"><tbody><tr>{inner}</tr></tbody></table>'
    return f'<p class="d{min(row.depth, 5)}">{_cell(cells[0])}{moved}</p>'


def _cell(cell: Cell) -> str:
    return "".join(f"<u>{escape(piece.text)}</u>" if piece.changed else escape(piece.text) for piece in cell)
