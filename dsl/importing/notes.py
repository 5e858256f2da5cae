"""Words that the publisher of a collection adds to the text: history of amendments, contents, furniture of the page."""

from __future__ import annotations

import re

from dsl.fragment import BLANKS
from dsl.normalise import KANJI_NUMBER

_B = f"[{BLANKS}]*"
_N = f"(?:元|[0-9０-９]+|{KANJI_NUMBER})"
_ERA = "(?:明治|大正|昭和|平成|令和|明|大|昭|平|令)"
_CHANGE = "(?:一部改正|全部改正|全改|改正|追加|繰上|繰下|繰り上げ|繰り下げ|削除|廃止|旧第|加|読替え)"
_INSTRUMENT = "(?:条例|規則|告示|要綱|訓令|規程|教委規則|教委告示|法律?|政令)"
#: （令6条例4・一部改正） （平成29年条例第15号・追加、令3条例5・旧第5条繰上）
_HISTORY = re.compile(
    rf"[（(\[［〔]{_B}{_ERA}{_B}{_N}(?=[^（）()〔〕\[\]]*{_INSTRUMENT})(?=[^（）()〔〕\[\]]*{_CHANGE})[^（）()〔〕\[\]。]*[）)\]］〕]"
)
_HISTORY_END = re.compile(rf"(?:{_B}{_HISTORY.pattern})+{_B}$")
_WHOLE_BRACKET = re.compile(rf"{_B}[〔［\[][^〔〕［］\[\]]*[〕］\]]{_B}$")
_EXTRACT = re.compile(rf"{_B}[（(]?抄[）)]?{_B}$")

#: 平成27年12月22日 条例第50号
_DATE = rf"(?:明治|大正|昭和|平成|令和){_B}{_N}{_B}年{_B}{_N}{_B}月{_B}{_N}{_B}日"
DATE = re.compile(_DATE)
NUMBER = re.compile(
    rf"(?P<maker>[^{BLANKS}第日号年0-9０-９（）()・、]{{0,20}}?)(?P<kind>条例|規則|告示|要綱|訓令|規程)(?:[甲乙])?第?{_B}(?P<number>[0-9０-９]+|{KANJI_NUMBER}){_B}号"
)
_OPEN_CLOSE = rf"[（()）\[\]［］{BLANKS}]*"
_PUBLISHED = re.compile(
    rf"{_OPEN_CLOSE}(?:{_DATE})?(?:公布|制定)?{_OPEN_CLOSE}(?:{NUMBER.pattern})?{_OPEN_CLOSE}(?:公布|制定)?{_OPEN_CLOSE}$"
)
_AMENDED = re.compile(
    rf"{_OPEN_CLOSE}(?:最終)?{_B}改正(?!する)|{_OPEN_CLOSE}(?:{_DATE}|{_ERA}{_B}{_N}年).*{_INSTRUMENT}第?{_B}{_N}{_B}号[^。]*$"
)
_PROMULGATION = re.compile(r"(ここに公布する|次のように定める)。$")
_CONTENTS = re.compile(
    rf"{_B}目{_B}次{_B}$|{_B}(?:第{_N}[編章節款条]|附{_B}則|別表).*[（(]第.*条.*[）)]{_B}$|.*[・.…．]{{4,}}{_B}\d*$"
)
_FORM = re.compile(
    rf"{_B}第{_N}号(?:の{_N})*{_B}様式[^。]*$|{_B}(?:別記{_B})?(?:別記|様式)(?:第{_N}号?)?(?:の{_N})*{_B}(?:[（(].*[）)])?{_B}$"
)
_RULES = re.compile("[\u2500-\u257f\\-=＝―ー_＿*＊・…:+＋]+")
_PAGE = re.compile(
    rf"{_B}(?:[\-‐–—―ー－−]{_B}[0-9０-９]{{1,4}}{_B}[\-‐–—―ー－−]|[0-9０-９]{{1,4}}{_B}[/／]{_B}[0-9０-９]{{1,4}}(?:{_B}ページ)?|[0-9０-９]{{1,4}}{_B}ページ){_B}$"
)
_FURNITURE = re.compile(
    "copyright|all rights reserved|©|javascript|https?://|トップ|ページ|印刷|戻る|進む|閉じる|問い?合わせ|電話|検索|メニュー|本文へ|"
    "目次へ|例規集|先頭へ|更新日|内容現在|公布日順|体系|沿革|リンク|ダウンロード|文字サイズ|サイトマップ|ログイン|↑|▲|≫|»|＞|>",
    re.IGNORECASE,
)  # fmt: skip


def history_behind(text: str) -> int | None:
    """Where a history of amendments at the end of a line begins; None when there is none.

    Examples:
        >>> "別表第1（第3条関係）（令6条例4・一部改正）"[history_behind("別表第1（第3条関係）（令6条例4・一部改正）"):]
        '（令6条例4・一部改正）'
        >>> history_behind("附則（平成28年条例第3号）") is None
        True
    """
    found = _HISTORY_END.search(text)
    return found.start() if found else None


def is_bracketed(text: str) -> bool:
    """A line that is only a bracket 〔…〕 of the publisher."""
    return _WHOLE_BRACKET.match(text) is not None


def is_extract(text: str) -> bool:
    """抄: the publisher prints only a part."""
    return _EXTRACT.match(text) is not None


def is_published(text: str) -> bool:
    """The line of day and number: 平成27年12月22日条例第50号, or one half of it."""
    close = re.sub(f"[{BLANKS}]", "", text)
    return bool(DATE.search(close) or NUMBER.search(close)) and _PUBLISHED.match(close) is not None


def is_amended(text: str) -> bool:
    """A line of the list of amendments under the title."""
    return _AMENDED.match(text) is not None


def is_promulgation(text: str) -> bool:
    """…をここに公布する。"""
    return _PROMULGATION.search(text) is not None


def is_contents(text: str) -> bool:
    """A line of the table of contents."""
    return _CONTENTS.match(text) is not None


def is_form(text: str) -> bool:
    """様式第1号（第3条関係）."""
    return _FORM.match(text) is not None


def is_rule(text: str) -> bool:
    """A line of rules and dashes only, with bars or without."""
    return _RULES.fullmatch(re.sub(rf"[|｜{BLANKS}]", "", text)) is not None


def is_page(text: str) -> bool:
    """The number of a printed page: - 3 -, 3/12."""
    return _PAGE.match(text) is not None


def is_furniture(text: str) -> bool:
    """A line that belongs to the page and not to the instrument, by its words."""
    return "。" not in text and _FURNITURE.search(text) is not None


def note(text: str) -> str:
    """Words as an annotation 〔注 …〕 (brackets and blanks would end or part it)."""
    bare = re.sub(r"[\s〔〕]+", "", text)
    outer = re.fullmatch(r"[（(]([^（）()]*)[）)]", bare)
    return f"〔注 {outer.group(1) if outer else bare}〕"
