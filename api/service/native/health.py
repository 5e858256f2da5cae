"""/livez, /readyz, /metrics, /v1/version."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from api.callers import require
from api.canonical import canonical
from api.clock import to_ms
from api.decision_log import head
from api.decision_log.appending import TOLERATED_MS
from api.keys import KeyRefused, Purpose
from api.rulesets.refusal import RuleSetRefused
from api.service.calls import Call, Reply
from api.service.problems import Problem
from api.telemetry.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.service.context import ServiceContext

METRICS_READ: Final = "jorei:metrics:read"
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
_KEPT: Final = 0.5  # seconds that the answer of /readyz is kept


class Health:
    """The named checks of one worker."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context
        self._at = float("-inf")
        self._said: dict[str, str] = {}

    async def ready(self) -> Reply:
        """Whether calls can be answered, check by check."""
        if time.monotonic() - self._at >= _KEPT:
            self._said = await asyncio.to_thread(self._look)
            self._at = time.monotonic()
        ready = all(said == "ok" for said in self._said.values())
        self.context.metrics.ready(ready)
        body = canonical({"status": "ready" if ready else "not ready", "checks": self._said})
        return Reply(body, 200 if ready else 503)

    def _look(self) -> dict[str, str]:
        checks: tuple[tuple[str, Callable[[], str]], ...] = (
            ("database", self._database),
            ("log", self._log),
            ("rules", self._rules),
            ("keys", self._keys),
            ("clock", self._clock),
        )
        return {name: _said(check) for name, check in checks}

    def _database(self) -> str:
        with self.context.database.begin() as connection:
            connection.execute(text("SELECT 1"))
        return "ok"

    def _log(self) -> str:
        refusal = self.context.journal.refusal
        return "ok" if refusal is None else f"{refusal.code} {refusal.text}"

    def _rules(self) -> str:
        self.context.deciding()
        status = self.context.rules.status
        return "ok" if status.ready else f"{status.code} {status.reason}"

    def _keys(self) -> str:
        self.context.keys.signing_key(Purpose.PERMIT)
        self.context.keys.signing_key(Purpose.CHECKPOINT)
        return "ok"

    def _clock(self) -> str:
        with self.context.database.read() as connection:
            newest = head(connection).newest_ms
        return "ok" if to_ms(self.context.clock.now()) >= newest - TOLERATED_MS else "時計が最後の記録より前です"


def _said(check: Callable[[], str]) -> str:
    try:
        return check()
    except KeyRefused as error:
        return f"{error.code} {error.text}"
    except Problem as problem:
        return problem.title
    except Exception as error:
        return type(error).__name__


def live() -> Reply:
    """The process answers."""
    return Reply(b'{"status":"live"}')


async def figures(context: ServiceContext, call: Callable[[], Call], peer: str | None) -> Reply:
    """The figures for Prometheus: to this machine, and to callers with the scope."""
    if peer not in _LOOPBACK:
        require(call().caller, METRICS_READ)
    return Reply(await asyncio.to_thread(context.metrics.render), media=CONTENT_TYPE.encode())


def version(context: ServiceContext) -> Reply:
    """What runs, and by which rule set it decides."""
    from api.service.opening import version as program

    said: dict[str, Any] = {"version": program(), "interfaces": ["AuthZEN 1.0", "jorei v1"], "ruleset": None}
    with contextlib.suppress(RuleSetRefused):
        loaded = context.rules.current()
        said["ruleset"] = {"digest": loaded.digest, "bundle": loaded.name}
        if loaded.effective_from is not None:
            said["ruleset"]["effective_from"] = loaded.effective_from.isoformat()
    return Reply(canonical(said))
