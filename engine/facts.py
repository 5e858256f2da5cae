"""Facts of a request: from the words of a business system to the booleans that conditions ask for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import msgspec

from engine import impact_assessment
from engine.japanese import MASK, day_of, has_twelve_digits, masked, nearest, plain
from engine.request import RequestProblem
from engine.rule_set import SPECIFIC_FACT, Fact, ImpactAssessment

if TYPE_CHECKING:
    from collections.abc import Collection

UNKNOWN_FACT = "R0114"
UNREADABLE_FACT = "R0115"

#: Facts that are plain yes or no. The last two bear on papers only.
PLAIN = frozenset({Fact.CONSENT, Fact.RESIDENT, Fact.PPC_NOTIFIED, "same_day", "network_up"})
SPECIFIC = "specific"

#: Other names of facts.
ALIASES = {
    "同意": "consent",
    "本人同意": "consent",
    "本人の同意": "consent",
    "保護評価": "pia",
    "特定個人情報保護評価": "pia",
    "住所": "resident",
    "居住": "resident",
    "市内在住": "resident",
    "届出": "ppc_notified",
    "委員会届出": "ppc_notified",
    "即日交付": "same_day",
    "ネットワーク稼働": "network_up",
}
YES = frozenset({"はい", "有", "有り", "あり", "済", "済み", "真", "yes", "true"})
NO = frozenset({"いいえ", "無", "無し", "なし", "未", "未済", "偽", "no", "false"})
NOT_GIVEN = frozenset({"不明", "unknown", ""})

#: Words for the state of the impact assessment, and whether they satisfy the duty.
ASSESSMENT_WORDS = {
    "published": True,
    "not_required": True,
    "missing": False,
    "outdated": False,
    "insufficient": False,
    "公表済": True,
    "公表済み": True,
    "義務なし": True,
    "未実施": False,
    "要再実施": False,
    "水準不足": False,
}
_LEVELS = {
    "none": "義務なし",
    "basic": "基礎",
    "priority": "重点",
    "full": "全項目",
    "基礎項目": "基礎",
    "基礎項目評価": "基礎",
    "重点項目": "重点",
    "重点項目評価": "重点",
    "全項目評価": "全項目",
} | {level: level for level in impact_assessment.LEVELS}
_MEMBERS = frozenset({"level", "published", "persons", "handlers", "incident", "changed"})
_PIA: str = Fact.PIA.value
_FIELD = re.compile(r"[^\w\[\].:・（）]+")


class NormalFacts(msgspec.Struct, frozen=True):
    """What `normalise` makes: booleans by fact, the assumptions they rest on, and what could not be read."""

    facts: dict[str, bool]
    assumptions: tuple[str, ...] = ()
    problems: tuple[RequestProblem, ...] = ()


def normalise(raw: Mapping[str, object], on: date, specific: Collection[str] = ()) -> NormalFacts:
    """Read the facts of a request.

    Args:
        raw: Facts by name. Values are booleans or words (はい, いいえ, 有, 無); `pia` is a word or a
            record; `specific` is a mapping of Japanese names to values or a list of true names;
            ``specific:<名>`` is accepted as a name. 不明 or null means not given.
        on: The day for which an impact assessment record is judged.
        specific: Specific facts that the rule set asks for (without prefix); these names may stand alone.

    Returns:
        The facts that were given. A fact that was not given is absent, never false.
    """
    facts: dict[str, bool] = {}
    assumptions: list[str] = []
    problems: list[RequestProblem] = []
    for given, value in raw.items():
        name = _known(given, specific)
        field = f"facts.{field_name(given)}"
        if name is None:
            problems.append(_unknown(given, field, specific))
        elif name == SPECIFIC:
            _read_specific(value, field, facts, problems)
        elif name == _PIA:
            _read_assessment(value, on, facts, assumptions, problems)
        else:
            _read_plain(name, value, field, facts, problems)
    return NormalFacts(facts, tuple(assumptions), tuple(problems))


def truth(value: object) -> bool | None:
    """True, false, or None when the value is not given.

    Raises:
        ValueError: If the value is no yes and no no.

    Examples:
        >>> truth("はい"), truth("無"), truth("不明")
        (True, False, None)
    """
    if isinstance(value, bool):
        return value
    if value is None:
        return None
    if isinstance(value, str):
        word = plain(value).lower()
        if word in YES or word in NO:
            return word in YES
        if word in NOT_GIVEN:
            return None
    raise ValueError(value)


def shown(value: object) -> str:
    """A value as a message may show it: short, and without a run of twelve digits."""
    text = masked(str(value))
    return text if len(text) <= 60 else text[:60] + "…"


def field_name(name: object) -> str:
    """The name of a member as a message may show it."""
    text = str(name)
    return MASK if has_twelve_digits(text) else _FIELD.sub("_", text)[:40]


def _known(given: object, specific: Collection[str]) -> str | None:
    if not isinstance(given, str):
        return None
    name = given.strip()
    name = ALIASES.get(name, name)
    if name in PLAIN or name in (_PIA, SPECIFIC):
        return str(name)
    if name.startswith(SPECIFIC_FACT) and len(name) > len(SPECIFIC_FACT):
        return name
    return SPECIFIC_FACT + name if name in specific else None


def _unknown(given: object, field: str, specific: Collection[str]) -> RequestProblem:
    names = [*PLAIN, _PIA, *ALIASES, *specific, *(SPECIFIC_FACT + name for name in specific)]
    text = f"事実「{shown(given)}」は知られていません"
    return RequestProblem(UNKNOWN_FACT, field, text, nearest(str(given), names))


def _read_plain(name: str, value: object, field: str, facts: dict[str, bool], problems: list[RequestProblem]) -> None:
    try:
        known = truth(value)
    except ValueError:
        text = f"事実の値「{shown(value)}」は、はい・いいえのどちらとも読めません"
        problems.append(RequestProblem(UNREADABLE_FACT, field, text, "はい"))
        return
    if known is None:
        return
    # 同じ事実が二つの名で示されたときは、不利な方をとる
    facts[name] = known and facts.get(name, True)


def _read_specific(value: object, field: str, facts: dict[str, bool], problems: list[RequestProblem]) -> None:
    if isinstance(value, str):
        value = [value]
    if isinstance(value, Mapping):
        entries = [(name, truth_value) for name, truth_value in value.items()]
    elif isinstance(value, list | tuple):
        entries = [(name, True) for name in value]
    else:
        entries = [(None, None)]
    for name, said in entries:
        if isinstance(name, str) and name.strip():
            key = SPECIFIC_FACT + name.strip().removeprefix(SPECIFIC_FACT)
            _read_plain(key, said, f"{field}.{field_name(name)}", facts, problems)
        else:
            text = "specific には、事実の名とその値の組か、当てはまる事実の名の並びを書いてください"
            problems.append(RequestProblem(UNREADABLE_FACT, field, text))


def _read_assessment(
    value: object, on: date, facts: dict[str, bool], assumptions: list[str], problems: list[RequestProblem]
) -> None:
    if isinstance(value, Mapping):
        record = _record(value, problems)
        if record is not None:
            facts[_PIA] = impact_assessment.satisfied(record, on) and facts.get(_PIA, True)
            if not impact_assessment.verified(record):
                assumptions.append(impact_assessment.THRESHOLD_ASSUMPTION)
        return
    word = plain(value).lower() if isinstance(value, str) else None
    if word in ASSESSMENT_WORDS:
        facts[_PIA] = ASSESSMENT_WORDS[word] and facts.get(_PIA, True)
        return
    _read_plain(_PIA, value, "facts.pia", facts, problems)
    if problems and problems[-1].field == "facts.pia":
        text = f"保護評価の状態「{shown(value)}」は読めません"
        words = [*ASSESSMENT_WORDS]
        problems[-1] = RequestProblem(UNREADABLE_FACT, "facts.pia", text, nearest(str(value), words) or "公表済")


def _record(value: Mapping[object, object], problems: list[RequestProblem]) -> ImpactAssessment | None:
    before = len(problems)

    def refuse(member: str, expected: str) -> None:
        text = f"保護評価の記録の {member} は{expected}で書いてください"
        problems.append(RequestProblem(UNREADABLE_FACT, f"facts.pia.{member}", text))

    for name in value:
        if name not in _MEMBERS:
            text = f"保護評価の記録に「{shown(name)}」という項目はありません"
            suggestion = nearest(str(name), _MEMBERS)
            problems.append(RequestProblem(UNREADABLE_FACT, f"facts.pia.{field_name(name)}", text, suggestion))
    level = _LEVELS.get(plain(str(value.get("level"))).lower())
    if level is None:
        refuse("level", "義務なし・基礎・重点・全項目のどれか")
    counts: dict[str, int] = {}
    for member in ("persons", "handlers"):
        count = value.get(member)
        if isinstance(count, int) and not isinstance(count, bool) and count >= 0:
            counts[member] = count
        else:
            refuse(member, "0以上の整数")
    days: dict[str, date | None] = {}
    for member in ("published", "changed"):
        day = value.get(member)
        read = day_of(day) if isinstance(day, str) else day
        if read is not None and type(read) is date:
            days[member] = read
        elif day is not None:
            refuse(member, "日付")
    try:
        incident = truth(value.get("incident"))
    except ValueError:
        incident = None
    if incident is None:
        refuse("incident", "はい・いいえ")
    if level is None or incident is None or len(problems) > before:
        return None
    return ImpactAssessment(
        "", level, days.get("published"), counts["persons"], counts["handlers"], incident, days.get("changed")
    )
