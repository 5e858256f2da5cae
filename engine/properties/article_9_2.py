"""P3: an ordinance grants nothing outside what the Act leaves to ordinances."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.japanese import spoken_day
from engine.properties.verdict import Counterexample, Verdict
from engine.region import segments
from engine.rule_set import Action, Holding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.period import Period
    from engine.properties.space import Space
    from engine.rule_set import Citation, Clause, Grant, Part

CODE = "V0103"
TITLE = "条例が、番号法の条例に委ねた範囲の外を認めることはない"
USE_BY_ORDINANCE = "番号法/9/2"
CARD_AREA = "番号法/18/1"
#: 法第19条の号で、条例による他の機関への提供を認めるものと、独自利用事務の情報連携を認めるもの（識別は最も古い版の番号による）
PROVISION = ("番号法/19/1/9",)
INDEPENDENT_LINKAGE = ("番号法/independent-linkage", "番号法/19/1/9@2024-05-27")
#: 分野の注記と、法第9条第2項の文言。「その他の事務」は類するものに限らない
WORDS = {
    "福祉": re.compile("福祉"),
    "保健": re.compile("保健"),
    "医療": re.compile("医療"),
    "社会保障": re.compile("社会保障"),
    "地方税": re.compile("地方税"),
    "防災": re.compile("防災"),
    "類する事務": re.compile("その他これらに類する事務|防災に関する事務その他の事務"),
}
ANY_FIELD = re.compile("防災に関する事務その他の事務")
#: 地方自治法第138条の4第1項、第180条の5の執行機関
EXECUTIVE = re.compile(
    r"(市長|町長|村長|区長|知事|教育委員会|選挙管理委員会|人事委員会|公平委員会|監査委員|公安委員会|労働委員会|収用委員会"
    r"|海区漁業調整委員会|内水面漁場管理委員会|農業委員会|固定資産評価審査委員会)$"
)


def within_article_9_2(space: Space) -> Verdict:
    """Every grant by ordinance keeps to the field, the agency and the enabling provision.

    On every day of the grant: the affair is statutory, or of a field that the wording of Art. 9(2) in force that day
    lists (its text in the rule set is read; 「その他の事務」 since 2023-06-09 lists every field); the agencies named are
    executive agencies registered for that very body; and the grant's chain holds the provision of the Act that lets an
    ordinance do this (9(2) for use, its item of Art. 19 for provision and linkage, 18 for the card), in force.
    Complete: grants by ordinance are all those not marked statutory and all others of a body's own part that rest on
    the body's instruments; each is taken with all of its days, cut where the wording of Art. 9(2) changes.
    """
    wordings = [clause for clause in space.rule_set.national.clauses if clause.citation.clause == USE_BY_ORDINANCE]
    faults: list[Counterexample] = []
    examined = 0
    for owner, grant in space.owned_grants():
        if owner is None and grant.statutory:
            continue
        part = space.rule_set.national if owner is None else space.rule_set.bodies[owner]
        if grant.statutory and not any(basis.clause.startswith(f"{owner}/") for basis in grant.bases):
            continue
        examined += 1
        for text, citation, days in _problems(space, owner, part, grant, wordings):
            request = space.witness(owner, grant, days)
            decided = "" if request is None else space.shown(request)[0]
            faults.append(Counterexample(text, citation, request, decided))
    how = (
        f"条例による規定 {examined}件について、その日の番号法第9条第2項の文言にある分野か、当該団体の執行機関か、"
        "条例に委ねる番号法の条項がその日に効力を持つかを確かめた"
    )
    return Verdict(CODE, TITLE, how, examined, tuple(faults))


def _problems(
    space: Space, owner: str | None, part: Part, grant: Grant, wordings: list[Clause]
) -> Iterator[tuple[str, Citation | None, Period]]:
    operative = grant.bases[0] if grant.bases else None
    agencies = {party.key: party for party in part.parties.values()}
    for name in sorted(grant.parties):
        if owner is None or name not in agencies or agencies[name].body != owner:
            yield f"「{name}」は当該団体の機関ではないのに、条例により認められている", operative, grant.period
        elif not EXECUTIVE.search(agencies[name].name):
            yield f"「{agencies[name].name}」は執行機関ではないのに、条例により認められている", operative, grant.period
    yield from _enabled(grant, operative)
    if Action.CARD in grant.actions:
        return
    affair = space.affair(owner, grant.affair)
    if affair is not None and affair.statutory:
        return
    fields = frozenset() if affair is None else affair.fields
    for days in segments(grant.period, [clause.citation.in_force for clause in wordings]):
        wording = next((clause for clause in wordings if clause.citation.in_force.contains(days.first)), None)
        if wording is None:
            yield f"{spoken_day(days.first)}には番号法第9条第2項の条文がない", operative, days
        elif not _listed(fields, wording.text):
            said = "・".join(sorted(fields)) or "注記なし"
            name = grant.affair if affair is None else affair.name
            row = next((b for b in grant.bases if b.row is not None and b.clause.startswith(f"{owner}/")), operative)
            text = f"「{name}」（分野: {said}）は、{spoken_day(days.first)}の番号法第9条第2項が挙げる分野に当たらない"
            yield text, row, days


def _listed(fields: frozenset[str], wording: str) -> bool:
    if ANY_FIELD.search(wording):
        return True
    return bool(fields) and all(name in WORDS and WORDS[name].search(wording) is not None for name in fields)


def _enabled(grant: Grant, operative: Citation | None) -> Iterator[tuple[str, Citation | None, Period]]:
    if Action.CARD in grant.actions:
        needed: tuple[tuple[str, tuple[str, ...]], ...] = (("番号法第18条", (CARD_AREA,)),)
    elif grant.holding is Holding.OTHER_AGENCY:
        needed = (("特定個人情報の提供を条例に委ねる番号法第19条の号", PROVISION),)
    elif grant.holding is Holding.NETWORK:
        needed = (
            ("番号法第9条第2項", (USE_BY_ORDINANCE,)),
            ("独自利用事務の情報連携を認める番号法第19条の号", INDEPENDENT_LINKAGE),
        )
    else:
        needed = (("番号法第9条第2項", (USE_BY_ORDINANCE,)),)
    for name, clauses in needed:
        rest = [grant.period]
        for basis in grant.bases:
            if basis.clause in clauses:
                rest = [left for period in rest for left in period.subtract(basis.in_force)]
        for days in rest:
            yield (
                f"条例に委ねる規定（{name}）が、{spoken_day(days.first)}に効力を持って根拠に入っていない",
                operative,
                days,
            )
