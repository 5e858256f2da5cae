"""Personal numbers as people and programs write them, and a search for them that shares nothing with the redactor."""

from __future__ import annotations

import json
import re
import unicodedata
import warnings
from typing import Any
from urllib.parse import quote, unquote

from hypothesis import strategies as st

_SEPARATORS = [
    "",
    " ",
    "-",
    "  ",
    "\t",
    "\n",
    "　",
    "‐",
    "–",
    "—",
    "−",
    "ー",
    "ｰ",
    "_",
    ".",
    "・",
    "、",
    "/",
    ",",
    ":",
    "|",
    "\u200b",
    "\u00a0",
    "\u00ad",
    "\ufeff",
    " - ",
    "', '",
    '","',
    ") (",
    "#",
]
_GROUPINGS = [
    (12,),
    (4, 4, 4),
    (3, 3, 3, 3),
    (6, 6),
    (1,) * 12,
    (2,) * 6,
    (5, 7),
    (11,),
    (13,),
    (4, 4, 3),
    (1, 4, 4, 4),
    (3, 4, 4),
]
_WIDTHS = [
    "0123456789",
    "０１２３４５６７８９",
    "٠١٢٣٤٥٦٧٨٩",
    "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
    "⓪①②③④⑤⑥⑦⑧⑨",
    "〇一二三四五六七八九",
    "⁰¹²³⁴⁵⁶⁷⁸⁹",
]


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """A run of eleven to thirteen digits in some writing. Its first digit is 7, so that no date is drawn by chance."""
    grouping = draw(st.sampled_from(_GROUPINGS))
    digits = "7" + draw(st.text("0123456789", min_size=sum(grouping) - 1, max_size=sum(grouping) - 1))
    separator = draw(st.sampled_from(_SEPARATORS))
    width = draw(st.sampled_from(_WIDTHS))
    parts, at = [], 0
    for length in grouping:
        parts.append("".join(width[int(d)] for d in digits[at : at + length]))
        at += length
    return separator.join(parts)


def surroundings() -> st.SearchStrategy[str]:
    """What may stand around a number; no digit touches it."""
    return st.text(
        st.characters(
            exclude_categories=("Nd", "No", "Nl", "Cs", "P", "S", "Z", "M", "C"),
            exclude_characters="〇一二三四五六七八九零",
        ),
        max_size=6,
    ).map(lambda t: f"x{t}x")


@st.composite
def planted(draw: st.DrawFn) -> str:
    """A text with a number in it, perhaps escaped as a URL or JSON would."""
    text = draw(surroundings()) + draw(numbers()) + draw(surroundings())
    return draw(st.sampled_from([str, quote, repr, lambda t: json.dumps(t)[1:-1]]))(text)


def nested(leaf: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A value somewhere in records, rows and sets."""
    return st.recursive(
        leaf,
        lambda inner: (
            st.lists(inner, min_size=1, max_size=3)
            | st.dictionaries(leaf.map(str), inner, min_size=1, max_size=3)
            | st.tuples(inner)
            | inner.map(lambda v: {"field": v})
        ),
        max_leaves=6,
    )


_KANJI = {ord(c): str(i) for i, c in enumerate("〇一二三四五六七八九")}
_RUN = re.compile(r"[0-9]{11,}")


def found(text: str) -> list[str]:
    """Runs of eleven to thirteen digits in what a reader sees, also after undoing escapes and removing all marks."""
    out = []
    for form in {text, unquote(text), _unescaped(text), _unescaped(unquote(text))}:
        plain = "".join(_plain(c) for c in form)
        # marks and invisible characters between digits are nothing; whatever else stands between ends a run
        joined = re.sub(r"(?<=[0-9])[^0-9A-Z*]+(?=[0-9])", "", plain)
        out += [run for run in _RUN.findall(joined) if 11 <= len(run) <= 13]
    return out


def _unescaped(text: str) -> str:
    """The text as Python's own reader of escapes takes it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an escape that is none is left as it is
        try:
            read = text.encode("latin-1", "backslashreplace").decode("unicode_escape")
        except UnicodeDecodeError:
            return text
    return read.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _plain(c: str) -> str:
    c = c.translate(_KANJI)
    if c == "*":
        return "*"
    folded = unicodedata.normalize("NFKC", c)
    if folded and all(unicodedata.decimal(d, None) is not None for d in folded):
        return "".join(str(unicodedata.decimal(d)) for d in folded)
    if unicodedata.digit(c, None) is not None:
        return str(unicodedata.digit(c))
    return "A" if any(d.isalpha() for d in folded) and c not in "ーｰ" else "-"
