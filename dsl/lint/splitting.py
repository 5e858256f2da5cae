"""Fixes that reword a sentence, for all its days or for some: then two provisions of one number stand side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dsl.lint.finding import Edit, Fix
from dsl.lint.view import Passage
from dsl.syntax import Annotation, Span
from engine.period import Period

#: gives the words of a sentence on the days of a run from its words now; None when it cannot tell
Rewording = Callable[[str], str | None]


def reworded(passage: Passage, runs: Sequence[tuple[Period, Rewording | None]]) -> Fix | None:
    """The fix that gives a passage other words from some day on.

    Args:
        passage: the sentence.
        runs: the days of the passage in order, each with the rewording for them (None: as they are).

    Returns:
        None when the paragraph holds more than one line, has days of its own already, or a rewording cannot tell.
    """
    paragraph, article = passage.paragraph, passage.article
    lines = passage.edition.lines
    if paragraph.items or paragraph.table is not None:
        return None
    at = paragraph.sentences[0].text.span.line
    if any(s.text.span.line != at or s.text.span.end_line != at for s in paragraph.sentences):
        return None
    line = lines[at - 1]
    texts: list[tuple[Period, str]] = []
    for period, rewording in runs:
        text = line if rewording is None else rewording(line)
        if text is None or (rewording is not None and text == line):
            return None
        texts.append((period, text))
    whole = Span(at, 1, at, len(line) + 1)
    if len(texts) == 1:
        return Fix((Edit(whole, texts[0][1]),))
    if any(_dated(level) for level in (article.annotations, paragraph.annotations, passage.sentence.annotations)):
        return None
    column = paragraph.sentences[0].text.span.column - 1
    if paragraph.numbered:
        pieces = [f"{t[:column]}〔期間 {_marked(p, i, len(texts))}〕{t[column:]}" for i, (p, t) in enumerate(texts)]
        return Fix((Edit(whole, "\n".join(pieces)),))
    return _article(passage, texts, at)


def _article(passage: Passage, texts: Sequence[tuple[Period, str]], at: int) -> Fix | None:
    """An article of one paragraph without a number, side by side as a whole."""
    article, lines = passage.article, passage.edition.lines
    if len(article.paragraphs) != 1:
        return None
    first = article.span.line
    if first == at or any(line.strip() for line in lines[first : at - 1]):
        return None  # text on the line of the heading, or comments between
    heading = lines[first - 1]
    if not heading.lstrip().startswith("第"):
        return None  # a caption of its own line would have to be repeated
    pieces = []
    for i, (period, text) in enumerate(texts):
        pieces.append(f"{heading.rstrip()}〔期間 {_marked(period, i, len(texts))}〕\n{text}")
    return Fix((Edit(Span(first, 1, at, len(lines[at - 1]) + 1), "\n\n".join(pieces)),))


def _dated(annotations: Sequence[Annotation]) -> bool:
    return any(a.name in ("期間", "施行") for a in annotations)


def _marked(period: Period, index: int, count: int) -> str:
    """The days as 〔期間〕 says them; the first run begins with the provision itself, the last has no end."""
    last = period.last
    if index == 0 and last is not None:
        return f"{last.isoformat()}まで"
    until = f"{last.isoformat()}まで" if last is not None and index < count - 1 else ""
    return f"{period.first.isoformat()}から{until}"
