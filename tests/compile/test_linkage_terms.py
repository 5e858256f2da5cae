"""特定個人番号利用事務 and 利用特定個人情報 in an ordinance, and decisions from 2024-05-27 by the order of 2024 No. 9."""

from __future__ import annotations

from typing import Any

import pytest

from api.judge import Judge
from engine.answer import Answer
from engine.decision import Outcome
from tests.compile.bodies import ORDINANCE, ORGANISATION, REGULATION, compiled

LATER = (
    ORDINANCE.replace("法別表第2の第2欄に掲げる事務とする", "特定個人番号利用事務とする")
    .replace("法別表第2の第2欄に掲げる事務を処理", "特定個人番号利用事務を処理")
    .replace("同表の第4欄に掲げる特定個人情報であって", "利用特定個人情報であって")
    .replace("平成28年1月1日から施行", "令和6年5月27日から施行")
)
PROVISO = LATER.replace(
    "自らが保有するものを利用することができる。",
    "自らが保有するものを利用することができる。ただし、法の規定により、情報提供ネットワークシステムを使用して"
    "他の個人番号利用事務実施者から当該利用特定個人情報の提供を受けることができる場合は、この限りでない。",
)
NOTIFIED = """委員会届出:
  - {事務: child-medical, 準ずる事務: 番号法別表第二/9, 情報: [地方税関係情報, 住民票関係情報], 届出日: 2017-06-30, 効力発生日: 2017-11-13, 状態: 有効}
"""
ORDER = "利用特定個人情報提供命令"
DAY = "2024-05-27"


def answer(ordinance: str = ORDINANCE, notified: str = "", **raw: Any) -> Answer:
    deciding = Judge(compiled(ordinance, REGULATION, ORGANISATION + notified).rule_set)
    asked = {"action": "use", "municipality": "試験市", "agency": "市長", "on": DAY, "facts": {"pia": "published"}}
    request = deciding.resolve(asked | raw)
    said = deciding.answer(request)
    assert not deciding.disagreements(request, said.decision)
    return said


def labels(said: Answer) -> list[str]:
    return [basis.label for item in said.decision.items for basis in item.bases]


# ---- the words of the ordinance -------------------------------------------------------------------


def test_the_words_mean_the_items_of_the_order() -> None:
    said = answer(LATER, affair="番号法別表第二/74", information=["住民票関係情報"])
    assert said.lawful
    assert "試験市番号利用条例第3条第3項" in labels(said)
    assert f"{ORDER}第2条の表の106の項" in labels(said)
    assert {"A-ORDER9-TEXT", "A-ORDER9-NUMBERING"} <= set(said.decision.assumptions)


def test_the_words_mean_nothing_beyond_what_a_procedure_opens() -> None:
    asked: dict[str, Any] = {"affair": "番号法別表第二/74", "information": ["地方税関係情報"]}
    assert answer(LATER, procedure=f"{ORDER}第108条第1号", **asked).lawful
    said = answer(LATER, procedure=f"{ORDER}第108条第4号", **asked)
    assert said.decision.outcome is Outcome.NO_BASIS


def test_the_number_may_be_used_for_the_affairs_of_the_order() -> None:
    said = answer(LATER, affair="番号法別表第二/74")
    assert said.lawful
    assert "番号法第9条第2項" in labels(said)


@pytest.mark.parametrize(("on", "lawful"), [("2024-05-26", True), (DAY, False)])
def test_the_old_words_grant_nothing_after_the_repeal(on: str, lawful: bool) -> None:
    said = answer(ORDINANCE, affair="番号法別表第二/74", information=["地方税関係情報"], on=on)
    assert said.lawful is lawful


def test_the_new_words_are_pointed_out_before_the_law_has_them() -> None:
    early = LATER.replace("令和6年5月27日から施行", "平成28年1月1日から施行")
    found = [d for d in compiled(early).diagnostics if d.code == "J0302"]
    assert found
    assert all("特定個人番号利用事務" in d.message and "2024-05-26まで" in d.message for d in found)
    assert not answer(early, affair="番号法別表第二/74", information=["地方税関係情報"], on="2024-05-26").lawful


