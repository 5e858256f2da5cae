"""Refusals in the course of numbers and cards, each a fixed Japanese sentence."""

from __future__ import annotations

from linkage.refusal import Refusal


class CardRefused(Refusal):
    """A step, or the use of a card, is refused (M03xx)."""

    def __init__(self, code: str, status: int = 409, **words: str) -> None:
        text, help_ = TEXTS[code]
        super().__init__(code, text.format(**words), help_.format(**words), status)


TEXTS = {
    "M0301": ("その番号の通知又はカードは登録されていない。", "識別子を確かめてください。"),
    "M0302": ("いまの状態（{state}）では、「{step}」はできない。", "経過を確かめてください。"),
    "M0303": (
        "この日に、この事務（{task}）を行う根拠が登録簿に無い。",
        "linkage/cards/delegations.yaml の事務と期間を確かめてください。",
    ),
    "M0304": (
        "交付のときの本人確認が足りない。",
        "住民票との照合と、書類の提示（{documents}）の両方を行ってください（番号法第17条第1項各号）。",
    ),
    "M0305": (
        "この人には、有効なカードか、手続中のカードがすでにある。",
        "失効又は返納の後に、申請を受け付けてください。",
    ),
    "M0306": (
        "このカードは使えない（{why}）。",
        "カードの状態を確かめてください。使えないことだけを理由に、サービスを断らないでください。",
    ),
    "M0307": (
        "許可証で判定された事務は、このカードの利用の事務と違う。",
        "条例で定める事務ごとに、判定と許可証を求めてください（番号法第18条第1号）。",
    ),
    "M0308": ("その利用の登録は無いか、終わっている。", "登録し直してください。"),
    "M0309": (
        "業務の利用者番号に12桁の数字列がある。",
        "個人番号ではなく、業務の利用者番号を示してください。",
    ),
    "M0310": ("その宛名は登録されていない。", "宛名の識別子を確かめてください。"),
}
