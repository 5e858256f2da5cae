"""Public notices: every fact in them comes from the rule set and the engine's answers about papers."""

from __future__ import annotations

from datetime import date

import pytest

from dsl.masking import twelve_digits
from engine.attachments import Droppable, attachments
from engine.resolve import Resolver
from linkage.people.notices import Notice, notice
from linkage.people.refusals import PeopleRefused
from tests.linkage.people.town import MAYOR, rule_set
from tests.linkage.world import CITY

TODAY = date(2026, 11, 26)


@pytest.fixture(scope="module")
def child() -> Notice:
    return notice(rule_set(), CITY, MAYOR, "child-medical", TODAY)


def test_it_says_what_why_which_article_from_when_and_which_papers(child: Notice) -> None:
    text = child.text()
    for part in (
        "「子ども医療費の助成に関する事務」のお知らせ（石巻市、令和8年11月26日現在）",
        "マイナンバー（個人番号）を使います",
        "石巻市番号利用条例第3条第1項（平成28年1月1日から）",
        "番号法第19条第8号、番号法第19条第9号（平成29年11月13日から）",
        "・所得課税証明書（基準日に市内に住所があった方）: 平成28年1月1日から必要ありません。",
        "石巻市番号利用条例第3条第4項",
        "■ これからも必要な書類",
        "案による",
    ):
        assert part in text
    assert not twelve_digits(text)
    for code in ("child-medical", "042021", "A-ISHINOMAKI"):
        assert code not in text, "no code of the program"


def test_every_paper_is_as_the_engine_answers(child: Notice) -> None:
    resolver = Resolver(rule_set())
    seen = 0
    for number in ("1", "2", "3", "4"):
        for resident in (True, False):
            raw = {"municipality": "石巻市", "agency": MAYOR, "affair": "child-medical", "action": "use"}
            facts = {"consent": True, "resident": resident}
            request = resolver.resolve({**raw, "procedure": number, "on": TODAY.isoformat(), "facts": facts})
            for answer in attachments(rule_set(), request):
                told = [
                    paper
                    for paper in child.papers
                    if paper.name == answer.name
                    and (paper.people.startswith("基準日に市内")) == resident
                    and paper.reason == "、".join(answer.reasons)
                ]
                assert told
                assert {paper.droppable for paper in told} == {answer.droppable is Droppable.YES}
                seen += 1
    assert seen == len(child.papers)


def test_before_it_is_in_force_it_is_announced_with_its_day() -> None:
    made = notice(rule_set(), CITY, "教育委員会", "school-aid", date(2016, 11, 26))
    days = {paper.since for paper in made.papers if paper.since is not None}
    assert days == {date(2017, 7, 1)}
    assert not any(paper.droppable for paper in made.papers)
    text = made.text()
    assert "平成29年7月1日から必要がなくなります" in text
    after = notice(rule_set(), CITY, "教育委員会", "school-aid", date(2017, 7, 1))
    assert {paper.since for paper in after.papers if paper.droppable} == days


def test_before_the_papers_themselves_are_in_force() -> None:
    text = notice(rule_set(), CITY, MAYOR, "child-medical", date(2015, 12, 1)).text()
    assert "所得課税証明書（基準日に市内に住所があった方）: 平成28年1月1日から必要がなくなります" in text


def test_an_affair_that_is_none() -> None:
    with pytest.raises(PeopleRefused, match="G0719"):
        notice(rule_set(), CITY, MAYOR, "nothing", TODAY)
    with pytest.raises(PeopleRefused, match="G0719"):
        notice(rule_set(), "999999", MAYOR, "child-medical", TODAY)
