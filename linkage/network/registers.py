"""Registers of codes as YAML: read with care. Codes of 14 or 16 digits are no numbers; a run of exactly twelve is refused."""

from __future__ import annotations

from pathlib import Path

from api import yaml_text
from dsl.masking import twelve_digits


def read(file: Path) -> dict[str, object]:
    """The members of a register.

    Raises:
        ValueError: When it cannot be read; the text says where and why, in Japanese.
    """
    text = file.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        if twelve_digits(line):
            raise ValueError(f"登録簿 {file.name} の{number}行目: 十二桁の数字の列がある（個人番号の疑い）")
    loaded = yaml_text.load(text)
    faults = [fault for fault in loaded.faults if fault.kind != "digits"]
    if faults:
        raise ValueError(f"登録簿 {file.name} の{faults[0].line}行目: {faults[0].text}")
    if not isinstance(loaded.value, dict):
        raise ValueError(f"登録簿 {file.name} は「項目: 値」の組ではない")
    return loaded.value
