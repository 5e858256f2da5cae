"""The catalogue of findings of the importer: code → title, weight, and why it matters legally."""

from __future__ import annotations

from dsl.codes import Code
from dsl.diagnostics import Diagnostic, Severity
from dsl.masking import mask
from dsl.syntax import Span

_LOST = "条文の一部が落ちたまま規則になると、公布された条文と動きが食い違います。"
_UNREAD = "読めないまま規則を作れば、ありもしない条文を作ることになります。"
_OPEN = "表せていない規定からは何も認められません。人が確かめるまで、適法とも違法とも扱えません。"

CODES: dict[str, Code] = {
    "I0101": Code("読み取れない形式", _UNREAD),
    "I0102": Code("文字が一つもない", _UNREAD),
    "I0103": Code("条が見つからない", _UNREAD),
    "I0104": Code("題名か種類が分からない", "法律・条例・規則の別によって、定めることのできる事柄が違います。"),
    "I0105": Code("写した条文が元と一致しない", _LOST),
    "I0106": Code("取り込む文書に12桁の数字がある", "個人番号のおそれがあります。法第19条・第20条は、定められた場合を除き提供と保管を禁じています。"),
    "I0107": Code("条文に〔 〕がある", "〔 〕は機械のための注記の印です。条文の一部を注記と取り違えると、その部分が条文から消えます。"),
    "I0108": Code("文字コードが分からない", "別の文字に化けた条文は、公布された条文ではありません。"),
    "I0109": Code("改正条例（改め文）", "改め文だけでは、改めた後の条文が定まりません。改める元の語が元の条文にあるかも分かりません。"),
    "I0120": Code("定型文に当たらない文", _OPEN, Severity.WARNING),
    "I0121": Code("確かめを要する表の行", _OPEN, Severity.WARNING),
    "I0122": Code("条文の位置が定まらない行", _LOST, Severity.WARNING),
    "I0123": Code("列の名のない表", "どの欄が機関で、どの欄が事務かを取り違えると、別の内容を認めることになります。", Severity.WARNING),
    "I0124": Code("つながりの疑わしい行", "別の文を一つの文とすると、その意味が変わります。", Severity.WARNING),
    "I0125": Code("団体が分からない", "どの団体の条例かが定まらないと、だれの権限を定めたのかが決まりません。", Severity.WARNING),
    "I0126": Code("Word の変更履歴がある", "変更の前と後のどちらが公布された条文かは、文書からは分かりません。", Severity.WARNING),
    "I0127": Code("取り込んだ後も残る誤り", _OPEN),
    "I0128": Code("文字でない所（画像・数式・記号）", _LOST, Severity.WARNING),
    "I0129": Code("取消線や隠し文字がある", "消された字句を条文とすると、公布された条文にないことを定めたことになります。", Severity.WARNING),
    "I0130": Code("番号の飛び", _LOST, Severity.WARNING),
}  # fmt: skip


def finding(
    code: str, path: str, line: int, message: str, help_: str, column: int = 1, end: int | None = None
) -> Diagnostic:
    """A finding of the importer with the weight and reason of its code."""
    entry = CODES[code]
    span = Span(line, column, line, end or column + 1)
    return Diagnostic(code, entry.severity, path, span, mask(message), entry.reason, mask(help_))
