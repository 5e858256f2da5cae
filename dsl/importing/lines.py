"""The heads of lines as documents print them, brought to the forms of the rule language by white space only."""

from __future__ import annotations

import re
import unicodedata

from dsl.annotations import extract
from dsl.codes import Reporter
from dsl.fragment import BLANKS, Fragment
from dsl.lines import Kind, Line, classify
from dsl.normalise import KANJI_NUMBER, provision_number

_B = f"[{BLANKS}]*"
_D = "[0-9０-９]+"
_N = f"(?:{_D}|{KANJI_NUMBER})"
_ARTICLE = re.compile(rf"第{_N}条(?:の{_N})*")
#: a sentence may begin with a reference: 第3条の規定…
_REFERS = re.compile(r"[のにをはがとでへ、。及又並若第各中関以項号]|から|まで|ただし書")
_GOJUON = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
_IROHA = "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセスン"


def read(text: str) -> Line:
    """A line as the parser of the language sees it."""
    return classify(extract(Fragment.of_line(1, text), Reporter("")))


def kind_of(text: str) -> Kind:
    """What the parser takes a line for."""
    return read(text).kind


def starts_article(text: str) -> bool:
    """Whether a line is the heading of an article, with or without the blank behind its number."""
    if kind_of(text) is Kind.ARTICLE:
        return True
    head = _ARTICLE.match(text.strip(BLANKS))
    return bool(head) and not _REFERS.match(text.strip(BLANKS)[head.end() :]) if head else False


def article_of(text: str, before: str | None) -> str | None:
    """A line that begins an article as `第N条 …`; None when it begins none.

    Args:
        text: the line.
        before: the number of the article above, None before the first.

    Examples:
        >>> article_of("第２条この条例において", "1"), article_of("第2条の規定は、", "1"), article_of("第3条（委任）", "2")
        ('第２条 この条例において', None, '第3条（委任）')
    """
    line = text.strip(BLANKS)
    if kind_of(line) is Kind.ARTICLE:
        return line
    head = _ARTICLE.match(line)
    if head is None or _REFERS.match(line[head.end() :]):
        return None
    number = provision_number(head.group().replace("条", "", 1).replace("第", "", 1))
    if number is None or not _follows(number, before):
        return None
    rest = line[head.end() :]
    caption = re.match(r"[（(][^（()）]*[)）]", rest)
    if caption and rest[caption.end() :]:
        return f"{head.group()}{caption.group()} {rest[caption.end() :]}"
    return f"{head.group()} {rest}"


def _follows(number: str, before: str | None) -> bool:
    """Whether an article number can come next: the next number, a branch, or the first."""
    if before is None:
        return True
    now, last = [int(n) for n in number.split("-")], [int(n) for n in before.split("-")]
    return now > last and now[0] - last[0] <= 1


def paragraph_of(text: str, before: int) -> str | None:
    """A line that begins the paragraph after `before`, as `2 …`.

    Examples:
        >>> paragraph_of("２前項の規定は、", 1), paragraph_of("２　前項", 1), paragraph_of("3以上の", 1)
        ('２ 前項の規定は、', '２　前項', None)
    """
    line = text.strip(BLANKS)
    if kind_of(line) is Kind.PARAGRAPH:
        return line
    head = re.match(_D, line)
    if head is None or int(head.group()) != before + 1 or not line[head.end() :]:
        return None
    return (
        f"{head.group()} {line[head.end() :]}"
        if re.match(r"[^年月日人条項号以％%.．:：/,，の)）]", line[head.end() :])
        else None
    )


def item_of(text: str, before: dict[str, str]) -> str | None:
    """A line that begins an item with the blank its head needs; None when it begins none.

    Args:
        text: the line.
        before: the open items, numbering style → number of the last.

    Examples:
        >>> item_of("ア当該申請を行う者", {}), item_of("二住民票関係情報", {"kanji": "1"}), item_of("アルコール依存", {})
        ('ア 当該申請を行う者', '二 住民票関係情報', None)
    """
    line = text.strip(BLANKS)
    if kind_of(line) is Kind.ITEM:
        return line
    kata = re.match(r"([ア-ン])(?![ァ-ヶー・])", line)
    if (
        kata
        and len(line) > 1
        and kata.group(1) in (_next(before.get("kata"), _GOJUON), _next(before.get("kata"), _IROHA))
    ):
        return f"{kata.group(1)} {line[1:]}"
    kanji = re.match(KANJI_NUMBER, line)
    if kanji and len(line) > kanji.end():
        number = provision_number(kanji.group())
        if number == str(int((before.get("kanji") or "0").split("-")[0]) + 1) and before.get("kanji"):
            return f"{kanji.group()} {line[kanji.end() :]}"
    return None


def _next(last: str | None, order: str) -> str | None:
    if last is None:
        return order[0]
    at = order.find(last)
    return order[at + 1] if 0 <= at < len(order) - 1 else None


def is_open(text: str) -> bool:
    """Whether a line has not come to its end: no 。, no closing bracket behind it.

    Examples:
        >>> is_open("次に掲げる事"), is_open("によるものとする。"), is_open("とする。（甲を除く。）")
        (True, False, False)
    """
    end = text.rstrip(BLANKS)
    return not end.endswith(("。", "｡", "」")) and not (end.endswith(("）", ")")) and "。" in end)


def ordinal(text: str) -> int:
    """A numeral of any width as a number."""
    return int(unicodedata.normalize("NFKC", text))
