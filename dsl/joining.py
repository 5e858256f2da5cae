"""Joining what was compiled for adjoining slices of time: equal in all but adjoining periods becomes one.

Every period of a compiled value was cut to its slice. Two values that differ only in periods that adjoin (one ends on
the day before the other begins) say together what one value over both periods says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, TypeVar

import msgspec

from engine.period import Period
from engine.rule_set import Affair, Assumption, Citation, Clause, Grant, Part, PeriodLimit, Procedure, Void

_T = TypeVar("_T")
_Dated = TypeVar("_Dated", bound=msgspec.Struct)
_DAY = timedelta(days=1)
_ALWAYS = Period(date.min)
#: ids of grants name the first day of their piece
_FIRST_DAY = re.compile(r"@\d{4}-\d\d-\d\d")


class _Different(Exception):
    """The two values differ in more than adjoining periods."""


def clip(part: Part, on: Period) -> Part:
    """The part with nothing outside the slice."""
    return msgspec.structs.replace(
        part,
        grants=_clipped(part.grants, on),
        voids=_clipped(part.voids, on),
        documents=_clipped(part.documents, on),
        deemed=_clipped(part.deemed, on),
    )


def _clipped(found: Iterable[_Dated], on: Period) -> tuple[_Dated, ...]:
    kept = []
    for value in found:
        period: Period = value.period  # type: ignore[attr-defined]
        common = period.intersect(on)
        if common is not None:
            kept.append(value if common == period else msgspec.structs.replace(value, period=common))
    return tuple(kept)


def join(pieces: Sequence[tuple[Period, Part]]) -> Part:
    """One part out of the parts of adjoining slices, oldest first."""
    if len(pieces) == 1:
        return pieces[0][1]
    firsts = [on.first for on, _ in pieces]
    parts = _widened([part for _, part in pieces])
    assumptions = _assumptions(parts)
    latest = parts[-1]
    return Part(
        body=latest.body,
        parties={k: v for part in parts for k, v in part.parties.items()},
        affairs=_affairs(parts, firsts),
        procedures=_procedures(parts, firsts),
        information={k: v for part in parts for k, v in part.information.items()},
        grants=_runs([g for p in parts for g in p.grants], _grant_key, assumptions),
        voids=_runs([v for p in parts for v in p.voids], _void_key, assumptions),
        duties=_runs([d for p in parts for d in p.duties], lambda d: (d.id, d.citation.label), assumptions),
        prohibitions=_runs(
            [d for p in parts for d in p.prohibitions], lambda d: (d.actions, d.citation.label), assumptions
        ),
        documents=_runs([d for p in parts for d in p.documents], lambda d: d.id, assumptions),
        deemed=_runs([d for p in parts for d in p.deemed], lambda d: d.clause, assumptions),
        holdings=tuple(dict.fromkeys(h for p in parts for h in p.holdings)),
        assessments=tuple(dict.fromkeys(a for p in parts for a in p.assessments)),
        gates=latest.gates,
        assumptions=assumptions,
        clauses=_runs([c for p in parts for c in p.clauses], _clause_key, assumptions),
        faults=tuple(dict.fromkeys(f for p in parts for f in p.faults)),
    )


# ---- citations ------------------------------------------------------------------------------------


def _widened(parts: Sequence[Part]) -> list[Part]:
    """The parts with each citation over all adjoining days of its provision, not only those of the slice.

    Duties, prohibitions and procedures follow the days of their citation, so theirs keep to the slice.
    """
    pieces: dict[Citation, list[Citation]] = {}
    for part in parts:
        for citation in _cited(part):
            pieces.setdefault(_undated(citation), []).append(citation)
    wide: dict[Citation, Citation] = {}
    for found in pieces.values():
        for citation in found:
            wide.setdefault(citation, citation)
        distinct = sorted(dict.fromkeys(found), key=lambda c: c.in_force.first)
        if len(distinct) > 1:
            for run in _adjoining(distinct):
                last = (
                    None if any(c.in_force.last is None for c in run) else max(c.in_force.last or date.min for c in run)
                )
                whole = msgspec.structs.replace(run[0], in_force=Period(run[0].in_force.first, last))
                wide.update(dict.fromkeys(run, whole))
    return [_recited(part, wide) for part in parts]


def _undated(citation: Citation) -> Citation:
    return msgspec.structs.replace(citation, in_force=_ALWAYS)


def _adjoining(ordered: Sequence[Citation]) -> Iterator[list[Citation]]:
    """Runs of citations whose days meet or overlap."""
    run: list[Citation] = []
    last: date | None = date.min
    for citation in ordered:
        if run and last is not None and citation.in_force.first > last + _DAY:
            yield run
            run = []
        ends = citation.in_force.last
        last = ends if not run else (None if last is None or ends is None else max(last, ends))
        run.append(citation)
    yield run


def _cited(part: Part) -> Iterator[Citation]:
    for grant in part.grants:
        yield from grant.bases
        yield from (c.citation for c in grant.conditions)
        yield from (b.citation for b in grant.bars)
        yield from (limit.citation for limit in grant.limits if limit.citation is not None)
    for group in (part.voids, part.documents, part.deemed):
        yield from (value.citation for value in group)


def _recited(part: Part, wide: Mapping[Citation, Citation]) -> Part:
    def again(found: Iterable[_Dated]) -> tuple[_Dated, ...]:
        return tuple(msgspec.structs.replace(v, citation=wide[v.citation]) for v in found)  # type: ignore[attr-defined]

    return msgspec.structs.replace(
        part,
        grants=tuple(
            msgspec.structs.replace(
                grant,
                bases=tuple(wide[c] for c in grant.bases),
                conditions=again(grant.conditions),
                bars=again(grant.bars),
                limits=tuple(_relimited(limit, wide) for limit in grant.limits),
            )
            for grant in part.grants
        ),
        voids=again(part.voids),
        documents=again(part.documents),
        deemed=again(part.deemed),
    )


def _relimited(limit: PeriodLimit, wide: Mapping[Citation, Citation]) -> PeriodLimit:
    """A provision that has stood since an older slice does not begin to limit a grant with the slice."""
    if limit.citation is None:
        return limit
    cited = wide[limit.citation]
    period = cited.in_force if limit.period == limit.citation.in_force else limit.period
    return msgspec.structs.replace(limit, citation=cited, period=period)


# ---- values ---------------------------------------------------------------------------------------


def _grant_key(grant: Grant) -> object:
    return (
        _FIRST_DAY.sub("", grant.id),
        grant.actions,
        grant.parties,
        grant.affair,
        grant.procedures,
        grant.information,
        grant.holding,
        grant.holders,
    )


def _void_key(void: Void) -> object:
    return void.actions, void.parties, void.affair, void.citation.label, void.reason


def _clause_key(clause: Clause) -> object:
    return clause.id, clause.file, clause.line


def _assumptions(parts: Sequence[Part]) -> dict[str, Assumption]:
    found: dict[str, Assumption] = {}
    for part in parts:
        for id_, assumption in part.assumptions.items():
            held = found.get(id_, assumption)
            first = min(held.period.first, assumption.period.first)
            last = _later(held.period.last, assumption.period.last)
            found[id_] = msgspec.structs.replace(assumption, period=Period(first, last))
    return found


def _later(a: date | None, b: date | None) -> date | None:
    return None if a is None or b is None else max(a, b)


def _affairs(parts: Sequence[Part], firsts: Sequence[date]) -> dict[str, Affair]:
    found: dict[str, Affair] = {}
    for first, part in zip(firsts, parts, strict=True):
        for id_, affair in part.affairs.items():
            held = found.get(id_)
            if held is not None:
                affair = msgspec.structs.replace(
                    affair,
                    scope=held.scope | affair.scope,
                    aliases=tuple(dict.fromkeys((*held.aliases, *affair.aliases))),
                    fields=held.fields | affair.fields,
                    assumptions=tuple(dict.fromkeys((*held.assumptions, *affair.assumptions))),
                    wordings=_wordings(held.wordings, held.name, first, affair.name),
                )
            found[id_] = affair
    return found


def _wordings(
    known: tuple[tuple[date, str], ...], before: str, first: date, after: str
) -> tuple[tuple[date, str], ...]:
    """The wordings with one more, when it differs from the last."""
    return known if after == before else (*(known or ((date.min, before),)), (first, after))


def _procedures(parts: Sequence[Part], firsts: Sequence[date]) -> dict[str, Procedure]:
    found: dict[str, Procedure] = {}
    for first, part in zip(firsts, parts, strict=True):
        for id_, procedure in part.procedures.items():
            held = found.get(id_)
            if held is not None:
                cited = _runs([*held.citations, *procedure.citations], lambda c: c.label, {})
                wordings = _wordings(held.wordings, held.text, first, procedure.text)
                procedure = msgspec.structs.replace(procedure, citations=_in_turn(cited), wordings=wordings)
            found[id_] = procedure
    return found


def _in_turn(citations: Sequence[Citation]) -> tuple[Citation, ...]:
    return tuple(sorted(citations, key=lambda c: c.in_force.first))


def _runs(found: Iterable[_T], key: Any, assumptions: Mapping[str, Assumption]) -> tuple[_T, ...]:
    """Join each value with the one before it of the same key, where only adjoining periods differ."""
    kept: list[_T] = []
    last: dict[object, int] = {}
    for value in found:
        at = last.get(key(value))
        if at is not None:
            try:
                kept[at] = _joined(kept[at], value, assumptions)
            except _Different:
                pass
            else:
                continue
        last[key(value)] = len(kept)
        kept.append(value)
    return tuple(kept)


def _joined(a: Any, b: Any, assumptions: Mapping[str, Assumption]) -> Any:
    if a == b:
        return a
    if type(a) is not type(b):
        raise _Different
    if isinstance(a, Period):
        if a.last is not None and a.last + _DAY == b.first:
            return Period(a.first, b.last)
        raise _Different
    if isinstance(a, Grant):
        _same_name(a, b)
        rest = _joined_fields(a, b, assumptions, ("id", "assumptions"))
        return msgspec.structs.replace(a, assumptions=_resting(a, b, assumptions), **rest)
    if isinstance(a, msgspec.Struct):
        return msgspec.structs.replace(a, **_joined_fields(a, b, assumptions, ()))
    if isinstance(a, tuple) and len(a) == len(b):
        return tuple(_joined(x, y, assumptions) for x, y in zip(a, b, strict=True))
    raise _Different


def _same_name(a: Grant, b: Grant) -> None:
    if _FIRST_DAY.sub("", a.id) != _FIRST_DAY.sub("", b.id):
        raise _Different


def _joined_fields(
    a: msgspec.Struct, b: msgspec.Struct, assumptions: Mapping[str, Assumption], without: tuple[str, ...]
) -> dict[str, Any]:
    names = [name for name in a.__struct_fields__ if name not in without]
    return {name: _joined(getattr(a, name), getattr(b, name), assumptions) for name in names}


def _resting(a: Grant, b: Grant, assumptions: Mapping[str, Assumption]) -> tuple[str, ...]:
    """The assumptions of both, when none of one alone bears on the days of the other (a decision names those of its day)."""
    if a.assumptions == b.assumptions:
        return a.assumptions
    for id_, other in [(i, b) for i in a.assumptions if i not in b.assumptions] + [
        (i, a) for i in b.assumptions if i not in a.assumptions
    ]:
        assumption = assumptions.get(id_)
        if assumption is None or assumption.period.intersect(other.period):
            raise _Different
    return tuple(dict.fromkeys((*a.assumptions, *b.assumptions)))
