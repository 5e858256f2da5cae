"""What the organisation register adds to the law: notifications, holdings, consent, impact assessments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING

import msgspec

from dsl.findings import nearest
from dsl.granting import TAX, USES, assessment_condition, gate_citations, is_pension, network_limits
from dsl.national_model import LinkItem
from dsl.operative import add_grant
from dsl.place import Entry
from dsl.syntax import Span
from engine.japanese import canonical
from engine.period import Period
from engine.rule_set import (
    Action,
    Citation,
    Condition,
    Fact,
    Grant,
    GrantedInformation,
    Holding,
    Holdings,
    ImpactAssessment,
    Literal,
)

if TYPE_CHECKING:
    from dsl.municipal import Municipality


def affair_key(m: Municipality, name: str) -> str | None:
    """The affair a register names: by id, citation or wording."""
    for table in (m.affairs, m.national.affairs, m.national.affairs_elsewhere):
        for affair in table.values():
            if name in (affair.id, affair.name, *affair.aliases) or affair.id == f"{m.code}/{name}":
                return affair.id
    return None


def register_affair(m: Municipality, name: str, span: Span) -> str | None:
    """Like `affair_key`; an unknown affair is a finding of the register."""
    key = affair_key(m, name)
    if key is None:
        known = [a for affair in (*m.affairs.values(), *m.national.affairs.values()) for a in affair.aliases]
        hint = nearest(name, known)
        m.findings.add(
            "J0319",
            m.organisation.path,
            span,
            f"「{name}」という事務はありません",
            f"「{hint}」の誤りではありませんか。" if hint else "条例の行の〔事務 …〕と同じ名前を書いてください。",
        )
    return key


def linkages(m: Municipality) -> None:
    """Linkages of independent use, from the notifications to the PPC (委員会規則第3条)."""
    for entry in m.organisation.notifications:
        effect = Period(entry.effective or m.national.gates["trial-operation"].first, entry.ceased)
        if effect.intersect(m.national.act.span) is None:
            continue
        key = register_affair(m, entry.affair, entry.span)
        item = _similar(m, entry.similar_to)
        if item is None:
            m.findings.add(
                "J0302",
                m.organisation.path,
                entry.span,
                f"準ずる事務「{entry.similar_to}」は、番号法別表第二にも利用特定個人情報提供命令第2条の表にもありません",
                "例: 番号法別表第二/9、利用特定個人情報提供命令第2条の表の13の項",
            )
        if key is None or item is None:
            continue
        open_ = set(item.information)
        for beyond in [n for n in entry.information if n not in open_]:
            other_days = beyond in m.national.opened_elsewhere.get(item.affair, ())
            m.findings.add(
                "J0302" if other_days else "J0320",
                m.organisation.path,
                entry.span,
                f"「{beyond}」は、{item.citation.label}で求められる情報にありません",
                f"求められる情報: {'、'.join(sorted(open_))}",
            )
        if entry.stopped and entry.ceased is None:
            continue
        _linkage(
            m,
            key,
            item,
            [n for n in entry.information if n in open_],
            effect,
            notified=entry.effective is not None,
        )


def _similar(m: Municipality, name: str) -> LinkItem | None:
    """The item of the linkage table in force whose affair has, or on other days had, this address."""
    wanted = canonical(name)
    for affairs in (m.national.affairs, m.national.affairs_elsewhere):
        for affair in affairs.values():
            if affair.id in m.national.items and wanted in map(canonical, (affair.id, *affair.aliases)):
                return m.national.items[affair.id]
    return None


def _linkage(
    m: Municipality, affair: str, item: LinkItem, names: Sequence[str], period: Period, *, notified: bool
) -> None:
    uses = m.uses.get(affair, ())
    addresses = m.national.gate_addresses.get("independent-linkage", ())
    ground = gate_citations(m.national, "independent-linkage")
    if not addresses or not uses:
        return
    gate = m.national.gates["independent-linkage"]
    rules = _by_provision(m.national.grounds.get("independent_linkage", ()))
    for pair in item.pairs:
        for name in (n for n in pair.information if n in names):
            bounds = network_limits(m.national, local=True, pension=is_pension(name, pair.holders))
            open_: Period | None = period
            for limit, _ in bounds:
                open_ = open_.intersect(limit.period) if open_ else None
            assumed = [*(a for _, ids in bounds for a in ids), *item.assumptions]
            for use, address in product(_widest(uses), ground):
                add_grant(
                    m,
                    frozenset({Action.LINK, Action.STORE}),
                    use.parties,
                    Entry(affair, None, None, (), period, (), None),
                    open_.intersect(use.period) if open_ else None,
                    [[address], *rules, *([basis] for basis in use.bases), [item.citation]],
                    information=frozenset({GrantedInformation(name)}),
                    procedures=use.procedures,
                    holding=Holding.NETWORK,
                    holders=pair.holders,
                    conditions=(*use.conditions, *_before_linkage(m, address, name, notified=notified)),
                    limits=tuple(b for b, _ in bounds),
                    assumptions=[*use.assumptions, *assumed, *([gate.assumption] if gate.assumption else [])],
                )


def _by_provision(citations: Sequence[Citation]) -> list[list[Citation]]:
    """The provisions of the Commission's rule on which the linkage rests besides the Act, each with its addresses in turn."""
    found: dict[str, list[Citation]] = {}
    for citation in citations:
        found.setdefault(citation.clause, []).append(citation)
    return list(found.values())


