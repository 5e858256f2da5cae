"""The phrases inside formulas: agencies, affairs, information, tables, rows, provisions; and where each was typed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lark import Token, Tree

from dsl.codes import Reporter
from dsl.fragment import Fragment
from dsl.normalise import Normalised
from dsl.provisions import Context, between, provisions
from dsl.remarks import Cut, Remark, RemarkKind
from dsl.syntax import (
    AffairPhrase,
    AgencyPhrase,
    Annotation,
    ColumnRef,
    InformationPhrase,
    ItemsBelow,
    LinkageTerm,
    NamedAffair,
    NamedAgencies,
    ProvisionRef,
    RowRef,
    Span,
    TableRef,
    Whose,
)

Node = Tree[Token]


def tokens(node: Node | Token) -> list[Token]:
    """The tokens under a node, in order."""
    if isinstance(node, Token):
        return [node]
    return [t for child in node.children for t in tokens(child)]


def child(node: Node, *names: str) -> Node | None:
    """The first child (not deeper) of one of these rules."""
    return next((c for c in node.children if isinstance(c, Tree) and c.data in names), None)


def token(node: Node, *names: str) -> Token | None:
    """The first token of one of these terminals, at any depth."""
    return next((t for t in tokens(node) if t.type in names), None)


@dataclass(slots=True)
class Phrases:
    """A sentence that Lark has read, and the reading of its phrases."""

    fragment: Fragment
    normal: Normalised
    sentence: Cut
    context: Context
    report: Reporter
    annotations: tuple[Annotation, ...] = ()
    last_table: TableRef | None = field(default=None)
    taken: list[Remark] = field(default_factory=list)

    # ---- positions -------------------------------------------------------------------------

    def span(self, node: Node | Token) -> Span:
        """Where a node was typed."""
        held = tokens(node)
        if not held:
            return self.fragment.span()
        first, last = self.sentence.normal_range(held[0].start_pos or 0, held[-1].end_pos or 0)
        return self.fragment.span(*self.normal.original(first, last))

    def words(self, node: Token) -> str:
        """The words of a designation as typed, with the remarks inside it."""
        first, last = self.sentence.normal_range(node.start_pos or 0, node.end_pos or 0)
        for remark in self.sentence.remarks:
            if remark.start == last:
                last = remark.end
        start, end = self.normal.original(first, last)
        return self.fragment.text[start:end]

    def remark_span(self, remark: Remark) -> Span:
        """Where a remark was typed, with its parentheses."""
        return self.fragment.span(*self.normal.original(remark.start, remark.end))

    # ---- phrases ---------------------------------------------------------------------------

    def agencies(self, node: Node | None) -> AgencyPhrase:
        """市長又は教育委員会 · 別表第1の左欄に掲げる機関."""
        assert node is not None
        inner = node.children[0]
        assert isinstance(inner, Tree)
        if inner.data == "agency_column":
            return self.column(inner)
        return NamedAgencies(tuple(str(t) for t in tokens(inner)), self.span(inner))

    def affairs(self, tree: Node) -> AffairPhrase:
        """同表の右欄に掲げる事務 · 次の各号に掲げる事務 · an affair by its wording."""
        node = child(tree, "affairs")
        assert node is not None
        inner = node.children[0]
        assert isinstance(inner, Tree)
        if inner.data == "affairs_column":
            return self.column(inner)
        if inner.data == "items_below":
            return ItemsBelow(self.span(inner))
        if inner.data == "linkage_affairs":
            return LinkageTerm(self.span(inner))
        return NamedAffair(self.words(tokens(inner)[0]), self.span(inner))

    def information(self, tree: Node) -> InformationPhrase:
        """同表の右欄に掲げる特定個人情報であって当該機関が保有するもの."""
        node = child(
            tree,
            *("information_column", "own_information_column", "information_named"),
            *("information_of_linkage", "own_information_of_linkage"),
        )
        assert node is not None
        by_remark = any(r.kind is RemarkKind.OWN for r in self.sentence.remarks)
        own = by_remark or token(node, "OWN", "OWN_SHORT", "OWN_BEFORE") is not None
        if token(node, "LINKAGE_INFORMATION") is not None:
            return InformationPhrase(LinkageTerm(self.span(node)), own, self.span(node))
        named = token(node, "NAMED_INFORMATION")
        if named is not None:
            return InformationPhrase(NamedAffair(self.words(named), self.span(named)), own, self.span(node))
        return InformationPhrase(self.column(node), own, self.span(node))

    def column(self, node: Node) -> ColumnRef:
        """別表第1の左欄."""
        table = self.table(next(c for c in node.children if isinstance(c, Tree)))
        name = token(node, "COLUMN")
        assert name is not None
        return ColumnRef(table, str(name), self.span(node))

    def table(self, node: Node) -> TableRef:
        """別表第1 · 法別表第2 · 条例別表第1 · 同表 · 次の表 · 条例第3条第1項の表."""
        span, written = self.span(node), tokens(node)
        if node.data in ("same_table", "same_row_table"):
            if self.last_table is None:
                self.report.add(
                    "J0064", span, "「同表」の前に、表がありません", "「別表第1」のように、どの表かを書いてください。"
                )
                return TableRef(Whose.SELF, "", span)
            return TableRef(self.last_table.whose, self.last_table.number, span)
        whose = {"PARENT": Whose.PARENT, "ACT": Whose.ACT}.get(written[0].type, Whose.SELF)
        if node.data == "table_below":
            number = ""  # of this instrument; 別表 without a number in a national text is the Act's own
        elif node.data == "placed_row_table":
            number = str(written[-1]).removesuffix("の表")
        else:
            number = "-".join(re.findall(r"\d+", written[-1]))
            own = whose is Whose.SELF and node.data != "table_below"
            whose = Whose.ACT if own and self.context.statutory else whose
            if node.data == "own_row_table" and self.last_table is not None and self.last_table.whose is Whose.PARENT:
                whose = Whose.PARENT  # 条例別表第1の1の項及び別表第2の1の項
        self.last_table = TableRef(whose, number, span)
        return self.last_table

    def targets(self, tree: Node) -> tuple[RowRef | ProvisionRef, ...]:
        """条例別表第1の1の項及び2の項 · 条例第4条第1項第1号."""
        node = child(tree, "targets")
        assert node is not None
        return tuple(self.target(c) for c in node.children if isinstance(c, Tree))

    def target(self, node: Node) -> RowRef | ProvisionRef:
        """One row or provision."""
        held = {t.type: t for t in tokens(node)}
        if node.data == "provision_target":
            whose = Whose.PARENT if "PARENT" in held else Whose.ACT if "ACT" in held else Whose.SELF
            found = self._resolved(held["PROVISION"], whose)
            return found[0] if found else ProvisionRef(whose, None, None, None, self.span(node))
        table_node = next((c for c in node.children if isinstance(c, Tree)), None)
        table = self.table(table_node) if table_node is not None else self.last_table
        assert table is not None
        row = held["ROW"].removeprefix("第").replace("の", "-") if "ROW" in held else None
        wording = self.words(held["WORDING"]) if "WORDING" in held else None
        part = re.sub(r"^ ?\d+|の部の?$", "", held["PART"]) if "PART" in held else None
        return RowRef(table, row, wording, part, self.span(node))

    def references(self, node: Node) -> tuple[ProvisionRef, ...]:
        """第2項 · 前2項 · 第2項及び第3項 · 第2項から第4項まで."""
        return tuple(ref for c in node.children if isinstance(c, Tree) for ref in self._reference(c))

    def _reference(self, node: Node) -> tuple[ProvisionRef, ...]:
        written = [t for t in tokens(node) if t.type == "PROVISION"]
        found = [self._resolved(t, Whose.SELF) for t in written]
        if len(found) == 2 and all(found):
            return between(found[0][0], found[1][0], self.context, self.span(node))
        return tuple(ref for refs in found for ref in refs)

    def _resolved(self, written: Token, whose: Whose) -> tuple[ProvisionRef, ...]:
        found = provisions(str(written), self.context, self.span(written), whose)
        if not found and not self.context.statutory:
            self.report.add(
                "J0064",
                self.span(written),
                f"「{written}」に当たる条項が、この文書にありません",
                "「第3条第2項」のように、条と項の番号で書いてください。",
            )
        return found
