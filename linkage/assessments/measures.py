"""The data of the rules on impact assessments: exemptions, important changes, steps, periods, and what each act needs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from linkage.acts import ACTS, Kind
from linkage.network import registers
from linkage.people.requirements import Assumption


class Exemption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that needs no assessment (規則4条). `applies`: a municipality's agency may have such a file."""

    id: str
    item: str
    applies: bool
    text: str
    source: str


class ChangeKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of change, and whether it needs an assessment before it (規則11条)."""

    id: str
    important: bool
    text: str
    source: str
    assumption: str | None = None


class Serious(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What makes an incident serious."""

    persons: int
    intentional: bool
    assumption: str
    source: str

    def met(self, persons: int, *, intentional: bool) -> bool:
        """Whether an incident is."""
        return persons >= self.persons or (self.intentional and intentional)


class Full(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The steps of a local body's 全項目評価."""

    comment_days: int
    assumption: str
    source: str


class Review(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """After how many months it is an effort duty to look again, and to assess again."""

    yearly_months: int
    again_months: int
    assumption: str
    source: str


class EmergencyTime(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a file may be held before its assessment, in a disaster."""

    days: int
    assumption: str
    source: str


class Measures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The data of measures.yaml."""

    exemptions: tuple[Exemption, ...]
    changes: tuple[ChangeKind, ...]
    serious: Serious
    full: Full
    review: Review
    emergency: EmergencyTime
    acts: Mapping[str, Literal["hold", "network"]]
    assumptions: tuple[Assumption, ...]

    def exemption(self, id_: str) -> Exemption | None:
        """The exemption of an id, when a municipality may rely on it."""
        return next((one for one in self.exemptions if one.id == id_ and one.applies), None)

    def change(self, id_: str) -> ChangeKind | None:
        """The kind of change of an id."""
        return next((one for one in self.changes if one.id == id_), None)


def load(file: Path) -> Measures:
    """Read the data.

    Raises:
        ValueError: When it cannot be read, or names an act or an assumption that is none.
    """
    try:
        found = msgspec.convert(registers.read(file), type=Measures)
    except msgspec.ValidationError as error:
        raise ValueError(f"保護評価の値 {file.name} を読めません（{error}）") from None
    acts = {name for name, entry in ACTS.items() if entry.kind is Kind.ACT}
    named: set[str | None] = {change.assumption for change in found.changes}
    named |= {found.serious.assumption, found.full.assumption, found.review.assumption, found.emergency.assumption}
    unknown = set(found.acts) - acts
    unknown |= {str(name) for name in named - {None} - {one.id for one in found.assumptions}}
    if unknown:
        raise ValueError(f"保護評価の値 {file.name} に、知られていない名前がある: {'、'.join(sorted(unknown))}")
    return found


@cache
def measures() -> Measures:
    """Those of the product."""
    return load(Path(__file__).with_name("measures.yaml"))
