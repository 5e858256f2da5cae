"""Linkage of independent use reaches no further than the ordinance's own use, and the proviso no further than it."""

from __future__ import annotations

from typing import Any

import pytest

from api.judge import Judge
from engine.answer import Answer
from tests.compile.bodies import ORDINANCE, ORGANISATION, REGULATION, compiled

NOTIFIED = """委員会届出:
  - {事務: child-medical, 準ずる事務: 番号法別表第二/9, 情報: [地方税関係情報, 住民票関係情報], 届出日: 2017-06-30, 効力発生日: 2017-11-13, 状態: 有効}
"""
PREPARED = NOTIFIED.replace("効力発生日: 2017-11-13, 状態: 有効", "状態: 準備中")
ROW = "〔事務 child-medical・分野 福祉〕 |\n\n"
FACTS = {"pia": "published", "consent": True}


def answer(notified: str, ordinance: str = ORDINANCE, regulation: str = REGULATION, **raw: Any) -> Answer:
    built = compiled(ordinance, regulation, ORGANISATION + notified)
    judge = Judge(built.rule_set)
    asked = {
        "action": "link",
        "municipality": "試験市",
        "agency": "市長",
        "affair": "child-medical",
        "information": ["住民票関係情報"],
        "facts": FACTS,
    }
    request = judge.resolve(asked | raw)
    said = judge.answer(request)
    assert not judge.disagreements(request, said.decision)
    return said


def test_the_linkage_ends_with_the_use_by_ordinance() -> None:
    ended = ORDINANCE.replace(ROW, ROW.replace("福祉〕", "福祉〕〔期間 平成30年3月31日まで〕")).replace(
        "福祉〕 | 地方税", "福祉〕〔期間 平成30年3月31日まで〕 | 地方税"
    )
    assert answer(NOTIFIED, ended, on="2018-03-31").lawful
    assert not answer(NOTIFIED, ended, on="2018-04-01").lawful
    assert answer(NOTIFIED, on="2018-04-01").lawful


@pytest.mark.parametrize(("demand", "droppable"), [("条例", "yes"), ("規則", "no")])
def test_article_26_spares_the_papers_that_an_ordinance_demands(demand: str, droppable: str) -> None:
    regulation = REGULATION.replace("対象 世帯員〕", f"対象 世帯員〕〔義務付け {demand}〕")
    ordinance = ORDINANCE[: ORDINANCE.index("4 第2項の")] + ORDINANCE[ORDINANCE.index("別表第1（第3条関係）") :]
    facts = FACTS | {"resident": False}
    said = answer(NOTIFIED, ordinance, regulation, on="2018-04-01", procedure=1, facts=facts)
    paper = next(p for p in said.attachments if p.name == "住民票の写し")
    assert paper.droppable == droppable
    assert any("番号法第26条" in text for text in paper.reasons)


def test_the_linkage_cites_the_row_and_the_regulation() -> None:
    (item,) = answer(NOTIFIED, on="2018-04-01").decision.items
    labels = [basis.label for basis in item.bases]
    assert "試験市番号利用条例別表第1の1の項" in labels
    assert "試験市番号利用条例施行規則第2条" in labels


@pytest.mark.parametrize(("on", "label"), [("2021-08-31", "番号法第19条第8号"), ("2021-09-01", "番号法第19条第9号")])
def test_missing_consent_is_cited_at_the_address_of_the_day(on: str, label: str) -> None:
    facts = {"pia": "published", "consent": False}
    (item,) = answer(NOTIFIED, on=on, information=["地方税関係情報"], facts=facts).decision.items
    assert {u.citation.label for u in item.unmet if u.citation} == {label}


@pytest.mark.parametrize(
    ("notified", "effect", "outcome"),
    [
        (NOTIFIED, None, "forbidden"),
        (PREPARED, True, "forbidden"),
        (PREPARED, False, "permitted"),
        (PREPARED, None, "undetermined"),
    ],
)
def test_the_proviso_waits_for_the_notification_to_take_effect(
    notified: str, effect: bool | None, outcome: str
) -> None:
    facts: dict[str, object] = {"resident": False} | ({} if effect is None else {"ppc_notified": effect})
    said = answer(notified, action="transfer", holder="市長", on="2018-04-01", facts=facts)
    assert said.decision.outcome == outcome
