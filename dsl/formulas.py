"""Sentences as formulas: Lark's LALR parser reads a sentence in normal form, this module makes the syntax tree of it.

A sentence is tried against the formulas whose sign it carries; the first that reads all of it is
taken, and tests prove that no sentence is read by two. What no formula reads is reported with the
nearest one. Relative references (前項, 同表 …) become absolute here.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from dsl.codes import Reporter
from dsl.formula_signs import SIGNS
from dsl.fragment import Fragment
from dsl.normalise import NoDate, Normalised, normalise, parse_wareki
from dsl.remarks import Cut, RemarkKind, cut, excluded_rows
from dsl.syntax import (
    STATUTORY_EFFECTS,
    AffairClause,
    AffairPhrase,
    AgencyPhrase,
    CardUse,
    ColumnRef,
    Commencement,
    DeemedSubmission,
    Definitions,
    EntryIntoForce,
    Exclusion,
    Formula,
    ForwardScope,
    InformationPhrase,
    ItemsBelow,
    NamedAffair,
    NamedAgencies,
    NarrowingList,
    NarrowingPairs,
    NetworkProviso,
    NoEffect,
    ProvisionRef,
    ProvisionToOtherAgency,
    RequiredDocuments,
    RowRef,
    ScopeOfIndependentUse,
    Span,
    StatutoryFormula,
    TableRef,
    UseWithinAgency,
    Whose,
)

_GRAMMAR = Path(__file__).parent / "grammar" / "formulas.lark"
_Node = Tree[Token]


@dataclass(frozen=True, slots=True)
class Context:
    """Where a sentence stands, for relative references.

    `articles` are the canonical numbers of the instrument's articles in order, `paragraphs` those of this article.
    `statutory` is true in national instruments: their own 別表 are the tables of the Act.
    """

    article: str | None
    paragraph: str
    articles: Sequence[str] = ()
    paragraphs: Sequence[str] = ()
    statutory: bool = False
    supplementary: bool = False


@cache
def parser() -> Lark:
    """The parser of every formula."""
    return Lark(
        _GRAMMAR.read_text("utf-8"),
        parser="lalr",
        lexer="contextual",
        start=[start for start, _ in SIGNS],
        propagate_positions=True,
        maybe_placeholders=False,
    )


@cache
def samples() -> dict[str, tuple[str, ...]]:
    """The sample sentences of each formula, from the grammar's comments."""
    found: dict[str, list[str]] = {}
    held: list[str] = []
    for line in _GRAMMAR.read_text("utf-8").splitlines():
        rule = re.match(r"([a-z_0-9]+):", line)
        if line.startswith("// ") and not line.startswith("// ="):
            held.append(line[3:])
        elif rule and held:
            found.setdefault(rule.group(1), []).extend(held)
            held = []
        elif not line.strip():
            held = []
    starts = {start for start, _ in SIGNS}
    return {rule: tuple(sentences) for rule, sentences in found.items() if rule in starts}


def read_sentence(fragment: Fragment, context: Context, report: Reporter, facts: Sequence[str] = ()) -> Formula | None:
    """Read one sentence.

    Args:
        fragment: the sentence as typed, without annotations, ending in 。.
        context: where it stands.
        report: where an unreadable sentence goes (J0060, J0061, J0064 …).
        facts: values of 〔事実 …〕 on the sentence: they take up the （…に限る。） it carries.

    Returns:
        The formula, or None when the sentence was reported.
    """
    normal = normalise(fragment.text)
    sentence = cut(normal.text)
    furthest = 0
    for start, signs in SIGNS:
        if not all(sign in sentence.text for sign in signs):
            continue
        try:
            tree = parser().parse(sentence.text, start=start)
        except UnexpectedInput as stop:
            furthest = max(furthest, _position(stop, len(sentence.text)))
            continue
        return _Reading(fragment, normal, sentence, context, report, tuple(facts)).formula(start, tree)
    _unread(fragment, normal, sentence, furthest, report)
    return None


def matching_formulas(text: str) -> tuple[str, ...]:
    """Every formula that reads a sentence (for the test that no sentence is ambiguous)."""
    sentence = cut(normalise(text).text).text
    found = []
    for start, _ in SIGNS:
        try:
            parser().parse(sentence, start=start)
        except UnexpectedInput:
            continue
        found.append(start)
    return tuple(found)


