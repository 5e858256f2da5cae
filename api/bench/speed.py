"""Speed of one decision on the whole rule set: ours, the oracles and general engines, against a plain dict."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from api.bench.peers import CONTENDERS, Contender, Peer
from api.bench.rows import Case, Floor, Row, Table, distinct, expand, key_of
from api.bench.timing import Contest, Decide, Entrant, relative
from api.bench.workload import Workload, generate
from engine.compiled import CompiledIndex
from engine.decision import Decision, Interpreter
from engine.desk import Desk
from engine.naive import NaiveEvaluator
from engine.rete import MatcherMissingError, ReteInterpreter
from engine.rule_set import RuleSet

#: names of the lines, also in JSON
OURS = "compiled"
DECIDE = "compiled.decide_only"
PERMITS, REFUSALS = "compiled.permits", "compiled.refusals"
DECIDE_PERMITS, DECIDE_REFUSALS = "compiled.decide_only.permits", "compiled.decide_only.refusals"
OTHER_DAYS = "compiled.other_days"
COLD, COLD_PERMITS, COLD_REFUSALS = "compiled.cold", "compiled.cold.permits", "compiled.cold.refusals"

#: An engine this many times slower than it was measured elsewhere is more likely encoded wrongly than slow.
SUSPECT = 5


@dataclass(frozen=True, slots=True)
class Scale:
    """How much work a run does."""

    cases: int
    checked: int  # requests on which a slow engine is checked
    rounds: int
    seconds: float
    one_in: int = 1  # of the rows that no request asks about, so few are kept


Echo = Callable[[str], None]


class EndToEnd:
    """From the plain dict to the decision with its citations, by one interpreter."""

    def __init__(self, rule_set: RuleSet, interpreter: Interpreter | None = None) -> None:
        self.rule_set = rule_set
        desk = Desk(rule_set)
        self.resolve = desk.resolver.resolve
        self.interpreter = interpreter or desk.index
        self.decide: Callable[[Case], Decision] = desk.decide if interpreter is None else self._in_two_steps

    def _in_two_steps(self, case: Case) -> Decision:
        return self.interpreter.decide(self.resolve(case))

    def touch(self, municipality: str) -> None:
        """Let the engine meet a municipality, by a request that no workload holds: names and index are made."""
        part = self.rule_set.bodies[self.rule_set.names[municipality]]
        affair = next(iter(part.affairs or self.rule_set.national.affairs))
        for party in part.parties.values():
            case = {"action": "use", "municipality": municipality, "agency": party.name, "affair": affair}
            self.decide({**case, "on": self.rule_set.valid.first.isoformat(), "facts": {"network_up": True}})


def grants_of(decision: Decision) -> set[str]:
    """The grants a decision rests on."""
    return {grant for item in decision.items for grant in item.grants}


def measure(rule_set: RuleSet, scale: Scale, echo: Echo) -> dict[str, Any]:
    """Generate the workload, check every engine on it, time all in interleaved rounds."""
    rows = distinct(expand(rule_set))
    load = generate(rule_set, rows, scale.cases)
    rows = _thinned(rows, load, scale.one_in)
    echo(f"要求 {len(load.cases)} 件（適法 {sum(load.lawful)}）、表 {len(rows)} 行")
    floor = Floor(rows)
    ours = EndToEnd(rule_set)
    answers = [grants_of(ours.decide(case)) for case in load.cases]
    agreement = {"table": _against_table(rows, floor, load.cases, answers)}
    oracles = _oracles(rule_set, load, answers, scale, agreement)
    peers, facts = _peers(rows, load, answers, ours, scale, agreement, echo)
    entrants = [*_ours(rule_set, ours, load), *oracles, *peers]
    contest = Contest(floor.decide, load.cases, scale.seconds)
    for number in range(scale.rounds):
        echo(f"計時 {number + 1}/{scale.rounds} 巡目")
        for entrant in entrants:
            contest.time(entrant)
    return _result(rows, load, contest, agreement, facts)


def _thinned(rows: Sequence[Row], load: Workload, one_in: int) -> list[Row]:
    """All rows that a request asks about, and one in so many of the others, so that a rough run loads quickly."""
    asked = {key_of(case) for case in load.cases}
    return [row for number, row in enumerate(rows) if row.key in asked or number % one_in == 0]


def _against_table(
    rows: Sequence[Row], floor: Floor, cases: Sequence[Case], answers: Sequence[set[str]]
) -> dict[str, Any]:
    table = Table(rows)
    wrong = sum(set(table.decide(c)) != a for c, a in zip(cases, answers, strict=True))
    beyond = sum(not a <= set(floor.decide(c)) for c, a in zip(cases, answers, strict=True))
    return {"checked": len(cases), "disagreements": wrong, "floor_misses": beyond}


def _warm(decide: Decide) -> Callable[[], Decide]:
    return lambda: decide


def _ours(rule_set: RuleSet, ours: EndToEnd, load: Workload) -> list[Entrant]:
    permits, refusals = load.only(True), load.only(False)
    decide = CompiledIndex(rule_set).decide

    def resolved(cases: Sequence[Case]) -> list[Any]:
        requests = [ours.resolve(case) for case in cases]
        for request in requests:
            decide(request)
        return requests

    first_seen = list({key_of(case): case for case in reversed(load.cases)}.values())
    lawful = {id(case) for case in permits}

    def cold() -> Decide:
        """A new index that has read each municipality once but seen none of the requests."""
        fresh = EndToEnd(rule_set)
        for municipality in {case["municipality"] for case in load.cases}:
            fresh.touch(municipality)
        return fresh.decide

    def other_days() -> Decide:
        """A new index that has seen every shape, on other days."""
        fresh = EndToEnd(rule_set)
        for case in load.twins:
            fresh.decide(case)
        return fresh.decide

    return [
        Entrant(OURS, _warm(ours.decide), load.cases),
        Entrant(DECIDE, _warm(decide), resolved(load.cases)),
        Entrant(PERMITS, _warm(ours.decide), permits),
        Entrant(REFUSALS, _warm(ours.decide), refusals),
        Entrant(DECIDE_PERMITS, _warm(decide), resolved(permits)),
        Entrant(DECIDE_REFUSALS, _warm(decide), resolved(refusals)),
        Entrant(OTHER_DAYS, other_days, load.cases),
        Entrant(COLD, cold, first_seen),
        Entrant(COLD_PERMITS, cold, [c for c in first_seen if id(c) in lawful]),
        Entrant(COLD_REFUSALS, cold, [c for c in first_seen if id(c) not in lawful]),
    ]


def _oracles(
    rule_set: RuleSet, load: Workload, answers: Sequence[set[str]], scale: Scale, agreement: dict[str, Any]
) -> list[Entrant]:
    interpreters: list[tuple[str, Interpreter]] = [("naive", NaiveEvaluator(rule_set))]
    try:
        interpreters.append(("rete", ReteInterpreter(rule_set)))
    except MatcherMissingError:
        agreement["rete"] = {"not_installed": True}
    entrants = []
    for name, interpreter in interpreters:
        whole = EndToEnd(rule_set, interpreter)
        agreement[name] = _agreement(_grants_by(whole), load.cases, answers, scale)
        entrants.append(Entrant(name, _warm(whole.decide), load.cases))
    return entrants


def _grants_by(whole: EndToEnd) -> Callable[[Case], set[str]]:
    return lambda case: grants_of(whole.decide(case))


def _ids_by(peer: Peer) -> Callable[[Case], set[str]]:
    return lambda case: set(peer.decide(case))


def _agreement(
    decide: Callable[[Case], set[str]],
    cases: Sequence[Case],
    answers: Sequence[set[str]],
    scale: Scale,
) -> dict[str, Any]:
    """Compare on all requests, or on as many as fit into twenty rounds' time, spread evenly."""
    step = max(1, len(cases) // scale.checked)
    limit = time.perf_counter() + 20 * scale.seconds
    checked = wrong = 0
    for start in range(step):
        for case, answer in zip(cases[start::step], answers[start::step], strict=True):
            checked += 1
            wrong += decide(case) != answer
            if time.perf_counter() > limit:
                return {"checked": checked, "disagreements": wrong}
    return {"checked": checked, "disagreements": wrong}


def _slices(rows: list[Row], cases: Sequence[Case]) -> list[tuple[str, list[Row]]]:
    """All rows and, for an engine that cannot hold them, those of one municipality."""
    one = cases[0]["municipality"]
    return [("全部", rows), (f"{one}だけ", [r for r in rows if r.key[1] == one])]


def _peers(
    rows: list[Row],
    load: Workload,
    answers: Sequence[set[str]],
    ours: EndToEnd,
    scale: Scale,
    agreement: dict[str, Any],
    echo: Echo,
) -> tuple[list[Entrant], dict[str, Any]]:
    entrants: list[Entrant] = []
    facts: dict[str, Any] = {}
    for contender in CONTENDERS:
        about: dict[str, Any] = {"encoding": contender.encoding, "package": contender.package}
        about["version"], about["published_ratio"] = contender.version, contender.published
        facts[contender.name] = about
        if about["version"] is None:
            about["status"] = "not installed"
            echo(f"{contender.name}: 未導入（pip install {contender.package}）")
            continue
        peer = _loaded(contender, _slices(rows, load.cases), about)
        if peer is None:
            echo(f"{contender.name}: 規則を載せられない（{about['errors']}）")
            continue
        held = {r.key[1] for r in rows} if about["slice"] == "全部" else {load.cases[0]["municipality"]}
        chosen = [n for n, case in enumerate(load.cases) if case["municipality"] in held]
        cases = [load.cases[n] for n in chosen]
        found = _agreement(_ids_by(peer), cases, [answers[n] for n in chosen], scale)
        agreement[contender.name] = found
        echo(f"{contender.name}: {about['rows']} 行、照合 {found['checked']} 件、不一致 {found['disagreements']}")
        entrants.append(Entrant(contender.name, _warm(peer.decide), cases))
        if len(cases) < len(load.cases):  # ours on the same slice
            about["ours"] = f"{OURS}（{about['slice']}）"
            entrants.append(Entrant(about["ours"], _warm(ours.decide), cases))
    return entrants, facts


def _loaded(contender: Contender, slices: list[tuple[str, list[Row]]], about: dict[str, Any]) -> Peer | None:
    for name, rows in slices:
        start = time.perf_counter()
        try:
            peer = contender.load(rows)
        except Exception as error:  # whatever the engine raises when it cannot hold the table
            about.setdefault("errors", []).append(f"{name}: {type(error).__name__}: {error}"[:200])
            continue
        about |= {"slice": name, "rows": len(rows), "status": "measured"}
        about["load_s"] = round(time.perf_counter() - start, 3)
        return peer
    about["status"] = "cannot hold the rules"
    return None


def _result(
    rows: list[Row], load: Workload, contest: Contest, agreement: dict[str, Any], facts: dict[str, Any]
) -> dict[str, Any]:
    series = contest.series
    floors = sorted(ns for held in series.values() for ns in held.floor)
    for name, about in facts.items():
        if name in series:
            about["suspect"] = min(series[name].ratios) > SUSPECT * about["published_ratio"]
            about["times_ours"] = relative(series[name], series[about.get("ours", OURS)])
    actions: dict[str, int] = {}
    for case in load.cases:
        actions[case["action"]] = actions.get(case["action"], 0) + 1
    return {
        "workload": {
            "requests": len(load.cases),
            "lawful": sum(load.lawful),
            "shapes": len({key_of(case) for case in load.cases}),
            "days": len({case["on"] for case in load.cases}),
            "actions": actions,
            "rows": len(rows),
            "keys": len({row.key for row in rows}),
        },
        "floor": {
            "median_us": round(floors[len(floors) // 2] / 1000, 3),
            "range_us": [round(floors[0] / 1000, 3), round(floors[-1] / 1000, 3)],
        },
        "agreement": agreement,
        "series": {name: held.to_json() for name, held in series.items()},
        "refusals_to_permits": {
            "warm": relative(series[REFUSALS], series[PERMITS]),
            "decide_only": relative(series[DECIDE_REFUSALS], series[DECIDE_PERMITS]),
            "cold": relative(series[COLD_REFUSALS], series[COLD_PERMITS]),
        },
        "peers": facts,
    }
