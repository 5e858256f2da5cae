"""Export to Cedar: each grant as one permit policy, each item of a request as one authorisation request.

Cedar is the fourth interpreter, used in tests and in benchmarks; nothing here depends on it. Its answer is
coarser than ours: Allow with the determining policies is PERMITTED by these grants, Deny is everything else.

Cedar skips a policy whose evaluation errs. A skipped permit denies, but an `unless` that errs takes the
policy with it, so the direction is safe; still no policy here can err, for each attribute that may be
missing is tested with `has` before it is read. A bar that is unknown must deny, hence
`unless { in its period && !(some literal is known to be false) }`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from engine.naive import find_affair, find_party
from engine.period import Period
from engine.request import Request
from engine.rule_set import Action, Bar, Grant, GrantedInformation, Holding, Literal, RuleSet


def rule_set_to_cedar(rule_set: RuleSet, body: str | None, affairs: Collection[str] | None = None) -> str:
    """The policies that decide for one body: those of its own part, then those of the nation.

    Args:
        rule_set: the rules in force.
        body: municipality code; None for national agencies.
        affairs: only the grants for these affairs (for a request: the scope of its affair); None = all.

    Returns:
        Cedar policies as text; none at all when a part has faults, so that everything is denied.
    """
    parts = rule_set.parts(body)
    if any(part.faults for part in parts):
        return ""
    return grants_to_cedar(g for part in parts for g in part.grants if affairs is None or g.affair in affairs)


def grants_to_cedar(grants: Iterable[Grant]) -> str:
    """One permit policy for each grant, with `@id` = the grant's id, in order."""
    return "\n".join(_policy(grant) for grant in grants)


def request_to_cedar(rule_set: RuleSet, request: Request) -> list[dict[str, Any]]:
    """The request as Cedar requests, one for each item (or one for the act itself).

    Designations the register leaves open are left out: what rests on them is not permitted.
    """
    parts = rule_set.parts(request.body)
    party, affair = find_party(parts, request.party), find_affair(parts, request.affair)
    context: dict[str, Any] = {
        "on": request.on.toordinal(),
        "party": request.party,
        "designations": sorted(party.designations),
        "scope": sorted(affair.scope),
        "facts": dict(request.facts),
        "holder_designations": sorted(request.holder_designations),
    }
    optional = {
        "body": request.body,
        "procedure": request.procedure,
        "holder": request.holder,
        "holder_body": request.holder_body,
    }
    context |= {name: value for name, value in optional.items() if value is not None}
    return [
        {
            "principal": {"type": "Party", "id": request.party},
            "action": {"type": "Action", "id": request.action.value},
            "resource": {"type": "Affair", "id": request.affair},
            "context": context | _item(item),
        }
        for item in request.information or (None,)
    ]


def _item(item: GrantedInformation | None) -> dict[str, Any]:
    if item is None:
        return {}
    return {"item": {"name": item.name} | ({} if item.person is None else {"person": item.person})}


def _policy(g: Grant) -> str:
    actions = ", ".join(f"Action::{_text(action.value)}" for action in sorted(g.actions))
    tests = [
        _meets("context.designations", g.parties),
        f"context.scope.contains({_text(g.affair)})",
        _within(g.period),
        _information(g.information),
        *_procedure(g.procedures),
        *_holder(g),
        *(_known(condition.literal, "==") for condition in g.conditions),
    ]
    unless = "".join(f" unless {{ {_bar(bar)} }}" for bar in g.bars)
    return f"@id({_text(g.id)})\npermit (principal, action in [{actions}], resource)\nwhen {{ {_all(tests)} }}{unless};"


def _information(information: frozenset[GrantedInformation] | None) -> str:
    if information is None:
        return "!(context has item)"
    entries = [
        f"context.item.name == {_text(entry.name)}"
        + ("" if entry.person is None else f" && (!(context.item has person) || {_person(entry.person)})")
        for entry in sorted(information, key=lambda e: (e.name, e.person or ""))
    ]
    return f"context has item && ({_any(entries)})"


def _person(person: str) -> str:
    return f"context.item.person == {_text(person)}"


def _procedure(procedures: frozenset[str] | None) -> list[str]:
    if procedures is None:
        return []
    return [f"!(context has procedure) || {_set(procedures)}.contains(context.procedure)"]


def _holder(g: Grant) -> list[str]:
    if g.holding is Holding.NONE:
        return []
    store, use = (f"action == Action::{_text(action.value)}" for action in (Action.STORE, Action.USE))
    named = _meets("context.holder_designations", g.holders)
    same_body = "(context has holder_body && context has body && context.holder_body == context.body)"
    unnamed, given = {
        Holding.OWN: (f"({store} || {use})", "context.holder == context.party"),
        Holding.OTHER_AGENCY: (store, f"context.holder != context.party && {same_body} && {named}"),
        Holding.NETWORK: ("true", f"!{same_body} && {named}"),
    }[g.holding]
    return [f"if context has holder then ({given}) else ({unnamed})"]


def _bar(bar: Bar) -> str:
    known_false = _any([_known(literal, "!=") for literal in bar.literals])
    return f"{_within(bar.period)} && !({known_false})"


def _known(literal: Literal, comparison: str) -> str:
    fact = _text(literal.fact)
    return f"context.facts has {fact} && context.facts[{fact}] {comparison} {'true' if literal.value else 'false'}"


def _within(period: Period) -> str:
    first = f"context.on >= {period.first.toordinal()}"
    return first if period.last is None else f"{first} && context.on <= {period.last.toordinal()}"


def _meets(values: str, names: frozenset[str]) -> str:
    return f"{values}.containsAny({_set(names)})"


def _set(names: frozenset[str]) -> str:
    return f"[{', '.join(_text(name) for name in sorted(names))}]"


def _all(tests: Iterable[str]) -> str:
    return " && ".join(f"({test})" for test in tests)


def _any(tests: list[str]) -> str:
    return " || ".join(f"({test})" for test in tests) or "false"


def _text(value: str) -> str:
    """A Cedar string literal."""
    plain = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() or c == "　" else f"\\u{{{ord(c):x}}}" for c in plain) + '"'
