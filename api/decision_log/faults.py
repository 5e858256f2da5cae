"""What a verification may find, by kind, with the first index concerned."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is wrong."""

    EDITED = "edited"
    REPLACED = "replaced"
    COLUMNS = "columns"
    CHAIN = "chain"
    MISSING = "missing"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    BEYOND = "beyond"
    BODY = "body"
    BODY_MISSING = "body-missing"
    NODE = "node"
    HEAD = "head"
    CHECKPOINT = "checkpoint"
    SHORTER = "shorter"
    NOTE = "note"
    OUTSIDE = "outside"


_TEXTS = {
    Kind.EDITED: "{0}番の記録が書き換えられています（内容と符号が合いません）",
    Kind.REPLACED: "{0}番の記録が差し替えられています（次の記録が引き継ぐ符号と合いません）",
    Kind.COLUMNS: "{0}番の記録の識別子、種類又は時刻の欄が書き換えられています",
    Kind.CHAIN: "{0}番の記録が引き継ぐ、前の記録の符号が書き換えられています",
    Kind.MISSING: "{0}番の記録がありません（後の記録は残っています）",
    Kind.REORDERED: "{0}番から、記録の順が入れ替えられています",
    Kind.TRUNCATED: "{0}番から後の記録がありません（先頭の情報は{2}件と言っています）",
    Kind.BEYOND: "先頭の情報にない{0}番から後の記録があります（先頭の情報が古いものに戻されています）",
    Kind.BODY: "{0}番の記録の本文が書き換えられています（約束の符号と合いません）",
    Kind.BODY_MISSING: "{0}番の記録の本文が、消去の記録なしに無くなっています",
    Kind.NODE: "{0}番から{1}番までを束ねる節の符号が書き換えられています",
    Kind.HEAD: "先頭の情報が書き換えられています（{0}番までの記録と合いません）",
    Kind.CHECKPOINT: (
        "{0}番から{1}番までのどこかが、署名された検査点と合いません"
        "（書き換えて符号も作り直したか、古い控えに戻した後に書き足されています）"
    ),
    Kind.SHORTER: (
        "{0}番から{1}番までの記録がありません。外に保管した検査点は、その先まであったと示しています"
        "（末尾を消したか、古い控えに戻されています）"
    ),
    Kind.OUTSIDE: "外に保管したはずの、{0}件までの検査点がありません（フォルダの指定を確かめてください）",
    Kind.NOTE: "検査点の文書 {2} に、正しい署名がありません",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        kind: what.
        first: the first index concerned.
        last: the last one that it may be, the same where it is known.
        more: a size or the name of a file, as the text needs it.
    """

    kind: Kind
    first: int
    last: int
    more: str = ""

    @property
    def text(self) -> str:
        """What is wrong, for people."""
        return _TEXTS[self.kind].format(self.first, self.last, self.more)


def at(kind: Kind, index: int, more: object = "") -> Fault:
    """A fault of one index."""
    return Fault(kind, index, index, str(more))
