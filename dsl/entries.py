"""What a phrase of an ordinance leads to: rows, items and statutory affairs, with days and citations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dsl.affairs import ANY_OTHER, same_statutory
from dsl.granting import fact_conditions
from dsl.instrument import values
from dsl.phrases import delegation, without_delegation
from dsl.place import Entry, Place, row_annotations, table_word
from dsl.reading import declared_effect
from dsl.syntax import (
    ColumnRef,
    Exclusion,
    ForwardScope,
    Item,
    ItemsBelow,
    LinkageTerm,
    NamedAffair,
    Row,
    Table,
    TableRef,
    UseWithinAgency,
    Whose,
)
from engine.rule_set import Action, Affair

if TYPE_CHECKING:
    from dsl.municipal import Municipality


def entries(m: Municipality, at: Place, phrase: object, exclusions: Sequence[Exclusion] = ()) -> Iterator[Entry]:
    """The affairs that a phrase names, each with its row, days and narrowings."""
    excluded = _excluded(m, exclusions)
    for entry in _all_entries(m, at, phrase):
        if entry.affair in excluded:
            continue
        affair = m.affairs.get(entry.affair)
        if affair is not None and affair.fields == {ANY_OTHER} and not m.national.any_field:
            entry = replace(entry, void=f"番号法第9条第2項が{ANY_OTHER}を条例に委ねる前の")
        yield entry


def _all_entries(m: Municipality, at: Place, phrase: object) -> Iterator[Entry]:
    match phrase:
        case ColumnRef(table=TableRef(whose=Whose.ACT, number=number)):
            yield from _statutory_entries(m, number, phrase, at)
        case ColumnRef(table=ref):
            table = m.table(ref, at.instrument, at.paragraph, at.article)
            for row in table.rows if table else ():
                if not row.deleted and not row.continuation and table is not None:
                    yield from _row_entry(m, at, table, row, phrase)
        case LinkageTerm(span=span):
            if "2" in m.national.act.tables:
                m.findings.add(
                    "J0302",
                    at.instrument,
                    span,
                    "特定個人番号利用事務は、令和6年5月26日までの番号法にありません",
                    "同日までの規定では「法別表第2の第2欄に掲げる事務」と書いてください。",
                )
            else:
                yield from _linkage_entries(m, at)
        case ItemsBelow():
            for item in at.paragraph.items:
                if declared_effect(item.annotations) is None:
                    yield _item_entry(m, at, item)
        case NamedAffair(text=text):
            yield _named_entry(m, at, text)
        case ForwardScope(to=provisions):
            for provision in provisions:
                yield from _forward(m, at, provision.article or at.article.number, provision.paragraph or "1")
        case _:
            return


def _row_entry(m: Municipality, at: Place, table: Table, row: Row, ref: ColumnRef) -> Iterator[Entry]:
    cell = m.cell(ref, row, table, at.instrument)
    clause = at.instrument.clause(table=table.number, row=row.number)
    target = next((t for t in m.targets if t.key == clause), None)
    period = at.instrument.in_force(table.annotations, row_annotations(row), keys=(f"別表{table.number}",))
    period = period.intersect(at.period) if period else None
    if cell is None or target is None or period is None:
        return
    narrowings = m.regulations.of(target.key)
    void = None
    rows = tuple(r for r in table.rows if r.number == row.number and not r.deleted)
    delegated = [d for c in row.cells if (d := delegation(c.text.raw.strip())) and d != "主務省令"]
    if delegated and not narrowings:
        void = f"{delegated[0]}で定めるものを定める{delegated[0]}がない"
        m.findings.add(
            "J0308",
            at.instrument,
            row.span,
            f"{table_word(table)}の{row.number.replace('-', 'の')}の項は{delegated[0]}に委ねていますが、それを受ける{delegated[0]}がありません",
            f"{delegated[0]}に「条例{table_word(table)}の{row.number.replace('-', 'の')}の項の{delegated[0]}で定める事務は、…とする。」と定めてください。",
        )
    citation = at.instrument.cite_row(period, table, row)
    m.effective.add(citation.clause)
    yield Entry(
        target.affair,
        row,
        table,
        ([citation],),
        period,
        narrowings,
        void,
        assumptions=tuple(v for level in (table.annotations, row_annotations(row)) for v in values(level, "仮定")),
        rows=rows,
        conditions=fact_conditions(row_annotations(row), cell.text.raw, citation),
    )


def _statutory_entries(m: Municipality, number: str, ref: ColumnRef, at: Place) -> Iterator[Entry]:
    if number not in m.national.act.tables:
        m.findings.add(
            "J0302",
            at.instrument,
            ref.span,
            f"番号法に{_act_table(number)}はありません",
            "番号法の別表は、令和6年5月26日までは第一と第二、令和6年5月27日からは一つ（法別表）です。"
            "別表第2の事務は、同日から「特定個人番号利用事務」といいます。",
        )
        return
    if number == "2":
        yield from _linkage_entries(m, at)
        return
    for grant in m.national.grants:
        if Action.USE in grant.actions and len(grant.bases) > 1 and grant.bases[1].table == number:
            yield Entry(grant.affair, None, None, ([grant.bases[1]],), at.period, (), None, grant.parties)


def _linkage_entries(m: Municipality, at: Place) -> Iterator[Entry]:
    """The affairs of the linkage table in force in the slice, with what may be asked for each."""
    for item in m.national.items.values():
        for stands in dict.fromkeys(p.period for p in item.pairs):
            names = tuple(dict.fromkeys(n for p in item.pairs if p.period == stands for n in p.information))
            period = at.period.intersect(stands)
            if period is not None:
                yield Entry(
                    item.affair,
                    None,
                    None,
                    ([item.citation],),
                    period,
                    item.narrowings,
                    None,
                    item.parties,
                    names,
                    (*item.assumptions, *item.reading),
                )


def _act_table(number: str) -> str:
    return f"別表第{number}" if number else "別表（番号の付かない一つの別表）"


def _item_entry(m: Municipality, at: Place, item: Item) -> Entry:
    citation = at.instrument.cite_provision(at.period, at.article, at.paragraph, item)
    clause = at.instrument.clause(at.article.number, at.paragraph.number, item.number)
    affair = next(t.affair for t in m.targets if t.key == clause)
    narrowings = m.regulations.of(clause)
    delegated = delegation(item.text.raw.strip())
    void = None
    if delegated and delegated != "主務省令" and not narrowings:
        void = f"{delegated}で定めるものを定める{delegated}がない"
        where = citation[0].label.removeprefix(at.instrument.short)
        m.findings.add(
            "J0308",
            at.instrument,
            item.span,
            f"{where}は{delegated}に委ねていますが、それを受ける{delegated}がありません",
            f"{delegated}に「条例{where}の{delegated}で定める事務は、…とする。」と定めてください。",
        )
    m.effective.add(citation[0].clause)
    conditions = fact_conditions(item.annotations, item.text.raw, citation[0])
    return Entry(affair, None, None, (citation,), at.period, narrowings, void, conditions=conditions)


def _named_entry(m: Municipality, at: Place, text: str) -> Entry:
    bare = without_delegation(text)
    key = same_statutory(m, bare) or next((a.id for a in m.affairs.values() if a.name == bare), None)
    if key is None:
        named = f"{at.article.number}.{at.paragraph.number}"
        key = f"{m.code}/{named}"
        m.affairs[key] = Affair(key, bare, frozenset({key}), (named,), frozenset(), statutory=False)
    return Entry(key, None, None, (), at.period, (), None)


def _forward(m: Municipality, at: Place, article_number: str, paragraph_number: str) -> Iterator[Entry]:
    article = at.instrument.articles.get(article_number)
    for paragraph in article.paragraphs if article else ():
        if paragraph.number != paragraph_number or article is None:
            continue
        for sentence in paragraph.sentences:
            if isinstance(sentence.formula, UseWithinAgency):
                there = replace(at, article=article, paragraph=paragraph)
                for entry in _all_entries(m, there, sentence.formula.affairs):
                    parties = m.agencies(sentence.formula.agencies, entry.row, entry.table, at.instrument)
                    yield replace(entry, statutory_parties=entry.statutory_parties or parties)


def _excluded(m: Municipality, exclusions: Sequence[Exclusion]) -> frozenset[str]:
    found: set[str] = set()
    for exclusion in exclusions:
        known = _rows(m, exclusion.table.number if exclusion.table else "1")
        rows = exclusion.rows or tuple(known)
        for row in rows:
            if row in known and row not in exclusion.excepted:
                found |= {a.id for a in m.national.affairs.values() if known[row] in a.scope}
        found -= {
            a.id
            for row in exclusion.excepted
            if row in known
            for a in m.national.affairs.values()
            if known[row] in a.scope
        }
    return frozenset(found)


def _rows(m: Municipality, number: str) -> dict[str, str]:
    """The affairs of an appended table of the Act by row number, also of a table of other days.

    An exclusion goes on excluding the affair when its row has gone to another table: what it cuts out must not come back.
    """
    if number in m.national.act.tables:
        return m.national.rows_of(number)
    heading = f"{m.national.act.short}{_TABLES.get(number, f'別表第{number}')}/"
    return {
        alias.removeprefix(heading): affair.id
        for affairs in (m.national.affairs_elsewhere, m.national.affairs)
        for affair in affairs.values()
        for alias in affair.aliases
        if alias.startswith(heading)
    }


#: how the affairs of an appended table are addressed
_TABLES = {"1": "別表第一", "2": "別表第二", "": "別表"}
