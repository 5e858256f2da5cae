"""Collecting the findings of checks beyond syntax, each with its reason in law."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from dsl.diagnostics import Diagnostic, Severity
from dsl.syntax import Span

if TYPE_CHECKING:
    from dsl.instrument import Instrument

#: code → (severity, why it matters legally)
REASONS: dict[str, tuple[Severity, str]] = {
    "J0301": (Severity.ERROR, "機関が特定できない行は、誰に利用を認めたのか決まりません。"),
    "J0302": (Severity.ERROR, "存在しない条項や表を引く規定は、効力の内容が決まりません。"),
    "J0303": (Severity.ERROR, "情報の名称が法令の用語と違うと、連携や添付書類の判定で別の情報として扱われます。"),
    "J0304": (Severity.ERROR, "表にない欄を引く規定は、対象が決まりません。"),
    "J0305": (Severity.ERROR, "番号法第9条第2項は、地方公共団体の長その他の執行機関に限って独自利用を認めています。"),
    "J0306": (
        Severity.ERROR,
        "番号法第9条第2項が条例に委ねたのは、福祉・保健・医療その他の社会保障、地方税、防災その他これらに類する事務（令和5年6月9日からは「その他の事務」）に限られます。",
    ),
    "J0307": (Severity.WARNING, "番号法第9条第2項の分野に入ることを確かめた印がないと、委任の範囲内か判断できません。"),
    "J0308": (Severity.WARNING, "「規則で定めるもの」は、規則が施行されるまで何も認めません。"),
    "J0309": (
        Severity.WARNING,
        "法定事務は番号法第9条第1項で利用でき、条例の独自利用事務とする必要がありません。根拠が二重になります。",
    ),
    "J0310": (Severity.WARNING, "同じ事務を二つの行で定めると、どちらの行が根拠か定まりません。"),
    "J0311": (Severity.WARNING, "引き金となる利用や提供を何も認めていないみなし規定は、書類の省略に働きません。"),
    "J0312": (
        Severity.WARNING,
        "番号法第9条は平成28年1月1日から施行されており、それより前に個人番号は利用できません。",
    ),
    "J0313": (Severity.ERROR, "施行期日が分からない規定は、どの日の判定にも使えません。"),
    "J0314": (Severity.WARNING, "どの求めも認めない規定は、書き誤りの疑いがあります。"),
    "J0315": (Severity.ERROR, "条例にない項を受ける規則は、何も定めたことになりません。"),
    "J0316": (Severity.ERROR, "同じ題名の文書が二つあると、どちらが効力を持つか決まりません。"),
    "J0318": (Severity.ERROR, "文書と登録簿の団体が違うと、別の団体の機関に利用を認めてしまいます。"),
    "J0319": (Severity.ERROR, "登録簿の誤りは、判定の前提となる事実の誤りになります。"),
    "J0320": (
        Severity.ERROR,
        "独自利用事務の情報連携で求められる情報は、準ずる法定事務の情報と同一又はその一部に限られます。",
    ),
    "J0321": (Severity.ERROR, "宣言されていない仮定は、判定の前提として示せません。"),
    "J0322": (Severity.ERROR, "一つの事務の印を異なる事務に付けると、別の事務の根拠で利用を認めてしまいます。"),
    "J0324": (Severity.WARNING, "規則が条例の欄にない情報を定めても、条例の委任を超えるため認められません。"),
    "J0326": (
        Severity.WARNING,
        "施行期日だけがあって条項がないと、認めるつもりの利用や提供が認められません。",
    ),
    "J0340": (Severity.ERROR, "版の初日が分からないと、どの日の条文か決まらず、前の版と後の版を取り違えます。"),
    "J0341": (Severity.ERROR, "一つの日に二つの版があると、その日の条文が定まりません。"),
    "J0342": (Severity.ERROR, "版のない日については、何が定められていたかを知ることができません。"),
    "J0343": (Severity.ERROR, "二つの文書が同じ条項を名乗ると、根拠として示した条項がどちらのものか分かりません。"),
    "J0344": (Severity.ERROR, "改める元の条文がない改正は、何を改めたのか決まらず、改正の前の日の判定もできません。"),
    "J0345": (
        Severity.ERROR,
        "前の版にない番号を引き継ぐと、別の規定と取り違え、改正の前と後の判定を結び付けられません。",
    ),
    "J0346": (Severity.ERROR, "一つの番号の規定が同じ日に二つあると、どちらが効力を持つか決まりません。"),
    "J0347": (Severity.WARNING, "期間の切れ目の日には、その規定は何も認めません。"),
    "J0348": (
        Severity.WARNING,
        "二つの規則が同じ項を受けると、どちらの定めによるのか決まりません。判定は、両方が定めたものとして行います。",
    ),
    "J0325": (Severity.ERROR, "条例の規則であることが分からないと、どの条例の委任を受けたのか決まりません。"),
}


class Findings:
    """The findings of one compilation, in order."""

    def __init__(self) -> None:
        self.all: list[Diagnostic] = []

    def add(self, code: str, instrument: Instrument | str, span: Span, message: str, help_: str) -> None:
        """Record a finding with the severity and reason of its code."""
        severity, reason = REASONS[code]
        path = instrument if isinstance(instrument, str) else instrument.document.path
        finding = Diagnostic(code, severity, path, span, message, reason, help_)
        if finding not in self.all:
            self.all.append(finding)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, or None when none is like it.

    Examples:
        >>> nearest("市町", ["市長", "教育委員会"])
        '市長'
    """
    found = difflib.get_close_matches(name, list(known), 1, cutoff=0.5 if len(name) < 4 else 0.6)
    return found[0] if found else None
