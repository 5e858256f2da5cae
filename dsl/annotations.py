"""Annotations 〔名 値〕: taking them out of a line, with their positions, and checking names and values."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from dsl.codes import Reporter
from dsl.fragment import BLANKS, Fragment
from dsl.normalise import NoDate, parse_wareki
from dsl.syntax import Annotation

#: names whose value is free text and may contain ・
_FREE = ("注", "出典", "効力なし", "未表現", "対象外", "略称", "番号", "団体", "仮定", "改正")
#: every name of LANGUAGE.md §2
NAMES = (
    *("団体", "状態", "略称", "番号", "公布", "法令ID", "版", "出典", "施行", "廃止", "上位", "範囲", "改正"),
    *("対象外", "未表現", "効力なし", "事務", "分野", "対応", "手続", "情報", "証明", "対象", "事実", "同意"),
    *("準法定事務", "期間", "移動", "旧番号", "仮定", "義務", "場面", "禁止", "義務付け", "列", "定義", "注"),
)
#: names that stand on provisions (article, paragraph, item), never on one sentence alone
PROVISION_NAMES = frozenset({"施行", "移動", "旧番号"})
_STATES = ("案", "公布", "条文未入手")
_NEXT = re.compile("・(?=(?:" + "|".join(sorted(NAMES, key=len, reverse=True)) + r")[ 　])")


@dataclass(frozen=True, slots=True)
class Marked:
    """A line without annotations, and each annotation with the index in `text` where it stood."""

    text: Fragment
    annotations: tuple[tuple[int, Annotation], ...]
    comment_only: bool

    def within(self, start: int, end: int | None = None) -> tuple[Annotation, ...]:
        """The annotations that stand behind `start` up to and including `end`."""
        return tuple(a for at, a in self.annotations if start <= at and (end is None or at <= end))


def extract(line: Fragment, report: Reporter) -> Marked:
    """Take the annotations out of a line.

    Args:
        line: the line as typed.
        report: where brackets that do not match, unknown names and unreadable values go.
    """
    kept: list[int] = []
    found: list[tuple[int, Annotation]] = []
    i, text = 0, line.text
    while i < len(text):
        if text[i] == "〕":
            report.add(
                "J0015",
                line.span(i, i + 1),
                "「〕」に対応する「〔」がありません",
                "「〔」を補うか、「〕」を消してください。",
            )
        elif text[i] == "〔":
            end = _closing(line, i, report)
            found += [(len(kept), a) for a in _parse(line.part(i + 1, end), report)]
            i = end + 1
            continue
        else:
            kept.append(i)
        i += 1
    columns = tuple(line.columns[k] for k in kept)
    clean = Fragment(line.line, "".join(text[k] for k in kept), columns, columns[0] if columns else 1)
    return Marked(clean, tuple(found), bool(text.strip()) and not clean.text.strip())


def _closing(line: Fragment, start: int, report: Reporter) -> int:
    """The index of the bracket that closes the one at `start`; mends what is missing."""
    close, depth = start + 1, 1
    while close < len(line.text):
        if line.text[close] == "〔":
            if depth == 1:
                report.add(
                    "J0011",
                    line.span(close, close + 1),
                    "〔 〕の中に「〔」があります",
                    "注記は入れ子にせず、〔…〕〔…〕と並べて書いてください。",
                )
            depth += 1
        elif line.text[close] == "〕":
            depth -= 1
            if depth == 0:
                return close
        close += 1
    report.add(
        "J0010",
        line.span(start, len(line.text)),
        "「〔」が、この行の中で閉じていません",
        "同じ行の中に「〕」を補ってください。注記は行をまたげません。",
    )
    return len(line.text)


def _parse(inside: Fragment, report: Reporter) -> list[Annotation]:
    annotations = []
    pieces = _pieces(inside)
    if not any(p.text for p in pieces):
        report.add(
            "J0013", inside.span(), "〔 〕の中に何も書かれていません", "注記の名前と値を書くか、〔 〕を消してください。"
        )
    for piece in pieces:
        match = re.match(r"[^ \t　]+", piece.text)
        if match is None:
            continue
        name, value = match.group(), piece.part(match.end()).strip()
        annotation = Annotation(name, value.text.replace("\\・", "・"), piece.span())
        if name not in NAMES:
            _unknown(name, piece.part(0, match.end()), report)
        elif _valid(annotation, value if value.text else piece, report):
            annotations.append(annotation)
    return annotations


def _pieces(inside: Fragment) -> list[Fragment]:
    head = inside.text.lstrip(BLANKS)
    free = any(head.startswith((f"{n} ", f"{n}　")) for n in _FREE)
    cuts = _NEXT.finditer(inside.text) if free else re.finditer(r"(?<!\\)・", inside.text)
    pieces, start = [], 0
    for cut in cuts:
        pieces.append(inside.part(start, cut.start()).strip())
        start = cut.end()
        if not free and any(inside.text[start:].startswith((f"{n} ", f"{n}　")) for n in _FREE):
            break
    return [*pieces, inside.part(start).strip()]


def _unknown(name: str, at: Fragment, report: Reporter) -> None:
    near = difflib.get_close_matches(name, NAMES, 1, cutoff=0.4) or [n for n in NAMES if name.startswith(n)]
    hint = f"「{near[0]}」の誤りではありませんか。" if near else f"使える名前は {'・'.join(NAMES)} です。"
    if near and name.startswith(near[0]) and name != near[0]:
        hint = f"「{near[0]}」と値の間に空白を入れてください。"
    report.add("J0012", at.span(), f"「{name}」という注記はありません", hint)


# ---- values ---------------------------------------------------------------------------------------


def _valid(annotation: Annotation, at: Fragment, report: Reporter) -> bool:
    if not annotation.value and annotation.name != "注":
        report.add(
            "J0013",
            at.span(),
            f"〔{annotation.name}〕に値がありません",
            f"〔{annotation.name} …〕のように、空白の後に値を書いてください。",
        )
        return False
    check = _CHECKS.get(annotation.name)
    problem = check(annotation.value) if check else None
    if isinstance(problem, NoDate) and problem.kind != "form":
        report.add("J0062" if problem.kind == "era" else "J0063", at.span(), problem.message, problem.help)
        return False
    if problem is not None:
        help_ = problem.help if isinstance(problem, NoDate) else problem
        report.add("J0014", at.span(), f"〔{annotation.name}〕の値「{annotation.value}」が読めません", help_)
        return False
    return True


def _date(value: str) -> NoDate | None:
    day = parse_wareki(value)
    return day if isinstance(day, NoDate) else None


def _period(value: str) -> NoDate | str | None:
    head, separator, tail = value.partition("から")
    days = (
        [head.removesuffix("まで")] if not separator else [head, *([tail.removesuffix("まで")] if tail.strip() else [])]
    )
    if not separator and not head.endswith("まで"):
        return "〔期間 平成28年1月1日から平成29年5月29日まで〕のように書いてください。"
    wrong = next((p for p in map(_date, days) if p is not None), None)
    bounds = [day for day in map(parse_wareki, days) if isinstance(day, date)]
    if wrong is None and len(bounds) == 2 and bounds[1] < bounds[0]:
        return "末日が初日より前の期間です。初日と末日を確かめて、〔期間 初日から末日まで〕の順に書いてください。"
    return wrong


def _move(value: str) -> NoDate | str | None:
    day, _, address = value.replace("　", " ").partition(" ")
    if not address.strip():
        return "〔移動 平成29年5月30日 第十九条第十号〕のように、日と新しい条番号を書いてください。"
    return _date(day)


def _former(value: str) -> str | None:
    if value == "なし" or re.match(r"第[0-9０-９一二三四五六七八九十百]+条", value):
        return None
    return (
        "〔旧番号 第十九条第七号〕のように、前の版での番号を書いてください。"
        "前の版に無く、その番号が前は別の規定のものであったときは〔旧番号 なし〕と書いてください。"
    )


def _state(value: str) -> str | None:
    return None if value in _STATES else f"{'・'.join(_STATES)} のどれかを書いてください。"


def _body(value: str) -> str | None:
    return (
        None
        if re.fullmatch(r".+[ 　]\d{6}", value)
        else "〔団体 石巻市 042021〕のように、名称と6桁のコードを書いてください。"
    )


_CHECKS: dict[str, Callable[[str], NoDate | str | None]] = {
    "公布": _date,
    "施行": _date,
    "廃止": _date,
    "期間": _period,
    "範囲": _period,
    "移動": _move,
    "旧番号": _former,
    "状態": _state,
    "団体": _body,
}
