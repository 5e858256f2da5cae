"""The national part of the rule set: the Number Use Act and its orders, read into grants.

Appended Table 1 with Art. 9(1) gives the statutory uses, narrowed by the order of 2014 No. 5;
Appended Table 2 with Art. 19(7) gives the linkages. `National` also keeps what the municipal
compiler needs of the Act: the items of Table 2, and the grounds of Arts. 9(2), 18 and 19.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from dsl.designations import EXECUTIVE, Designations
from dsl.instrument import EPOCH, Instrument, period_of, value, values
from dsl.phrases import definitions, delegation, information, without_delegation, without_parentheses
from dsl.registers import AssumptionEntry, GateEntry
from dsl.syntax import (
    Annotation,
    Article,
    Item,
    NarrowingList,
    NoEffect,
    NotExpressible,
    Paragraph,
    Row,
    RowRef,
    StatutoryFormula,
    Table,
    Whose,
)
from engine.period import Period
from engine.rule_set import (
    Action,
    Affair,
    Assumption,
    Citation,
    Clause,
    ClauseStatus,
    Condition,
    DeemedSubmission,
    Duty,
    Fact,
    Gate,
    Grant,
    GrantedInformation,
    Holding,
    Literal,
    Part,
    Party,
    PeriodLimit,
    Procedure,
    Prohibition,
    Void,
)

PENSION = "年金給付関係情報"
TAX = "地方税関係情報"

#: using, and moving inside one body, are opened together by an ordinance's clause
USES = frozenset({Action.USE, Action.TRANSFER})

#: provisions of Art. 19 that answer no kind of request this product decides
_OTHER_GROUND = "利用・庁内連携・情報連携・保管・カードのいずれの求めにも当たらない提供の根拠のため、判定の対象にしない"


@dataclass(frozen=True, slots=True)
class LinkPair:
    """One pair of Table 2: who provides which information, and the days on which the row stands."""

    holders: frozenset[str]
    information: tuple[str, ...]
    period: Period


@dataclass(frozen=True, slots=True)
class LinkItem:
    """One item (項) of Table 2."""

    number: str
    affair: str
    parties: frozenset[str]
    pairs: tuple[LinkPair, ...]
    citation: Citation
    assumptions: tuple[str, ...]


@dataclass(slots=True)
class National:
    """The national part under construction, and what municipal compilation needs of it."""

    act: Instrument
    designations: Designations
    affairs: dict[str, Affair] = field(default_factory=dict)
    procedures: dict[str, Procedure] = field(default_factory=dict)
    information: dict[str, str] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    voids: list[Void] = field(default_factory=list)
    duties: list[Duty] = field(default_factory=list)
    prohibitions: list[Prohibition] = field(default_factory=list)
    deemed: list[DeemedSubmission] = field(default_factory=list)
    gates: dict[str, Gate] = field(default_factory=dict)
    gate_days: dict[str, date] = field(default_factory=dict)  # provision of the Act → day
    gate_addresses: dict[str, tuple[tuple[date, str], ...]] = field(default_factory=dict)
    assumptions: dict[str, Assumption] = field(default_factory=dict)
    clauses: list[Clause] = field(default_factory=list)
    grounds: dict[str, tuple[Citation, ...]] = field(default_factory=dict)  # effect → citations
    ground_assumptions: dict[str, tuple[str, ...]] = field(default_factory=dict)  # effect → 仮定
    items: dict[str, LinkItem] = field(default_factory=dict)  # Table 2 by item number
    rows: dict[str, str] = field(default_factory=dict)  # Table 1 row number → affair id

    def part(self) -> Part:
        """The finished national part."""
        names = {n for g in self.grants for n in g.parties | g.holders}
        parties = {n: Party(n, n, None, frozenset({n})) for n in sorted(names) if not self.designations.is_local(n)}
        return Part(
            body=None,
            parties=parties,
            affairs=self.affairs,
            procedures=self.procedures,
            information=self.information,
            grants=tuple(self.grants),
            voids=tuple(self.voids),
            duties=tuple(self.duties),
            prohibitions=tuple(self.prohibitions),
            deemed=tuple(self.deemed),
            gates=tuple(self.gates.values()),
            assumptions=self.assumptions,
            clauses=tuple(self.clauses),
        )


def dated(period: Period, chain: Sequence[Sequence[Citation]]) -> Iterator[tuple[Period, tuple[Citation, ...]]]:
    """Cut `period` so that in each piece every provision of the chain has one address."""
    pieces: list[tuple[Period, tuple[Citation, ...]]] = [(period, ())]
    for citations in chain:
        following = []
        for piece, taken in pieces:
            for citation in citations:
                common = piece.intersect(citation.in_force)
                if common is not None:
                    following.append((common, (*taken, citation)))
        pieces = following
    yield from pieces


def compile_national(
    act: Instrument,
    orders: Sequence[Instrument],
    designations: Designations,
    assumptions: Iterable[AssumptionEntry],
    gates: Iterable[GateEntry],
) -> National:
    """Read the Act and its orders into the national part.

    Args:
        act: the Number Use Act (番号法).
        orders: every other national instrument, in any order.
        designations: rules/designations.yaml.
        assumptions: rules/assumptions.yaml.
        gates: rules/gates.yaml.
    """
    national = National(act, designations)
    for entry in assumptions:
        period = Period(entry.first or EPOCH, entry.last)
        national.assumptions[entry.id] = Assumption(entry.id, entry.text, entry.source, period)
    for gate in gates:
        national.gates[gate.id] = Gate(gate.id, gate.text, gate.first, gate.source, gate.assumption)
        national.gate_addresses[gate.id] = gate.addresses
        if gate.provision:
            national.gate_days[gate.provision] = gate.first
    _provisions(national, act)
    for order in orders:
        _provisions(national, order)
    _table_one(national, orders)
    _table_two(national, orders)
    _act_uses(national)
    _coverage_of_headings(national, (act, *orders))
    return national


def _assumed(*levels: Sequence[Annotation]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v for level in levels for v in values(level, "仮定")))


# ---- provisions -----------------------------------------------------------------------------------


def _provisions(national: National, instrument: Instrument) -> None:
    for article in instrument.document.articles:
        if article.deleted:
            _clause(national, instrument, article, None, None, "削除", ClauseStatus.OUT_OF_SCOPE, "削除", False)
        for paragraph in article.paragraphs:
            _paragraph(national, instrument, article, paragraph)


def _paragraph(national: National, instrument: Instrument, article: Article, paragraph: Paragraph) -> None:
    levels = (article.annotations, paragraph.annotations)
    outcomes: list[tuple[ClauseStatus, str]] = []
    effective = False
    for sentence in paragraph.sentences:
        formula = sentence.formula
        outcomes.append(_status(formula))
        if isinstance(formula, StatutoryFormula):
            effective |= _statutory(
                national,
                instrument,
                article,
                paragraph,
                None,
                formula.effect,
                (*levels, sentence.annotations),
                sentence.text.raw,
            )
        effective |= isinstance(formula, NarrowingList)
    status, reason = _combined(outcomes)
    text = "".join(s.text.raw for s in paragraph.sentences)
    _clause(national, instrument, article, paragraph, None, text, status, reason, effective)
    for item in paragraph.items:
        if item.formula is None:
            continue
        item_status, item_reason = _status(item.formula)
        if isinstance(item.formula, StatutoryFormula):
            if item.formula.effect == "provision_ground":
                item_status, item_reason = ClauseStatus.OUT_OF_SCOPE, _OTHER_GROUND
            effective = _statutory(
                national,
                instrument,
                article,
                paragraph,
                item,
                item.formula.effect,
                (*levels, item.annotations),
                item.text.raw,
            )
        _clause(national, instrument, article, paragraph, item, item.text.raw, item_status, item_reason, False)


def _status(formula: object) -> tuple[ClauseStatus, str]:
    match formula:
        case NotExpressible(reason=reason, out_of_scope=True):
            return ClauseStatus.OUT_OF_SCOPE, reason
        case NotExpressible(reason=reason):
            return ClauseStatus.NOT_EXPRESSIBLE, reason
        case NoEffect(kind=kind):
            return ClauseStatus.OUT_OF_SCOPE, kind
        case StatutoryFormula(effect="provision_ground"):
            return ClauseStatus.OUT_OF_SCOPE, _OTHER_GROUND
        case StatutoryFormula(effect=effect):
            return ClauseStatus.ENCODED, effect
        case None:
            return ClauseStatus.NOT_EXPRESSIBLE, "定型文に当たらない"
        case _:
            return ClauseStatus.ENCODED, type(formula).__name__


def _combined(outcomes: Sequence[tuple[ClauseStatus, str]]) -> tuple[ClauseStatus, str]:
    for wanted in (ClauseStatus.ENCODED, ClauseStatus.NOT_EXPRESSIBLE, ClauseStatus.OUT_OF_SCOPE):
        reasons = list(dict.fromkeys(reason for status, reason in outcomes if status is wanted))
        if reasons:
            return wanted, "、".join(reasons)
    return ClauseStatus.OUT_OF_SCOPE, "文がない"


def _clause(
    national: National,
    instrument: Instrument,
    article: Article,
    paragraph: Paragraph | None,
    item: Item | None,
    text: str,
    status: ClauseStatus,
    reason: str,
    effective: bool,
) -> None:
    citation = instrument.cite_provision(instrument.span, article, paragraph, item)[0]
    line = (item or paragraph or article).span.line
    national.clauses.append(
        Clause(citation.clause, citation, text, status, reason, instrument.document.path, line, effective=effective)
    )


def _statutory(
    national: National,
    instrument: Instrument,
    article: Article,
    paragraph: Paragraph,
    item: Item | None,
    effect: str,
    levels: Sequence[Sequence[Annotation]],
    text: str,
) -> bool:
    period = instrument.in_force(*levels)
    if period is None:
        return False
    citations = instrument.cite_provision(period, article, paragraph, item)
    if effect == "duty":
        _duty(national, levels, citations, text)
        return True
    known = national.grounds.get(effect, ())
    national.grounds[effect] = tuple(dict.fromkeys((*known, *citations)))
    assumed = _assumed(*levels)
    if assumed:
        national.ground_assumptions[effect] = assumed
    actions = _PROHIBITED.get(effect)
    if actions:
        national.prohibitions.append(Prohibition(actions, citations[0], text))
    return True


#: which requests a general prohibition of the Act refuses when no ground is found
_PROHIBITED: dict[str, frozenset[Action]] = {
    "prohibition_of_provision": frozenset({Action.TRANSFER, Action.LINK}),
    "prohibition_of_collection": frozenset({Action.STORE}),
    "statutory_use": frozenset({Action.USE}),
    "card_area": frozenset({Action.CARD}),
}


def _duty(national: National, levels: Sequence[Sequence[Annotation]], citations: Sequence[Citation], text: str) -> None:
    for level in levels:
        name = value(level, "義務")
        if not name:
            continue
        scenes = (value(level, "場面") or "").split()
        actions = frozenset(Action(s) for s in scenes if s in set(Action)) or frozenset(Action)
        national.duties.extend(Duty(name, text, citation, actions) for citation in citations)


# ---- Appended Table 1 -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Narrowing:
    """An article of an order that names the procedures of a row."""

    citations: tuple[Citation, ...]
    period: Period
    procedures: frozenset[str] | None
    assumptions: tuple[str, ...]


def _orders_on(table: str, row: str, affair: str, national: National, orders: Sequence[Instrument]) -> list[_Narrowing]:
    found: list[_Narrowing] = []
    matches = [
        (order, article, paragraph)
        for order in orders
        for article in order.document.articles
        for paragraph in article.paragraphs
        for sentence in paragraph.sentences
        if isinstance(sentence.formula, NarrowingList)
        and any(
            isinstance(t, RowRef) and t.table.whose is Whose.ACT and t.table.number == table and t.row == row
            for t in sentence.formula.targets
        )
    ]
    for order, article, paragraph in matches:
        period = order.in_force(article.annotations, paragraph.annotations)
        if period is None:
            continue
        prefix = f"{article.number}." if len(matches) > 1 else ""
        procedures = {}
        for item in paragraph.items:
            key = f"{affair}/{value(item.annotations, '手続') or prefix + item.number}"
            citation = order.cite_provision(period, article, paragraph, item)[0]
            procedures[key] = Procedure(key, affair, item.text.raw, citation)
        national.procedures |= procedures
        found.append(
            _Narrowing(
                order.cite_provision(period, article),
                period,
                frozenset(procedures) or None,
                _assumed(order.document.annotations, article.annotations),
            )
        )
    return found


def _row_period(instrument: Instrument, table: Table, row: Row) -> Period | None:
    """The days on which the row stands as text, whether or not anything refers to it yet."""
    period: Period | None = instrument.span
    for level in (table.annotations, row.annotations, *(c.annotations for c in row.cells[:1])):
        for text in values(level, "期間"):
            stood = period_of(text)
            period = period.intersect(stood) if period and stood else None
    return period


def _row_annotations(row: Row) -> tuple[Annotation, ...]:
    return (*row.annotations, *(a for cell in row.cells for a in cell.annotations))


def _affair(national: National, id_: str, row: Row, cell: str, aliases: Sequence[str]) -> None:
    fields = frozenset(f for v in values(_row_annotations(row), "分野") for f in v.split())
    name = without_delegation(cell)
    national.affairs[id_] = Affair(id_, name, frozenset({id_}), tuple(aliases), fields)


def _assessment_condition(national: National, effect: str, on: Period) -> Condition | None:
    citations = [c for c in national.grounds.get(effect, ()) if c.in_force.intersect(on)]
    if not citations:
        return None
    return Condition(
        f"pia:{effect}",
        Literal(Fact.PIA, True),
        "特定個人情報保護評価が必要な水準で実施され、評価書が公表されていること",
        citations[0],
        "特定個人情報保護評価を実施し、評価書を公表する",
    )


def _table_one(national: National, orders: Sequence[Instrument]) -> None:
    act = national.act
    table = act.tables.get("1")
    uses = national.grounds.get("statutory_use", ())
    if table is None or not uses:
        return
    table_assumed = _assumed(table.annotations)
    for row in table.rows:
        stands = _row_period(act, table, row)
        if stands is None:
            continue
        citation = act.cite_row(stands, table, row)
        if row.deleted:
            _row_clause(national, row, citation, "削除", ClauseStatus.OUT_OF_SCOPE, "削除", ())
            continue
        parties = national.designations.of(row.cells[0].text.raw)
        affair = value(_row_annotations(row), "事務") or f"{act.short}別表第一/{row.number}"
        national.rows[row.number] = affair
        _affair(national, affair, row, row.cells[1].text.raw, (f"{act.short}別表第一/{row.number}", citation.label))
        narrowings = _orders_on("1", row.number, affair, national, orders)
        assumed = (*table_assumed, *_assumed(_row_annotations(row)))
        if not narrowings and delegation(row.cells[1].text.raw):
            reason = "主務省令で定める事務が定められていないため、この項からは何も認められない"
            national.voids.append(
                Void(frozenset({Action.USE, Action.STORE}), parties, affair, stands, citation, reason)
            )
        for narrowing in narrowings:
            chain = [uses, [citation], narrowing.citations]
            common = stands.intersect(narrowing.period)
            if common is not None:
                _use_grants(
                    national, parties, affair, common, chain, narrowing.procedures, (*assumed, *narrowing.assumptions)
                )
        _row_clause(
            national,
            row,
            citation,
            row.cells[1].text.raw,
            ClauseStatus.ENCODED,
            "statutory_use" if narrowings else "主務省令の定めがなく何も認められない",
            parties,
        )


def _use_grants(
    national: National,
    parties: frozenset[str],
    affair: str,
    period: Period,
    chain: Sequence[Sequence[Citation]],
    procedures: frozenset[str] | None,
    assumptions: Sequence[str],
) -> None:
    for piece, bases in dated(period, chain):
        limits = tuple(PeriodLimit(c.in_force, f"{c.label}の施行", c) for c in bases)
        grant = Grant(
            id=f"{bases[1].clause}#{bases[-1].clause}@{piece.first.isoformat()}",
            actions=frozenset({Action.USE}),
            parties=parties,
            affair=affair,
            period=piece,
            bases=bases,
            clause=bases[0].clause,
            procedures=procedures,
            limits=limits,
            assumptions=tuple(dict.fromkeys(assumptions)),
        )
        national.grants.append(grant)
        national.grants.extend(storing(national, grant))


def storing(national: National, grant: Grant) -> Iterator[Grant]:
    """The right to keep what a grant lets one use, on condition of the impact assessment (法20条・27条1項)."""
    for condition_period, cited in dated(grant.period, [national.grounds.get("prohibition_of_collection", ())]):
        condition = _assessment_condition(national, "assessment", condition_period)
        yield Grant(
            id=f"{grant.id}!store@{condition_period.first.isoformat()}",
            actions=frozenset({Action.STORE}),
            parties=grant.parties,
            affair=grant.affair,
            period=condition_period,
            bases=(*grant.bases, *cited),
            clause=grant.clause,
            procedures=grant.procedures,
            information=grant.information,
            holding=grant.holding,
            holders=grant.holders,
            conditions=(*grant.conditions, *((condition,) if condition else ())),
            bars=grant.bars,
            limits=grant.limits,
            assumptions=grant.assumptions,
            statutory=grant.statutory,
        )


def _row_clause(
    national: National,
    row: Row,
    citation: Citation,
    text: str,
    status: ClauseStatus,
    reason: str,
    parties: Iterable[str],
) -> None:
    if any(c.id == citation.clause for c in national.clauses):
        return
    municipal = national.designations.can_be_municipal(parties)
    national.clauses.append(
        Clause(
            citation.clause,
            citation,
            text,
            status,
            reason,
            national.act.document.path,
            row.span.line,
            municipal=municipal,
            effective=status is ClauseStatus.ENCODED,
        )
    )


# ---- Appended Table 2 -----------------------------------------------------------------------------


def _table_two(national: National, orders: Sequence[Instrument]) -> None:
    act = national.act
    table = act.tables.get("2")
    if table is None:
        return
    missing = [o for o in orders if o.text_missing and "別表第二" in o.document.title + o.short]
    assumed = tuple(
        dict.fromkeys((*_assumed(table.annotations), *(a for o in missing for a in _assumed(o.document.annotations))))
    )
    groups: dict[str, list[Row]] = {}
    for row in table.rows:
        groups.setdefault(row.number, []).append(row)
    for number, rows in groups.items():
        _link_item(national, table, number, rows, assumed)
    for broad in set(national.rows.values()):
        narrower = {a.id for a in national.affairs.values() if broad in a.scope}
        held = national.affairs[broad]
        national.affairs[broad] = Affair(held.id, held.name, frozenset({broad} | narrower), held.aliases, held.fields)


def _link_item(national: National, table: Table, number: str, rows: Sequence[Row], assumed: tuple[str, ...]) -> None:
    act, head = national.act, rows[0]
    citation = act.cite_row(act.span, table, head)
    if head.deleted:
        _row_clause(national, head, citation, "削除", ClauseStatus.OUT_OF_SCOPE, "削除", ())
        return
    parties = national.designations.of(head.cells[0].text.raw)
    affair = value(_row_annotations(head), "事務") or f"{act.short}別表第二/{number}"
    _affair(national, affair, head, head.cells[1].text.raw, (f"{act.short}別表第二/{number}", citation.label))
    broader = value(_row_annotations(head), "対応")
    if broader:
        above = national.rows.get(broader.rpartition("/")[2])
        if above:
            held = national.affairs[affair]
            national.affairs[affair] = Affair(held.id, held.name, frozenset({affair, above}), held.aliases, held.fields)
    pairs = []
    for row in rows:
        stands = _row_period(act, table, row)
        if stands is None:
            continue
        names = tuple(values(row.cells[3].annotations, "情報")) or information(row.cells[3].text.raw)
        for name in names:
            defined = name in definitions(row.cells[3].text.raw)
            if defined or name not in national.information:
                national.information[name] = citation.label
        pairs.append(LinkPair(national.designations.of(row.cells[2].text.raw), names, stands))
    item_assumed = tuple(dict.fromkeys((*assumed, *(a for r in rows for a in _assumed(_row_annotations(r))))))
    item = LinkItem(number, affair, parties, tuple(pairs), citation, item_assumed)
    national.items[number] = item
    for index, pair in enumerate(pairs):
        _link_grants(national, item, pair, index)
    text = head.cells[1].text.raw
    _row_clause(national, head, citation, text, ClauseStatus.ENCODED, "statutory_linkage", parties)


def _link_grants(national: National, item: LinkItem, pair: LinkPair, index: int) -> None:
    linkage = national.grounds.get("statutory_linkage", ())
    for local in (True, False):
        parties = frozenset(p for p in item.parties if national.designations.is_local(p) is local)
        if not parties:
            continue
        for pension in (True, False):
            names = tuple(n for n in pair.information if (n == PENSION) is pension)
            if names:
                limits = network_limits(national, local=local, pension=pension)
                _link_grant(
                    national,
                    item,
                    pair,
                    f"{index}{'L' if local else 'N'}{'P' if pension else ''}",
                    parties,
                    names,
                    limits,
                    linkage,
                )


def network_limits(
    national: National, *, local: bool, pension: bool
) -> tuple[tuple[PeriodLimit, tuple[str, ...]], ...]:
    """What bounds a linkage in time besides its provisions: the opening of the network, with assumptions."""
    wanted = [name for name, on in (("trial-operation", local), ("pension-linkage", pension)) if on]
    limits = []
    for name in wanted:
        gate = national.gates.get(name)
        if gate is not None:
            assumed = (gate.assumption,) if gate.assumption else ()
            limits.append((PeriodLimit(Period(gate.first), gate.text), assumed))
    return tuple(limits)


def _link_grant(
    national: National,
    item: LinkItem,
    pair: LinkPair,
    mark: str,
    parties: frozenset[str],
    names: Sequence[str],
    limits: Sequence[tuple[PeriodLimit, tuple[str, ...]]],
    linkage: Sequence[Citation],
) -> None:
    period: Period | None = pair.period
    for limit, _ in limits:
        period = period.intersect(limit.period) if period else None
    if period is None:
        return
    for piece, bases in dated(period, [linkage, [item.citation]]):
        condition = _assessment_condition(national, "assessment_before_linkage", piece)
        bounds = (*(PeriodLimit(c.in_force, f"{c.label}の施行", c) for c in bases), *(limit for limit, _ in limits))
        assumed = (
            *national.ground_assumptions.get("statutory_linkage", ()),
            *item.assumptions,
            *(a for _, ids in limits for a in ids),
        )
        national.grants.append(
            Grant(
                id=f"{item.citation.clause}#{mark}@{piece.first.isoformat()}",
                actions=frozenset({Action.LINK, Action.STORE}),
                parties=parties,
                affair=item.affair,
                period=piece,
                bases=bases,
                clause=bases[0].clause,
                information=frozenset(GrantedInformation(n) for n in names),
                holding=Holding.NETWORK,
                holders=pair.holders,
                conditions=(condition,) if condition else (),
                limits=bounds,
                assumptions=tuple(dict.fromkeys(assumed)),
            )
        )


# ---- uses that need no table, deemed submission ---------------------------------------------------


def _act_uses(national: National) -> None:
    """Arts. 9(3), 9(4), 9(5) and 22(2)."""
    for effect, affair, name, parties, condition in (
        ("related_affair_use", "related-affairs", "個人番号関係事務", frozenset({EXECUTIVE}), None),
        (
            "disaster_payment_use",
            "disaster-payments",
            "激甚災害時等の金銭の支払に関する事務",
            frozenset({"所得税法第二百二十五条第一項第一号、第二号及び第四号から第六号までに掲げる者"}),
            None,
        ),
        (
            "received_use",
            "received-information",
            "提供を受けた目的を達成するための利用",
            frozenset({EXECUTIVE}),
            "法第19条の限定された号により提供を受けたこと",
        ),
    ):
        citations = national.grounds.get(effect, ())
        if not citations:
            continue
        national.affairs[affair] = Affair(affair, name, frozenset({affair}), tuple({c.label for c in citations}))
        for citation in citations:
            conditions = (
                (
                    Condition(
                        f"fact:{condition}",
                        Literal(f"specific:{condition}", True),
                        condition,
                        citation,
                        f"{condition}を確かめる",
                    ),
                )
                if condition
                else ()
            )
            grant = Grant(
                id=f"{citation.clause}@{citation.in_force.first.isoformat()}",
                actions=frozenset({Action.USE}),
                parties=parties,
                affair=affair,
                period=citation.in_force,
                bases=(citation,),
                clause=citation.clause,
                conditions=conditions,
                limits=(PeriodLimit(citation.in_force, f"{citation.label}の施行", citation),),
                assumptions=national.ground_assumptions.get(effect, ()),
            )
            national.grants.append(grant)
            national.grants.extend(storing(national, grant))
    triggers = frozenset(c.clause for c in national.grounds.get("statutory_linkage", ()))
    for citation in national.grounds.get("statutory_deemed_submission", ()):
        national.deemed.append(
            DeemedSubmission(
                citation.clause,
                citation,
                triggers,
                frozenset({"法令"}),
                citation.in_force,
                network=True,
                assumptions=national.ground_assumptions.get("statutory_deemed_submission", ()),
            )
        )


# ---- coverage -------------------------------------------------------------------------------------


def _coverage_of_headings(national: National, instruments: Sequence[Instrument]) -> None:
    """Provisions that are not in the files, accounted for at the head by 〔対象外 …〕 and 〔未表現 …〕."""
    for instrument in instruments:
        for annotation in instrument.document.annotations:
            if annotation.name not in ("対象外", "未表現"):
                continue
            where, _, reason = annotation.value.replace("：", ":").partition(":")
            status = ClauseStatus.OUT_OF_SCOPE if annotation.name == "対象外" else ClauseStatus.NOT_EXPRESSIBLE
            label = f"{instrument.short}{without_parentheses(where.strip())}"
            citation = Citation(label, instrument.short, label, instrument.span)
            national.clauses.append(
                Clause(
                    label,
                    citation,
                    "",
                    status,
                    reason.strip() or annotation.value,
                    instrument.document.path,
                    annotation.span.line,
                )
            )
