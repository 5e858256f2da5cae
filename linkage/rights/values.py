"""The words of a request: what is asked for, about what, by whom, and where it stands."""

from __future__ import annotations

import enum
from datetime import date, datetime

import msgspec


class Kind(enum.StrEnum):
    """What the person asks for."""

    DISCLOSURE = "disclosure"  # 開示
    CORRECTION = "correction"  # 訂正
    STOP_OF_USE = "stop_of_use"  # 利用の停止
    DELETION = "deletion"  # 消去
    STOP_OF_PROVISION = "stop_of_provision"  # 提供の停止


class Subject(enum.StrEnum):
    """About what."""

    INFORMATION = "information"  # 特定個人情報
    RECORDS = "records"  # 情報提供等の記録（番号法31条）

    @property
    def japanese(self) -> str:
        """As people read it."""
        return "特定個人情報" if self is Subject.INFORMATION else "情報提供等の記録"


class By(enum.StrEnum):
    """Who asks."""

    SELF = "self"  # 本人
    STATUTORY = "statutory"  # 法定代理人
    VOLUNTARY = "voluntary"  # 本人の委任による代理人

    @property
    def japanese(self) -> str:
        """As people read it."""
        return {By.SELF: "本人", By.STATUTORY: "法定代理人", By.VOLUNTARY: "任意代理人"}[self]


class State(enum.StrEnum):
    """Where a request stands."""

    RECEIVED = "received"
    CORRECTING = "correcting"  # more was asked of the person; the clock stands
    DECIDED = "decided"
    CARRIED_OUT = "carried_out"
    WITHDRAWN = "withdrawn"

    @property
    def japanese(self) -> str:
        """As people read it."""
        return {
            State.RECEIVED: "受け付けました",
            State.CORRECTING: "補正をお願いしています",
            State.DECIDED: "決定しました",
            State.CARRIED_OUT: "終わりました",
            State.WITHDRAWN: "取り下げられました",
        }[self]

    @property
    def open(self) -> bool:
        """Whether a decision is still to be made."""
        return self in (State.RECEIVED, State.CORRECTING)


class Outcome(enum.StrEnum):
    """What was decided."""

    GRANTED = "granted"
    PARTLY = "partly"
    REFUSED = "refused"

    @property
    def japanese(self) -> str:
        """As people read it."""
        return {Outcome.GRANTED: "請求のとおり", Outcome.PARTLY: "一部について", Outcome.REFUSED: "応じない"}[self]


class Application(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is handed in. `target` says which information or record, `reason` why; `disclosure` an earlier request."""

    person: str
    kind: Kind
    subject: Subject = Subject.INFORMATION
    by: By = By.SELF
    representative: str | None = None  # name of who asks in the person's place
    identity: str  # the document shown
    authority: str | None = None  # the representative's document
    target: str
    reason: str = ""
    record: str | None = None  # pr_…: the one provision record it is about
    disclosure: str | None = None  # rq_…: the disclosure by which it was seen
    disclosed_on: date | None = None  # where the disclosure is not one of this register
    section: str | None = None
    route: str = "窓口"


class Bar(msgspec.Struct, frozen=True):
    """Why a request cannot be granted, whatever its merits."""

    article: str
    text: str


class Due(msgspec.Struct, frozen=True):
    """Until when to decide, by which article; `last` is None while the clock stands."""

    last: date | None
    article: str
    left: int  # days from now; below zero when overdue; of a standing clock, days still to run
    part: date | None = None  # for very much information: the substantial part until then, while it is undecided
    part_left: int = 0
    stopped: int = 0  # days not counted


class Step(msgspec.Struct, frozen=True):
    """One thing that was done."""

    at: datetime
    step: str
    by: str
    text: str
    evaluation: str  # of the operation in the log


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A request with all that is to be said of it."""

    id: str
    application: Application
    received: date
    state: State
    due: Due | None  # None when it is decided or withdrawn
    bars: tuple[Bar, ...]
    outcome: Outcome | None
    article: str | None
    explanation: str | None
    decided: date | None
    carried_out: date | None
    steps: tuple[Step, ...]
    fee: str | None
    assumptions: tuple[str, ...]

    @property
    def overdue(self) -> bool:
        """Whether the day to decide, or to decide the substantial part, is past."""
        if self.due is None:
            return False
        return (self.due.last is not None and self.due.left < 0) or (
            self.due.part is not None and self.due.part_left < 0
        )
