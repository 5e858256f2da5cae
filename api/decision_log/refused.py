"""A record that cannot be made: the caller denies and answers 503."""

from __future__ import annotations

(READ_ONLY, CLOCK, NO_SPACE, GONE, OVERLOADED, CLOSED, DUPLICATE, BAD_ENTRY, BAD_HEAD, UNKNOWN_OUTCOME) = (
    f"D04{n}" for n in range(11, 21)
)


class JournalRefused(Exception):
    """Nothing was recorded, or it is not known to be; so nothing may be answered as lawful.

    Attributes:
        code: D04xx.
        text: why.
        help: how to mend it.
    """

    def __init__(self, code: str, text: str, help_: str) -> None:
        super().__init__(f"{code} {text}")
        self.code, self.text, self.help = code, text, help_

    def again(self) -> JournalRefused:
        """The same for one more caller: an exception raised twice keeps the frames of both."""
        return JournalRefused(self.code, self.text, self.help)

    def lines(self) -> str:
        """What to print."""
        return f"{self.code} エラー: {self.text}\n  直し方: {self.help}\n  詳しい説明: docs/ja/codes/{self.code}.md"


_OPERATOR = "保守の担当者に知らせてください。直るまで、適法とは扱わないでください"

#: What each says, and how to mend it.
TEXTS: dict[str, tuple[str, str]] = {
    READ_ONLY: (
        "記録が改ざんされたか壊れているおそれがあるため、書込みを止めています",
        "jorei log verify で場所を確かめてください",
    ),
    CLOCK: (
        "時計が戻っています",
        "この機械の時計を合わせてください（最後の記録より2秒を超えて前の時刻は記録しません）",
    ),
    NO_SPACE: ("記録を保存する場所の空きがありません", "ディスクの空きを作ってください"),
    GONE: ("記録のデータベースに書けません", "データベースが動いているかを確かめてください"),
    OVERLOADED: ("記録待ちが多すぎます", "少し待って、もう一度求めてください"),
    CLOSED: ("サービスを終えるところです", "もう一度求めてください"),
    DUPLICATE: ("同じ識別子の記録が既にあります", "新しい識別子で求めてください"),
    BAD_ENTRY: ("記録に書けない値があります", "個人番号と見える12桁の数字や、予約された項目名を含めないでください"),
    BAD_HEAD: ("記録の先頭の情報が壊れています", "jorei log verify で場所を確かめてください"),
    UNKNOWN_OUTCOME: ("記録できたかどうかが分かりません", _OPERATOR),
}


def refused(code: str, why: str = "") -> JournalRefused:
    """The refusal of a code, with what more is known."""
    text, help_ = TEXTS[code]
    return JournalRefused(code, f"{text}（{why}）" if why else text, help_)
