from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dsl.formatter import format_source, same_words
from dsl.parse import parse
from dsl.syntax import Span
from dsl.text import promulgated_text
from tests.dsl.test_parse import GOOD, PIECES, SHIPPED


def bare(node: Any) -> Any:
    """A syntax tree without positions and source."""
    if isinstance(node, Span):
        return None
    if dataclasses.is_dataclass(node) and not isinstance(node, type):
        return (
            type(node).__name__,
            *(bare(getattr(node, f.name)) for f in dataclasses.fields(node) if f.name != "source"),
        )
    return tuple(bare(n) for n in node) if isinstance(node, tuple) else node


@pytest.mark.parametrize("path", [*GOOD, *SHIPPED], ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_layout_changes_no_word_and_no_tree(path: Path) -> None:
    source = path.read_text("utf-8")
    laid = format_source(source)
    assert format_source(laid) == laid
    assert same_words(source, laid)
    assert bare(parse("x", laid)[0]) == bare(parse("x", source)[0])


@settings(max_examples=200, deadline=None)
@example("条例 見本\n(1) \nア ")
@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_text_keeps_its_words(source: str) -> None:
    laid = format_source(source)
    assert same_words(source, laid)
    assert format_source(laid) == laid


def test_layout() -> None:
    typed = "条例　 見本\n〔団体 見本市 990001〕 〔状態 案〕\n第1条  （趣旨）\n |1|市長|\n\n\n\n    (1) 甲　〔事務  a ・ 分野 福祉〕\nア 乙\n附則\n"
    assert format_source(typed) == (
        "条例 見本\n〔団体 見本市 990001〕〔状態 案〕\n\n第1条  （趣旨）\n| 1 | 市長 |\n\n(1) 甲 〔事務 a・分野 福祉〕\n  ア 乙\n\n附則\n"
    )


@pytest.mark.parametrize("path", [*GOOD, *SHIPPED], ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_promulgated_text_has_no_annotation(path: Path) -> None:
    source = path.read_text("utf-8")
    text = promulgated_text(source)
    assert "〔" not in text
    assert "〕" not in text
    assert promulgated_text(text) == text


@given(st.text(st.characters(exclude_characters="〔〕", codec="utf-8"), max_size=80))
def test_text_without_annotations_stays(source: str) -> None:
    assert promulgated_text(source) == source


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("| 1 | 事務 〔事務 a・分野 福祉〕 |", "| 1 | 事務 |"),
        ("第二条〔施行 2013-05-31〕〔注 甲〕　この法律", "第二条　この法律"),
        ("2 〔仮定 A〕前項の", "2 前項の"),
        ("文。〔注 甲〕ただし、文。 〔注 乙〕", "文。ただし、文。"),
        ("甲\n  〔注 乙〕 \n\n丙", "甲\n\n丙"),
        ("閉じない〔注", "閉じない〔注"),
    ],
)
def test_promulgated_text(typed: str, text: str) -> None:
    assert promulgated_text(typed) == text
