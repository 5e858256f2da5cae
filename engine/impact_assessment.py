"""特定個人情報保護評価: which level of assessment is required, and whether one that was made suffices.

Source: 特定個人情報保護評価指針 第5 (しきい値判断); see the reading note on which cells of the table
were read in a source and which were not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from datetime import date

    from engine.rule_set import ImpactAssessment

#: Levels from none to the most thorough; a level includes those before it.
LEVELS = ("義務なし", "基礎", "重点", "全項目")

#: Id of the assumption that surfaces when an answer rests on a cell nobody could verify.
THRESHOLD_ASSUMPTION = "A-PIA-THRESHOLD"
#: Its text, for rule sets that do not declare it.
THRESHOLD_TEXT = "特定個人情報保護評価のしきい値の一部（対象人数1,000人以上10万人未満の行など）は原典で確かめていない"
THRESHOLD_SOURCE = "特定個人情報保護評価指針（2024-10-01）を紹介する自治体ページ。原典の表は未読"


class Threshold(msgspec.Struct, frozen=True):
    """One row of the threshold table: the level required for at least `persons` persons.

    `levels` and `verified` are by column: 500 handlers or more; fewer, but a serious incident within
    a year; fewer, and none.
    """

    persons: int
    levels: tuple[str, str, str]
    verified: tuple[bool, bool, bool]


#: Rows from most persons to fewest; the first whose `persons` is reached applies.
THRESHOLDS = (
    Threshold(300_000, ("全項目", "全項目", "全項目"), (True, True, True)),
    Threshold(100_000, ("全項目", "全項目", "重点"), (True, True, False)),
    Threshold(10_000, ("重点", "重点", "基礎"), (False, False, False)),
    Threshold(1_000, ("基礎", "基礎", "基礎"), (False, False, False)),
    Threshold(0, ("義務なし", "義務なし", "義務なし"), (True, True, True)),
)

_MANY_HANDLERS = 500


def required(persons: int, handlers: int, *, incident: bool) -> tuple[str, bool]:
    """The level required, and whether that cell of the table was verified.

    Args:
        persons: 対象人数, all persons in all files of the affair.
        handlers: 取扱者数, staff of contractors included.
        incident: A serious incident within a year.

    Examples:
        >>> required(148_000, 120, incident=False), required(148_000, 500, incident=False)
        (('重点', False), ('全項目', True))
        >>> required(999, 10, incident=True)
        ('義務なし', True)
    """
    column = 0 if handlers >= _MANY_HANDLERS else 1 if incident else 2
    row = next((row for row in THRESHOLDS if persons >= row.persons), THRESHOLDS[-1])
    return row.levels[column], row.verified[column]


def satisfied(assessment: ImpactAssessment, on: date) -> bool:
    """Whether the assessment suffices on the day: of the required level, published, and not overtaken by a change.

    Raises:
        ValueError: If the level of the assessment is none of `LEVELS`.
    """
    needed, _ = required(assessment.persons, assessment.handlers, incident=assessment.incident)
    if needed == LEVELS[0]:
        return True
    if LEVELS.index(assessment.level) < LEVELS.index(needed):
        return False
    published = assessment.published
    if published is None or published > on:
        return False
    changed = assessment.changed
    return changed is None or changed > on or published >= changed


def verified(assessment: ImpactAssessment) -> bool:
    """Whether the cell of the table that the assessment falls in was read in a source."""
    return required(assessment.persons, assessment.handlers, incident=assessment.incident)[1]


def relevant(
    assessments: tuple[ImpactAssessment, ...], affair: str, scope: frozenset[str]
) -> tuple[ImpactAssessment, ...]:
    """The register's entries for the affair itself or, without any, for the affairs of its scope."""
    own = tuple(entry for entry in assessments if entry.affair == affair)
    return own or tuple(entry for entry in assessments if entry.affair in scope)
