"""Parenthetical remarks of a sentence: cutting them out before the formula is read, and telling what they do."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass


class RemarkKind(enum.Enum):
    """What a remark does to the sentence it stands in."""

    DEFINES = "定義"  # 以下「X」という。
    CITES = "番号"  # 平成25年法律第27号
    EXPLAINS = "説明"  # …をいう。 第三条関係
    INCLUDES = "含む"
    EXCLUDES = "除く"
    LIMITS = "限る"
    OWN = "保有"  # 当該機関が保有するものに限る。
    UNKNOWN = "不明"


@dataclass(frozen=True, slots=True)
class Remark:
    """One remark: its `text` without the parentheses, the place in the cut sentence (`at`) and in the normal text."""

    text: str
    kind: RemarkKind
    at: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Cut:
    """A sentence without its remarks; `keep[i]` is the place of character i in the normal text."""

    text: str
    keep: tuple[int, ...]
    remarks: tuple[Remark, ...]

    def normal_range(self, start: int, end: int) -> tuple[int, int]:
        """The range of the normal text that `text` from `start` up to `end` stands for."""
        if not self.keep:
            return 0, 0
        first = self.keep[min(start, len(self.keep) - 1)]
        return first, self.keep[min(max(end - 1, start), len(self.keep) - 1)] + 1


_DEFINES = re.compile(r"[^。]*(以下|において)[^。]*(「[^」]+」と(いう|総称する)|(これを)?同じ)")
_CITES = re.compile(r"(明治|大正|昭和|平成|令和)\d+年([^。]*第\d+号|\d+月\d+日)")
_EXPLAINS = re.compile(r"[^。]*をいう|第\d+条[^。]*関係")
_OWN = re.compile(r"(?:自ら|自らが|当該[^、。]{1,10}が|その)保有する(?:もの|情報|特定個人情報)に限る")
_ENDINGS = (("を除く", RemarkKind.EXCLUDES), ("に限る", RemarkKind.LIMITS), ("を含む", RemarkKind.INCLUDES))


def kind(text: str) -> RemarkKind:
    """What a remark does; definitions at its end do not count.

    Examples:
        >>> kind("平成25年法律第27号。以下「法」という。").name, kind("法別表第1に掲げる事務を除く。以下同じ。").name
        ('CITES', 'EXCLUDES')
    """
    sentences = _sentences(text)
    telling = [s for s in sentences if not _DEFINES.fullmatch(s)]
    if not telling:
        return RemarkKind.DEFINES
    first = telling[0]
    if _CITES.fullmatch(first) and len(telling) == 1:
        return RemarkKind.CITES
    if _OWN.fullmatch(first) and len(telling) == 1:
        return RemarkKind.OWN
    for ending, found in _ENDINGS:
        if first.endswith(ending):
            return found
    return RemarkKind.EXPLAINS if _EXPLAINS.fullmatch(first) and len(telling) == 1 else RemarkKind.UNKNOWN


def _sentences(text: str) -> list[str]:
    found, depth, start = [], 0, 0
    for i, ch in enumerate(text):
        depth += (ch in "(「") - (ch in ")」")
        if ch == "。" and depth <= 0:
            found.append(text[start:i])
            start = i + 1
    return [s for s in (*found, text[start:]) if s]


def cut(normal: str) -> Cut:
    """A sentence in normal form with its outermost remarks cut out.

    Examples:
        >>> cut("行政手続法(平成5年法律第88号)の例による。").text
        '行政手続法の例による。'
    """
    closing = _closing(normal)
    keep: list[int] = []
    remarks: list[Remark] = []
    i = 0
    while i < len(normal):
        end = closing.get(i)
        if end is None:
            keep.append(i)
            i += 1
            continue
        inside = normal[i + 1 : end]
        remarks.append(Remark(inside, kind(inside), len(keep), i, end + 1))
        i = end + 1
    return Cut("".join(normal[k] for k in keep), tuple(keep), tuple(remarks))


def _closing(text: str) -> dict[int, int]:
    """Each outermost ( with its ); a bracket without its partner stays part of the sentence."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for i, ch in enumerate(text):
        if ch == "(":
            opened.append(i)
        elif ch == ")" and opened:
            start = opened.pop()
            pairs = {s: e for s, e in pairs.items() if s < start}
            pairs[start] = i
    return pairs


# ---- exclusions -----------------------------------------------------------------------------------

_ACT = r"(?:法|番号法|番号利用法|利用法|同法)?"
_ROWS = r"第?\d+(?:の\d+)*の項(?:(?:、|及び|並びに|又は|若しくは)第?\d+(?:の\d+)*の項)*"
_COLUMN = r"(?:の?(?:[左右中上下]|第\d+)欄)?"
_EXCLUDED = re.compile(
    rf"{_ACT}別表(?:第(?P<table>\d+))?(?:の(?P<rows>{_ROWS}))?{_COLUMN}に掲げる事務"
    rf"(?:\((?:{_ACT}別表第\d+|同表)の(?P<inner>{_ROWS}){_COLUMN}に掲げる事務を除く。\))?を除く"
)
_EXCEPTED = re.compile(
    rf"ただし、(?:(?:{_ACT}別表第\d+|同表)の?)?(?P<rows>{_ROWS}){_COLUMN}に掲げる事務については、この限りでない"
)
_WHOLE = re.compile(r"(?:法|番号法)第9条第1項に規定する事務を除く|法定事務を除く")


def excluded_rows(text: str) -> tuple[str, tuple[str, ...], tuple[str, ...]] | None:
    """The statutory affairs that （…を除く。） takes out of a scope.

    Returns:
        Number of the Act's table, its excluded rows (empty: every row), and the rows it does not reach; None when it is no
        exclusion of statutory affairs.

    Examples:
        >>> excluded_rows("法別表第1の3の項及び5の項に掲げる事務を除く。ただし、3の項に掲げる事務については、この限りでない。")
        ('1', ('3', '5'), ('3',))
        >>> excluded_rows("法別表第1に掲げる事務を除く。"), excluded_rows("本人を除く。")
        (('1', (), ()), None)
    """
    sentences = [s for s in _sentences(text) if not _DEFINES.fullmatch(s)]
    if not sentences or len(sentences) > 2:
        return None
    excepted = _EXCEPTED.fullmatch(sentences[1]) if len(sentences) == 2 else None
    if len(sentences) == 2 and excepted is None:
        return None
    beyond = _numbers(excepted["rows"] if excepted else None)
    if _WHOLE.fullmatch(sentences[0]):
        return "1", (), beyond
    match = _EXCLUDED.fullmatch(sentences[0])
    if match is None:
        return None
    return match["table"] or "1", _numbers(match["rows"]), (*_numbers(match["inner"]), *beyond)


def _numbers(rows: str | None) -> tuple[str, ...]:
    return tuple(n.replace("の", "-") for n in re.findall(r"(\d+(?:の\d+)*)の項", rows or ""))
