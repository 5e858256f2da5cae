"""Runs scenarios: decides each by every interpreter and says what differs from what was expected."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.scenario_file import PAPERS, Expectation, Scenario
from engine.japanese import arabic, masked
from engine.request import RequestRefused

if TYPE_CHECKING:
    from api.judge import Judge
    from engine.answer import Answer

OUTCOMES = {
    "permitted": "適法",
    "forbidden": "禁止されている",
    "no_basis": "根拠がない",
    "condition_unmet": "要件を満たさない",
    "undetermined": "事実が足りず判断できない",
    "rule_set_fault": "規則の文書に誤りがある",
}
_PAPER_WORDS = {"droppable": "省略できる", "required": "省略できない", "partial": "一部だけ省略できる"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One point in which the answer is not what the scenario expects."""

    what: str
    expected: str
    actual: str

    def __str__(self) -> str:
        return f"{self.what}: 期待は {self.expected}、実際は {self.actual}"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a scenario. `clauses` are the identities of the provisions that it exercised."""

    scenario: Scenario
    differences: tuple[Difference, ...]
    reasons: tuple[str, ...]
    answer: Answer | None
    clauses: frozenset[str]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


def run(judge: Judge, scenarios: Sequence[Scenario]) -> list[Result]:
    """Decide scenarios in order."""
    return [run_one(judge, scenario) for scenario in scenarios]


def run_one(judge: Judge, scenario: Scenario) -> Result:
    """Decide one scenario and compare."""
    started = time.perf_counter()
    try:
        request = judge.resolve(scenario.request)
    except RequestRefused as refused:
        differences, reasons = _refused(scenario, refused)
        return Result(scenario, differences, reasons, None, frozenset(), time.perf_counter() - started)
    answer = judge.answer(request)
    found = list(compare(scenario.expect, answer))
    found += [
        Difference("判定器", "すべて一致", said.removeprefix("判定器の不一致: "))
        for said in judge.disagreements(request, answer.decision)
    ]
    reasons = tuple(_reasons(answer)) if found else ()
    return Result(scenario, tuple(found), reasons, answer, _clauses(answer), time.perf_counter() - started)


def _refused(scenario: Scenario, refused: RequestRefused) -> tuple[tuple[Difference, ...], tuple[str, ...]]:
    codes = [problem.code for problem in refused.problems]
    wanted = scenario.expect.refused
    if wanted is not None and wanted in codes:
        return (), ()
    reasons = []
    for problem in refused.problems:
        member = re.split(r"[.\[]", problem.field)[0]
        line = scenario.places.get(member, scenario.line)
        hint = f"（{problem.suggestion} の誤りではありませんか）" if problem.suggestion else ""
        reasons.append(f"{scenario.path}:{line}: {problem.code} {problem.text}{hint}")
    expected = f"{wanted} による拒否" if wanted is not None else "判定"
    return (Difference("要求", expected, f"{'・'.join(dict.fromkeys(codes))} による拒否"),), tuple(reasons)


def compare(expect: Expectation, answer: Answer) -> Iterator[Difference]:
    """Every point in which an answer is not what is expected."""
    decision = answer.decision
    if expect.refused is not None:
        yield Difference("要求", f"{expect.refused} による拒否", f"判定（{OUTCOMES[decision.outcome]}）")
    if expect.lawful is not None and expect.lawful != decision.lawful:
        yield Difference("結論", _lawful(expect.lawful), f"{_lawful(decision.lawful)}（{OUTCOMES[decision.outcome]}）")
    if expect.outcome is not None and expect.outcome != decision.outcome.value:
        yield Difference("結果", _outcome(expect.outcome), _outcome(decision.outcome.value))
    yield from _bases(expect, answer)
    unmet = list(dict.fromkeys(u.code for item in decision.items for u in item.unmet))
    for code in expect.unmet or ():
        if code not in unmet:
            yield Difference("満たさない理由", code, _list(unmet))
    yield from _items(expect, answer)
    yield from _papers(expect, answer)
    yield from _texts("義務", expect.duties, [(d.id, d.text) for d in answer.duties])
    yield from _texts("前提", expect.assumptions, [(a.id, a.text) for a in answer.assumptions])
    yield from _texts("適法とする道", expect.alternatives, [("", a.text) for a in answer.alternatives])


def _bases(expect: Expectation, answer: Answer) -> Iterator[Difference]:
    labels = list(dict.fromkeys(b.label for item in answer.decision.items for b in item.bases))
    for wanted in (*(expect.basis or ()), *(expect.basis_exactly or ())):
        if not any(same_provision(wanted, label) for label in labels):
            yield Difference("根拠", wanted, _list(labels))
    if expect.basis_exactly is not None:
        for label in labels:
            if not any(same_provision(wanted, label) for wanted in expect.basis_exactly):
                yield Difference("根拠", "挙げたものだけ", f"{label} も根拠とされた")


def _items(expect: Expectation, answer: Answer) -> Iterator[Difference]:
    for name, lawful in (expect.items or {}).items():
        said = [i for i in answer.decision.items if i.information is not None and _names(i.information, name)]
        if not said:
            yield Difference(f"情報「{name}」", _lawful(lawful), "要求にない")
        for item in said:
            if item.lawful != lawful:
                yield Difference(f"情報「{name}」", _lawful(lawful), _outcome(item.outcome.value))


def _names(information: object, name: str) -> bool:
    known, person = getattr(information, "name", ""), getattr(information, "person", None)
    return _plain(name) in (_plain(known), _plain(f"{person}に係る{known}"), _plain(f"{known}（{person}）"))


def _papers(expect: Expectation, answer: Answer) -> Iterator[Difference]:
    words = {value: key for key, value in PAPERS.items()}
    for name, wanted in (expect.attachments or {}).items():
        said = next((a for a in answer.attachments if _plain(a.name) == _plain(name)), None)
        if said is None:
            known = _list([a.name for a in answer.attachments])
            yield Difference(f"添付書類「{name}」", _PAPER_WORDS[wanted], f"答えにない（答えにある書類: {known}）")
        elif said.droppable.value != PAPERS[wanted]:
            actual = f"{_PAPER_WORDS[words[said.droppable.value]]}（{'。'.join(said.reasons) or '理由なし'}）"
            yield Difference(f"添付書類「{name}」", _PAPER_WORDS[wanted], actual)


def _texts(what: str, wanted: Sequence[str] | None, said: list[tuple[str, str]]) -> Iterator[Difference]:
    for text in wanted or ():
        if not any(text == name or _plain(text) in _plain(sentence) for name, sentence in said):
            yield Difference(what, text, _list([f"{name} {sentence}".strip() for name, sentence in said]))


def _reasons(answer: Answer) -> Iterator[str]:
    for item in answer.decision.items:
        name = f"{item.information.name}: " if item.information is not None else ""
        for unmet in item.unmet:
            where = f"（{unmet.citation.label}）" if unmet.citation is not None else ""
            yield f"{name}{unmet.text}{where}"


def _clauses(answer: Answer) -> frozenset[str]:
    decision = answer.decision
    found = {basis.clause for item in decision.items for basis in item.bases}
    found |= {u.citation.clause for item in decision.items for u in item.unmet if u.citation is not None}
    found |= {duty.citation.clause for duty in answer.duties}
    found |= {basis.clause for paper in answer.attachments for basis in paper.bases}
    return frozenset(found)


# ---- names of provisions ------------------------------------------------------------------------


#: Where the name of a provision may begin inside a full label, as `_provision` spells it.
_STARTS = re.compile(r"別表|附則|(?<!\d)\d+(?:の\d+)*(?:条|項|号)")


def same_provision(wanted: str, label: str) -> bool:
    """Whether the text of a scenario names the provision with this label: in full, or by its end.

    Examples:
        >>> same_provision("石巻市番号利用条例 第3条第2項", "石巻市番号利用条例第三条第二項")
        True
        >>> same_provision("別表第2の1の項", "石巻市番号利用条例別表第2の1の項")
        True
        >>> same_provision("2の1の項", "石巻市番号利用条例別表第2の1の項")
        False
    """
    short, full = _provision(wanted), _provision(label)
    if short == full:
        return True
    start = len(full) - len(short)
    return bool(short) and full.endswith(short) and any(m.start() == start for m in _STARTS.finditer(full))


def _provision(text: str) -> str:
    """Widths, blanks, kanji numerals and 第 set aside."""
    return re.sub(r"第(?=\d)", "", arabic(text)).replace("-", "の").replace("/", "の")


def _plain(text: str) -> str:
    return "".join(arabic(str(text)).split())


def _lawful(lawful: bool) -> str:
    return "適法" if lawful else "適法でない"


def _outcome(outcome: str) -> str:
    return f"{OUTCOMES.get(outcome, outcome)}（{outcome}）"


def _list(texts: Sequence[str]) -> str:
    return "・".join(masked(text) for text in dict.fromkeys(texts)) or "なし"
