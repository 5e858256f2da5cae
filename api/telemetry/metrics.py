"""Figures for Prometheus. Few labels, of few and known values; never a person, a caller's words or a procedure's text.

With several workers every worker writes into one folder (`prepare_workers`), and whichever is asked sums them up.
"""

from __future__ import annotations

import os
import re
import shutil
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from api.telemetry.redaction import is_clean

if TYPE_CHECKING:
    import prometheus_client
    from prometheus_client import CollectorRegistry, Gauge, Histogram

WORKERS_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE: Final = "text/plain; version=1.0.0; charset=utf-8"

_LABEL = re.compile(r"[A-Za-z0-9_./:-]{1,80}")
_OTHER: Final = "other"
_MOST_VALUES = 100
_DECISION_BUCKETS = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0)
_APPEND_BUCKETS = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.5, 1.0, 5.0)


def prepare_workers(folder: Path) -> None:
    """Let the workers started from here share their figures. Call it before `prometheus_client` is imported."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    os.environ[WORKERS_FOLDER] = str(folder)


def worker_ended(pid: int) -> None:
    """Forget the gauges of a worker that is no more."""
    from prometheus_client import multiprocess

    if WORKERS_FOLDER in os.environ:
        multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


class Metrics:
    """The figures of one process."""

    def __init__(self) -> None:
        import prometheus_client
        from prometheus_client import CollectorRegistry, disable_created_metrics

        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._client = prometheus_client
        self.registry: CollectorRegistry = CollectorRegistry()
        self.shared = WORKERS_FOLDER in os.environ
        self._values: dict[tuple[str, str], set[str]] = {}
        self._counted: dict[tuple[str, str, str], tuple[Any, Any]] = {}
        self._children: dict[tuple[Any, ...], Any] = {}
        self._probes: list[Callable[[Metrics], None]] = []
        self._count()
        self._measure()

    def _count(self) -> None:
        counter = self._counter
        self._decisions = counter("jorei_decisions", "判定の数", "decision", "reason_code", "procedure_group")
        self._errors = counter("jorei_errors", "誤りの数", "kind")
        self._permits = counter("jorei_permits", "許可証の数", "state")
        self._replays = counter("jorei_permit_replay_rejected", "二度目の使用を拒んだ許可証の数")
        self._pia = counter("jorei_pia_blocks", "特定個人情報保護評価のために止めた判定の数")
        self._numbers = counter("jorei_personal_number_refused", "個人番号らしい値を拒んだ数", "place")
        self._requests = counter("jorei_http_requests", "要求の数", "route", "status")
        self._authentications = counter("jorei_authentications", "認証の数", "result")

    def _measure(self) -> None:
        self._seconds = self._histogram("jorei_decision_seconds", "判定にかかった秒数", _DECISION_BUCKETS)
        self._append = self._histogram("jorei_log_append_seconds", "記録にかかった秒数", _APPEND_BUCKETS)
        self._size = self._gauge("jorei_log_size", "記録の数", "max")
        self._age = self._gauge("jorei_log_last_checkpoint_age_seconds", "最後の封印からの秒数", "mostrecent")
        self._ruleset = self._gauge("jorei_ruleset_info", "使っている規則集（1）", "livemax", "version")
        self._law = self._gauge("jorei_law_revision_age_days", "規則集の最も新しい改正からの日数", "mostrecent")
        self._ready = self._gauge("jorei_ready", "応答できるか（1か0）", "livemin")
        self._pool = {
            name: self._gauge(f"jorei_db_pool_{name}", text, "livesum")
            for name, text in (
                ("size", "データベースの接続の数"),
                ("checked_out", "使用中の接続の数"),
                ("overflow", "上限を超えて開いた接続の数"),
            )
        }

    def _counter(self, name: str, text: str, *labels: str) -> prometheus_client.Counter:
        return self._client.Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, mode: Any, *labels: str) -> Gauge:
        return self._client.Gauge(name, text, labels, registry=self.registry, multiprocess_mode=mode)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return self._client.Histogram(name, text, registry=self.registry, buckets=buckets)

    def decided(
        self, decision: bool, reason_code: str, procedure_group: str, seconds: float, *, count: int = 1
    ) -> None:
        """Count a decision: whether lawful, the code of the first reason (`none` when lawful), the field of affairs.

        Args:
            seconds: How long it took.
            count: Of how many decisions all this holds.
        """
        found = self._counted_for(decision, reason_code, procedure_group)
        found[0].inc(count)
        _observe(found[1], (seconds,), count)

    def decided_in(self, decision: bool, reason_code: str, procedure_group: str, seconds: Sequence[float]) -> None:
        """Count several decisions that are alike but for the time each took."""
        found = self._counted_for(decision, reason_code, procedure_group)
        found[0].inc(len(seconds))
        _observe(found[1], seconds)

    def _counted_for(self, decision: bool, reason_code: str, procedure_group: str) -> tuple[Any, Any]:
        key = ("true" if decision else "false", reason_code, procedure_group)
        return self._counted.get(key) or self._counted_of(key)

    def _counted_of(self, key: tuple[str, str, str]) -> tuple[Any, Any]:
        names = ("decision", "reason_code", "procedure_group")
        child = self._child(self._decisions, *(self._bounded(n, v) for n, v in zip(names, key, strict=True)))
        found = (child, self._seconds)
        if len(self._counted) < _MOST_VALUES**2:
            self._counted[key] = found
        return found

    def failed(self, kind: str) -> None:
        """Count an error by its kind: a code, never a message."""
        self._child(self._errors, self._bounded("kind", kind)).inc()

    def permit(self, state: str) -> None:
        """Count a permit: issued, redeemed, refused or expired."""
        self._child(self._permits, self._bounded("state", state)).inc()

    def replay_rejected(self) -> None:
        """Count a permit that was used before."""
        self._replays.inc()

    def pia_block(self) -> None:
        """Count a decision that the state of the impact assessment made unlawful."""
        self._pia.inc()

    def number_refused(self, place: str) -> None:
        """Count a value that looked like a personal number, by where it stood: body, header, path."""
        self._child(self._numbers, self._bounded("place", place)).inc()

    def requested(self, route: str, status: int, *, count: int = 1) -> None:
        """Count requests by their route as declared, never by their path."""
        self._child(self._requests, self._bounded("route", route), self._bounded("status", str(status))).inc(count)

    def authenticated(self, result: str) -> None:
        """Count an authentication: api_key, token, certificate or a code of refusal."""
        self._child(self._authentications, self._bounded("result", result)).inc()

    def appended(self, seconds: float, size: int) -> None:
        """Measure an append to the decision log."""
        self._append.observe(seconds)
        self._size.set(size)

    def checkpoint_age(self, seconds: float) -> None:
        """How long ago the last checkpoint was signed."""
        self._age.set(seconds)

    def ruleset(self, version: str) -> None:
        """Which rule set decides now."""
        for (metric, *labels), child in list(self._children.items()):
            if metric == "jorei_ruleset_info" and labels != [version]:
                child.set(0)
        self._child(self._ruleset, self._bounded("version", version)).set(1)

    def law_age(self, days: int) -> None:
        """How old the newest amendment of the rule set is."""
        self._law.set(days)

    def ready(self, ready: bool) -> None:
        """Whether this worker can answer."""
        self._ready.set(1 if ready else 0)

    def pool(self, size: int, checked_out: int, overflow: int) -> None:
        """The connections to the database."""
        for name, value in (("size", size), ("checked_out", checked_out), ("overflow", overflow)):
            self._pool[name].set(value)

    def probe(self, look: Callable[[Metrics], None]) -> None:
        """Have figures that age (checkpoint, law, pool) set whenever the figures are asked for."""
        self._probes.append(look)

    def render(self) -> bytes:
        """Everything in the text format, of all workers."""
        for look in self._probes:
            look(self)
        registry = self.registry
        if self.shared:
            from prometheus_client.multiprocess import MultiProcessCollector

            registry = self._client.CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return self._client.generate_latest(registry)

    def _bounded(self, label: str, value: str) -> str:
        """A label's value when it is one of few and of a known form, else `other`."""
        seen = self._values.setdefault((label, ""), set())
        if value in seen:
            return value
        if len(seen) >= _MOST_VALUES or _LABEL.fullmatch(value) is None or not is_clean(value):
            return _OTHER
        seen.add(value)
        return value

    def _child(self, metric: Any, *labels: str) -> Any:
        key = (metric._name, *labels)
        found = self._children.get(key)
        if found is None:
            found = self._children[key] = metric.labels(*labels)
        return found


def _observe(histogram: Any, seconds: Sequence[float], count: int = 1) -> None:
    """Observe each so many times, one step for each bucket: what `Histogram.observe` does, had it a count."""
    bounds, buckets = histogram._upper_bounds, histogram._buckets
    for place, times in Counter([bisect_left(bounds, one) for one in seconds]).items():
        buckets[place].inc(times * count)
    histogram._sum.inc(sum(seconds) * count)
