"""Long examinations in a process of their own, so that threads that decide are not held up by them.

Run as `python -m api.rulesets.aside`: texts come in and findings go out as JSON on the standard streams.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Protocol, TypeVar

import msgspec

from api.rulesets import examining
from api.rulesets.contents import TextFile
from api.rulesets.examining import MOST_ROWS, Checked, Compared, Replayed
from api.rulesets.refusal import NOT_EXAMINED, RuleSetRefused

_LONGEST = 900.0
#: One at a time: an examination takes a core, and the others decide.
_ALONE = threading.Lock()
_T = TypeVar("_T")


class Examiner(Protocol):
    """Examines texts, wherever."""

    def check(self, files: Sequence[TextFile]) -> Checked:
        """See `api.rulesets.examining.check`."""
        ...

    def replay(self, files: Sequence[TextFile]) -> Replayed:
        """See `api.rulesets.examining.replay`."""
        ...

    def compare(self, old: Sequence[TextFile], new: Sequence[TextFile], limit: int = MOST_ROWS) -> Compared:
        """See `api.rulesets.examining.compare`."""
        ...


class Here:
    """Examines in this process: for the command line."""

    def check(self, files: Sequence[TextFile]) -> Checked:
        """See `api.rulesets.examining.check`."""
        return examining.check(files)

    def replay(self, files: Sequence[TextFile]) -> Replayed:
        """See `api.rulesets.examining.replay`."""
        return examining.replay(files)

    def compare(self, old: Sequence[TextFile], new: Sequence[TextFile], limit: int = MOST_ROWS) -> Compared:
        """See `api.rulesets.examining.compare`."""
        return examining.compare(old, new, limit)


class _Task(msgspec.Struct):
    what: str
    files: Sequence[TextFile]
    others: Sequence[TextFile] = ()
    limit: int = MOST_ROWS


class Aside:
    """Examines in a process of its own: for the service."""

    def check(self, files: Sequence[TextFile]) -> Checked:
        """See `api.rulesets.examining.check`."""
        return _run(_Task("check", files), Checked)

    def replay(self, files: Sequence[TextFile]) -> Replayed:
        """See `api.rulesets.examining.replay`."""
        return _run(_Task("replay", files), Replayed)

    def compare(self, old: Sequence[TextFile], new: Sequence[TextFile], limit: int = MOST_ROWS) -> Compared:
        """See `api.rulesets.examining.compare`."""
        return _run(_Task("compare", old, new, limit), Compared)


def _run(task: _Task, form: type[_T]) -> _T:
    try:
        with _ALONE:
            done = subprocess.run(
                [sys.executable, "-m", "api.rulesets.aside"],
                input=msgspec.json.encode(task),
                capture_output=True,
                timeout=_LONGEST,
                check=True,
            )
        return msgspec.json.decode(done.stdout, type=form)
    except (OSError, subprocess.SubprocessError, msgspec.MsgspecError) as error:
        raise RuleSetRefused(
            NOT_EXAMINED,
            f"文書を調べる処理が終わりませんでした（{type(error).__name__}）",
            "もう一度実行してください。続くときは、この機械の記憶容量とディスクの空きを確かめてください。",
        ) from error


def main() -> None:
    """Do the task on the standard input."""
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=_Task)
    found: Checked | Replayed | Compared
    if task.what == "check":
        found = examining.check(tuple(task.files))
    elif task.what == "replay":
        found = examining.replay(tuple(task.files))
    else:
        found = examining.compare(tuple(task.files), tuple(task.others), task.limit)
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    main()
