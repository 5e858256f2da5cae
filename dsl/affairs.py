"""The affairs an ordinance names, by row or item: their identity, wording and field (法9条2項)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dsl.instrument import Instrument, value, values
from dsl.phrases import without_delegation, without_parentheses
from dsl.place import affair_cell, placed, row_annotations, table_word
from dsl.regulation import TargetItem, TargetRow
from dsl.syntax import Annotation, Article, CardUse, Cell, Item, Paragraph, Row, ScopeOfIndependentUse, Span, Table
from engine.japanese import canonical
from engine.rule_set import Affair

if TYPE_CHECKING:
    from dsl.municipal import Municipality

#: the fields of Art. 9(2)
FIELDS = ("福祉", "保健", "医療", "社会保障", "地方税", "防災", "類する事務")
#: what the Act left to ordinances besides, when its wording became 「その他の事務」 (2023-06-09)
ANY_OTHER = "その他の事務"


def declare_rows(m: Municipality, ordinance: Instrument) -> None:
    """Declare the affair of every row of the ordinance's tables."""
    within = [placed(p.table, a, p) for a in ordinance.document.articles for p in a.paragraphs if p.table is not None]
    tables = [*within, *ordinance.document.tables]
    for table in tables:
        seen: set[str] = set()
        for row in table.rows:
            if row.deleted or row.continuation:
                continue
            if row.number in seen:
                m.findings.add(
                    "J0310", ordinance, row.span, f"{row.number}の項が二度あります", "項の番号を改めてください。"
                )
            seen.add(row.number)
            text = affair_cell(row, table)
            affair = _identify(m, ordinance, table, row, text)
            m.targets.append(TargetRow(ordinance, table, row, affair))


def _identify(m: Municipality, ordinance: Instrument, table: Table, row: Row, cell: Cell | None) -> str:
    annotations = row_annotations(row)
    text = without_delegation(cell.text.raw.strip()) if cell else ""
    match = value(annotations, "対応")
    if match:
        known = _known_affair(m, match)
        if known is None:
            m.findings.add(
                "J0302",
                ordinance,
                row.span,
                f"{match} という項は番号法の別表にありません",
                "項番号を確かめてください。",
            )
        else:
            return known
    named = value(annotations, "事務")
    statutory = same_statutory(m, text)
    if named is None and statutory:
        return statutory
    if named is None:
        same = next((a for a in m.affairs.values() if text and a.name == text), None)
        if same:
            return same.id
        named = f"{table_word(table)}/{row.number}"
    if named in m.national.affairs:
        return named
    if statutory:
        m.findings.add(
            "J0309",
            ordinance,
            row.span,
            f"「{text}」は番号法の別表に掲げられた法定事務です",
            f"独自利用事務から外すか、〔対応 {statutory}〕としてください。",
        )
    _declare(m, ordinance, table, row, named, text, annotations)
    return f"{m.code}/{named}"


def _known_affair(m: Municipality, address: str) -> str | None:
    """The statutory affair that has, or on other days had, an address such as 番号法別表第一/15."""
    wanted = canonical(address)
    for affairs in (m.national.affairs, m.national.affairs_elsewhere):
        for affair in affairs.values():
            if any(canonical(name) == wanted for name in (affair.id, *affair.aliases)):
                return affair.id
    return None


def same_statutory(m: Municipality, text: str) -> str | None:
    """The statutory affair worded exactly so, or None."""
    return next((a.id for a in m.national.affairs.values() if text and a.name == text), None)


def _declare(
    m: Municipality,
    ordinance: Instrument,
    table: Table,
    row: Row,
    named: str,
    text: str,
    annotations: Sequence[Annotation],
) -> None:
    key = f"{m.code}/{named}"
    fields = frozenset(f for v in values(annotations, "分野") for f in v.split())
    _check_fields(m, ordinance, row.span, text, fields, declared=key in m.affairs)
    label = f"{ordinance.short}{ordinance.table_heading(table)}の{row.number.replace('-', 'の')}の項"
    held = m.affairs.get(key)
    if held is None:
        m.affairs[key] = Affair(key, text, frozenset({key}), (named, label), fields, statutory=False)
        return
    if without_parentheses(text) != without_parentheses(held.name):
        m.findings.add(
            "J0322",
            ordinance,
            row.span,
            f"〔事務 {named}〕が、別の文言の事務にも付いています",
            f"先の行は「{held.name[:40]}」です。同じ事務なら文言をそろえ、別の事務なら印を分けてください。",
        )
    m.affairs[key] = Affair(key, held.name, held.scope, (*held.aliases, label), held.fields | fields, statutory=False)


def _check_fields(
    m: Municipality, instrument: Instrument, span: Span, text: str, fields: frozenset[str], *, declared: bool
) -> None:
    for name in fields - {*FIELDS, ANY_OTHER}:
        m.findings.add(
            "J0306",
            instrument,
            span,
            f"分野「{name}」は番号法第9条第2項にありません",
            f"使える分野は {'・'.join((*FIELDS, ANY_OTHER))} です。",
        )
    if not fields and not declared:
        m.findings.add(
            "J0307",
            instrument,
            span,
            f"「{text[:30]}」に分野の印がありません",
            "行の末尾に〔分野 福祉〕のように書き加えてください。",
        )


def declare_items(m: Municipality, ordinance: Instrument) -> None:
    """Declare the affairs that an ordinance lists in items instead of a table."""
    for article in ordinance.document.articles:
        for paragraph in article.paragraphs:
            formula = next(
                (s.formula for s in paragraph.sentences if isinstance(s.formula, ScopeOfIndependentUse | CardUse)), None
            )
            if formula is None:
                continue
            for item in paragraph.items:
                named = value(item.annotations, "事務") or f"{article.number}.{paragraph.number}.{item.number}"
                key = _list_item(m, ordinance, article, paragraph, item, named, card=isinstance(formula, CardUse))
                m.targets.append(TargetItem(ordinance, article.number, paragraph.number, item.number, key))


def _list_item(
    m: Municipality,
    ordinance: Instrument,
    article: Article,
    paragraph: Paragraph,
    item: Item,
    named: str,
    *,
    card: bool,
) -> str:
    text = without_delegation(item.text.raw.strip())
    statutory = same_statutory(m, text)
    if statutory or named in m.national.affairs:
        return statutory or named
    key = f"{m.code}/{named}"
    fields = frozenset(f for v in values(item.annotations, "分野") for f in v.split())
    if not card:
        _check_fields(m, ordinance, item.span, text, fields, declared=key in m.affairs)
    label = ordinance.cite_provision(ordinance.span, article, paragraph, item)[0].label
    m.affairs.setdefault(key, Affair(key, text, frozenset({key}), (named, label), fields, statutory=False))
    return key
