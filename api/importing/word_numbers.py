"""The numbers that Word draws before paragraphs and does not store in their text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
_IROHA = "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセス"
_DIGITS = "〇一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class _Level:
    form: str
    text: str
    start: int


@dataclass(slots=True)
class Numbers:
    """The list definitions of a document, and how far each list has counted."""

    levels: dict[tuple[str, int], _Level] = field(default_factory=dict)
    counts: dict[str, dict[int, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Any) -> Numbers:
        """The numbering of a document; empty when it has none."""
        numbers = cls()
        part = next((r.target_part for r in document.part.rels.values() if r.reltype.endswith("/numbering")), None)
        if part is None:
            return numbers
        root = part.element
        abstract = {a.get(f"{_W}abstractNumId"): a for a in root.iter(f"{_W}abstractNum")}
        for num in root.iter(f"{_W}num"):
            reference = num.find(f"{_W}abstractNumId")
            definition = abstract.get(reference.get(f"{_W}val")) if reference is not None else None
            for level in definition.iter(f"{_W}lvl") if definition is not None else ():
                key = (str(num.get(f"{_W}numId")), int(level.get(f"{_W}ilvl", "0")))
                start = _value(level, "start", "1")
                numbers.levels[key] = _Level(
                    _value(level, "numFmt", "decimal"),
                    _value(level, "lvlText", ""),
                    int(start) if start.isdecimal() else 1,
                )
        return numbers

    def of_paragraph(self, paragraph: Any) -> str:
        """The number drawn before a paragraph; empty when there is none. Counts on."""
        properties = paragraph.find(f"{_W}pPr/{_W}numPr")
        if properties is None:
            return ""
        list_id, written = _value(properties, "numId", "0"), _value(properties, "ilvl", "0")
        depth = int(written) if written.isdecimal() else 0
        level = self.levels.get((list_id, depth))
        if level is None or level.form in ("none", "bullet"):
            return ""
        counts = self.counts.setdefault(list_id, {})
        counts[depth] = counts.get(depth, level.start - 1) + 1
        for deeper in [d for d in counts if d > depth]:
            del counts[deeper]

        def shown(match: re.Match[str]) -> str:
            at = int(match.group(1)) - 1
            held = self.levels.get((list_id, at))
            return _written(counts.get(at, held.start if held else 1), held.form if held else "decimal")

        return re.sub(r"%(\d)", shown, level.text)


def _value(element: Any, name: str, default: str) -> str:
    found = element.find(f"{_W}{name}")
    return str(found.get(f"{_W}val", default)) if found is not None else default


def _written(number: int, form: str) -> str:
    """A number in one of Word's forms.

    Examples:
        >>> _written(3, "aiueoFullWidth"), _written(12, "japaneseCounting"), _written(2, "decimalFullWidth"), _written(1, "iroha")
        ('ウ', '十二', '２', 'イ')
    """
    if form.startswith("aiueo") and number <= len(_KANA):
        return _KANA[number - 1]
    if form.startswith("iroha") and number <= len(_IROHA):
        return _IROHA[number - 1]
    if form.startswith("decimalFullWidth"):
        return str(number).translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    if form.startswith("decimalEnclosedCircle") and number <= 20:
        return chr(0x2460 + number - 1)
    if (
        form in ("japaneseCounting", "chineseCounting", "ideographDigital", "japaneseDigitalTenThousand")
        and number < 100
    ):
        tens, ones = divmod(number, 10)
        return ("" if tens == 0 else ("" if tens == 1 else _DIGITS[tens]) + "十") + (
            "" if ones == 0 and tens else _DIGITS[ones]
        )
    if form == "lowerLetter" and number <= 26:
        return chr(ord("a") + number - 1)
    return str(number)
