"""Phrases inside cells: lists of agencies, lists of information, persons, delegations.

Cells of a statutory table are designations, not sentences; these functions take them apart where
the drafting conventions allow it: 、又は若しくは outside parentheses, after a word that can end the
designation of an agency (大臣, 知事, 市長, 委員会 …) or of information (情報, 事項).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_OPEN, _CLOSE = "（(「", "）)」"

#: what the designation of an agency can end with; 健康保険法第五十五条又は… must not be split
_AGENCY_END = re.compile(
    r"(大臣|長官|知事|市長|町長|村長|区長|町村長|の長|委員会|委員|機構|協会|組合|組合等|連合|連合会|事業団|基金|"
    r"知事等|協議会|センター|税務署長|保険者|者|財団|会社|庁|公社|法人|船員局長|学校|設置者|存続共済会|任命権者|機関)$"
)
_INFORMATION_END = re.compile(r"(情報|事項|もの)$")
_DEFINES = re.compile(r"以下(?:この[^「」]{1,6}において)?「([^」]+)」と(?:いう|総称する)")
_JOINER = re.compile(r"[、,，]|又は|または|若しくは|もしくは|及び|および|並びに|ならびに")
_DELEGATED = re.compile(
    r"であって、?(?:[^、。]{0,8}?)?(主務省令|規則|教育委員会規則|条例|要綱|第[0-9一二三四五六七八九十百の]+条)で定めるもの(?:をいう)?$"
)


@dataclass(frozen=True, slots=True)
class Part:
    """One member of a list: `name` is its designation, `defines` the word defined behind it, `includes` its （Xを含む。）."""

    name: str
    text: str
    defines: str | None
    includes: tuple[str, ...]


def without_parentheses(text: str) -> str:
    """The text without （…) remarks, at any depth."""
    out: list[str] = []
    depth = 0
    for ch in text:
        if ch in "（(":
            depth += 1
        elif ch in "）)":
            depth = max(0, depth - 1)
        elif depth == 0:
            out.append(ch)
    return "".join(out)


def remarks(text: str) -> tuple[str, ...]:
    """The contents of the outermost parentheses, in order."""
    found: list[str] = []
    depth, start = 0, 0
    for i, ch in enumerate(text):
        if ch in "（(":
            if depth == 0:
                start = i + 1
            depth += 1
        elif ch in "）)" and depth:
            depth -= 1
            if depth == 0:
                found.append(text[start:i])
    return tuple(found)


def delegation(text: str) -> str | None:
    """What a designation leaves to a lower norm (主務省令, 規則 …), or None.

    Examples:
        >>> delegation("子ども医療費の助成に関する事務であって規則で定めるもの")
        '規則'
    """
    match = _DELEGATED.search(without_parentheses(text).rstrip("。"))
    return match.group(1) if match else None


def without_delegation(text: str) -> str:
    """The designation without its …であって規則で定めるもの.

    Examples:
        >>> without_delegation("介護保険法による保険給付の支給に関する事務であって主務省令で定めるもの")
        '介護保険法による保険給付の支給に関する事務'
    """
    return re.sub(r"であって、?[^、。（）]{0,20}?で定めるもの$", "", text.rstrip("。"))


def _split(text: str, end: re.Pattern[str]) -> tuple[str, ...]:
    parts: list[str] = []
    depth, start, i = 0, 0, 0
    while i < len(text):
        ch = text[i]
        if ch in _OPEN:
            depth += 1
        elif ch in _CLOSE:
            depth = max(0, depth - 1)
        elif depth == 0:
            joiner = _JOINER.match(text, i)
            left = text[start:i]
            if joiner and end.search(without_parentheses(without_delegation(left))):
                parts.append(left)
                i = joiner.end()
                start = i
                continue
        i += 1
    parts.append(text[start:])
    return tuple(p for p in parts if p)


def _part(text: str) -> Part:
    defines = None
    includes: list[str] = []
    for remark in remarks(text):
        match = _DEFINES.search(remark)
        if match and text.rstrip("。").endswith("）") and text.endswith(f"（{remark}）"):
            defines = match.group(1)
        includes.extend(m.group(1) for m in re.finditer(r"([^、。]+?)を含む。?", remark))
    return Part(without_parentheses(text), text, defines, tuple(includes))


def agencies(text: str) -> tuple[Part, ...]:
    """The agencies that a cell lists.

    Examples:
        >>> [p.name for p in agencies("厚生労働大臣若しくは日本年金機構又は共済組合等")]
        ['厚生労働大臣', '日本年金機構', '共済組合等']
        >>> [p.name for p in agencies("健康保険法第五十五条又は第百二十八条に規定する他の法令による給付の支給を行うこととされている者")]
        ['健康保険法第五十五条又は第百二十八条に規定する他の法令による給付の支給を行うこととされている者']
    """
    return tuple(_part(p) for p in _split(text, _AGENCY_END))


def information(text: str) -> tuple[str, ...]:
    """The information that a cell lists, each by its defined term or its own wording.

    Examples:
        >>> information("地方税関係情報、住民票関係情報又は介護保険給付等関係情報であって主務省令で定めるもの")
        ('地方税関係情報', '住民票関係情報', '介護保険給付等関係情報')
    """
    names: list[str] = []
    for raw in _split(without_delegation(text), _INFORMATION_END):
        part = _part(without_delegation(raw))
        name = part.defines or without_delegation(part.name)
        if name and name not in names:
            names.append(name)
    return tuple(names)


def definitions(text: str) -> tuple[str, ...]:
    """Every word the text defines by （以下「X」という。）."""
    return tuple(m.group(1) for r in remarks(text) for m in _DEFINES.finditer(r))


#: 被保護者 and 要保護者 are not 保護者, and who is no 扶養義務者 is not one
_PERSONS = (
    ("世帯", "世帯員"),
    (r"扶養義務者(?!の配偶者|でない)", "扶養義務者"),
    (r"(?<!扶養義務者の)配偶者(?!のない)", "配偶者"),
    ("(?<![被要])保護者", "保護者"),
    ("同居", "同居者"),
    ("申請", "申請者"),
    ("届出", "届出者"),
    ("申込", "申込者"),
    ("請求", "請求者"),
    ("受給", "受給者"),
    ("助成を受け", "受給者"),
)
_PERSON_END = re.compile(r"(者|もの|方|人|員|児|児童|子ども|子|父|母|親族|婦|患者|等)$")
#: 当該申請に係る障害児 is the child, 当該届出に係る者 is whom the notification is about
_CONCERNED = re.compile(r"に係る(?!者$|もの$)")


def person(text: str) -> str:
    """A short word for the person whose information it is.

    Examples:
        >>> person("当該申請を行う者と同一の世帯に属する者")
        '世帯員'
        >>> person("当該申請を行う者")
        '申請者'
        >>> person("当該申請に係る障害児"), person("要保護者")
        ('障害児', '要保護者')
    """
    concerned = [m.end() for m in _CONCERNED.finditer(text)]
    text = text[concerned[-1] :] if concerned else text
    return next((word for needle, word in _PERSONS if re.search(needle, text)), text.removeprefix("当該"))


def persons(text: str) -> tuple[str, ...]:
    """The persons that 「Xに係るY」 names in X, each once, by a short word or by the word the text defines for them.

    Examples:
        >>> persons("当該申請に係る障害児の保護者又は当該保護者と同一の世帯に属する者")
        ('保護者', '世帯員')
        >>> persons("同法第六条第二項の要保護者又は同条第一項の被保護者であった者（以下「要保護者等」という。）")
        ('要保護者等',)
    """
    parts = [_part(p) for p in _split(text, _PERSON_END)]
    whole = parts[-1].defines if parts else None
    if whole is not None and whole.endswith("等"):
        return (whole,)
    return tuple(dict.fromkeys(p.defines or person(p.name) for p in parts))


def of_whom(text: str) -> tuple[str, str]:
    """「Xに係るY」 as (X, Y), parted at the last に係る outside parentheses; X is "" where nobody is named.

    Examples:
        >>> of_whom("当該徴収に係る児童に係る費用の徴収に関する情報（同法の措置に係る部分に限る。）")
        ('当該徴収に係る児童', '費用の徴収に関する情報（同法の措置に係る部分に限る。）')
    """
    depth, at = 0, -1
    for i, ch in enumerate(text):
        depth += (ch in _OPEN) - (ch in _CLOSE)
        if depth == 0 and text.startswith("に係る", i):
            at = i
    return (text[:at], text[at + len("に係る") :]) if at >= 0 else ("", text)


def each_information(text: str) -> tuple[str, ...]:
    """The members of a list of information, each with the persons named before it.

    Examples:
        >>> each_information("申請者に係る前号に掲げる情報並びに同居者に係る戸籍関係情報")
        ('申請者に係る前号に掲げる情報', '同居者に係る戸籍関係情報')
    """
    return _split(text, _INFORMATION_END)


def persons_and_information(text: str) -> tuple[tuple[str | None, str], ...]:
    """(person, information) pairs of a 規則's 「Xに係るY」; X may join two persons.

    Examples:
        >>> persons_and_information("当該申請を行う者に係る地方税関係情報")
        (('申請者', '地方税関係情報'),)
    """
    head, tail = of_whom(without_delegation(text.strip()))
    if not head:
        return tuple((None, name) for name in information(tail))
    return tuple((word, name) for name in information(tail) for word in persons(head))
