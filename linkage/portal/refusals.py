"""Refusals of My Portal, each a fixed Japanese sentence."""

from __future__ import annotations

from linkage.refusal import Refusal


class PortalRefused(Refusal):
    """Something asked of My Portal is refused (M02xx)."""

    def __init__(self, code: str, status: int = 403, **words: str) -> None:
        text, help_ = TEXTS[code]
        super().__init__(code, text.format(**words), help_.format(**words), status)


TEXTS = {
    "M0201": ("その宛名は登録されていない。", "宛名の識別子を確かめてください。"),
    "M0202": (
        "ログイン券が正しくないか、使われたか、期限（10分）を過ぎています。",
        "窓口で、新しいログイン券を受け取ってください。",
    ),
    "M0203": ("ログインしていないか、時間が過ぎてログアウトしました。", "もう一度ログインしてください。"),
    "M0204": (
        "この画面から送られたものと確かめられないため、受け付けませんでした。",
        "画面を開き直して、もう一度送ってください。",
    ),
    "M0205": ("お探しのものは見つかりません。", "一覧に戻って、選び直してください。"),
    "M0206": (
        "いまは、この記録の証明を作れません。",
        "時間をおいて、もう一度お試しください。続くときは、市役所に知らせてください。",
    ),
    "M0207": ("お知らせに、欠けている事項があるか、12桁の数字列がある（{what}）。", "お知らせの文を直してください。"),
    "M0208": ("送られた内容を読めません。", "画面を開き直して、もう一度送ってください。"),
    "M0209": (
        "代理人の氏名と、資格を示す書類を確かめてから、ログイン券を出してください。",
        "書類（{documents}）を確かめてください（個人情報保護法第77条第2項）。",
    ),
}
