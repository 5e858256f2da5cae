"""What differs between two rule sets beside the lawfulness of requests and the standing of papers: registers and texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from engine.japanese import spoken_day

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from engine.period import Period
    from engine.rule_set import Part, RuleSet


class OtherChange(NamedTuple):
    """One thing that is another, gone (`new` None) or new (`old` None)."""

    body: str | None
    what: str
    name: str
    old: str | None
    new: str | None


def other_changes(old: RuleSet, new: RuleSet) -> tuple[OtherChange, ...]:
    """Every difference in what the parts register or say that is no grant and no paper's standing."""
    found: list[OtherChange] = []
    if old.valid != new.valid:
        found.append(OtherChange(None, "判断できる期間", "規則集", spoken(old.valid), spoken(new.valid)))
    for body in (None, *sorted({*old.bodies, *new.bodies})):
        sides = [_part(rule_set, body) for rule_set in (old, new)]
        for what, read in _READINGS:
            before, after = ({} if part is None else _read(read(part)) for part in sides)
            found.extend(
                OtherChange(body, what, name, before.get(name), after.get(name))
                for name in sorted({*before, *after})
                if before.get(name) != after.get(name)
            )
    return tuple(found)


def spoken(period: Period) -> str:
    """A period as ordinances write it."""
    until = "" if period.last is None else f"{spoken_day(period.last)}まで"
    return f"{spoken_day(period.first)}から{until}"


def _part(rule_set: RuleSet, body: str | None) -> Part | None:
    return rule_set.national if body is None else rule_set.bodies.get(body)


def _read(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for name, text in pairs:
        found.setdefault(name, []).append(text)
    return {name: "／".join(sorted(texts)) for name, texts in found.items()}


def _parties(part: Part) -> Iterable[tuple[str, str]]:
    for party in part.parties.values():
        doubt = f"（不明: {'、'.join(sorted(party.uncertain))}）" if party.uncertain else ""
        yield party.key, "、".join(sorted(party.designations)) + doubt


def _procedures(part: Part) -> Iterable[tuple[str, str]]:
    for procedure in part.procedures.values():
        where = "、".join(dict.fromkeys(c.label for c in procedure.citations))
        yield procedure.id, f"{where} {procedure.text}"


def _assessments(part: Part) -> Iterable[tuple[str, str]]:
    for entry in part.assessments:
        published = "未公表" if entry.published is None else f"{spoken_day(entry.published)}公表"
        changed = "" if entry.changed is None else f"、{spoken_day(entry.changed)}変更"
        incident = "、重大事故あり" if entry.incident else ""
        counts = f"対象人数{entry.persons}、取扱者数{entry.handlers}"
        yield entry.affair, f"{entry.level}（{published}{changed}、{counts}{incident}）"


_READINGS: tuple[tuple[str, Callable[[Part], Iterable[tuple[str, Any]]]], ...] = (
    ("機関", _parties),
    ("事務", lambda part: ((a.id, a.name) for a in part.affairs.values())),
    ("事務に及ぶ規定の範囲", lambda part: ((a.id, "、".join(sorted(a.scope))) for a in part.affairs.values())),
    ("手続", _procedures),
    ("義務", lambda part: ((d.id, f"{d.text}（{d.citation.label}）") for d in part.duties)),
    ("禁止", lambda part: ((p.citation.label, p.text) for p in part.prohibitions)),
    ("根拠にならない規定", lambda part: ((v.citation.label, v.reason) for v in part.voids)),
    ("情報の保有", lambda part: ((f"{h.party} {h.information}", h.affair) for h in part.holdings)),
    ("保護評価", _assessments),
    ("施行の節目", lambda part: ((g.text, spoken_day(g.first)) for g in part.gates)),
    ("仮定", lambda part: ((a.id, a.text) for a in part.assumptions.values())),
)
