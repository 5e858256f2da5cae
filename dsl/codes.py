"""The catalogue of findings of the front end: code → title, weight, and why it matters legally."""

from __future__ import annotations

from dataclasses import dataclass, field

from dsl.diagnostics import Diagnostic, Severity
from dsl.syntax import Span


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding; each has a page docs/ja/codes/J0xxx.md."""

    title: str
    reason: str
    severity: Severity = Severity.ERROR


_LOST = "読めなかった部分は判定に使われず、公布された条文と動きが食い違います。"
_WHERE = "条・項・号の番号が定まらないと、その規定を根拠として示せず、ほかの規定からの引用も行き先を失います。"
_TABLE = (
    "別表の項は、どの機関がどの事務でどの情報を使えるかを定めます。欄が一つずれると、別の内容を認めることになります。"
)
_MARK = "〔 〕の中は条文ではなく、機械のための注記です。読めない注記を無視すると、期間や分野の限定が外れたまま認めてしまいます。"
_DAY = "施行の日がずれると、認められていない日の利用を認め、又は認められた日の利用を拒みます。"

CODES: dict[str, Code] = {
    "J0001": Code("文書の種類が書かれていない", "法律・条例・規則の別によって、定めることのできる事柄が違います。"),
    "J0002": Code("題名がない", "題名がないと、根拠としてこの文書を示せません。"),
    "J0003": Code("目に見えない文字がある", "画面に見える条文と、機械が読む条文が食い違います。"),
    "J0004": Code(
        "12桁の数字がある",
        "個人番号のおそれがあります。法第19条・第20条は、定められた場合を除き提供と保管を禁じています。",
    ),
    "J0010": Code("〔 が閉じていない", _MARK),
    "J0011": Code("〔 〕の中に〔 〕がある", _MARK),
    "J0012": Code("知らない注記の名前", _MARK),
    "J0013": Code("注記に値がない", _MARK),
    "J0014": Code("注記の値が読めない", _MARK),
    "J0015": Code("相手のない 〕", _MARK),
    "J0020": Code("どこにも属さない行", _LOST),
    "J0021": Code("見出しの後に条がない", _WHERE),
    "J0022": Code("条の外にある項", _WHERE),
    "J0023": Code("項の外にある号", _WHERE),
    "J0024": Code("条の番号が重なっている", _WHERE),
    "J0025": Code("項の番号の順が違う", _WHERE),
    "J0026": Code("号の番号が重なっている", _WHERE),
    "J0027": Code("条に本文がない", _WHERE),
    "J0028": Code(
        "文が 。 で終わっていない", "文の終わりが定まらないと、次の文まで一つの規定として読まれるおそれがあります。"
    ),
    "J0029": Code("かっこの数が合わない", "（…を除く。）などの限定がどこまで及ぶかが定まりません。"),
    "J0030": Code(
        "改め文",
        "改め文だけでは、改めた後の条文が定まりません。改める元の語が元の条文にあるかも、この文書からは分かりません。",
    ),
    "J0040": Code("表の見出しがない行", _TABLE),
    "J0041": Code("欄の数が見出しと違う", _TABLE),
    "J0042": Code("項の番号が読めない", _TABLE),
    "J0043": Code("空の欄の上に何もない", _TABLE),
    "J0044": Code("行のない表", _TABLE),
    "J0045": Code("表の番号が重なっている", _TABLE),
    "J0060": Code(
        "定型文に当たらない文",
        "どう読むか決まっていない文から権限を認めることはできません。黙って読み飛ばすこともしません。",
    ),
    "J0061": Code(
        "働きの決まっていないかっこ書き",
        "かっこ書きは規定を広げ、又は狭めます。読み飛ばすと、認められていないことを認めてしまいます。",
    ),
    "J0062": Code("元号の期間にない日付", _DAY),
    "J0063": Code("暦にない日付", _DAY),
    "J0064": Code("前項・次項などの行き先がない", "引く先のない規定は、何を認めたのかが決まりません。"),
    "J0065": Code(
        "判定に使われないかっこ書き",
        "（…を含む。）の部分は判定に入りません。狭く読むだけなので、誤って認めることはありません。",
        Severity.WARNING,
    ),
    "J0066": Code("号に定める情報がない", "情報の定めのない号からは、どの特定個人情報も認められません。"),
    "J0067": Code("「次の各号」なのに号がない", "号がないと、対象となる事務や書類が一つもないことになります。"),
    "J0068": Code("「次の表」なのに表がない", "表がないと、対象となる機関や事務が一つもないことになります。"),
    "J0069": Code("号の文が定型文に当たらない", "提供の制限の例外は、一つずつ効果が決まっていなければなりません。"),
}


@dataclass(slots=True)
class Reporter:
    """Collects the findings of one file."""

    path: str
    found: list[Diagnostic] = field(default_factory=list)

    def add(self, code: str, span: Span, message: str, help_: str) -> None:
        """Record a finding with the weight and reason of its code."""
        entry = CODES[code]
        self.found.append(Diagnostic(code, entry.severity, self.path, span, message, entry.reason, help_))
