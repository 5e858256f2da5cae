"""The same requests on ten days, with the grounds of each day: the table of docs/ja/13-法の移り変わり.md is what the engine says.

`python -m tests.test_law_through_time` prints the tables anew, to be read and judged before they are put into the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from api.judge import Judge
from api.project import HOME, load
from engine.decision import Decision

PAGE = HOME / "docs" / "ja" / "13-法の移り変わり.md"
DAYS = (
    "2015-12-31",
    "2016-01-01",
    "2017-07-17",
    "2017-07-18",
    "2017-11-13",
    "2021-08-31",
    "2021-09-01",
    "2024-05-26",
    "2024-05-27",
    "2026-11-24",
)
WORDS = {
    "permitted": "適法",
    "forbidden": "禁止に当たる",
    "no_basis": "根拠がない",
    "condition_unmet": "条件を満たさない",
    "undetermined": "事実が足りない",
    "rule_set_fault": "規則に誤りがある",
}
CITY = {"municipality": "石巻市", "agency": "市長"}
#: what is asked on each day, by ids that no renumbering changes
ASKED: dict[str, Mapping[str, Any]] = {
    "生活保護の事務に個人番号を利用する": {**CITY, "action": "use", "affair": "public-assistance"},
    "子ども医療費の助成（独自利用）に個人番号を利用する": {
        **CITY,
        "action": "use",
        "affair": "child-medical",
        "procedure": "1",
    },
    "子ども医療費のために市民税課の税の情報を使う（庁内連携）": {
        **CITY,
        "action": "transfer",
        "affair": "child-medical",
        "procedure": "1",
        "holder": "市長",
        "information": ["地方税関係情報"],
        "facts": {"resident": True},
    },
    "国民健康保険のために市民税課の税の情報を使う（法定事務の庁内連携）": {
        **CITY,
        "action": "transfer",
        "affair": "national-health-insurance",
        "holder": "市長",
        "information": ["地方税関係情報"],
        "facts": {"resident": True},
    },
    "就学援助のために教育委員会が市長から生活保護の情報を受ける（他の機関への提供）": {
        "action": "transfer",
        "municipality": "石巻市",
        "agency": "教育委員会",
        "affair": "school-aid",
        "procedure": "1",
        "holder": "市長",
        "information": ["生活保護関係情報"],
    },
    "生活保護のために他の市町村の税の情報を照会する（情報連携）": {
        **CITY,
        "action": "link",
        "affair": "public-assistance",
        "information": ["地方税関係情報"],
        "facts": {"consent": True},
    },
    "子ども医療費のために他の市町村の税の情報を照会する（独自利用事務の情報連携）": {
        **CITY,
        "action": "link",
        "affair": "child-medical",
        "procedure": "1",
        "information": ["地方税関係情報"],
        "facts": {"consent": True},
    },
    "生活に困窮する外国人の保護（独自利用）に個人番号を利用する": {
        **CITY,
        "action": "use",
        "affair": "foreign-national-assistance",
    },
    "生活に困窮する外国人の保護（準法定事務）に個人番号を利用する": {
        **CITY,
        "action": "use",
        "affair": "利用特定個人情報提供命令第2条の表の161の項",
    },
    "図書館の窓口で個人番号カードを使う（カードの独自利用）": {
        **CITY,
        "action": "card",
        "agency": "教育委員会",
        "affair": "library-card",
    },
}


@cache
def judge() -> Judge:
    """The judge over the project's own rules."""
    return Judge(load().rule_set)


def decided(raw: Mapping[str, Any], on: str) -> Decision:
    """The decision of one day."""
    return judge().answer(judge().resolve({**raw, "on": on})).decision


def grounds(raw: Mapping[str, Any], on: str) -> str:
    """The outcome and the grounds of one day, for a cell of the table."""
    decision = decided(raw, on)
    word = WORDS[decision.outcome.value]
    if not decision.lawful:
        return word
    labels = dict.fromkeys(c.label for item in decision.items for c in item.bases)
    return f"{word}: {'、'.join(labels)}"


def tables() -> Iterator[str]:
    """The tables of the page, one for each request."""
    for name, raw in ASKED.items():
        lines = [f"### {name}", "", "| 判定の日 | 結論と根拠 |", "|---|---|"]
        yield "\n".join([*lines, *(f"| {on} | {grounds(raw, on)} |" for on in DAYS)])


@pytest.mark.parametrize("name", ASKED)
def test_the_page_says_what_the_engine_says(name: str) -> None:
    table = next(t for t in tables() if t.startswith(f"### {name}\n"))
    assert table in PAGE.read_text("utf-8")


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("on", DAYS)
def test_every_ground_cited_is_in_force_on_the_day(name: str, on: str) -> None:
    decision = decided(ASKED[name], on)
    for item in decision.items:
        for citation in item.bases:
            period = citation.in_force
            assert period.first.isoformat() <= on, citation
            assert period.last is None or on <= period.last.isoformat(), citation


