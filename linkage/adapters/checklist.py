"""The counter's checklist of papers: what must be brought, what falls away once the information has arrived, and why.

A paper is dropped only when the decision says that it may be left at home *and* what it proves has come. When the
information does not come in time the paper is asked for again (紙への切替え).
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from linkage.adapters.client import Paper


class Mark(enum.StrEnum):
    """What the checklist says of a paper."""

    BRING = "提出が必要"
    DROPPED = "省略"
    PARTLY = "一部は提出が必要"


class Line(msgspec.Struct, frozen=True):
    """One paper."""

    name: str
    mark: Mark
    why: str
    articles: tuple[str, ...] = ()


def _yet(paper: Paper) -> str:
    return paper.reasons[-1] if paper.droppable == "no" and paper.reasons else "まだ情報が届いていない"


class Checklist:
    """Of one application. Everything is to be brought until it falls away."""

    def __init__(self, papers: tuple[Paper, ...]) -> None:
        self._papers = {paper.name: paper for paper in papers}
        self._lines = {paper.name: Line(paper.name, Mark.BRING, _yet(paper)) for paper in papers}

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every paper, in the order of the rules."""
        return tuple(self._lines.values())

    @property
    def to_bring(self) -> tuple[str, ...]:
        """What the applicant has to bring."""
        return tuple(line.name for line in self.lines if line.mark is not Mark.DROPPED)

    def arrived(self, *information: str) -> tuple[str, ...]:
        """This information came; gives the papers that fall away by it."""
        dropped = []
        for name, paper in self._papers.items():
            about = [reason for reason in paper.reasons if reason.partition("（")[0] in information]
            if not about:
                continue
            mark = {"yes": Mark.DROPPED, "partial": Mark.PARTLY}.get(paper.droppable, Mark.BRING)
            self._lines[name] = Line(name, mark, about[-1], paper.articles)
            if mark is Mark.DROPPED:
                dropped.append(name)
        return tuple(dropped)

    def by_paper(self, why: str, *information: str) -> tuple[str, ...]:
        """The information does not come: its papers are asked for; gives their names."""
        asked = []
        for name, paper in self._papers.items():
            if any(reason.partition("（")[0] in information for reason in paper.reasons):
                self._lines[name] = Line(name, Mark.BRING, why)
                asked.append(name)
        return tuple(asked)
