"""`jorei replay`: scenario files decided again, with what differs from what they expect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.common import (
    FINDINGS,
    FINE,
    AsJson,
    KnownAt,
    Ordinances,
    Rules,
    Store,
    echo_json,
    load_project,
    wrong_call,
)
from api.cli.findings import as_values, render

if TYPE_CHECKING:
    from api.coverage import Coverage
    from api.project import Project
    from api.scenario import Result
    from dsl.diagnostics import Diagnostic

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="パス", help="事例の文書かフォルダ（省略すると、読み込む市町村の事例のすべて）", show_default=False
    ),
]


def replay(
    paths: Paths = None,
    junit: Annotated[Path | None, typer.Option("--junit", metavar="文書", help="結果を JUnit の XML で書く")] = None,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="どの事例も確かめていない条項と項を挙げる（あれば終了状態1）")
    ] = False,
    show: Annotated[bool, typer.Option("--show", help="合格した事例も、結論・根拠・添付書類を短く示す")] = False,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against", metavar="フォルダ", help="改正後の条例のフォルダでも判定し、答えの変わるものを挙げる"
        ),
    ] = None,
    requests: Annotated[
        Path | None, typer.Option("--requests", metavar="文書", help="--against で、事例のほかに判定する要求の並び")
    ] = None,
    log: Annotated[
        bool, typer.Option("--log", help="事例でなく、サービスが記録した判定のすべてを、そのときの規則集で判定し直す")
    ] = False,
    home: Annotated[
        Path | None,
        typer.Option("--home", metavar="フォルダ", help="--log で、サービスの設置フォルダ（省略すると今のフォルダ）"),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            "--database", metavar="URL", help="--log で、記録のデータベース（省略すると設置フォルダの jorei.db）"
        ),
    ] = None,
    first: Annotated[int, typer.Option("--from", min=0, metavar="番号", help="--log で、最初の記録の番号")] = 0,
    last: Annotated[
        int | None, typer.Option("--to", min=0, metavar="番号", help="--log で、最後の記録の番号（省略すると最後まで）")
    ] = None,
    as_json: AsJson = False,
    known_at: KnownAt = None,
    store: Store = None,
    rules: Rules = None,
    ordinances: Ordinances = None,
) -> int:
    """事例を判定し直し、期待と違うところを示す

    すべて期待どおりなら終了状態は0、違うものか事例の文書の誤りがあれば1です。--against を付けると、期待とは
    比べずに、今の文書と改正後の文書とで答えの変わるものを挙げます（あれば1）。--log を付けると、記録された判定が
    一つ残らず同じ答えになるかを確かめます（違うものがあれば1）。
    """
    from api.scenario_file import read_scenarios, scenario_paths

    if log:
        if any((paths, junit, coverage, show, against, requests, known_at, store, rules, ordinances)):
            wrong_call("--log と一緒に使えるのは、--home、--database、--from、--to、--json だけです")
        from api.cli.replay_log import replay_log

        return replay_log(home or Path(), database, first, last, as_json=as_json)
    if home is not None or database is not None or first or last is not None:
        wrong_call("--home、--database、--from、--to は、--log と一緒に使います")

    if against is None and requests is not None:
        wrong_call("--requests は、--against と一緒に使います")
    if against is not None and (junit is not None or coverage or show or known_at is not None):
        wrong_call("--against は、--junit、--coverage、--show、--known-at と一緒には使えません")
    today = known_at is None
    project = load_project(rules, ordinances or (_folders(paths) if today else None), known_at, store)
    if not project.ok:
        return _broken(project, as_json)
    given = list(paths or (m.folder for m in project.municipalities if today or m.folder.exists()))
    for path in given:
        if not path.exists():
            wrong_call(f"{path} がありません")
    files = [read_scenarios(path) for path in scenario_paths(given)]
    if against is not None:
        from api.cli.replay_against import replay_against

        return replay_against(project, against, files, requests, rules, as_json=as_json)
    findings = [d for file in files for d in file.diagnostics]
    if not findings and not any(file.scenarios for file in files):
        wrong_call("事例が一つもありません（scenarios フォルダに *.yaml を置いてください）")
    from api.judge import Judge
    from api.scenario import run

    results = run(Judge(project.rule_set), [s for file in files for s in file.scenarios])
    covered = _coverage(project, results) if coverage else None
    if junit is not None:
        _write_junit(junit, results, findings)
    if as_json:
        echo_json(_as_json(project, results, findings, covered))
    else:
        _echo(project, results, findings, covered, show)
    good = not findings and all(r.passed for r in results) and (covered is None or covered.ok)
    return FINE if good else FINDINGS


def _folders(paths: Sequence[Path] | None) -> list[Path]:
    """Municipality folders outside the project that the paths stand in, so that `replay FOLDER` alone is enough."""
    from api.project import HOME, SCENARIOS

    found: dict[Path, None] = {}
    for path in paths or ():
        folder = path if path.is_dir() else path.parent
        folder = folder.parent if folder.resolve().name == SCENARIOS else folder
        if path.exists() and any(folder.glob("*.jorei")) and not folder.resolve().is_relative_to(HOME):
            found[folder] = None
    return list(found)


def _broken(project: Project, as_json: bool) -> int:
    if as_json:
        echo_json({"ok": False, "ruleset": project.rule_set.digest, "diagnostics": as_values(project.errors)})
    else:
        typer.echo(render(project.diagnostics, project.sources))
        typer.echo("\n条例や規則の文書に誤りがあるため、事例を判定できません。", err=True)
    return FINDINGS


def _coverage(project: Project, results: Sequence[Result]) -> Coverage:
    from api.coverage import coverage

    return coverage(project.rule_set, results)


def _write_junit(path: Path, results: Sequence[Result], findings: Sequence[Diagnostic]) -> None:
    from api.junit import junit

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(junit(results, findings), encoding="utf-8")
    except OSError:
        wrong_call(f"{path} に書けません")


def _echo(
    project: Project,
    results: Sequence[Result],
    findings: Sequence[Diagnostic],
    covered: Coverage | None,
    show: bool,
) -> None:
    if findings:
        typer.echo(render(findings, project.sources) + "\n")
    for result in results:
        if show or not result.passed:
            typer.echo("\n".join([*_shown(result), ""]))
    if covered is not None:
        typer.echo("\n".join([*_uncovered(covered), ""]))
    failed = sum(not r.passed for r in results)
    faults = f"、事例の文書の誤り {len(findings)}件" if findings else ""
    if show:
        lawful = sum(r.answer is not None and r.answer.lawful for r in results)
        refused = sum(r.answer is None for r in results)
        typer.echo(f"適法 {lawful}件、適法でない {len(results) - lawful - refused}件、要求の拒否 {refused}件")
    typer.echo(f"事例 {len(results)}件: 期待どおり {len(results) - failed}件、違うもの {failed}件{faults}")
    if project.publication is not None:
        typer.echo(f"公開 {project.publication.spoken}の文書による")


def _shown(result: Result) -> Iterator[str]:
    """A scenario as a reader wants to see it: what was decided, on what, and what differs."""
    from api.layout import wrapped
    from api.scenario import OUTCOMES

    scenario, answer = result.scenario, result.answer
    yield from wrapped(f"{'○' if result.passed else '×'} {scenario.name}", 0, 2)
    if not result.passed:
        yield f"  {scenario.path}:{scenario.line}"
        for difference in result.differences:
            yield f"  {difference.what}"
            yield from wrapped(f"期待　{difference.expected}", 4, 10)
            yield from wrapped(f"実際　{difference.actual}", 4, 10)
        for reason in result.reasons:
            yield from wrapped(f"理由　{reason}", 4, 10)
        return
    if answer is None:
        yield f"  要求を拒否（{scenario.expect.refused}）"
        return
    decision = answer.decision
    word = "適法" if decision.lawful else f"適法でない（{OUTCOMES[decision.outcome.value]}）"
    yield f"  結論　{decision.on.isoformat()}　{word}"
    labels = dict.fromkeys(basis.label for item in decision.items for basis in item.bases)
    reasons = dict.fromkeys(u.text for item in decision.items for u in item.unmet[:1])
    papers = [f"{a.name}: {_PAPERS[a.droppable.value]}" for a in answer.attachments]
    for title, texts in (("根拠", list(labels)), ("理由", list(reasons)), ("添付", papers)):
        if texts:
            yield from wrapped(f"{title}　{'、'.join(texts)}", 2, 8)


_PAPERS = {"yes": "省略できる", "no": "省略できない", "partial": "一部だけ省略できる"}


def _uncovered(covered: Coverage) -> Iterator[str]:
    total = len(covered.exercised) + len(covered.missing) + len(covered.optional)
    yield f"確かめられた規定　{len(covered.exercised)}／{total}件"
    for title, clauses in (
        ("どの事例も確かめていない規定（事例が要るもの）", covered.missing),
        ("どの事例も確かめていない国の規定（市町村の機関に関わらないもの）", covered.optional),
    ):
        if clauses:
            yield f"{title}　{len(clauses)}件"
    for clause in covered.missing:
        yield f"  {clause.citation.label}（{clause.file}:{clause.line}）"


def _as_json(
    project: Project, results: Sequence[Result], findings: Sequence[Diagnostic], covered: Coverage | None
) -> dict[str, Any]:
    value: dict[str, Any] = {
        "ruleset": project.rule_set.digest,
        **({"publication": project.publication.to_json()} if project.publication is not None else {}),
        "passed": sum(r.passed for r in results),
        "failed": sum(not r.passed for r in results),
        "diagnostics": as_values(findings),
        "scenarios": [
            {
                "name": r.scenario.name,
                "path": r.scenario.path,
                "line": r.scenario.line,
                "passed": r.passed,
                "differences": [{"what": d.what, "expected": d.expected, "actual": d.actual} for d in r.differences],
                "reasons": list(r.reasons),
            }
            for r in results
        ],
    }
    if covered is not None:
        value["coverage"] = {
            "exercised": [c.citation.label for c in covered.exercised],
            "missing": [c.citation.label for c in covered.missing],
            "optional": [c.citation.label for c in covered.optional],
        }
    return value
