"""Cases: the notification of a number, and a card, with their states and steps."""

from __future__ import annotations

import enum
from datetime import date, datetime

import msgspec


class Kind(enum.StrEnum):
    """What a case is about."""

    NOTIFICATION = "notification"  # 個人番号の通知
    CARD = "card"  # 個人番号カード


class State(enum.StrEnum):
    """Where a case stands."""

    ASKED = "asked"  # 生成を求めた
    DESIGNATED = "designated"  # 指定した
    SENT = "sent"  # 通知を発送した
    CAME_BACK = "came_back"  # 返戻された
    DELIVERED = "delivered"  # 届いた
    APPLIED = "applied"  # 申請された
    MADE = "made"  # 作成され、市に届いた
    INVITED = "invited"  # 交付の案内をした
    ISSUED = "issued"  # 交付した
    LOST = "lost"  # 紛失の届があった
    RETURNED = "returned"  # 返納された
    CANCELLED = "cancelled"  # 申請が取り下げられた


class Step(enum.StrEnum):
    """What may be done with it."""

    DESIGNATE = "designate"
    SEND = "send"
    COME_BACK = "come-back"
    DELIVER = "deliver"
    MAKE = "make"
    INVITE = "invite"
    ISSUE = "issue"
    LOSE = "lose"
    FIND = "find"
    RETURN = "return"
    CANCEL = "cancel"


class Move(msgspec.Struct, frozen=True):
    """A step: from which states to which, by which article, and which task of the register it is."""

    sources: tuple[State, ...]
    to: State
    article: str
    japanese: str
    task: str | None = None


#: 番号の通知とカードの交付の流れ.
MOVES = {
    Step.DESIGNATE: Move((State.ASKED,), State.DESIGNATED, "番号法第7条第1項", "個人番号の指定", "designate"),
    Step.SEND: Move((State.DESIGNATED, State.CAME_BACK), State.SENT, "番号法第7条第1項", "通知の発送", "notify"),
    Step.COME_BACK: Move((State.SENT,), State.CAME_BACK, "番号法第7条第1項", "通知の返戻"),
    Step.DELIVER: Move((State.SENT,), State.DELIVERED, "番号法第7条第1項", "通知の到達"),
    Step.MAKE: Move((State.APPLIED,), State.MADE, "番号法第16条の2第1項・第5項", "カードの作成と送付", "make"),
    Step.INVITE: Move((State.MADE,), State.INVITED, "番号法第17条第1項", "交付の案内"),
    Step.ISSUE: Move((State.MADE, State.INVITED), State.ISSUED, "番号法第17条第1項", "カードの交付", "issue"),
    Step.LOSE: Move((State.ISSUED,), State.LOST, "番号法第17条第9項", "紛失の届"),
    Step.FIND: Move((State.LOST,), State.ISSUED, "番号法第17条第9項", "発見の届"),
    Step.RETURN: Move((State.ISSUED, State.LOST), State.RETURNED, "番号法第17条第11項", "カードの返納"),
    Step.CANCEL: Move((State.APPLIED, State.MADE, State.INVITED), State.CANCELLED, "番号法第16条の2第1項", "取下げ"),
}


class Identity(msgspec.Struct, frozen=True):
    """本人確認 at the issue: the record of the resident compared (item 1), a document shown (item 2)."""

    record_compared: bool
    document: str
    birth: date  # for the expiry; not kept


class Done(msgspec.Struct, frozen=True):
    """A step that was done."""

    at: datetime
    step: str
    text: str
    by: str
    evaluation: str


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A case as it stands."""

    id: str
    kind: Kind
    person: str
    state: State
    expires: date | None
    steps: tuple[Done, ...]

    def usable(self, on: date) -> bool:
        """Whether the card may be used on a day: issued, not lost or returned, not past its time."""
        return self.state is State.ISSUED and self.expires is not None and on <= self.expires

    def expired(self, on: date) -> bool:
        """Whether its time is past (番号法17条10項)."""
        return self.expires is not None and on > self.expires


class Use(msgspec.Struct, frozen=True):
    """What the caller of a card use learns: the application's own user, and until when the card is good."""

    application: str
    affair: str
    local: str
    until: date
