"""The catalogue of findings about workbooks: code → title, weight, and why it matters legally."""

from __future__ import annotations

from openpyxl.utils import get_column_letter

from dsl.codes import Code
from dsl.diagnostics import Diagnostic, Severity
from dsl.masking import mask
from dsl.syntax import Span

_CELL = "別表の欄は、どの機関がどの事務でどの情報を使えるかを定めます。読み違えると、別の内容を認めることになります。"
_OTHER = "別の表や古い表の行を書き込むと、公布された条文が消えます。"
_MARK = "〔 〕の注記は、事務の符号や期間を定めます。別の事務に付いたままにすると、認められていない利用を認めます。"

CODES: dict[str, Code] = {
    "I0201": Code("別表の表計算の表として読めない", _OTHER),
    "I0202": Code("シートの表が文書にない", _OTHER),
    "I0203": Code("書き出した後に文書の表が変わった", _OTHER),
    "I0204": Code("欄の見出しが違う", _CELL),
    "I0205": Code("欄をまたいで結合したセル", _CELL),
    "I0206": Code("文字でないセル", "式や日付は、開く日や場所によって値が変わり、条文の文言になりません。"),
    "I0207": Code("項の番号が読めないか重なっている", _CELL),
    "I0208": Code(
        "セルに12桁の数字がある",
        "個人番号のおそれがあります。法第19条・第20条は、定められた場合を除き提供と保管を禁じています。",
    ),
    "I0209": Code("表に書けない文字", _CELL),
    "I0210": Code("空の欄", "空の欄は、すぐ上の欄が続いていることを表します。消したつもりの欄が、上と同じ内容を認めてしまいます。"),
    "I0211": Code("取り込むと文書に誤りが生じる", _CELL),
    "I0212": Code("文言の変わった欄に注記を残した", _MARK, Severity.WARNING),
    "I0213": Code("行とともに消えた注記", _MARK, Severity.WARNING),
    "I0214": Code("項の番号の順が変わった", "項の順は、条文のとおりでなければなりません。引用する項を取り違えます。", Severity.WARNING),
    "I0215": Code("取消線のある字句", "消したつもりの字句が条文に残り、認めないはずのことを認めてしまいます。"),
}  # fmt: skip


def finding(code: str, path: str, sheet: str, row: int, column: int, message: str, help_: str) -> Diagnostic:
    """A finding about a cell of a workbook, which is named as a spreadsheet names it.

    Args:
        code: its code.
        path: the workbook.
        sheet: the sheet; "" when it is about the whole file.
        row: 1-based row of the sheet.
        column: 1-based column of the sheet.
        message: what is wrong.
        help_: how to mend it.
    """
    entry = CODES[code]
    where = f"シート「{sheet}」のセル {get_column_letter(column)}{row}: " if sheet else ""
    span = Span(row, column, row, column + 1)
    return Diagnostic(code, entry.severity, path, span, mask(where + message), entry.reason, mask(help_))
