"""From Lark's tree of a sentence to the syntax tree, with positions in what was typed and relative references resolved."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from lark import Token, Tree

from dsl.formula_phrases import Node, Phrases, child, token, tokens
from dsl.normalise import NoDate, parse_wareki
from dsl.remarks import RemarkKind, excluded_rows
from dsl.syntax import (
    STATUTORY_EFFECTS,
    AffairClause,
    AffairPhrase,
    AgencyPhrase,
    CardUse,
    Commencement,
    DeemedSubmission,
    Definitions,
    EntryIntoForce,
    Exclusion,
    Formula,
    ForwardScope,
    ItemsBelow,
    NamedAffair,
    NarrowingList,
    NarrowingPairs,
    NetworkProviso,
    NoEffect,
    ProvisionRef,
    ProvisionToOtherAgency,
    RequiredDocuments,
    RowRef,
    ScopeOfIndependentUse,
    StatutoryFormula,
    TableRef,
    UseWithinAgency,
    Whose,
)

_SILENT = {"purpose": "趣旨", "duty_of_the_body": "責務", "delegation": "委任"}
#: terminals that are designations: the remarks inside belong to them
_DESIGNATIONS = frozenset(
    {
        *("SINGLE_AFFAIR", "NAMED_AFFAIR", "NAMED_INFORMATION", "CARD_AFFAIR", "WORDING", "MEANING"),
        *("LINKED_AFFAIR", "LINKED_INFORMATION"),
    }
)
_HARMLESS = (RemarkKind.DEFINES, RemarkKind.CITES, RemarkKind.EXPLAINS)
_ACT_NAME = re.compile(
    r"法(?=附則|第|の|$)|番号法|番号利用法|利用法|マイナンバー法|行政手続における特定の個人を識別するための番号の利用等に関する法律"
)
_NORMS = (("法令", "法令"), ("条例", "条例"), ("規則", "規則"), ("規程", "規程"), ("要綱", "規程"))


@dataclass(slots=True)
class Reading(Phrases):
    """One sentence on its way from Lark's tree to the syntax tree."""

    def formula(self, rule: str, tree: Node) -> Formula | None:
        """The formula of a sentence that the start rule `rule` has read."""
        if rule in STATUTORY_EFFECTS:
            return StatutoryFormula(rule)
        if rule == "ordinance_linkage":
            return StatutoryFormula("independent_linkage")
        if rule in _SILENT:
            return NoEffect(_SILENT[rule])
        made = _READERS[rule](self, tree)
        if not isinstance(made, Definitions):
            self._check_remarks(tree, made)
        return made

    # ---- remarks ---------------------------------------------------------------------------

    def _check_remarks(self, tree: Node, made: Formula | None) -> None:
        held = [(t.start_pos or 0, t.end_pos or 0) for t in tokens(tree) if t.type in _DESIGNATIONS]
        by_fact = any(a.name == "事実" for a in self.annotations)
        for remark in self.sentence.remarks:
            inside = any(low < remark.at <= high for low, high in held)
            if remark.kind in _HARMLESS or remark in self.taken or inside:
                continue
            if remark.kind is RemarkKind.OWN and (isinstance(made, UseWithinAgency) or _refers_forward(made)):
                continue  # the scope refers to the paragraph on use, where only own information may be used
            if remark.kind is RemarkKind.INCLUDES:
                self.report.add(
                    "J0065",
                    self.remark_span(remark),
                    "このかっこ書きは、判定に使われません",
                    "含めるものがあれば、表の行や号に書き出してください。",
                )
            elif not (by_fact and remark.kind in (RemarkKind.LIMITS, RemarkKind.EXCLUDES)):
                self.report.add(
                    "J0061",
                    self.remark_span(remark),
                    "このかっこ書きが何を広げ、又は狭めるのか、決まっていません",
                    "「（法別表第1の3の項に掲げる事務を除く。）」のような形に書き直すか、求めの事実で決まる限定であれば、"
                    "文の末尾に〔事実 名前〕と書いてください。",
                )

    def exclusions(self, low: int, high: int) -> tuple[Exclusion, ...]:
        """The exclusions of statutory affairs whose remarks stand behind `low` up to `high` in the cut sentence."""
        found = []
        for remark in self.sentence.remarks:
            named = excluded_rows(remark.text) if remark.kind is RemarkKind.EXCLUDES else None
            if named is None or remark in self.taken or not low < remark.at <= high:
                continue
            self.taken.append(remark)
            span = self.remark_span(remark)
            number, rows, excepted = named
            found.append(Exclusion(TableRef(Whose.ACT, number, span), rows, excepted, remark.text, span))
        return tuple(found)

    # ---- the scope -------------------------------------------------------------------------

    def scope(self, tree: Node) -> Formula:
        """法第9条第2項の条例で定める事務は、…とする。"""
        outer = child(tree, "agencies_by")
        whole = self.agencies(outer) if outer else None
        clauses = child(tree, "clauses")
        assert clauses is not None
        made = tuple(self._clause(c, whole) for c in clauses.children if isinstance(c, Tree))
        return ScopeOfIndependentUse(made, self.exclusions(-1, len(self.sentence.text)))

    def _clause(self, node: Node, whole: AgencyPhrase | None) -> AffairClause:
        by = child(node, "agencies_by")
        agencies = self.agencies(by) if by else whole
        held = tokens(node)
        affairs: AffairPhrase
        references = child(node, "references")
        if references is not None:
            affairs = ForwardScope(self.references(references), self.span(node))
        else:
            affairs = self.affairs(node)
        over = self.exclusions(held[0].start_pos or 0, held[-1].end_pos or 0)
        return AffairClause(agencies, affairs, over, self.span(node))

    def scope_by_number_use(self, tree: Node) -> Formula:
        """…機関は、…事務の処理に関して…個人番号を利用することができる。"""
        clause = self._clause(tree, None)
        return ScopeOfIndependentUse((clause,), self.exclusions(-1, len(self.sentence.text)))

    # ---- use, provision, deemed submission -------------------------------------------------

    def use_within_agency(self, tree: Node) -> Formula:
        """…限度で、…特定個人情報であって当該機関が保有するものを利用することができる。"""
        return UseWithinAgency(self.agencies(child(tree, "agencies_by")), self.affairs(tree), self.information(tree))

    def network_proviso(self, tree: Node) -> Formula:
        """ただし、…この限りでない。"""
        return NetworkProviso()

    def provision_to_other_agency(self, tree: Node) -> Formula:
        """…機関が、…機関に対し、…の提供を求めた場合において、…提供するときとする。"""
        requester = child(tree, "requester")
        assert requester is not None
        asking, asked = (self.agencies(c) for c in requester.children if isinstance(c, Tree))
        cited = re.search(r"第(\d+)号", token(tree, "ITEM_OF_19") or "")
        return ProvisionToOtherAgency(
            asking, self.affairs(tree), asked, self.information(tree), cited.group(1) if cited else None
        )

    def deemed_submission(self, tree: Node) -> Formula:
        """…の規定による…場合において、…書面の提出があったものとみなす。"""
        norms = token(tree, "DEMANDING_NORMS") or ""
        covers = frozenset(kind for word, kind in _NORMS if word in norms)
        references = child(tree, "references")
        assert references is not None
        return DeemedSubmission(self.references(references), covers, token(tree, "TRIGGERED_BY_PROVISION") is not None)

    # ---- narrowing and papers --------------------------------------------------------------

    def narrowing_list(self, tree: Node) -> Formula:
        """…の項の規則で定める事務は、…とする。"""
        single, among = token(tree, "SINGLE_AFFAIR"), token(tree, "AMONG_THEM")
        named = NamedAffair(self.words(single), self.span(single)) if single else None
        only = re.sub(r"^のうち、?|に係るもの$", "", among) if among else None
        return NarrowingList(self.targets(tree), named, only)

    def narrowing_pairs(self, tree: Node) -> Formula:
        """…次の各号に掲げる事務とし、…当該各号に定める情報とする。"""
        return NarrowingPairs(self.targets(tree))

    def linkage_pairs(self, tree: Node) -> Formula:
        """第二条の表Nの項で定める事務は、…とし、同項で定める情報は、…とする。"""
        placed, row = token(tree, "PROVISION_TABLE"), token(tree, "ROW")
        assert placed is not None
        assert row is not None
        table = TableRef(Whose.SELF, str(placed).removesuffix("の表"), self.span(placed))
        target = RowRef(table, row.removeprefix("第").replace("の", "-"), None, None, self.span(row))
        single, information = token(tree, "LINKED_AFFAIR"), token(tree, "LINKED_INFORMATION")
        return NarrowingPairs(
            (target,),
            NamedAffair(self.words(single), self.span(single)) if single else None,
            NamedAffair(self.words(information), self.span(information)) if information else None,
        )

    def required_documents(self, tree: Node) -> Formula:
        """…申請書には、次に掲げる書類を添えなければならない。"""
        made = self.target(next(c for c in tree.children if isinstance(c, Tree)))
        return RequiredDocuments(made, None) if isinstance(made, RowRef) else RequiredDocuments(None, made)

    # ---- entry into force, definitions, cards ----------------------------------------------

    def entry_into_force(self, tree: Node) -> Formula | None:
        """この条例は、…から施行する。"""
        return self._commencing((), tree, proviso=False)

    def partial_entry_into_force(self, tree: Node) -> Formula | None:
        """ただし、…の規定は、…から施行する。"""
        parts = child(tree, "parts")
        assert parts is not None
        found: list[ProvisionRef] = []
        for part in parts.children:
            if isinstance(part, Tree) and part.data == "table_part":
                number = "-".join(re.findall(r"\d+", tokens(part)[0]))
                found.append(ProvisionRef(Whose.SELF, f"別表{number}", None, None, self.span(part)))
            elif isinstance(part, Tree):
                found.extend(self._reference(part))
        return self._commencing(tuple(found), tree, proviso=True)

    def _commencing(self, parts: tuple[ProvisionRef, ...], tree: Node, *, proviso: bool) -> Formula | None:
        node = next(
            n for n in tree.iter_subtrees() if n.data in ("on_date", "on_promulgation", "day_by_rule", "with_law")
        )
        days = [self._day(t) for t in tokens(tree) if t.type == "DATE"]
        if None in days:
            return None
        applied = days[-1] if any(n.data == "commencement_applied" for n in tree.iter_subtrees()) else None
        if node.data == "on_date":
            return EntryIntoForce(parts, Commencement(days[0], False, None), applied, proviso)
        if node.data == "on_promulgation":
            return EntryIntoForce(parts, Commencement(None, True, None), applied, proviso)
        told = next((parse_wareki(a.value) for a in self.annotations if a.name == "施行"), None)
        day = told if isinstance(told, date) else None
        if node.data == "day_by_rule":
            return EntryIntoForce(parts, Commencement(day, False, None), applied, proviso)
        with_law = token(node, "WITH_LAW")
        assert with_law is not None
        return EntryIntoForce(
            parts, Commencement(day or self._printed_day(), False, self._law_provision(with_law)), applied, proviso
        )

    def _day(self, written: Token) -> date | None:
        found = parse_wareki(str(written))
        if isinstance(found, NoDate):
            self.report.add("J0062" if found.kind == "era" else "J0063", self.span(written), found.message, found.help)
            return None
        return found

    def _printed_day(self) -> date | None:
        """The day printed behind 施行の日: …の施行の日（平成28年1月1日）から施行する。"""
        for remark in self.sentence.remarks:
            found = parse_wareki(remark.text)
            if isinstance(found, date):
                return found
        return None

    def _law_provision(self, written: Token) -> ProvisionRef:
        text = str(written)
        where = re.search(r"(附則)?第(\d+)条((?:の\d+)*)(?:第(\d+)項)?(?:第(\d+)号)?", text)
        name = text[: where.start()] if where else text
        law = None if _ACT_NAME.fullmatch(name) else name
        if where is None:
            return ProvisionRef(Whose.ACT, None, None, None, self.span(written), law)
        article = where.group(2) + where.group(3).replace("の", "-")
        return ProvisionRef(
            Whose.ACT, article, where.group(4), where.group(5), self.span(written), law, bool(where.group(1))
        )

    def terms_as_in_the_act(self, tree: Node) -> Formula:
        """…使用する用語は、法において使用する用語の例による。"""
        return Definitions(True, False, ())

    def terms_below(self, tree: Node) -> Formula:
        """…次の各号に掲げる用語の意義は、当該各号に定めるところによる。"""
        return Definitions(False, True, ())

    def term_defined(self, tree: Node) -> Formula:
        """…「X」とは、Yをいう。"""
        term, meaning = token(tree, "TERM"), token(tree, "MEANING")
        assert term is not None
        assert meaning is not None
        return Definitions(False, False, ((term.strip("「」"), self.words(meaning)),))

    def card_use(self, tree: Node) -> Formula:
        """法第18条第1号の条例で定める事務は、…とする。"""
        by = child(tree, "agencies_by")
        below, named = token(tree, "LIST_BELOW"), token(tree, "CARD_AFFAIR")
        agencies = self.agencies(by) if by else None
        if named is not None:
            return CardUse(agencies, NamedAffair(self.words(named), self.span(named)))
        assert below is not None
        return CardUse(agencies, ItemsBelow(self.span(below)))


def _refers_forward(made: Formula | None) -> bool:
    return isinstance(made, ScopeOfIndependentUse) and any(isinstance(c.affairs, ForwardScope) for c in made.clauses)


_READERS: dict[str, Callable[[Reading, Node], Formula | None]] = {
    "scope": Reading.scope,
    "inverted_scope": Reading.scope,
    "scope_by_number_use": Reading.scope_by_number_use,
    "use_within_agency": Reading.use_within_agency,
    "network_proviso": Reading.network_proviso,
    "provision_to_other_agency": Reading.provision_to_other_agency,
    "deemed_submission": Reading.deemed_submission,
    "narrowing_list": Reading.narrowing_list,
    "narrowing_pairs": Reading.narrowing_pairs,
    "linkage_pairs": Reading.linkage_pairs,
    "required_documents": Reading.required_documents,
    "entry_into_force": Reading.entry_into_force,
    "partial_entry_into_force": Reading.partial_entry_into_force,
    "terms_as_in_the_act": Reading.terms_as_in_the_act,
    "terms_below": Reading.terms_below,
    "term_defined": Reading.term_defined,
    "card_use": Reading.card_use,
    "card_use_by_agency": Reading.card_use,
}
