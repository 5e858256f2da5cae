"""Public notices in plain Japanese (住民への周知): what an affair does with the number, why it may, from when, and which
papers need not be brought any more.

Every fact in them is read from the rule set: tracks and days from `engine.timeline`, papers from `engine.attachments`.
The sentences around them are fixed. What is not in force yet is announced with its day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from engine.attachments import Attachment, Droppable, attachments
from engine.japanese import spoken_day
from engine.resolve import Resolver
from engine.timeline import Track, timeline
from linkage.people.refusals import PeopleRefused

if TYPE_CHECKING:
    from engine.period import Period
    from engine.rule_set import Citation, Procedure, RuleSet
    from engine.timeline import Run

_WHAT = {
    Track.USE: "手続をする人を取り違えないために、マイナンバー（個人番号）を使います。",
    Track.INTERNAL: "市役所の中の別の仕事で持っている情報を、この手続のために使います。",
    Track.LINKAGE: "国やほかの市町村が持っている情報を、専用のネットワークで確かめます。",
    Track.CARD: "マイナンバーカードを使えるようにします（マイナンバーそのものは使いません）。",
}
#: Whose papers are asked about: who had an address here on the reference day, and who had not.
_RESIDENCE = {True: "基準日に市内に住所があった方", False: "基準日に市外に住所があった方"}


class Paper(msgspec.Struct, frozen=True):
    """A paper of a procedure for one group of people. `since` is the day from which it need not be brought."""

    name: str
    procedure: str
    people: str
    droppable: bool
    since: date | None
    articles: tuple[str, ...]
    reason: str


class Notice(msgspec.Struct, frozen=True):
    """A notice about one affair, on a day."""

    municipality: str
    affair: str
    on: date
    uses: tuple[tuple[str, str], ...]  # a sentence, and on what it rests and from when
    papers: tuple[Paper, ...]
    draft: tuple[str, ...]  # assumptions that the reader has to be told of

    def text(self) -> str:
        """The notice as it is published."""
        lines = [f"「{self.affair}」のお知らせ（{self.municipality}、{spoken_day(self.on)}現在）", ""]
        lines.append("■ 何が変わりますか")
        lines += [f"・{what}" for what, _ in self.uses] or ["・いまのところ、マイナンバーは使いません。"]
        lines += ["", "■ 根拠と、いつから", *(f"・{why}" for _, why in self.uses), "", "■ 持ってこなくてよくなる書類"]
        lines += list(self._dropped()) or ["・ありません。これまでどおり書類をお持ちください。"]
        still = list(self._still())
        if still:
            lines += ["", "■ これからも必要な書類", *still]
        lines += [
            "",
            "マイナンバーが分からないという理由だけで、手続を断ることはありません。",
            "あなたの情報がいつ、どこに提供されたかは、マイナポータルで確かめられます。",
        ]
        lines += [f"（注）{text}" for text in self.draft]
        return "\n".join(lines)

    def _dropped(self) -> Iterator[str]:
        told = [paper for paper in self.papers if paper.since is not None]
        for papers in _together(told, lambda paper: (paper.name, paper.people, paper.since, paper.articles)):
            one = papers[0]
            assert one.since is not None
            need = "必要ありません" if one.since <= self.on else "必要がなくなります"
            which = "、".join(dict.fromkeys(paper.procedure for paper in papers))
            yield f"・{one.name}（{one.people}）: {spoken_day(one.since)}から{need}。"
            yield f"　手続: {which}　根拠: {'、'.join(one.articles)}"

    def _still(self) -> Iterator[str]:
        told = [paper for paper in self.papers if paper.since is None]
        for papers in _together(told, lambda paper: (paper.name, paper.people)):
            which = "、".join(dict.fromkeys(paper.procedure for paper in papers))
            yield f"・{papers[0].name}（{papers[0].people}）"
            yield f"　手続: {which}"


def _together(papers: Iterable[Paper], key: Callable[[Paper], object]) -> Iterable[list[Paper]]:
    """Papers of which the same is to be said."""
    found: dict[object, list[Paper]] = {}
    for paper in papers:
        found.setdefault(key(paper), []).append(paper)
    return found.values()


def notice(rule_set: RuleSet, body: str, agency: str, affair: str, on: date) -> Notice:
    """The notice about an affair of an agency, on a day.

    Raises:
        PeopleRefused: G0719 the rules do not know the affair.
    """
    part = rule_set.bodies.get(body)
    row = None if part is None else next((r for r in timeline(rule_set, body).rows if _is(r.affair, affair)), None)
    if part is None or part.body is None or row is None:
        raise PeopleRefused("G0719", what=affair)
    known = part.affairs.get(row.affair) or rule_set.national.affairs[row.affair]
    uses = tuple(use for run in row.runs if (use := _use(run, on)) is not None)
    procedures = [p for p in _procedures(rule_set, body, row.affair) if _stands(p, on)]
    days = _days(rule_set, row.runs)
    papers = tuple(
        paper
        for procedure in procedures
        for resident in _RESIDENCE
        for paper in _papers(_Asked(rule_set, part.body.name, agency, procedure, resident), days, on)
    )
    assumed = sorted({name for run in row.runs for name in run.assumptions})
    draft = tuple(
        each.assumptions[name].text
        for name in assumed
        for each in (part, rule_set.national)
        if name in each.assumptions and each is part
    )
    return Notice(part.body.name, known.name_on(on), on, uses, papers, draft)


class _Asked:
    """The papers of one procedure for one group, asked about day by day."""

    def __init__(self, rule_set: RuleSet, municipality: str, agency: str, procedure: Procedure, resident: bool) -> None:
        self._rule_set, self._resolver = rule_set, Resolver(rule_set)
        self.procedure, self.resident = procedure, resident
        self._known: dict[date, dict[str, Attachment]] = {}
        self._raw = {"municipality": municipality, "agency": agency, "affair": procedure.affair, "action": "use"}

    def on(self, day: date) -> dict[str, Attachment]:
        """The answers of a day: with consent where it is needed, the network running, nobody in a hurry."""
        known = self._known.get(day)
        if known is None:
            facts = {"consent": True, "resident": self.resident}
            number = self.procedure.id.removeprefix(f"{self.procedure.affair}/")
            raw = {**self._raw, "procedure": number, "on": day.isoformat(), "facts": facts}
            known = {one.name: one for one in attachments(self._rule_set, self._resolver.resolve(raw))}
            self._known[day] = known
        return known

    def dropped(self, name: str, day: date) -> bool:
        """Whether a paper need not be brought on a day."""
        paper = self.on(day).get(name)
        return paper is not None and paper.droppable is Droppable.YES

    def since(self, name: str, days: tuple[date, ...], on: date) -> date | None:
        """The day since which, without a break, it need not be brought; else the next from which it need not."""
        before = [day for day in days if day <= on] + [on]
        if self.dropped(name, on):
            last_no = next((day for day in reversed(before) if not self.dropped(name, day)), None)
            first_yes = next(day for day in before if last_no is None or day > last_no)
            return first_yes if last_no is None else self._between(name, last_no, first_yes)
        last_no = on
        for day in days:
            if day > on and self.dropped(name, day):
                return self._between(name, last_no, day)
            last_no = max(last_no, day)
        return None

    def _between(self, name: str, no: date, yes: date) -> date:
        """The day of the change between a day without and a day with it."""
        while (yes - no).days > 1:
            middle = no + timedelta(days=(yes - no).days // 2)
            no, yes = (no, middle) if self.dropped(name, middle) else (middle, yes)
        return yes


def _papers(asked: _Asked, days: tuple[date, ...], on: date) -> Iterator[Paper]:
    what, people = _short(asked.procedure.text_on(on)), _RESIDENCE[asked.resident]
    ahead = (on, *(day for day in days if day > on))
    first = {name: day for day in reversed(ahead) for name in asked.on(day)}  # where the paper is next asked for
    for name in dict.fromkeys(name for day in ahead for name in asked.on(day)):
        since = asked.since(name, days, on)
        told = asked.on(first[name] if since is None else max(since, on))[name]
        articles = tuple(dict.fromkeys(citation.label for citation in _last(told.bases)))
        yield Paper(name, what, people, asked.dropped(name, on), since, articles, "、".join(told.reasons))


def _last(bases: tuple[Citation, ...]) -> Iterable[Citation]:
    """The clause that makes the paper unnecessary comes last; the one that lets the information come, first."""
    return bases[:1] + bases[-1:]


def _use(run: Run, on: date) -> tuple[str, str] | None:
    """What is done, and on what it rests from when: now, or next."""
    period = _now_or_next(run.days, on)
    if period is None:
        return None
    when = f"{spoken_day(period.first)}から" + ("" if period.last is None else f"{spoken_day(period.last)}まで")
    return _WHAT[run.track], f"{run.track.value}: {'、'.join(run.citations)}（{when}）"


def _now_or_next(days: tuple[Period, ...], on: date) -> Period | None:
    return next((period for period in days if period.last is None or period.last >= on), None)


def _days(rule_set: RuleSet, runs: tuple[Run, ...]) -> tuple[date, ...]:
    """The days on which an answer can change: beginnings and ends of runs, and the gates of the roadmap."""
    firsts = {period.first for run in runs for period in run.days}
    gates = {gate.first for gate in rule_set.national.gates if not gate.planned}
    return tuple(sorted(day for day in firsts | gates if rule_set.valid.contains(day)))


def _procedures(rule_set: RuleSet, body: str, affair: str) -> Iterator[Procedure]:
    for part in rule_set.parts(body):
        for procedure in part.procedures.values():
            if procedure.affair == affair:
                yield procedure


def _stands(procedure: Procedure, on: date) -> bool:
    """Whether the procedure stands on the day, or is to come."""
    return any(c.in_force.last is None or c.in_force.last >= on for c in procedure.citations)


def _is(affair: str, name: str) -> bool:
    return affair == name or affair.rpartition("/")[2] == name


def _short(text: str) -> str:
    """The procedure as people call it: what is applied for or notified."""
    for mark in ("の受理", "に係る事実"):
        text = text.partition(mark)[0]
    return text.removesuffix("に関する事務")
