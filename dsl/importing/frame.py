"""Where the instrument begins in a document: its title, number and day, and what stands around them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from dsl.fragment import BLANKS
from dsl.importing import notes
from dsl.importing.lines import kind_of, starts_article
from dsl.importing.source import Grid, Ledger, Piece, Words, plain
from dsl.lines import Kind
from dsl.normalise import normalise, parse_wareki
from dsl.syntax import InstrumentKind

_MARK = "○◯〇●■□◎・"
_TITLE = re.compile(r"[^。「」|｜\t]{3,}(条例|規則|細則|規程|要綱|要領|告示)(（案）|\(案\))?$")
_KINDS = (
    ("条例", InstrumentKind.ORDINANCE),
    ("規則", InstrumentKind.REGULATION),
    ("細則", InstrumentKind.REGULATION),
    ("要綱", InstrumentKind.GUIDELINE),
    ("告示", InstrumentKind.NOTICE),
)
#: the second line of a title that was broken
_BROKEN = re.compile(r"(に?関する|の|を|に|及び|並びに|等|施行|利用|提供)")


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands above the first article, and the pieces of the instrument from there on."""

    title: str
    title_at: int
    kind: InstrumentKind | None
    number: str | None
    promulgated: date | None
    history: tuple[tuple[int, str], ...]
    preamble: tuple[Words, ...]
    body: tuple[Piece, ...]


def body_start(pieces: Sequence[Piece]) -> int | None:
    """The index of the first line of the instrument's own provisions; a list of articles in a menu is passed over."""
    for i, piece in enumerate(pieces):
        if not isinstance(piece, Words) or piece.aside or not starts_article(piece.text):
            continue
        if _has_text(pieces, i):
            start = i
            while start and _introduces(pieces[start - 1]):
                start -= 1
            return start
    return None


def _has_text(pieces: Sequence[Piece], at: int) -> bool:
    """Whether sentences follow the heading of an article."""
    piece = pieces[at]
    if isinstance(piece, Words) and (piece.text.rstrip(BLANKS).endswith("削除") or "。" in piece.text):
        return True
    text = plain(piece.text) if isinstance(piece, Words) else ""
    if len(text) > 30 and not re.search(r"[）)]$", text):
        return True
    shown = (p for p in pieces[at + 1 :] if isinstance(p, Grid) or not p.aside)
    for following in islice(shown, 3):
        if isinstance(following, Grid):
            return True
        if starts_article(following.text) or kind_of(following.text) in (Kind.TABLE, Kind.SUPPLEMENTARY):
            return False
        if kind_of(following.text) is Kind.CAPTION or not plain(following.text):
            continue
        return "。" in following.text or (
            len(plain(following.text)) >= 12 and _TITLE.match(plain(following.text)) is None
        )
    return False


def _introduces(piece: Piece) -> bool:
    """A caption or the heading of a chapter right above the first article."""
    if not isinstance(piece, Words) or piece.aside:
        return False
    if notes.is_published(piece.text) or notes.is_amended(piece.text) or notes.is_contents(piece.text):
        return False
    return kind_of(piece.text) in (Kind.CAPTION, Kind.CHAPTER)


