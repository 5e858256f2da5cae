"""The service against a model of a few lines, in random histories, on both databases."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from api.clock import today
from api.decision_log import consistency_proof, erase_all, head, note, root_at, verify
from api.decision_log.keys import verifiers_of
from api.decision_log.merkle import verify_consistency
from api.permits import epoch, remote
from api.service.idempotency import Claim, Idempotency
from tests.databases import Server, postgresql_server
from tests.service.conftest import system_log
from tests.stateful.house import CITY, SYSTEMS, TOWN, House, Template

__all__ = ["postgresql_server", "system_log"]

RUNS = int(os.environ.get("JOREI_STATEFUL_RUNS", "10"))
STEPS = int(os.environ.get("JOREI_STATEFUL_STEPS", "25"))
#: Shrinking a history takes minutes: only when asked for.
PHASES = [Phase.generate, *([Phase.shrink] if os.environ.get("JOREI_STATEFUL_SHRINK") else [])]
ACTS = [{"name": "copy.register", "target": "copy", "handles": [handle]} for handle in ("adr-kfmzq", "adr-other")]
LIFE = 60  # seconds of a permit
DAY = 24 * 3600


@dataclass
class Kept:
    """A call under a key, and what it was answered."""

    who: str
    path: str
    body: dict[str, Any]
    key: str
    said: Any
    at: float  # seconds since the start


@dataclass
class Permit:
    """A permit as the model knows it."""

    token: str
    who: str
    act: dict[str, Any]
    whole_second: int  # of its issue
    epoch: int
    day: int
    used_as: str | None = None


@dataclass
class Model:
    """What the service should be."""

    size: int
    seconds: float = 0.0  # since noon of the first day
    mended: bool = True
    epoch: int = 0
    disabled: set[str] = field(default_factory=set)
    indexes: dict[str, int] = field(default_factory=dict)  # evaluation → place
    days: dict[str, int] = field(default_factory=dict)  # evaluation → day of its record
    erased_before: int = -1  # day
    keys: int = 0
    switches: int = 0

    @property
    def day(self) -> int:
        """Days since the first, in Japan."""
        return int((self.seconds + DAY / 2) // DAY)

    def lawful(self, kind: str) -> bool:
        """What the texts of the town say: from January 2016 on, the mended ones from April 2016 on."""
        return {"today": True, "february": not self.mended, "before": False, "unknown": False}[kind]


KINDS = st.sampled_from(["today", "today", "february", "before"])
CALLERS = st.sampled_from(SYSTEMS)


class Machine(RuleBasedStateMachine):
    """Every rule does one thing to both, and holds what the service said against what the model says."""

    make: Callable[[], tuple[House, Callable[[], None], Template]]

    kept = Bundle("kept")
    permits = Bundle("permits")

    def __init__(self) -> None:
        super().__init__()
        self.house, self.thrown_away, self.template = self.make()
        self.notes: list[str] = []
        self.model = Model(self.size())
        with self.house.context.database.read() as connection:
            self.model.epoch = epoch.current(connection, TOWN)

    def teardown(self) -> None:
        self.house.end()
        self.thrown_away()

    def size(self) -> int:
        """Entries of the log."""
        with self.house.context.database.read() as connection:
            return head(connection).size

    def request(self, kind: str) -> dict[str, Any]:
        day = {"today": today(self.house.clock).isoformat(), "february": "2016-02-01", "before": "2015-12-01"}[kind]
        return {
            "action": "use",
            "municipality": "みなと町",
            "agency": "町長",
            "affair": "infant-medical",
            "procedure": "1",
            "on": day,
        }

    def evaluation(self, kind: str) -> dict[str, Any]:
        asked = self.request(kind)
        del asked["agency"], asked["action"]
        return {
            "subject": {"type": "agency", "id": "町長"},
            "resource": {"type": "file", "id": "infant-medical"},
            "action": {"name": "use"},
            "context": asked,
        }

    def recorded(self, said: dict[str, Any]) -> None:
        """A decision that was answered stands at the end of the log."""
        identifier, index = said.get("id") or said["evaluation_id"], said["log"]["index"]
        assert index == self.model.size
        assert identifier not in self.model.indexes
        self.model.indexes[identifier] = index
        self.model.days[identifier] = self.model.day
        self.model.size += 1

    def new_key(self) -> str:
        self.model.keys += 1
        return f"act-key-{self.model.keys}"

    # --- calls -----------------------------------------------------------------------------------

    @initialize()
    def begin(self) -> None:
        assert self.size() == self.model.size

    @rule(target=kept, who=CALLERS, kind=KINDS)
    def decide(self, who: str, kind: str) -> Any:
        return self.asked(who, "/v1/decisions", self.request(kind), kind, lambda said: said)

    @rule(target=kept, who=CALLERS, kind=KINDS)
    def evaluate(self, who: str, kind: str) -> Any:
        return self.asked(who, "/access/v1/evaluation", self.evaluation(kind), kind, lambda said: said["context"])

    def asked(self, who: str, path: str, body: Any, kind: str, place: Callable[[Any], Any]) -> Any:
        key = self.new_key()
        answer = self.house.send(who, "POST", path, body, key)
        if who in self.model.disabled:
            assert answer.status_code == 401
            return None
        assert answer.status_code == 200, answer.text
        said = answer.json()
        lawful = said["decision"] if path.startswith("/access") else said["decision"]["lawful"]
        assert lawful is self.model.lawful(kind)
        self.recorded(place(said))
        return Kept(who, path, body, key, said, self.model.seconds)

    @rule(who=CALLERS, kinds=st.lists(KINDS, min_size=1, max_size=4))
    def decide_several(self, who: str, kinds: list[str]) -> None:
        answer = self.house.send(who, "POST", "/v1/decisions", {"requests": [self.request(kind) for kind in kinds]})
        if who in self.model.disabled:
            assert answer.status_code == 401
            return
        for kind, said in zip(kinds, answer.json()["decisions"], strict=True):
            assert said["decision"]["lawful"] is self.model.lawful(kind)
            self.recorded(said)

    @rule(one=kept)
    def again(self, one: Kept | None) -> None:
        """The same key and body: the same answer, whatever was published or which time it became meanwhile."""
        if one is None or self.model.seconds - one.at >= DAY:
            return
        answer = self.house.send(one.who, "POST", one.path, one.body, one.key)
        if one.who in self.model.disabled:
            assert answer.status_code == 401
            return
        assert answer.status_code == 200, answer.text
        assert answer.json() == one.said

    @rule(one=kept)
    def key_for_another_request(self, one: Kept | None) -> None:
        if one is None or self.model.seconds - one.at >= DAY or one.who in self.model.disabled:
            return
        body = self.request("before") | {"procedure": "9"} if one.path == "/v1/decisions" else None
        if body is not None:
            answer = self.house.send(one.who, "POST", one.path, {**self.request("before"), "facts": {}}, one.key)
            assert answer.status_code == 422
            assert answer.json()["type"] == "urn:jorei:problem:idempotency-key-reused"

    @rule(target=permits, who=CALLERS, kind=KINDS, act=st.sampled_from(ACTS))
    def permit(self, who: str, kind: str, act: dict[str, Any]) -> Any:
        body = {"request": self.request(kind), "act": act}
        key = self.new_key()
        answer = self.house.send(who, "POST", "/v1/permits", body, key)
        if who in self.model.disabled:
            assert answer.status_code == 401
            return None
        assert answer.status_code == 200, answer.text
        said = answer.json()
        self.recorded(said["decision"])
        assert self.house.send(who, "POST", "/v1/permits", body, key).content == answer.content
        if kind != "today":
            assert said["permit"] is None
            assert said["refusal"]["code"] == ("P0302" if self.model.lawful(kind) else "P0301")
            return None
        self.model.size += 1
        assert said["decision"]["decision"]["lawful"] is True
        return Permit(said["permit"]["token"], who, act, int(self.model.seconds), self.model.epoch, self.model.day)

    @rule(one=permits, who=CALLERS, act=st.sampled_from(ACTS))
    def redeem(self, one: Permit | None, who: str, act: dict[str, Any]) -> None:
        """By anybody, for any act, under a new id: once, by whom, for what and as long as it is good."""
        if one is not None:
            self.redeemed(one, who, act, self.new_key())

    @rule(one=permits)
    def redeem_properly(self, one: Permit | None) -> None:
        if one is not None:
            self.redeemed(one, one.who, one.act, self.new_key())

    @rule(one=permits)
    def redeem_again(self, one: Permit | None) -> None:
        if one is not None and one.used_as is not None:
            self.redeemed(one, one.who, one.act, one.used_as)

    def redeemed(self, one: Permit, who: str, act: dict[str, Any], act_id: str) -> None:
        answer = self.house.send(who, "POST", "/v1/permits/redeem", {"permit": one.token, "act": act}, act_id)
        if who in self.model.disabled:
            assert answer.status_code == 401
        elif who != one.who:
            assert answer.status_code == 403, answer.text
        elif one.used_as is not None:
            assert answer.status_code == (200 if (act_id, act) == (one.used_as, one.act) else 409), answer.text
            if answer.status_code == 200:
                assert answer.json()["again"] is True
        elif act != one.act or not self.good(one):
            assert answer.status_code in (403, 409), answer.text
        else:
            assert answer.status_code == 200, answer.text
            assert answer.json()["again"] is False
            one.used_as = act_id
            self.model.size += 1

    def good(self, one: Permit) -> bool:
        model = self.model
        return (
            model.seconds < one.whole_second + LIFE and model.day == one.day and model.epoch == one.epoch
        )  # a rule set published since moved the epoch too

    # --- what happens around ---------------------------------------------------------------------

    @rule(body=st.sampled_from([TOWN, epoch.EVERYBODY, CITY]))
    def something_is_taken_back(self, body: str) -> None:
        with self.house.context.database.begin() as connection:
            epoch.advance(connection, body, "試験", self.house.clock)
        if body != CITY:
            self.model.epoch += 1

    @precondition(lambda self: self.model.switches < 2)
    @rule()
    def another_rule_set(self) -> None:
        """Back to the other texts, by two persons; permits issued before are stale."""
        before = self.size()
        self.house.back_to(self.template.first if self.model.mended else self.template.mended)
        self.model.mended = not self.model.mended
        self.model.switches += 1
        self.moved()
        assert self.size() > before
        self.model.size = self.size()

    def moved(self) -> None:
        """The epoch went on, by how much is not the model's to say."""
        with self.house.context.database.read() as connection:
            now = epoch.current(connection, TOWN)
        assert now > self.model.epoch
        self.model.epoch = now

    @precondition(lambda self: not self.model.disabled)
    @rule(who=CALLERS)
    def caller_shut_out(self, who: str) -> None:
        """It is refused at once, and so are the permits of its municipality."""
        self.house.context.callers.register.disable(who)
        self.model.disabled.add(who)
        self.moved()
        self.model.size += 1

    @rule(step=st.sampled_from([0.4, 1, 20, 59, 61, 3_600, 11 * 3_600 + 3_590, DAY, 400 * DAY]))
    def time_passes(self, step: float) -> None:
        if self.model.seconds + step > 2_500 * DAY:
            return  # beyond the time of the Act nothing can be decided
        self.house.clock.advance(timedelta(seconds=step))
        self.model.seconds += step

    @rule(step=st.sampled_from([5, 3_600]), who=CALLERS)
    def clock_set_back(self, step: int, who: str) -> None:
        """While it is behind the log nothing is answered; then as before."""
        if who in self.model.disabled:
            return
        self.decide(who, "before")
        self.house.clock.advance(timedelta(seconds=-step))
        answer = self.house.send(who, "POST", "/v1/decisions", self.request("today"))
        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:jorei:problem:log-unavailable"
        self.house.clock.advance(timedelta(seconds=step))

    @rule()
    def restart(self) -> None:
        self.house.restart()

    @rule()
    def checkpoint(self) -> None:
        """Signed, of this size, and every one before leads to it."""
        answer = self.house.send("kansa", "GET", "/v1/log/checkpoint")
        assert answer.status_code == 200
        self.notes.append(answer.text)
        keys = tuple(verifiers_of(self.house.context.keys))
        made = [note.verify(one, keys) for one in self.notes]
        assert made[-1].size == self.model.size
        with self.house.context.database.read() as connection:
            assert root_at(connection, made[-1].size) == made[-1].root
            for one in made:
                proof = consistency_proof(connection, one.size, made[-1].size)
                assert verify_consistency(one.size, made[-1].size, proof, one.root, made[-1].root)

    @rule()
    def verified_over_http(self) -> None:
        said = self.house.send("kansa", "POST", "/v1/log/verify").json()
        assert (said["ok"], said["size"]) == (True, self.model.size)

    @rule()
    def erase(self) -> None:
        """What was kept for its year is erased; the log stays whole."""
        now = today(self.house.clock)
        if erase_all(self.house.context.database, now, self.house.clock):
            self.model.size = self.size()
            self.model.erased_before = self.model.day

    @precondition(lambda self: self.model.indexes)
    @rule(data=st.data())
    def read_back(self, data: st.DataObject) -> None:
        identifier = data.draw(st.sampled_from(sorted(self.model.indexes)))
        who = next(one for one in SYSTEMS if one not in self.model.disabled)
        answer = self.house.send(who, "GET", f"/v1/decisions/{identifier}")
        assert answer.status_code in (200, 404, 410)
        if answer.status_code == 200:
            assert answer.json()["log"]["index"] == self.model.indexes[identifier]
        age = self.model.erased_before - self.model.days[identifier]
        if answer.status_code == 410:
            assert age > 365
        elif answer.status_code == 200:
            assert age <= 367

    # --- always ----------------------------------------------------------------------------------

    @invariant()
    def the_log_is_whole(self) -> None:
        context = self.house.context
        found = verify(context.database, context.settings.checkpoints, verifiers_of(context.keys))
        assert found.ok, found.faults
        assert found.size == self.model.size, "an entry more or less than the model has"