def _position(stop: UnexpectedInput, length: int) -> int:
    if isinstance(stop, UnexpectedCharacters | UnexpectedToken) and isinstance(stop.pos_in_stream, int):
        return stop.pos_in_stream
    return length


def nearest_formula(text: str) -> str:
    """The sample sentence most like a sentence in normal form."""
    every = [s for sentences in samples().values() for s in sentences]
    return max(every, key=lambda s: difflib.SequenceMatcher(None, s[:120], text[:120], autojunk=False).ratio())


def _unread(fragment: Fragment, normal: Normalised, sentence: Cut, furthest: int, report: Reporter) -> None:
    near = nearest_formula(sentence.text)
    start, end = 0, len(fragment.text)
    if furthest:
        first, _ = sentence.normal_range(furthest, furthest + 1)
        start, _ = normal.original(first, first + 1)
    if start >= end:
        start = max(0, end - 1)
    report.add(
        "J0060",
        fragment.span(start, end),
        "この文は、どの定型文にも当たりません" if not furthest else "この下線の部分から先が、定型文に合いません",
        f"最も近い定型文「{near}」に合わせて書くか、判定に関わらない文であれば文の末尾に〔効力なし 理由〕と書いてください。",
    )


def _tokens(node: _Node | Token) -> list[Token]:
    if isinstance(node, Token):
        return [node]
    return [t for child in node.children for t in _tokens(child)]


