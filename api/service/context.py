"""All that one worker of the service works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from api.rulesets.refusal import RuleSetRefused
from api.service.deciding import Deciding
from api.service.problems import Problem

if TYPE_CHECKING:
    from api.callers import Authenticator
    from api.callers.opening import Callers
    from api.clock import Clock
    from api.decision_log import Journal
    from api.keys import KeyStore
    from api.rulesets import ActiveRules, Loaded
    from api.service.checkpointing import Checkpoints
    from api.service.figures import Figures
    from api.service.idempotency import Idempotency
    from api.service.recording import Recorder
    from api.service.settings import Settings
    from api.storage.database import Database
    from api.telemetry.metrics import Metrics
    from api.telemetry.tracing import Tracer


@dataclass(slots=True)
class ServiceContext:
    """Handed to whatever mounts itself into the service (entry points `jorei.service`)."""

    settings: Settings
    clock: Clock
    database: Database
    journal: Journal
    keys: KeyStore
    rules: ActiveRules
    callers: Callers
    authenticator: Authenticator
    metrics: Metrics
    figures: Figures
    log: Any
    recorder: Recorder
    idempotency: Idempotency
    checkpoints: Checkpoints
    tracer: Tracer
    _deciding: Deciding | None = None
    _loaded: Loaded | None = None

    def deciding(self) -> Deciding:
        """The rule set that decides now; a new one is taken over between two calls.

        Raises:
            Problem: When there is none.
        """
        try:
            loaded = self.rules.current()
        except RuleSetRefused as error:
            raise Problem("rules-unavailable", f"{error.code} {error.text}", headers=(("Retry-After", "5"),)) from None
        if loaded is self._loaded and self._deciding is not None:
            return self._deciding
        deciding = Deciding(loaded.desk, loaded.digest, loaded.name)
        self._loaded, self._deciding = loaded, deciding
        return deciding
