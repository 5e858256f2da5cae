"""The corpus: every document gives the rule file expected of it, and none loses a word."""

from __future__ import annotations

import re

import pytest

from dsl.diagnostics import Severity
from dsl.formatter import format_source
from dsl.parse import parse
from dsl.text import promulgated_text
from tests.importing.documents import Entry, body_of, compiling, corpus, imported

ENTRIES = corpus()


def by_name(entry: Entry) -> str:
    return entry.name


def test_the_corpus_is_whole() -> None:
    assert len(ENTRIES) >= 14
    assert {e.expected.name for e in ENTRIES} == {p.name for p in ENTRIES[0].expected.parent.glob("*.jorei")}


@pytest.mark.parametrize("entry", ENTRIES, ids=by_name)
def test_document(entry: Entry) -> None:
    made = imported(entry.data, entry.name, body_of(entry))
    assert made.text == entry.expected.read_text("utf-8"), [d.message for d in made.findings]
    assert format_source(made.text) == made.text
    _, findings = parse(entry.name, made.text)
    assert [d for d in findings if d.severity is Severity.ERROR] == []
    assert [d for d in compiling(made.text) if d.severity is Severity.ERROR] == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("01-左右欄", ["改正の経過", "画面の部品", "番号と公布の日"]),
        ("04-条文の中の表", ["目次"]),
        ("06-タブの表-枝番", ["条文の位置が定まらない行"]),
        ("07-規則-二段の号", ["様式"]),
        ("10-附則いくつも", ["抄録の印", "改正の経過"]),
    ],
)
def test_what_is_left_out_is_told(name: str, words: list[str]) -> None:
    made = imported(next(e for e in ENTRIES if e.name == name).data, compiled=False)
    assert set(words) <= {x.why for x in made.left_out}


def test_every_variant_is_there() -> None:
    """The variants of the catalogue of constructs stand in the expected rule files."""
    text = "\n".join(e.expected.read_text("utf-8") for e in ENTRIES)
    for pattern in (
        *("左欄", "上欄", "中欄", "第4欄", r"1の2の2 \|", "次の表", "第1条　.*,", "第一条", "または", "および"),
        *(
            r"\(1\)",
            "（１）",
            "^一　",
            "①",
            "^ *ア　",
            r"\(ア\)",
            "^ *イ　",
            "^ *ロ　",
            r"\| \| \|",
            r"別表第1（第3条関係）",
            "附則（平成29年",
        ),
        *("第4条　削除", r"\| 2 \| 削除", "第2条の2", "^２　", "第1章　総則", "〔列 ", "〔注 ", "要確認"),
    ):
        assert re.search(pattern, text, re.MULTILINE), pattern


def test_promulgated_words_are_those_of_the_document() -> None:
    """Seen from outside: without the notes, the words of a document stand in the file in the same order."""
    entry = next(e for e in ENTRIES if e.name == "05-各号で列挙")
    made = imported(entry.data, entry.name, body_of(entry))
    assert made.text is not None
    lines = entry.data.decode("cp932").splitlines()
    document = "".join([lines[0], *lines[3:]])
    written = promulgated_text(made.text).removeprefix("条例 ")
    assert re.sub(r"\s", "", written) == re.sub(r"\s", "", document)
