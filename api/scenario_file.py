"""Scenario files: YAML lists of requests with what the decision must say, and what is wrong with such a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from api import yaml_text
from api.project import read_text, shown_path
from dsl.diagnostics import Diagnostic, Severity
from dsl.syntax import Span
from engine.decision import Outcome
from engine.japanese import day_of, masked, nearest

SYNTAX, DUPLICATE, UNKNOWN, MISSING, ILL_TYPED, BAD_DAY, DIGITS, BAD_VALUE, SAME_NAME, EMPTY = (
    f"S01{n:02}" for n in range(1, 11)
)
UNMET_CODES = (
    "no_ground",
    "not_yet",
    "expired",
    "procedure",
    "information",
    "holder",
    "condition",
    "missing_fact",
    "barred",
    "void",
    "uncertain_designation",
    "rule_set_fault",
)
PAPERS = {"droppable": "yes", "required": "no", "partial": "partial"}
_KINDS = {
    "syntax": SYNTAX,
    "key": SYNTAX,
    "size": SYNTAX,
    "duplicate": DUPLICATE,
    "digits": DIGITS,
}
_WORD = re.compile(r"- |[^\s:,{}\[\]]+")
_SCENARIO = ("name", "source", "on", "request", "expect", "each")
_ONE_OF_EACH = ("name", "source", "on", "request", "expect")
_TEXTS = ("basis", "basis_exactly", "unmet", "duties", "assumptions", "alternatives")
_EXPECT = ("lawful", "outcome", "items", "attachments", "refused", *_TEXTS)
_REASON = "読み違えたまま確かめると、誤りがあっても合格してしまいます。"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the answer must say; None where the scenario does not ask."""

    lawful: bool | None = None
    outcome: str | None = None
    basis: tuple[str, ...] | None = None
    basis_exactly: tuple[str, ...] | None = None
    unmet: tuple[str, ...] | None = None
    items: Mapping[str, bool] | None = None
    attachments: Mapping[str, str] | None = None
    duties: tuple[str, ...] | None = None
    assumptions: tuple[str, ...] | None = None
    alternatives: tuple[str, ...] | None = None
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One request with its expectation; `line` is where it stands in `path`."""

    name: str
    path: str
    line: int
    request: Mapping[str, object]
    expect: Expectation
    source: str | None = None
    places: Mapping[str, int] = field(default_factory=dict)  # member of the request → line

    @property
    def id(self) -> str:
        """Where and what, for test reports."""
        return f"{self.path}:{self.line} {self.name}"


@dataclass(frozen=True, slots=True)
class ScenarioFile:
    """The scenarios of one file and its findings; scenarios with findings are left out."""

    path: str
    scenarios: tuple[Scenario, ...]
    diagnostics: tuple[Diagnostic, ...]


def scenario_paths(paths: Iterable[Path]) -> list[Path]:
    """The scenario files that files and folders stand for, in order, each once.

    Every YAML file under `scenarios/` is one; elsewhere those that are lists (registers and requests are not).
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inner = sorted(p for p in path.rglob("*") if p.suffix in (".yaml", ".yml") and p.is_file())
            found.update(dict.fromkeys(p for p in inner if "scenarios" in p.parts[:-1] or _is_list(p)))
        else:
            found[path] = None
    return list(found)


def _is_list(path: Path) -> bool:
    """Whether the file is a list: a scenario file, and not a register or a request beside it."""
    text, _ = read_text(path)
    lines = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    return next(lines, "").startswith("-")


def read_scenarios(path: Path) -> ScenarioFile:
    """Read one scenario file; see `parse_scenarios`."""
    text, problem = read_text(path)
    shown = shown_path(path)
    if problem is not None:
        return ScenarioFile(shown, (), (problem,))
    return parse_scenarios(shown, text)


def parse_scenarios(path: str, text: str) -> ScenarioFile:
    """Read the text of a scenario file.

    Examples:
        >>> file = parse_scenarios("a.yaml", "- name: 例\\n  requst: {}\\n  expect: {lawful: true}")
        >>> [(d.code, d.span.line) for d in file.diagnostics]
        [('S0104', 1), ('S0103', 2)]
    """
    loaded = yaml_text.load(text)
    reader = _Reader(path, text, loaded)
    for fault in loaded.faults:
        reader.find(_KINDS[fault.kind], fault.text, "", (fault.line, fault.column))
    if not any(_KINDS[f.kind] == SYNTAX for f in loaded.faults):
        reader.file()
    return ScenarioFile(path, tuple(reader.scenarios), tuple(sorted(reader.findings, key=lambda d: d.span.line)))


