"""The redactor: what it hides, what it leaves, and that it hides nothing by halves."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from ipaddress import ip_address
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api import ids
from api.telemetry.redaction import is_clean, redact, redact_text
from dsl.masking import twelve_digits
from tests.telemetry.planting import found, nested, numbers, planted


@given(planted())
@settings(max_examples=1_500, deadline=None)
@example("x番号１２３４　５６７８　９０１２x")
@example("x7777\\uff17\\uff17\\uff17\\uff17\\uff17\\uff17\\uff17\\uff17x")
def test_no_planted_number_passes(text: str) -> None:
    assert found(text), "the search sees what was planted"
    assert found(redact_text(text)) == []


@given(nested(planted()))
@settings(max_examples=400, deadline=None)
def test_no_number_passes_in_any_structure(value: Any) -> None:
    assert found(json.dumps(redact(value), ensure_ascii=False)) == []
    assert found(json.dumps(redact(value))) == []


@given(st.text(max_size=80))
@settings(max_examples=500, deadline=None)
def test_any_text_once_masked_stays_as_it_is(text: str) -> None:
    masked = redact_text(text)
    assert redact_text(masked) == masked
    assert is_clean(masked)


@given(st.text(st.sampled_from("0123456789 -　０９a年、."), max_size=60))
@settings(max_examples=1_000, deadline=None)
def test_what_the_rule_files_must_not_hold_never_passes(text: str) -> None:
    """It hides at least what `dsl.masking` finds."""
    masked = redact_text(text)
    assert len(masked) == len(text), "positions hold"
    assert twelve_digits(masked) == ()


@given(numbers())
def test_the_check_digit_is_not_asked(number: str) -> None:
    assert found(redact_text(number)) == []


def test_right_and_wrong_check_digits_are_hidden_alike() -> None:
    for last in range(10):
        assert redact_text(f"12345678901{last}") == "*" * 12


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-26T05:46:20.123456+09:00",
        "2026-11-26T05:46:20Z",
        "2026-11-26 05:46:20,123",
        "2016-01-01/2016-12-31",
        "2016-01-01、2016-12-31",
        "2016/01/01 から 2016/12/31 まで",
        "令和8年11月26日",
        "05:46:20.123456+09:00",
        "石巻市番号利用条例第3条第1項、別表第一の15の項",
        "JM01000000121000",
        "TM00000000000002",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "6f1c2b8e-3b1f-4c5d-9e8a-0123456789ab",
        "http://127.0.0.1:54321/oauth/token",
        "0.000123456",
        "1234567890",
        "12345678901234",
        "ev_abcdefghijklmnopqrstuvwx23",
        "042021",
    ],
)
def test_what_is_not_personal_stays(text: str) -> None:
    assert redact_text(text) == text


def test_digests_and_ids_stay() -> None:
    for n in range(3_000):
        digest = hashlib.sha256(str(n).encode()).hexdigest()
        assert is_clean(digest), digest
        assert is_clean(f"sha256:{digest}")
        assert is_clean(ids.new("ev"))
    kept = [u for u in (str(uuid.uuid4()) for _ in range(2_000)) if is_clean(u)]
    assert len(kept) > 1_950, "but for those whose last twelve places happen to be digits alone"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("123e4567-e89b-42d3-a456-426614174000", "123e4567-e89b-42d3-a456-************"),
        ("2016-08-02-1234", "****-**-**-****"),
        ("1234-5678-9012 2016-01-01", "****-****-**** ****-**-**"),
        ("1234567890123456", "1234567890123456"),
        ("1234 5678 9012 3456", "**** **** **** ****"),
        ("tel:+81-3-1234-5678", "tel:+**-*-****-****"),
    ],
)
def test_doubtful_writings(text: str, masked: str) -> None:
    assert redact_text(text) == masked


class Colour(Enum):
    RED = "123456789012"


class Record(msgspec.Struct):
    number: str
    at: datetime


def test_values_of_every_kind() -> None:
    at = datetime(2026, 11, 26, 5, 46, 20, tzinfo=UTC)
    seen = redact(
        {
            "int": 123456789012,
            "minus": -123456789012,
            "float": 123456789012.0,
            "small": 0.123456789,
            "count": 1234567890,
            "at": at,
            "day": date(2026, 11, 26),
            "clock": time(5, 46),
            "span": timedelta(seconds=5),
            "ip": ip_address("192.168.100.200"),
            "enum": Colour.RED,
            "record": Record("123456789012", at),
            "error": ValueError("123456789012"),
            "bytes": b"123456789012",
            "set": {"123456789012"},
            "row": ("123456789012", None, True),
            123456789012: "key",
        }
    )
    stars = "*" * 12
    assert seen == {
        "int": stars,
        "minus": stars,
        "float": stars,
        "small": 0.123456789,
        "count": 1234567890,
        "at": at.isoformat(),
        "day": "2026-11-26",
        "clock": "05:46:00",
        "span": "0:00:05",
        "ip": "192.168.100.200",
        "enum": stars,
        "record": {"number": stars, "at": at.isoformat()},
        "error": {"type": "ValueError", "message": stars},
        "bytes": stars,
        "set": [stars],
        "row": [stars, None, True],
        stars: "key",
    }


def test_depth_without_end_comes_to_an_end() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert "…" in json.dumps(redact(endless), ensure_ascii=False)


def test_long_texts_take_time_in_proportion() -> None:
    from time import thread_time

    def seconds(text: str) -> float:
        start = thread_time()
        redact_text(text)
        return thread_time() - start

    for unit in ("1 ", "1", "-", "12-34 ", "2016-01-01 ", "\\u", "%", "a1", "番1"):
        short, long = (min(seconds(unit * n) for _ in range(5)) for n in (5_000, 40_000))
        assert long < max(short, 0.002) * 8 * 6, unit
