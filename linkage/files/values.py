"""What is written into a file and read from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from dsl.masking import twelve_digits
from linkage.files.refusals import FileRefused

#: The most that the content of one version may have, in bytes of JSON, and its names in characters.
LARGEST = 64 * 1024
LONGEST_NAME = 64


class Written(msgspec.Struct, frozen=True):
    """A version that was written: of which record, and the case that says how long it is kept."""

    record: str
    version: int
    case: str


class Record(msgspec.Struct, frozen=True):
    """A version as read; `evaluation` is the decision by which it was written."""

    record: str
    file: str
    version: int
    current: bool
    written: datetime
    evaluation: str
    fields: dict[str, str]


def encoded(fields: Mapping[str, str]) -> bytes:
    """The content as it is sealed.

    Raises:
        FileRefused: G0935 not an object of texts, empty or too large; G0936 what may be an Individual Number (番号法20条).
    """
    if not fields or not all(isinstance(word, str) for pair in fields.items() for word in pair):
        raise FileRefused("G0935", status=400, what="文字列の項目がない")
    if not all(name.strip() and len(name) <= LONGEST_NAME for name in fields):
        raise FileRefused("G0935", status=400, what="項目の名前")
    content = msgspec.json.encode(dict(fields))
    if len(content) > LARGEST:
        raise FileRefused("G0935", status=413, what="大きすぎる")
    if any(twelve_digits(word) for pair in fields.items() for word in pair):
        raise FileRefused("G0936", status=400)
    return content


def cell(file: str, person: str, record: str, version: int) -> str:
    """The name of the cell of a version in the vault: what is sealed is bound to all four.

    Examples:
        >>> cell("pf_a", "ad_b", "fr_c", 2)
        'pf_a|ad_b|fr_c|2'
    """
    return f"{file}|{person}|{record}|{version}"
