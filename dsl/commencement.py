"""Entry into force: the days an instrument and its provisions enter into force, from the 附則."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from dsl.editions import heading
from dsl.findings import Findings
from dsl.instrument import Instrument, day_of, value
from dsl.national_model import National
from dsl.syntax import Commencement, Document, EntryIntoForce, InstrumentKind, ProvisionRef, Span
from engine.period import Period


def commence(instrument: Instrument, national: National, findings: Findings) -> None:
    """Fill `instrument.commencements` from the first 附則 (or 〔施行 日〕); what cannot be told is a finding.

    Args:
        instrument: a municipal instrument.
        national: for days tied to the Act's own entry into force (法附則第1条第4号 …).
        findings: where to report.
    """
    for formula, paragraph in instrument.entry_formulas():
        fixed = value(paragraph.annotations, "施行") if _left_open(formula.commencement) else None
        day = day_of(fixed) if fixed else _day(instrument, formula.commencement, national, findings, paragraph.span)
        if day is None:
            continue
        period = Period(formula.applied_from or day)
        if not formula.provisions:
            instrument.commencements[""] = period
        for ref in formula.provisions:
            key = _key(instrument, ref)
            if key is None:
                findings.add(
                    "J0326",
                    instrument,
                    ref.span,
                    "施行期日を定めている条項が、この文書にありません",
                    "条・項・別表の番号を確かめてください。番号が正しければ、その条を書き加えてください。",
                )
            else:
                instrument.commencements[key] = period
    declared = value(instrument.document.annotations, "施行")
    day = day_of(declared) if declared else None
    if day is not None:
        instrument.commencements.setdefault("", Period(day))
    start = instrument.commencements.get("")
    if start is None and _misread(instrument.document):
        return  # the sentence that should say the day is reported where it stands
    if start is None:
        findings.add(
            "J0313",
            instrument,
            _heading(instrument),
            "施行期日の定めがありません",
            "附則に「この条例は、平成28年1月1日から施行する。」のように書いてください。",
        )
    elif start.first < date(2016, 1, 1) and instrument.kind is InstrumentKind.ORDINANCE:
        findings.add(
            "J0312",
            instrument,
            _heading(instrument),
            "番号法第9条の施行（平成28年1月1日）より前に施行することになっています",
            "平成28年1月1日以後の日にしてください。それより前の日には何も認められません。",
        )


def _misread(document: Document) -> bool:
    """Whether a sentence on the entry into force could not be read."""
    paragraphs = [
        p for s in document.supplementary for p in (*s.paragraphs, *(p for a in s.articles for p in a.paragraphs))
    ]
    return any(s.formula is None and "施行" in s.text.raw for p in paragraphs for s in p.sentences)


def _left_open(commencement: Commencement) -> bool:
    """Whether the day is left to another norm (規則で定める日)."""
    return commencement.day is None and not commencement.on_promulgation and commencement.with_provision is None


def _heading(instrument: Instrument) -> Span:
    for formula, paragraph in instrument.entry_formulas():
        if not formula.provisions:
            return paragraph.span
    return heading(instrument.document)


def begins_by_amendment(document: Document, gate_days: Mapping[str, date]) -> date | None:
    """The first day of an edition by its last 附則, that of the amendment: entry into force, or the day it applies from.

    Args:
        document: the edition.
        gate_days: provisions of the Act whose entry into force other norms name, with their day.

    Returns:
        None when the 附則 does not say, or ties the day to something unknown.
    """
    supplementary = document.supplementary[-1]
    for paragraph in [*supplementary.paragraphs, *(p for a in supplementary.articles for p in a.paragraphs)]:
        for sentence in paragraph.sentences:
            formula = sentence.formula
            if not isinstance(formula, EntryIntoForce) or formula.provisions:
                continue
            if formula.applied_from is not None:
                return formula.applied_from
            commencement = formula.commencement
            if commencement.day is not None:
                return commencement.day
            written = value(paragraph.annotations, "施行")
            if commencement.on_promulgation:
                written = value(supplementary.annotations, "公布") or written
            if written:
                return day_of(written)
            ref = commencement.with_provision
            return gate_days.get(_provision_words(ref)) if ref else None
    return None


def _day(
    instrument: Instrument, commencement: Commencement, national: National, findings: Findings, span: Span
) -> date | None:
    if commencement.day is not None:
        return commencement.day
    if commencement.on_promulgation:
        promulgated = instrument.document.annotation("公布")
        day = day_of(promulgated) if promulgated else None
        if day is None:
            findings.add(
                "J0313",
                instrument,
                span,
                "「公布の日」がいつか分かりません",
                "文書の頭に〔公布 平成27年12月22日〕と書いてください。",
            )
        return day
    ref = commencement.with_provision
    if ref is None:
        findings.add(
            "J0313",
            instrument,
            span,
            "規則などで定める施行の日が分かりません",
            "その日が決まったら、段落の末尾に〔施行 平成29年7月1日〕と書いてください。それまでは何も認められません。",
        )
        return None
    known = national.gate_days.get(_provision_words(ref))
    if known is None:
        findings.add(
            "J0313",
            instrument,
            span,
            f"{_provision_words(ref)}の施行の日が分かりません",
            "rules/gates.yaml にその日を加えるか、段落の末尾に〔施行 平成29年5月30日〕と書いてください。",
        )
    return known


def _provision_words(ref: ProvisionRef) -> str:
    if ref.article is None:
        return f"{ref.law or '法'}の施行の日"
    words = (ref.law or "法") + ("附則" if ref.supplementary else "")
    for number, counter in ((ref.article, "条"), (ref.paragraph, "項"), (ref.item, "号")):
        if number:
            words += f"第{number.split('-')[0]}{counter}" + "".join(f"の{n}" for n in number.split("-")[1:])
    return words


def _key(instrument: Instrument, ref: ProvisionRef) -> str | None:
    if ref.article is None:
        return None
    if ref.article.startswith("別表"):
        return ref.article if ref.article.removeprefix("別表") in instrument.tables else None
    article = instrument.articles.get(ref.article)
    if article is None:
        return None
    if ref.paragraph is None:
        return ref.article
    return f"{ref.article}/{ref.paragraph}" if any(p.number == ref.paragraph for p in article.paragraphs) else None
