"""Making grants out of provisions: cutting by address, the right to keep, the opening of the network."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from dsl.instrument import EPOCH, values
from dsl.normalise import normalise
from dsl.syntax import Annotation
from engine.period import Period
from engine.rule_set import SPECIFIC_FACT, Action, Citation, Condition, Fact, Grant, Literal, PeriodLimit

if TYPE_CHECKING:
    from dsl.national_model import National

PENSION = "年金給付関係情報"
_PENSION_SERVICE = "日本年金機構"
_PENSION_WORDING = re.compile(r"国民年金法.*給付|公的年金給付")
TAX = "地方税関係情報"

#: using, and moving inside one body, are opened together by an ordinance's clause
USES = frozenset({Action.USE, Action.TRANSFER})


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


def is_pension(name: str, holders: Collection[str]) -> bool:
    """Whether the linkage of the information waits for that of pensions: by its term, its wording or its provider."""
    return name == PENSION or _PENSION_SERVICE in holders or bool(_PENSION_WORDING.search(name))


def assessment_condition(national: National, effect: str, on: Period) -> Condition | None:
    """The condition of a published impact assessment, cited from the Act as it stands in the period."""
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


def fact_conditions(annotations: Iterable[Annotation], text: str, citation: Citation) -> tuple[Condition, ...]:
    """〔事実 名〕: a limit (…に限る。) or an exclusion (…を除く。) whose truth is a fact of the request."""
    excludes = "を除く" in text and "に限る" not in text
    found = []
    for name in values(annotations, "事実"):
        known = name if name in set(Fact) else f"{SPECIFIC_FACT}{name}"
        wording = f"「{name}」に{'当たらない' if excludes else '当たる'}こと（{citation.label}）"
        found.append(Condition(f"fact:{name}", Literal(known, not excludes), wording, citation, f"{wording}を確かめる"))
    return tuple(found)


def limited_to(words: str, citation: Citation) -> Condition:
    """The limit of 「…のうち、Xに係るもの」, as a fact of the request."""
    text = f"「{words}」に係るものであること（{citation.label}）"
    return Condition(f"only:{words}", Literal(f"{SPECIFIC_FACT}{words}", True), text, citation, f"{text}を確かめる")


def storing(national: National, grant: Grant) -> Iterator[Grant]:
    """The right to keep what a grant lets one use, on condition of the impact assessment (法20条・27条1項)."""
    chain = [national.grounds.get("prohibition_of_collection", ())]
    assessed = national.grounds.get("assessment", ())
    for condition_period, cited in dated(grant.period, [*chain, *([assessed] if assessed else [])]):
        condition = assessment_condition(national, "assessment", condition_period)
        yield Grant(
            id=f"{grant.id}!store@{condition_period.first.isoformat()}",
            actions=frozenset({Action.STORE}),
            parties=grant.parties,
            affair=grant.affair,
            period=condition_period,
            bases=(*grant.bases, *cited[:1]),
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


def network_limits(
    national: National, *, local: bool, pension: bool
) -> tuple[tuple[PeriodLimit, tuple[str, ...]], ...]:
    """What bounds a linkage in time besides its provisions: the opening of the network, with assumptions.

    Args:
        national: the national part.
        local: whether a local body takes part, as inquirer or as provider.
        pension: whether the information is about pensions.
    """
    wanted = [name for name, on in (("trial-operation", local), ("pension-linkage", pension)) if on]
    limits = []
    for name in wanted:
        gate = national.gates.get(name)
        if gate is not None:
            assumed = (gate.assumption,) if gate.assumption else ()
            limits.append((PeriodLimit(Period(gate.first), gate.text), assumed))
    return tuple(limits)


#: grounds that rules/gates.yaml places while the text is not at hand, and the effect of the provision where it is
_IN_THE_TEXT = {"independent-linkage": "ordinance_affair_linkage", "independent-deemed": "ordinance_affair_readings"}


def gate_citations(national: National, gate: str) -> tuple[Citation, ...]:
    """The dated addresses of a ground: of the Act's provision where its text is at hand, else those of rules/gates.yaml (所在)."""
    in_the_text = national.grounds.get(_IN_THE_TEXT.get(gate, ""), ())
    placed = _placed(national, gate)
    return tuple(_worded(citation, placed) for citation in in_the_text) or placed


def _worded(citation: Citation, placed: Iterable[Citation]) -> Citation:
    """The citation in the fuller words of the register (第26条において準用する同法第22条第2項), when it gives them."""
    fuller = (p.label for p in placed if p.label.startswith(citation.label) and p.in_force.intersect(citation.in_force))
    return replace(citation, label=next(fuller, citation.label))


def _placed(national: National, gate: str) -> tuple[Citation, ...]:
    addresses = sorted(national.gate_addresses.get(gate, ()))
    found = []
    for index, (first, address) in enumerate(addresses):
        following = addresses[index + 1][0] if index + 1 < len(addresses) else None
        last = following - timedelta(days=1) if following else national.act.span.last
        label = normalise(address).text
        label = label if label.startswith(national.act.short) else national.act.short + label
        found.append(
            Citation(label, national.act.short, f"{national.act.short}/{gate}", Period(max(first, EPOCH), last))
        )
    return tuple(found)