def _widest(uses: Sequence[Grant]) -> Iterator[Grant]:
    """The uses that no other use of the list covers: by agency, procedure, day and condition."""
    for index, use in enumerate(uses):
        covering = (o for at, o in enumerate(uses) if _covers(o, use) and (at < index or not _covers(use, o)))
        if not any(covering):
            yield use


def _covers(wide: Grant, narrow: Grant) -> bool:
    procedures = wide.procedures is None or (narrow.procedures is not None and narrow.procedures <= wide.procedures)
    always = set(wide.conditions) <= set(narrow.conditions)
    days = narrow.period.intersect(wide.period) == narrow.period
    return procedures and always and days and narrow.parties <= wide.parties


def _before_linkage(m: Municipality, address: Citation, name: str, *, notified: bool) -> Iterator[Condition]:
    """What must hold before the linkage of independent use, cited at the ground's address of the day."""
    assessed = assessment_condition(m.national, "assessment_before_linkage", address.in_force)
    if assessed is not None:
        yield assessed
    if name == TAX:
        yield consent_condition(address)
    if not notified:
        yield _notification_condition(address)


def own_information(m: Municipality) -> None:
    """Information an agency holds for an affair may be used for that very affair (目的内の利用)."""
    uses = [g for g in (*m.national.grants, *m.grants) if Action.USE in g.actions and g.information is None]
    for holding in m.organisation.holdings:
        key = register_affair(m, holding.affair, holding.span)
        party = m.parties.get(f"{m.code}/{holding.agency}")
        if party is None:
            m.unknown_agency(holding.agency, m.instruments[0], holding.span)
            continue
        if key is None:
            continue
        for use in uses:
            if use.affair == key and use.parties & party.designations:
                m.grants.append(
                    Grant(
                        id=f"{use.id}!own#{holding.agency}#{holding.information}",
                        actions=USES,
                        parties=frozenset({party.key}),
                        affair=use.affair,
                        period=use.period,
                        bases=use.bases,
                        clause=f"{use.clause}!own",
                        procedures=use.procedures,
                        information=frozenset({GrantedInformation(holding.information)}),
                        holding=Holding.OWN,
                        conditions=use.conditions,
                        limits=use.limits,
                        assumptions=use.assumptions,
                        statutory=use.statutory,
                    )
                )


def consents(m: Municipality) -> None:
    """地方税法第22条: tax information needs consent where the applicant has no duty to report it."""
    for entry in m.organisation.consents:
        key = register_affair(m, entry.affair, entry.span)
        if key is None:
            continue
        changed: list[Grant] = []
        for grant in m.grants:
            touched = grant.affair == key and any(g.name == entry.information for g in grant.information or ())
            if not touched or any(c.literal.fact == Fact.CONSENT for c in grant.conditions):
                changed.append(grant)
                continue
            changed.extend(_with_consent(grant, entry.information))
        m.grants[:] = changed


def holdings(m: Municipality) -> Iterator[Holdings]:
    """The holdings of the register, by affair key."""
    for entry in m.organisation.holdings:
        key = affair_key(m, entry.affair)
        if key is not None:
            yield Holdings(f"{m.code}/{entry.agency}", entry.information, key, entry.section)


def assessments(m: Municipality) -> Iterator[ImpactAssessment]:
    """The impact assessments of the register, by affair key."""
    for entry in m.organisation.assessments:
        key = register_affair(m, entry.affair, entry.span)
        if key is not None:
            yield ImpactAssessment(
                key, entry.level, entry.published, entry.persons, entry.handlers, entry.incident, entry.changed
            )


def consent_condition(citation: Citation) -> Condition:
    """Consent to the use of tax information (地方税法第22条)."""
    return Condition(
        "consent",
        Literal(Fact.CONSENT, True),
        "地方税関係情報について、必要な者の同意があること（地方税法第22条の守秘義務）",
        citation,
        "本人（手続により世帯員等）の同意を得る",
    )


def _notification_condition(citation: Citation) -> Condition:
    return Condition(
        "ppc-notified",
        Literal(Fact.PPC_NOTIFIED, True),
        "個人情報保護委員会への届出の効力が生じていること",
        citation,
        "個人情報保護委員会に届け出る",
    )


def _with_consent(grant: Grant, name: str) -> Iterator[Grant]:
    needing = frozenset(g for g in grant.information or () if g.name == name)
    rest = (grant.information or frozenset()) - needing
    if rest:
        yield msgspec.structs.replace(grant, information=rest)
    yield msgspec.structs.replace(
        grant,
        id=f"{grant.id}!consent",
        information=needing,
        conditions=(*grant.conditions, consent_condition(grant.bases[0])),
    )