def read_frame(pieces: Sequence[Piece], start: int, ledger: Ledger) -> Frame | None:
    """Title, number, day and history from the lines above the first article; None when there is no title.

    Args:
        pieces: the whole document.
        start: where the provisions begin.
        ledger: where every other line above them is recorded.
    """
    above = [p for p in pieces[:start] if isinstance(p, Words)]
    chosen = _title(above)
    title_lines = above[chosen[0] : chosen[1]] if chosen else []
    title = "".join(w.text.strip(BLANKS) for w in title_lines).lstrip(_MARK + BLANKS)
    number: tuple[str, str, str] | None = None
    day: date | None = None
    history: list[tuple[int, str]] = []
    preamble: list[Words] = []
    for piece in pieces[:start]:
        if isinstance(piece, Grid):
            for row in piece.rows:
                ledger.leave(piece.at, "".join(c.text for c in row), "条文の前の表")
            continue
        near = chosen is not None and abs(above.index(piece) - chosen[0]) <= 40
        if piece in title_lines:
            marks = piece.text.strip(BLANKS)
            ledger.leave(piece.at, marks[: len(marks) - len(marks.lstrip(_MARK + BLANKS))], "題名の前の印")
        elif piece.aside:
            ledger.leave(piece.at, piece.text, piece.aside)
        elif near and notes.is_published(piece.text) and not (history or (number and day)):
            found, on = _published(piece.text)
            number, day = number or found, day or on
            ledger.leave(piece.at, piece.text, "番号と公布の日", kept=True)
        elif near and (notes.is_amended(piece.text) or notes.is_bracketed(piece.text)):
            history.append((piece.at, piece.text))
            ledger.leave(piece.at, piece.text, "改正の経過", kept=True)
        elif notes.is_promulgation(piece.text):
            ledger.leave(piece.at, piece.text, "公布の文")
        elif near and above.index(piece) >= chosen[1] and "。" in piece.text:  # type: ignore[index]
            preamble.append(piece)
            ledger.leave(piece.at, piece.text, "前文", kept=True)
        else:
            ledger.leave(
                piece.at,
                piece.text,
                "目次" if notes.is_contents(piece.text) or starts_article(piece.text) else "画面の部品",
            )
    if not title:
        return None
    written = None
    if number is not None:
        year = f"{_era(day)}" if day else ""
        written = f"{year}{number[0]}{number[1]}第{number[2]}号"
    at = title_lines[0].at
    return Frame(title, at, _kind(title, number), written, day, tuple(history), tuple(preamble), tuple(pieces[start:]))


def _era(day: date) -> str:
    from dsl.normalise import wareki_of

    return wareki_of(day).split("年")[0] + "年"


def _kind(title: str, number: tuple[str, str, str] | None) -> InstrumentKind | None:
    for word, kind in _KINDS:
        if re.search(rf"{word}(（案）|\(案\))?$", title):
            return kind
    for word, kind in _KINDS:
        if number is not None and number[1] == word:
            return kind
    return None


def _published(text: str) -> tuple[tuple[str, str, str] | None, date | None]:
    normal = normalise(text).text
    on = notes.DATE.search(normal)
    day = parse_wareki(on.group()) if on else None
    rest = normal.replace(on.group(), " ") if on else normal
    found = notes.NUMBER.search(rest)
    number = None
    if found:
        value = normalise(f"第{found['number']}号").text.strip("第号")
        number = (found["maker"].strip("公布制定"), found["kind"], value)
    return number, day if isinstance(day, date) else None


def _title(above: Sequence[Words]) -> tuple[int, int] | None:
    """The lines of the title, by its form and by what stands around it."""
    best: tuple[int, tuple[int, int]] | None = None
    for i, words in enumerate(above):
        text = words.text.strip(BLANKS)
        if words.aside or len(text) > 120 or not _TITLE.match(text.lstrip(_MARK + BLANKS)):
            continue
        if notes.is_published(text) or notes.is_amended(text) or notes.is_contents(text):
            continue
        first = i
        while first and i - first < 2 and not text.startswith(tuple(_MARK)) and _continues(above, first):
            first -= 1
            text = above[first].text.strip(BLANKS) + text
        after = [w.text for w in above[i + 1 : i + 3]]
        points = 4 * (text[0] in _MARK) + 3 * any(notes.is_published(t) for t in after) + 2 * words.heading
        points += 2 * ("番号" in text or "特定個人情報" in text) - 3 * bool(re.search("[>＞»≫/｜]", text))
        points += bool(re.search("[都道府県市区町村]", text))
        if best is None or points >= best[0]:
            best = points, (first, i + 1)
    return best[1] if best else None


def _continues(above: Sequence[Words], at: int) -> bool:
    """Whether the line at `at` is the broken rest of the line before it."""
    if not _BROKEN.match(above[at].text.strip(BLANKS)):
        return False
    before = above[at - 1]
    text = before.text.strip(BLANKS)
    return (
        not before.aside and bool(text) and "。" not in text and not notes.is_published(text) and not _TITLE.match(text)
    )
