"""Which words of two passages differ: ranges on both sides, so that what is outside them is the same text."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from dsl.fragment import BLANKS
from dsl.normalise import KANJI_NUMBER

Ranges = tuple[tuple[int, int], ...]

_N = rf"(?:[0-9０-９]+|{KANJI_NUMBER})"
_NUMBERED = rf"第{_N}(?:条|項|号|章|節|款|編|部|表|欄)(?:の{_N})*"
#: words as a reader of statutes sees them: 第3条の2, 平成28年, 地方税関係情報, であって, 、
_WORD = re.compile(
    rf"{_NUMBERED}|第{_N}|[0-9０-９]+|(?:(?!{_NUMBERED})[一-龠々〆ヶ])+|[ァ-ヴー]+|[ぁ-ゖ]+|[A-Za-zＡ-Ｚａ-ｚ]+|\S"
)
#: equal words this short between two changes would only break the underline up
_BRIDGE = 2


def marks(old: str, new: str) -> tuple[Ranges, Ranges]:
    """The ranges of the changed words in two passages.

    White space never counts: without the marked ranges and the white space the two are the same.

    Examples:
        >>> marks("地方税関係情報又は住民票関係情報", "地方税関係情報又は障害者関係情報")
        (((9, 16),), ((9, 16),))
        >>> marks("法第19条第9号の規定", "法第19条第11号の規定")
        (((5, 8),), ((5, 9),))
    """
    ours, theirs = [m.span() for m in _WORD.finditer(old)], [m.span() for m in _WORD.finditer(new)]
    matcher = SequenceMatcher(None, [old[a:b] for a, b in ours], [new[a:b] for a, b in theirs], autojunk=False)
    blocks = [(i, i + n, j, j + n) for i, j, n in matcher.get_matching_blocks() if n]
    kept = [block for at, block in enumerate(blocks) if not _bridges(at, blocks, ours, theirs, old)]
    return (
        _outside([(i, k) for i, k, _, _ in kept], ours),
        _outside([(j, k) for _, _, j, k in kept], theirs),
    )


def _bridges(
    at: int,
    blocks: list[tuple[int, int, int, int]],
    ours: list[tuple[int, int]],
    theirs: list[tuple[int, int]],
    old: str,
) -> bool:
    """Whether an equal run is but a particle or a comma between words that changed on both sides."""
    i, k, j, m = blocks[at]
    if at == 0 or at == len(blocks) - 1:
        return False
    changed_before = blocks[at - 1][1] < i and blocks[at - 1][3] < j
    changed_after = k < blocks[at + 1][0] and m < blocks[at + 1][2]
    run = old[ours[i][0] : ours[k - 1][1]]
    return changed_before and changed_after and len(run) <= _BRIDGE and not re.search("[一-龠0-9０-９。]", run)


def _outside(kept: list[tuple[int, int]], words: list[tuple[int, int]]) -> Ranges:
    """The ranges of the words that no kept run holds."""
    ranges, at = [], 0
    for start, end in [*kept, (len(words), len(words))]:
        if at < start:
            ranges.append((words[at][0], words[start - 1][1]))
        at = end
    return tuple(ranges)


def same(old: str, new: str) -> bool:
    """Whether two passages have the same characters, apart from white space and the width of table bars."""
    return plain(old) == plain(new)


_DROPPED = str.maketrans(dict.fromkeys(BLANKS + "\n\r", "") | {"｜": "|"})


def plain(text: str) -> str:
    """A text without white space; bars of tables of one width."""
    return text.translate(_DROPPED)