class _Reader:
    """Walks the values of one file and notes scenarios and findings."""

    def __init__(self, path: str, text: str, loaded: yaml_text.Loaded) -> None:
        self.path = path
        self.lines = text.splitlines()
        self.loaded = loaded
        self.findings: list[Diagnostic] = []
        self.scenarios: list[Scenario] = []

    def find(self, code: str, message: str, mending: str, place: tuple[int, int]) -> None:
        """Note a finding; whatever holds twelve digits is not repeated."""
        line, column = place
        said = self.lines[line - 1] if line <= len(self.lines) else ""
        word = _WORD.match(said, column - 1)
        span = Span(line, column, line, max(word.end() if word else 0, column) + 1)
        self.findings.append(
            Diagnostic(code, Severity.ERROR, self.path, span, masked(message), _REASON, masked(mending or _HELP[code]))
        )

    def file(self) -> None:
        """The whole document."""
        value = self.loaded.value
        if value is None:
            self.find(EMPTY, "事例が一つもありません", "", (1, 1))
        elif not isinstance(value, list):
            self.find(ILL_TYPED, "事例の並び（行頭が「- name:」）ではありません", "", (1, 1))
        else:
            for n, entry in enumerate(value):
                self._scenario(entry, (n,))
        seen: dict[str, int] = {}
        for scenario in self.scenarios:
            if scenario.name in seen:
                text = f"「{scenario.name}」という名の事例が{seen[scenario.name]}行目にもあります"
                self.find(SAME_NAME, text, "", (scenario.line, 1))
            seen.setdefault(scenario.name, scenario.line)

    def _scenario(self, entry: object, path: yaml_text.Path) -> None:
        before = len(self.findings)
        record = self._record(entry, path, _SCENARIO, "事例")
        if record is None:
            return
        name = self._name(record, path, required=True)
        base = self._common(record, path)
        each = record.get("each")
        if each is None:
            self._needs(record, path, "request")
            self._needs(record, path, "expect")
            if len(self.findings) == before and name is not None:
                self._add(name, path, [base])
            return
        if not isinstance(each, list) or not each:
            self.find(ILL_TYPED, "each は事例の並びで書いてください", "", self.loaded.place((*path, "each")))
            return
        broken = len(self.findings) > before
        for n, child in enumerate(each):
            self._one_of_each(child, (*path, "each", n), n, name, base, broken)

    def _one_of_each(
        self, child: object, path: yaml_text.Path, n: int, name: str | None, base: _Common, broken: bool
    ) -> None:
        before = len(self.findings)
        inner = self._record(child, path, _ONE_OF_EACH, "each の事例")
        if inner is None:
            return
        own = self._name(inner, path, required=False) or f"{n + 1}番目"
        both = [base, self._common(inner, path)]
        if not any(c.request for c in both):
            self.find(MISSING, "request がありません", "", self.loaded.place(path))
        if not any(c.expect for c in both):
            self.find(MISSING, "expect がありません", "", self.loaded.place(path))
        if len(self.findings) == before and not broken and name is not None:
            self._add(f"{name}: {own}", path, both)

    def _add(self, name: str, path: yaml_text.Path, layers: list[_Common]) -> None:
        request: dict[str, object] = {}
        expect: dict[str, object] = {}
        places: dict[str, int] = {}
        source = None
        for layer in layers:
            request = _merge(request, layer.request)
            if layer.on is not None:
                request["on"] = layer.on
            expect = _merge(expect, layer.expect)
            places.update(layer.places)
            source = layer.source or source
        line = self.loaded.place(path)[0]
        self.scenarios.append(Scenario(name, self.path, line, request, _expectation(expect), source, places))

    def _record(
        self, entry: object, path: yaml_text.Path, known: tuple[str, ...], what: str
    ) -> dict[str, object] | None:
        if not isinstance(entry, dict):
            self.find(ILL_TYPED, f"{what}が「項目: 値」の組ではありません", "", self.loaded.place(path))
            return None
        for key in entry:
            if key not in known:
                like = nearest(str(key), known)
                hint = f"「{like}」の誤りではありませんか。" if like else ""
                place = self.loaded.place((*path, key))
                self.find(UNKNOWN, f"{what}に「{key}」という項目はありません", f"{hint}{_HELP[UNKNOWN]}", place)
        return entry

    def _name(self, record: Mapping[str, object], path: yaml_text.Path, *, required: bool) -> str | None:
        name = record.get("name")
        if name is None:
            if required:
                self.find(MISSING, "name（事例の名）がありません", "", self.loaded.place(path))
            return None
        if isinstance(name, dict | list) or not str(name).strip():
            self.find(ILL_TYPED, "name は一つの文で書いてください", "", self.loaded.place((*path, "name")))
            return None
        return str(name).strip()

    def _needs(self, record: Mapping[str, object], path: yaml_text.Path, key: str) -> None:
        if record.get(key) is None:
            self.find(MISSING, f"{key} がありません", "", self.loaded.place(path))

    def _common(self, record: Mapping[str, object], path: yaml_text.Path) -> _Common:
        request = record.get("request")
        if request is not None and not isinstance(request, dict):
            place = self.loaded.place((*path, "request"))
            self.find(ILL_TYPED, "request は「項目: 値」の組で書いてください", "", place)
            request = None
        on = self._day(record.get("on"), (*path, "on"))
        places = {"on": self.loaded.place((*path, "on"))[0]} if on is not None else {}
        for key in request or {}:
            places[key] = self.loaded.place((*path, "request", key))[0]
        source = record.get("source")
        expect = self._expect(record.get("expect"), (*path, "expect"))
        return _Common(request or {}, on, expect, places, None if source is None else str(source))

    def _day(self, value: object, path: yaml_text.Path) -> object:
        if value is None or isinstance(value, date):
            return value
        found = day_of(value) if isinstance(value, str) else None
        if found is None:
            shown = value if isinstance(value, str) else "この値"
            self.find(BAD_DAY, f"「{shown}」という日はありません", "", self.loaded.place(path))
        return found

    def _expect(self, value: object, path: yaml_text.Path) -> dict[str, object]:
        if value is None:
            return {}
        record = self._record(value, path, _EXPECT, "expect")
        if record is None:
            return {}
        for key, one in record.items():
            check = _CHECKS.get(key)
            wrong = None if check is None else check(one)
            if wrong is not None:
                code, text = wrong
                self.find(code, f"{key} は{text}", "", self.loaded.place((*path, key)))
        return record


