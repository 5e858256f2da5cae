"""The Individual Number shows itself to nobody but the running act; its check digit is the Order's."""

from __future__ import annotations

import copy
import json
import pickle
import traceback

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.masking import twelve_digits
from linkage.addressee.number import AddresseeRefused, IndividualNumber, check_digit
from linkage.refusal import GateRefused
from tests.linkage.addressee.numbers import number

#: The vectors of ../shared/standards/kojin_bango_check_digit.json: base and digit apart.
VECTORS = (
    ("0" * 11, 0),
    ("12345678901", 8),
    ("1" * 11, 8),
    ("9" * 11, 6),
    ("1" + "0" * 10, 5),
    ("0" * 10 + "1", 9),
    ("01234567890", 3),
    ("98320567321", 4),
)
BASES = st.text("0123456789", min_size=11, max_size=11)


@pytest.mark.parametrize(("base", "digit"), VECTORS)
def test_check_digit_of_the_vectors(base: str, digit: int) -> None:
    assert check_digit(base) == digit


def by_the_order(base: str) -> int:
    """The text of Article 5 again: P_n from the lowest place, Q_n = n+1 (n ≤ 6), n-5 (n ≥ 7)."""
    total = sum(int(base[11 - n]) * (n + 1 if n <= 6 else n - 5) for n in range(1, 12))
    return 0 if total % 11 <= 1 else 11 - total % 11


@given(BASES)
def test_check_digit_is_that_of_the_order(base: str) -> None:
    assert check_digit(base) == by_the_order(base)


@given(BASES, st.integers(1, 9))
def test_another_check_digit_is_refused_without_showing_it(base: str, off: int) -> None:
    wrong = f"{base}{(check_digit(base) + off) % 10}"
    with pytest.raises(AddresseeRefused) as refused:
        IndividualNumber.entered(wrong)
    assert refused.value.code == "G0621"
    shown = "".join(traceback.format_exception(refused.value)) + repr(refused.value.args)
    assert wrong not in shown
    assert base not in shown


@pytest.mark.parametrize("text", ["", "1" * 11, "1" * 13, "x" * 12, "①" * 12, "一" * 12, "٣" * 12])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(AddresseeRefused):
        IndividualNumber.entered(text)


def test_widths_and_groups_are_one_number() -> None:
    plain = number(1)
    grouped = f"{plain[:4]}-{plain[4:8]} {plain[8:]}"
    wide = plain.translate({ord(str(d)): chr(0xFF10 + d) for d in range(10)})
    assert IndividualNumber.entered(grouped) == IndividualNumber.entered(plain) == IndividualNumber.entered(wide)
    assert IndividualNumber.entered(plain) != IndividualNumber.entered(number(2))


def test_no_way_to_print_it_prints_it() -> None:
    plain = number(3)
    held = IndividualNumber.entered(plain)
    nested = {"n": [held], "t": (held,)}
    shown = [
        repr(held),
        str(held),
        f"{held}",
        f"{held:>20}",
        f"{held!r}",
        repr(nested),
        str(nested),
    ]
    try:
        raise ValueError(held)
    except ValueError as error:
        shown += traceback.format_exception(error)
    for text in shown:
        assert plain not in text
        assert not twelve_digits(text)
    with pytest.raises(TypeError):
        json.dumps(held)
    with pytest.raises(TypeError):
        msgspec.json.encode(held)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError):
            pickle.dumps(held, protocol)
    with pytest.raises(TypeError):
        hash(held)
    with pytest.raises(TypeError):
        held.__getstate__()
    with pytest.raises(TypeError):
        vars(held)
    assert copy.copy(held) is held
    assert copy.deepcopy(held) is held


@pytest.mark.parametrize("ticket", [None, object(), "ticket"])
def test_it_is_revealed_to_no_one_without_a_ticket(ticket: object) -> None:
    with pytest.raises(GateRefused) as refused:
        IndividualNumber.entered(number(4)).reveal(ticket)  # type: ignore[arg-type]
    assert refused.value.code == "G0609"
