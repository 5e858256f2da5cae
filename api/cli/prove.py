"""`jorei prove`: properties of all requests, each proved or refuted by a request that shows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.common import FINDINGS, FINE, AsJson, KnownAt, Rules, Store, echo_json, load_project, wrong_call
from api.cli.findings import as_values, render

if TYPE_CHECKING:
    from api.project import Project
    from engine.properties import Counterexample, Expected, Remark, Verdict

_SILENT = 2.0  # seconds before progress is told
_SHOWN = 5  # counterexamples of one property that are spelled out


def prove(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="パス",
            help="市町村のフォルダか、それらを入れたフォルダ（省略すると、備え付けのもの）",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, metavar="件数", help="示す反例の数（0 はすべて）")] = _SHOWN,
    as_json: AsJson = False,
    known_at: KnownAt = None,
    store: Store = None,
    rules: Rules = None,
) -> int:
    """規則が守るべき性質を、あり得る要求のすべてについて証明し、破れるときは反例の要求を示す

    すべての性質が証明されれば終了状態は0、一つでも反例があれば1です。
    """
    for path in paths or ():
        if not path.is_dir():
            wrong_call(f"フォルダ {path} がありません")
    project = load_project(rules, paths, known_at, store)
    if not project.ok:
        if as_json:
            echo_json({"proved": False, "ruleset": project.rule_set.digest, "diagnostics": as_values(project.errors)})
        else:
            typer.echo(render(project.diagnostics, project.sources))
            typer.echo("\n条例や規則の文書に誤りがあるため、性質を証明できません。", err=True)
        return FINDINGS
    from api.scenario import same_provision
    from engine.properties import prove as examine

    expected, broken, elsewhere = _expected(project)
    started = time.monotonic()
    verdicts: list[Verdict] = []
    for verdict in examine(project.rule_set, expected, same_provision, _progress()):
        verdicts.append(verdict)
        if not as_json:
            typer.echo("\n".join(_lines(verdict, limit)))
    proved = all(verdict.proved for verdict in verdicts) and not broken
    if as_json:
        echo_json(
            {
                "proved": proved,
                "ruleset": project.rule_set.digest,
                "properties": [_value(verdict) for verdict in verdicts],
                "unreadable": broken,
                "scenarios_of_other_bodies": elsewhere,
            }
        )
    else:
        for place in broken:
            typer.echo(
                f"事例の文書 {place} に誤りがあり、その事例の期待する根拠は確かめていない（jorei replay が場所を示す）"
            )
        if elsewhere:
            typer.echo(f"読み込んでいない団体についての事例 {elsewhere}件の期待する根拠は、確かめていない")
        count = sum(verdict.proved for verdict in verdicts)
        typer.echo(f"証明した性質　{count}／{len(verdicts)}　（{time.monotonic() - started:.1f}秒）")
    return FINE if proved else FINDINGS


def _expected(project: Project) -> tuple[list[Expected], list[str], int]:
    """What the scenarios expect as grounds, those that cannot be read, and how many are about bodies not loaded."""
    from api.judge import Judge
    from api.scenario_file import read_scenarios, scenario_paths
    from engine.properties import Expected
    from engine.reading import MUNICIPALITY
    from engine.request import RequestRefused

    judge = Judge(project.rule_set)
    found: list[Expected] = []
    broken: list[str] = []
    elsewhere = 0
    folders = [m.scenarios for m in project.municipalities if m.scenarios.is_dir()]
    for path in scenario_paths(folders):
        file = read_scenarios(path)
        if file.diagnostics:
            broken.append(file.path)
        for scenario in file.scenarios:
            labels = (*(scenario.expect.basis or ()), *(scenario.expect.basis_exactly or ()))
            if not labels:
                continue
            try:
                request = judge.resolve(scenario.request)
            except RequestRefused as refused:
                if any(problem.code == MUNICIPALITY for problem in refused.problems):
                    elsewhere += 1  # about a body that is not loaded
                else:
                    broken.append(f"{scenario.path}:{scenario.line}")
                continue
            place = f"{scenario.path}:{scenario.line}"
            found += [Expected(label, scenario.request, request.body, request.on, place) for label in labels]
    return found, broken, elsewhere


def _lines(verdict: Verdict, limit: int) -> Iterator[str]:
    from api.layout import wrapped

    yield from wrapped(f"{'○ 証明' if verdict.proved else '× 反証'}　{verdict.code} {verdict.title}", 0, 4)
    yield from wrapped(verdict.how, 4, 4)
    shown = verdict.counterexamples[:limit] if limit else verdict.counterexamples
    for number, one in enumerate(shown, 1):
        yield from _counterexample(number, one)
    if len(verdict.counterexamples) > len(shown):
        yield f"    ……ほか{len(verdict.counterexamples) - len(shown)}件（--limit 0 ですべて示す）"
    if verdict.counterexamples:
        yield f"    詳しい説明: docs/ja/codes/{verdict.code}.md"
    for remark in verdict.remarks:
        where = "" if remark.citation is None else f"{remark.citation.label}　"
        yield from wrapped(f"・{where}{remark.text}（{remark.place}）", 4, 6)
    yield ""


def _counterexample(number: int, one: Counterexample) -> Iterator[str]:
    from api.layout import wrapped

    yield from wrapped(f"反例{number}　{one.text}", 4, 8)
    if one.citation is not None:
        yield from wrapped(f"条項　{one.citation.label}", 8, 14)
    if one.place:
        yield f"        場所　{one.place}"
    if one.request is None:
        yield "        要求　示せる要求はない（条文そのものの誤りか、登録された機関では問えない）"
        return
    yield "        要求　次の文書を jorei decide に渡すと、誤りが現れる"
    yield from (f"          {line}" for line in as_yaml(one.request).splitlines())
    yield from wrapped(f"判定　{one.decided}", 8, 14)


def as_yaml(request: Any) -> str:
    """A request as the YAML document that `jorei decide` reads."""
    import yaml

    return yaml.safe_dump(dict(request), allow_unicode=True, sort_keys=False, default_flow_style=None, width=100)


def _value(verdict: Verdict) -> dict[str, Any]:
    return {
        "code": verdict.code,
        "title": verdict.title,
        "proved": verdict.proved,
        "how": verdict.how,
        "examined": verdict.examined,
        "counterexamples": [
            {
                "text": one.text,
                "clause": None if one.citation is None else one.citation.label,
                "request": None if one.request is None else _plain(one.request),
                "yaml": None if one.request is None else as_yaml(one.request),
                "decided": one.decided,
                "place": one.place,
            }
            for one in verdict.counterexamples
        ],
        "remarks": [_remark(one) for one in verdict.remarks],
    }


def _remark(one: Remark) -> dict[str, Any]:
    return {"text": one.text, "clause": None if one.citation is None else one.citation.label, "place": one.place}


def _plain(request: Any) -> dict[str, Any]:
    """Days as texts: a scenario may hold them as YAML read them."""
    return {key: value if not hasattr(value, "isoformat") else value.isoformat() for key, value in request.items()}


def _progress() -> Callable[[str, int, int], None]:
    """Tells on the error stream how far it is, once it takes long."""
    told = time.monotonic() + _SILENT

    def tell(what: str, done: int, total: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now >= told:
            told = now + _SILENT
            typer.echo(f"確かめています… {what} {done}／{total}", err=True)

    return tell
