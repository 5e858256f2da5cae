"""The requests of the benchmark: seeded, well-formed, about half lawful, one defect in each unlawful one."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from api.bench.rows import Case, Row, Table, affair_word, is_registered, party_word
from engine.rule_set import RuleSet

FIRST, LAST = date(2015, 12, 31), date(2024, 12, 31)

#: how often each action is asked for
WEIGHTS = {"use": 35, "transfer": 20, "link": 30, "store": 12, "card": 3}

DEFECTS = ("affair", "day", "fact", "agency", "information", "holder", "procedure")


#: what a caller says of a fact that no row asks for; None is silence
_SAID = (True,) * 8 + (False, None)


@dataclass(frozen=True, slots=True)
class Workload:
    """The requests, and twins of them: the same requests asked on other days with the same answer in kind."""

    cases: tuple[Case, ...]
    twins: tuple[Case, ...]
    lawful: tuple[bool, ...]

    def only(self, lawful: bool) -> tuple[Case, ...]:
        """The requests that are lawful, or those that are not."""
        return tuple(c for c, held in zip(self.cases, self.lawful, strict=True) if held is lawful)


def generate(
    rule_set: RuleSet, rows: Sequence[Row], count: int, *, municipality: str | None = None, seed: int = 20160101
) -> Workload:
    """Draw requests of municipal agencies from the rows: an action, a grant, one of its rows, a day, facts.

    Args:
        rule_set: gives the agencies, affairs, procedures and information that a defect may name.
        rows: `rows.expand(rule_set)`.
        count: how many; half lawful.
        municipality: only this municipality's requests.
        seed: of the drawing.
    """
    return _Drawing(rule_set, rows, municipality, random.Random(seed)).draw(count)


class _Drawing:
    def __init__(self, rule_set: RuleSet, rows: Sequence[Row], municipality: str | None, dice: random.Random) -> None:
        self._dice = dice
        self._table = Table(rows)
        self._first = max(FIRST, rule_set.valid.first)
        self._last = min(LAST, rule_set.valid.last or LAST)
        grants: dict[str, dict[tuple[str, str], list[Row]]] = defaultdict(lambda: defaultdict(list))
        for row in rows:
            action, body = row.key[0], row.key[1]
            specific = any(fact.startswith("specific:") for fact, _ in row.needs)
            if body and body == (municipality or body) and not specific and self._days(row):
                grants[action][body, row.grant].append(row)
        self._grants = {action: list(found.values()) for action, found in grants.items()}
        self._words = {
            part.body.name: _Words(rule_set, code) for code, part in rule_set.bodies.items() if part.body is not None
        }

    def _days(self, row: Row) -> tuple[date, date] | None:
        first = max(self._first, date.fromisoformat(row.first))
        last = min(self._last, date.fromisoformat(row.last))
        return (first, last) if first <= last else None

    def draw(self, count: int) -> Workload:
        dice = self._dice
        actions = [a for a in WEIGHTS if self._grants.get(a)]
        weights = [WEIGHTS[a] for a in actions]
        wanted = {True: count - count // 2, False: count // 2}
        drawn: list[tuple[Case, Case, bool]] = []
        while any(wanted.values()):
            row = dice.choice(dice.choice(self._grants[dice.choices(actions, weights)[0]]))
            case = self._lawful(row)
            if not wanted[True] or (wanted[False] and dice.random() < 0.5):
                case = self._spoilt(case, row)
            lawful = bool(self._table.decide(case))
            if wanted[lawful]:
                wanted[lawful] -= 1
                drawn.append((case, self._twin(case, row, lawful), lawful))
        return Workload(*(tuple(column) for column in zip(*drawn, strict=True)))

    def _lawful(self, row: Row) -> Case:
        action, municipality, agency, affair, procedure, information, holder = row.key
        case: Case = {"action": action, "municipality": municipality, "agency": agency, "affair": affair}
        if procedure is not None:
            case["procedure"] = procedure
        if information is not None:
            case["information"] = [information]
            if holder is not None:
                case["holder"] = holder
        case["on"] = self._day(row)
        said = {fact: self._dice.choice(_SAID) for fact in ("consent", "pia", "resident")}
        if affair in self._words[municipality].registered:
            del said["pia"]
        case["facts"] = {f: v for f, v in said.items() if v is not None} | dict(sorted(row.needs))
        return case

    def _day(self, row: Row) -> str:
        first, last = self._days(row) or (self._first, self._last)
        edge = self._dice.random()
        if edge < 0.04:
            return first.isoformat()
        if edge < 0.08:
            return last.isoformat()
        return (first + timedelta(days=self._dice.randint(0, (last - first).days))).isoformat()

    def _spoilt(self, case: Case, row: Row) -> Case:
        dice, words = self._dice, self._words[case["municipality"]]
        spoilt = dict(case)
        match dice.choice(DEFECTS):
            case "affair":
                spoilt["affair"] = dice.choice(words.affairs)
                if spoilt["affair"] in words.registered:
                    spoilt["facts"] = {f: v for f, v in case["facts"].items() if f != "pia"}
                spoilt.pop("procedure", None)
            case "day":
                days = self._days(row)
                outside = [self._first]
                if days and days[0] > self._first:
                    outside += [days[0] - timedelta(days=1)] * 3
                if days and days[1] < self._last:
                    outside += [days[1] + timedelta(days=1)] * 3
                spoilt["on"] = dice.choice(outside).isoformat()
            case "fact" if row.needs:
                fact, value = dice.choice(sorted(row.needs))
                spoilt["facts"] = {f: v for f, v in case["facts"].items() if f != fact}
                if dice.random() < 0.5:
                    spoilt["facts"][fact] = not value
            case "agency":
                spoilt["agency"] = dice.choice(words.agencies)
            case "information" if "information" in case:
                spoilt["information"] = [dice.choice(words.information)]
            case "holder" if "information" in case:
                spoilt["holder"] = dice.choice(words.holders)
            case "procedure" if words.procedures.get(case["affair"]):
                spoilt["procedure"] = dice.choice(words.procedures[case["affair"]])
            case _:
                pass
        return spoilt

    def _twin(self, case: Case, row: Row, lawful: bool) -> Case:
        for _ in range(8):
            twin = {**case, "facts": dict(case["facts"]), "on": self._day(row)}
            if twin["on"] != case["on"] and bool(self._table.decide(twin)) is lawful:
                return twin
        return {**case, "facts": dict(case["facts"])}


class _Words:
    """What a well-formed request to a municipality may name."""

    def __init__(self, rule_set: RuleSet, code: str) -> None:
        parts = rule_set.parts(code)
        affairs = {affair_word(a, code): a for part in parts for a in part.affairs.values()}
        self.affairs = sorted(affairs)
        self.registered = {word for word, affair in affairs.items() if is_registered(parts, affair)}
        self.agencies = sorted(party_word(p) for p in rule_set.bodies[code].parties.values())
        self.holders = sorted({*self.agencies, *(party_word(p) for p in rule_set.national.parties.values())})
        self.information = sorted({e.name for p in parts for g in p.grants for e in g.information or ()})
        known = [key for part in parts for key in part.procedures]
        self.procedures = {
            word: sorted(key.removeprefix(f"{affair.id}/") for key in known if key.startswith(f"{affair.id}/"))
            for word, affair in affairs.items()
        }
