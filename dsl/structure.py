"""Lines into a draft of the instrument: articles, paragraphs, items, tables, 附則. A line that fits nowhere is reported; reading resumes at the next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dsl.amending import AMENDING, CONSOLIDATE, is_amending
from dsl.annotations import PROVISION_NAMES
from dsl.codes import Reporter
from dsl.fragment import Fragment
from dsl.lines import Kind, Line
from dsl.syntax import Annotation


@dataclass(slots=True)
class DraftItem:
    """An item and the finer items under it."""

    line: Line
    children: list[DraftItem] = field(default_factory=list)


@dataclass(slots=True)
class DraftParagraph:
    """A paragraph: the line that holds its text, its items and the rows of its table."""

    number: str
    numbered: bool
    line: Line
    items: list[DraftItem] = field(default_factory=list)
    rows: list[Line] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    last: Line | None = None


@dataclass(slots=True)
class DraftArticle:
    """An article; `deleted` for 第N条 削除."""

    line: Line
    caption: str | None
    deleted: bool = False
    paragraphs: list[DraftParagraph] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)


@dataclass(slots=True)
class DraftTable:
    """An appended table."""

    line: Line
    rows: list[Line] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)


@dataclass(slots=True)
class DraftSupplementary:
    """附則: paragraphs of its own, or articles."""

    line: Line
    paragraphs: list[DraftParagraph] = field(default_factory=list)
    articles: list[DraftArticle] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """The whole instrument before its sentences are read."""

    annotations: list[Annotation] = field(default_factory=list)
    articles: list[DraftArticle] = field(default_factory=list)
    tables: list[DraftTable] = field(default_factory=list)
    supplementary: list[DraftSupplementary] = field(default_factory=list)


_Owner = DraftArticle | DraftParagraph | DraftTable | DraftSupplementary


class _Builder:
    """Takes the lines one by one; `owner` is what an annotation line binds to."""

    def __init__(self, report: Reporter) -> None:
        self.draft = Draft()
        self.report = report
        self.caption: Line | None = None
        self.article: DraftArticle | None = None
        self.paragraph: DraftParagraph | None = None
        self.table: DraftTable | None = None
        self.supplementary: DraftSupplementary | None = None
        self.owner: _Owner | None = None
        self.items: list[tuple[str, DraftItem]] = []
        self.heading_open = False

    # ---- lines -----------------------------------------------------------------------------

    def take(self, line: Line) -> None:
        """Place one line."""
        if self.caption is not None and line.kind not in (Kind.BLANK, Kind.ANNOTATIONS):
            allowed = line.kind is Kind.ARTICLE or (
                self.supplementary is not None and line.kind in (Kind.PARAGRAPH, Kind.TEXT)
            )
            if not allowed:
                self._lost_caption()
        match line.kind:
            case Kind.ANNOTATIONS:
                self._annotate(line)
            case Kind.CAPTION:
                self.caption = line
            case Kind.ARTICLE:
                self._article(line)
            case Kind.PARAGRAPH:
                self._numbered(line)
            case Kind.ITEM:
                self._item(line)
            case Kind.TABLE:
                self._table(line)
            case Kind.ROW:
                self._row(line)
            case Kind.SUPPLEMENTARY:
                self._supplementary(line)
            case Kind.TEXT:
                self._text(line)
            case Kind.BLANK | Kind.CHAPTER:
                pass

    def finish(self) -> Draft:
        """The draft, after the last line."""
        if self.caption is not None:
            self._lost_caption()
        return self.draft

    def _lost_caption(self) -> None:
        assert self.caption is not None
        self.report.add(
            "J0021",
            self.caption.fragment.strip().span(),
            "この見出しの次に条がありません",
            "見出しは条のすぐ上に書いてください。文の一部であれば、その文と同じ行に続けてください。",
        )
        self.caption = None

    def _annotate(self, line: Line) -> None:
        target = self.draft.annotations if self.owner is None else self.owner.annotations
        target.extend(a for _, a in line.marked.annotations)

    def _article(self, line: Line) -> None:
        caption = line.caption if self.caption is None else self.caption.caption
        held = [a for _, a in self.caption.marked.annotations] if self.caption else []
        self.caption, text = None, line.text
        article = DraftArticle(line, caption, deleted=text.text == "削除", annotations=held)
        inline = bool(text.text) and not article.deleted
        article.annotations += line.marked.within(0, None if not inline else line.head_end)
        if self.supplementary is not None:
            self.supplementary.articles.append(article)
        else:
            self.draft.articles.append(article)
        self.article, self.paragraph, self.table, self.owner = article, None, None, article
        self.items, self.heading_open = [], not text.text
        if inline:
            self._paragraph("1", line, numbered=False)

    def _paragraph(self, number: str, line: Line, *, numbered: bool) -> None:
        paragraph = DraftParagraph(number, numbered, line)
        start = line.head_end
        if line.kind is Kind.PARAGRAPH:
            paragraph.annotations += line.marked.within(0, start)
        paragraph.annotations += [a for at, a in line.marked.annotations if at > start and a.name in PROVISION_NAMES]
        if self.article is not None:
            self.article.paragraphs.append(paragraph)
        elif self.supplementary is not None:
            self.supplementary.paragraphs.append(paragraph)
        self.paragraph, self.table, self.owner = paragraph, None, paragraph
        self.items, self.heading_open, self.caption = [], False, None

    def _numbered(self, line: Line) -> None:
        if self.table is not None or (self.article is None and self.supplementary is None):
            self.report.add(
                "J0022",
                line.fragment.strip().span(),
                f"「{_short(line)}」は、どの条にも属していません",
                "先に「第1条（見出し）」の行を書いてください。表の行であれば「|」で始めてください。",
            )
            return
        self._paragraph(line.number, line, numbered=True)

    def _text(self, line: Line) -> None:
        in_place = (
            self.heading_open and self.table is None and (self.article is not None or self.supplementary is not None)
        )
        if in_place:
            self._paragraph("1", line, numbered=False)
            return
        if is_amending(line.text.text):
            self.report.add("J0030", line.fragment.strip().span(), AMENDING, CONSOLIDATE)
            return
        self.report.add(
            "J0020",
            line.fragment.strip().span(),
            "この行は、条・項・号・表のどれの始まりでもありません",
            "前の行の続きであれば、前の行の末尾につなげて一行にしてください。項であれば「2 」、号であれば「(1) 」を行の頭に付けてください。",
        )

    def _item(self, line: Line) -> None:
        if self.paragraph is None or self.table is not None:
            self.report.add(
                "J0023",
                line.fragment.strip().span(),
                f"「{_short(line)}」は、どの項にも属していません",
                "号の前に、「…は、次のとおりとする。」のような柱書きの行を書いてください。",
            )
            return
        item = DraftItem(line)
        styles = [style for style, _ in self.items]
        if line.style in styles:
            del self.items[styles.index(line.style) :]
        siblings = self.items[-1][1].children if self.items else self.paragraph.items
        siblings.append(item)
        self.items.append((line.style, item))
        self.paragraph.last = line

    def _table(self, line: Line) -> None:
        table = DraftTable(line, annotations=[a for _, a in line.marked.annotations])
        self.draft.tables.append(table)
        self.article, self.paragraph, self.supplementary = None, None, None
        self.table, self.owner, self.heading_open, self.items = table, table, False, []

    def _row(self, line: Line) -> None:
        if self.table is not None:
            self.table.rows.append(line)
        elif self.paragraph is not None:
            self.paragraph.rows.append(line)
            self.paragraph.last = line
        else:
            self.report.add(
                "J0040",
                line.fragment.strip().span(),
                "この行が、どの表の行か分かりません",
                "前に「別表第1（第3条関係）」の行を書くか、「次の表」と書いた項のすぐ下に置いてください。",
            )

    def _supplementary(self, line: Line) -> None:
        supplementary = DraftSupplementary(line, annotations=[a for _, a in line.marked.annotations])
        self.draft.supplementary.append(supplementary)
        self.article, self.paragraph, self.table = None, None, None
        self.supplementary, self.owner, self.heading_open, self.items = supplementary, supplementary, True, []


def _short(line: Line) -> str:
    text = line.fragment.strip().text
    return text if len(text) <= 16 else text[:15] + "…"


def build(lines: Iterable[Line], report: Reporter) -> Draft:
    """Put the lines of an instrument (without its heading) in order.

    Args:
        lines: classified lines.
        report: where lines that fit nowhere go.
    """
    builder = _Builder(report)
    for line in lines:
        builder.take(line)
    draft = builder.finish()
    _check(draft, report)
    return draft


# ---- numbers --------------------------------------------------------------------------------------


def _check(draft: Draft, report: Reporter) -> None:
    for articles in (draft.articles, *(s.articles for s in draft.supplementary)):
        _distinct([(a.line.number, a.line, a.annotations) for a in articles], "J0024", "条", report)
        for article in articles:
            if not article.paragraphs and not article.deleted:
                report.add(
                    "J0027",
                    article.line.fragment.strip().span(),
                    "この条には本文がありません",
                    "次の行に本文を書いてください。廃止した条であれば「第N条 削除」と書いてください。",
                )
            _paragraphs(article.paragraphs, report)
    for supplementary in draft.supplementary:
        _paragraphs(supplementary.paragraphs, report)
    for table in draft.tables:
        if not table.rows:
            report.add(
                "J0044",
                table.line.fragment.strip().span(),
                "この表には行がありません",
                "次の行から「| 項 | 機関 | 事務 |」のように、「|」で区切って書いてください。",
            )
    _distinct([(t.line.number, t.line, t.annotations) for t in draft.tables], "J0045", "別表", report)


def _paragraphs(paragraphs: Sequence[DraftParagraph], report: Reporter) -> None:
    before: tuple[int, ...] = ()
    for paragraph in paragraphs:
        key = tuple(int(n) for n in paragraph.number.split("-"))
        if key <= before and not any(a.name == "期間" for a in _on(paragraph)):
            report.add(
                "J0025",
                paragraph.line.fragment.strip().span(0, 1),
                f"第{paragraph.number}項が、順に並んでいません",
                "項の番号を1から順に付け直してください。ほかの規定からの引用も確かめてください。",
            )
        before = max(before, key)
        _items(paragraph.items, report)


def _on(paragraph: DraftParagraph) -> list[Annotation]:
    return [*paragraph.annotations, *(a for _, a in paragraph.line.marked.annotations)]


def _items(items: Sequence[DraftItem], report: Reporter) -> None:
    held = [(i.line.number, i.line, [a for _, a in i.line.marked.annotations]) for i in items]
    _distinct(held, "J0026", "号", report)
    for item in items:
        _items(item.children, report)


def _distinct(held: Sequence[tuple[str, Line, list[Annotation]]], code: str, counter: str, report: Reporter) -> None:
    seen: set[str] = set()
    for number, line, marks in held:
        if number in seen and not any(a.name == "期間" for a in marks):
            name = f"別表第{number}" if counter == "別表" and number else f"{number}{counter}"
            report.add(
                code,
                _head(line).span(),
                f"{name}が二度あります",
                "番号を付け直してください。改正の前と後の両方を書くときは、それぞれに〔期間 …〕を付けてください。",
            )
        seen.add(number)


def _head(line: Line) -> Fragment:
    head = line.fragment.part(0, line.head_end or None).strip()
    return head if head.text else line.fragment.strip()
