"""Rows that leave something to a 規則: days without one (L0101), and information that no 規則 takes up (L0118)."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.findings import Findings
from dsl.information import information_in
from dsl.lint.days import in_words, uncovered, within
from dsl.lint.finding import Lint, lint
from dsl.lint.view import Edition, StandingRow, View
from dsl.phrases import delegation
from dsl.place import table_word
from dsl.regulation import Narrowing, Regulations, TargetRow
from dsl.syntax import Cell, Row
from engine.period import Period

_STATE = "主務省令"


def check(view: View) -> Iterator[Lint]:
    """Every row that leaves its affairs or its information to a 規則, against the texts of the 規則."""
    narrowings = _narrowings(view)
    for row in view.rows:
        delegated = next((d for r in row.rows for c in r.cells if (d := _delegated(c))), None)
        if delegated is None:
            continue
        found = narrowings.get((row.edition.path, row.clause), [])
        covers = [n.period for n in found]
        missing = uncovered(row.days, covers)
        where = f"{table_word(row.table)}の{row.row.number.replace('-', 'の')}の項"
        if missing:
            yield lint(
                "L0101",
                row.edition.path,
                row.row.span,
                f"{where}は{delegated}に委ねていますが、{in_words(missing)}は、それを受ける{delegated}がありません",
                f"その日にも{where}の{delegated}で定める事務を定めるか、項が要らなくなったのなら項の末尾に"
                "〔期間 …まで〕を書いて（公布された条例では改正して）閉じてください。",
            )
        yield from _information(row, found, where, covers)


def _delegated(cell: Cell) -> str | None:
    found = delegation(cell.text.raw.strip())
    return found if found != _STATE else None


def _narrowings(view: View) -> dict[tuple[str, str], list[Narrowing]]:
    """What the 規則 say of each row, by the file of the ordinance and the row."""
    found: dict[tuple[str, str], list[Narrowing]] = {}
    rows = _rows_by_edition(view)
    for regulation in view.regulations:
        for parent in view.parents(regulation):
            span = parent.instrument.span
            if regulation.instrument.span.intersect(span) is None:
                continue
            reading = Regulations(Findings())
            targets = rows.get(parent.path, [])
            reading.read(regulation.instrument, parent.instrument, targets)
            for target in targets:
                found.setdefault((parent.path, target.key), []).extend(
                    n for n in reading.of(target.key) if n.period.intersect(span)
                )
    return found


def _rows_by_edition(view: View) -> dict[str, list[TargetRow]]:
    found: dict[str, list[TargetRow]] = {}
    for row in view.rows:
        target = TargetRow(row.edition.instrument, row.table, row.row, row.clause)
        found.setdefault(row.edition.path, []).append(target)
    return found


def _information(row: StandingRow, found: list[Narrowing], where: str, covers: list[Period]) -> Iterator[Lint]:
    """The information of delegated cells that no item of the 規則 takes up, or not on every day."""
    standing = [run for cover in covers for run in within(row.days, cover)]
    taken: dict[str, list[Period]] = {}
    for narrowing in found:
        for granted in narrowing.information or ():
            taken.setdefault(granted.name, []).append(narrowing.period)
    for one in row.rows:
        for cell in one.cells:
            if _delegated(cell) is None or cell.continued:
                continue
            names = [n for n in information_in(cell) if n.endswith(("情報", "事項"))]
            for name in names:
                left = uncovered(standing, taken.get(name, ()))
                if left:
                    yield _untaken(row.edition, one, cell, name, where, left, never=name not in taken)


def _untaken(
    edition: Edition, row: Row, cell: Cell, name: str, where: str, left: tuple[Period, ...], *, never: bool
) -> Lint:
    at = cell.text.raw.find(name)
    span = edition.place(cell.text, at, at + len(name)) if at >= 0 else row.span
    days = "" if never else f"、{in_words(left)}は"
    return lint(
        "L0118",
        edition.path,
        span,
        f"{where}の「{name}」は{_delegated(cell)}に委ねられていますが{days}、{_delegated(cell)}のどの号も定めていません",
        f"規則の号に「{name}」を定めるか、使わないのなら欄から除いてください。",
    )
