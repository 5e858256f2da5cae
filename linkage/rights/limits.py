"""The time limits of the law, from `limits.yaml`, and the days that follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import msgspec

from linkage.rights.values import Due, Kind

_FILE = Path(__file__).with_name("limits.yaml")


class Within(msgspec.Struct, frozen=True, rename={"days": "日数", "article": "条", "premise": "前提"}):
    """So many days, by an article."""

    article: str
    days: int = 0
    premise: str | None = None


class Correction(msgspec.Struct, frozen=True, rename={"article": "条", "excluded": "不算入"}):
    """More may be asked, by an article; the days of it are not counted, by another."""

    article: str
    excluded: str


class Special(msgspec.Struct, frozen=True, rename={"article": "条", "when": "要件", "part_days": "相当の部分の日数"}):
    """A longer time for what is very much, or takes very long."""

    article: str
    when: str
    part_days: int | None = None


class Notice(msgspec.Struct, frozen=True, rename={"article": "条", "of_records": "記録の条"}):
    """Others are told, by an article."""

    article: str
    of_records: str


class Rule(
    msgspec.Struct,
    frozen=True,
    rename={
        "name": "名称",
        "right": "権利",
        "decide": "決定",
        "correction": "補正",
        "extend": "延長",
        "special": "特例",
        "carry_out": "実施",
        "refusals": "拒む理由",
        "after_disclosure": "開示の後",
        "notice": "通知",
        "none_for_records": "記録には無い",
        "fee": "手数料",
    },
):
    """What the law says of one kind of request."""

    name: str
    right: str
    decide: Within
    correction: Correction
    extend: Within
    special: Special
    carry_out: Within
    refusals: dict[str, str]
    after_disclosure: Within | None = None
    notice: Notice | None = None
    none_for_records: str | None = None
    fee: bool = False


class Assumption(msgspec.Struct, frozen=True, rename={"text": "内容", "source": "出典", "kinds": "請求"}):
    """What no text at hand says."""

    id: str
    text: str
    source: str
    kinds: tuple[Kind, ...]


class Fee(msgspec.Struct, frozen=True, rename={"article": "条", "text": "説明"}):
    """What is to be paid."""

    article: str
    text: str


class Evidence(
    msgspec.Struct, frozen=True, rename={"own": "本人", "statutory": "法定代理人", "voluntary": "任意代理人"}
):
    """Documents that show who somebody is, and for whom he may ask."""

    own: tuple[str, ...]
    statutory: tuple[str, ...]
    voluntary: tuple[str, ...]


class Limits(
    msgspec.Struct,
    frozen=True,
    rename={
        "sources": "出典",
        "rules": "請求",
        "fee": "手数料",
        "evidence": "確認書類",
        "assumptions": "仮定",
    },
):
    """The register."""

    sources: dict[str, str]
    rules: dict[Kind, Rule]
    fee: Fee
    evidence: Evidence
    assumptions: tuple[Assumption, ...]

    def assumed(self, kind: Kind) -> tuple[str, ...]:
        """What is assumed in an answer about a kind of request."""
        return tuple(f"{one.text}（{one.id}）" for one in self.assumptions if kind in one.kinds)


@cache
def limits() -> Limits:
    """The register, read once."""
    return msgspec.yaml.decode(_FILE.read_bytes(), type=Limits)


def rule(kind: Kind) -> Rule:
    """What the law says of a kind."""
    return limits().rules[kind]


class Pause(msgspec.Struct, frozen=True):
    """More was asked on a day; the person answered on another, or not yet."""

    asked: date
    answered: date | None = None

    def days(self, today: date) -> int:
        """Days that do not count.

        Examples:
            >>> Pause(date(2026, 1, 30), date(2026, 2, 2)).days(date(2026, 3, 1))
            3
        """
        return max(((self.answered or today) - self.asked).days, 0)


class Course(msgspec.Struct, frozen=True):
    """What moves the day of a request."""

    received: date
    pauses: tuple[Pause, ...] = ()
    extended: int = 0
    special: date | None = None
    part_decided: date | None = None

    @property
    def standing(self) -> bool:
        """Whether the clock stands now."""
        return any(pause.answered is None for pause in self.pauses)


def stopped(pauses: Iterable[Pause], today: date) -> int:
    """The days that do not count so far."""
    return sum(pause.days(today) for pause in pauses)


def base(course: Course, kind: Kind, today: date) -> date:
    """The last day without extension: within it, an extension or a longer time has to be told.

    Examples:
        >>> base(Course(date(2027, 1, 31)), Kind.DISCLOSURE, date(2027, 1, 31))
        datetime.date(2027, 3, 2)
    """
    return course.received + timedelta(days=rule(kind).decide.days + stopped(course.pauses, today))


def due(course: Course, kind: Kind, today: date) -> Due:
    """Until when to decide, as of a day."""
    says = rule(kind)
    not_counted = stopped(course.pauses, today)
    last = base(course, kind, today) + timedelta(days=course.extended)
    article, part = says.decide.article, None
    if course.extended:
        article = says.extend.article
    if course.special is not None:
        last, article = course.special, says.special.article
        if says.special.part_days is not None and course.part_decided is None:
            part = course.received + timedelta(days=says.special.part_days)
    part_left = (part - today).days if part is not None else 0
    if course.standing:
        return Due(None, says.correction.excluded, (last - today).days, part, part_left, not_counted)
    return Due(last, article, (last - today).days, part, part_left, not_counted)


def too_late(kind: Kind, disclosed: date, received: date) -> bool:
    """Whether a request comes after the days that follow a disclosure.

    Examples:
        >>> too_late(Kind.CORRECTION, date(2026, 1, 1), date(2026, 4, 1))
        False
        >>> too_late(Kind.CORRECTION, date(2026, 1, 1), date(2026, 4, 2))
        True
    """
    after = rule(kind).after_disclosure
    return after is not None and received > disclosed + timedelta(days=after.days)


def refusal_articles(kind: Kind, of_records: bool) -> Sequence[str]:
    """By which articles such a request may be refused."""
    says = rule(kind)
    return [one for one in says.refusals if of_records or one != says.none_for_records]