@dataclass(slots=True)
class _Reading:
    """One sentence on its way from Lark's tree to the syntax tree."""

    fragment: Fragment
    normal: Normalised
    sentence: Cut
    context: Context
    report: Reporter
    facts: tuple[str, ...]
    table: TableRef | None = field(default=None)
    last_table: TableRef | None = field(default=None)
    designations: list[tuple[int, int]] = field(default_factory=list)

    # ---- positions -------------------------------------------------------------------------

    def span(self, node: _Node | Token) -> Span:
        """Where a node was typed."""
        tokens = _tokens(node)
        if not tokens:
            return self.fragment.span()
        return self._span(tokens[0].start_pos or 0, tokens[-1].end_pos or 0)

    def _span(self, start: int, end: int) -> Span:
        first, last = self.sentence.normal_range(start, end)
        return self.fragment.span(*self.normal.original(first, last))

    def _text(self, node: _Node | Token) -> str:
        """The words of a node with the remarks inside it."""
        tokens = _tokens(node)
        first, last = self.sentence.normal_range(tokens[0].start_pos or 0, tokens[-1].end_pos or 0)
        for remark in self.sentence.remarks:
            if remark.start == last:
                last = remark.end
        start, end = self.normal.original(first, last)
        return self.fragment.text[start:end]

    # ---- formulas --------------------------------------------------------------------------

    def formula(self, start: str, tree: _Node) -> Formula | None:
        """The formula of a sentence read by the rule `start`."""
        if start in STATUTORY_EFFECTS:
            return StatutoryFormula(start)
        silent = _SILENT.get(start)
        if silent is not None:
            return NoEffect(silent)
        made: Formula | None = _READERS[start](self, tree)
        self.designations = [(t.start_pos or 0, t.end_pos or 0) for t in _tokens(tree) if t.type in _DESIGNATIONS]
        if not isinstance(made, Definitions):
            self._remarks(made)
        return made

    def _remarks(self, made: Formula | None) -> None:
        for remark in self.sentence.remarks:
            start, end = self.normal.original(remark.start, remark.end)
            span = self.fragment.span(start, end)
            if remark.kind in (RemarkKind.DEFINES, RemarkKind.CITES, RemarkKind.EXPLAINS):
                continue
            if any(low < remark.at <= high for low, high in self.designations):
                continue
            if remark.kind is RemarkKind.INCLUDES:
                self.report.add(
                    "J0065",
                    span,
                    "このかっこ書きは、判定に使われません",
                    "含めるものを表の行や号に書き出してください。",
                )
                continue
            if (
                remark.kind is RemarkKind.EXCLUDES
                and isinstance(made, ScopeOfIndependentUse)
                and excluded_rows(remark.text)
            ):
                continue
            if remark.kind in (RemarkKind.LIMITS, RemarkKind.EXCLUDES) and self.facts:
                continue
            self.report.add(
                "J0061",
                span,
                "このかっこ書きが何を広げ、又は狭めるのか、決まっていません",
                "（以下「…」という。）、（法別表第1に掲げる事務を除く。）のような形にするか、"
                "求めの事実で決まるものは〔事実 名前〕を文の末尾に付けてください。",
            )

    def _exclusions(self, start: int, end: int) -> tuple[Exclusion, ...]:
        found = []
        for remark in self.sentence.remarks:
            if remark.kind is not RemarkKind.EXCLUDES or not start < remark.at <= end:
                continue
            named = excluded_rows(remark.text)
            if named is None:
                continue
            span = self.fragment.span(*self.normal.original(remark.start, remark.end))
            number, rows, excepted = named
            table = TableRef(Whose.ACT, number, span) if number else None
            found.append(Exclusion(table, rows, excepted, remark.text, span))
        return tuple(found)

    def scope(self, tree: _Node) -> Formula:
        clauses: list[AffairClause] = []
        for node in tree.find_data("clauses"):
            for child in node.children:
                if isinstance(child, Tree):
                    clauses.append(self._clause(child))
        whole = next(
            (self._agencies(c) for c in tree.children if isinstance(c, Tree) and c.data == "agencies_by"), None
        )
        if whole is not None:
            clauses = [c if c.agencies else AffairClause(whole, c.affairs, c.exclusions, c.span) for c in clauses]
        return ScopeOfIndependentUse(tuple(clauses))

    def scope_by_number_use(self, tree: _Node) -> Formula:
        agencies = self._agencies(self._first(tree, "agencies_by"))
        affairs_node = self._first(tree, "affairs")
        clause = AffairClause(agencies, self._affairs(affairs_node), self._over(affairs_node), self.span(affairs_node))
        return ScopeOfIndependentUse((clause,))

    def _over(self, node: _Node) -> tuple[Exclusion, ...]:
        tokens = _tokens(node)
        return self._exclusions(tokens[0].start_pos or 0, tokens[-1].end_pos or 0)

    def _clause(self, node: _Node) -> AffairClause:
        agencies = next(
            (self._agencies(c) for c in node.children if isinstance(c, Tree) and c.data == "agencies_by"), None
        )
        references = next((c for c in node.children if isinstance(c, Tree) and c.data == "references"), None)
        if references is not None:
            return AffairClause(
                agencies, ForwardScope(self._references(references), self.span(node)), (), self.span(node)
            )
        affairs = self._first(node, "affairs")
        return AffairClause(agencies, self._affairs(affairs), self._over(node), self.span(node))

    def use_within_agency(self, tree: _Node) -> Formula:
        agencies = self._agencies(self._first(tree, "agencies_by"))
        affairs = self._affairs(self._first(tree, "affairs"))
        return UseWithinAgency(agencies, affairs, self._information(tree))

    def network_proviso(self, tree: _Node) -> Formula:
        return NetworkProviso()

    def provision_to_other_agency(self, tree: _Node) -> Formula:
        requester = self._first(tree, "requester")
        asking, asked = [self._agencies(c) for c in requester.children if isinstance(c, Tree)][:2]
        affairs = self._affairs(self._first(tree, "affairs"))
        item = next((t for t in _tokens(tree) if t.type == "ITEM_OF_19"), None)
        number = re.search(r"(\d+)号", item or "")
        return ProvisionToOtherAgency(
            asking, affairs, asked, self._information(tree), number.group(1) if number else None
        )

    def deemed_submission(self, tree: _Node) -> Formula:
        norms = next(t for t in _tokens(tree) if t.type == "DEMANDING_NORMS")
        covers = {word for word in ("条例", "規則", "規程", "法令", "要綱") if word in norms}
        covers = {"規程" if word == "要綱" else word for word in covers}
        by_provision = any(t.type == "TRIGGERED_BY_PROVISION" for t in _tokens(tree))
        return DeemedSubmission(self._references(self._first(tree, "references")), frozenset(covers), by_provision)

    def narrowing_list(self, tree: _Node) -> Formula:
        single = next((t for t in _tokens(tree) if t.type == "SINGLE_AFFAIR"), None)
        named = NamedAffair(self._text(single), self.span(single)) if single else None
        return NarrowingList(self._targets(tree), named)

    def narrowing_pairs(self, tree: _Node) -> Formula:
        return NarrowingPairs(self._targets(tree))

    def required_documents(self, tree: _Node) -> Formula:
        target = self._target(next(c for c in tree.children if isinstance(c, Tree)))
        if isinstance(target, RowRef):
            return RequiredDocuments(target, None)
        return RequiredDocuments(None, target)

    def entry_into_force(self, tree: _Node) -> Formula | None:
        return self._commencement((), tree, proviso=False)

    def partial_entry_into_force(self, tree: _Node) -> Formula | None:
        refs: list[ProvisionRef] = []
        for part in self._first(tree, "parts").children:
            if not isinstance(part, Tree):
                continue
            if part.data == "table_part":
                token = _tokens(part)[0]
                number = re.sub(r"\D", "", token.split("の")[0]) or ""
                refs.append(ProvisionRef(Whose.SELF, f"別表{number}", None, None, self.span(part)))
            else:
                refs.extend(self._reference(part))
        return self._commencement(tuple(refs), tree, proviso=True)

    def _commencement(self, provisions: tuple[ProvisionRef, ...], tree: _Node, *, proviso: bool) -> Formula | None:
        day = self._first(tree, "day", "on_date", "on_promulgation", "day_by_rule", "with_law")
        dates = [t for t in _tokens(tree) if t.type == "DATE"]
        days = [self._date(t) for t in dates]
        if any(d is None for d in days):
            return None
        applied = days[-1] if any(n.data == "commencement_applied" for n in tree.iter_subtrees()) else None
        match day.data:
            case "on_date":
                commencement = Commencement(days[0], False, None)
            case "on_promulgation":
                commencement = Commencement(None, True, None)
            case "with_law":
                token = _tokens(day)[0]
                commencement = Commencement(None, False, self._law_reference(token))
            case _:
                self.report.add(
                    "J0060",
                    self.span(day),
                    "規則で定める日がいつか分かりません",
                    "その日が決まったら、文の末尾に〔施行 平成29年7月1日〕と書いてください。",
                )
                return None
        return EntryIntoForce(provisions, commencement, applied, proviso)

    def _date(self, token: Token) -> date | None:
        value = parse_wareki(str(token))
        if isinstance(value, NoDate):
            self.report.add("J0062" if value.kind == "era" else "J0063", self.span(token), value.message, value.help)
            return None
        return value

    def _law_reference(self, token: Token) -> ProvisionRef:
        text = str(token)
        match = re.search(r"(附則)?第(\d+)条((?:の\d+)*)(?:第(\d+)項)?(?:第(\d+)号)?", text)
        law = re.match(r"^(番号利用法|番号法|法)", text)
        name = (
            "法"
            if law or text.startswith("行政手続における特定の個人を識別する")
            else text[: match.start() if match else None] or None
        )
        if match is None:
            return ProvisionRef(Whose.ACT, None, None, None, self.span(token), name)
        return ProvisionRef(
            Whose.ACT,
            match.group(2) + match.group(3).replace("の", "-"),
            match.group(4),
            match.group(5),
            self.span(token),
            name,
            bool(match.group(1)),
        )

    def terms_as_in_the_act(self, tree: _Node) -> Formula:
        return Definitions(True, False, ())

    def terms_below(self, tree: _Node) -> Formula:
        return Definitions(False, True, ())

    def term_defined(self, tree: _Node) -> Formula:
        tokens = {t.type: str(t) for t in _tokens(tree)}
        return Definitions(False, False, ((tokens["TERM"].strip("「」"), tokens["MEANING"]),))

    def card_use(self, tree: _Node) -> Formula:
        agencies = next(
            (self._agencies(c) for c in tree.children if isinstance(c, Tree) and c.data == "agencies_by"), None
        )
        token = _tokens(self._first(tree, "card_affairs"))[0]
        affairs: AffairPhrase = (
            ItemsBelow(self.span(token))
            if token.type == "LIST_BELOW"
            else NamedAffair(self._text(token), self.span(token))
        )
        return CardUse(agencies, affairs)

    # ---- phrases ---------------------------------------------------------------------------

    def _first(self, tree: _Node, *names: str) -> _Node:
        wanted = set(names)
        for node in tree.iter_subtrees_topdown():
            if node.data in wanted and (node.data != "day" or len(names) == 1):
                return node
        raise LookupError(f"{names} in {tree.data}")

    def _agencies(self, node: _Node) -> AgencyPhrase:
        inner = node.children[0] if node.data == "agencies_by" else node
        assert isinstance(inner, Tree)
        if inner.data == "agency_column":
            return self._column(inner)
        return NamedAgencies(tuple(str(t) for t in _tokens(inner)), self.span(inner))

    def _affairs(self, node: _Node) -> AffairPhrase:
        inner = node.children[0]
        assert isinstance(inner, Tree)
        if inner.data == "affairs_column":
            return self._column(inner)
        if inner.data == "items_below":
            return ItemsBelow(self.span(inner))
        return NamedAffair(self._text(inner), self.span(inner))

    def _information(self, tree: _Node) -> InformationPhrase:
        node = self._first(tree, "information_column", "own_information_column", "information_named")
        own = any(t.type in ("OWN", "OWN_SHORT", "OWN_BEFORE") for t in _tokens(node))
        if node.data == "information_named":
            token = next(t for t in _tokens(node) if t.type == "NAMED_INFORMATION")
            return InformationPhrase(NamedAffair(self._text(token), self.span(token)), own, self.span(node))
        return InformationPhrase(self._column(node), own, self.span(node))

    def _column(self, node: _Node) -> ColumnRef:
        table = self._table(next(c for c in node.children if isinstance(c, Tree)))
        name = next(t for t in _tokens(node) if t.type == "COLUMN")
        return ColumnRef(table, str(name).removeprefix("の"), self.span(node))

    def _table(self, node: _Node) -> TableRef:
        span = self.span(node)
        kind = node.data.removesuffix("_table").removesuffix("_row")
        if kind == "placed":
            token = _tokens(node)[-1]
            whose = {"PARENT": Whose.PARENT, "ACT": Whose.ACT}.get(_tokens(node)[0].type, Whose.SELF)
            self.last_table = TableRef(whose, str(token).removesuffix("の表"), span)
            return self.last_table
        if kind == "same":
            held = self.last_table
            return TableRef(held.whose, held.number, span) if held else TableRef(Whose.SELF, "", span)
        if node.data == "table_below":
            made = TableRef(Whose.SELF, "", span)
        else:
            token = _tokens(node)[-1]
            number = "-".join(re.findall(r"\d+", token))
            whose = {"own": Whose.SELF, "act": Whose.ACT, "parent": Whose.PARENT}[kind]
            if whose is Whose.SELF and self.context.statutory:
                whose = Whose.ACT
            made = TableRef(whose, number, span)
        self.last_table = made
        return made

    def _targets(self, tree: _Node) -> tuple[RowRef | ProvisionRef, ...]:
        found: list[RowRef | ProvisionRef] = []
        for child in self._first(tree, "targets").children:
            if isinstance(child, Tree) and child.data in ("row_target", "further_row", "provision_target"):
                found.append(self._target(child))
        return tuple(found)

    def _target(self, node: _Node) -> RowRef | ProvisionRef:
        tokens = {t.type: t for t in _tokens(node)}
        if node.data == "provision_target":
            whose = Whose.PARENT if "PARENT" in tokens else Whose.ACT if "ACT" in tokens else Whose.SELF
            return self._provision(tokens["PROVISION"], whose)[0]
        table_node = next((c for c in node.children if isinstance(c, Tree)), None)
        table = self._table(table_node) if table_node is not None else self.last_table
        if table is None:
            table = TableRef(Whose.SELF, "", self.span(node))
        row = str(tokens["ROW"]).removeprefix("第").replace("の", "-") if "ROW" in tokens else None
        wording = str(tokens["WORDING"]) if "WORDING" in tokens else None
        part = re.sub(r"^\d+|の部の?$", "", str(tokens["PART"])) if "PART" in tokens else None
        return RowRef(table, row, wording, part, self.span(node))

    def _references(self, node: _Node) -> tuple[ProvisionRef, ...]:
        found: list[ProvisionRef] = []
        for child in node.children:
            if isinstance(child, Tree) and child.data in ("reference", "reference_range"):
                found.extend(self._reference(child))
        return tuple(found)

    def _reference(self, node: _Node) -> tuple[ProvisionRef, ...]:
        tokens = [t for t in _tokens(node) if t.type == "PROVISION"]
        if node.data == "reference_range" and len(tokens) == 2:
            first, last = self._provision(tokens[0])[0], self._provision(tokens[1])[0]
            if first.paragraph and last.paragraph and first.paragraph.isdigit() and last.paragraph.isdigit():
                return tuple(
                    ProvisionRef(Whose.SELF, first.article, str(n), None, self.span(node))
                    for n in range(int(first.paragraph), int(last.paragraph) + 1)
                )
            return (first, last)
        return self._provision(tokens[0])

    def _provision(self, token: Token, whose: Whose = Whose.SELF) -> tuple[ProvisionRef, ...]:
        """A provision with its relative parts made absolute; 前2項 gives two."""
        text, span = str(token), self.span(token)
        supplementary = text.startswith("附則")
        text = text.removeprefix("附則")
        article = self._article_of(text, token, whose)
        item = re.search(r"第(\d+)号((?:の\d+)*)", text)
        number = item.group(1) + item.group(2).replace("の", "-") if item else None
        several = re.match(r"前(\d+)項", text)
        if several or text.startswith("前各項"):
            return self._previous(int(several.group(1)) if several else None, token)
        paragraph = self._paragraph_of(text, token)
        return (ProvisionRef(whose, article, paragraph, number, span, supplementary=supplementary),)

    def _article_of(self, text: str, token: Token, whose: Whose) -> str | None:
        match = re.match(r"第(\d+)条((?:の\d+)*)", text)
        if match:
            return match.group(1) + match.group(2).replace("の", "-")
        relative = {"前条": -1, "次条": 1, "同条": 0}.get(text[:2])
        if relative is None:
            return self.context.article if whose is Whose.SELF else None
        numbers = list(self.context.articles)
        at = numbers.index(self.context.article) + relative if self.context.article in numbers else -1
        if not 0 <= at < len(numbers):
            self._nowhere(token)
            return None
        return numbers[at]

    def _paragraph_of(self, text: str, token: Token) -> str | None:
        match = re.search(r"第(\d+)項((?:の\d+)*)", text)
        if match:
            return match.group(1) + match.group(2).replace("の", "-")
        relative = -1 if "前項" in text else 1 if "次項" in text else None
        if relative is None:
            return self.context.paragraph if "同項" in text else None
        numbers = list(self.context.paragraphs)
        at = numbers.index(self.context.paragraph) + relative if self.context.paragraph in numbers else -1
        if not 0 <= at < len(numbers):
            self._nowhere(token)
            return None
        return numbers[at]

    def _previous(self, count: int | None, token: Token) -> tuple[ProvisionRef, ...]:
        numbers = list(self.context.paragraphs)
        at = numbers.index(self.context.paragraph) if self.context.paragraph in numbers else 0
        before = numbers[:at] if count is None else numbers[max(0, at - count) : at]
        if not before or (count is not None and len(before) < count):
            self._nowhere(token)
        return tuple(ProvisionRef(Whose.SELF, self.context.article, n, None, self.span(token)) for n in before)

    def _nowhere(self, token: Token) -> None:
        if not self.context.statutory:
            self.report.add(
                "J0064",
                self.span(token),
                f"「{token}」の行き先がありません",
                "第3条第2項のように、条と項の番号で書いてください。",
            )


