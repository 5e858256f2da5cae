"""Checks the nation's files and very many municipalities: in parallel, and again only what has changed.

What is found in a municipality's folder follows from its own bytes, the nation's, and the code; so it is kept under the
hash of all three, and a folder is compiled only when it is new to that key. Workers give back findings and counts, never
rule sets, so that memory does not grow with the number of municipalities. Findings come in the order of the folders,
whoever found them first. Nothing is taken to be in order that was not checked to the end: a folder that cannot be read,
a check that breaks down and a worker that dies are each an error of that municipality.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from api.check_cache import Known, NationChangedError
from api.checked_folder import Outcome, check_municipality, keyed
from api.project import (
    Listing,
    ProjectNotFoundError,
    default_ordinances,
    default_rules,
    listing,
    municipality_listings,
    shown_path,
)
from dsl.diagnostics import Diagnostic, Severity
from dsl.masking import digest

if TYPE_CHECKING:
    from api.check_pool import Result, Task

#: told how many municipalities are done, and of how many
Progress = Callable[[int, int], None]

#: fewer than these are checked sooner in this process than others are started
_ALONE = 4


@dataclass(frozen=True, slots=True)
class Check:
    """What was found. `rechecked` counts the municipalities that were compiled; the others were known."""

    digest: str
    files: int
    bodies: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    rechecked: int

    @property
    def ok(self) -> bool:
        """Whether no finding is an error."""
        return all(d.severity is not Severity.ERROR for d in self.diagnostics)


def check(
    rules: Path | None = None,
    ordinances: Sequence[Path] = (),
    jobs: int = 1,
    use_cache: bool = True,
    progress: Progress | None = None,
    strict: bool = False,
) -> Check:
    """Check national rules and municipalities with their scenario files.

    Args:
        rules: the folder of the national rules; default: the project's own.
        ordinances: folders of one municipality each, or folders of such folders; default: the project's own.
        jobs: how many processes check municipalities.
        use_cache: whether what is known of unchanged files may be used, and kept.
        progress: told while municipalities are compiled.
        strict: whether the linter looks at municipalities too (`dsl.lint`).

    Raises:
        ProjectNotFoundError: if a folder does not exist or holds no rule file.
    """
    folder = default_rules() if rules is None else rules
    if not folder.is_dir():
        raise ProjectNotFoundError(f"フォルダ {folder} がありません")
    national = listing(folder)
    if not any(name.endswith(".jorei") for name in national.files):
        raise ProjectNotFoundError(f"フォルダ {folder} に法令の文書（*.jorei）がありません")
    folders = [one for given in (ordinances or (default_ordinances(),)) for one in municipality_listings(given)]
    known = Known(national, use_cache)
    nation = known.nation_outcome
    try:
        outcomes, rechecked = _municipalities(folders, known, jobs, progress, strict)
    except NationChangedError:
        return check(rules, ordinances, jobs, use_cache, progress, strict)
    known.write()
    return _gathered(nation, national, folders, outcomes, rechecked)


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _municipalities(
    folders: Sequence[Listing], known: Known, jobs: int, progress: Progress | None, strict: bool
) -> tuple[list[Outcome], int]:
    """What was found in each folder, and how many had to be checked for it."""
    found = [known.outcome(keyed(known.fingerprint(one), strict)) for one in folders]
    todo = [(number, folders[number].folder) for number, outcome in enumerate(found) if outcome is None]
    for done, (number, (key, outcome)) in enumerate(_checked(todo, known, jobs, strict), 1):
        found[number] = outcome
        if key is not None:
            known.keep(key, outcome)
        if progress is not None:
            progress(done, len(todo))
    outcomes = [outcome for outcome in found if outcome is not None]
    if len(outcomes) != len(folders):
        raise RuntimeError("a municipality was lost")
    return outcomes, len(todo)


def _checked(todo: Sequence[Task], known: Known, jobs: int, strict: bool) -> Iterator[Result]:
    if not todo:
        return
    sound = known.sound
    if jobs > 1 and len(todo) >= _ALONE:
        from api.check_pool import checked_in_parallel

        yield from checked_in_parallel(todo, known.nation, min(jobs, len(todo)), strict=strict, sound=sound)
    else:
        for number, folder in todo:
            yield number, check_municipality(folder, known.nation, strict, sound)


def _gathered(
    nation: Outcome, national: Listing, folders: Sequence[Listing], outcomes: Sequence[Outcome], rechecked: int
) -> Check:
    """The findings in their order: unreadable files, the nation, the municipalities, the scenarios."""
    found: list[Diagnostic] = [d for outcome in (nation, *outcomes) for d in outcome.reading]
    found.extend(nation.rules)
    seen: dict[str, str] = {}
    for one, outcome in zip(folders, outcomes, strict=True):
        found.extend(outcome.rules)
        if outcome.code is not None and outcome.name is not None:
            if outcome.code in seen:
                from dsl.compile import same_body_twice

                first = one.files[0] if one.files else str(one.folder)
                found.append(same_body_twice(shown_path(Path(first)), outcome.name))
            seen[outcome.code] = outcome.name
    found.extend(d for outcome in outcomes for d in outcome.scenarios)
    texts = sorted(text for outcome in (nation, *outcomes) for text in outcome.texts)
    whole = digest(b"".join(texts))
    files = len(national.files) + sum(len(one.files) for one in folders)
    return Check(whole, files, tuple(seen.values()), tuple(found), rechecked)
