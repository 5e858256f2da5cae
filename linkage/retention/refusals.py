"""Refusals about retention."""

from __future__ import annotations

from linkage.refusal import Refusal


class RetentionRefused(Refusal):
    """Something cannot be erased, held back or certified (G073x)."""

    def __init__(self, code: str, *, status: int = 409, **words: str) -> None:
        text, help_ = TEXTS[code]
        super().__init__(code, text.format(**words), help_.format(**words), status)


TEXTS = {
    "G0731": ("消去の作業が、登録されていないか、すでに終わっている。", "新しい作業を始めてください。"),
    "G0732": (
        "別の日（{before}）までの消去の作業が終わっていない。",
        "先にその作業を終えてください（同じ日を示すと、途中から続けます）。",
    ),
    "G0733": ("まだ来ていない日までの消去はできない。", "今日までの日を示してください。"),
    "G0734": ("その保留は登録されていないか、すでに解かれている。", "保留の識別子を確かめてください。"),
    "G0735": ("手続の登録が正しくない（{what}）。", "手続の識別子と日を確かめてください。"),
    "G0736": (
        "消去の作業の間に、消去すべきものが変わった。",
        "作業を続けてください（自動で続けられます）。",
    ),
    "G0737": ("保留の内容に、欠けている事項か、人の番号らしい数字がある。", "理由と請求の識別子を書いてください。"),
}
