"""Random rule sets and requests over a small world, so that grants and requests meet often."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from engine.period import Period
from engine.request import Request
from engine.rule_set import (
    Action,
    Affair,
    Bar,
    Condition,
    Grant,
    GrantedInformation,
    Holding,
    Literal,
    Procedure,
    RuleSet,
)
from tests.engine.build import (
    AFFAIR,
    BOARD,
    BOARD_PARTY,
    CHILD,
    CITY,
    MAYOR,
    MAYOR_PARTY,
    RESIDENCE,
    TAX,
    a_rule_set,
    cite,
)

FACTS = ("consent", "resident", "specific:学生")
DAYS = st.integers(0, 6).map(lambda n: date(2016 + n, 1, 1))
_DESIGNATIONS = ("市町村長", "事業主体", BOARD)
_PROCEDURES = tuple(f"{AFFAIR}/{n}" for n in (1, 2))
_ITEMS = tuple(GrantedInformation(name, person) for name in (TAX, RESIDENCE) for person in (None, "申請者", "世帯員"))
_HOLDERS: tuple[tuple[str | None, frozenset[str], str | None], ...] = (
    (None, frozenset(), None),
    (MAYOR, MAYOR_PARTY.designations, CITY),
    (BOARD, BOARD_PARTY.designations, CITY),
    ("041009/市長", frozenset({"041009/市長", "市町村長"}), "041009"),
    ("女川町長", frozenset({"市町村長"}), None),
)


@st.composite
def periods(draw: st.DrawFn) -> Period:
    first, last = draw(DAYS), draw(st.none() | DAYS)
    return Period(first, None if last is None or last < first else last)


literals = st.builds(Literal, st.sampled_from(FACTS), st.booleans())
conditions = st.builds(
    Condition, st.just("c"), literals, st.just("満たすこと"), st.just(cite("条件")), st.just("満たす")
)
a_bar = st.builds(
    Bar,
    st.just("b"),
    periods(),
    st.lists(literals, max_size=2).map(tuple),
    st.just("禁止"),
    st.just(cite("禁止")),
    st.just("他の道"),
)


@st.composite
def grants(draw: st.DrawFn) -> Grant:
    about = draw(st.booleans())
    holding = draw(st.sampled_from((Holding.OWN, Holding.OTHER_AGENCY, Holding.NETWORK))) if about else Holding.NONE
    id_ = f"g{draw(st.integers(0, 10**6))}"
    return Grant(
        id=id_,
        actions=draw(st.frozensets(st.sampled_from((Action.USE, Action.TRANSFER, Action.LINK)), min_size=1)),
        parties=draw(st.frozensets(st.sampled_from(_DESIGNATIONS), min_size=1, max_size=2)),
        affair=draw(st.sampled_from((AFFAIR, CHILD))),
        period=draw(periods()),
        bases=(cite(f"根拠{id_}"),),
        clause=id_,
        procedures=draw(st.none() | st.frozensets(st.sampled_from(_PROCEDURES), min_size=1)),
        information=draw(st.frozensets(st.sampled_from(_ITEMS), min_size=1, max_size=3)) if about else None,
        holding=holding,
        holders=frozenset()
        if holding in (Holding.OWN, Holding.NONE)
        else draw(st.sampled_from((frozenset({MAYOR}), frozenset({"市町村長"})))),
        conditions=tuple(draw(st.lists(conditions, max_size=2))),
        bars=tuple(draw(st.lists(a_bar, max_size=2))),
    )


many_grants = st.lists(grants(), max_size=6, unique_by=lambda grant: grant.id)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    action = draw(st.sampled_from((Action.USE, Action.TRANSFER, Action.LINK)))
    information = draw(st.lists(st.sampled_from(_ITEMS), min_size=action is not Action.USE, max_size=2))
    holder, designations, body = draw(st.sampled_from(_HOLDERS))
    return Request(
        action=action,
        body=CITY,
        party=draw(st.sampled_from((MAYOR, BOARD))),
        affair=draw(st.sampled_from((AFFAIR, CHILD))),
        on=draw(DAYS),
        procedure=draw(st.none() | st.sampled_from(_PROCEDURES)),
        information=tuple(information),
        holder=holder,
        holder_designations=designations,
        holder_body=body,
        facts=draw(st.dictionaries(st.sampled_from(FACTS), st.booleans())),
    )


@st.composite
def aimed(draw: st.DrawFn, at: list[Grant]) -> Request:
    """A request that a grant was made for, then spoilt in at most one member."""
    if not at:
        return draw(requests())
    grant = draw(st.sampled_from(at))
    party = BOARD if BOARD in grant.parties else MAYOR
    held = _HOLDERS[1 + (party == BOARD)] if grant.holding is Holding.OWN else draw(st.sampled_from(_HOLDERS))
    if grant.holding is Holding.NETWORK:
        held = _HOLDERS[0]
    facts = {x.fact: not x.value for bar in grant.bars for x in bar.literals}
    facts |= {condition.literal.fact: condition.literal.value for condition in grant.conditions}
    request = Request(
        action=draw(st.sampled_from(sorted(grant.actions))),
        body=CITY,
        party=party,
        affair=grant.affair,
        on=grant.period.first,
        procedure=None if grant.procedures is None else min(grant.procedures),
        information=() if grant.information is None else (min(grant.information, key=repr),),
        holder=held[0],
        holder_designations=held[1],
        holder_body=held[2],
        facts=facts,
    )
    other = draw(requests())
    spoilt = draw(st.sampled_from((None, None, "party", "affair", "on", "procedure", "facts", "holder", "action")))
    if spoilt is None:
        return request
    if spoilt == "holder":
        held = (other.holder, other.holder_designations, other.holder_body)
        return replace(request, holder=held[0], holder_designations=held[1], holder_body=held[2])
    if spoilt == "action":
        return replace(request, action=Action.USE if request.information == () else other.action)
    return replace(request, **{spoilt: getattr(other, spoilt)})


def world(own: list[Grant], national: list[Grant], **changes: Any) -> RuleSet:
    """A rule set in which the ordinance affair reaches the statutory one (and not the other way round)."""
    child = Affair(CHILD, "子ども医療費の助成に関する事務", frozenset({CHILD, AFFAIR}))
    procedures = {f"{AFFAIR}/{n}": Procedure(f"{AFFAIR}/{n}", AFFAIR, "申請", (cite(f"第{n}号"),)) for n in (1, 2)}
    return a_rule_set(own, national, affairs={CHILD: child}, procedures=procedures, **changes)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Grant], list[Grant], Request]:
    """Own grants, national grants and a request that often meets one of them."""
    own, national = draw(many_grants), draw(many_grants)
    return own, national, draw(requests() | aimed(own + national) | aimed(own + national))
