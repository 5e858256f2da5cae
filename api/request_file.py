"""Requests as files: YAML or JSON of one request, read with care and refused with reasons."""

from __future__ import annotations

import json

from api import yaml_text
from engine.reading import TWELVE_DIGITS
from engine.request import RequestProblem, RequestRefused

UNREADABLE, SYNTAX, DUPLICATE, NO_RECORD = (f"R000{n}" for n in range(1, 5))
_MOST = 1_000_000
_KINDS = {"syntax": SYNTAX, "key": SYNTAX, "size": SYNTAX, "duplicate": DUPLICATE, "digits": TWELVE_DIGITS}


def parse_request(data: bytes) -> dict[str, object]:
    """The members of one request.

    Args:
        data: The contents of a file, UTF-8.

    Raises:
        RequestRefused: When it cannot be read, with every problem; twelve digits are never repeated.
    """
    if len(data) > _MOST:
        raise _refused(UNREADABLE, "要求が大きすぎます（1メガバイトまで）")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused(UNREADABLE, "要求の文字コードが UTF-8 ではありません") from None
    value = _json(text)
    if value is None:
        loaded = yaml_text.load(text)
        if loaded.faults:
            raise RequestRefused(tuple(RequestProblem(_KINDS[f.kind], f"{f.line}行目", f.text) for f in loaded.faults))
        value = loaded.value
    if not isinstance(value, dict):
        raise _refused(NO_RECORD, "要求は「項目: 値」の組を並べて書いてください（例: action: use）")
    return value


def _json(text: str) -> object:
    """The value of a text that is JSON (tabs and all); None when it is none."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        return json.loads(text, object_pairs_hook=_once)
    except (json.JSONDecodeError, RecursionError, ValueError):
        return None  # flow style of YAML, or a fault that YAML names with its line


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    record: dict[str, object] = {}
    for key, value in pairs:
        if key in record:
            raise ValueError("duplicate")
        record[key] = value
    return record


def _refused(code: str, text: str) -> RequestRefused:
    return RequestRefused((RequestProblem(code, "（全体）", text),))
