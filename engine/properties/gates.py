"""P2: nothing is lawful before the Act lets it be: use, linkage, and papers that need not be brought."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from engine.attachments import FULL_OPERATION, TRIAL_OPERATION
from engine.japanese import spoken_day
from engine.period import Period
from engine.properties.verdict import Counterexample, Verdict
from engine.rule_set import Action, Holding

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.properties.papers import Obtained
    from engine.properties.space import Space
    from engine.rule_set import Gate, Grant

CODE = "V0102"
TITLE = "制度の始期より前に適法となることはない"
NUMBER_USE = "number-use"
LINKAGE = "linkage-in-law"


def not_before_gates(space: Space, obtained: Obtained, progress: Callable[[int, int], None] | None = None) -> Verdict:
    """No grant begins before the gate of its kind, and no paper is droppable by the network before full operation.

    The days are those of rules/gates.yaml (`number-use`, `linkage-in-law`, `trial-operation`, `full-operation`); a
    gate that is missing refutes, for then nothing bounds the days. An agency counts as local unless the grant names
    only agencies that the national part registers by key. Complete: a request is permitted only on a day of a grant's
    period; for papers, every class of requests before full operation is decided (`engine.properties.papers`), and a
    paper that may be dropped then must have a lawful path inside the body for everything that it proves.
    """
    gates = {gate.id: gate for gate in space.rule_set.national.gates}
    faults = [
        Counterexample(f"制度の始期「{name}」が定められていない（rules/gates.yaml）")
        for name in (NUMBER_USE, LINKAGE, TRIAL_OPERATION, FULL_OPERATION)
        if name not in gates
    ]
    examined = 0
    national = frozenset(space.rule_set.national.parties)
    for owner, grant in space.owned_grants():
        examined += 1
        early = [gate for gate in _gates(grant, gates, national) if grant.period.first < gate.first]
        faults += [_fault(space, owner, grant, gate) for gate in early]
    papers = 0
    full = gates.get(FULL_OPERATION)
    if full is not None:
        for case in obtained.droppable(progress):
            if case.on >= full.first:
                continue
            papers += 1
            missing = [item for item in case.document.proves if not obtained.inside(case, item)]
            if missing:
                text = (
                    f"「{case.document.name}」は、情報連携によってしか{missing[0].name}が届かないのに、"
                    f"{spoken_day(full.first)}（{full.text}）より前に省略できるとされる"
                )
                request = obtained.raw(case, missing[0])
                faults.append(Counterexample(text, case.document.citation, request, space.shown(request)[0]))
    how = (
        f"根拠となる規定 {examined}件の初日を始期と比べ、本格運用より前に書類を省略できる要求の組 {papers}件について、"
        "団体の中に適法な道があることを一つずつ判定した"
    )
    return Verdict(CODE, TITLE, how, examined + papers, tuple(faults))


def _gates(grant: Grant, gates: dict[str, Gate], national: frozenset[str]) -> list[Gate]:
    names = [NUMBER_USE]
    if Action.LINK in grant.actions or grant.holding is Holding.NETWORK:
        names.append(LINKAGE)
        if not grant.parties <= national:
            names.append(TRIAL_OPERATION)
    return [gates[name] for name in names if name in gates]


def _fault(space: Space, owner: str | None, grant: Grant, gate: Gate) -> Counterexample:
    before = Period(grant.period.first, gate.first - timedelta(days=1))
    request = space.witness(owner, grant, before)
    text = f"{spoken_day(gate.first)}（{gate.text}）より前の{spoken_day(grant.period.first)}から認められている"
    basis = grant.bases[0] if grant.bases else None
    return Counterexample(text, basis, request, "" if request is None else space.shown(request)[0])
