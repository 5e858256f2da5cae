"""Who does what by which article, from `delegations.yaml`, and how long a card is good."""

from __future__ import annotations

import calendar
from datetime import date
from functools import cache
from pathlib import Path

import msgspec

from linkage.cards.refusals import CardRefused

_FILE = Path(__file__).with_name("delegations.yaml")


class Task(
    msgspec.Struct,
    frozen=True,
    rename={
        "name": "名称",
        "who": "行う者",
        "delegator": "委任する者",
        "kind": "種別",
        "article": "条",
        "first": "始",
        "last": "終",
        "assumption": "仮定",
    },
):
    """A task, who does it, for whom, by which article, and when that holds."""

    id: str
    name: str
    who: str
    kind: str
    article: str
    first: date
    delegator: str | None = None
    last: date | None = None
    assumption: str | None = None

    def holds(self, on: date) -> bool:
        """Whether it holds on a day."""
        return self.first <= on and (self.last is None or on <= self.last)

    @property
    def text(self) -> str:
        """As a step records it."""
        told = f"、{self.delegator}からの委任" if self.delegator else ""
        assumed = f"、仮定{self.assumption}" if self.assumption else ""
        return f"{self.name}は{self.who}が行う（{self.article}{told}{assumed}）"


class Validity(
    msgspec.Struct,
    frozen=True,
    rename={
        "article": "条",
        "adult": "成年",
        "birthdays": "成年の誕生日",
        "birthdays_of_minor": "未成年の誕生日",
        "assumption": "仮定",
    },
):
    """How long a card is good."""

    article: str
    adult: int
    birthdays: int
    birthdays_of_minor: int
    assumption: str


class Assumption(msgspec.Struct, frozen=True, rename={"text": "内容", "source": "出典"}):
    """What no text at hand says."""

    id: str
    text: str
    source: str


class Register(
    msgspec.Struct,
    frozen=True,
    rename={
        "sources": "出典",
        "tasks": "事務",
        "validity": "有効期間",
        "documents": "確認書類",
        "assumptions": "仮定",
    },
):
    """The register."""

    sources: dict[str, str]
    tasks: tuple[Task, ...]
    validity: Validity
    documents: tuple[str, ...]
    assumptions: tuple[Assumption, ...]


@cache
def register() -> Register:
    """The register, read once."""
    return msgspec.yaml.decode(_FILE.read_bytes(), type=Register)


def task(id_: str, on: date) -> Task:
    """The task as it holds on a day.

    Raises:
        CardRefused: M0303 nobody may do it on that day.
    """
    found = next((one for one in register().tasks if one.id == id_ and one.holds(on)), None)
    if found is None:
        raise CardRefused("M0303", task=id_)
    return found


def birthday(birth: date, year: int) -> date:
    """The birthday in a year; of those born on 29 February, 28 February in common years.

    Examples:
        >>> birthday(date(2004, 2, 29), 2027)
        datetime.date(2027, 2, 28)
    """
    if (birth.month, birth.day) == (2, 29) and not calendar.isleap(year):
        return date(year, 2, 28)
    return birth.replace(year=year)


def expiry(birth: date, issued: date) -> date:
    """The last day of a card.

    Examples:
        >>> expiry(date(1980, 5, 1), date(2026, 11, 26)), expiry(date(2020, 12, 1), date(2026, 11, 26))
        (datetime.date(2036, 5, 1), datetime.date(2030, 12, 1))
    """
    says = register().validity
    adult = birthday(birth, birth.year + says.adult) <= issued
    count = says.birthdays if adult else says.birthdays_of_minor
    first = issued.year if birthday(birth, issued.year) > issued else issued.year + 1
    return birthday(birth, first + count - 1)
