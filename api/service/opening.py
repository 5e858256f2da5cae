"""Opens an installation: folder, database, keys, log, callers and rules; and closes it in the opposite order."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy.pool import QueuePool

from api import telemetry  # noqa: F401  the sinks are redacted before anything is said
from api.callers.opening import CallerSettings, open_callers
from api.clock import SystemClock, to_ms
from api.decision_log import Journal, verify_at_start
from api.decision_log.keys import verifiers_of
from api.keys import KeyStore
from api.project import load
from api.rulesets import ActiveRules, Lifecycle, Release
from api.rulesets.refusal import RuleSetRefused
from api.service.checkpointing import Checkpoints
from api.service.context import ServiceContext
from api.service.figures import Figures
from api.service.housekeeping import Housekeeping
from api.service.idempotency import Idempotency
from api.service.recording import Recorder
from api.service.traced import TracedRecorder
from api.storage.database import open_database
from api.storage.write_ahead import WriteAheadLog
from api.telemetry.logging import logger
from api.telemetry.metrics import Metrics
from api.telemetry.tracing import open_tracer

if TYPE_CHECKING:
    from api.clock import Clock
    from api.decision_log import Verification
    from api.project import Project
    from api.service.settings import Settings
    from api.storage.database import Database
    from api.telemetry.tracing import Tracer


class Opened:
    """An installation in use."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock | None = None,
        files: Project | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        clock = clock or SystemClock()
        self.tracer = tracer or open_tracer()
        if files is None and settings.files:
            files = load(settings.rules, settings.ordinances)
        make_home(settings)
        self.database = open_database(settings.url)
        try:
            self.context = self._open(settings, clock, files)
            self.housekeeping = Housekeeping(self.context.idempotency, self.context.log)
        except BaseException:
            self.database.close()
            raise

    def _open(self, settings: Settings, clock: Clock, files: Project | None) -> ServiceContext:
        log = logger("service")
        metrics = Metrics()
        keys = KeyStore(settings.keys, clock)
        self.verification = checked(settings, self.database, keys)
        self._size = self.verification.size  # and what this worker adds; the figure is the largest of all workers
        refusal = self.verification.refusal
        if refusal is not None:
            log.critical("log refused at the start", code=refusal.code)
        self.write_ahead = WriteAheadLog(self.database, log)
        self.journal = Journal(self.database, clock, refusal=refusal, observed=self._observed)
        self.metrics = metrics
        self.checkpoints = Checkpoints(
            self.database, settings.checkpoints, keys, clock, self.journal, settings.checkpoint_every, log
        )
        callers = open_callers(self.database, keys, clock, caller_settings(settings))
        rules = open_rules(settings, self.database, keys, clock, metrics, files)
        return ServiceContext(
            settings=settings,
            clock=clock,
            database=self.database,
            journal=self.journal,
            keys=keys,
            rules=rules,
            callers=callers,
            authenticator=callers.authenticator,
            metrics=metrics,
            figures=Figures(metrics, log),
            log=log,
            recorder=self._recorder(settings, clock),
            idempotency=Idempotency(self.database, clock, settings.idempotency_hours),
            checkpoints=self.checkpoints,
            tracer=self.tracer,
        )

    def _recorder(self, settings: Settings, clock: Clock) -> Recorder:
        if not self.tracer.enabled:
            return Recorder(self.journal, clock, version(), settings.retention_years)
        return TracedRecorder(self.journal, clock, version(), settings.retention_years, self.tracer)

    def _observed(self, count: int, seconds: float) -> None:
        self._size += count
        self.metrics.appended(seconds, self._size)
        self.checkpoints.appended(count)

    def _ages(self, metrics: Metrics) -> None:
        """Set the figures that change by themselves."""
        newest = self.checkpoints.newest_ms
        if newest is not None:
            metrics.checkpoint_age(max(0, to_ms(self.context.clock.now()) - newest) / 1000)
        pool = self.database.engine.pool
        if isinstance(pool, QueuePool):
            metrics.pool(pool.size(), pool.checkedout(), max(0, pool.overflow()))

    def start(self) -> None:
        """Begin what runs beside the calls."""
        self.metrics.probe(self._ages)
        self.metrics.ruleset(self._bundle())
        self.context.rules.start()
        self.housekeeping.start()
        self.write_ahead.start()
        if self.context.settings.log:
            self.checkpoints.start()

    def _bundle(self) -> str:
        try:
            return self.context.rules.current().name
        except RuleSetRefused:
            return "none"

    def close(self) -> None:
        """Record what waits, sign the log, close the database."""
        self.housekeeping.close()
        self.context.rules.close()
        self.journal.close()
        if self.context.settings.log:
            self.checkpoints.close()
        self.write_ahead.close()
        self.database.close()
        self.tracer.close()
        logging.getLogger("jorei").info("closed")


def make_home(settings: Settings) -> None:
    """The folder of the installation, for nobody else to read."""
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in (settings.checkpoints, settings.publications):
        folder.mkdir(mode=0o700, exist_ok=True)


def checked(settings: Settings, database: Database, keys: KeyStore) -> Verification:
    """The log verified from its newest signed checkpoint on."""
    return verify_at_start(database, settings.checkpoints, verifiers_of(keys))


def caller_settings(settings: Settings) -> CallerSettings:
    """How callers are known, with these settings."""
    return CallerSettings(
        base_url=settings.base_url or settings.address,
        certificate_header=settings.certificate_header,
        proxies=settings.proxies,
        per_minute=settings.limits.per_minute,
        stranger_per_minute=settings.limits.stranger_per_minute,
        workers=settings.workers,
    )


def open_rules(
    settings: Settings, database: Database, keys: KeyStore, clock: Clock, metrics: Metrics, files: Project | None
) -> ActiveRules:
    """The rule sets: what is published and in force; until then the project's files, when told so."""
    rules = ActiveRules(
        database,
        settings.publications,
        keys,
        clock,
        files=files,
        swapped=lambda loaded: metrics.ruleset(loaded.name),
        record=Release(Lifecycle(database, settings.publications, keys, clock)).record_in_force,
    )
    rules.refresh()
    return rules


def version() -> str:
    """Of this program."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as of

    try:
        return of("jorei")
    except PackageNotFoundError:
        return "0"
