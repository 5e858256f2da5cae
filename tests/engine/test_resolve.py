"""From plain words to keys, and every reason to refuse."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.request import Request, RequestProblem, RequestRefused
from engine.resolve import Resolver, resolve
from engine.rule_set import Action, GrantedInformation, ImpactAssessment
from tests.engine.build import (
    AFFAIR,
    BOARD,
    CHILD,
    CITY,
    MAYOR,
    OTHER_CITY,
    RESIDENCE,
    TAX,
    a_grant,
    a_rule_set,
    by_network,
    from_agency,
    needs,
    raw,
)

RULES = a_rule_set(
    [from_agency("t", TAX), a_grant("s", conditions=(needs("specific:生計維持者が課税"),))], [by_network("n", TAX)]
)


def read(**changes: object) -> Request:
    return resolve(RULES, raw(**changes))


def problems(**changes: object) -> dict[str, RequestProblem]:
    with pytest.raises(RequestRefused) as refused:
        read(**changes)
    return {problem.code: problem for problem in refused.value.problems}


def test_a_plain_request() -> None:
    request = read(information=TAX, procedure=1)
    assert request == Request(
        Action.USE, CITY, MAYOR, AFFAIR, date(2018, 4, 1), f"{AFFAIR}/1", (GrantedInformation(TAX),)
    )


@pytest.mark.parametrize(
    "named",
    [
        "番号法別表第一/15",
        "番号法別表第一の十五の項",
        "番号法別表第１／１５",
        "法別表第1の15の項",
        "生活保護法による保護の決定及び実施に関する事務",
    ],
)
def test_an_affair_by_any_of_its_names(named: str) -> None:
    assert read(affair=named).affair == AFFAIR


def test_an_ordinance_affair_by_its_short_name() -> None:
    assert read(affair="child-medical").affair == read(affair="子ども医療費の助成に関する事務").affair == CHILD


@pytest.mark.parametrize(
    ("word", "action"),
    [
        ("利用", Action.USE),
        ("提供", Action.TRANSFER),
        ("照会", Action.LINK),
        ("STORE", Action.STORE),
        ("link", Action.LINK),
    ],
)
def test_actions(word: str, action: Action) -> None:
    assert read(action=word, information=[TAX]).action is action


@pytest.mark.parametrize(
    "named", ["教育委員会", "石巻市教育委員会", "042021/教育委員会", "石巻市/教育委員会", " 教育 委員会"]
)
def test_agencies(named: str) -> None:
    assert read(agency=named).party == BOARD


def test_the_head_by_full_name_and_the_city_by_code() -> None:
    assert read(agency="石巻市長", municipality="０４２０２１").party == MAYOR


def test_a_national_agency_has_no_municipality() -> None:
    request = read(agency="厚生労働大臣", municipality=...)
    assert (request.body, request.party) == (None, "厚生労働大臣")


@pytest.mark.parametrize("number", [1, "1", "第1号", "（１）", "一", f"{AFFAIR}/1"])
def test_procedures(number: object) -> None:
    assert read(procedure=number).procedure == f"{AFFAIR}/1"


@pytest.mark.parametrize(
    ("named", "holder", "body"),
    [
        ("市長", MAYOR, CITY),
        ("石巻市/教育委員会", BOARD, CITY),
        ("市町村長", "市町村長", None),
        ("厚生労働大臣", "厚生労働大臣", None),
        ("仙台市長", f"{OTHER_CITY}/市長", OTHER_CITY),
        ("女川町長", "女川町長", None),
        ("他市町村", "他市町村", None),
    ],
)
def test_holders(named: str, holder: str, body: str | None) -> None:
    request = read(action="link", information=[TAX], holder=named)
    assert (request.holder, request.holder_body) == (holder, body)
    assert request.holder_designations


def test_designations_of_unregistered_heads() -> None:
    def of(name: str) -> frozenset[str]:
        return read(action="link", information=[TAX], holder=name).holder_designations

    assert of("女川町長") == of("他市町村") == {"市町村長"}
    assert of("名取市長") == {"市町村長", "都道府県知事等"}
    assert of("宮城県知事") == {"都道府県知事", "都道府県知事等"}


@pytest.mark.parametrize(
    "day", [date(2018, 4, 1), "2018-04-01", "平成30年4月1日", "平成三十年四月一日", "H30.4.1", "2018/4/1"]
)
def test_days(day: object) -> None:
    assert read(on=day).on == date(2018, 4, 1)


def test_information_with_persons() -> None:
    request = read(information=[{"name": TAX, "person": "申請者"}, RESIDENCE])
    assert request.information == (GrantedInformation(TAX, "申請者"), GrantedInformation(RESIDENCE))


def test_persons_are_those_of_the_rules_whatever_their_width() -> None:
    rules = a_rule_set([from_agency("t", (TAX, "世帯員（同居）"))])
    request = resolve(rules, raw(information=[{"name": TAX, "person": "世帯員(同居)"}]))
    assert request.information == (GrantedInformation(TAX, "世帯員（同居）"),)


def test_attachments() -> None:
    assert read(attachments=True).attachments is None
    assert read(attachments=["所得課税証明書"]).attachments == ("所得課税証明書",)
    assert read(attachments=False).attachments == ()


@pytest.mark.parametrize(
    ("code", "changes", "suggestion"),
    [
        ("R0101", {"municipality": "石巻"}, "石巻市"),
        ("R0102", {"agency": "教育委員"}, "教育委員会"),
        ("R0102", {"municipality": ...}, None),
        ("R0103", {"affair": "child-medica"}, "child-medical"),
        ("R0104", {"procedure": 9}, f"{AFFAIR}/1"),
        ("R0105", {"information": "地方税情報"}, TAX),
        ("R0106", {"holder": "厚生大臣"}, "厚生労働大臣"),
        ("R0107", {"on": ...}, None),
        ("R0107", {"agency": ...}, None),
        ("R0108", {"on": 20180401}, "2016-01-01"),
        ("R0108", {"procedure": True}, None),
        ("R0108", {"information": [3]}, None),
        ("R0108", {"facts": ["consent"]}, None),
        ("R0108", {"municipality": 42021}, None),
        ("R0108", {"attachments": 3}, None),
        ("R0109", {"on": "1999-01-01"}, "2015-10-05"),
        ("R0110", {"municipalty": "石巻市"}, "municipality"),
        ("R0112", {"action": "link"}, None),
        ("R0113", {"action": "card", "information": TAX}, None),
        ("R0114", {"facts": {"consnet": True}}, "consent"),
        ("R0115", {"facts": {"consent": "たぶん"}}, "はい"),
        ("R0116", {"action": "lnk"}, "link"),
    ],
)
def test_refusals(code: str, changes: dict[str, object], suggestion: str | None) -> None:
    found = problems(**changes)
    assert code in found
    if suggestion is not None:
        assert found[code].suggestion == suggestion


def test_all_problems_at_once() -> None:
    found = problems(action="x", agency="課", affair="y", on="1999-01-01", information="z", extra=1)
    assert set(found) == {"R0116", "R0102", "R0103", "R0109", "R0105", "R0110"}


def test_a_local_agency_without_its_municipality_is_told_where_it_belongs() -> None:
    assert "municipality" in (problems(agency="仙台市長", municipality=...)["R0102"].suggestion or "")


@given(
    number=st.text("0123456789", min_size=12, max_size=12),
    separator=st.sampled_from(["", " ", "-", "　", "・", " - "]),
    wide=st.booleans(),
    where=st.sampled_from(
        ["agency", "affair", "information", "holder", "fact", "fact value", "member", "attachments", "person"]
    ),
)
def test_twelve_digits_are_refused_and_never_repeated(number: str, separator: str, wide: bool, where: str) -> None:
    written = separator.join([number[:4], number[4:8], number[8:]])
    if wide:
        written = written.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    changes: dict[str, object] = {
        "fact": {"facts": {written: True}},
        "fact value": {"facts": {"consent": written}},
        "member": {written: 1},
        "attachments": {"attachments": [written]},
        "person": {"information": [{"name": TAX, "person": written}]},
    }.get(where, {where: written})  # type: ignore[assignment]
    with pytest.raises(RequestRefused) as refused:
        read(**changes)
    assert "R0111" in {problem.code for problem in refused.value.problems}
    said = repr(refused.value.problems) + str(refused.value)
    assert written not in said
    assert number not in said


def test_a_number_as_a_number_is_refused_too() -> None:
    assert "R0111" in problems(procedure=123456789012)


def test_specific_facts_may_stand_alone_when_a_rule_asks_for_them() -> None:
    facts = read(facts={"生計維持者が課税": "はい", "specific": {"世帯主": "無"}, "specific:学生": True}).facts
    assert facts == {"specific:生計維持者が課税": True, "specific:世帯主": False, "specific:学生": True}
    assert read(facts={"specific": ["学生"]}).facts == {"specific:学生": True}


def test_a_remembered_request_is_read_as_if_new() -> None:
    resolver = Resolver(RULES)
    asked = [
        raw(information=information, on=day, facts=facts, procedure=procedure, holder=holder)
        for information in (TAX, [TAX], [TAX, RESIDENCE])
        for day in ("2018-04-01", date(2019, 1, 1))
        for facts in (
            ...,
            None,
            {},
            {"consent": True},
            {"同意": "はい", "pia": "公表済"},
            {"specific": {"学生": True}},
            {"specific:生計維持者が課税": True, "pia": "missing"},
        )
        for procedure in (..., 1, "1")
        for holder in (..., "市長")
    ]
    for _ in range(2):
        assert [resolver.resolve(r) for r in asked] == [resolve(RULES, r) for r in asked]


@pytest.mark.parametrize(
    "changes",
    [
        {"procedure": True},
        {"on": "1999-01-01"},
        {"on": "2018-W14-1"},
        {"facts": {"consent": 1}},
        {"facts": [("consent", True)]},
        {"x": None},
    ],
)
def test_what_is_remembered_lets_nothing_ill_typed_through(changes: dict[str, object]) -> None:
    resolver = Resolver(RULES)
    resolver.resolve(raw(procedure=1))
    resolver.resolve(raw(procedure=1, facts={"consent": True}))
    with pytest.raises(RequestRefused):
        resolver.resolve(raw(**({"procedure": 1} | changes)))


PUBLISHED = ImpactAssessment(AFFAIR, "基礎", date(2018, 1, 1), 5_000, 10, False, changed=date(2019, 1, 1))


@pytest.mark.parametrize(
    ("day", "said", "expected"),
    [
        ("2017-12-31", None, False),
        ("2018-01-01", None, True),
        ("2018-12-31", "published", True),
        ("2018-12-31", "missing", False),
        ("2019-01-01", None, False),
        ("2019-01-01", "published", False),
    ],
)
def test_the_register_and_the_request_must_both_satisfy(day: str, said: str | None, expected: bool) -> None:
    rules = a_rule_set(assessments=(PUBLISHED,))
    facts = {} if said is None else {"pia": said}
    resolver = Resolver(rules)
    for _ in range(2):
        request = resolver.resolve(raw(on=day, facts=facts))
        assert request.facts["pia"] is expected
        assert request.assumptions == ("A-PIA-THRESHOLD",)
