"""Affairs of independent use that the law itself came to open (L0102): 法定事務 and 準法定事務."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from dsl.editions import standing
from dsl.instrument import value
from dsl.lint.days import in_words, union, within
from dsl.lint.finding import AMENDS, Edit, Fix, Lint, lint
from dsl.lint.view import StandingRow, View
from dsl.normalise import normalise
from dsl.phrases import without_delegation, without_parentheses
from dsl.place import affair_cell, row_annotations, table_word
from dsl.syntax import Span
from engine.period import Period
from engine.rule_set import Action

_BY_LAW = re.compile(r"([^、]*?法)(?:第\d+条[^、]*?)?(?:の規定)?(?:による|に基づく|により行う)")
_LIKE_LAW = re.compile(r"([^、]*?法)(?:の規定)?に準じて行う")
_BEFORE_ACTS = re.compile(r".*(?:による|に基づく|により行う|に準じて行う|に係る|に対する)")
_JOINED = re.compile(r"、|又は|及び|並びに|若しくは")
_AFFAIR = re.compile(r"(?:の取扱いに準じた.*)?(?:に関する事務|の事務)?$")
_NOUN = re.compile(r"[一-龥々]{2,}")


class _Wording(NamedTuple):
    """An affair by its words: the law it is done by, the acts, and for whom."""

    law: str | None
    like: str | None  # the law after whose manner it is done
    acts: tuple[frozenset[str], ...]  # each as worded, and with the verb that it shares with those behind it
    subject: frozenset[str]


@lru_cache(4096)
def wording(text: str) -> _Wording:
    """The parts of an affair's wording that tell whether two affairs are the same."""
    plain = without_parentheses(normalise(without_delegation(text)).text)
    plain = re.sub(r"(?:の取扱に準じた|の取扱いに準じた).*", "", plain)
    plain = _AFFAIR.sub("", plain)
    like = _LIKE_LAW.search(plain)
    by = None if like else _BY_LAW.search(plain)
    before = _BEFORE_ACTS.match(plain)
    acts = _acts(plain[before.end() :] if before else plain)
    law = _law(by.group(1)) if by else None
    named = _law(like.group(1)) if like else None
    subject = frozenset(_NOUN.findall(before.group() if before else "")) - {law or "", named or ""}
    return _Wording(law, named, acts, frozenset(s for s in subject if not s.endswith("法")))


def _acts(text: str) -> tuple[frozenset[str], ...]:
    """児童手当又は特例給付の支給 → 児童手当（の支給）, 特例給付の支給."""
    found: list[frozenset[str]] = []
    verb = ""
    for act in reversed([a for a in _JOINED.split(text) if a]):
        if "の" in act:
            verb = act[act.rindex("の") :]
            found.append(frozenset({act}))
        else:
            found.append(frozenset({act, act + verb}))
    return tuple(found)


def _law(text: str) -> str:
    """The title of a law at the end of a phrase (生活に困窮する外国人に対する生活保護法 → 生活保護法)."""
    return re.split(r"(?:に対する|に係る|であって|する)", text)[-1]


def same(own: str, statutory: str) -> bool:
    """Whether an affair of an ordinance is one that the law words.

    By one law: all its acts are among those of the statutory affair. After the manner of a law, for persons: the statutory
    affair names the same persons, no law, and all its acts.
    """
    mine, theirs = wording(own), wording(statutory)
    known = frozenset().union(*theirs.acts)
    if not mine.acts or not all(act & known for act in mine.acts):
        return False
    if mine.law is not None:
        return mine.law == theirs.law
    if mine.like is not None and theirs.law is None:
        return len(mine.subject) > 1 and mine.subject <= theirs.subject
    return False


def check(view: View) -> Iterator[Lint]:
    """Every row on the affairs of independent use, against the affairs of the law on each day."""
    for row in view.rows:
        if not row.grants_use or value(row_annotations(row.row), "対応"):
            continue
        cell = affair_cell(row.row, row.table)
        if cell is None:
            continue
        text = without_delegation(cell.text.raw.strip())
        named = value(row_annotations(row.row), "事務")
        if named is None or any(named in national.affairs for _, national in view.nation.slices):
            continue  # it names the statutory affair itself: no row of independent use
        found = _statutory(view, row, text)
        if found:
            yield _told(row, cell.text.span, text, found)


def _statutory(view: View, row: StandingRow, text: str) -> list[tuple[Period, str]]:
    """The days of the row on which the law opens the affair to its agency, with the provisions that do."""
    designations = _designations(view, row)
    found: list[tuple[Period, str]] = []
    for on, national in view.nation.slices:
        ids = {a.id for a in national.affairs.values() if a.name == text or same(text, a.name)}
        if not ids:
            continue
        for grant in national.grants:
            if Action.USE in grant.actions and grant.affair in ids and grant.parties & designations:
                period = grant.period.intersect(on)
                label = grant.bases[min(1, len(grant.bases) - 1)].label
                found += [(p, label) for p in within(row.days, period)] if period else []
    return found


def _designations(view: View, row: StandingRow) -> frozenset[str]:
    parties = {k for g in view.part.grants for b in g.bases if b.clause == row.clause for k in g.parties}
    chosen = [p for k, p in view.part.parties.items() if not parties or k in parties]
    return frozenset(d for p in chosen for d in p.designations)


def _told(row: StandingRow, span: Span, text: str, found: list[tuple[Period, str]]) -> Lint:
    days = union(p for p, _ in found)
    grounds = "、".join(dict.fromkeys(label for _, label in found))
    first = days[0].first
    where = f"{table_word(row.table)}の{row.row.number.replace('-', 'の')}の項"
    fix = None
    begins = min(p.first for p in row.days)
    if first > begins and standing(row_annotations(row.row)) is None:
        line = row.row.span
        end = Span(line.line, line.end_column, line.line, line.end_column)
        from datetime import timedelta

        last = first - timedelta(days=1)
        fix = Fix((Edit(end, f" 〔期間 {last.isoformat()}まで〕"),))
    return lint(
        "L0102",
        row.edition.path,
        span,
        f"{where}の事務は、{in_words(days)}、法律の事務です（{grounds}）",
        "その日からは独自利用事務から外してください。案の文書では、項の末尾に〔期間 …まで〕を書くと、その日で閉じます。"
        + AMENDS,
        fix,
    )
