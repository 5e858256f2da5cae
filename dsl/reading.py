"""From the draft of an instrument to its syntax tree: sentences, items, tables, and what was announced but is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dsl.codes import Reporter
from dsl.formulas import read_sentence
from dsl.fragment import BLANKS, Fragment
from dsl.lines import Line
from dsl.normalise import normalise
from dsl.provisions import Context
from dsl.structure import DraftArticle, DraftItem, DraftParagraph, DraftSupplementary, DraftTable
from dsl.syntax import (
    Annotation,
    Article,
    CardUse,
    Definitions,
    Formula,
    InstrumentKind,
    Item,
    ItemsBelow,
    NamedAffair,
    NarrowingList,
    NarrowingPairs,
    NoEffect,
    NotExpressible,
    Paragraph,
    RequiredDocuments,
    ScopeOfIndependentUse,
    Sentence,
    StatutoryFormula,
    Supplementary,
    Table,
)
from dsl.tables import build_table, text_of

#: instruments of the State: their 別表 are the Act's, their sentences have statutory effects
STATUTORY = frozenset(
    {InstrumentKind.ACT, InstrumentKind.CABINET_ORDER, InstrumentKind.ORDER, InstrumentKind.COMMISSION_RULE}
)
#: the defined half of a pair when no blank parts it from the affair
_BELOW = re.compile(r"次(の各号)?に掲げる(特定個人)?情報$")


def declared_effect(annotations: Sequence[Annotation]) -> Formula | None:
    """What the author declared a sentence to be: 〔効力なし〕 〔未表現〕 〔対象外〕 〔義務〕."""
    for annotation in annotations:
        if annotation.name == "効力なし":
            return NoEffect(annotation.value)
        if annotation.name in ("未表現", "対象外"):
            return NotExpressible(annotation.value, annotation.name == "対象外")
        if annotation.name == "義務":
            return StatutoryFormula("duty")
    return None


def split_sentences(text: str) -> Iterator[tuple[int, int]]:
    """The sentences of a paragraph: up to 。 outside parentheses and quotation marks, with a remark right behind it.

    Examples:
        >>> ["第1条（甲。以下「乙」という。）による。ただし、丙。"[a:b] for a, b in split_sentences("第1条（甲。以下「乙」という。）による。ただし、丙。")]
        ['第1条（甲。以下「乙」という。）による。', 'ただし、丙。']
    """
    depth, start = 0, 0
    for i, ch in enumerate(text):
        if ch in "（(「":
            depth += 1
        elif ch in "）)」":
            depth = max(0, depth - 1)
            if depth or ch == "」" or i + 1 >= len(text) or not _trails(text, start):
                continue
            yield start, i + 1
            start = i + 1
        elif ch in "。｡" and depth == 0 and not text[i + 1 :].lstrip(BLANKS).startswith(("（", "(")):
            yield start, i + 1
            start = i + 1
    if text[start:].strip(BLANKS):
        yield start, len(text)


def _trails(text: str, start: int) -> bool:
    """Whether the sentence from `start` has had its 。 already and only its trailing remark has just ended."""
    plain, depth = "", 0
    for ch in text[start:]:
        depth += ch in "（("
        plain += ch if depth == 0 else ""
        depth -= ch in "）)"
        if "。" in plain and depth == 0 and ch in "）)":
            return plain.rstrip(BLANKS).endswith("。")
    return False


@dataclass(slots=True)
class TreeBuilder:
    """Builds the syntax tree of one instrument."""

    kind: InstrumentKind
    report: Reporter

    def articles(self, drafts: Sequence[DraftArticle], *, supplementary: bool = False) -> tuple[Article, ...]:
        """Articles in order."""
        numbers = tuple(dict.fromkeys(d.line.number for d in drafts))  # side by side, a number stands twice
        return tuple(self._article(d, numbers, supplementary) for d in drafts)

    def _article(self, draft: DraftArticle, numbers: Sequence[str], supplementary: bool) -> Article:
        known = tuple(dict.fromkeys(p.number for p in draft.paragraphs))
        paragraphs = tuple(
            self._paragraph(
                p,
                Context(draft.line.number, p.number, numbers, known, self.kind in STATUTORY, supplementary),
                draft.annotations,
            )
            for p in draft.paragraphs
        )
        head = draft.line.fragment.part(0, draft.line.head_end or None).strip()
        return Article(
            draft.line.number, draft.caption, paragraphs, draft.deleted, head.span(), tuple(draft.annotations)
        )

    def supplementary(self, draft: DraftSupplementary) -> Supplementary:
        """One 附則."""
        known = tuple(p.number for p in draft.paragraphs)
        paragraphs = tuple(
            self._paragraph(p, Context(None, p.number, (), known, self.kind in STATUTORY, True), draft.annotations)
            for p in draft.paragraphs
        )
        articles = self.articles(draft.articles, supplementary=True)
        return Supplementary(
            draft.line.caption, paragraphs, articles, draft.line.fragment.strip().span(), tuple(draft.annotations)
        )

    def tables(self, drafts: Sequence[DraftTable]) -> tuple[Table, ...]:
        """Appended tables in order."""
        return tuple(
            build_table(
                d.line.number, d.rows, d.line.fragment.strip().span(), d.line.caption, d.annotations, self.report
            )
            for d in drafts
        )

    # ---- paragraphs ------------------------------------------------------------------------

    def _paragraph(self, draft: DraftParagraph, context: Context, above: Sequence[Annotation]) -> Paragraph:
        levels = (*draft.annotations, *above)
        sentences = tuple(self._sentences(draft, context, levels))
        held = list(draft.annotations)
        if len(sentences) == 1:  # a period of the only sentence is the paragraph's
            lifted = [a for a in sentences[0].annotations if a.name == "期間"]
            held += lifted
            kept = tuple(a for a in sentences[0].annotations if a not in lifted)
            sentences = (Sentence(sentences[0].text, sentences[0].formula, kept),)
        formulas = [s.formula for s in sentences]
        items = tuple(self._item(i, formulas, context, levels) for i in draft.items)
        span = draft.line.fragment.strip().span()
        table = build_table("", draft.rows, span, None, held, self.report) if draft.rows else None
        self._announced(sentences, items, table)
        return Paragraph(draft.number, draft.numbered, sentences, items, table, span, tuple(held))

    def _sentences(self, draft: DraftParagraph, context: Context, above: Sequence[Annotation]) -> Iterator[Sentence]:
        line = draft.line
        text = line.fragment.part(line.head_end)
        ranges = [(s, e) for s, e in split_sentences(text.text) if text.part(s, e).strip().text]
        for index, (start, end) in enumerate(ranges):
            fragment = text.part(start, end).strip()
            behind = [line.head_end + (start if index else -1), line.head_end + end]
            if index == len(ranges) - 1:
                behind[1] = len(line.fragment.text)
            own = tuple(
                a
                for at, a in line.marked.annotations
                if behind[0] < at <= behind[1] and at > line.head_end and a not in draft.annotations
            )
            whole = self._well_formed(fragment)
            formula = self._formula(fragment, context, own, above, readable=whole)
            yield Sentence(text_of(fragment), formula, own)

    def _well_formed(self, fragment: Fragment) -> bool:
        bare = re.sub(
            "「[^「」]*」", "", fragment.text
        )  # a reading cites words with half a bracket: 「事務（第十九条第八号」とあるのは
        if bare.count("（") + bare.count("(") != bare.count("）") + bare.count(")"):
            self.report.add(
                "J0029", fragment.span(), "「（」と「）」の数が合いません", "かっこの始まりと終わりを確かめてください。"
            )
            return False
        plain = fragment.text.rstrip("）)")
        if not fragment.text.endswith(("。", "｡")) and not plain.endswith("。"):
            self.report.add(
                "J0028",
                fragment.span(len(fragment.text) - 1),
                "文が「。」で終わっていません",
                "文の終わりに「。」を付けてください。",
            )
            return False
        return True

    def _formula(
        self,
        fragment: Fragment,
        context: Context,
        own: Sequence[Annotation],
        above: Sequence[Annotation],
        *,
        readable: bool = True,
    ) -> Formula | None:
        declared = declared_effect((*own, *above))
        if declared is not None or not readable:
            return declared
        return read_sentence(fragment, context, self.report, (*own, *above))

    # ---- items -----------------------------------------------------------------------------

    def _item(
        self, draft: DraftItem, formulas: Sequence[Formula | None], context: Context, above: Sequence[Annotation]
    ) -> Item:
        line = draft.line
        annotations = tuple(a for _, a in line.marked.annotations)
        text, definition = line.text, None
        if any(isinstance(f, NarrowingPairs) and f.single is None for f in formulas):
            text, definition = self._pair(line, bool(draft.children))
        formula = None
        if any(isinstance(f, StatutoryFormula) and f.effect == "prohibition_of_provision" for f in formulas):
            formula = self._ground(line.text, context, annotations, above)
        children = tuple(self._item(c, (), context, above) for c in draft.children)
        span = line.fragment.strip().span()
        return Item(
            line.number,
            text_of(text),
            text_of(definition) if definition else None,
            children,
            span,
            annotations,
            formula,
        )

    def _ground(
        self, text: Fragment, context: Context, own: Sequence[Annotation], above: Sequence[Annotation]
    ) -> Formula | None:
        """An item of Art. 19: …提供するとき。 Its first sentence carries the effect."""
        declared = declared_effect((*own, *above))
        if declared is not None:
            return declared
        start, end = next(iter(split_sentences(text.text)), (0, len(text.text)))
        found = len(self.report.found)
        formula = read_sentence(text.part(start, end).strip(), context, self.report, own)
        if formula is None:
            del self.report.found[found:]
            self.report.add(
                "J0069",
                text.span(),
                "この号は、提供の制限の例外として読めません",
                "「…するとき。」で終わる文にするか、〔対象外 理由〕を付けてください。",
            )
        return formula

    def _pair(self, line: Line, nested: bool) -> tuple[Fragment, Fragment | None]:
        """The two halves of a pair: the affair, and the information defined for it."""
        whole = line.text
        depth = 0
        for i in range(len(whole.text) - 1, -1, -1):
            ch = whole.text[i]
            depth += (ch in "）)") - (ch in "（(")
            if ch in BLANKS and depth == 0:
                return whole.part(0, i).strip(), whole.part(i).strip()
        below = _BELOW.search(whole.text)
        if below:
            return whole.part(0, below.start()).strip(), whole.part(below.start()).strip()
        if not nested:
            self.report.add(
                "J0066",
                whole.span(),
                "この号に定める情報がありません",
                "事務の後に空白を置いて「当該申請を行う者に係る地方税関係情報」のように書くか、次の行からア、イを並べてください。",
            )
        return whole, None

    # ---- what was announced ----------------------------------------------------------------

    def _announced(self, sentences: Sequence[Sentence], items: Sequence[Item], table: Table | None) -> None:
        for sentence in sentences:
            if not items and _wants_items(sentence.formula):
                self.report.add(
                    "J0067",
                    sentence.text.span,
                    "この文は号を予告していますが、号がありません",
                    "次の行から「(1) …」のように号を書いてください。",
                )
            if table is None and sentence.formula is not None and "次の表の" in normalise(sentence.text.raw).text:
                if isinstance(sentence.formula, NoEffect | NotExpressible):
                    continue
                self.report.add(
                    "J0068",
                    sentence.text.span,
                    "「次の表」とありますが、表がありません",
                    "次の行から「| 項 | 機関 | 事務 |」のように表を書いてください。",
                )


def _wants_items(formula: Formula | None) -> bool:
    match formula:
        case (
            NarrowingPairs(single=None)
            | RequiredDocuments()
            | Definitions(items_below=True)
            | CardUse(affairs=ItemsBelow())
        ):
            return True
        case NarrowingList(single=None):
            return True
        case NarrowingPairs(information=NamedAffair(text=text)):
            return "次に掲げる情報" in text
        case ScopeOfIndependentUse(clauses=clauses):
            return any(isinstance(c.affairs, ItemsBelow) for c in clauses)
        case _:
            return False