@dataclass(frozen=True, slots=True)
class _Common:
    """What a scenario and each of its cases may say."""

    request: dict[str, object]
    on: object
    expect: dict[str, object]
    places: dict[str, int]
    source: str | None


def _merge(base: dict[str, object], over: Mapping[str, object]) -> dict[str, object]:
    """`over` laid on `base`; records are merged, everything else is replaced."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _expectation(record: Mapping[str, object]) -> Expectation:
    values: dict[str, object] = {}
    for key, value in record.items():
        if key in _TEXTS and value is not None:
            values[key] = tuple(str(v) for v in value) if isinstance(value, list) else (str(value),)
        else:
            values[key] = value
    return Expectation(**values)  # type: ignore[arg-type]  # every member was checked when it was read


# ---- what each member of expect must look like -------------------------------------------------

_Wrong = tuple[str, str] | None


def _truth(value: object) -> _Wrong:
    return None if isinstance(value, bool) else (ILL_TYPED, "true か false で書いてください")


def _texts(value: object) -> _Wrong:
    each = value if isinstance(value, list) else [value]
    if all(isinstance(v, str | int) and not isinstance(v, bool) for v in each):
        return None
    return ILL_TYPED, "文字列の並び（[ ] か「- 」）で書いてください"


def _one_of(values: Iterable[str]) -> Callable[[object], _Wrong]:
    known = tuple(values)

    def check(value: object) -> _Wrong:
        for one in value if isinstance(value, list) else [value]:
            if one not in known:
                like = nearest(str(one), known)
                hint = f"（「{like}」の誤りではありませんか）" if like else ""
                return BAD_VALUE, f"{'・'.join(known)} のどれかで書いてください。「{one}」はありません{hint}"
        return None

    return check


def _record_of(inner: Callable[[object], _Wrong]) -> Callable[[object], _Wrong]:
    def check(value: object) -> _Wrong:
        if not isinstance(value, dict):
            return ILL_TYPED, "「名: 値」の組で書いてください"
        return next((wrong for one in value.values() if (wrong := inner(one)) is not None), None)

    return check


def _code(value: object) -> _Wrong:
    good = isinstance(value, str) and len(value) == 5 and value[0] == "R" and value[1:].isdigit()
    return None if good else (BAD_VALUE, "R0103 のような符号で書いてください")


_CHECKS: dict[str, Callable[[object], _Wrong]] = {
    "lawful": _truth,
    "outcome": _one_of(outcome.value for outcome in Outcome),
    "unmet": _one_of(UNMET_CODES),
    "basis": _texts,
    "basis_exactly": _texts,
    "duties": _texts,
    "assumptions": _texts,
    "alternatives": _texts,
    "items": _record_of(_truth),
    "attachments": _record_of(_one_of(PAPERS)),
    "refused": _code,
}
_HELP = {
    SYNTAX: "字下げは半角の空白で、「:」の後に空白を一つ置いてください。",
    DUPLICATE: "どちらか一方を除いてください。",
    UNKNOWN: "使える項目は docs/ja/03-シナリオを書く.md にあります。",
    MISSING: "書き加えてください。",
    ILL_TYPED: "docs/ja/03-シナリオを書く.md の例に合わせてください。",
    BAD_DAY: "2016-01-01 か 平成28年1月1日 のように書いてください。",
    DIGITS: "個人番号は判定に使いません。数字の並びを除いてください。",
    BAD_VALUE: "docs/ja/03-シナリオを書く.md の表から選んでください。",
    SAME_NAME: "何を確かめる事例かが分かるように、名を分けてください。",
    EMPTY: "「- name: …」で始まる事例を書いてください。",
}
