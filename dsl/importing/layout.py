"""The pieces of an instrument as lines of the rule language. White space is all that changes; what has no place is recorded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from dsl.diagnostics import Diagnostic
from dsl.fragment import BLANKS
from dsl.importing import notes
from dsl.importing.codes import finding
from dsl.importing.grids import is_table, rows_of
from dsl.importing.lines import article_of, is_open, item_of, kind_of, paragraph_of, read, starts_article
from dsl.importing.source import Grid, Ledger, Piece, Words, joined, plain, visible, words_of
from dsl.importing.typed_tables import gather
from dsl.lines import Kind

_ANNOUNCES_TABLE = re.compile("次の表|下の表|下表|同表|別表|表の")
_SUPPLEMENTARY_NUMBER = re.compile(r"[（(][^（()）]*(?:号|条例|規則|告示)[^（()）]*[)）]抄?$")
_SUPPLEMENTARY = re.compile(
    rf"附[{BLANKS}]*則[{BLANKS}]*(?:[（(][^（()）]*(?:[（(][^（()）]*[)）][^（()）]*)*[)）])?[{BLANKS}]*[（(]?抄?[）)]?"
)
_REMARK = re.compile(f"[{BLANKS}]*(備[{BLANKS}]*考|注[{BLANKS}]|※)")


@dataclass(slots=True)
class OutLine:
    """A line of the rule file: promulgated `text`, annotations behind it and inside it (`marks`: offset → annotation)."""

    kind: Kind
    text: str
    at: int
    behind: list[str] = field(default_factory=list)
    marks: dict[int, list[str]] = field(default_factory=dict)
    doubt: str | None = None

    @property
    def written(self) -> str:
        """As it stands in the file."""
        out, last = "", 0
        for offset in sorted(self.marks):
            out += self.text[last:offset] + "".join(self.marks[offset])
            last = offset
        out += self.text[last:]
        apart = " " if out and self.behind and not out.endswith(("。", "〕")) else ""
        return out + apart + "".join(self.behind)

    def offset(self, column: int) -> int:
        """The index in `text` of a 1-based column of `written`."""
        seen = 0
        for at in sorted(self.marks):
            width = sum(len(m) for m in self.marks[at])
            if column - 1 < at + seen + width:
                return min(at, max(0, column - 1 - seen))
            seen += width
        return max(0, min(len(self.text), column - 1 - seen))


class Layout:
    """Takes the pieces one by one."""

    def __init__(self, path: str, ledger: Ledger) -> None:
        self.path, self.ledger = path, ledger
        self.lines: list[OutLine] = []
        self.found: list[Diagnostic] = []
        self.article: str | None = None
        self.paragraph = 0
        self.items: dict[str, str] = {}
        self.area = "body"
        self.heading_open = False

    def take(self, pieces: Sequence[Piece]) -> None:
        """Lay every piece out."""
        held = gather(self._words_only_once(pieces), self.ledger)
        i = 0
        while i < len(held):
            piece = held[i]
            if isinstance(piece, Grid):
                self._grid(piece)
                i += 1
            else:
                i += self._words(piece, held[i + 1 :])

    def _words_only_once(self, pieces: Sequence[Piece]) -> list[Piece]:
        out: list[Piece] = []
        for piece in pieces:
            if isinstance(piece, Words) and piece.aside:
                self.ledger.leave(piece.at, piece.text, piece.aside)
            elif isinstance(piece, Grid) or piece.text.strip():
                out.append(piece)
        return out

    def _leaves_form(self, text: str) -> bool:
        """Whether a line among forms begins a part of the instrument again."""
        kind = kind_of(text)
        return kind is Kind.TABLE or kind is Kind.SUPPLEMENTARY or _SUPPLEMENTARY.fullmatch(text) is not None

    # ---- lines -----------------------------------------------------------------------------

    def _words(self, words: Words, after: Sequence[Piece]) -> int:
        """Place a line, and the following ones that belong to it; how many pieces were used."""
        text = visible(words.text).strip(BLANKS)
        if self.area == "form" and not self._leaves_form(text):
            self.ledger.leave(words.at, words.text, "様式")
            return 1
        if notes.is_rule(text) or notes.is_bracketed(text):
            drawn = notes.is_rule(text)
            if drawn:
                self.ledger.leave(words.at, words.text, "罫線")
            else:
                self._note(words.at, text, "出版者の注")
            return 1
        history = notes.history_behind(text)
        behind: list[str] = []
        if history is not None:
            note = text[history:].strip(BLANKS)
            if not text[:history].strip(BLANKS):
                self._note(words.at, note, "改正の経過")
                return 1
            self.ledger.leave(words.at, note, "改正の経過", kept=True)
            behind.append(notes.note(note))
            text = text[:history].strip(BLANKS)
        used = self._place(text, words, after)
        if behind and self.lines:
            self.lines[-1].behind += behind
        return used

    def _place(self, text: str, words: Words, after: Sequence[Piece]) -> int:
        kind = kind_of(text)
        open_before = self._open()
        if kind is Kind.SUPPLEMENTARY or _SUPPLEMENTARY.fullmatch(text):
            return self._supplementary(text, words, after)
        if kind is Kind.TABLE:
            return self._table(text, words, after)
        if kind is Kind.CHAPTER and not open_before:
            self._add(kind, text, words.at)
            return 1
        article = article_of(text, self.article)
        if article is not None and not (open_before and kind_of(text) is not Kind.ARTICLE):
            self._article(article, words.at)
            return 1
        if kind is Kind.CAPTION:
            return self._caption(text, words, after)
        if self.area == "table":
            return self._under_table(text, words)
        return self._running(text, words, after)

    def _running(self, text: str, words: Words, after: Sequence[Piece]) -> int:
        """Paragraphs, items, and what continues them."""
        paragraph = None if self._in_items_numbered(text) else paragraph_of(text, self.paragraph)
        if paragraph is not None and self._can_be_paragraph(paragraph):
            self._paragraph(paragraph, words.at)
            return 1
        item = None if self.heading_open else item_of(text, self.items)
        if item is not None and not (self._open() and kind_of(text) is not Kind.ITEM and not self._item_open()):
            self._item(item, words.at)
            return 1
        return self._text(text, words, after)

    def _in_items_numbered(self, text: str) -> bool:
        return False if kind_of(text) is Kind.PARAGRAPH else self._open() and not self._item_open()

    def _item_open(self) -> bool:
        return bool(self.lines) and self.lines[-1].kind is Kind.ITEM

    def _can_be_paragraph(self, text: str) -> bool:
        number = read(text).number
        return not self._open() or self._item_open() or number.split("-")[0] == str(self.paragraph + 1)

    def _open(self) -> bool:
        """Whether the last line awaits its end."""
        if not self.lines:
            return False
        last = self.lines[-1]
        return last.kind in (Kind.PARAGRAPH, Kind.TEXT, Kind.ARTICLE) and not self.heading_open and is_open(last.text)

    def _text(self, text: str, words: Words, after: Sequence[Piece]) -> int:
        """A line without a head: the text of an article, or the rest of the line above."""
        run, ended = [text], not is_open(text)
        for piece in after:
            if ended or not isinstance(piece, Words) or self._is_head(piece.text):
                break
            line = visible(piece.text).strip(BLANKS)
            if notes.history_behind(line) is not None or notes.is_bracketed(line) or notes.is_furniture(line):
                break
            run.append(line)
            ended = not is_open(line)
        last = self.lines[-1] if self.lines else None
        if self.heading_open and (ended or not notes.is_furniture(text)):
            self._add(Kind.TEXT, joined(run), words.at)
            self.heading_open, self.paragraph, self.items = False, 1, {}
            return len(run)
        waiting = last is not None and (self._open() or last.kind is Kind.ITEM)
        if last is None or last.kind in (Kind.ROW, Kind.CAPTION) or not (ended or waiting) or not (waiting or ended):
            return self._nowhere(text, words)
        if notes.is_furniture(text) and not ended:
            return self._nowhere(text, words)
        if last.kind is Kind.ITEM and not ended and len(run) > 1:
            run = run[:1]
        if (
            ended
            and not waiting
            and not text.startswith(("ただし", "この場合", "この", "前", "その", "なお", "（", "(", "第"))
        ):
            self._doubtful(words, text)
        if last.behind:
            last.marks.setdefault(len(last.text), []).extend(last.behind)
            last.behind = []
        last.text = joined([last.text, *run])
        return len(run)

    def _doubtful(self, words: Words, text: str) -> None:
        self.found.append(
            finding(
                "I0124",
                self.path,
                words.at,
                f"「{text[:20]}」で始まる行を、前の行の続きとして読みました",
                "別の項であれば、取り込んだ文書で行を分け、頭に項の番号があるかを原本で確かめてください。",
            )
        )

    def _is_head(self, text: str) -> bool:
        line = visible(text).strip(BLANKS)
        if kind_of(line) in (Kind.TABLE, Kind.SUPPLEMENTARY, Kind.CHAPTER, Kind.CAPTION, Kind.ITEM):
            return True
        if starts_article(line) and article_of(line, self.article) is not None:
            return True
        return paragraph_of(line, max(1, self.paragraph)) is not None or item_of(line, self.items) is not None

    def _nowhere(self, text: str, words: Words) -> int:
        """A line behind the text that is no sentence: furniture, forms, remarks."""
        if notes.is_form(text) or (text.startswith(("様式", "別記")) and "。" not in text):
            self.ledger.leave(words.at, words.text, "様式")
            self.area = "form"
        elif notes.is_furniture(text):
            self.ledger.leave(words.at, words.text, "条文の後の行")
        else:
            self._misplaced(words.at, text)
        return 1

    def _misplaced(self, at: int, text: str) -> None:
        last = next((x for x in reversed(self.lines) if x.kind is not Kind.ANNOTATIONS), None)
        if last is not None and last.kind is Kind.ROW and not _REMARK.match(text) and not notes.is_furniture(text):
            last.doubt = last.doubt or "次の行が、この行の続きかもしれない"
        self._note(at, text, "条文の位置が定まらない行")
        self.found.append(
            finding(
                "I0122",
                self.path,
                at,
                f"「{text[:30]}」は、どの条・項・号・表の行か分かりません",
                "取り込んだ文書では〔注 …〕として残しました。原本で確かめ、条文の一部であれば〔注〕を外して正しい場所に置いてください。",
            )
        )

    def _note(self, at: int, text: str, why: str) -> None:
        self.ledger.leave(at, text, why, kept=True)
        self._add(Kind.ANNOTATIONS, "", at).behind.append(notes.note(text))

    # ---- heads -----------------------------------------------------------------------------

    def _add(self, kind: Kind, text: str, at: int) -> OutLine:
        line = OutLine(kind, text, at)
        self.lines.append(line)
        return line

    def _article(self, text: str, at: int) -> None:
        line = read(text)
        self._add(Kind.ARTICLE, text, at)
        self.article, self.items = line.number, {}
        self.heading_open = not line.text.text
        self.paragraph = 0 if self.heading_open else 1
        if self.area == "table":
            self.area = "body"

    def _paragraph(self, text: str, at: int) -> None:
        number = read(text).number
        self._add(Kind.PARAGRAPH, text, at)
        self.paragraph, self.items, self.heading_open = int(number.split("-")[0]), {}, False

    def _item(self, text: str, at: int) -> None:
        line = read(text)
        styles = list(self.items)
        if line.style in styles:
            for style in styles[styles.index(line.style) :]:
                del self.items[style]
        self.items[line.style] = line.number
        self._add(Kind.ITEM, text, at)

    def _caption(self, text: str, words: Words, after: Sequence[Piece]) -> int:
        last = next((x for x in reversed(self.lines) if x.kind is not Kind.ANNOTATIONS), None)
        if (
            last is not None
            and last.kind is Kind.ARTICLE
            and self.heading_open
            and "（" not in last.text
            and "(" not in last.text
        ):
            before = next(
                (x for x in reversed(self.lines[: self.lines.index(last)]) if x.kind is not Kind.ANNOTATIONS), None
            )
            if before is None or before.kind is not Kind.CAPTION:
                last.text = last.text.rstrip(BLANKS) + text
                return 1
        following = next(
            (p for p in after if isinstance(p, Words) and notes.history_behind(visible(p.text).strip(BLANKS)) != 0),
            None,
        )
        following_text = visible(following.text).strip(BLANKS) if following else ""
        leads = bool(following_text) and (
            article_of(following_text, self.article) is not None
            or (self.area == "supplementary" and kind_of(following_text) in (Kind.PARAGRAPH, Kind.TEXT))
        )
        if leads and "。" not in text:
            self._add(Kind.CAPTION, text, words.at)
            if self.area == "supplementary" and kind_of(following_text) is Kind.TEXT and self.paragraph == 0:
                self.heading_open = True
            return 1
        if self.area != "table" and last is not None and (self._open() or "。" in text) and last.kind is not Kind.ROW:
            return self._text(text, words, after)
        self._misplaced(words.at, text)
        return 1

    def _supplementary(self, text: str, words: Words, after: Sequence[Piece]) -> int:
        used = 1
        bare = re.sub(rf"[{BLANKS}]*[（(]?抄[）)]?$", "", text)
        extract = text[len(bare) :].strip(BLANKS)
        if bare == re.sub(r"[（(][^（()）]*[)）]", "", bare) and after and isinstance(after[0], Words):
            number = visible(after[0].text).strip(BLANKS)
            if _SUPPLEMENTARY_NUMBER.fullmatch(number) and notes.history_behind(number) is None:
                tail = "抄" if number.endswith("抄") else ""
                bare, extract, used = bare + number.removesuffix("抄"), extract or tail, 2
        line = self._add(Kind.SUPPLEMENTARY, bare, words.at)
        if extract:
            where = words.at if used == 1 else after[0].at
            self.ledger.leave(where, extract, "抄録の印", kept=True)
            line.behind.append(notes.note(extract))
        self.area, self.article, self.paragraph, self.items, self.heading_open = "supplementary", None, 0, {}, True
        return used

    def _table(self, text: str, words: Words, after: Sequence[Piece]) -> int:
        used = 1
        if read(text).caption is None and after and isinstance(after[0], Words):
            caption = visible(after[0].text).strip(BLANKS)
            history = notes.history_behind(caption)
            whole = caption if history is None else caption[:history].strip(BLANKS)
            if whole and kind_of(whole) is Kind.CAPTION and "関係" in whole:
                text, used = text.rstrip(BLANKS) + whole, 2
                if history is not None:
                    self.ledger.leave(after[0].at, caption[history:], "改正の経過", kept=True)
        line = self._add(Kind.TABLE, text, words.at)
        if used == 2:
            assert isinstance(after[0], Words)
            caption = visible(after[0].text).strip(BLANKS)
            history = notes.history_behind(caption)
            if history is not None:
                line.behind.append(notes.note(caption[history:]))
        self.area, self.items, self.heading_open = "table", {}, False
        return used

    # ---- tables ----------------------------------------------------------------------------

    def _under_table(self, text: str, words: Words) -> int:
        """A line under an appended table that is no row: an item of a list, a remark, furniture."""
        line = read(text)
        if line.kind in (Kind.PARAGRAPH, Kind.ITEM) and line.style in ("", "paren", "kanji"):
            head = text[: line.head_end].strip(BLANKS)
            if self.lines[-1].kind is Kind.TABLE or (
                self.lines[-1].kind is Kind.ANNOTATIONS and not self._rows_begun()
            ):
                self._names(["項", "事務"], words.at)
            doubt = None if line.number else "項の番号が読めない"
            self._row(f"| {head} | {line.text.text} |", words.at, doubt)
            return 1
        if _REMARK.match(text) or "。" in text:
            self._misplaced(words.at, text)
            return 1
        return self._nowhere(text, words)

    def _rows_begun(self) -> bool:
        for line in reversed(self.lines):
            if line.kind is Kind.ROW:
                return True
            if line.kind is Kind.TABLE:
                return False
        return False

    def _grid(self, grid: Grid) -> None:
        if self.area == "form":
            for text in words_of(grid):
                self.ledger.leave(grid.at, text, "様式")
            return
        in_place = self.area == "table" or (
            (self.article is not None or self.area == "supplementary")
            and not self.heading_open
            and (is_table(grid) or bool(_ANNOUNCES_TABLE.search(self._paragraph_text())))
        )
        wide = any(len(row) > 1 for row in grid.rows)
        if not in_place or not wide:
            self._flatten(grid)
            return
        rows = rows_of(grid, self.ledger)
        if rows.lines and not rows.names and self._rows_begun_here() and rows.lines[0].text == self._first_row():
            self.ledger.leave(grid.at, "".join(t for cell in grid.rows[0] for t in cell.lines), "繰り返された見出し")
            del rows.lines[0]
        if rows.names and not self._rows_begun_here():
            self._names(rows.names, grid.at)
        for row in rows.lines:
            self._row(row.text, row.at, row.doubt)

    def _rows_begun_here(self) -> bool:
        """Whether the table that the lines have come to has rows; a note between them does not end it."""
        last = next((x for x in reversed(self.lines) if x.kind is not Kind.ANNOTATIONS), None)
        return last is not None and last.kind is Kind.ROW

    def _first_row(self) -> str | None:
        """The header of the table that the lines have come to."""
        first = None
        for line in reversed(self.lines):
            if line.kind not in (Kind.ROW, Kind.ANNOTATIONS):
                break
            first = line.text if line.kind is Kind.ROW else first
        return first

    def _paragraph_text(self) -> str:
        for line in reversed(self.lines):
            if line.kind in (Kind.PARAGRAPH, Kind.TEXT, Kind.ARTICLE):
                return line.text
        return ""

    def _names(self, names: Sequence[str], at: int) -> None:
        shown = " ".join(names)
        self._add(Kind.ANNOTATIONS, "", at).behind.append(f"〔列 {shown}〕")
        self.found.append(
            finding(
                "I0123",
                self.path,
                at,
                f"この表には列の名がないので、「{'・'.join(names)}」としました",
                "条文の「左欄」「右欄」などが指す列と合っているかを原本で確かめ、違えば〔列 …〕を直してください。",
            )
        )

    def _row(self, text: str, at: int, doubt: str | None) -> None:
        self._add(Kind.ROW, text, at).doubt = doubt

    def _flatten(self, grid: Grid) -> None:
        """A grid that only arranges text: each row a line."""
        lines: list[Piece] = []
        for row in grid.rows:
            cells = [c for c in row if plain(c.text)]
            if len(cells) == 1:
                lines += [Words(x, grid.at) for x in cells[0].lines if plain(x)]
            elif cells:
                lines.append(Words("　".join(c.text for c in cells), grid.at))
        i = 0
        while i < len(lines):
            piece = lines[i]
            assert isinstance(piece, Words)
            i += self._words(piece, lines[i + 1 :])
