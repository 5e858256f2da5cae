"""How much of the corpus is taken without a hand: `python -m tests.importing.share [--write]` (`--write` pins the rule files)."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence

from api.layout import width
from dsl.formulas import nearest_formula
from dsl.importing.marking import SIGN
from dsl.normalise import normalise
from dsl.parse import parse
from dsl.syntax import Document, NoEffect, NotExpressible, Paragraph, Row, Sentence
from tests.importing.documents import body_of, corpus, imported


def main(arguments: list[str]) -> None:
    """Print the tables by document and by construct; pin the results when asked."""
    rows: list[Sequence[str]] = [("文書", "文", "読めた", "行", "読めた", "注・除外", "確かめ")]
    totals = [0] * 6
    every: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    for entry in corpus():
        made = imported(entry.data, entry.name, body_of(entry))
        if made.text is None or made.share is None:
            rows.append((entry.name, "断った", *(d.code for d in made.findings[:1])))
            continue
        share = made.share
        read = (share.sentences, share.sentences_taken, share.rows, share.rows_taken)
        told = (*read, len(made.left_out), len(made.marked))
        totals = [a + b for a, b in zip(totals, told, strict=True)]
        rows.append((entry.name, *map(str, told)))
        for construct, whole in constructs(parse(entry.name, made.text)[0]):
            every[construct] += 1
            taken[construct] += whole
        if "--write" in arguments:
            entry.expected.write_text(made.text, encoding="utf-8")
    rows.append(("計", *map(str, totals)))
    _print(rows)
    print(f"文 {totals[1] / totals[0]:.1%}、表の行 {totals[3] / totals[2]:.1%} を、人の手を加えずに読めた\n")
    _print([("構造", "数", "読めた"), *((c, str(n), str(taken[c])) for c, n in sorted(every.items()))])


def constructs(document: Document) -> Iterator[tuple[str, bool]]:
    """Each sentence by its formula (a marked one by the nearest), each row by its form; and whether it was taken."""
    articles = [*document.articles, *(a for s in document.supplementary for a in s.articles)]
    paragraphs: list[Paragraph] = [p for a in articles for p in a.paragraphs]
    paragraphs += [p for s in document.supplementary for p in s.paragraphs]
    for sentence in (s for p in paragraphs for s in p.sentences):
        yield _of_sentence(sentence)
    tables = [*document.tables, *(p.table for p in paragraphs if p.table is not None)]
    for row in (r for t in tables for r in t.rows):
        yield _of_row(row)


def _of_sentence(sentence: Sentence) -> tuple[str, bool]:
    formula = sentence.formula
    if isinstance(formula, NotExpressible) and formula.reason.startswith(SIGN):
        return f"文 {nearest_formula(normalise(sentence.text.raw).text, False)[0]} に近い", False
    if isinstance(formula, NoEffect):
        return f"文 NoEffect {formula.kind[:4]}", True
    return f"文 {type(formula).__name__}", formula is not None


def _of_row(row: Row) -> tuple[str, bool]:
    marks = [a.value for a in row.annotations if a.name == "未表現" and a.value.startswith(SIGN)]
    if marks:
        return f"行 {marks[0].removeprefix(f'{SIGN}: ')}", False
    if row.deleted:
        return "行 削除", True
    if row.continuation:
        return "行 項の続き（縦の結合）", True
    if any(c.continued for c in row.cells):
        return "行 欄の縦の結合", True
    return ("行 枝番" if "-" in row.number else "行 ふつうの行"), True


def _print(rows: Sequence[Sequence[str]]) -> None:
    for name, *figures in rows:
        print(name + " " * max(1, 44 - width(name)) + "".join(" " * max(0, 10 - width(f)) + f for f in figures))


if __name__ == "__main__":
    main(sys.argv[1:])