@pytest.fixture(params=["sqlite", "postgresql"])
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], tuple[House, Callable[[], None], Template]]]:
    """Makes a fresh installation for each history."""
    monkeypatch.setenv("JOREI_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    folder = tmp_path_factory.mktemp("stateful")
    if request.param == "sqlite":
        template = Template(folder, f"sqlite:///{folder / 'template' / 'jorei.db'}")
        with closing(sqlite3.connect(folder / "template" / "jorei.db")) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        def fresh() -> tuple[House, Callable[[], None], Template]:
            home = Path(tempfile.mkdtemp(dir=folder)) / "home"
            house_url = f"sqlite:///{home.parent / 'jorei.db'}"
            shutil.copyfile(folder / "template" / "jorei.db", home.parent / "jorei.db")
            return template.copy(home, house_url), lambda: shutil.rmtree(home.parent), template

        yield fresh
        return
    server: Server = request.getfixturevalue("postgresql_server")
    url = server.fresh()
    template = Template(folder, url)

    def copied() -> tuple[House, Callable[[], None], Template]:
        home = Path(tempfile.mkdtemp(dir=folder)) / "home"
        own = server._create(url.rsplit("/", 1)[-1].partition("?")[0])
        return template.copy(home, own), lambda: server.drop(own), template

    yield copied
    server.drop(url)


Made = Callable[[], tuple[House, Callable[[], None], Template]]


def test_random_histories(made: Made) -> None:
    check(made, RUNS)


@pytest.mark.parametrize("made", ["sqlite"], indirect=True)
@pytest.mark.parametrize("fault", ["epoch", "caller", "key"])
def test_the_machine_sees_a_fault(made: Made, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one safeguard taken out of the service, the model and the service part."""
    machine = bound(made)()
    try:
        story(machine, fault)  # as it is, they agree
        machine.the_log_is_whole()
        if fault == "epoch":
            monkeypatch.setattr(epoch, "held", lambda connection, body: AnyNumber(epoch.current(connection, body)))
        elif fault == "caller":
            monkeypatch.setattr(remote, "addressed", lambda *_, **__: None)
        else:
            monkeypatch.setattr(
                Idempotency, "_within", lambda self, connection, client, key, print_, new: Claim(new, False)
            )
        with pytest.raises(AssertionError):
            story(machine, fault)
    finally:
        machine.teardown()


def story(machine: Machine, fault: str) -> None:
    """A short history in which the safeguard matters."""
    if fault == "key":
        machine.again(machine.decide("kosodate", "today"))
        return
    shown = machine.permit("kosodate", "today", ACTS[0])
    if fault == "epoch":
        machine.something_is_taken_back(TOWN)
        machine.redeem_properly(shown)
    else:
        machine.redeem(shown, "zeimu", ACTS[0])


class AnyNumber(int):
    """Equal to every number."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = int.__hash__


def bound(made: Made) -> type[Machine]:
    """The machine over a kind of database."""
    return type("Bound", (Machine,), {"make": staticmethod(made)})


def check(made: Made, runs: int) -> None:
    """Run the machine."""
    run_state_machine_as_test(
        bound(made),
        settings=settings(
            max_examples=runs,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            phases=PHASES,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
