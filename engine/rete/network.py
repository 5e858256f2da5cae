"""The network: docs/SEMANTICS.md as rules that join the facts of a request with the facts of grants.

Kinds of facts. Of the request: `ask` (the act), `actor`, `scope` (affairs whose grants reach), `falls`
(designations of the party, sure or not), `item` or `bare` (with, or without information), `unnamed` or
`holder` (who holds it), `kept` (designations of the holder), `known` (facts). Of each grant `g`: `grant` (for the
action asked), `who`, `procedure`, `entry`, `keeper`, `condition`, `bar`, `literal`. Concluded on the way: `live`
(action, affair and period fit), `party`, `placed` (procedure), `held` (holder), `informed` (information).
Findings: `reach`, `condition`, `active`, `idle`, `literal`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date

import msgspec

from engine.period import Period
from engine.request import Request
from engine.rete.matcher import Comparison, Fact, Matched, Rule
from engine.rule_set import Action, Affair, Grant, Holding, Literal, Party

_FOREVER = date.max.toordinal()


def _p(name: str, kind: str, *tests: Comparison) -> tuple[str, tuple[Comparison, ...]]:
    return name, (Comparison("k", kind), *tests)


def _same(field: str, of: str, other: str | None = None) -> Comparison:
    return Comparison(field, other or field, of)


def _fact(kind: str, source: str = "live", **fixed: str | int) -> Callable[[Matched], Fact]:
    return lambda m: {"k": kind, "g": m[source]["g"], **fixed}


def _live(*tests: Comparison) -> tuple[str, tuple[Comparison, ...]]:
    return _p("live", "live", *tests)


_IN_TIME = (Comparison("first", "on", "ask", "$lte"), Comparison("last", "on", "ask", "$gte"))
_OWN, _OTHER, _NETWORK = (Comparison("holding", h.value) for h in (Holding.OWN, Holding.OTHER_AGENCY, Holding.NETWORK))
_KEEPERS = (_p("keeper", "keeper", _same("g", "live")), _p("kept", "kept", _same("v", "keeper")))
_ENTRY = (_p("item", "item"), _live(Comparison("bare", 0)))


def _of_item(m: Matched) -> Fact:
    return {"k": "informed", "g": m["live"]["g"], "i": m["item"]["i"]}


def _unnamed(name: str, holding: Comparison, *action: Comparison, sure: int) -> Rule:
    return Rule(f"holder {name}", (_p("ask", "unnamed", *action), _live(holding)), _fact("held", sure=sure))


def _named(name: str, holding: Comparison, *holder: Comparison) -> Rule:
    when = (_p("actor", "actor"), _p("holder", "holder", *holder), _live(holding), *_KEEPERS)
    return Rule(f"holder {name}", when, _fact("held", sure=1))


def _value(name: str, kind: str, operator: str) -> Rule:
    """The value of a literal: equal to the known fact = 1, different = 0; no firing = unknown."""
    test = Comparison("value", "value", "of", operator)
    when = (_live(), _p("of", kind, _same("g", "live")), _p("known", "known", _same("fact", "of"), test))
    holds = int(operator == "=")
    return Rule(
        name, when, lambda m: {"k": kind, "g": m["of"]["g"], "b": m["of"]["b"], "n": m["of"]["n"], "v": holds}, True
    )


def _bar(name: str, kind: str, *tests: Comparison) -> Rule:
    when = (_p("ask", "ask"), _live(), _p("bar", "bar", _same("g", "live"), *tests))
    return Rule(name, when, lambda m: {"k": kind, "g": m["bar"]["g"], "b": m["bar"]["b"]}, True)


_STORE, _USE, _TRANSFER = (Comparison("action", a.value) for a in (Action.STORE, Action.USE, Action.TRANSFER))

#: The rules, in the order of SEMANTICS. Their number does not depend on the rule set.
NETWORK: tuple[Rule, ...] = (
    # 1 action, 3 affair, 7 period
    Rule(
        "live",
        (
            _p("ask", "ask"),
            _p("grant", "grant", _same("action", "ask"), *_IN_TIME),
            _p("scope", "scope", _same("v", "grant", "affair")),
        ),
        lambda m: {"k": "live", **{field: m["grant"][field] for field in ("g", "holding", "bare", "open")}},
    ),
    # 2 party
    Rule(
        "party",
        (_live(), _p("who", "who", _same("g", "live")), _p("falls", "falls", _same("v", "who"))),
        lambda m: {"k": "party", "g": m["live"]["g"], "sure": m["falls"]["sure"]},
    ),
    # 4 information
    Rule(
        "no information",
        (_p("item", "bare"), _live(Comparison("bare", 1))),
        _of_item,
    ),
    Rule(
        "information about the person asked for",
        (*_ENTRY, _p("entry", "entry", _same("g", "live"), _same("v", "item"), _same("p", "item"))),
        _of_item,
    ),
    Rule(
        "information granted about anybody",
        (*_ENTRY, _p("entry", "entry", _same("g", "live"), _same("v", "item"), Comparison("any", 1))),
        _of_item,
    ),
    Rule(
        "information asked for of nobody named",
        (
            _p("item", "item", Comparison("any", 1)),
            _live(Comparison("bare", 0)),
            _p("entry", "entry", _same("g", "live"), _same("v", "item")),
        ),
        _of_item,
    ),
    # 5 procedure
    Rule("procedure not asked", (_p("ask", "ask", Comparison("narrowed", 0)), _live()), _fact("placed")),
    Rule("procedure not limited", (_live(Comparison("open", 1)),), _fact("placed")),
    Rule(
        "procedure listed",
        (
            _p("ask", "ask", Comparison("narrowed", 1)),
            _live(),
            _p("procedure", "procedure", _same("g", "live"), _same("v", "ask", "procedure")),
        ),
        _fact("placed"),
    ),
    # 6 holder
    Rule("holder of no account", (_live(Comparison("holding", Holding.NONE.value)),), _fact("held", sure=1)),
    _unnamed("unnamed, own, use", _OWN, _USE, sure=1),
    _unnamed("unnamed, own, store", _OWN, _STORE, sure=1),
    _unnamed("unnamed, other agency, store", _OTHER, _STORE, sure=1),
    _unnamed("unnamed, network", _NETWORK, sure=1),
    _unnamed("missing, own", _OWN, _TRANSFER, sure=0),
    _unnamed("missing, other agency", _OTHER, _TRANSFER, sure=0),
    Rule(
        "holder own",
        (_p("actor", "actor"), _p("holder", "holder", _same("key", "actor")), _live(_OWN)),
        _fact("held", sure=1),
    ),
    _named(
        "other agency",
        _OTHER,
        Comparison("bodied", 1),
        _same("body", "actor"),
        Comparison("key", "key", "actor", "$neq"),
    ),
    _named("network, of no body", _NETWORK, Comparison("bodied", 0)),
    _named("network, of another body", _NETWORK, Comparison("bodied", 1), Comparison("body", "body", "actor", "$neq")),
    # reaching and pending
    Rule(
        "reach",
        (
            _p("placed", "placed"),
            _p("party", "party", _same("g", "placed")),
            _p("held", "held", _same("g", "placed")),
            _p("informed", "informed", _same("g", "placed")),
        ),
        lambda m: {
            "k": "reach",
            "g": m["placed"]["g"],
            "i": m["informed"]["i"],
            "sure": min(m["party"]["sure"], m["held"]["sure"]),
        },
        True,
    ),
    # conditions and bars
    _value("condition holds", "condition", "="),
    _value("condition fails", "condition", "$neq"),
    _value("literal holds", "literal", "="),
    _value("literal fails", "literal", "$neq"),
    _bar("bar active", "active", *_IN_TIME),
    _bar("bar not yet", "idle", Comparison("first", "on", "ask", "$gt")),
    _bar("bar no longer", "idle", Comparison("last", "on", "ask", "$lt")),
)


def request_facts(request: Request, party: Party, affair: Affair, grants: Iterable[Grant]) -> Iterator[Fact]:
    """The facts of a request whose party and affair have been looked up, that a fact of one of the grants can meet."""
    action, body, procedure = request.action.value, request.body or "", request.procedure
    parties = frozenset().union(*(g.parties for g in grants))
    yield _f("ask", action=action, on=request.on.toordinal(), narrowed=procedure is not None, procedure=procedure or "")
    yield _f("actor", key=request.party, body=body)
    yield from (_f("scope", v=key) for key in affair.scope & {g.affair for g in grants})
    yield from (_f("falls", v=name, sure=1) for name in party.designations & parties)
    yield from (_f("falls", v=name, sure=0) for name in (party.uncertain - party.designations) & parties)
    if request.holder is None:
        yield _f("unnamed", action=action)
    else:
        holder_body, keepers = request.holder_body, frozenset().union(*(g.holders for g in grants))
        yield _f("holder", key=request.holder, body=holder_body or "", bodied=holder_body is not None)
        yield from (_f("kept", v=name) for name in request.holder_designations & keepers)
    if not request.information:
        yield _f("bare", i=0)
    for i, item in enumerate(request.information):
        yield _f("item", i=i, v=item.name, p=item.person or "", any=item.person is None)
    yield from (_f("known", fact=name, value=value) for name, value in request.facts.items())


class Asked(msgspec.Struct, frozen=True):
    """The values of a request that facts of grants are joined with."""

    action: Action
    names: frozenset[str]
    procedure: str | None
    designations: frozenset[str]
    kept: frozenset[str]

    @classmethod
    def of(cls, request: Request, party: Party) -> Asked:
        """The values of a request whose party has been looked up."""
        names = frozenset(item.name for item in request.information)
        both = party.designations | party.uncertain
        return cls(request.action, names, request.procedure, both, request.holder_designations)


def grant_facts(g: int, grant: Grant, asked: Asked) -> Iterator[Fact]:
    """The facts of one grant that a fact of the request can meet; `g` is its number in the slice.

    Conditions, bars and their literals all become facts, whatever is asked.
    """
    bare, unlimited, action = grant.information is None, grant.procedures is None, asked.action
    if action not in grant.actions:
        return
    yield {
        "k": "grant",
        "g": g,
        "action": action.value,
        "affair": grant.affair,
        "holding": grant.holding.value,
        "bare": int(bare),
        "open": int(unlimited),
        **_days(grant.period),
    }
    for name in grant.parties & asked.designations:
        yield {"k": "who", "g": g, "v": name}
    if asked.procedure is not None and grant.procedures is not None and asked.procedure in grant.procedures:
        yield {"k": "procedure", "g": g, "v": asked.procedure}
    for name in grant.holders & asked.kept:
        yield {"k": "keeper", "g": g, "v": name}
    for entry in grant.information or ():
        if entry.name in asked.names:
            yield {"k": "entry", "g": g, "v": entry.name, "p": entry.person or "", "any": int(entry.person is None)}
    for n, condition in enumerate(grant.conditions):
        yield _literal("condition", g, 0, n, condition.literal)
    for b, bar in enumerate(grant.bars):
        yield {"k": "bar", "g": g, "b": b, **_days(bar.period)}
        for n, literal in enumerate(bar.literals):
            yield _literal("literal", g, b, n, literal)


def _f(kind: str, **fields: str | int) -> Fact:
    """A fact; truth values as 0 and 1."""
    return {"k": kind} | {name: int(v) if isinstance(v, bool) else v for name, v in fields.items()}


def _literal(kind: str, g: int, b: int, n: int, literal: Literal) -> Fact:
    return {"k": kind, "g": g, "b": b, "n": n, "fact": literal.fact, "value": int(literal.value)}


def _days(period: Period) -> Fact:
    return {"first": period.first.toordinal(), "last": period.last.toordinal() if period.last else _FOREVER}
