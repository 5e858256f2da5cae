"""What is found in the texts of a draft: compiled in full, linted, every scenario decided, compared with what is in force.

Everything here is a function of texts and gives plain values, so that it runs in this process or in another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from api.rulesets.contents import TextFile, grouped
from dsl.diagnostics import Diagnostic, Severity

#: Findings and differences told in full; more are only counted.
MOST_TOLD = 200
#: Changes in law listed with a comparison, at most.
MOST_ROWS = 200


class BodyOf(msgspec.Struct, frozen=True):
    """The municipality that a folder's texts are of."""

    folder: str
    code: str
    name: str


class Checked(msgspec.Struct, frozen=True):
    """The outcome of compiling in full. `findings` are as `jorei check --json` gives them."""

    digest: str
    errors: int
    warnings: int
    findings: tuple[dict[str, Any], ...]
    bodies: tuple[BodyOf, ...]

    @property
    def ok(self) -> bool:
        """Whether no finding is an error."""
        return self.errors == 0


class Replayed(msgspec.Struct, frozen=True):
    """The outcome of deciding every scenario by every interpreter."""

    digest: str
    scenarios: int
    failed: int
    faults: tuple[dict[str, Any], ...]  # of the scenario files
    differences: tuple[dict[str, Any], ...]
    interpreters: tuple[str, ...]
    without: tuple[str, ...]  # bodies that no scenario file stands for

    @property
    def green(self) -> bool:
        """Whether each body has scenarios and all are as expected."""
        return self.scenarios > 0 and not (self.failed or self.faults or self.without)


class Compared(msgspec.Struct, frozen=True):
    """What changes from one rule set to another, in law and in texts."""

    old: str
    new: str
    summary: tuple[str, ...]  # Japanese
    counts: dict[str, int]
    texts: tuple[dict[str, Any], ...]  # path, change: added | removed | changed
    rows: tuple[dict[str, Any], ...]
    papers: tuple[dict[str, Any], ...]
    other: tuple[dict[str, Any], ...]
    limits: tuple[str, ...]
    left_off: int  # rows, papers and others beyond the bound


def check(files: Sequence[TextFile]) -> Checked:
    """Compile texts, from the start and in full, with the linter's warnings."""
    from api.scenario_file import parse_scenarios
    from dsl.compile import SourceFile, compile_municipality, compile_nation, gather
    from dsl.lint import check as lint
    from dsl.lint import merged

    national, municipalities = grouped(files)
    rules = [SourceFile(s.path, s.text) for s in national]
    own = [[SourceFile(s.path, s.text) for s in m.sources] for m in municipalities]
    compiled, nation = compile_nation(rules)
    built = gather(rules, (compiled, nation), own)
    found = list(built.diagnostics)
    bodies: list[BodyOf] = []
    for municipality, sources in zip(municipalities, own, strict=True):
        one = compile_municipality(sources, nation)
        linted = merged(one.diagnostics, lint(sources, one, nation))
        found.extend(d for d in linted if d not in found)
        if one.part is not None and one.part.body is not None:
            bodies.append(BodyOf(municipality.folder.as_posix(), one.part.body.code, one.part.body.name))
    for file in files:
        if file.role == "scenario":
            found.extend(parse_scenarios(file.path, file.text).diagnostics)
    if not any(d.severity is Severity.ERROR for d in found):
        _warm_cache(files, built.rule_set, tuple(built.diagnostics))
    errors = sum(d.severity is Severity.ERROR for d in found)
    first = sorted(found, key=lambda d: d.severity is not Severity.ERROR)[:MOST_TOLD]
    return Checked(built.rule_set.digest, errors, len(found) - errors, tuple(_values(first)), tuple(bodies))


def _warm_cache(files: Sequence[TextFile], rule_set: Any, diagnostics: tuple[Diagnostic, ...]) -> None:
    """Keep what was compiled, so that the workers that swap it in do not compile it again."""
    from api import cache

    national, municipalities = grouped(files)
    key = cache.key_of([national, *(m.sources for m in municipalities)])
    cache.write(key, cache.Kept(rule_set, diagnostics))


