"""Named points at which a crash test may end the process, as a power cut would.

`JOREI_FAILPOINT=journal.before-commit:3` ends it at the third arrival at that point. Without the variable, a point
costs the comparison of one name.
"""

from __future__ import annotations

import os
import signal
import threading

VARIABLE = "JOREI_FAILPOINT"

NAMES = (
    "idempotency.after-claim",
    "journal.before-insert",
    "journal.before-commit",
    "journal.after-commit",
    "checkpoint.mid-write",
    "checkpoint.before-rename",
    "erase.mid-way",
    "ruleset.mid-write",
    "ruleset.after-insert",
    "ruleset.after-epoch",
    "ruleset.before-commit",
    "ruleset.after-commit",
    "ruleset.before-record",
    "gate.after-redeem",
    "gate.before-commit",
    "gate.after-commit",
    "inquiry.before-commit",
    "inquiry.after-commit",
    "provision.before-commit",
    "provision.after-commit",
    "mailbox.before-answer",
    "ack.after-commit",
)


def _armed(value: str | None) -> tuple[str | None, int]:
    if not value:
        return None, 0
    name, _, count = value.partition(":")
    if name not in NAMES or not (count or "1").isdecimal() or int(count or "1") < 1:
        raise ValueError(f"{VARIABLE}: no such failpoint")
    return name, int(count or "1")


_lock = threading.Lock()
_name, _left = _armed(os.environ.get(VARIABLE))


def reach(name: str) -> None:
    """Arrive at a point: nothing, unless a crash test named it."""
    if name == _name:
        _arrive()


def _arrive() -> None:
    global _left
    with _lock:
        _left -= 1
        if _left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
