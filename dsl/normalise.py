"""The normalised form of promulgated text, with a map back to what was typed; days in the Japanese calendar.

Normalising never changes meaning: widths (NFKC), commas, 又は／または, white space inside a sentence, and kanji
numerals in numbers of provisions and in dates. Numerals in other places (一般, 一人, 三者) stay.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

_KANJI_DIGITS = {"〇": 0, "零": 0, "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_KANJI_UNITS = {"十": 10, "百": 100, "千": 1000}
_NUMERALS = frozenset([*"0123456789", *_KANJI_DIGITS, *_KANJI_UNITS])
#: a run of kanji numerals
KANJI_NUMBER = "[〇零一二三四五六七八九十百千]+"

_WORDS = (("または", "又は"), ("および", "及び"), ("ならびに", "並びに"), ("もしくは", "若しくは"))
_WORD = re.compile("|".join(kana for kana, _ in _WORDS))
_COMMA = re.compile(r"(?<!\d),|,(?!\d{3}(?!\d))")
_N = KANJI_NUMBER
#: 第三条の一部 is no branch number; 第九条の四の二 is
_NO_BRANCH = "[部般定切人つ方体度者年月日時回種〇零一二三四五六七八九十百千]"
_ERAS_WORD = "明治|大正|昭和|平成|令和"
_NUMBERED = (
    re.compile(rf"(?:{_ERAS_WORD})(元|{_N})年(?:({_N})月)?(?:({_N})日)?"),
    re.compile(rf"(?:{_ERAS_WORD})\d+年({_N})月(?:({_N})日)?"),
    re.compile(rf"(?:第|前)({_N})(?=[条項号章節款編欄部表])"),
    re.compile(rf"別表第({_N})"),
    re.compile(rf"({_N})(?=(?:の{_N})*の項(?!目))"),
)
_BRANCH = re.compile(rf"(?:\d[条項号]|別表第\d+|条の\d+|号の\d+|項の\d+)の({_N})(?!{_NO_BRANCH})")


@dataclass(frozen=True, slots=True)
class Normalised:
    """Normal text; character i stands for the original characters from `starts[i]` up to `ends[i]`."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The original range that normal characters from `start` up to `end` stand for."""
        if not self.text:
            return 0, 0
        first = min(max(start, 0), len(self.text) - 1)
        last = min(max(end - 1, first), len(self.text) - 1)
        return self.starts[first], self.ends[last]


def kanji_number(text: str) -> int | None:
    """The value of a kanji numeral, positional (二〇) or with units (二十八); None when it is malformed.

    Examples:
        >>> kanji_number("二十八"), kanji_number("二〇"), kanji_number("百十九"), kanji_number("十十")
        (28, 20, 119, None)
    """
    if not text or any(ch not in _KANJI_DIGITS and ch not in _KANJI_UNITS for ch in text):
        return None
    if all(ch in _KANJI_DIGITS for ch in text):
        return int("".join(str(_KANJI_DIGITS[ch]) for ch in text))
    total, pending, last_unit = 0, None, 10_000
    for ch in text:
        if ch in _KANJI_DIGITS:
            if pending is not None:
                return None
            pending = _KANJI_DIGITS[ch]
            continue
        unit = _KANJI_UNITS[ch]
        if unit >= last_unit:
            return None
        total, pending, last_unit = total + (1 if pending is None else pending) * unit, None, unit
    return total + (pending or 0)


class _Buffer:
    """Text under normalisation: characters with the original range of each."""

    def __init__(self, original: str) -> None:
        self.chars: list[tuple[str, int, int]] = []
        i = 0
        while i < len(original):
            j = i + 1
            while j < len(original) and (original[j] in "ﾞﾟ" or unicodedata.combining(original[j])):
                j += 1
            self.chars += [(ch, i, j) for ch in unicodedata.normalize("NFKC", original[i:j])]
            i = j
        self._drop_blanks()

    def _drop_blanks(self) -> None:
        """Drop white space; between two numerals one blank stays (第1 2項 is not 第12項)."""
        kept: list[tuple[str, int, int]] = []
        gap: tuple[str, int, int] | None = None
        for ch, start, end in self.chars:
            if ch.isspace():
                gap = gap or (" ", start, end)
                continue
            if gap and kept and kept[-1][0] in _NUMERALS and ch in _NUMERALS:
                kept.append(gap)
            kept.append((ch, start, end))
            gap = None
        self.chars = kept

    @property
    def text(self) -> str:
        return "".join(ch for ch, _, _ in self.chars)

    def replace(self, spans: list[tuple[int, int, str]]) -> None:
        for start, end, new in sorted(spans, reverse=True):
            first, last = self.chars[start][1], self.chars[end - 1][2]
            self.chars[start:end] = [(ch, first, last) for ch in new]


def _numbers(text: str) -> list[tuple[int, int, str]]:
    found: dict[tuple[int, int], str] = {}
    for pattern in _NUMBERED:
        for match in pattern.finditer(text):
            for group in range(1, (pattern.groups or 0) + 1):
                written = match.group(group)
                value = 1 if written == "元" else kanji_number(written or "")
                if value is not None:
                    found[match.span(group)] = str(value)
    spans: list[tuple[int, int, str]] = []
    for (start, end), new in sorted(found.items()):
        if not spans or start >= spans[-1][1]:
            spans.append((start, end, new))
    return spans


