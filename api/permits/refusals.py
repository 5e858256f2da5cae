"""Why a permit is not issued, or not taken: one sentence each, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.decision_log import Entry

(NOT_LAWFUL, NOT_TODAY, SECOND_OPINION, STALE_RULES, TWELVE_DIGITS, BAD_ACT, NOT_THE_DECISION, NO_KEY) = (
    f"P030{n}" for n in range(1, 9)
)
(MALFORMED, BAD_SIGNATURE, UNKNOWN_KEY, WRONG_AUDIENCE, EXPIRED, NOT_YET, WRONG_CALLER, WRONG_ACT, USED, STALE) = (
    f"P03{n}" for n in range(10, 20)
)
NEXT_DAY, CLOCK_BACK, NOT_REDEEMED, SETTLED, BAD_ACT_ID = (f"P03{n}" for n in range(20, 25))

_AGAIN = "もう一度判定を受け、新しい許可証を求めてください。"

TEXTS: dict[str, tuple[str, str]] = {
    NOT_LAWFUL: (
        "適法と判定されていないので、許可証を出せません。",
        "判定の理由と、適法になる方法（代わりの手立て）を確かめてください。",
    ),
    NOT_TODAY: (
        "判定の日が今日（日本の日付）ではないので、許可証を出せません。",
        "「on」を今日の日付として、もう一度判定を受けてください。",
    ),
    SECOND_OPINION: (
        "二つ目の判定器が同じ結論にならないので、許可証を出せません。",
        "この判定は使わず、管理者に知らせてください。記録に食い違いの内容が残っています。",
    ),
    STALE_RULES: ("判定の後に規則集が替わったので、この許可は使えません。", _AGAIN),
    TWELVE_DIGITS: (
        "個人番号のおそれがある数字の並びが含まれているので、許可証を出せません。",
        "宛名番号などから作った、英字を含む取っ手で対象を示してください。",
    ),
    BAD_ACT: (
        "行為の書き方が正しくないので、許可証を出せません。",
        "行為の名、対象、取っ手を、空白や全角英数字のない決められた形で示してください。",
    ),
    NOT_THE_DECISION: (
        "求められた許可が、示された判定のものではありません。",
        "判定とその要求をそのまま示してください。",
    ),
    NO_KEY: (
        "署名の鍵が使えないので、許可証を出せません。",
        "管理者に知らせ、jorei keys list で鍵の状態を確かめてください。",
    ),
    MALFORMED: ("許可証の形が正しくありません。", "発行された許可証を、手を加えずに示してください。"),
    BAD_SIGNATURE: ("許可証の署名が合いません。", "発行された許可証を、手を加えずに示してください。"),
    UNKNOWN_KEY: ("許可証の署名の鍵が、知られていないか失効しています。", _AGAIN),
    WRONG_AUDIENCE: (
        "許可証の発行者か宛先が違います。",
        "この保管・連携の層に宛てて、この判定サービスが出した許可証を示してください。",
    ),
    EXPIRED: ("許可証の期限が切れています。", _AGAIN),
    NOT_YET: (
        "許可証の日時が今より先です。",
        "判定サービスと、保管・連携の層の時計を合わせてください。",
    ),
    WRONG_CALLER: (
        "許可証は、ほかの業務システムに出されたものです。",
        "許可証を求めた業務システムから、同じ証明書で呼び出してください。",
    ),
    WRONG_ACT: (
        "許可証は、この行為について出されたものではありません。",
        "行おうとする行為と対象について、許可証を求めてください。",
    ),
    USED: ("許可証は既に使われています。", _AGAIN),
    STALE: ("許可証が出た後に、公表・権限・規則などの状態が変わりました。", _AGAIN),
    NEXT_DAY: ("許可証が出た後に日（日本の日付）が変わりました。", "今日の日付で" + _AGAIN),
    CLOCK_BACK: (
        "この機械の時計が、最後の記録より前に戻っています。",
        "時計を合わせてから、もう一度行ってください。",
    ),
    NOT_REDEEMED: (
        "この業務システムが引き換えた許可証に、そのようなものはありません。",
        "引換えのときの許可証の名（jti）と行為の名を確かめてください。",
    ),
    SETTLED: ("その行為の結果は、既に別の内容で報告されています。", "記録と、実際の結果を突き合わせてください。"),
    BAD_ACT_ID: (
        "行為の識別子（act_id、Idempotency-Key）の書き方が正しくないので、許可証を引き換えられません。",
        "英小文字で始まる8字から100字までの半角の英数字と「_.:-」で、12桁の数字列を含めずに示してください。",
    ),
}

#: What happened meanwhile, as against what the caller did wrong (HTTP 409, as against 403).
_CONFLICTS = frozenset({STALE_RULES, USED, STALE, NEXT_DAY, SETTLED})


class PermitRefused(Exception):
    """A permit is not issued, or not taken.

    Attributes:
        code: P03xx, with a page in docs/ja/codes.
        text: why, one sentence.
        help: what to do.
        alarm: what is to be recorded beside the decision, when the interpreters differed.
    """

    def __init__(self, code: str, *, alarm: Entry | None = None) -> None:
        self.code = code
        self.text, self.help = TEXTS[code]
        self.alarm = alarm
        super().__init__(f"{code} {self.text}")

    @property
    def status(self) -> int:
        """The HTTP status of the refusal."""
        if self.code in (SECOND_OPINION, NO_KEY, CLOCK_BACK):
            return 503
        if self.code in (TWELVE_DIGITS, BAD_ACT, BAD_ACT_ID, NOT_THE_DECISION):
            return 400
        if self.code == NOT_REDEEMED:
            return 404
        return 409 if self.code in _CONFLICTS else 403
