"""Papers: the documents a procedure asks for, and the clauses that deem them submitted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dsl.information import know
from dsl.instrument import Instrument, value
from dsl.phrases import persons_and_information
from dsl.syntax import (
    Annotation,
    Article,
    DeemedSubmission,
    InstrumentKind,
    Paragraph,
    ProvisionRef,
    RequiredDocuments,
    Whose,
)
from engine import rule_set

if TYPE_CHECKING:
    from dsl.municipal import Municipality

#: which kind of norm demands a paper, when the text does not say
_DEMANDED_BY = {
    InstrumentKind.ORDINANCE: "条例",
    InstrumentKind.REGULATION: "規則",
    InstrumentKind.GUIDELINE: "規程",
    InstrumentKind.NOTICE: "規程",
}


def deemed_clauses(municipality: Municipality) -> Iterator[rule_set.DeemedSubmission]:
    """Every deemed-submission clause of the ordinances, with the clauses that trigger it."""
    for ordinance in municipality.ordinances:
        for article in ordinance.document.articles:
            for paragraph in article.paragraphs:
                for sentence in paragraph.sentences:
                    if isinstance(sentence.formula, DeemedSubmission):
                        yield from _deemed(municipality, ordinance, article, paragraph, sentence.formula)


def _deemed(
    municipality: Municipality, ordinance: Instrument, article: Article, paragraph: Paragraph, formula: DeemedSubmission
) -> Iterator[rule_set.DeemedSubmission]:
    period = ordinance.in_force(
        article.annotations, paragraph.annotations, keys=(article.number, f"{article.number}/{paragraph.number}")
    )
    if period is None:
        return
    triggers = set()
    for ref in formula.triggers:
        number = ref.article or article.number
        target = ordinance.articles.get(number)
        if target is None or (ref.paragraph and all(p.number != ref.paragraph for p in target.paragraphs)):
            municipality.findings.add(
                "J0302",
                ordinance,
                ref.span,
                "みなし規定が引く条項がこの条例にありません",
                "条と項の番号を確かめてください。",
            )
            continue
        triggers |= {ordinance.clause(number, p.number) for p in target.paragraphs if ref.paragraph in (None, p.number)}
    granting = {g.clause for g in municipality.grants if g.information is not None}
    if not triggers & granting:
        municipality.findings.add(
            "J0311",
            ordinance,
            paragraph.span,
            "みなし規定が引く条項は、特定個人情報の利用も提供も認めていません",
            "引く項の番号（第2項、前項など）を確かめてください。",
        )
    for citation in ordinance.cite_provision(period, article, paragraph):
        municipality.effective.add(citation.clause)
        yield rule_set.DeemedSubmission(
            citation.clause, citation, frozenset(triggers), formula.covers, citation.in_force
        )


def required_documents(municipality: Municipality) -> Iterator[rule_set.RequiredDocument]:
    """Every document that the instruments of the body ask for."""
    for instrument in municipality.instruments:
        for article in instrument.document.articles:
            for paragraph in article.paragraphs:
                for sentence in paragraph.sentences:
                    if isinstance(sentence.formula, RequiredDocuments):
                        levels = (article.annotations, paragraph.annotations, sentence.annotations)
                        yield from _documents(municipality, instrument, article, paragraph, sentence.formula, levels)


def _documents(
    municipality: Municipality,
    instrument: Instrument,
    article: Article,
    paragraph: Paragraph,
    formula: RequiredDocuments,
    levels: Sequence[Sequence[Annotation]],
) -> Iterator[rule_set.RequiredDocument]:
    period = instrument.in_force(*levels, keys=(article.number, f"{article.number}/{paragraph.number}"))
    target = _target(municipality, instrument, formula)
    if period is None or target is None:
        return
    affair, procedures = target
    annotations = [a for level in levels for a in level]
    demanded = value(annotations, "義務付け") or _DEMANDED_BY.get(instrument.kind, "規程")
    for item in paragraph.items:
        citation = instrument.cite_provision(period, article, paragraph, item)[0]
        for proved in _proofs(item.annotations):
            know(municipality, proved.name, instrument, item.span)
        assumed = dict.fromkeys(v for a in (*annotations, *item.annotations) if a.name == "仮定" for v in (a.value,))
        yield rule_set.RequiredDocument(
            id=citation.clause,
            name=item.text.raw.strip(),
            affair=affair,
            procedures=procedures,
            proves=tuple(_proofs(item.annotations)),
            citation=citation,
            demanded_by=value(item.annotations, "義務付け") or demanded,
            period=period,
            assumptions=tuple(assumed),
        )


def _proofs(annotations: Sequence[Annotation]) -> Iterator[rule_set.GrantedInformation]:
    """〔証明 情報・対象 人〕 pairs: each 証明 takes the 対象 that follows it."""
    name: str | None = None
    for annotation in annotations:
        if annotation.name == "証明":
            if name is not None:
                yield rule_set.GrantedInformation(name)
            name = annotation.value
        elif annotation.name == "対象" and name is not None:
            pairs = persons_and_information(f"{annotation.value}に係る{name}")
            yield rule_set.GrantedInformation(name, pairs[0][0] if pairs else annotation.value)
            name = None
    if name is not None:
        yield rule_set.GrantedInformation(name)


def _target(
    municipality: Municipality, instrument: Instrument, formula: RequiredDocuments
) -> tuple[str, frozenset[str] | None] | None:
    procedure = _procedure(municipality, instrument, formula.procedure)
    row = formula.row
    listed = formula.procedure
    if listed is not None and listed.whose is Whose.PARENT:
        keys = {o.clause(listed.article, listed.paragraph or "1", listed.item) for o in municipality.ordinances}
        found = next((t.affair for t in municipality.targets if t.key in keys), None)
        return (found, None) if found else None
    if row is None:
        return (procedure.rpartition("/")[0], frozenset({procedure})) if procedure else None
    affair: str | None = None
    if row.table.whose is Whose.ACT:
        affair = municipality.national.rows_of(row.table.number).get(row.row or "")
    else:
        clauses = {o.clause(table=row.table.number, row=row.row) for o in municipality.ordinances}
        affair = next((t.affair for t in municipality.targets if t.key in clauses), None)
    if affair is None:
        municipality.findings.add(
            "J0302", instrument, row.span, "書類を求める事務の項が見つかりません", "別表と項の番号を確かめてください。"
        )
        return None
    return affair, frozenset({procedure}) if procedure else None


def _procedure(municipality: Municipality, instrument: Instrument, ref: ProvisionRef | None) -> str | None:
    if ref is None or ref.item is None:
        return None
    places = [instrument, *(i for i in municipality.instruments if i.kind is InstrumentKind.REGULATION)]
    for place in places:
        found = municipality.regulations.at.get((place.prefix, ref.article or "", ref.paragraph or "1", ref.item))
        if found:
            return found
    municipality.findings.add(
        "J0302",
        instrument,
        ref.span,
        "書類を求める手続の号が規則に見つかりません",
        "規則の条と号の番号を確かめてください。",
    )
    return None
