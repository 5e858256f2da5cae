"""Refusals about files and their records."""

from __future__ import annotations

from linkage.refusal import Refusal


class FileRefused(Refusal):
    """A file cannot be created or closed, or a record cannot be written or read (G093x)."""

    def __init__(self, code: str, *, status: int = 409, **words: str) -> None:
        text, help_ = TEXTS[code]
        super().__init__(code, text.format(**words), help_.format(**words), status)


TEXTS = {
    "G0931": (
        "その特定個人情報ファイルは登録簿にないか、保有を終えている。",
        "先に登録簿にファイルを登録し、保護評価を済ませてください（番号法28条）。",
    ),
    "G0932": (
        "許可証の判定は、このファイルの機関と事務についてのものではない。",
        "ファイルの機関と事務について、判定を受け直してください。",
    ),
    "G0933": ("その特定個人情報ファイルは、すでに作成されている。", "作成したものをそのまま使ってください。"),
    "G0934": (
        "その特定個人情報ファイルは、まだ作成されていないか、すでに閉じられている。",
        "ファイルの作成（file.create）の許可証で、先に作成してください。",
    ),
    "G0935": (
        "記録の内容の形が正しくない（{what}）。",
        "項目の名前と文字列の組を、一つ以上、全体で64キロバイトまでで示してください。",
    ),
    "G0936": (
        "記録の内容に12桁の数字列がある。",
        "個人番号は記録に書けません。宛名の識別子で人を示してください（番号法20条）。",
    ),
    "G0937": ("その人のその記録は、このファイルにない。", "検索し直して、記録の識別子を確かめてください。"),
    "G0938": (
        "この記録には、ほかの版（第{version}版）が先に登録されている。",
        "検索し直して、いまの版に対して書き直してください。",
    ),
    "G0939": (
        "ファイルに記録が{count}件残っているため、閉じられない。",
        "保存期間を過ぎた記録を消去してから行ってください（番号法20条）。",
    ),
}
