"""The catalogue of acts: everything the storage and linkage layer can do, and the decision each needs.

An act is done with a permit (`Kind.ACT`). What keeps the stores in order without touching what is lawful to know,
such as the rotation of keys or the erasure of what is past its time, is an operation (`Kind.OPERATION`): ordered by an
administrator, recorded like an act, and never able to show a number.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.rule_set import Action


class Kind(enum.StrEnum):
    """What opens the gate for it."""

    ACT = "act"  # a permit
    OPERATION = "operation"  # an administrator's order


class Recording(enum.StrEnum):
    """Whether a provision record (番号法23条・26条) belongs to the act."""

    NONE = "none"
    REQUIRED = "required"  # inquiries and provisions


@dataclass(frozen=True, slots=True)
class ActEntry:
    """One act. `actions` are the actions of a decision, any of which its permit may rest on; none for an operation."""

    name: str
    target: str
    actions: frozenset[Action]
    japanese: str
    writes: bool = True
    recording: Recording = Recording.NONE
    kind: Kind = Kind.ACT


_HOLD = frozenset({Action.USE, Action.STORE})
_USE = frozenset({Action.USE})
_STORE = frozenset({Action.STORE})
_TRANSFER = frozenset({Action.TRANSFER})
_LINK = frozenset({Action.LINK})

_ACTS = (
    ActEntry("addressee.number", "addressee", _HOLD, "団体内統合宛名番号の付番"),
    ActEntry("addressee.load", "addressee", _HOLD, "団体内統合宛名番号の一括付番"),
    ActEntry("addressee.change", "addressee", _HOLD, "個人番号の変更の登録"),
    ActEntry("addressee.correct", "addressee", _HOLD, "個人番号の誤りの訂正"),
    ActEntry("addressee.amend", "addressee", _HOLD, "基本4情報の変更の登録"),
    ActEntry("addressee.merge", "addressee", _HOLD, "重複した宛名の統合"),
    ActEntry("addressee.map", "addressee", _HOLD, "業務システムの宛名番号との対応付け"),
    ActEntry("addressee.search", "addressee", _USE, "個人番号による検索", writes=False),
    ActEntry("addressee.show", "addressee", _USE, "個人番号の表示", writes=False),
    ActEntry("addressee.basic", "addressee", _USE, "基本4情報の表示", writes=False),
    ActEntry("addressee.find", "addressee", _USE, "基本4情報による検索", writes=False),
    ActEntry("code.acquire", "network", _LINK | _HOLD, "情報提供用個人識別符号の取得"),
    ActEntry("copy.register", "copy", _STORE | _LINK | _USE, "副本の登録"),
    ActEntry("copy.correct", "copy", _STORE | _LINK | _USE, "副本の訂正"),
    ActEntry("copy.withdraw", "copy", _STORE | _LINK | _USE, "副本の公開の停止"),
    ActEntry("inquiry.send", "network", _LINK, "情報照会", recording=Recording.REQUIRED),
    ActEntry("inquiry.receive", "network", _LINK, "情報照会の回答の受領", recording=Recording.REQUIRED),
    ActEntry("provision.answer", "network", _LINK, "情報提供", recording=Recording.REQUIRED),
    ActEntry("transfer.provide", "transfer", _TRANSFER, "庁内の他の機関への提供", recording=Recording.REQUIRED),
    ActEntry("transfer.use", "transfer", _TRANSFER | _USE, "同じ機関の中での情報の利用"),
    ActEntry("file.create", "file", _STORE, "特定個人情報ファイルの作成"),
    ActEntry("record.search", "record", _USE | _TRANSFER | _LINK, "業務の記録の検索", writes=False),
    ActEntry("record.write", "record", _HOLD, "業務の記録の登録"),
    ActEntry("card.use", "card", frozenset({Action.CARD}), "個人番号カードの独自利用"),
)
_OPERATIONS = (
    ActEntry("vault.rotate", "vault", frozenset(), "鍵を包む鍵の交代", kind=Kind.OPERATION),
    ActEntry("vault.encrypt", "vault", frozenset(), "新しい鍵による再暗号化", kind=Kind.OPERATION),
    ActEntry("vault.index", "vault", frozenset(), "検索用の索引の作り直し", kind=Kind.OPERATION),
    ActEntry("retention.erase", "records", frozenset(), "保存期間を過ぎた記録の消去", kind=Kind.OPERATION),
    ActEntry("network.settle", "network", frozenset(), "情報照会の状態の確認と整理", kind=Kind.OPERATION),
    ActEntry("register.write", "register", frozenset(), "登録簿（評価・職員・委託先）の記載", kind=Kind.OPERATION),
    ActEntry("rights.write", "rights", frozenset(), "本人の請求の受付と処理", kind=Kind.OPERATION),
)

#: Every act and operation by name.
ACTS: Mapping[str, ActEntry] = MappingProxyType({entry.name: entry for entry in (*_ACTS, *_OPERATIONS)})
