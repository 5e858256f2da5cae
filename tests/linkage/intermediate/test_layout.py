"""The inquiry record of 18 fields: round trip, and every wrong field named in its own words."""

from __future__ import annotations

from datetime import date, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.masking import twelve_digits
from linkage.intermediate.layout import FIELDS, WIDTH, InquiryRecord, LayoutRefused, decode, encode
from linkage.intermediate.routes import SendForm, order_of

GOOD = InquiryRecord(
    addressee="1203",
    integrated="88",
    requested="20261126093000123",
    section="F01",
    user="u-001",
    requester="9900000000042101",
    affair="JM99000000000001",
    procedure="JT99010000000001",
    provider="9900000000021101",
    information="TM99000000000001",
    first_day="20260401",
    last_day="20261126",
)


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


numbers = st.integers(1, 10**15 - 1).map(str).filter(lambda text: len(text) != 12)
words = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,18}[A-Za-z0-9])?", fullmatch=True)
days = st.dates(date(1900, 1, 1), date(2100, 1, 1))


@st.composite
def records(draw: st.DrawFn) -> InquiryRecord:
    first, last = sorted((draw(days), draw(days)))
    moment = draw(st.datetimes(datetime(2015, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
    return InquiryRecord(
        addressee=draw(numbers),
        integrated=draw(numbers),
        requested=moment.strftime("%Y%m%d%H%M%S") + f"{moment.microsecond // 1000:03}",
        section=draw(words),
        user=draw(words),
        requester=draw(digits(16)),
        undisclosed=draw(st.sampled_from("1 ")),
        affair="JM" + draw(digits(14)),
        procedure="JT" + draw(digits(14)),
        requester_delegator=draw(st.one_of(st.just(""), digits(16))),
        provider_delegator=draw(st.one_of(st.just(""), digits(16))),
        provider=draw(digits(16)),
        information="TM" + draw(digits(14)),
        condition=draw(digits(1)),
        year=draw(digits(1)),
        first_day=first.strftime("%Y%m%d"),
        last_day=last.strftime("%Y%m%d"),
    )


def test_the_layout_is_that_of_the_standard() -> None:
    assert [field.width for field in FIELDS] == [2, 15, 15, 17, 20, 20, 16, 1, 16, 16, 16, 16, 16, 16, 1, 1, 8, 8]
    assert [field.name for field in FIELDS] == list(InquiryRecord.__struct_fields__)
    line = encode(GOOD)
    assert len(line) == WIDTH == 220
    assert line.startswith("01" + "000000000001203" + "000000000000088" + "20261126093000123" + "F01" + " " * 17)


@given(records())
def test_round_trip_and_no_run_of_twelve(record: InquiryRecord) -> None:
    words = (record.section, record.user)
    joined = record.requested + record.section.ljust(20) + record.user.ljust(20) + record.requester
    if any(twelve_digits(word) for word in words) or twelve_digits(joined):
        with pytest.raises(LayoutRefused):
            encode(record)
        return
    line = encode(record)
    assert len(line) == WIDTH
    assert not twelve_digits(line)
    assert decode(line) == record


@given(records(), st.integers(0, WIDTH - 1), st.characters())
def test_a_changed_character_gives_another_record_or_a_refusal(record: InquiryRecord, at: int, put: str) -> None:
    try:
        line = encode(record)
    except LayoutRefused:
        return
    changed = line[:at] + put + line[at + 1 :]
    try:
        found = decode(changed)
    except LayoutRefused:
        return
    assert (found == record) == (changed == line)
    assert encode(found) == changed


WRONG = {
    "numbering": "02",
    "addressee": "12a",
    "integrated": "",
    "requested": "20261326093000123",
    "section": "部署",
    "user": " ",
    "requester": "990000000004210",
    "undisclosed": "2",
    "affair": "JT99000000000001",
    "procedure": "JT9901000000001",
    "requester_delegator": "99",
    "provider_delegator": "x",
    "provider": "",
    "information": "TM9900000000000１",
    "condition": "",
    "year": "xx",
    "first_day": "20260231",
    "last_day": "20251126",
}


@pytest.mark.parametrize("field", list(WRONG))
def test_every_wrong_field_is_named(field: str) -> None:
    with pytest.raises(LayoutRefused) as refused:
        encode(msgspec.structs.replace(GOOD, **{field: WRONG[field]}))
    (fault,) = refused.value.faults
    assert fault.field == field
    assert f"{fault.number}番目の項目" in fault.text


def test_each_field_has_words_of_its_own_and_all_faults_are_told_at_once() -> None:
    with pytest.raises(LayoutRefused) as refused:
        encode(msgspec.structs.replace(GOOD, **WRONG))
    faults = refused.value.faults
    assert [fault.number for fault in faults] == list(range(1, 19))
    assert len({fault.text for fault in faults}) == 18


def test_twelve_digits_are_refused_wherever_they_stand_and_never_repeated() -> None:
    number = "9" * 6 + "1" * 6
    for field in ("addressee", "integrated", "section", "user"):
        with pytest.raises(LayoutRefused) as refused:
            encode(msgspec.structs.replace(GOOD, **{field: number}))
        assert number not in str(refused.value)
    with pytest.raises(LayoutRefused, match="つながり"):
        encode(msgspec.structs.replace(GOOD, section="a999999", user="111111b"))
    with pytest.raises(LayoutRefused):  # padded with zeros it is still one
        decode(encode(GOOD).replace("000000000001203", "000" + number))


def test_a_line_of_another_length_is_refused() -> None:
    for line in ("", encode(GOOD)[:-1], encode(GOOD) + " "):
        with pytest.raises(LayoutRefused, match="220文字"):
            decode(line)


def test_a_record_becomes_an_order() -> None:
    form = SendForm(record=encode(GOOD), record_id="rq_a", handle="ad_a", items=("TK99010000000001",))
    order = form.ordered()
    assert (order.requester, order.provider, order.first_day) == (GOOD.requester, GOOD.provider, date(2026, 4, 1))
    assert order == order_of(GOOD, form)
    assert not order.undisclosed
