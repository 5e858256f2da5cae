"""An instrument printed the ways that documents come: three styles of HTML, plain text, Word."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from dsl.importing.lines import read
from dsl.lines import Kind
from dsl.text import promulgated_text
from tests.importing.documents import word

Block = str | list[list[str]]


def blocks_of(source: str) -> tuple[str, list[Block]]:
    """The title, and the lines and tables of a rule file as promulgated."""
    heading, *lines = promulgated_text(source).split("\n")
    out: list[Block] = []
    for line in lines:
        if not line.strip():
            continue
        if read(line).kind is Kind.ROW:
            row = [c.strip() for c in line.strip().strip("|").split("|")]
            if not out or isinstance(out[-1], str):
                out.append([])
            held = out[-1]
            assert isinstance(held, list)
            held.append(row + [""] * (len(held[0]) - len(row) if held else 0))  # | 4 | 削除 | may be short
        else:
            out.append(line.strip())
    return heading.partition(" ")[2], out


def as_text(title: str, blocks: Sequence[Block]) -> bytes:
    """Plain text, tables parted by tabs."""
    lines = [f"○{title}"]
    for block in blocks:
        lines += [block] if isinstance(block, str) else ["\t".join(row) for row in block]
    return "\n".join(lines).encode()


def as_html(title: str, blocks: Sequence[Block], style: int) -> bytes:
    """HTML: divs with a menu (0), lines broken by br inside a layout table (1), everything on one line in sections (2)."""
    head = '<html><head><meta charset="utf-8"><title>x</title></head><body>'
    said = [_table(b) if isinstance(b, list) else html.escape(b) for b in blocks]
    name = html.escape(title)
    if style == 0:
        inner = "\n".join(s if s.startswith("<table") else f"<div class='l'>{s}</div>" for s in said)
        menu = "<nav><ul><li>第1条（目的）</li><li>検索</li></ul></nav><!-- 第9条 条文 -->"
        return f"{head}{menu}<h1>{name}</h1>{inner}<footer>このページの先頭へ</footer></body></html>".encode()
    if style == 1:
        inner = "".join(s if s.startswith("<table") else f"　{s}<br>\n" for s in said)
        return f"{head}<table><tr><td>○{name}<br>{inner}</td></tr></table></body></html>".encode()
    inner = "".join(
        s if s.startswith("<table") else f"<section><p><span>{s[:2]}</span><span>{s[2:]}</span></p></section>"
        for s in said
    )
    return f"{head}<h2>{name}</h2>{inner}</body></html>".encode()


def _table(rows: list[list[str]]) -> str:
    """A table with the blank cells under a filled one merged into it."""
    out = []
    for y, row in enumerate(rows):
        cells = []
        for x, text in enumerate(row):
            if not text and y and len(rows[y - 1]) > x and not _deleted(row):
                continue
            down = 1
            while (
                y
                and y + down < len(rows)
                and not rows[y + down][x]
                and not _deleted(rows[y + down])
                and not _deleted(row)
            ):
                down += 1
            cells.append(
                f"<td rowspan='{down}'>{html.escape(text)}</td>" if down > 1 else f"<td>{html.escape(text)}</td>"
            )
        out.append("<tr>" + "".join(cells) + "</tr>")
    return f"<table border=1>{''.join(out)}</table>"


def _deleted(row: Sequence[str]) -> bool:
    return "削除" in row


def as_word(title: str, blocks: Sequence[Block]) -> bytes:
    """A Word document with merged cells."""
    description: list[dict[str, Any]] = [{"p": title, "style": "Title"}]
    for block in blocks:
        if isinstance(block, str):
            description.append({"p": block})
            continue
        rows = [[c if c or not y or _deleted(row) else "^" for c in row] for y, row in enumerate(block)]
        description.append({"table": rows})
    return word(description)


def every_form(title: str, blocks: Sequence[Block]) -> dict[str, bytes]:
    """The document in every form."""
    pages = {f"HTML {style}": as_html(title, blocks, style) for style in (0, 1, 2)}
    return {"テキスト": as_text(title, blocks), "Word": as_word(title, blocks), **pages}
