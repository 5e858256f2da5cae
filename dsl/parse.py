"""A rule file into its syntax tree, with every finding about its form. Never raises, whatever the text.

Lines are classified (`dsl.lines`), put in order (`dsl.structure`), and their sentences read as formulas
(`dsl.formulas`, `dsl.reading`). Reading goes on after each error at the next sentence, item or row.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from dsl.annotations import Marked, extract
from dsl.codes import Reporter
from dsl.diagnostics import Diagnostic
from dsl.fragment import BLANKS, Fragment
from dsl.lines import classify
from dsl.masking import mask, twelve_digits
from dsl.reading import TreeBuilder
from dsl.structure import build
from dsl.syntax import Document, InstrumentKind, Span

_HEADING = re.compile(rf"(\S+?)(?:[{BLANKS}]+(.*))?$")


def parse(path: str, source: str) -> tuple[Document, tuple[Diagnostic, ...]]:
    """Read one rule file.

    Args:
        path: where it stands, for messages.
        source: its text.

    Returns:
        The syntax tree (of what could be read) and every finding about the form, in the order of the text.
    """
    report = Reporter(path)
    lines = [Fragment.of_line(i, text) for i, text in enumerate(typed_lines(source), 1)]
    for line in lines:
        _characters(line, report)
    marked = [extract(line, report) for line in lines]
    kind, title, heading, body = _heading(marked, report)
    draft = build([classify(m) for m in body], report)
    builder = TreeBuilder(kind, report)
    document = Document(
        path=path,
        kind=kind,
        title=title,
        annotations=(*(a for _, a in heading.annotations), *draft.annotations) if heading else tuple(draft.annotations),
        articles=builder.articles(draft.articles),
        tables=builder.tables(draft.tables),
        supplementary=tuple(builder.supplementary(s) for s in draft.supplementary),
        span=heading.text.strip().span() if heading else Span(1, 1, 1, 2),
        source=source,
    )
    found = sorted((_masked(d) for d in report.found), key=lambda d: (d.span.line, d.span.column, d.code))
    return document, tuple(dict.fromkeys(found))


def typed_lines(source: str) -> list[str]:
    """The lines of a file; only line feeds part them (with or without a carriage return)."""
    lines = [line.removesuffix("\r") for line in source.removeprefix("\ufeff").split("\n")]
    return lines[:-1] if len(lines) > 1 and not lines[-1] else lines


def _masked(found: Diagnostic) -> Diagnostic:
    return replace(found, message=mask(found.message), help=mask(found.help))


def _characters(line: Fragment, report: Reporter) -> None:
    for start, end in twelve_digits(line.text):
        report.add(
            "J0004",
            line.span(start, end),
            "12桁の数字（************）があります",
            "個人番号は、条文にも注記にも書かないでください。見本としても使えません。消した後、控えや履歴に残っていないかも確かめてください。",
        )
    for i, ch in enumerate(line.text):
        if unicodedata.category(ch) in ("Cf", "Cc", "Zl", "Zp") and ch != "\t":
            report.add(
                "J0003",
                line.span(i, i + 1),
                f"目に見えない文字（U+{ord(ch):04X}）があります",
                "この文字を消してください。ほかの文書から写すと紛れ込むことがあります。",
            )


def _heading(marked: Sequence[Marked], report: Reporter) -> tuple[InstrumentKind, str, Marked | None, Sequence[Marked]]:
    """The kind and title from the first line that is not blank, and the lines that follow (and annotations before it)."""
    kinds = {k.value: k for k in InstrumentKind}
    at = next((i for i, line in enumerate(marked) if line.text.strip().text), None)
    if at is None:
        report.add(
            "J0001",
            Span(1, 1, 1, 2),
            "文書に何も書かれていません",
            "「条例 ○○市個人番号の利用に関する条例」の行から書き始めてください。",
        )
        return InstrumentKind.ORDINANCE, "", None, marked
    line = marked[at]
    text = line.text.strip()
    match = _HEADING.match(text.text)
    word, title = (match.group(1), match.group(2) or "") if match else ("", "")
    if word not in kinds:
        report.add(
            "J0001",
            text.span(),
            "最初の行に、文書の種類が書かれていません",
            f"「条例 ○○市個人番号の利用に関する条例」のように、種類と題名を空白で区切って書いてください。種類は {'・'.join(kinds)} です。",
        )
        return InstrumentKind.ORDINANCE, text.text, None, marked
    if not title:
        report.add("J0002", text.span(), "題名がありません", f"「{word}」の後に空白を置いて、題名を書いてください。")
    return kinds[word], title, line, [*marked[:at], *marked[at + 1 :]]
