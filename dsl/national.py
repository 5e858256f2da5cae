"""The national part of the rule set: the Number Use Act and its orders, read into grants.

Appended Table 1 with Art. 9(1) gives the statutory uses, narrowed by the order of 2014 No. 5;
Appended Table 2 with Art. 19(7) gives the linkages. `National` also keeps what the municipal
compiler needs of the Act: the items of Table 2, and the grounds of Arts. 9(2), 18 and 19.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dsl.appended_tables import table_one
from dsl.designations import EXECUTIVE, Designations
from dsl.granting import gate_citations, storing
from dsl.instrument import EPOCH, Instrument, value
from dsl.linkage_tables import table_two
from dsl.national_model import National, assumed_by
from dsl.national_registers import AssumptionEntry, GateEntry
from dsl.phrases import without_parentheses
from dsl.syntax import (
    Annotation,
    Article,
    Item,
    NarrowingList,
    NoEffect,
    NotExpressible,
    Paragraph,
    StatutoryFormula,
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
    Gate,
    Grant,
    Literal,
    PeriodLimit,
    Prohibition,
)

#: provisions of Art. 19 that answer no kind of request this product decides
_OTHER_GROUND = "利用・庁内連携・情報連携・保管・カードのいずれの求めにも当たらない提供の根拠のため、判定の対象にしない"


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
        national.gates[gate.id] = Gate(gate.id, gate.text, gate.first, gate.source, gate.assumption, gate.planned)
        national.gate_addresses[gate.id] = gate.addresses
        if gate.provision:
            national.gate_days[gate.provision] = gate.first
    _provisions(national, act)
    for order in orders:
        _provisions(national, order)
    table_one(national, orders)
    table_two(national, orders)
    _act_uses(national)
    _coverage_of_headings(national, (act, *orders))
    return national


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
    assumed = assumed_by(*levels)
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


# ---- uses that need no table, deemed submission ---------------------------------------------------


def _act_uses(national: National) -> None:
    """Arts. 9(3), 9(4), 9(5) and 22(2), and Art. 26, which applies 22(2) to the linkage of independent use."""
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
    gate = national.gates.get("independent-deemed")
    for citation in gate_citations(national, "independent-deemed"):
        national.deemed.append(
            DeemedSubmission(
                citation.clause,
                citation,
                frozenset(c.clause for c in gate_citations(national, "independent-linkage")),
                frozenset({"条例"}),
                citation.in_force,
                network=True,
                assumptions=(gate.assumption,) if gate and gate.assumption else (),
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
