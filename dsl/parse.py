"""A rule file into its syntax tree, with every finding about its form. Never raises, whatever the text.

Lines are classified (`dsl.lines`), put in order (`dsl.structure`), and their sentences read as
formulas (`dsl.formulas`). Reading goes on after each error at the next sentence, item or row.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dsl.annotations import Marked, extract
from dsl.codes import Reporter
from dsl.diagnostics import Diagnostic
from dsl.formulas import Context, read_sentence
from dsl.fragment import BLANKS, Fragment
from dsl.lines import Line, classify
from dsl.structure import Draft, DraftArticle, DraftItem, DraftParagraph, DraftSupplementary, DraftTable, build
from dsl.syntax import (
    Annotation,
    Article,
    CardUse,
    Document,
    Formula,
    InstrumentKind,
    Item,
    ItemsBelow,
    NarrowingList,
    NarrowingPairs,
    NoEffect,
    NotExpressible,
    Paragraph,
    RequiredDocuments,
    ScopeOfIndependentUse,
    Sentence,
    Span,
    StatutoryFormula,
    Supplementary,
    Table,
)
from dsl.tables import build_table, text_of

_STATUTORY = (InstrumentKind.ACT, InstrumentKind.CABINET_ORDER, InstrumentKind.ORDER, InstrumentKind.COMMISSION_RULE)
_TWELVE = re.compile(r"(?<!\d)\d(?:[\s\-‐‑–—−・.,]?\d){11}(?!\d)")
_BELOW = re.compile(r"次の?(各号|とおり)?に?掲げる(情報|特定個人情報)$")


def parse(path: str, source: str) -> tuple[Document, tuple[Diagnostic, ...]]:
    """Read one rule file.

    Args:
        path: where it stands, for messages.
        source: its text.

    Returns:
        The syntax tree (of what could be read) and every finding about the form, in the order of the text.
    """
    report = Reporter(path)
    lines = [Fragment.of_line(i, text) for i, text in enumerate(source.splitlines(), 1)]
    for line in lines:
        _characters(line, report)
    marked = [extract(line, report) for line in lines]
    kind, title, heading, body = _heading(marked, report)
    draft = build([classify(m) for m in body], report)
    held = [a for _, a in heading.annotations] if heading else []
    reader = _Reader(kind, draft, report)
    span = heading.text.strip().span() if heading else Span(1, 1, 1, 2)
    document = Document(
        path,
        kind,
        title,
        (*held, *draft.annotations),
        reader.articles(draft.articles),
        reader.tables(draft.tables),
        tuple(reader.supplementary(s) for s in draft.supplementary),
        span,
        source,
    )
    found = sorted(report.found, key=lambda d: (d.span.line, d.span.column, d.code))
    return document, tuple(dict.fromkeys(found))


def _characters(line: Fragment, report: Reporter) -> None:
    plain = unicodedata.normalize("NFKC", line.text)
    same = len(plain) == len(line.text)
    for match in _TWELVE.finditer(plain):
        span = line.span(match.start(), match.end()) if same else line.span()
        report.add(
            "J0004",
            span,
            "12桁の数字（************）があります",
            "個人番号は、条例にも注記にも書かないでください。見本にも使えません。",
        )
    for i, ch in enumerate(line.text):
        if unicodedata.category(ch) in ("Cf", "Cc") and ch != "\t":
            report.add(
                "J0003",
                line.span(i, i + 1),
                f"目に見えない文字（U+{ord(ch):04X}）があります",
                "この文字を消してください。ほかの文書から写すと紛れ込むことがあります。",
            )


def _heading(marked: Sequence[Marked], report: Reporter) -> tuple[InstrumentKind, str, Marked | None, Sequence[Marked]]:
    for i, line in enumerate(marked):
        text = line.text.strip().text
        if not text:
            continue
        before = list(marked[:i])
        word, *rest = re.split(rf"[{BLANKS}]+", text, maxsplit=1)
        kinds = {k.value: k for k in InstrumentKind}
        if word not in kinds:
            report.add(
                "J0001",
                line.text.strip().span(),
                "最初の行に、文書の種類が書かれていません",
                f"「条例 ○○市個人番号の利用に関する条例」のように、種類と題名を空白で区切って書いてください。種類は {'・'.join(kinds)} です。",
            )
            return InstrumentKind.ORDINANCE, text, None, marked
        title = rest[0].strip(BLANKS) if rest else ""
        if not title:
            report.add(
                "J0002", line.text.strip().span(), "題名がありません", f"「{word} 」の後に題名を書いてください。"
            )
        return kinds[word], title, line, [*before, *marked[i + 1 :]]
    report.add("J0001", Span(1, 1, 1, 2), "文書が空です", "「条例 題名」の行から書き始めてください。")
    return InstrumentKind.ORDINANCE, "", None, ()


@dataclass(slots=True)
class _Reader:
    """Turns the draft into the syntax tree."""

    kind: InstrumentKind
    draft: Draft
    report: Reporter

    def articles(self, drafts: Sequence[DraftArticle], *, supplementary: bool = False) -> tuple[Article, ...]:
        """Every article in order."""
        numbers = tuple(d.line.number for d in drafts)
        return tuple(self._article(d, numbers, supplementary) for d in drafts)

    def _article(self, draft: DraftArticle, numbers: Sequence[str], supplementary: bool) -> Article:
        paragraphs = tuple(p.number for p in draft.paragraphs)
        made = []
        for paragraph in draft.paragraphs:
            context = Context(
                draft.line.number, paragraph.number, numbers, paragraphs, self.kind in _STATUTORY, supplementary
            )
            made.append(self._paragraph(paragraph, context, draft.annotations))
        span = draft.line.fragment.strip().span(
            0, max(1, len(draft.line.fragment.part(0, draft.line.head_end or None).strip().text))
        )
        return Article(draft.line.number, draft.caption, tuple(made), draft.deleted, span, tuple(draft.annotations))

    def supplementary(self, draft: DraftSupplementary) -> Supplementary:
        """One 附則."""
        numbers = tuple(p.number for p in draft.paragraphs)
        statutory = self.kind in _STATUTORY
        paragraphs = tuple(
            self._paragraph(p, Context(None, p.number, (), numbers, statutory, True), draft.annotations)
            for p in draft.paragraphs
        )
        articles = self.articles(draft.articles, supplementary=True)
        return Supplementary(
            draft.line.caption, paragraphs, articles, draft.line.fragment.strip().span(), tuple(draft.annotations)
        )

    def tables(self, drafts: Sequence[DraftTable]) -> tuple[Table, ...]:
        """Every appended table."""
        return tuple(
            build_table(
                d.line.number or "1", d.rows, d.line.fragment.strip().span(), d.line.caption, d.annotations, self.report
            )
            for d in drafts
        )

    # ---- paragraphs ------------------------------------------------------------------------

    def _paragraph(self, draft: DraftParagraph, context: Context, above: Sequence[Annotation]) -> Paragraph:
        held = tuple(draft.annotations)
        sentences = tuple(self._sentences(draft, context, (*above, *held)))
        formulas = [s.formula for s in sentences]
        items = tuple(self._item(i, formulas, context, (*above, *held)) for i in draft.items)
        span = draft.line.text.span()
        table = build_table("", draft.rows, span, None, held, self.report) if draft.rows else None
        self._announced(sentences, items, table)
        return Paragraph(draft.number, draft.numbered, sentences, items, table, span, held)

    def _sentences(self, draft: DraftParagraph, context: Context, above: Sequence[Annotation]) -> Iterator[Sentence]:
        line = draft.line
        text = line.fragment.part(line.head_end)
        for start, end in _split(text.text):
            fragment = text.part(start, end).strip()
            if not fragment.text:
                continue
            at = line.head_end
            last = end >= len(text.text.rstrip(BLANKS))
            annotations = tuple(
                a
                for i, a in line.marked.annotations
                if at + start < i and (i <= at + end or last) and a not in draft.annotations
            )
            if not fragment.text.endswith("。"):
                self.report.add(
                    "J0028",
                    fragment.span(len(fragment.text) - 1),
                    "文が「。」で終わっていません",
                    "文の終わりに「。」を付けてください。",
                )
            if fragment.text.count("（") + fragment.text.count("(") != fragment.text.count("）") + fragment.text.count(
                ")"
            ):
                self.report.add(
                    "J0029",
                    fragment.span(),
                    "「（」と「）」の数が合いません",
                    "かっこの始まりと終わりを確かめてください。",
                )
            formula = self._formula(fragment, context, annotations, above)
            yield Sentence(text_of(fragment), formula, annotations)

    def _formula(
        self, fragment: Fragment, context: Context, own: Sequence[Annotation], above: Sequence[Annotation]
    ) -> Formula | None:
        declared = declared_effect((*own, *above))
        if declared is not None:
            return declared
        facts = [a.value for a in own if a.name == "事実"]
        return read_sentence(fragment, context, self.report, facts)

    def _item(
        self, draft: DraftItem, formulas: Sequence[Formula | None], context: Context, above: Sequence[Annotation]
    ) -> Item:
        line = draft.line
        annotations = tuple(a for _, a in line.marked.annotations)
        text, definition = line.text, None
        if any(isinstance(f, NarrowingPairs) for f in formulas):
            text, definition = self._pair(line, bool(draft.children))
        formula: Formula | None = None
        if any(isinstance(f, StatutoryFormula) and f.effect == "prohibition_of_provision" for f in formulas):
            formula = self._formula(line.text, context, annotations, above)
        children = tuple(self._item(c, (), context, above) for c in draft.children)
        return Item(
            line.number,
            text_of(text),
            text_of(definition) if definition else None,
            children,
            line.fragment.strip().span(),
            annotations,
            formula,
        )

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
                "事務の後に空白を一つ置いて「当該申請を行う者に係る地方税関係情報」のように書くか、下にア・イを並べてください。",
            )
        return whole, None

    def _announced(self, sentences: Sequence[Sentence], items: Sequence[Item], table: Table | None) -> None:
        for sentence in sentences:
            if not items and _wants_items(sentence):
                self.report.add(
                    "J0067",
                    sentence.text.span,
                    "この文は号を予告していますが、号がありません",
                    "次の行から「(1) …」のように号を書いてください。",
                )
            if (
                table is None
                and "次の表" in sentence.text.normal
                and isinstance(sentence.formula, ScopeOfIndependentUse)
            ):
                self.report.add(
                    "J0068",
                    sentence.text.span,
                    "「次の表」とありますが、表がありません",
                    "次の行から「| 項 | 機関 | 事務 |」のように表を書いてください。",
                )


def declared_effect(annotations: Sequence[Annotation]) -> Formula | None:
    """What the author declared a sentence to be, instead of a formula."""
    for annotation in annotations:
        if annotation.name == "効力なし":
            return NoEffect(annotation.value)
        if annotation.name in ("未表現", "対象外"):
            return NotExpressible(annotation.value, annotation.name == "対象外")
        if annotation.name == "義務":
            return StatutoryFormula("duty")
    return None


def _wants_items(sentence: Sentence) -> bool:
    formula = sentence.formula
    if isinstance(formula, NarrowingPairs | RequiredDocuments):
        return True
    if isinstance(formula, NarrowingList):
        return formula.single is None
    if isinstance(formula, CardUse):
        return isinstance(formula.affairs, ItemsBelow)
    return isinstance(formula, ScopeOfIndependentUse) and any(
        isinstance(c.affairs, ItemsBelow) for c in formula.clauses
    )


def _split(text: str) -> Iterator[tuple[int, int]]:
    """The sentences of a paragraph: up to 。 outside parentheses and quotation marks."""
    depth, start = 0, 0
    for i, ch in enumerate(text):
        if ch in "（(「":
            depth += 1
        elif ch in "）)」":
            depth = max(0, depth - 1)
        elif ch == "。" and depth == 0:
            yield start, i + 1
            start = i + 1
    if text[start:].strip(BLANKS):
        yield start, len(text)
