"""Days of entry into force that cannot be right: before the ground (L0108), before promulgation (L0109), two days (L0121), far off (L0129)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from dsl.instrument import day_of
from dsl.lint.finding import AMENDS, Lint, lint
from dsl.lint.view import Edition, Passage, View
from dsl.normalise import wareki_of
from dsl.syntax import CardUse, EntryIntoForce, InstrumentKind, ProvisionToOtherAgency, ScopeOfIndependentUse, Span

#: a kind of sentence, and the ground of the Act that enables it
_ENABLING = (
    (ScopeOfIndependentUse, "ordinance_use"),
    (ProvisionToOtherAgency, "agency_provision"),
    (CardUse, "card_area"),
)


#: no ordinance is put off for longer than this
_YEARS = 5


def check(view: View) -> Iterator[Lint]:
    """The commencement of every instrument and of every operative sentence."""
    for passage in view.passages:
        yield from _before_ground(view, passage)
    for edition in view.editions:
        yield from _before_ordinance(view, edition)
        yield from _days(edition)
        yield from _far_off(edition)


def _far_off(edition: Edition) -> Iterator[Lint]:
    """A day long after the earliest day of the same 附則: 令和29年 for 平成29年."""
    for supplementary in edition.document.supplementary:
        paragraphs = [*supplementary.paragraphs, *(p for a in supplementary.articles for p in a.paragraphs)]
        dated = [
            (sentence, formula.commencement.day)
            for paragraph in paragraphs
            for sentence in paragraph.sentences
            if isinstance(formula := sentence.formula, EntryIntoForce) and formula.commencement.day is not None
        ]
        written = edition.document.annotation("公布") if supplementary is edition.document.supplementary[0] else None
        promulgated = day_of(written) if written else None
        first = min([day for _, day in dated] + ([promulgated] if promulgated else []), default=None)
        for sentence, day in dated:
            if first is not None and day.year - first.year > _YEARS:
                yield lint(
                    "L0129",
                    edition.path,
                    sentence.text.span,
                    f"施行期日が{wareki_of(day)}です。{wareki_of(first)}から{_YEARS}年より先です",
                    "元号と年を確かめてください（令和29年は平成29年の書き誤りではありませんか）。" + AMENDS,
                )


def _before_ground(view: View, passage: Passage) -> Iterator[Lint]:
    if passage.edition.kind is not InstrumentKind.ORDINANCE:
        return
    for kind, effect in _ENABLING:
        if not isinstance(passage.formula, kind):
            continue
        grounds = [c for _, national in view.nation.slices for c in national.grounds.get(effect, ())]
        first = min((c.in_force.first for c in grounds), default=None)
        if first is not None and passage.days.first < first:
            yield lint(
                "L0108",
                passage.edition.path,
                passage.sentence.text.span,
                f"{passage.label}は{wareki_of(passage.days.first)}に施行されますが、根拠の{grounds[0].label}の施行は{wareki_of(first)}です",
                f"{wareki_of(first)}以後の日から施行してください。" + AMENDS,
            )


def _before_ordinance(view: View, edition: Edition) -> Iterator[Lint]:
    """A 規則 in force before the ordinance that enables it."""
    parents = view.parents(edition) if edition.kind is not InstrumentKind.ORDINANCE else ()
    began = [s.first for p in parents if (s := p.instrument.commencements.get(""))]
    own = edition.instrument.commencements.get("")
    if own is not None and began and own.first < min(began):
        yield lint(
            "L0108",
            edition.path,
            _entry(edition),
            f"この文書は{wareki_of(own.first)}に施行されますが、根拠の{parents[0].instrument.short}の施行は{wareki_of(min(began))}です",
            "条例の施行の日以後に施行してください。" + AMENDS,
        )


def _entry(edition: Edition) -> Span:
    for formula, paragraph in edition.instrument.entry_formulas():
        if not formula.provisions:
            return paragraph.sentences[0].text.span
    return edition.document.span


def _days(edition: Edition) -> Iterator[Lint]:
    promulgated = edition.document.annotation("公布")
    day = day_of(promulgated) if promulgated else None
    days: dict[tuple[str, ...], date] = {}
    for index, supplementary in enumerate(edition.document.supplementary):
        days.clear()
        paragraphs = [*supplementary.paragraphs, *(p for a in supplementary.articles for p in a.paragraphs)]
        for paragraph in paragraphs:
            for sentence in paragraph.sentences:
                formula = sentence.formula
                if not isinstance(formula, EntryIntoForce) or formula.commencement.day is None:
                    continue
                begins = formula.commencement.day
                # the 〔公布〕 of the heading is that of the instrument, not of a later amendment
                if index == 0 and day is not None and begins < day and formula.applied_from is None:
                    yield lint(
                        "L0109",
                        edition.path,
                        sentence.text.span,
                        f"施行期日（{wareki_of(begins)}）が、公布の日（{wareki_of(day)}）より前です",
                        "遡って適用するのなら「公布の日から施行し、…から適用する。」と書いてください。〔公布 …〕の日も確かめてください。"
                        + AMENDS,
                    )
                for key in _keys(formula):
                    held = days.setdefault(key, begins)
                    if held != begins:
                        yield lint(
                            "L0121",
                            edition.path,
                            sentence.text.span,
                            f"同じ規定の施行期日が、{wareki_of(held)}と{wareki_of(begins)}の二通りに書かれています",
                            "どちらかの日を消してください。" + AMENDS,
                        )


def _keys(formula: EntryIntoForce) -> list[tuple[str, ...]]:
    if not formula.provisions:
        return [("",)]
    return [(r.article or "", r.paragraph or "", r.item or "") for r in formula.provisions]
