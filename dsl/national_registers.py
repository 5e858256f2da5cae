"""The registers of rules/: designations, assumptions, gates, practices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from dsl.diagnostics import Diagnostic
from dsl.register_reader import Reader, Value
from dsl.syntax import Span


@dataclass(frozen=True, slots=True)
class Membership:
    """One way to fall under a designation: kinds of body, which agency, and a qualification if any."""

    kinds: tuple[str, ...]
    agency: str  # 長, 執行機関 or the name of a committee
    requires: str | None
    body: str | None = None  # only this body (広島市 …)


@dataclass(frozen=True, slots=True)
class Designation:
    """A statutory designation of agencies: by membership (該当) or by members (構成)."""

    name: str
    memberships: tuple[Membership, ...]
    members: tuple[str, ...]
    defined_in: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class AssumptionEntry:
    """A doubt of the sources."""

    id: str
    text: str
    source: str
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class GateEntry:
    """A dated gate; `provision` ties a phrase such as 法附則第1条第4号 to its day."""

    id: str
    text: str
    first: date
    source: str
    assumption: str | None
    provision: str | None
    addresses: tuple[tuple[date, str], ...]
    planned: bool = False  # 種別 予定: the day a plan expects


def _list(path: str, text: str, read: Callable[[Reader, Value], object]) -> tuple[list[object], Reader]:
    reader = Reader(path)
    root = reader.load(text)
    return [read(reader, value) for value in reader.items(root)], reader


def read_designations(path: str, text: str) -> tuple[tuple[Designation, ...], tuple[Diagnostic, ...]]:
    """Read rules/designations.yaml."""

    def entry(reader: Reader, value: Value) -> Designation:
        members = reader.members(value, ("名称", "該当", "定義", "構成", "注", "出典", "国", "仮定"), ("名称",))
        memberships = []
        for way in reader.items(members.get("該当")):
            parts = reader.members(way, ("種類", "機関", "要件", "注", "団体"), ("種類", "機関"))
            memberships.append(
                Membership(
                    reader.texts(parts.get("種類")),
                    reader.text(parts.get("機関")),
                    reader.text(parts.get("要件")) or None,
                    reader.text(parts.get("団体")) or None,
                )
            )
        return Designation(
            reader.text(members.get("名称")),
            tuple(memberships),
            reader.texts(members.get("構成")),
            reader.text(members.get("定義")) or None,
            value.span,
        )

    entries, reader = _list(path, text, entry)
    return tuple(cast(list[Designation], entries)), tuple(reader.findings)


def read_assumptions(path: str, text: str) -> tuple[tuple[AssumptionEntry, ...], tuple[Diagnostic, ...]]:
    """Read rules/assumptions.yaml."""

    def entry(reader: Reader, value: Value) -> AssumptionEntry:
        members = reader.members(value, ("id", "内容", "出典", "期間", "注"), ("id", "内容", "出典"))
        days = reader.members(members.get("期間"), ("初日", "末日"))
        return AssumptionEntry(
            reader.text(members.get("id")),
            reader.text(members.get("内容")),
            reader.text(members.get("出典")),
            reader.day(days.get("初日")),
            reader.day(days.get("末日")),
        )

    entries, reader = _list(path, text, entry)
    return tuple(cast(list[AssumptionEntry], entries)), tuple(reader.findings)


@dataclass(frozen=True, slots=True)
class DutyEntry:
    """A practice that follows a decision without being worded as an article."""

    id: str
    text: str
    source: str
    scenes: tuple[str, ...]


def read_duties(path: str, text: str) -> tuple[tuple[DutyEntry, ...], tuple[Diagnostic, ...]]:
    """Read rules/duties.yaml."""

    def entry(reader: Reader, value: Value) -> DutyEntry:
        members = reader.members(value, ("id", "内容", "出典", "場面", "仮定", "注"), ("id", "内容", "出典", "場面"))
        return DutyEntry(
            reader.text(members.get("id")),
            reader.text(members.get("内容")),
            reader.text(members.get("出典")),
            reader.texts(members.get("場面")),
        )

    entries, reader = _list(path, text, entry)
    return tuple(cast(list[DutyEntry], entries)), tuple(reader.findings)


def read_gates(path: str, text: str) -> tuple[tuple[GateEntry, ...], tuple[Diagnostic, ...]]:
    """Read rules/gates.yaml."""

    def entry(reader: Reader, value: Value) -> GateEntry | None:
        members = reader.members(
            value, ("id", "内容", "初日", "出典", "仮定", "条項", "所在", "種別", "注"), ("id", "内容", "初日", "出典")
        )
        kind = reader.text(members.get("種別"), "実績")
        if kind not in ("実績", "予定"):
            reader.problem(
                "J0203", members["種別"].span, f"種別「{kind}」は読めません", "実績 か 予定 と書いてください。"
            )
        first = reader.day(members.get("初日"))
        if first is None:
            return None
        addresses = []
        for address in reader.items(members.get("所在")):
            parts = reader.members(address, ("初日", "条項"), ("初日", "条項"))
            day = reader.day(parts.get("初日"))
            if day is not None:
                addresses.append((day, reader.text(parts.get("条項"))))
        return GateEntry(
            reader.text(members.get("id")),
            reader.text(members.get("内容")),
            first,
            reader.text(members.get("出典")),
            reader.text(members.get("仮定")) or None,
            reader.text(members.get("条項")) or None,
            tuple(addresses),
            kind == "予定",
        )

    entries, reader = _list(path, text, entry)
    return tuple(e for e in cast(Sequence[GateEntry | None], entries) if e is not None), tuple(reader.findings)
