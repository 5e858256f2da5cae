"""Strict reading against a slow reference, and every character that may be a digit."""

from __future__ import annotations

import contextlib
import json
import sys
import timeit
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.service.reading import SAFE_INTEGER, Unreadable, read
from engine.japanese import has_twelve_digits
from engine.reading import digits_anywhere

DEPTH = 6


class _Refused(Exception):
    pass


def _reference(body: bytes) -> Any:
    """What RFC 8259 and 7493 and the house rules say, written for plainness alone."""

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in found]
        if len(set(names)) != len(names):
            raise _Refused
        return dict(found)

    def constant(_: str) -> Any:
        raise _Refused

    text = body.decode("utf-8")
    if text.startswith("\ufeff"):
        raise _Refused
    value = json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    if _depth(value) > DEPTH or digits_anywhere(value) or not _plain(value):
        raise _Refused
    return value


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def _plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_plain(name) and _plain(one) for name, one in value.items())
    if isinstance(value, list):
        return all(map(_plain, value))
    if isinstance(value, str):
        return not any("\ud800" <= ch <= "\udfff" for ch in value)
    if isinstance(value, bool) or value is None:
        return True
    if isinstance(value, float):
        return value - value == 0  # no infinity
    return abs(value) <= SAFE_INTEGER


def _both(body: bytes) -> tuple[Any, Any]:
    try:
        fast = read(body, DEPTH)
    except Unreadable:
        fast = _Refused
    try:
        slow = _reference(body)
    except (_Refused, ValueError, RecursionError):
        slow = _Refused
    return fast, slow


_STRINGS = st.text(
    alphabet=st.one_of(
        st.sampled_from('0123456789０１２３４５６７８９〇一二三四五六七八九①²Ⅷ⑫-‐ 　.,、/:|ー"\\{}[]\n\u0661'),
        st.characters(),
    ),
    max_size=30,
)
_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**20), 10**20),
        st.integers(-1000, 1000),
        st.floats(allow_nan=False, allow_infinity=False),
        _STRINGS,
        st.sampled_from(["石巻市", "地方税関係情報", "2016-04-01"]),
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_STRINGS, inner, max_size=4),
    max_leaves=15,
)


@st.composite
def _bodies(draw: st.DrawFn) -> bytes:
    value = draw(_VALUES)
    text = json.dumps(value, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1])))
    body = text.encode("utf-8", "surrogatepass")
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(body)))
        body = body[:at] + draw(st.binary(max_size=3)) + body[at + draw(st.integers(0, 2)) :]
    return body


@settings(max_examples=1500, deadline=None)
@given(_bodies())
def test_fast_reading_says_what_the_reference_says(body: bytes) -> None:
    fast, slow = _both(body)
    assert fast == slow


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "\\u0061", "氏", "c\\n"]), st.sampled_from(["1", '"x"', "{}"])), max_size=5
    )
)
def test_duplicates_are_refused_however_they_are_written(members: list[tuple[str, str]]) -> None:
    inner = "{" + ",".join(f'"{name}":{value}' for name, value in members) + "}"
    for body in (inner, f'{{"facts":{inner}}}', f"[[{inner}]]"):
        fast, slow = _both(body.encode())
        assert fast == slow


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"", "body-empty"),
        (b"  \n", "body-empty"),
        (b"{", "body-malformed"),
        (b'{"a":1}{"b":2}', "body-malformed"),
        (b'\xef\xbb\xbf{"a":1}', "body-malformed"),
        (b'{"a":"\xff"}', "body-malformed"),
        (b'{"a":"\xed\xa0\x80"}', "body-malformed"),
        (b'{"a":"\\ud800"}', "body-malformed"),
        (b'{"a":NaN}', "body-malformed"),
        (b'{"a":Infinity}', "body-malformed"),
        (b'{"a":1e999}', "body-malformed"),
        (b"{'a':1}", "body-malformed"),
        (b'{"a":1,}', "body-malformed"),
        (b'{"a":1,"a":1}', "duplicate-member"),
        (b'{"a":1,"\\u0061":1}', "duplicate-member"),
        (b'{"x":[{"y":{"a":1,"a":2}}]}', "duplicate-member"),
        (b'{"a":9007199254740993.0}', "personal-number-not-allowed"),
        (b'{"a":9007199254740993}', "personal-number-not-allowed"),
        (b"[" * 7 + b"]" * 7, "nesting-too-deep"),
        (b"[" * 100_000, "nesting-too-deep"),
        (b'{"a":"123456789012"}', "personal-number-not-allowed"),
        (b'{"a":123456789012}', "personal-number-not-allowed"),
        (b'{"123456789012":1}', "personal-number-not-allowed"),
        (b'{"a":"1234-5678-9012"}', "personal-number-not-allowed"),
        ('{"a":"１２３４５６７８９０１２"}'.encode(), "personal-number-not-allowed"),
        ('{"a":"番号は一二三四五六七八九〇一二"}'.encode(), "personal-number-not-allowed"),
        (b'{"a":"\\u0031\\u0032\\u0033456789012"}', "personal-number-not-allowed"),
        ('{"a":"①②③④⑤⑥⑦⑧⑨①②③"}'.encode(), "personal-number-not-allowed"),
        (b'{"a":1e12}', "personal-number-not-allowed"),
    ],
    ids=str,  # bytes have no name of their own
)
def test_each_fault_has_its_name_and_repeats_nothing(body: bytes, name: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(body, DEPTH)
    assert caught.value.name == name
    assert caught.value.__cause__ is None
    assert str(caught.value) == name


def test_a_request_as_systems_write_it_is_read() -> None:
    body = '{"action":"use","on":"2016-04-01","procedure":1,"facts":{"consent":true},"n":1.5,"数":12345678901}'.encode()
    assert read(body, DEPTH) == json.loads(body)


def test_every_character_that_may_be_a_digit_or_a_mark_is_looked_at() -> None:
    """For all of Unicode: where the rule finds twelve digits, reading refuses."""
    missed = []
    for code in range(0x20, sys.maxunicode + 1):
        ch = chr(code)
        if 0xD800 <= code <= 0xDFFF or ch in '"\\':
            continue
        normal = unicodedata.normalize("NFKC", ch)
        if not (normal.strip() != ch or ch.isdigit() or not ch.isalnum() or ch in "〇零一二三四五六七八九"):
            continue
        for text in (ch * 12, f"1{ch}23456789012"):
            if has_twelve_digits(text):
                with contextlib.suppress(Unreadable):
                    read(f'{{"a":"{text}"}}'.encode(), DEPTH)
                    missed.append(hex(code))
    assert missed == []


def test_reading_costs_less_than_the_usual_strict_reader() -> None:
    """Paired in one process, the best of several rounds: less than twice json.loads with its hook."""
    request = {"subject": {"type": "agency", "id": "市長"}, "resource": {"type": "information", "id": "地方税関係情報"}}
    request |= {"action": {"name": "use"}, "context": {"affair": "child-medical", "on": "2016-04-01", "procedure": 1}}
    body = json.dumps(request, ensure_ascii=False).encode()

    def usual() -> Any:
        return json.loads(body, object_pairs_hook=lambda pairs: dict(pairs))

    ours = min(timeit.repeat(lambda: read(body, 16), number=500, repeat=9))
    theirs = min(timeit.repeat(usual, number=500, repeat=9))
    assert ours < 2 * theirs
