"""Municipalities checked by several processes.

Workers are forked where the system forks safely (Linux): they start with the compiled nation in memory, shared with
this process, in some milliseconds. Elsewhere they are spawned and each is handed the nation (2 MB) once. No thread runs
in this process before the workers are started, so a fork copies no lock that is held.

A worker that dies takes all that is under way with it. What was not finished is then tried again, one folder a worker:
the folder that kills its worker again is reported, and the others are checked all the same.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from api.checked_folder import Outcome, broken_down, check_municipality
from dsl.compile import Nation

#: folders given to a worker at once: few messages, and little to do again when a worker dies
_BATCH = 8

Task = tuple[int, Path]
Result = tuple[int, tuple[bytes | None, Outcome]]

_Given = tuple[Nation, bool, Collection[bytes]]
_given: _Given | None = None  # of a worker: what every folder is checked against


def start_method() -> str:
    """How workers are started on this system."""
    return "fork" if sys.platform.startswith("linux") else "spawn"


def checked_in_parallel(
    tasks: Sequence[Task],
    nation: Nation,
    jobs: int,
    method: str | None = None,
    strict: bool = False,
    sound: Collection[bytes] = (),
) -> Iterator[Result]:
    """Check folders in `jobs` processes; the results come in any order, one for each task.

    Args:
        tasks: a number and a folder each.
        nation: what they are compiled against.
        jobs: how many processes.
        method: how workers are started; default: what suits the system.
        strict: whether the linter looks at them too.
        sound: scenario files that are known to have no finding.
    """
    context = multiprocessing.get_context(method or start_method())
    given = (nation, strict, sound)
    left = dict(tasks)
    batches = [tasks[at : at + _BATCH] for at in range(0, len(tasks), _BATCH)]
    with ProcessPoolExecutor(jobs, context, _prepare, (given,)) as pool:
        futures: list[Future[list[Result]]] = [pool.submit(_check, batch) for batch in batches]
        for future in as_completed(futures):
            try:
                results = future.result()
            except BrokenProcessPool:
                continue
            for number, result in results:
                del left[number]
                yield number, result
    for number, folder in list(left.items()):
        yield number, _alone((number, folder), context, given)


def _alone(task: Task, context: multiprocessing.context.BaseContext, given: _Given) -> tuple[bytes | None, Outcome]:
    """Check one folder in a worker of its own."""
    with ProcessPoolExecutor(1, context, _prepare, (given,)) as pool:
        try:
            ((_, result),) = pool.submit(_check, [task]).result()
        except BrokenProcessPool:
            return None, broken_down(task[1], "作業の停止")
    return result


def _prepare(given: _Given) -> None:
    global _given
    _given = given


def _check(tasks: Iterable[Task]) -> list[Result]:
    if _given is None:
        raise RuntimeError("worker without the nation")
    return [(number, check_municipality(folder, *_given)) for number, folder in tasks]
