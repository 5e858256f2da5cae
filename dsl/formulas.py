"""Sentences as formulas: Lark's LALR parser reads a sentence in normal form, `dsl.formula_tree` makes the syntax tree.

A sentence is tried against the formulas whose words it carries; the first that reads all of it is taken, and tests
prove that no sample sentence is read by two. What no formula reads is reported with the nearest one.
"""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from lark import Lark
from lark.exceptions import UnexpectedInput

from dsl.amending import AMENDING, CONSOLIDATE, is_amending
from dsl.codes import Reporter
from dsl.formula_signs import SIGNS, rules
from dsl.formula_tree import Reading
from dsl.fragment import Fragment
from dsl.normalise import normalise
from dsl.provisions import Context
from dsl.remarks import Cut, cut
from dsl.syntax import Annotation, Formula

_GRAMMAR = Path(__file__).parent / "grammar" / "formulas.lark"


_tables: dict[str, Any] = {}


def tables() -> bytes:
    """The tables of the parser, to be kept under the digest of this code and given back by `use_tables`."""
    held = io.BytesIO()
    parser().save(held)
    return held.getvalue()


def use_tables(held: dict[str, Any]) -> None:
    """Take tables that `tables` gave under the very same code, so that the parser need not be built.

    Args:
        held: what `tables` gave, unpickled by the caller, who knows where it comes from.
    """
    _tables.update(held)


@cache
def parser() -> Lark:
    """The parser of every formula (built at the first sentence, then kept)."""
    if _tables:
        return Lark.load(_tables)  # it takes what it would have read from a file
    return Lark(
        grammar(),
        parser="lalr",
        lexer="contextual",
        start=[sign.rule for sign in SIGNS],
        propagate_positions=True,
        maybe_placeholders=False,
    )


@cache
def grammar() -> str:
    """The text of the grammar."""
    return _GRAMMAR.read_text("utf-8")


@cache
def samples() -> dict[str, tuple[str, ...]]:
    """The sample sentences of each formula, from the grammar's comments."""
    found: dict[str, list[str]] = {}
    held: list[str] = []
    starts = {sign.rule for sign in SIGNS}
    for line in grammar().splitlines():
        rule = re.match(r"([a-z_0-9]+):", line)
        if line.startswith("// ") and not line.startswith("// ="):
            held.append(line[3:])
        elif rule and rule.group(1) in starts:
            found[rule.group(1)] = held
            held = []
        elif not line.strip():
            held = []
    return {rule: tuple(sentences) for rule, sentences in found.items()}


def read_sentence(
    fragment: Fragment, context: Context, report: Reporter, annotations: Sequence[Annotation] = ()
) -> Formula | None:
    """Read one sentence.

    Args:
        fragment: the sentence as typed, without annotations, ending in 。.
        context: where it stands.
        report: where an unreadable sentence goes (J0060, J0061, J0064 …).
        annotations: on the sentence and its paragraph: 〔事実 …〕 takes up a （…に限る。）, 〔施行 …〕 tells a day the text leaves open.

    Returns:
        The formula, or None when the sentence was reported.
    """
    normal = normalise(fragment.text)
    sentence = cut(normal.text)
    for sign in rules(context.statutory):
        if not all(word in sentence.text for word in sign.words):
            continue
        try:
            tree = parser().parse(sentence.text, start=sign.rule)
        except UnexpectedInput:
            continue
        reading = Reading(fragment, normal, sentence, context, report, tuple(annotations))
        return reading.formula(sign.rule, tree)
    _unread(fragment, sentence, context, report)
    return None


def matching_formulas(text: str, statutory: bool) -> tuple[str, ...]:
    """Every formula that reads a sentence (for the test that no sentence is ambiguous)."""
    sentence = cut(normalise(text).text).text
    return tuple(sign.rule for sign in rules(statutory) if breaks_at(sentence, sign.rule) is None)


def breaks_at(sentence: str, rule: str) -> int | None:
    """Where a sentence (normal, without remarks) stops following a formula; None when it follows it to the end."""
    try:
        parser().parse(sentence, start=rule)
    except UnexpectedInput as stop:
        at = getattr(stop, "pos_in_stream", None)
        return at if isinstance(at, int) and 0 <= at < len(sentence) else len(sentence)
    return None


def nearest_formula(sentence: str, statutory: bool) -> tuple[str, str]:
    """The formula most like a sentence (normal, without remarks), with its sample sentence."""
    best, found = -1.0, ("", "")
    for sign in rules(statutory):
        for sample in samples()[sign.rule]:
            likeness = difflib.SequenceMatcher(
                None, normalise(sample).text[:150], sentence[:150], autojunk=False
            ).ratio()
            if likeness > best:
                best, found = likeness, (sign.rule, sample)
    return found


def _unread(fragment: Fragment, sentence: Cut, context: Context, report: Reporter) -> None:
    if is_amending(fragment.text):
        report.add("J0030", fragment.span(0, len(fragment.text)), AMENDING, CONSOLIDATE)
        return
    rule, sample = nearest_formula(sentence.text, context.statutory)
    stop = breaks_at(sentence.text, rule) or 0
    start, end = 0, len(fragment.text)
    if stop:
        tail = re.search("[、。]", sentence.text[stop:])
        first, last = sentence.normal_range(stop, stop + (tail.start() if tail and tail.start() else 1))
        start, end = normalise(fragment.text).original(first, last)
        if stop >= len(sentence.text):
            start, end = max(0, len(fragment.text) - 1), len(fragment.text)
    message = "この文は、どの定型文にも当たりません" if not stop else "下線の所から先が、定型文と違います"
    report.add(
        "J0060",
        fragment.span(start, end),
        message,
        f"最も近い定型文は「{sample}」です。これに合わせて書き直してください。"
        "判定に関わらない文であれば、文の末尾に〔効力なし 理由〕と書いてください。まだ表せない規定は〔未表現 理由〕とすれば、何も認めないまま残せます。",
    )