#: terminals that are designations: the remarks inside belong to them
_DESIGNATIONS = ("SINGLE_AFFAIR", "NAMED_AFFAIR", "NAMED_INFORMATION", "CARD_AFFAIR", "WORDING", "MEANING")

_SILENT = {
    "purpose": "趣旨の規定",
    "duty_of_the_body": "責務の規定",
    "delegation": "委任の規定",
    "ordinance_linkage": "情報連携の規定（根拠は番号法と委員会規則、要件は届出による）",
}

_READERS: dict[str, Callable[[_Reading, _Node], Formula | None]] = {
    "scope": _Reading.scope,
    "inverted_scope": _Reading.scope,
    "scope_by_number_use": _Reading.scope_by_number_use,
    "use_within_agency": _Reading.use_within_agency,
    "network_proviso": _Reading.network_proviso,
    "provision_to_other_agency": _Reading.provision_to_other_agency,
    "deemed_submission": _Reading.deemed_submission,
    "narrowing_list": _Reading.narrowing_list,
    "narrowing_pairs": _Reading.narrowing_pairs,
    "required_documents": _Reading.required_documents,
    "entry_into_force": _Reading.entry_into_force,
    "partial_entry_into_force": _Reading.partial_entry_into_force,
    "terms_as_in_the_act": _Reading.terms_as_in_the_act,
    "terms_below": _Reading.terms_below,
    "term_defined": _Reading.term_defined,
    "card_use": _Reading.card_use,
    "card_use_by_agency": _Reading.card_use,
}
