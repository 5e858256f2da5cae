"""A small rule set with every holding, conditions, bars, periods and a register, for the benchmark's own tests."""

from __future__ import annotations

from datetime import date

from engine.period import Period
from engine.rule_set import (
    Action,
    Affair,
    Bar,
    Body,
    Citation,
    Condition,
    Grant,
    GrantedInformation,
    Holding,
    ImpactAssessment,
    Literal,
    Part,
    Party,
    Procedure,
    RuleSet,
)

CODE, NAME = "042021", "石巻市"
SINCE = Period(date(2016, 1, 1))
NETWORK = Period(date(2017, 7, 18))
TAX, WELFARE = GrantedInformation("地方税関係情報"), GrantedInformation("生活保護関係情報")


def cite(label: str) -> Citation:
    return Citation(label, label[:3], label, SINCE)


def _condition(fact: str) -> Condition:
    return Condition(fact, Literal(fact, True), f"{fact}が要る", cite("番号法第21条"), "満たす")


def _grants(affair: str, mayor: str, board: str) -> list[Grant]:
    base = (cite(f"{NAME}条例{affair}"), cite("番号法第9条第2項"))
    bar = Bar(f"{affair}!bar", NETWORK, (Literal("resident", False),), "網による", cite("条例ただし書"), "照会する")
    return [
        Grant(
            f"{affair}#use",
            frozenset({Action.USE}),
            frozenset({mayor}),
            affair,
            SINCE,
            base,
            "u",
            procedures=frozenset({f"{affair}/1", f"{affair}/2"}),
            statutory=False,
        ),
        Grant(
            f"{affair}#own",
            frozenset({Action.USE, Action.TRANSFER}),
            frozenset({mayor}),
            affair,
            SINCE,
            base,
            "o",
            information=frozenset({TAX, WELFARE}),
            holding=Holding.OWN,
            conditions=(_condition("consent"),),
            bars=(bar,),
        ),
        Grant(
            f"{affair}#提供",
            frozenset({Action.TRANSFER}),
            frozenset({board}),
            affair,
            SINCE,
            base,
            "p",
            information=frozenset({TAX}),
            holding=Holding.OTHER_AGENCY,
            holders=frozenset({mayor}),
        ),
        Grant(
            f"{affair}#link",
            frozenset({Action.LINK, Action.STORE}),
            frozenset({"市町村長"}),
            affair,
            NETWORK,
            base,
            "l",
            information=frozenset({TAX}),
            holding=Holding.NETWORK,
            holders=frozenset({"厚生労働大臣", "市町村長"}),
            conditions=(_condition("pia"),),
        ),
    ]


def small(affairs: int = 8) -> RuleSet:
    """The rule set, with `affairs` municipal affairs."""
    mayor, board = f"{CODE}/市長", f"{CODE}/教育委員会"
    parties = {
        mayor: Party(mayor, "市長", CODE, frozenset({mayor, "市町村長", "執行機関"})),
        board: Party(board, "教育委員会", CODE, frozenset({board, "執行機関"})),
    }
    keys = [f"{CODE}/affair-{n}" for n in range(affairs)]
    grants = [g for key in keys for g in _grants(key, mayor, board)]
    own = Part(
        body=Body(CODE, NAME, "市"),
        parties=parties,
        affairs={k: Affair(k, f"{NAME}の事務{k}", frozenset({k}), (k.split("/")[1],), statutory=False) for k in keys},
        procedures={f"{k}/{n}": Procedure(f"{k}/{n}", k, "手続", (cite("規則"),)) for k in keys for n in (1, 2, 3)},
        information={TAX.name: "番号法", WELFARE.name: "番号法"},
        grants=tuple(grants),
        assessments=(ImpactAssessment(keys[0], "全項目", date(2018, 4, 1), 200_000, 600, False),),
    )
    broad, narrow = "番号法別表第一/8", "番号法別表第二/9"
    national = Part(
        body=None,
        parties={"厚生労働大臣": Party("厚生労働大臣", "厚生労働大臣", None, frozenset({"厚生労働大臣"}))},
        affairs={
            broad: Affair(broad, "児童福祉", frozenset({broad, narrow})),
            narrow: Affair(narrow, "児童福祉の照会", frozenset({broad, narrow})),
        },
        information={TAX.name: "番号法", WELFARE.name: "番号法"},
        grants=(
            Grant(
                "法9条5項",
                frozenset({Action.USE}),
                frozenset({"市町村長"}),
                broad,
                SINCE,
                (cite("番号法第9条第5項"),),
                "9-5",
                conditions=(_condition("specific:法第19条の限定された号により提供を受けたこと"),),
            ),
            Grant(
                "T1-8",
                frozenset({Action.USE}),
                frozenset({"市町村長", "厚生労働大臣"}),
                broad,
                SINCE,
                (cite("番号法第9条第1項"),),
                "9",
            ),
            Grant(
                "T2-9",
                frozenset({Action.LINK}),
                frozenset({"市町村長", "厚生労働大臣"}),
                narrow,
                NETWORK,
                (cite("番号法第19条第7号"),),
                "19",
                information=frozenset({TAX, WELFARE}),
                holding=Holding.NETWORK,
                holders=frozenset({"市町村長"}),
                conditions=(_condition("pia"),),
            ),
        ),
    )
    return RuleSet("small", Period(date(2013, 5, 31), date(2024, 12, 31)), national, {CODE: own}, {NAME: CODE})
