"""What would be erased (試行), and what was (消去の証明書), in Japanese."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from engine.japanese import spoken_day
from linkage.retention import erasers, holds
from linkage.retention.rules import Rules, rules

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Line(msgspec.Struct, frozen=True):
    """One kind: how many, how many held back, and on what the period rests."""

    kind: str
    name: str
    count: int
    held: int
    end: str
    months: int
    basis: str
    method: str
    assumption: str | None


class Report(msgspec.Struct, frozen=True):
    """What is due before a day. `total` and `text` sum it up."""

    before: date
    lines: tuple[Line, ...]
    holds: int
    assumptions: tuple[tuple[str, str], ...]

    @property
    def total(self) -> int:
        """How many things would be erased."""
        return sum(line.count for line in self.lines)

    def text(self) -> str:
        """The report as it is read."""
        head = [
            f"消去の試行（{spoken_day(self.before)}より前に期限の来たもの）",
            "何も消していません。作業を命じると、次のものを消します。",
            "",
        ]
        body = [_said(line) for line in self.lines if line.count or line.held]
        if not body:
            body = ["消すものはありません。"]
        rest = ["", f"合計 {self.total:,}件。"]
        if self.holds:
            rest.append(f"本人の請求や争いのための保留が{self.holds}件あり、その人に関するものは消しません。")
        rest += [f"仮定 {id_}: {text}" for id_, text in self.assumptions]
        return "\n".join([*head, *body, *rest])


class Certificate(msgspec.Struct, frozen=True):
    """消去の証明書: what a job erased, by which order, when and how. Kept; its digest stands in the log."""

    job: str
    before: date
    operator: str
    started: str
    finished: str
    lines: tuple[Line, ...]
    operations: int

    def text(self) -> str:
        """The certificate as it is read."""
        total = sum(line.count for line in self.lines)
        return "\n".join(
            [
                "消去の証明書",
                f"作業 {self.job}",
                f"命じた者 {self.operator}",
                f"対象 {spoken_day(self.before)}より前に期限の来たもの",
                f"始め {self.started}　終わり {self.finished}　操作の数 {self.operations}",
                "",
                *(_said(line) for line in self.lines if line.count or line.held),
                "",
                f"合計 {total:,}件を、復元できない方法で消去した。判定と操作の記録の存在とその証明は残る。",
            ]
        )


def dry_run(connection: Connection, before: date, data: Rules | None = None) -> Report:
    """What is due before a day; nothing is changed."""
    data = data or rules()
    held = holds.held(connection)
    lines = tuple(
        line_of(
            kind.id, data, erasers.due(connection, kind, before, held), _held_back(connection, data, kind.id, before)
        )
        for kind in erasers.known(data)
    )
    named = {line.assumption for line in lines if line.count}
    assumptions = tuple((one.id, one.text) for one in data.assumptions if one.id in named)
    return Report(before, lines, len(holds.standing(connection)), assumptions)


def line_of(kind: str, data: Rules, count: int, held: int) -> Line:
    """The line of a kind."""
    rule = data.kind(kind)
    return Line(kind, rule.name, count, held, rule.end, rule.months, rule.basis, rule.method, rule.assumption)


def held_back(connection: Connection, before: date, data: Rules) -> dict[str, int]:
    """How many of each kind are due, and kept because of a hold."""
    return {kind.id: _held_back(connection, data, kind.id, before) for kind in data.kinds}


def _held_back(connection: Connection, data: Rules, kind: str, before: date) -> int:
    held = holds.held(connection)
    if not held:
        return 0
    rule = data.kind(kind)
    return erasers.due(connection, rule, before, ()) - erasers.due(connection, rule, before, held)


def _said(line: Line) -> str:
    period = "" if not line.months else f"から{_months(line.months)}"
    held = f"（ほかに保留 {line.held:,}件）" if line.held else ""
    return f"・{line.name} {line.count:,}件{held}　期限: {line.end}{period}　根拠: {line.basis}　方法: {line.method}"


def _months(months: int) -> str:
    return f"{months // 12}年" if months % 12 == 0 else f"{months}か月"