def _branches(text: str) -> list[tuple[int, int, str]]:
    spans = []
    for match in _BRANCH.finditer(text):
        value = kanji_number(match.group(1))
        if value is not None:
            spans.append((*match.span(1), str(value)))
    return spans


def normalise(text: str) -> Normalised:
    """The normalised form of a run of promulgated text.

    Args:
        text: what was typed (one line or part of one), without annotations.

    Examples:
        >>> normalise("第十九条第七号，または　別表第一の三十三の二の項").text
        '第19条第7号、又は別表第1の33の2の項'
        >>> normalise("平成二十八年一月一日、第三条の一部、一般の者").text
        '平成28年1月1日、第3条の一部、一般の者'
    """
    buffer = _Buffer(text)
    buffer.replace([(m.start(), m.end(), "、") for m in _COMMA.finditer(buffer.text)])
    buffer.replace([(m.start(), m.end(), dict(_WORDS)[m.group()]) for m in _WORD.finditer(buffer.text)])
    buffer.replace(_numbers(buffer.text))
    while branches := _branches(buffer.text):
        buffer.replace(branches)
    chars = buffer.chars
    return Normalised(buffer.text, tuple(s for _, s, _ in chars), tuple(e for _, _, e in chars))


# ---- numbers of provisions ----------------------------------------------------------------------

_NUMBER_WORDS = re.compile(rf"\(?第?((?:\d+|{_N})(?:の(?:\d+|{_N}))*)(?:の?項|号)?\)?(?:の(\d+|{_N}))?")


def provision_number(text: str) -> str | None:
    """The canonical number of a provision, row or item: 六の二, (1), １の２ → "6-2", "1", "1-2".

    Examples:
        >>> provision_number("三十三の二"), provision_number("（１）"), provision_number("1の2の2"), provision_number("あ")
        ('33-2', '1', '1-2-2', None)
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    match = _NUMBER_WORDS.fullmatch(plain)
    if match is None:
        return None
    parts = [*match.group(1).split("の"), *([match.group(2)] if match.group(2) else [])]
    numbers = [int(p) if p.isdecimal() else kanji_number(p) for p in parts]
    return None if None in numbers else "-".join(str(n) for n in numbers)


# ---- days ---------------------------------------------------------------------------------------

_ERAS: dict[str, tuple[date, date | None]] = {
    "明治": (date(1868, 1, 25), date(1912, 7, 29)),
    "大正": (date(1912, 7, 30), date(1926, 12, 24)),
    "昭和": (date(1926, 12, 25), date(1989, 1, 7)),
    "平成": (date(1989, 1, 8), date(2019, 4, 30)),
    "令和": (date(2019, 5, 1), None),
}
_DAY = re.compile(rf"({_ERAS_WORD})(\d+)年(\d+)月(\d+)日")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


@dataclass(frozen=True, slots=True)
class NoDate:
    """Why a text is no day: `kind` is era (元号の期間にない), calendar (暦にない) or form (日付の形でない)."""

    kind: str
    message: str
    help: str


def parse_wareki(text: str) -> date | NoDate:
    """The day a text names, in the Japanese calendar or as 2016-01-01.

    Returns:
        The day, or the reason why it is none.

    Examples:
        >>> parse_wareki("平成二十八年一月一日"), parse_wareki("令和元年5月1日"), parse_wareki("2016-01-01")
        (datetime.date(2016, 1, 1), datetime.date(2019, 5, 1), datetime.date(2016, 1, 1))
        >>> parse_wareki("平成32年4月1日").help
        '令和2年4月1日と書いてください。'
    """
    plain = normalise(text).text
    iso, wareki = _ISO.fullmatch(plain), _DAY.fullmatch(plain)
    if iso:
        year, month, day = (int(g) for g in iso.groups())
        return _day(year, month, day, text)
    if wareki is None:
        return NoDate(
            "form",
            f"「{text.strip()}」は日付として読めません",
            "平成28年1月1日（又は 2016-01-01）の形で書いてください。",
        )
    era, (count, month, day) = wareki.group(1), (int(g) for g in wareki.groups()[1:])
    if not 1 <= count <= 200:
        return NoDate("era", f"{era}{count}年という年はありません", "元年（1年）から数えた年を書いてください。")
    first, last = _ERAS[era]
    found = _day(first.year + count - 1, month, day, text)
    if isinstance(found, NoDate) or (first <= found and (last is None or found <= last)):
        return found
    right = wareki_of(found)
    return NoDate("era", f"{era}{count}年{month}月{day}日という日はありません", f"{right}と書いてください。")


def _day(year: int, month: int, day: int, text: str) -> date | NoDate:
    try:
        return date(year, month, day)
    except ValueError:
        return NoDate("calendar", f"「{text.strip()}」という日は暦にありません", "月と日を確かめてください。")


def wareki_of(day: date) -> str:
    """A day in the Japanese calendar.

    Examples:
        >>> wareki_of(date(2016, 1, 1)), wareki_of(date(2019, 5, 1))
        ('平成28年1月1日', '令和元年5月1日')
    """
    for era, (first, last) in reversed(_ERAS.items()):
        if first <= day and (last is None or day <= last):
            count = day.year - first.year + 1
            return f"{era}{'元' if count == 1 else count}年{day.month}月{day.day}日"
    return day.isoformat()
