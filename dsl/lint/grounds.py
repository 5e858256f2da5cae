"""Grants against grants: receivers without a ground to use the number (L0106), rows within other rows (L0107)."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.lint.days import in_words, uncovered, union
from dsl.lint.finding import Lint, lint
from dsl.lint.view import StandingRow, View
from dsl.place import table_word
from engine.period import Period
from engine.rule_set import Action, Grant, Holding


def check(view: View) -> Iterator[Lint]:
    """The grants of every row of the ordinances."""
    of_row: dict[str, list[Grant]] = {}
    for grant in view.part.grants:
        for basis in grant.bases:
            if basis.table is not None:
                of_row.setdefault(basis.clause, []).append(grant)
    uses: dict[str, list[Grant]] = {}
    for grant in (*view.nation.part.grants, *view.part.grants):
        if Action.USE in grant.actions and grant.information is None:
            uses.setdefault(grant.affair, []).append(grant)
    told: set[str] = set()
    for row in view.rows:
        yield from _receiver(view, row, of_row.get(row.clause, []), uses)
        if row.clause not in told:
            told.add(row.clause)
            yield from _within(view, row, of_row)


def where(row: StandingRow) -> str:
    """A row as its ordinance calls it: 別表第1の2の項."""
    return f"{table_word(row.table)}の{row.row.number.replace('-', 'の')}の項"


def _receiver(view: View, row: StandingRow, grants: list[Grant], uses: dict[str, list[Grant]]) -> Iterator[Lint]:
    """Provision to an agency that must be able to use the number for the affair on that day (法19条の条例の号)."""
    missing: dict[str, list[Period]] = {}
    for grant in grants:
        if Action.TRANSFER not in grant.actions or grant.holding is not Holding.OTHER_AGENCY:
            continue
        for key in grant.parties:
            for days in _without_use(view, grant, key, uses):
                stood = [p for on in row.days if (p := days.intersect(on))]
                missing.setdefault(key, []).extend(stood)
    for key, days_ in sorted(missing.items()):
        if days_:
            yield lint(
                "L0106",
                row.edition.path,
                row.row.span,
                f"{where(row)}で提供を受ける{view.part.parties[key].name}は、{in_words(union(days_))}、この事務に個人番号を利用できません",
                "その機関の独自利用事務の行（法第9条第2項）を設けるか、法律の事務との対応（〔対応 …〕）を確かめてください。",
            )


def _without_use(view: View, grant: Grant, key: str, uses: dict[str, list[Grant]]) -> tuple[Period, ...]:
    affair = next(a[grant.affair] for a in (view.part.affairs, view.nation.part.affairs) if grant.affair in a)
    party = view.part.parties[key]
    designations = party.designations | party.uncertain
    covers = [u.period for id_ in affair.scope for u in uses.get(id_, ()) if u.parties & designations]
    return uncovered([grant.period], covers)


def _within(view: View, row: StandingRow, of_row: dict[str, list[Grant]]) -> Iterator[Lint]:
    """A row all of whose grants another row of its table gives too."""
    own = of_row.get(row.clause, [])
    for other in view.rows:
        same_table = other.edition is row.edition and other.table.number == row.table.number
        if not own or not same_table or other.clause == row.clause:
            continue
        theirs = of_row.get(other.clause, [])
        if not all(any(_covers(t, g) for t in theirs) for g in own):
            continue
        mutual = all(any(_covers(g, t) for g in own) for t in theirs)
        if mutual and other.row.span.line > row.row.span.line:
            continue  # of two equal rows the later is told
        yield lint(
            "L0107",
            row.edition.path,
            row.row.span,
            f"{where(row)}が認めることは、すべて{where(other)}も認めています",
            "どちらかの行を除くか、機関・事務・情報のどれを分けるつもりだったかを確かめてください。",
        )
        return


def _covers(wide: Grant, narrow: Grant) -> bool:
    return (
        wide.affair == narrow.affair
        and wide.actions >= narrow.actions
        and wide.parties >= narrow.parties
        and wide.holding is narrow.holding
        and wide.holders >= narrow.holders
        and wide.bases[0].clause == narrow.bases[0].clause
        and (wide.procedures is None or (narrow.procedures is not None and wide.procedures >= narrow.procedures))
        and _information(wide, narrow)
        and set(wide.conditions) <= set(narrow.conditions)
        and set(wide.bars) <= set(narrow.bars)
        and narrow.period.intersect(wide.period) == narrow.period
    )


def _information(wide: Grant, narrow: Grant) -> bool:
    if wide.information is None or narrow.information is None:
        return wide.information is narrow.information
    return wide.information >= narrow.information
