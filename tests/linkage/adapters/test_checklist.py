"""The checklist: a paper falls away only when the decision allows it and its information has come."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from linkage.adapters.checklist import Checklist, Mark
from linkage.adapters.client import Paper

TAX, RESIDENT = "地方税関係情報", "住民票関係情報"


def paper(name: str, droppable: str, *information: str) -> Paper:
    reasons = tuple(f"{one}（申請者）: 届き、書類の提出があったものとみなされます" for one in information)
    return Paper(name, droppable, reasons, ("条例第3条第4項",))


def test_everything_is_to_be_brought_at_first() -> None:
    papers = (paper("所得課税証明書", "yes", TAX), paper("診断書", "no"))
    assert Checklist(papers).to_bring == ("所得課税証明書", "診断書")


def test_what_has_come_drops_its_papers_only() -> None:
    checklist = Checklist(
        (
            paper("証明書", "yes", TAX),
            paper("住民票", "yes", RESIDENT),
            paper("両方", "partial", TAX),
            paper("医師", "no"),
        )
    )
    assert checklist.arrived(TAX) == ("証明書",)
    marks = {line.name: line.mark for line in checklist.lines}
    assert marks == {"証明書": Mark.DROPPED, "住民票": Mark.BRING, "両方": Mark.PARTLY, "医師": Mark.BRING}
    assert checklist.to_bring == ("住民票", "両方", "医師")
    assert checklist.lines[0].articles == ("条例第3条第4項",)


def test_information_that_came_drops_nothing_that_the_decision_keeps() -> None:
    checklist = Checklist((paper("証明書", "no", TAX),))
    assert checklist.arrived(TAX) == ()
    assert checklist.to_bring == ("証明書",)


def test_back_to_paper() -> None:
    checklist = Checklist((paper("証明書", "yes", TAX), paper("住民票", "yes", RESIDENT)))
    checklist.arrived(TAX, RESIDENT)
    assert checklist.to_bring == ()
    assert checklist.by_paper("止まっている", TAX) == ("証明書",)
    assert checklist.to_bring == ("証明書",)
    assert checklist.lines[0].why == "止まっている"


@given(
    st.lists(
        st.tuples(st.sampled_from(("yes", "no", "partial")), st.sets(st.sampled_from((TAX, RESIDENT)))), max_size=6
    ),
    st.lists(st.sampled_from((TAX, RESIDENT)), max_size=4),
)
def test_no_paper_is_dropped_without_both(given_papers: list[tuple[str, set[str]]], came: list[str]) -> None:
    papers = tuple(paper(f"書類{i}", how, *sorted(about)) for i, (how, about) in enumerate(given_papers))
    checklist = Checklist(papers)
    for information in came:
        checklist.arrived(information)
    for (how, about), line in itertools.zip_longest(given_papers, checklist.lines):
        if line.mark is Mark.DROPPED:
            assert how == "yes"
            assert about & set(came)
        else:
            assert not (how == "yes" and about & set(came))
