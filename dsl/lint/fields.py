"""Fields of affairs that Art. 9(2) does not hold on every day of the row (L0117)."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.affairs import ANY_OTHER
from dsl.instrument import values
from dsl.lint.days import in_words, uncovered
from dsl.lint.finding import AMENDS, Lint, lint
from dsl.lint.grounds import where
from dsl.lint.view import View
from dsl.place import row_annotations
from engine.period import Period


def check(view: View) -> Iterator[Lint]:
    """Every row on the affairs of independent use whose only field is the one of the later wording."""
    opened = _opened(view)
    for row in view.rows:
        fields = [f for v in values(row_annotations(row.row), "分野") for f in v.split()]
        if not row.grants_use or fields != [ANY_OTHER]:
            continue
        outside = uncovered(row.days, opened)
        if outside:
            yield lint(
                "L0117",
                row.edition.path,
                row.row.span,
                f"{where(row)}の分野「{ANY_OTHER}」は、{in_words(outside)}、番号法第9条第2項にありません",
                "その日に「その他これらに類する事務」に当たるのなら〔分野 類する事務〕としてください。当たらないのなら、その日より後から施行してください。"
                + AMENDS,
            )


def _opened(view: View) -> list[Period]:
    """The days on which Art. 9(2) speaks of 「その他の事務」."""
    return [on for on, national in view.nation.slices if national.any_field]
