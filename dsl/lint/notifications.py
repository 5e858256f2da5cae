"""Notifications to the Commission against the ordinance (L0119) and against the law of each day (L0120)."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.lint.days import in_words, uncovered, union
from dsl.lint.finding import Lint, lint
from dsl.lint.view import View
from dsl.national_model import LinkItem, National
from dsl.organisation import NotificationEntry
from engine.japanese import canonical
from engine.period import Period
from engine.rule_set import Action


def check(view: View) -> Iterator[Lint]:
    """Every notification of the register that has taken effect."""
    if view.organisation is None:
        return
    for entry in view.organisation.notifications:
        if entry.effective is None or (entry.stopped and entry.ceased is None):
            continue
        period = Period(entry.effective, entry.ceased).intersect(view.nation.valid)
        if period is not None:
            yield from _affair(view, view.organisation.path, entry, period)
            yield from _information(view, view.organisation.path, entry, period)


def _affair(view: View, path: str, entry: NotificationEntry, period: Period) -> Iterator[Lint]:
    ids = {
        a.id
        for a in view.part.affairs.values()
        if entry.affair in (a.id, a.name, *a.aliases)
        or a.id == f"{view.part.body.code if view.part.body else ''}/{entry.affair}"
    }
    uses = [g.period for g in view.part.grants if g.affair in ids and Action.USE in g.actions and g.information is None]
    missing = uncovered([period], uses)
    if not missing or not ids:
        return
    after = missing[-1]
    ended = uses and after.last == period.last and all(u.last is not None and u.last < after.first for u in uses)
    yield lint(
        "L0119",
        path,
        entry.span,
        f"委員会に届け出た「{entry.affair}」は、{in_words(missing)}、条例の独自利用事務として認められていません",
        "事務がなくなった日で委員会に変更（取りやめ）を届け出て、登録簿に「中止日」を書いてください。"
        if ended
        else "条例と規則の施行の日と、届出の「効力発生日」を確かめてください。",
    )


def _information(view: View, path: str, entry: NotificationEntry, period: Period) -> Iterator[Lint]:
    opened: dict[str, list[Period]] = {}
    standing: list[Period] = []
    for on, national in view.nation.slices:
        item = _similar(national, entry.similar_to)
        if item is None:
            continue
        for pair in item.pairs:
            held = on.intersect(pair.period)
            if held is not None:
                standing.append(held)
                for name in pair.information:
                    opened.setdefault(name, []).append(held)
    gone = uncovered([period], standing)
    if gone:
        yield lint(
            "L0120",
            path,
            entry.span,
            f"準ずる事務「{entry.similar_to}」は、{in_words(gone)}、情報連携の表にありません",
            "その日からの法定事務に改めて届け出てください。",
        )
    for name in entry.information:
        left = uncovered(uncovered([period], gone), opened.get(name, ()))
        if left:
            open_ = "、".join(sorted(n for n, p in opened.items() if not uncovered(left, p))) or "ありません"
            yield lint(
                "L0120",
                path,
                entry.span,
                f"届け出た「{name}」は、{in_words(union(left))}、「{entry.similar_to}」で求められる情報にありません",
                f"その日からはこの情報を求められません。届出から除いてください。その日に求められる情報: {open_}",
            )


def _similar(national: National, name: str) -> LinkItem | None:
    """The item of a slice whose affair has, or on other days had, this address."""
    wanted = canonical(name)
    for affairs in (national.affairs, national.affairs_elsewhere):
        for affair in affairs.values():
            if affair.id in national.items and wanted in map(canonical, (affair.id, *affair.aliases)):
                return national.items[affair.id]
    return None