@pytest.mark.parametrize("name", ASKED)
def test_the_interpreters_agree_on_each_day(name: str) -> None:
    for on in DAYS:
        request = judge().resolve({**ASKED[name], "on": on})
        assert judge().disagreements(request, judge().answer(request).decision) == []


USE, LINK_OWN = (
    "生活保護の事務に個人番号を利用する",
    "子ども医療費のために他の市町村の税の情報を照会する（独自利用事務の情報連携）",
)
LINK, AID = (
    "生活保護のために他の市町村の税の情報を照会する（情報連携）",
    "就学援助のために教育委員会が市長から生活保護の情報を受ける（他の機関への提供）",
)
FOREIGN, QUASI = (
    "生活に困窮する外国人の保護（独自利用）に個人番号を利用する",
    "生活に困窮する外国人の保護（準法定事務）に個人番号を利用する",
)
#: written from the Act and the plan's calendar, not from the engine: (request, day, grounds it must name; none: not lawful)
BY_THE_ACT: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (USE, "2015-12-31", ()),
    (USE, "2016-01-01", ("番号法第9条第1項", "番号法別表第一の15の項")),
    (USE, "2024-05-26", ("番号法第9条第1項", "番号法別表第一の15の項")),
    (USE, "2024-05-27", ("番号法第9条第1項", "番号法別表の23の項")),
    (LINK, "2017-07-17", ()),
    (LINK, "2017-07-18", ("番号法第19条第7号", "番号法別表第二の26の項")),
    (LINK, "2021-08-31", ("番号法第19条第7号", "番号法別表第二の26の項")),
    (LINK, "2021-09-01", ("番号法第19条第8号", "番号法別表第二の26の項")),
    (LINK, "2024-05-27", ("番号法第19条第8号", "利用特定個人情報提供命令第2条の表の42の項")),
    (LINK_OWN, "2017-07-18", ()),  # the city's notification takes effect on 2017-11-13
    (LINK_OWN, "2017-11-13", ("番号法第19条第8号", "番号法別表第二の9の項")),
    (LINK_OWN, "2021-09-01", ("番号法第19条第9号", "番号法別表第二の9の項")),
    (AID, "2016-01-01", ()),  # Art. 4 of the draft enters into force on 2017-07-01
    (AID, "2017-07-17", ("番号法第19条第10号", "石巻市番号利用条例第4条第1項")),
    (AID, "2021-08-31", ("番号法第19条第10号", "石巻市番号利用条例第4条第1項")),
    (AID, "2021-09-01", ("番号法第19条第11号", "石巻市番号利用条例第4条第1項")),
    (FOREIGN, "2024-05-26", ("番号法第9条第2項", "石巻市番号利用条例別表第1の4の項")),
    (FOREIGN, "2024-05-27", ()),
    (QUASI, "2024-05-26", ()),
    (QUASI, "2024-05-27", ("番号法第9条第1項",)),
)
#: what a ground of one of these days may never be called
ANOTHER_DAY = {
    "2021-09-01": ("第19条第7号", "第19条第10号"),
    "2024-05-26": ("番号法別表の", "命令第2条の表"),
    "2024-05-27": ("別表第一", "別表第二"),
}


@pytest.mark.parametrize(("name", "on", "labels"), BY_THE_ACT)
def test_the_grounds_are_those_of_the_act_on_the_day(name: str, on: str, labels: tuple[str, ...]) -> None:
    decision = decided(ASKED[name], on)
    named = [c.label for item in decision.items for c in item.bases]
    assert decision.lawful == bool(labels)
    assert set(labels) <= set(named)


@pytest.mark.parametrize("on", ["2021-09-01", "2024-05-26", "2024-05-27"])
def test_no_ground_has_a_number_of_another_day(on: str) -> None:
    for raw in ASKED.values():
        named = [c.label for item in decided(raw, on).items for c in item.bases if "石巻市" not in c.label]
        assert [x for x in named for gone in ANOTHER_DAY[on] if gone in x] == []


def test_today_is_decided_by_the_rules_in_force_today() -> None:
    today = datetime.now(tz=ZoneInfo("Asia/Tokyo")).date()
    for name, raw in ASKED.items():
        decision = decided(raw, today.isoformat())
        assert all(c.in_force.contains(today) for item in decision.items for c in item.bases), name
        assert decision.lawful == (name != FOREIGN), name


def test_nothing_is_lawful_before_the_number_may_be_used() -> None:
    assert [name for name, raw in ASKED.items() if decided(raw, "2015-12-31").lawful] == []


def test_a_day_in_a_gap_of_the_sources_says_so() -> None:
    """Changes of the tables between 2016-08-03 and 2024-05-26 are not at hand."""
    for on in DAYS:
        named = decided(ASKED["生活保護の事務に個人番号を利用する"], on).assumptions
        assert ("A-TABLE-GAP" in named) == ("2016-08-03" <= on <= "2024-05-26"), on


if __name__ == "__main__":
    print("\n\n".join(tables()))
