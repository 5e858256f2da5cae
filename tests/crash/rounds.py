"""Lives of one service, each ended by SIGKILL, and all that was said in them held against the next."""

from __future__ import annotations

import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from api.project import load
from api.rulesets import ActiveRules
from api.rulesets.recorded import replay
from tests.crash.checks import check, retry
from tests.crash.load import History, Load
from tests.crash.place import Place

#: The points that the service reaches, and how late it may be ended there (number of the arrival).
POINTS = {
    "idempotency.after-claim": 40,
    "journal.before-insert": 60,
    "journal.before-commit": 60,
    "journal.after-commit": 60,
    "checkpoint.mid-write": 6,
    "checkpoint.before-rename": 6,
}
_PATIENCE = 60.0


@dataclass
class Tally:
    """What was done and seen."""

    ended: Counter[str] = field(default_factory=Counter)  # lives, by what ended them
    answered: int = 0
    in_doubt: int = 0
    checkpoints: int = 0
    redeemed: int = 0
    replayed: int = 0

    @property
    def rounds(self) -> int:
        """Lives."""
        return sum(self.ended.values())


def endings(count: int, random: Random, *, workers: bool) -> list[tuple[str, int]]:
    """How each life ends: at a named point, or (an empty name) at any time, in turn; and the number of workers.

    Every point comes up before one comes up again. A life that ends at a counted arrival begins with nothing else, so
    it is the one after it that repeats the calls.
    """
    made: list[tuple[str, int]] = []
    while len(made) < count:
        points = list(POINTS.items())
        random.shuffle(points)
        for number, (name, most) in enumerate(points):
            made += [(f"{name}:{random.randint(1, most)}", 1), ("", 2 if workers and number == 0 else 1)]
    return made[:count]


def run(place: Place, count: int, seed: int) -> Tally:
    """End the service so many times.

    Raises:
        AssertionError: An invariant does not hold; the message of the round has the seed.
    """
    random = Random(seed)
    tally = Tally()
    pending: list[History] = []
    for number, (failpoint, workers) in enumerate(endings(count, random, workers=place.url.startswith("post"))):
        try:
            _life(place, failpoint, workers, random, tally, pending)
        except BaseException as error:
            error.add_note(f"seed {seed}, round {number}, {failpoint or 'at any time'}, {workers} workers")
            raise
    with place.serving() as serving, place.client(serving) as client:
        for history in pending:
            retry(place, client, history, most=10_000)
    _replay(place, tally)
    return tally


def _life(place: Place, failpoint: str, workers: int, random: Random, tally: Tally, pending: list[History]) -> None:
    with place.serving(failpoint, workers) as serving:
        if not failpoint:
            with place.client(serving) as client:
                for before in pending:
                    retry(place, client, before)
            pending.clear()
        load = Load(place, serving, random.getrandbits(32))
        try:
            if not failpoint:
                time.sleep(random.uniform(0.1, 0.9))
                serving.kill()
            until = time.monotonic() + _PATIENCE
            while serving.process.poll() is None:
                assert time.monotonic() < until, f"{failpoint} was not reached"
                time.sleep(0.005)
            assert serving.ended() == -signal.SIGKILL
        finally:
            if serving.process.poll() is None:
                serving.kill()
            history = load.stop()
    found = check(place, history)
    tally.ended[failpoint.partition(":")[0] or "at any time"] += 1
    tally.answered += found.answered
    tally.in_doubt += found.in_doubt
    tally.checkpoints += found.checkpoints
    tally.redeemed = found.redeemed
    pending.append(history)


def _replay(place: Place, tally: Tally) -> None:
    """I7: every recorded decision comes out again, byte by byte."""
    with place.database() as database:
        rules = ActiveRules(database, place.home / "publications", place.keys, place.clock, files=load())
        try:
            again = replay(database, rules.of)
        finally:
            rules.close()
    assert again.ok, again.found
    assert again.same == again.decisions > 0
    tally.replayed = again.same
