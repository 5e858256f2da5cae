"""Small rule sets by hand, readable: `a_grant(...)`, `a_rule_set(...)`, `a_request(...)`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from engine.period import Period
from engine.request import Request
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
    Literal,
    Part,
    Party,
    Procedure,
    RuleSet,
)

CITY = "042021"
MAYOR = f"{CITY}/市長"
BOARD = f"{CITY}/教育委員会"
AFFAIR = "番号法別表第一/15"
CHILD = f"{CITY}/child-medical"
TAX = "地方税関係情報"
RESIDENCE = "住民票関係情報"
DAY = date(2018, 4, 1)
LONG = Period(date(2016, 1, 1))

MAYOR_PARTY = Party(MAYOR, "市長", CITY, frozenset({MAYOR, "市町村長", "都道府県知事等"}), frozenset({"事業主体"}))
BOARD_PARTY = Party(BOARD, "教育委員会", CITY, frozenset({BOARD, "市町村教育委員会"}))
OTHER_CITY = "041009"
OTHER_MAYOR = Party(f"{OTHER_CITY}/市長", "市長", OTHER_CITY, frozenset({f"{OTHER_CITY}/市長", "市町村長"}))
MINISTER = Party("厚生労働大臣", "厚生労働大臣", None, frozenset({"厚生労働大臣"}))


def period(first: str = "2016-01-01", last: str | None = None) -> Period:
    return Period(date.fromisoformat(first), None if last is None else date.fromisoformat(last))


def cite(label: str, in_force: Period = LONG, **parts: str) -> Citation:
    return Citation(label, "番号法", label, in_force, **parts)


def items(*names: str | tuple[str, str]) -> frozenset[GrantedInformation]:
    return frozenset(GrantedInformation(n) if isinstance(n, str) else GrantedInformation(*n) for n in names)


def needs(fact: str, value: bool = True) -> Condition:
    text = f"{fact}が{'満たされている' if value else '無い'}こと"
    return Condition(f"C-{fact}", Literal(fact, value), text, cite(f"{fact}の定め"), f"{fact}を満たす")


def bars(*facts: str, stands: Period = LONG) -> Bar:
    literals = tuple(Literal(fact, True) for fact in facts)
    return Bar(f"B-{'-'.join(facts)}", stands, literals, "この限りでない", cite("ただし書"), "情報連携による")


def a_grant(id_: str, **changes: Any) -> Grant:
    """A grant of use of the number by the mayor for AFFAIR, in force from 2016; `changes` replace fields."""
    fields: dict[str, Any] = {
        "actions": frozenset({Action.USE}),
        "parties": frozenset({"市町村長"}),
        "affair": AFFAIR,
        "period": LONG,
        "bases": (cite(f"根拠{id_}"),),
        "clause": f"clause-{id_}",
    }
    if "information" in changes and "holding" not in changes:
        fields["holding"] = Holding.OWN
    return Grant(id=id_, **(fields | changes))


def own_use(id_: str, *names: str | tuple[str, str], **changes: Any) -> Grant:
    """A grant that opens information the agency itself holds."""
    actions = frozenset({Action.USE, Action.TRANSFER})
    return a_grant(id_, **({"actions": actions, "information": items(*names), "holding": Holding.OWN} | changes))


def from_agency(id_: str, *names: str | tuple[str, str], **changes: Any) -> Grant:
    """A grant that opens to the board what the mayor holds."""
    fields = {
        "actions": frozenset({Action.TRANSFER}),
        "parties": frozenset({BOARD}),
        "information": items(*names),
        "holding": Holding.OTHER_AGENCY,
        "holders": frozenset({MAYOR}),
    }
    return a_grant(id_, **(fields | changes))


def by_network(id_: str, *names: str | tuple[str, str], **changes: Any) -> Grant:
    """A grant that opens through the network what other municipalities hold."""
    fields = {
        "actions": frozenset({Action.LINK}),
        "information": items(*names),
        "holding": Holding.NETWORK,
        "holders": frozenset({"市町村長"}),
        "period": period("2017-07-18"),
    }
    return a_grant(id_, **(fields | changes))


def a_rule_set(own: Iterable[Grant] = (), national: Iterable[Grant] = (), **changes: Any) -> RuleSet:
    """A city with a mayor and a board of education; `changes` go to its part, or to the nation's as `national_…`."""
    of_nation = {key.removeprefix("national_"): value for key, value in changes.items() if key.startswith("national_")}
    of_city = {key: value for key, value in changes.items() if not key.startswith("national_")}
    affair = Affair(
        AFFAIR, "生活保護法による保護の決定及び実施に関する事務", frozenset({AFFAIR}), ("番号法別表第一の十五の項",)
    )
    procedures = {
        f"{AFFAIR}/{n}": Procedure(f"{AFFAIR}/{n}", AFFAIR, f"手続{n}の申請", (cite(f"第{n}号"),)) for n in (1, 2)
    }
    names = {TAX: "番号法別表第二", RESIDENCE: "番号法別表第二", "医療保険給付関係情報": "番号法別表第二"}
    nation: dict[str, Any] = {
        "body": None,
        "parties": {MINISTER.key: MINISTER},
        "affairs": {AFFAIR: affair},
        "procedures": procedures,
        "information": names,
        "grants": tuple(national),
    }
    city: dict[str, Any] = {
        "body": Body(CITY, "石巻市", "市"),
        "parties": {MAYOR: MAYOR_PARTY, BOARD: BOARD_PARTY},
        "affairs": {
            CHILD: Affair(
                CHILD, "子ども医療費の助成に関する事務", frozenset({CHILD}), ("child-medical",), statutory=False
            )
        },
        "grants": tuple(own),
    }
    other = Part(Body(OTHER_CITY, "仙台市", "市"), parties={OTHER_MAYOR.key: OTHER_MAYOR})
    return RuleSet(
        "digest",
        Period(date(2015, 10, 5), date(2030, 12, 31)),
        Part(**(nation | of_nation)),
        {CITY: Part(**(city | of_city)), OTHER_CITY: other},
        {"石巻市": CITY, "仙台市": OTHER_CITY},
    )


def a_request(*names: str | tuple[str, str], **changes: Any) -> Request:
    """The mayor of Ishinomaki uses the number for AFFAIR on DAY; `changes` replace fields."""
    fields: dict[str, Any] = {"action": Action.USE, "body": CITY, "party": MAYOR, "affair": AFFAIR, "on": DAY}
    if names:
        fields["information"] = tuple(
            GrantedInformation(n) if isinstance(n, str) else GrantedInformation(*n) for n in names
        )
    if "on" in changes and isinstance(changes["on"], str):
        changes["on"] = date.fromisoformat(changes["on"])
    return Request(**(fields | changes))


def raw(**changes: object) -> Mapping[str, object]:
    """A plain request as a business system writes it."""
    fields: dict[str, object] = {
        "action": "use",
        "municipality": "石巻市",
        "agency": "市長",
        "affair": "番号法別表第一/15",
        "on": "2018-04-01",
    }
    return {key: value for key, value in (fields | changes).items() if value is not ...}
