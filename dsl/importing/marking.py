"""What the parser or the compiler cannot take is marked 〔未表現 要確認: …〕, so that the rest of the file can be used."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from dsl.diagnostics import Diagnostic, Severity
from dsl.importing.gaps import GAP
from dsl.importing.layout import OutLine
from dsl.importing.lines import read
from dsl.lines import Kind
from dsl.reading import split_sentences

#: what every mark of the importer begins with
SIGN = "要確認"
_NEAREST = re.compile(r"最も近い定型文は「(.*?)」です")
_SENTENCES = (Kind.ARTICLE, Kind.PARAGRAPH, Kind.TEXT)
#: findings that a mark on the place cannot settle: numbers that repeat, characters, brackets
_BEYOND = ("J0001", "J0002", "J0003", "J0004", "J0024", "J0025", "J0026", "J0028", "J0029", "J0045")
_ROUNDS = 8

Check = Callable[[str], Sequence[Diagnostic]]


def settle(
    lines: list[OutLine], write: Callable[[Sequence[OutLine]], str], first: int, check: Check
) -> list[Diagnostic]:
    """Mark until the check finds no error that a mark can settle.

    Args:
        lines: the lines of the file from its line `first` on; marks are put on them.
        write: makes the text of the file from them.
        first: the 1-based number of the first of them.
        check: the findings of a file's text.

    Returns:
        The errors that stay.
    """
    errors: list[Diagnostic] = []
    for _ in range(_ROUNDS):
        errors = [d for d in check(write(lines)) if d.severity is Severity.ERROR]
        if not [d for d in errors if not _beyond(d) and _mark(lines, d.span.line - first, d)]:
            break
    return errors


def _beyond(found: Diagnostic) -> bool:
    """Whether no mark helps; a missing day of promulgation is given at the head, the sentence that needs it is read."""
    return found.code in _BEYOND or (found.code == "J0313" and "公布の日" in found.message)


def _mark(lines: list[OutLine], index: int, found: Diagnostic) -> bool:
    """Put a mark where a finding stands; whether anything was put."""
    if not 0 <= index < len(lines):
        return False
    line = lines[index]
    reason = reason_of(found)
    if line.kind is Kind.ROW:
        return _behind(line, reason)
    if line.kind is Kind.TABLE:
        return False
    if line.kind in _SENTENCES and read(line.text).text.text:
        if found.span.column == 1:  # it speaks of the whole paragraph: the provisos first
            return any(_sentence(line, end - 1, reason) for _, end in reversed(_sentences(line)))
        return _sentence(line, line.offset(found.span.column), reason)
    return _mark_above(lines, index, reason)


def _mark_above(lines: list[OutLine], index: int, reason: str) -> bool:
    """Put a mark on every sentence of the paragraph that a line belongs to."""
    for above in reversed(lines[: index + 1]):
        if above.kind in _SENTENCES and read(above.text).text.text:
            put = [_sentence(above, end - 1, reason) for _, end in _sentences(above)]
            return any(put)
    return False


def reason_of(found: Diagnostic) -> str:
    """What a mark says of a finding: the nearest formula where there is one."""
    nearest = _NEAREST.search(found.help)
    said = f"最も近い定型文「{nearest.group(1)}」" if nearest else found.message
    bare = re.sub(r"[\s〔〕]+", "", said)
    return f"〔未表現 {SIGN}: {bare}〕"


def _behind(line: OutLine, reason: str) -> bool:
    if any(x.startswith("〔未表現") for x in line.behind):
        return False
    line.behind.append(reason)
    return True


def _sentences(line: OutLine) -> list[tuple[int, int]]:
    start = read(line.text).head_end if line.kind is not Kind.TEXT else 0
    return [
        (start + a, start + b)
        for a, b in split_sentences(line.text[start:])
        if line.text[start + a : start + b].strip()
    ]


def _sentence(line: OutLine, column: int, reason: str) -> bool:
    sentences = _sentences(line)
    end = next((b for a, b in sentences if column < b), sentences[-1][1] if sentences else len(line.text))
    if any(m.startswith("〔未表現") for m in line.marks.get(end, ())):
        return False
    line.marks.setdefault(end, []).append(reason)
    return True


def mark_gaps(lines: list[OutLine]) -> None:
    """Sentences, items (with the sentence above them) and rows with a place that is no text grant nothing."""
    reason = f"〔未表現 {SIGN}: 「{GAP}」の所の字が分からない〕"
    for index, line in enumerate(lines):
        if line.kind is Kind.ROW:
            line.doubt = line.doubt or (f"「{GAP}」の所の字が分からない" if GAP in line.text else None)
        elif line.kind in _SENTENCES and read(line.text).text.text:
            for start, end in _sentences(line):
                if GAP in line.text[start:end]:
                    _sentence(line, end - 1, reason)
        elif GAP in line.text:
            _mark_above(lines, index, reason)


def mark_doubts(lines: Sequence[OutLine]) -> None:
    """Rows that the tables left in doubt, and their continuation rows, grant nothing until a person has looked."""
    doubtful = False
    for line in lines:
        if line.kind is not Kind.ROW:
            doubtful = doubtful and line.kind is Kind.ANNOTATIONS
            continue
        first = line.text.split("|")[1].strip() if "|" in line.text else ""
        if line.doubt is None and first:
            doubtful = False
        if line.doubt is not None or (doubtful and not first):
            _behind(line, f"〔未表現 {SIGN}: {line.doubt or '上の行の続き'}〕")
            doubtful = True
