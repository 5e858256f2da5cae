"""Refusals of the desk for requests of the person, each a fixed Japanese sentence."""

from __future__ import annotations

from linkage.refusal import Refusal


class RightsRefused(Refusal):
    """A step in the course of a request is refused; nothing was written (M01xx)."""

    def __init__(self, code: str, status: int = 409, **words: str) -> None:
        text, help_ = TEXTS[code]
        super().__init__(code, text.format(**words), help_.format(**words), status)


TEXTS = {
    "M0101": ("その請求は登録されていない。", "請求の番号を確かめてください。"),
    "M0102": ("請求の状態（{state}）では、この処理はできない。", "請求の経過を確かめてください。"),
    "M0103": (
        "請求の書面に、欠けている事項がある（{what}）。",
        "請求書の欄をすべて書いてください（個人情報保護法第77条第1項、第91条第1項、第99条第1項）。",
    ),
    "M0104": (
        "請求の文に12桁の数字列がある。個人番号は書かないでください。",
        "個人番号を消して、もう一度送ってください。請求には個人番号は要りません。",
    ),
    "M0105": (
        "代理人であることを示す書類が確かめられていない。",
        "代理人の氏名と、資格を示す書類（{documents}）を確かめてください（個人情報保護法第77条第2項）。",
    ),
    "M0106": (
        "期限の延長は、{days}日以内で、もとの期限（{last}）までに通知しなければならない。",
        "日数と理由を確かめてください（{article}）。",
    ),
    "M0107": (
        "期限の特例は、もとの期限（{last}）までに、理由と、その後の期限を通知しなければならない。",
        "理由と期限を確かめてください（{article}）。",
    ),
    "M0108": ("この請求には、応じることができない（{article}）。{text}", "応じない決定をしてください。"),
    "M0109": (
        "応じない決定には、理由と、根拠となる条項が要る。",
        "次のいずれかを根拠として、理由を書いてください: {articles}",
    ),
    "M0110": (
        "提供の停止は、副本の訂正の許可（copy.correct）を得て、情報を持つ機関が行う。",
        "許可証を示して、提供の停止を行ってください。",
    ),
    "M0111": ("この請求は、提供の停止の請求ではない。", "請求の番号を確かめてください。"),
    "M0112": ("その通知は無いか、すでに送られている。", "通知の一覧を確かめてください。"),
    "M0113": ("その記録は、この人の情報提供等の記録ではない。", "記録の番号を確かめてください。"),
}
