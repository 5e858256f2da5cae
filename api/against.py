"""Requests decided under the rules of today and of tomorrow, with every point in which the answers differ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.project import Project, assemble, load, read_text, shown_path
from api.scenario import OUTCOMES
from engine import wording
from engine.japanese import masked
from engine.request import RequestRefused

if TYPE_CHECKING:
    from api.judge import Judge
    from api.project import Municipality
    from engine.answer import Answer

_BODY = re.compile(r"団体[ 　]+\S+[ 　]+(\d{6})(?!\d)")
_PAPERS = {"yes": "省略できる", "no": "省略できない", "partial": "一部だけ省略できる"}


class RequestsUnreadableError(Exception):
    """The file of requests cannot be read; the text says why, in Japanese."""


class OtherBodyError(Exception):
    """The rules of tomorrow are of a body that is not loaded."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, with the name and place by which people know it."""

    name: str
    place: str
    request: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Point:
    """One point in which two answers differ."""

    what: str
    today: str
    tomorrow: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A request whose answer changes."""

    asked: Asked
    points: tuple[Point, ...]


def tomorrow(project: Project, folder: Path, rules: Path | None) -> Project:
    """The loaded rules with the municipality of `folder` put in the place of its present folder.

    Raises:
        OtherBodyError: If none of the loaded municipalities is that of the folder.
        ProjectNotFoundError: If the folder holds no rule files.
    """
    amended = load(rules, (folder,))
    codes = {_code(m) for m in amended.municipalities}
    kept = tuple(m for m in project.municipalities if _code(m) not in codes)
    if len(kept) == len(project.municipalities):
        raise OtherBodyError(
            f"{folder} の団体の条例は、今の側に読み込まれていません（--ordinances で指定してください）"
        )
    if not kept:
        return amended
    return assemble(project.rules, (*kept, *amended.municipalities))


def _code(municipality: Municipality) -> str | None:
    """The code that its rule files give (〔団体 名称 コード〕)."""
    for source in municipality.sources:
        found = _BODY.search(source.text)
        if source.path.endswith(".jorei") and found is not None:
            return found[1]
    return None


def read_requests(path: Path) -> list[Asked]:
    """The requests of a file: a list in YAML or JSON, each a request or {name, request}.

    Raises:
        RequestsUnreadableError: If the file is no such list.
    """
    from api import yaml_text

    text, problem = read_text(path)
    if problem is not None:
        raise RequestsUnreadableError(f"{problem.path}:{problem.span.line}: {problem.message}")
    loaded = yaml_text.load(text)
    if loaded.faults:
        fault = loaded.faults[0]
        raise RequestsUnreadableError(f"{shown_path(path)}:{fault.line}: {fault.text}")
    value = loaded.value
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise RequestsUnreadableError(f"{shown_path(path)}: 要求の並び（- action: … の繰り返し）で書いてください")
    found = []
    for number, entry in enumerate(value, 1):
        inner = entry.get("request")
        request = inner if isinstance(inner, dict) else entry
        name = entry.get("name") if isinstance(inner, dict) else None
        found.append(Asked(masked(str(name or f"要求 {number}")), f"{shown_path(path)} の{number}番目", request))
    return found


def compare(today: Judge, later: Judge, asked: Iterable[Asked]) -> list[Changed]:
    """Every request whose answer is another under the rules of tomorrow, in order."""
    found = []
    for one in asked:
        views = [_view(judge, one.request) for judge in (today, later)]
        points = tuple(_points(*views))
        if points:
            found.append(Changed(one, points))
    return found


def _view(judge: Judge, request: Mapping[str, object]) -> Answer | str:
    """The answer, or why the request is refused before it is decided."""
    try:
        return judge.answer(judge.resolve(request))
    except RequestRefused as refused:
        return "、".join(f"{problem.code} {problem.text}" for problem in refused.problems)


def _points(today: Answer | str, later: Answer | str) -> Iterator[Point]:
    if isinstance(today, str) or isinstance(later, str):
        before, after = (f"要求を拒否（{s}）" if isinstance(s, str) else _outcome(s) for s in (today, later))
        if before != after:
            yield Point("結論", before, after)
        return
    if _outcome(today) != _outcome(later):
        yield Point("結論", _outcome(today), _outcome(later))
    for old, new in zip(today.decision.items, later.decision.items, strict=True):
        name = wording.information(old.information)
        if old.outcome is not new.outcome and len(today.decision.items) > 1:
            yield Point(f"情報「{name}」", OUTCOMES[old.outcome.value], OUTCOMES[new.outcome.value])
        labels = [tuple(dict.fromkeys(basis.label for basis in item.bases)) for item in (old, new)]
        if set(labels[0]) != set(labels[1]):
            title = "根拠" if len(today.decision.items) == 1 else f"情報「{name}」の根拠"
            yield Point(title, *("、".join(some) or "なし" for some in labels))
    yield from _sets("義務", ([d.text for d in a.duties] for a in (today, later)))
    papers = [{paper.name: _PAPERS[paper.droppable.value] for paper in a.attachments} for a in (today, later)]
    for name in dict.fromkeys((*papers[0], *papers[1])):
        before, after = (some.get(name, "求められない") for some in papers)
        if before != after:
            yield Point(f"添付書類「{name}」", before, after)


def _sets(what: str, texts: Iterable[Sequence[str]]) -> Iterator[Point]:
    before, after = texts
    if set(before) != set(after):
        gone = "、".join(t for t in before if t not in after)
        come = "、".join(t for t in after if t not in before)
        yield Point(what, gone or "（加わるだけ）", come or "（なくなる）")


def _outcome(answer: Answer) -> str:
    if answer.lawful:
        return "適法"
    return f"適法でない（{OUTCOMES[answer.decision.outcome.value]}）"


def value_of(changed: Changed) -> dict[str, Any]:
    """A changed request as plain values."""
    return {
        "name": changed.asked.name,
        "place": changed.asked.place,
        "changes": [{"what": p.what, "today": p.today, "tomorrow": p.tomorrow} for p in changed.points],
    }
