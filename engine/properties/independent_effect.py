"""P5: every provision with an effect is needed: without it, some answer would be another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from engine.naive import NaiveEvaluator
from engine.properties.identities import shown_citations
from engine.properties.space import Point, facts_of, one_of
from engine.properties.verdict import Remark, Verdict
from engine.region import FactSpace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from engine.properties.space import Space
    from engine.rule_set import Clause, Grant, Part

CODE = "V0105"
TITLE = "働きがあるとされた規定には、独自の効力がある"


def every_clause_has_effect(space: Space, progress: Callable[[int, int], None] | None = None) -> Verdict:
    """For each provision marked effective: a request whose answer is another without it, or that there is none.

    A provision is taken away by taking away the grants in whose chain it (or something inside it) stands, the
    procedures it lists, and its conditions and bars. A witness is a request that the naive evaluator decides otherwise
    then. Without a witness every fully stated request that its grants reach (`Space.points`: a grant that reaches those
    reaches all the others), every run of days and every statement of facts has been tried: whatever the provision
    permits is permitted by others, and it has no effect of its own. A deeming clause, a required paper, a duty, a
    prohibition and a void provision show in the answers themselves (papers, duties, reasons) and are counted so.

    A provision without an effect of its own refutes nothing — laws say things twice, a general rule beside a special
    one — but is reported. So is a provision none of whose grants names a registered agency: nobody can ask.
    """
    clauses = _effective(space)
    by_base = _chains(space)
    shown = _shown(space)
    remarks: list[Remark] = []
    needed = answers = unasked = 0
    for done, clause in enumerate(clauses):
        if progress is not None:
            progress(done, len(clauses))
        grants = by_base.get(clause.id, [])
        place = f"{clause.file}:{clause.line}"
        if clause.id in shown:
            answers += 1
        elif not grants:
            remarks.append(
                Remark("どの規定の根拠にも、要件にも、義務にも現れない。独自の効力がない", clause.citation, place)
            )
        else:
            found = _witness(space, clause.id, grants)
            if found is None:
                unasked += 1
            elif found:
                needed += 1
            else:
                text = "読み込んだ団体の機関の要求では、認めることのすべてをほかの規定も認めている。独自の効力がない"
                remarks.append(Remark(text, clause.citation, place))
    how = (
        f"規定 {len(clauses)}件のうち、{needed}件は取り除くと判定が変わる要求を示し、{answers}件は書類・義務・理由として答えに現れる。"
        f"{unasked}件は読み込んだ登録の機関では問えない。独自の効力がないものは{len(remarks)}件"
    )
    return Verdict(CODE, TITLE, how, len(clauses), (), tuple(remarks))


def _effective(space: Space) -> list[Clause]:
    """The provisions marked effective, each identity once."""
    found: dict[str, Clause] = {}
    for _, part in space.owners:
        for clause in part.clauses:
            if clause.effective:
                found.setdefault(clause.id, clause)
    return list(found.values())


def _around(clause: str) -> Iterable[str]:
    """The provision and those that it stands in."""
    steps = clause.split("/")
    return ("/".join(steps[:n]) for n in range(1, len(steps) + 1))


def _chains(space: Space) -> dict[str, list[tuple[str | None, Grant]]]:
    """By provision: the grants that rest on it, as basis, procedure, condition or bar."""
    procedures = {
        key: [citation.clause for citation in procedure.citations]
        for _, part in space.owners
        for key, procedure in part.procedures.items()
    }
    found: dict[str, dict[str, tuple[str | None, Grant]]] = {}
    for owner, grant in space.owned_grants():
        named = {basis.clause for basis in grant.bases}
        named |= {condition.citation.clause for condition in grant.conditions}
        named |= {bar.citation.clause for bar in grant.bars}
        named |= {clause for key in grant.procedures or () for clause in procedures.get(key, ())}
        for clause in {outer for name in named for outer in _around(name)}:
            found.setdefault(clause, {})[grant.id] = (owner, grant)
    return {clause: list(grants.values()) for clause, grants in found.items()}


def _shown(space: Space) -> frozenset[str]:
    """The provisions that answers show otherwise than as grounds."""
    return frozenset(
        clause for _, part in space.owners for citation in shown_citations(part) for clause in _around(citation.clause)
    )


def _within(name: str, clause: str) -> bool:
    return name == clause or name.startswith(f"{clause}/")


def _without(part: Part, grants: Iterable[Grant], clause: str) -> tuple[Grant, ...]:
    """The grants as they would be without the provision."""
    gone = {
        key
        for key, procedure in part.procedures.items()
        if any(_within(citation.clause, clause) for citation in procedure.citations)
    }
    left = []
    for grant in grants:
        if any(_within(basis.clause, clause) for basis in grant.bases):
            continue
        if gone and grant.procedures is not None and not gone.isdisjoint(grant.procedures):
            rest = grant.procedures - gone
            if not rest:
                continue
            grant = replace(grant, procedures=rest)
        conditions = tuple(c for c in grant.conditions if not _within(c.citation.clause, clause))
        bars = tuple(b for b in grant.bars if not _within(b.citation.clause, clause))
        if len(conditions) < len(grant.conditions) or len(bars) < len(grant.bars):
            grant = replace(grant, conditions=conditions, bars=bars)
        left.append(grant)
    return tuple(left)


def _witness(space: Space, clause: str, grants: list[tuple[str | None, Grant]]) -> bool | None:
    """Whether some request is decided otherwise without the provision; None when no registered agency can ask."""
    asked = False
    tried: set[tuple[object, ...]] = set()
    for owner, grant in grants:
        valid = grant.period.intersect(space.rule_set.valid)
        if valid is None:
            continue
        for point in space.points(owner, grant):
            asked = True
            if (point, valid) in tried:
                continue
            tried.add((point, valid))
            if _differs(space, clause, grant, point):
                return True
    return False if asked else None


def _differs(space: Space, clause: str, grant: Grant, point: Point) -> bool:
    valid = grant.period.intersect(space.rule_set.valid)
    reaching = space.reaching(point, space.in_scope(point.body, point.affair), grant.period.first)
    if valid is None:
        return False
    known = [g for g in reaching if g.period.intersect(valid) is not None]
    parts = space.rule_set.parts(point.body)
    left = list(known)
    for part in parts:
        left = list(_without(part, left, clause))
    left = space.reaching(point, left, grant.period.first)
    facts = FactSpace(facts_of([*known, *left]))
    for days in space.days(point, [*known, *left], valid):
        on = days.first
        before = after = 0
        for each in known:
            before |= space.satisfied(each, point, on, facts) if each.period.contains(on) else 0
        for each in left:
            after |= space.satisfied(each, point, on, facts) if each.period.contains(on) else 0
        if before != after and _confirmed(space, point, on, one_of(facts, before ^ after), known, left):
            return True
    return False


def _confirmed(
    space: Space, point: Point, on: date, said: dict[str, bool], known: list[Grant], left: list[Grant]
) -> bool:
    """Whether the naive evaluator too decides the request otherwise."""
    request = space.resolved(point, on, said)
    if request is None:
        return False
    first = NaiveEvaluator(space.only(point.body, known)).decide(request)
    second = NaiveEvaluator(space.only(point.body, left)).decide(request)
    return first.lawful is not second.lawful
