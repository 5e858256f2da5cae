"""What the service tells its operators of each call, kept off the hot path: counted here, handed on when asked for."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from api.service.answers import Form
    from api.service.remembering import Prepared
    from api.telemetry.metrics import Metrics

_OTHER: Final = "other"
_FLUSH: Final = 256
_LATER: Final = 1.0  # seconds until what is counted is handed on


class Figures:
    """Counts of one worker. Used by the thread of the event loop."""

    def __init__(self, metrics: Metrics, log: Any) -> None:
        self.metrics = metrics
        self.log = log
        self._calls: list[tuple[str, int]] = []
        self._made: list[tuple[bool, str, float]] = []
        metrics.probe(lambda _: self.flush())

    def call(self, route: str, status: int, seconds: float) -> None:
        """Count a call."""
        calls = self._calls
        if not calls:
            self._soon()
        calls.append((route, status))
        if len(calls) >= _FLUSH:
            self.flush()

    def _soon(self) -> None:
        """With several workers, another one may be asked for the figures."""
        try:
            asyncio.get_running_loop().call_later(_LATER, self.flush)
        except RuntimeError:  # no loop: whoever is asked, asks us
            return

    def flush(self) -> None:
        """Hand the counts on."""
        calls, self._calls = self._calls, []
        made, self._made = self._made, []
        for (route, status), count in Counter(calls).items():
            self.metrics.requested(route, status, count=count)
        for (lawful, outcome), times in _gathered(made).items():
            self.metrics.decided_in(lawful, "none" if lawful else outcome, _OTHER, times)

    def decided(self, form: Form, seconds: float) -> None:
        """Count a decision by its outcome, and how long it took from the call to the answer."""
        self._made.append((form.lawful, form.outcome, seconds))

    def decided_together(self, made: Iterable[Prepared], each: float) -> None:
        """Count the decisions of a batch, by the mean of their times."""
        for (lawful, outcome), count in Counter([(one.form.lawful, one.form.outcome) for one in made]).items():
            self.metrics.decided(lawful, "none" if lawful else outcome, _OTHER, each, count=count)

    def number_refused(self) -> None:
        """Count a body with a run of twelve digits."""
        self.metrics.number_refused("body")

    def error(self, error: Exception) -> None:
        """Note what went wrong inside: the kind in the figures, the frames in the log, values in neither."""
        self.metrics.failed("internal")
        self.log.error("internal error", exc_info=error)


def _gathered(made: Iterable[tuple[bool, str, float]]) -> dict[tuple[bool, str], list[float]]:
    times: dict[tuple[bool, str], list[float]] = {}
    for lawful, outcome, seconds in made:
        times.setdefault((lawful, outcome), []).append(seconds)
    return times
