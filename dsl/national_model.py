"""The national part under construction: what compilation of the Act collects, and municipal compilation reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from dsl.designations import Designations
from dsl.instrument import Instrument, values
from dsl.national_registers import DutyEntry
from dsl.regulation import Narrowing
from dsl.syntax import Annotation
from engine.period import Period
from engine.rule_set import (
    Action,
    Affair,
    Assumption,
    Citation,
    Clause,
    DeemedSubmission,
    Duty,
    Gate,
    Grant,
    Part,
    Party,
    Procedure,
    Prohibition,
    Void,
)


@dataclass(frozen=True, slots=True)
class LinkPair:
    """One pair of the linkage table: who provides which information, and the days on which the row stands."""

    holders: frozenset[str]
    information: tuple[str, ...]
    period: Period


@dataclass(frozen=True, slots=True)
class LinkItem:
    """One item (項) of the linkage table."""

    number: str
    affair: str
    parties: frozenset[str]
    pairs: tuple[LinkPair, ...]
    citation: Citation
    assumptions: tuple[str, ...]
    narrowings: tuple[Narrowing, ...] = ()  # what each procedure of the item opens, where that is at hand
    reading: tuple[str, ...] = ()  # what the narrowings rest on besides

    @property
    def information(self) -> tuple[str, ...]:
        """The information of every pair, each once."""
        return tuple(dict.fromkeys(n for pair in self.pairs for n in pair.information))


@dataclass(slots=True)
class National:
    """The national part under construction, and what municipal compilation needs of it."""

    act: Instrument
    designations: Designations
    affairs: dict[str, Affair] = field(default_factory=dict)
    procedures: dict[str, Procedure] = field(default_factory=dict)
    information: dict[str, str] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    voids: list[Void] = field(default_factory=list)
    duties: list[Duty] = field(default_factory=list)
    prohibitions: list[Prohibition] = field(default_factory=list)
    deemed: list[DeemedSubmission] = field(default_factory=list)
    gates: dict[str, Gate] = field(default_factory=dict)
    gate_days: dict[str, date] = field(default_factory=dict)  # provision of the Act → day
    gate_addresses: dict[str, tuple[tuple[date, str], ...]] = field(default_factory=dict)
    assumptions: dict[str, Assumption] = field(default_factory=dict)
    clauses: list[Clause] = field(default_factory=list)
    grounds: dict[str, tuple[Citation, ...]] = field(default_factory=dict)  # effect → citations
    ground_assumptions: dict[str, tuple[str, ...]] = field(default_factory=dict)  # effect → 仮定
    links: dict[str, list[Grant]] = field(default_factory=dict)  # the linkages among the grants by affair
    items: dict[str, LinkItem] = field(default_factory=dict)  # the linkage table by affair id
    rows: dict[str, str] = field(default_factory=dict)  # Table 1 row number → affair id
    affairs_elsewhere: dict[str, Affair] = field(default_factory=dict)  # affairs of other slices of time
    information_elsewhere: set[str] = field(default_factory=set)  # names of information of other slices
    opened_elsewhere: dict[str, set[str]] = field(default_factory=dict)  # affair → what its item opens in other slices

    @property
    def any_field(self) -> bool:
        """Whether Art. 9(2) leaves affairs of any field to ordinances in this slice: 「…防災に関する事務その他の事務であって」."""
        article = self.act.articles.get("9")
        paragraph = next((p for p in article.paragraphs if p.number == "2"), None) if article else None
        return paragraph is not None and any("事務その他の事務であって" in s.text.normal for s in paragraph.sentences)

    def rows_of(self, table: str) -> dict[str, str]:
        """The affairs of an appended table of the Act by row number; nothing when the Act has no such table in the slice."""
        if table not in self.act.tables:
            return {}
        return {item.number: item.affair for item in self.items.values()} if table == "2" else self.rows

    def practices(self, entries: Iterable[DutyEntry]) -> None:
        """Add the practices of rules/duties.yaml as duties."""
        for entry in entries:
            citation = Citation(entry.source, "取扱い", f"取扱い/{entry.id}", self.act.span)
            actions = frozenset(Action(s) for s in entry.scenes if s in set(Action))
            self.duties.append(Duty(entry.id, entry.text, citation, actions))

    def part(self) -> Part:
        """The finished national part."""
        names = {n for g in self.grants for n in g.parties | g.holders}
        parties = {n: Party(n, n, None, frozenset({n})) for n in sorted(names) if not self.designations.is_local(n)}
        return Part(
            body=None,
            parties=parties,
            affairs=self.affairs,
            procedures=self.procedures,
            information=self.information,
            grants=tuple(self.grants),
            voids=tuple(self.voids),
            duties=tuple(self.duties),
            prohibitions=tuple(self.prohibitions),
            deemed=tuple(self.deemed),
            gates=tuple(self.gates.values()),
            assumptions=self.assumptions,
            clauses=tuple(self.clauses),
        )


def assumed_by(*levels: Sequence[Annotation]) -> tuple[str, ...]:
    """The assumptions that annotations declare, each once."""
    return tuple(dict.fromkeys(v for level in levels for v in values(level, "仮定")))