def test_the_proviso_bars_what_the_network_opens() -> None:
    asked: dict[str, Any] = {"affair": "番号法別表第二/74", "information": ["地方税関係情報"]}
    away = answer(PROVISO, facts={"pia": "published", "resident": False}, **asked)
    assert away.decision.outcome is Outcome.FORBIDDEN
    assert answer(PROVISO, facts={"pia": "published", "resident": True}, **asked).lawful


# ---- decisions on the first day -------------------------------------------------------------------


def test_family_allowance_asks_for_tax_information() -> None:
    said = answer(
        action="link",
        affair="child-allowance",
        procedure=f"{ORDER}第108条第1号",
        information=["地方税関係情報"],
        holder="仙台市長",
    )
    assert said.lawful
    assert labels(said) == ["番号法第19条第8号", f"{ORDER}第2条の表の106の項", f"{ORDER}第108条第1号"]


def test_a_request_naming_no_procedure_rests_on_every_procedure_that_opens_it() -> None:
    said = answer(action="link", affair="child-allowance", information=["地方税関係情報"], holder="仙台市長")
    assert said.lawful
    assert {f"{ORDER}第108条第1号", f"{ORDER}第108条第6号"} <= set(labels(said))


def test_a_provider_gives_only_what_its_pair_says() -> None:
    said = answer(action="link", affair="child-allowance", information=["地方税関係情報"], holder="内閣総理大臣")
    assert said.decision.outcome is Outcome.NO_BASIS


def test_public_assistance_of_foreign_nationals_is_a_use_by_the_act() -> None:
    affair = "foreign-nationals-public-assistance"
    said = answer(affair=affair, procedure=f"{ORDER}第163条第1号")
    assert said.lawful
    assert labels(said)[:3] == ["番号法第9条第1項", f"{ORDER}第2条の表の161の項", f"{ORDER}第163条第1号"]
    assert "A-ORDER8-ITEM" in said.decision.assumptions
    assert not answer(affair=affair, on="2024-05-26").lawful
    asked = answer(action="link", affair=affair, information=["地方税関係情報"], holder="仙台市長")
    assert asked.lawful
    assert labels(asked)[:2] == ["番号法第19条第8号", f"{ORDER}第2条の表の161の項"]


@pytest.mark.parametrize(
    ("on", "ground", "item"),
    [
        ("2024-05-26", "番号法第19条第9号", "番号法別表第二の9の項"),
        (DAY, "番号法第19条第9号", f"{ORDER}第2条の表の13の項"),
    ],
)
def test_child_medical_by_independent_linkage_on_both_sides(on: str, ground: str, item: str) -> None:
    facts = {"pia": "published", "consent": True}
    said = answer(
        LATER.replace("令和6年5月27日から施行", "平成28年1月1日から施行"),
        NOTIFIED,
        action="link",
        affair="child-medical",
        information=["地方税関係情報"],
        holder="仙台市長",
        facts=facts,
        on=on,
    )
    assert said.lawful
    assert {ground, item} <= set(labels(said))
    if on == DAY:
        assert {"独自利用提供規則第2条第1項", "独自利用提供規則第2条第4項"} <= set(labels(said))


def test_independent_linkage_of_tax_information_needs_consent() -> None:
    asked: dict[str, Any] = {
        "action": "link",
        "affair": "child-medical",
        "information": ["地方税関係情報"],
        "holder": "仙台市長",
    }
    refused = answer(ORDINANCE, NOTIFIED, facts={"pia": "published", "consent": False}, **asked)
    assert refused.decision.outcome is Outcome.CONDITION_UNMET


def test_who_supplies_no_regional_quality_rental_housing_is_not_asked_for_it() -> None:
    """「…の供給を行う都道府県知事又は市町村長」 is one designation, not any mayor."""
    affair = "regional-quality-rental-housing"
    assert answer(affair=affair).decision.outcome is Outcome.UNDETERMINED
    supplying = ORGANISATION.replace("機関:", "該当: {地域優良賃貸住宅の供給: true}\n機関:", 1)
    said = Judge(compiled(ORDINANCE, REGULATION, supplying).rule_set)
    request = said.resolve({"action": "use", "municipality": "試験市", "agency": "市長", "affair": affair, "on": DAY})
    assert said.answer(request).lawful
