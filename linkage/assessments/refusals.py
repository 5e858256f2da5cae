"""Refusals about impact assessments, each with its article."""

from __future__ import annotations

from linkage.refusal import Refusal


class AssessmentRefused(Refusal):
    """An act lacks its impact assessment, or a step of one is out of order (G070x)."""

    def __init__(self, code: str, *, status: int = 409, **words: str) -> None:
        text, help_ = TEXTS[code]
        super().__init__(code, text.format(**words), help_.format(**words), status)


TEXTS = {
    "G0701": (
        "「{affair}」の特定個人情報ファイルについて、{why}ため、保有も作成もできない（番号法28条1項）。",
        "保護評価を行い、評価書を公表してから行ってください。",
    ),
    "G0702": (
        "「{affair}」の特定個人情報ファイルについて、{why}ため、情報提供ネットワークシステムを使えない"
        "（番号法28条6項・21条2項）。",
        "評価書を公表するまで、書類の提出により処理してください。",
    ),
    "G0703": ("許可証の事務が分からないため、保護評価を確かめられない（番号法28条）。", "許可証を求め直してください。"),
    "G0704": ("「{what}」は登録されていない。", "保護評価の登録簿を確かめてください。"),
    "G0705": (
        "この手順はまだ行えない。先に「{before}」が要る（{article}）。",
        "手順の順に登録してください。",
    ),
    "G0706": (
        "意見を求める期間が{days}日より短い（規則第7条第1項、指針）。",
        "公示の期間を{days}日以上としてください。",
    ),
    "G0707": ("手順の日が、前の手順より前か、今日より後である。", "日を確かめてください。"),
    "G0708": (
        "登録の内容に、欠けている事項か、使えない値がある（{what}）。",
        "すべての事項を書いてください。",
    ),
    "G0709": ("この評価書は取り下げられている。", "新しい評価書を登録してください。"),
}
