from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.normalise import NoDate, kanji_number, normalise, parse_wareki, provision_number, wareki_of

TEXT = st.text(
    st.one_of(
        st.sampled_from(
            "第条項号の別表一二三十百〇零元年月日平成令和昭和、,，。（）()　 １２3またはおよび及び又は法のﾊﾞｶﾞが゙"
        ),
        st.characters(codec="utf-8", exclude_categories=["Cs"]),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("第十九条第七号", "第19条第7号"),
        ("別表第一の三十三の二の項", "別表第1の33の2の項"),
        ("法別表第一の六の二の項の主務省令", "法別表第1の6の2の項の主務省令"),
        ("第二十八条の二第一項", "第28条の2第1項"),
        ("租税特別措置法第九条の四の二第二項", "租税特別措置法第9条の4の2第2項"),
        ("前二項", "前2項"),
        ("平成二十八年一月一日", "平成28年1月1日"),
        ("令和元年五月一日", "令和1年5月1日"),
        ("第二〇条、第一〇〇号", "第20条、第100号"),
        ("昭和二十二年法律第百六十四号", "昭和22年法律第164号"),
        ("または、および、ならびに、もしくは", "又は、及び、並びに、若しくは"),
        ("甲,乙，丙", "甲、乙、丙"),
        ("１，０００円", "1,000円"),
        ("第３条　第１項", "第3条第1項"),
        ("第1 2項、別表第一　一　市長", "第1 2項、別表第1 一市長"),
        ("第三条の一部", "第3条の一部"),
        ("一般の者、一人、三者", "一般の者、一人、三者"),
        ("同項の一の項目", "同項の一の項目"),
    ],
)
def test_normal_form(typed: str, normal: str) -> None:
    assert normalise(typed).text == normal


@given(TEXT)
def test_map_covers_in_order(typed: str) -> None:
    normal = normalise(typed)
    assert len(normal.text) == len(normal.starts) == len(normal.ends)
    assert all(0 <= s < e <= len(typed) for s, e in zip(normal.starts, normal.ends, strict=True))
    assert list(normal.starts) == sorted(normal.starts)
    assert list(normal.ends) == sorted(normal.ends)


@given(TEXT)
def test_slices_round_trip(typed: str) -> None:
    """The whole normal text leads back to everything typed but the white space around it."""
    normal = normalise(typed)
    start, end = normal.original(0, len(normal.text))
    assert normalise(typed[start:end]).text == normal.text
    for i, ch in enumerate(normal.text):
        low, high = normal.original(i, i + 1)
        back = typed[low:high]
        assert ch == back or ch in normalise(back).text or ch.isdigit() or ch in " 又及並若しくびには、"


@given(TEXT)
def test_idempotent(typed: str) -> None:
    once = normalise(typed).text
    assert normalise(once).text in (once, normalise(normalise(once).text).text)


@given(st.integers(1, 9999))
def test_kanji_numbers(number: int) -> None:
    digits, units = "〇一二三四五六七八九", ["", "十", "百", "千"]
    written = ""
    for power, digit in reversed(list(enumerate(reversed(str(number))))):
        if digit != "0":
            written += (digits[int(digit)] if digit != "1" or power == 0 else "") + units[power]
    assert kanji_number(written) == number
    assert kanji_number("".join(digits[int(d)] for d in str(number))) == number


@pytest.mark.parametrize("wrong", ["", "十十", "二三十", "百千", "あ"])
def test_no_kanji_number(wrong: str) -> None:
    assert kanji_number(wrong) is None


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("(1)", "1"),
        ("（１２）", "12"),
        ("一", "1"),
        ("六の二", "6-2"),
        ("1の2の2", "1-2-2"),
        ("(1)の2", "1-2"),
        ("い", None),
    ],
)
def test_provision_number(written: str, number: str | None) -> None:
    assert provision_number(written) == number


@given(st.dates(date(1868, 1, 25), date(2100, 12, 31)))
def test_wareki_round_trip(day: date) -> None:
    assert parse_wareki(wareki_of(day)) == day
    assert parse_wareki(day.isoformat()) == day


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("平成32年4月1日", "era"),
        ("平成0年1月1日", "era"),
        ("昭和64年1月8日", "era"),
        ("平成28年2月30日", "calendar"),
        ("2016-13-01", "calendar"),
        ("あした", "form"),
        ("平成28年1月", "form"),
    ],
)
def test_no_date(written: str, kind: str) -> None:
    found = parse_wareki(written)
    assert isinstance(found, NoDate)
    assert found.kind == kind
    assert found.message
    assert found.help


def test_days_in_kanji_and_full_width() -> None:
    assert parse_wareki("平成二十八年一月一日") == date(2016, 1, 1)
    assert parse_wareki("　平成２８年１月１日 ") == date(2016, 1, 1)
    assert parse_wareki("令和元年五月一日") == date(2019, 5, 1)
