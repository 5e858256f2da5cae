"""Clients that ask all the while, and the history of what they were answered."""

from __future__ import annotations

import itertools
import json
import threading
import time
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from tests.crash.place import Place, Serving
from tests.service.conftest import EVALUATION, REQUEST, UNLAWFUL, today

CLIENTS = 4
ACT = {"name": "copy.register", "target": "copy", "handles": ["adr-kfmzq"]}
#: What a call may be answered under load; all else is a fault. 409 of a retried key: its first call is under way.
EXPECTED = {200, 503}
_numbers = itertools.count()


@dataclass
class Asked:
    """One call with an Idempotency-Key: what was sent, and what came of it (status None: nobody knows)."""

    path: str
    body: Any
    key: str
    at: float = field(default_factory=time.monotonic)
    status: int | None = None
    text: str = ""

    @property
    def answered(self) -> bool:
        """Whether it was said to be done."""
        return self.status == 200

    def said(self) -> Any:
        """The answer."""
        return json.loads(self.text)

    def send(self, client: httpx.Client) -> bool:
        """Send it; whether any answer came."""
        self.at = time.monotonic()
        try:
            answer = client.post(self.path, json=self.body, headers={"Idempotency-Key": self.key})
        except httpx.HTTPError:
            return False
        self.status, self.text = answer.status_code, answer.text
        return True

    def again(self, client: httpx.Client) -> httpx.Response:
        """The same call once more."""
        return client.post(self.path, json=self.body, headers={"Idempotency-Key": self.key})

    def decisions(self) -> list[tuple[str, int]]:
        """Identifier and index of each decision in the answer."""
        if not self.answered or self.path in (REDEEM,) or self.path.endswith("/outcome"):
            return []
        said = self.said()
        if "decisions" in said:
            several = said["decisions"]
        elif "evaluations" in said:
            several = [one["context"] for one in said["evaluations"]]
        else:
            several = [said.get("context", said["decision"] if "permit" in said else said)]
        return [(one.get("id") or one["evaluation_id"], one["log"]["index"]) for one in several]


REDEEM = "/v1/permits/redeem"


@dataclass
class History:
    """Everything that was asked in one life of the service, by all clients."""

    calls: list[Asked] = field(default_factory=list)
    seconds: list[Asked] = field(default_factory=list)  # permits shown for a second act
    checkpoints: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def of(self, path: str) -> list[Asked]:
        """The calls of a path."""
        return [one for one in self.calls if one.path == path]


class Load:
    """Several threads; each stops at the first call that is not answered."""

    def __init__(self, place: Place, serving: Serving, seed: int, *, patient: bool = False) -> None:
        self._place, self._serving, self._patient = place, serving, patient
        self.history = History()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        targets = [(self._client, (Random(f"{seed}-{n}"),)) for n in range(CLIENTS)]
        self._threads = [threading.Thread(target=call, args=given) for call, given in targets]
        self._threads.append(threading.Thread(target=self._auditor))
        for thread in self._threads:
            thread.start()

    def stop(self) -> History:
        """End, and tell."""
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in self._threads)
        return self.history

    def _client(self, random: Random) -> None:
        with self._place.client(self._serving) as client:
            while not self._stop.is_set():
                if not self._step(client, random):
                    return

    def _auditor(self) -> None:
        with self._place.client(self._serving, self._place.auditor) as client:
            while not self._stop.wait(0.03):
                try:
                    answer = client.get("/v1/log/checkpoint")
                except httpx.HTTPError:
                    return
                if answer.status_code == 200:
                    self.history.checkpoints.append(answer.text)
                elif answer.status_code != 503:
                    self.history.wrong.append(f"checkpoint: {answer.status_code} {answer.text}")

    def _step(self, client: httpx.Client, random: Random) -> bool:
        kind = random.randrange(8)
        if kind < 3:
            return self._ask(client, "/v1/decisions", random.choice((REQUEST, UNLAWFUL))) is not None
        if kind == 3:
            return self._ask(client, "/access/v1/evaluation", EVALUATION) is not None
        if kind == 4:
            several = EVALUATION | {"evaluations": [{}, {"action": {"name": "use"}}]}
            return self._ask(client, "/access/v1/evaluations", several) is not None
        if kind == 5:
            return self._ask(client, "/v1/decisions", {"requests": [REQUEST, UNLAWFUL, REQUEST]}) is not None
        return self._permit(client)

    def _ask(self, client: httpx.Client, path: str, body: Any, key: str | None = None) -> Asked | None:
        """None: no answer, so this client gives up."""
        one = Asked(path, body, key or f"act-{next(_numbers)}-of-the-load")
        with self._lock:
            self.history.calls.append(one)
        if not one.send(client):
            return None
        if one.status not in EXPECTED:
            self.history.wrong.append(f"{path}: {one.status} {one.text}")
        if one.status == 503 and self._patient:
            time.sleep(0.05)
        return one

    def _permit(self, client: httpx.Client) -> bool:
        """A permit, redeemed, shown for a second act, and reported."""
        issued = self._ask(client, "/v1/permits", {"request": REQUEST | {"on": today()}, "act": ACT})
        if issued is None:
            return False
        if not issued.answered:
            return True
        permit = issued.said()["permit"]
        if permit is None:
            self.history.wrong.append(f"no permit: {issued.text}")
            return True
        used = self._ask(client, REDEEM, {"permit": permit["token"], "act": ACT})
        if used is None:
            return False
        if not used.answered:
            return True
        second = Asked(REDEEM, used.body, f"{used.key}-second")
        if not second.send(client):
            return False
        self.history.seconds.append(second)
        if second.status not in (409, 503):
            self.history.wrong.append(f"used twice: {second.status} {second.text}")
        path = f"/v1/permits/{permit['jti']}/outcome"
        return self._ask(client, path, {"outcome": "completed"}, used.key) is not None
