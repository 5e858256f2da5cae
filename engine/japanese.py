"""Japanese names as people type them: widths, kanji numerals, citations, years of an era, twelve digits."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_KANJI_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_KANJI = "〇零一二三四五六七八九十百千"
_KANJI_RUN = re.compile(
    rf"(?<=第)[{_KANJI}]+|(?<=/)[{_KANJI}]+(?=$|/|の)|[{_KANJI}]+(?=の項|の[{_KANJI}]+|項|号|条|年|月|日|$)"
    rf"|(?<=[{_KANJI}\d]の)[{_KANJI}]+"
)
_ROW = re.compile(r"(別表(?:第\d+)?)の?(\d+(?:の\d+)*)の?項")
_SLASH_ROW = re.compile(r"(別表(?:第\d+)?)/(\d+(?:[の-]\d+)*)$")
_ACT = "行政手続における特定の個人を識別するための番号の利用等に関する法律"
_ERAS = (
    ("令和", "R", date(2019, 5, 1)),
    ("平成", "H", date(1989, 1, 8)),
    ("昭和", "S", date(1926, 12, 25)),
)
_ERA_DAY = re.compile(r"(令和|平成|昭和|[RHS])(元|\d{1,2})(?:年|[./-])(\d{1,2})(?:月|[./-])(\d{1,2})日?$")
_WESTERN_DAY = re.compile(r"(\d{4})(?:年|[/.-])(\d{1,2})(?:月|[/.-])(\d{1,2})日?$")
_TWELVE = re.compile(r"\d(?:[\s\-‐‑‒–—―−ー_.,、。・/:|]*\d){11,}")
_TO_DIGITS = str.maketrans({c: str(i) for c, i in _KANJI_DIGITS.items()})
MASK = "＊"


def plain(text: str) -> str:
    """The text with widths unified (NFKC) and without blanks.

    Examples:
        >>> plain("石巻　市 １")
        '石巻市1'
    """
    return "".join(unicodedata.normalize("NFKC", text).split())


def kanji_number(text: str) -> int:
    """The value of a kanji numeral.

    Examples:
        >>> kanji_number("百二十"), kanji_number("十五"), kanji_number("二〇"), kanji_number("三")
        (120, 15, 20, 3)
    """
    if not any(c in _UNITS for c in text):
        return int("".join(str(_KANJI_DIGITS[c]) for c in text))
    total, digit = 0, 0
    for c in text:
        if c in _UNITS:
            total += (digit or 1) * _UNITS[c]
            digit = 0
        else:
            digit = _KANJI_DIGITS[c]
    return total + digit


def arabic(text: str) -> str:
    """The text with the kanji numerals of provisions and days made Arabic; other kanji are left alone.

    Examples:
        >>> arabic("番号法別表第一の十五の二の項"), arabic("平成二十八年一月一日"), arabic("第一種")
        ('番号法別表第1の15の2の項', '平成28年1月1日', '第1種')
    """
    return _KANJI_RUN.sub(lambda m: str(kanji_number(m.group())), plain(text))


def canonical(text: str) -> str:
    """The form in which two spellings of one citation or name are equal.

    Examples:
        >>> canonical("番号法別表第一の十五の項") == canonical("番号法別表第１／１５") == "番号法別表第1/15"
        True
        >>> canonical("法別表第2の1の2の項")
        '番号法別表第2/1-2'
    """
    text = arabic(text).replace(_ACT, "番号法")
    if text.startswith(("法別表", "法第")):
        text = "番号" + text
    text = _ROW.sub(lambda m: f"{m[1]}/{m[2].replace('の', '-')}", text)
    return _SLASH_ROW.sub(lambda m: f"{m[1]}/{m[2].replace('の', '-')}", text)


def provision_number(text: str) -> str:
    """A number of a provision in canonical form.

    Examples:
        >>> provision_number("第二号"), provision_number("（１）"), provision_number("1の2"), provision_number("三")
        ('2', '1', '1-2', '3')
    """
    bare = arabic(text).strip("()").removeprefix("第").removesuffix("号").removesuffix("項")
    return re.sub(r"(?<=\d)の(?=\d)", "-", bare)


def day_of(text: str) -> date | None:
    """A day written as ISO, western or era date; None when it is none.

    Examples:
        >>> day_of("2016-01-01"), day_of("令和元年五月一日"), day_of("Ｈ28.1.1")
        (datetime.date(2016, 1, 1), datetime.date(2019, 5, 1), datetime.date(2016, 1, 1))
        >>> day_of("2016-02-30") is None
        True
    """
    bare = arabic(text)
    try:
        if m := _WESTERN_DAY.match(bare):
            return date(int(m[1]), int(m[2]), int(m[3]))
        if m := _ERA_DAY.match(bare.upper()):
            first = next(start for name, letter, start in _ERAS if m[1] in (name, letter))
            year = first.year - 1 + (1 if m[2] == "元" else int(m[2]))
            day = date(year, int(m[3]), int(m[4]))
            return day if day >= first else None
    except ValueError:
        return None
    return None


def spoken_day(on: date) -> str:
    """A day as ordinances write it.

    Examples:
        >>> spoken_day(date(2016, 1, 1)), spoken_day(date(2019, 5, 1)), spoken_day(date(1900, 1, 2))
        ('平成28年1月1日', '令和元年5月1日', '1900年1月2日')
    """
    for name, _, first in _ERAS:
        if on >= first:
            year = on.year - first.year + 1
            return f"{name}{'元' if year == 1 else year}年{on.month}月{on.day}日"
    return f"{on.year}年{on.month}月{on.day}日"


def has_twelve_digits(text: str) -> bool:
    """Whether twelve or more digits run on, of any width, with or without separators (個人番号の疑い).

    The check digit is not asked: it is too weak to decide what is hidden.

    Examples:
        >>> [has_twelve_digits(t) for t in ("1234-5678-9012", "１２３４５６７８９０１２", "2016-01-01")]
        [True, True, False]
    """
    return _TWELVE.search(unicodedata.normalize("NFKC", text).translate(_TO_DIGITS)) is not None


def masked(text: str) -> str:
    """The text as it may be shown: without any digit when it holds a run of twelve.

    Examples:
        >>> masked("番号 1234 5678 9012"), masked("別表第一")
        ('番号 ＊＊＊＊ ＊＊＊＊ ＊＊＊＊', '別表第一')
    """
    if not has_twelve_digits(text):
        return text
    return "".join(MASK if c.isdigit() or c in _KANJI_DIGITS else c for c in unicodedata.normalize("NFKC", text))


def nearest(text: str, names: Iterable[str]) -> str | None:
    """The known name most like `text`, if any is like it at all."""
    found = get_close_matches(plain(text), list(names), n=1, cutoff=0.5)
    return found[0] if found else None
