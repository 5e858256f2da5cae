"""Statutory designations of agencies: what a phrase in a table reaches, and what a party falls under."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from dsl.national_registers import Designation
from dsl.organisation import HEADS
from dsl.phrases import agencies, without_parentheses
from engine.rule_set import Party

#: designations every agency of a local government that the head or a committee is falls under
EXECUTIVE = "地方公共団体の長その他の執行機関"


class Designations:
    """The designations of rules/designations.yaml, with their members resolved."""

    def __init__(self, entries: Iterable[Designation]) -> None:
        self._entries = {without_parentheses(e.name): e for e in entries}

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    @property
    def names(self) -> tuple[str, ...]:
        """Every registered designation."""
        return tuple(self._entries)

    def expand(self, name: str) -> frozenset[str]:
        """The designation and everything it is defined to comprise, at any depth."""
        found: set[str] = set()
        queue = [name]
        while queue:
            current = queue.pop()
            if current in found:
                continue
            found.add(current)
            entry = self._entries.get(current)
            if entry is not None:
                queue.extend(without_parentheses(m) for m in entry.members)
        return frozenset(found)

    def of(self, text: str) -> frozenset[str]:
        """The designations that a cell's phrase reaches."""
        whole = without_parentheses(text)
        if whole in self._entries:
            return self.expand(whole)
        found: set[str] = set()
        for part in agencies(text):
            found |= self.expand(part.defines or part.name)
            if part.defines:
                found |= self.expand(part.name)
            for included in part.includes:
                found |= self.expand(re.sub(r"^.*(?:に規定する|の規定により)", "", included))
        return frozenset(found)

    def is_local(self, name: str) -> bool:
        """Whether the designation can be an agency of a local government."""
        return any(self._entries[n].memberships for n in self.expand(name) if n in self._entries)

    def can_be_municipal(self, names: Iterable[str]) -> bool:
        """Whether any of the designations can be an agency of a municipality (市町村・特別区)."""
        return any(
            set(way.kinds) & {"市", "町", "村", "特別区"}
            for name in names
            if name in self._entries
            for way in self._entries[name].memberships
            if way.body is None
        )

    def party(
        self, code: str, body_name: str, kind: str, agency: str, qualifications: Mapping[str, bool | None]
    ) -> Party:
        """The party that an agency of a local government is.

        A qualification (福祉事務所 …) that the register leaves open makes the designation uncertain.
        """
        certain = {f"{code}/{agency}", agency, f"{body_name}{agency}", EXECUTIVE}
        uncertain: set[str] = set()
        head = HEADS[kind]
        if agency == head:
            certain.add(f"{body_name}長" if kind != "都道府県" else f"{body_name}知事")
        for name, entry in self._entries.items():
            for way in entry.memberships:
                if kind not in way.kinds or way.body not in (None, body_name):
                    continue
                if way.agency not in (agency, "執行機関") and not (way.agency == "長" and agency == head):
                    continue
                holds = True if way.requires is None else qualifications.get(way.requires)
                if holds:
                    certain.add(name)
                elif holds is None:
                    uncertain.add(name)
        return Party(f"{code}/{agency}", agency, code, frozenset(certain), frozenset(uncertain - certain))
