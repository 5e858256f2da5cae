from __future__ import annotations

import sys
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from api.decision_log.digits import FIRST, holds_number
from dsl.masking import twelve_digits

_PIECES = st.sampled_from(
    ["1", "12", "1234", "９", "４５６７", "٣", "𝟗", "-", " ", "\u3000", "－", "_", "年", "x", '"', "é"]
)


def test_first_bytes_of_digits() -> None:
    """Of every digit there is, but the full-width ones."""
    digits = {chr(code) for code in range(0x80, sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Nd"}
    wide = set("０１２３４５６７８９")
    assert {digit.encode()[0] for digit in digits - wide} == set(FIRST)
    assert all(unicodedata.decimal(digit, None) is not None for digit in digits)


@given(st.lists(_PIECES, max_size=40).map("".join))
@example("1234年5678年9012")
@example("1234\u30005678\u30009012")
def test_it_decides_as_the_redactor(text: str) -> None:
    assert holds_number(text.encode()) == bool(twelve_digits(text))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text(text: str) -> None:
    assert holds_number(text.encode()) == bool(twelve_digits(text))
