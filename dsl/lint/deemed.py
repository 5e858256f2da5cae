"""Clauses that deem papers submitted (L0105, L0124), and network provisos (L0123)."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.instrument import branch
from dsl.lint.finding import Lint, lint
from dsl.lint.view import Edition, Passage, View
from dsl.syntax import DeemedSubmission, NetworkProviso, ProvisionRef, ProvisionToOtherAgency, UseWithinAgency


def check(view: View) -> Iterator[Lint]:
    """Every deeming clause and every clause on use within an agency of each ordinance."""
    for edition in view.ordinances:
        passages = [p for p in view.passages if p.edition is edition]
        deemed = [p for p in passages if isinstance(p.formula, DeemedSubmission)]
        for passage in deemed:
            yield from _triggers(edition, passages, passage)
        yield from _one_sided(edition, passages, deemed)
        yield from _provisos(edition, passages)


def _triggers(edition: Edition, passages: list[Passage], passage: Passage) -> Iterator[Lint]:
    formula = passage.formula
    assert isinstance(formula, DeemedSubmission)
    kind = ProvisionToOtherAgency if formula.of_provision else UseWithinAgency
    word = "提供" if formula.of_provision else "利用"
    for ref in formula.triggers:
        there = [p for p in passages if _is(p, ref, passage)]
        if any(isinstance(p.formula, kind) for p in there):
            continue
        right = [p for p in passages if isinstance(p.formula, kind)]
        hint = "、".join(dict.fromkeys(p.label for p in right)) or "この条例にはありません"
        yield lint(
            "L0105",
            edition.path,
            ref.span,
            f"{_words(ref, passage)}は特定個人情報の{word}を定めた規定ではないので、このみなし規定は書類の省略に働きません",
            f"引く条と項の番号を確かめてください。特定個人情報の{word}を定めた規定: {hint}",
        )


def _is(passage: Passage, ref: ProvisionRef, deemed: Passage) -> bool:
    return passage.article.number == (ref.article or deemed.article.number) and ref.paragraph in (
        None,
        passage.paragraph.number,
    )


def _words(ref: ProvisionRef, deemed: Passage) -> str:
    words = branch(ref.article or deemed.article.number, "条")
    return words + (branch(ref.paragraph, "項") if ref.paragraph else "")


def _one_sided(edition: Edition, passages: list[Passage], deemed: list[Passage]) -> Iterator[Lint]:
    """An ordinance that deems papers submitted for use but not for provision, or the other way round."""
    of_provision = {p.formula.of_provision for p in deemed if isinstance(p.formula, DeemedSubmission)}
    if len(of_provision) != 1:
        return
    missing = not of_provision.pop()
    kind, word = (ProvisionToOtherAgency, "提供") if missing else (UseWithinAgency, "利用")
    bare = [p for p in passages if isinstance(p.formula, kind)]
    if bare:
        other = "利用" if missing else "提供"
        yield lint(
            "L0124",
            edition.path,
            bare[0].sentence.text.span,
            f"{deemed[0].label}は{other}のときの書面だけをみなしており、{bare[0].label}の{word}には書面のみなしがありません",
            f"{word}のときも書面を省くのなら、{bare[0].label}を引くみなし規定を加えてください。省かないのならこのままで構いません。",
        )


def _provisos(edition: Edition, passages: list[Passage]) -> Iterator[Lint]:
    """Of the clauses on use within an agency that stand on the same days, some with the network proviso and some without."""
    uses = [p for p in passages if isinstance(p.formula, UseWithinAgency)]
    with_proviso = [p for p in uses if any(isinstance(s.formula, NetworkProviso) for s in p.paragraph.sentences)]
    for passage in uses:
        beside = next((p for p in with_proviso if p.days.intersect(passage.days)), None)
        if beside is not None and passage not in with_proviso:
            yield lint(
                "L0123",
                edition.path,
                passage.sentence.text.span,
                f"{beside.label}には情報提供ネットワークシステムのただし書がありますが、{passage.label}にはありません",
                "ネットワークで提供を受けられる情報を除くのなら、同じただし書を加えてください。意図して置かないのならこのままで構いません。",
            )
