"""The text as promulgated: a rule file without its annotations."""

from __future__ import annotations

import re

from dsl.fragment import BLANKS

#: an annotation, nested ones included (they are an error elsewhere)
_BRACKET = re.compile(r"〔(?:[^〔〕\n]|〔[^〔〕\n]*〕)*〕")
_RUN = re.compile(rf"([{BLANKS}]*)({_BRACKET.pattern}(?:[{BLANKS}]*{_BRACKET.pattern})*)")
#: the head of a line: 2, 第二条, (1), 一, ア
_HEAD = re.compile(
    rf"[{BLANKS}]*(?:第?[0-9０-９〇零一二三四五六七八九十百千の]+条?[0-9０-９の]*|[（(][^（）()]{{1,4}}[)）]|[ア-ン])$"
)


def promulgated_text(source: str) -> str:
    """Strip every 〔…〕, the blanks before it, and the lines that held nothing else.

    Args:
        source: the text of a rule file.

    Returns:
        The text as promulgated; without annotations it is the source itself.

    Examples:
        >>> promulgated_text("| 1 | 市長 | 事務 〔事務 a〕 |\\n〔注 架空〕\\n2 〔施行 平成28年1月1日〕前項の\\n")
        '| 1 | 市長 | 事務 |\\n2 前項の\\n'
    """
    kept = []
    for line in source.split("\n"):
        stripped = _RUN.sub(lambda m, line=line: _replacement(m, line), line)  # type: ignore[misc]
        if stripped == line or stripped.strip(BLANKS + "\r"):
            kept.append(stripped)
    return "\n".join(kept)


def _replacement(run: re.Match[str], line: str) -> str:
    """The blanks before an annotation belong to it, unless they part a head from its text."""
    text_follows = line[run.end() : run.end() + 1] not in ("", "\r", *BLANKS)
    return run.group(1) if text_follows and _HEAD.match(line[: run.start()]) else ""
