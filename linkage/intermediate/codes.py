"""The register of codes: what JM, JT, TM, TK and agency codes mean in the words of the rule set."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from linkage.intermediate.refusals import IntermediateRefused
from linkage.network import registers
from linkage.records import Ground, Named, Office


class AffairCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """JM: the affairs of the rule set it stands for, and the item of Art. 19 it links by."""

    code: str
    name: str
    affairs: tuple[str, ...]
    ground: Ground


class ProcedureCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """JT: a procedure of an affair; without number, the affair as a whole."""

    code: str
    name: str
    affair: str
    procedure: str | None = None


class ItemCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """TK: one item of an information."""

    code: str
    name: str


class InformationCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """TM: an information by its name in the law."""

    code: str
    name: str
    items: tuple[ItemCode, ...]


class AgencyEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An agency: its code, and how the rule set calls it."""

    code: str
    name: str
    party: str
    agency: str
    designations: tuple[str, ...]
    municipality: str | None = None
    holding: str | None = None  # the affair for which it holds what it provides

    @property
    def body(self) -> str | None:
        """Code of its municipality; None for a national one."""
        return self.party.partition("/")[0] if "/" in self.party else None

    def office(self, section: str | None = None) -> Office:
        """As a provision record names it."""
        return Office(self.name, self.code, section)


class Assumption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That the codes are not the nation's."""

    id: str
    text: str
    source: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    assumption: Assumption
    affairs: tuple[AffairCode, ...]
    procedures: tuple[ProcedureCode, ...]
    information: tuple[InformationCode, ...]
    agencies: tuple[AgencyEntry, ...]


E_ = TypeVar("E_", AffairCode, ProcedureCode, InformationCode, AgencyEntry)


class Codes:
    """Finds entries by code. Unknown codes are refused (N0104)."""

    def __init__(self, file: _File) -> None:
        self.assumption = file.assumption
        self._affairs = _by_code(file.affairs)
        self._procedures = _by_code(file.procedures)
        self._information = _by_code(file.information)
        self._agencies = _by_code(file.agencies)

    def affair(self, code: str) -> AffairCode:
        """JM."""
        return _found(self._affairs, code)

    def procedure(self, code: str, affair: str) -> ProcedureCode:
        """JT, of this affair."""
        found = _found(self._procedures, code)
        if found.affair != affair:
            raise IntermediateRefused("N0104", given=code)
        return found

    def information(self, code: str) -> InformationCode:
        """TM."""
        return _found(self._information, code)

    def agency(self, code: str) -> AgencyEntry:
        """An agency."""
        return _found(self._agencies, code)

    def agencies(self) -> tuple[AgencyEntry, ...]:
        """Every agency."""
        return tuple(self._agencies.values())

    def subjects(self) -> tuple[str, ...]:
        """Everything an impact assessment can be about here: affairs (JM) and kinds of information (TM)."""
        return (*self._affairs, *self._information)

    def items(self, information: str, codes: tuple[str, ...]) -> tuple[Named, ...]:
        """TK items of an information, with their names."""
        known = self._items.get(information, {})
        for code in codes:
            if code not in known:
                raise IntermediateRefused("N0111", given=code)
        return tuple(Named(code, known[code]) for code in codes)

    @cached_property
    def _items(self) -> dict[str, dict[str, str]]:
        return {one.code: {item.code: item.name for item in one.items} for one in self._information.values()}


def _by_code(entries: tuple[E_, ...]) -> dict[str, E_]:
    found = {entry.code: entry for entry in entries}
    if len(found) != len(entries):
        raise ValueError("コードの登録簿に、同じコードが二つある")
    return found


def _found(entries: Mapping[str, E_], code: str) -> E_:
    entry = entries.get(code)
    if entry is None:
        raise IntermediateRefused("N0104", given=code[:20])
    return entry


def load(file: Path) -> Codes:
    """Read a register.

    Raises:
        ValueError: When it cannot be read.
    """
    value: Any = registers.read(file)
    try:
        return Codes(msgspec.convert(value, type=_File))
    except msgspec.ValidationError as error:
        raise ValueError(f"コードの登録簿 {file.name} を読めません（{error}）") from None


@cache
def demonstration() -> Codes:
    """The demonstration's register, with fictional codes."""
    return load(Path(__file__).with_name("codes.yaml"))
