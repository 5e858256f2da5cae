"""The inquiry record of 18 fields, as business systems hand it to the intermediate server (SKI 情報照会), fixed widths.

Codes of 14 or 16 digits, the time of 17 and the padded addressee numbers of 15 are no Individual Numbers; a field that
holds twelve digits of its own is refused, and so is a record in which fields run together to exactly twelve.
Widths are those of a public municipal program (see ../shared/standards/japan.md 2); the paddings are assumed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from dsl.masking import twelve_digits
from linkage.refusal import Refusal


class InquiryRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The 18 fields. Addressee numbers are without their leading zeros; a code that is not there is empty."""

    numbering: str = "01"  # 番号体系
    addressee: str  # 宛名番号
    integrated: str  # 統合宛名番号
    requested: str  # 照会依頼日時 YYYYMMDDhhmmssmmm
    section: str  # 情報照会者部署コード
    user: str  # 情報照会者ユーザーID
    requester: str  # 情報照会者機関コード
    undisclosed: str = " "  # 照会側不開示コード: 1, or blank
    affair: str  # 事務コード
    procedure: str  # 事務手続コード
    requester_delegator: str = ""  # 機関コード（委任元）照会者
    provider_delegator: str = ""  # 機関コード（委任元）提供者
    provider: str  # 情報提供者機関コード
    information: str  # 特定個人情報名コード
    condition: str = "1"  # 照会条件区分
    year: str = "1"  # 照会年度区分
    first_day: str  # 照会開始日付
    last_day: str  # 照会終了日付


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field. The value is never repeated."""

    number: int  # 1–18; 0 for the record as a whole
    field: str
    text: str


class LayoutRefused(Refusal):
    """The record does not have the layout (N0110); `faults` names every wrong field."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(
            "N0110", "".join(fault.text for fault in faults), "照会レコードの様式（18項目）を確かめてください。"
        )
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name in Japanese, width, form, padding, and the sentence for a wrong value."""

    name: str
    japanese: str
    width: int
    good: Callable[[str], bool]
    wrong: str
    zeros: bool = False  # filled with zeros on the left, otherwise with blanks on the right


def _like(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda text: compiled.fullmatch(text) is not None


def _moment(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{17}", text):
        return False
    try:
        datetime.strptime(text[:14], "%Y%m%d%H%M%S")  # noqa: DTZ007
    except ValueError:
        return False
    return True


def _day(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{8}", text):
        return False
    try:
        datetime.strptime(text, "%Y%m%d")  # noqa: DTZ007
    except ValueError:
        return False
    return True


_NUMBER = r"[1-9][0-9]{0,10}|[1-9][0-9]{12,14}"  # never twelve digits of its own
_WORD = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,18}[A-Za-z0-9])?"
_AGENCY = r"[0-9]{16}"

FIELDS: tuple[Field, ...] = (
    Field("numbering", "番号体系", 2, _like("01"), "「01」でなければならない。"),
    Field("addressee", "宛名番号", 15, _like(_NUMBER), "15桁までの番号で、十二桁の番号は使えない。", zeros=True),
    Field("integrated", "統合宛名番号", 15, _like(_NUMBER), "15桁までの番号で、十二桁の番号は使えない。", zeros=True),
    Field("requested", "照会依頼日時", 17, _moment, "年月日時分秒とミリ秒の17桁でなければならない。"),
    Field("section", "情報照会者部署コード", 20, _like(_WORD), "半角の英数字20文字までで書く。"),
    Field("user", "情報照会者ユーザーID", 20, _like(_WORD), "半角の英数字20文字までで書き、個人番号を使わない。"),
    Field("requester", "情報照会者機関コード", 16, _like(_AGENCY), "16桁の数字でなければならない。"),
    Field("undisclosed", "照会側不開示コード", 1, _like("[1 ]"), "「1」か空白でなければならない。"),
    Field("affair", "事務コード", 16, _like("JM[0-9]{14}"), "「JM」に続く14桁の数字でなければならない。"),
    Field("procedure", "事務手続コード", 16, _like("JT[0-9]{14}"), "「JT」に続く14桁の数字でなければならない。"),
    Field(
        "requester_delegator", "委任元の機関コード（照会者）", 16, _like(f"(?:{_AGENCY})?"), "16桁の数字か空白で書く。"
    ),
    Field(
        "provider_delegator", "委任元の機関コード（提供者）", 16, _like(f"(?:{_AGENCY})?"), "16桁の数字か空白とする。"
    ),
    Field("provider", "情報提供者機関コード", 16, _like(_AGENCY), "相手の機関を16桁の数字で書く。"),
    Field(
        "information", "特定個人情報名コード", 16, _like("TM[0-9]{14}"), "「TM」に続く14桁の数字でなければならない。"
    ),
    Field("condition", "照会条件区分", 1, _like("[0-9]"), "1桁の数字でなければならない。"),
    Field("year", "照会年度区分", 1, _like("[0-9]"), "年度の区分を1桁の数字で書く。"),
    Field("first_day", "照会開始日付", 8, _day, "実在する日を年月日の8桁で書く。"),
    Field("last_day", "照会終了日付", 8, _day, "実在する日を年月日の8桁で書き、開始の日以後とする。"),
)
WIDTH = sum(field.width for field in FIELDS)
assert len(FIELDS) == 18


def encode(record: InquiryRecord) -> str:
    """The record as one line of `WIDTH` characters.

    Raises:
        LayoutRefused: With every wrong field.
    """
    faults = list(_faults(record))
    if faults:
        raise LayoutRefused(tuple(faults))
    line = "".join(_padded(field, getattr(record, field.name)) for field in FIELDS)
    _no_number(line)
    return line


def decode(line: str) -> InquiryRecord:
    """The record of a line.

    Raises:
        LayoutRefused: With every wrong field.
    """
    if len(line) != WIDTH:
        raise LayoutRefused((Fault(0, "", f"照会レコードの長さは{WIDTH}文字でなければならない。"),))
    values, at = {}, 0
    for field in FIELDS:
        values[field.name] = _bare(field, line[at : at + field.width])
        at += field.width
    record = InquiryRecord(**values)
    faults = list(_faults(record))
    if faults:
        raise LayoutRefused(tuple(faults))
    _no_number(line)
    return record


def _faults(record: InquiryRecord) -> list[Fault]:
    faults = []
    for number, field in enumerate(FIELDS, 1):
        value = getattr(record, field.name)
        backwards = field.name == "last_day" and field.good(value) and value < record.first_day
        if not field.good(value) or twelve_digits(value) or backwards:
            faults.append(Fault(number, field.name, f"{number}番目の項目「{field.japanese}」は、{field.wrong}"))
    return faults


def _no_number(line: str) -> None:
    if twelve_digits(line):
        text = "照会レコードの中に、十二桁の数字の列になる所がある（部署コードとユーザーIDのつながりを確かめる）。"
        raise LayoutRefused((Fault(0, "", text),))


def _padded(field: Field, value: str) -> str:
    return value.rjust(field.width, "0") if field.zeros else value.ljust(field.width)


def _bare(field: Field, part: str) -> str:
    if field.zeros:
        return part.lstrip("0") if part.isascii() and part.isdigit() else part
    return part if field.width == 1 else part.rstrip(" ")