def _values(findings: Sequence[Diagnostic]) -> list[dict[str, Any]]:
    from dsl.render import to_json

    found: list[dict[str, Any]] = msgspec.json.decode(to_json(findings))
    return found


def replay(files: Sequence[TextFile]) -> Replayed:
    """Decide every scenario of the bodies, by every interpreter, on the rule set compiled from these texts."""
    from api.judge import Judge
    from api.rulesets.contents import project_of
    from api.scenario import run
    from api.scenario_file import parse_scenarios

    project = project_of(files)
    judge = Judge(project.rule_set)
    read = [parse_scenarios(f.path, f.text) for f in sorted(files, key=lambda f: f.path) if f.role == "scenario"]
    scenarios = [scenario for file in read for scenario in file.scenarios]
    results = run(judge, scenarios) if project.ok else []
    failed = [r for r in results if not r.passed]
    having = {
        f.folder
        for f, r in zip((f for f in sorted(files, key=lambda f: f.path) if f.role == "scenario"), read, strict=True)
        if r.scenarios
    }
    without = tuple(sorted(m.folder.as_posix() for m in project.municipalities if m.folder.as_posix() not in having))
    return Replayed(
        digest=project.rule_set.digest,
        scenarios=len(scenarios),
        failed=len(failed) if project.ok else len(scenarios),
        faults=tuple(_values([d for file in read for d in file.diagnostics][:MOST_TOLD])),
        differences=tuple(_different(r) for r in failed[:MOST_TOLD]),
        interpreters=("compiled", *judge.others),
        without=without,
    )


def _different(result: Any) -> dict[str, Any]:
    scenario = result.scenario
    return {
        "name": scenario.name,
        "path": scenario.path,
        "line": scenario.line,
        "differences": [{"what": d.what, "expected": d.expected, "actual": d.actual} for d in result.differences],
        "reasons": list(result.reasons),
    }


def compare(old: Sequence[TextFile], new: Sequence[TextFile], limit: int = MOST_ROWS) -> Compared:
    """What changes in law from the old texts to the new, over every request, and which texts differ.

    Args:
        old: texts without errors.
        new: texts without errors.
        limit: how many rows of each kind are listed; the counts are of all.
    """
    from api.difference_words import KINDS, LIMITS, Words
    from api.rulesets.contents import project_of
    from engine.difference import difference
    from engine.difference_rest import other_changes

    before, after = project_of(old).rule_set, project_of(new).rule_set
    found = difference(before, after)
    other = other_changes(before, after)
    words = Words(before, after, found)
    limit = max(0, min(limit, MOST_ROWS))
    rows = [{"words": list(words.row(row)), **words.row_value(row)} for row in found.rows[:limit]]
    papers = [{"words": list(words.paper(row)), **words.paper_value(row)} for row in found.papers[:limit]]
    others = [{"words": words.other(change), **change._asdict()} for change in other[:limit]]
    total = len(found.rows) + len(found.papers) + len(other)
    return Compared(
        old=before.digest,
        new=after.digest,
        summary=tuple(words.summary(other)),
        counts={
            **{kind.value: sum(row.kind is kind for row in found.rows) for kind in KINDS},
            "papers": len(found.papers),
            "other": len(other),
        },
        texts=changed_texts(old, new),
        rows=tuple(rows),
        papers=tuple(papers),
        other=tuple(others),
        limits=LIMITS,
        left_off=total - len(rows) - len(papers) - len(others),
    )


def changed_texts(old: Sequence[TextFile], new: Sequence[TextFile]) -> tuple[dict[str, Any], ...]:
    """The files that are other, new or gone, by path."""
    before, after = ({f.path: f.text for f in files} for files in (old, new))
    return tuple(
        {"path": path, "change": "added" if path not in before else "removed" if path not in after else "changed"}
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    )
