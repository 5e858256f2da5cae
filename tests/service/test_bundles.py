"""Published bundles in the service: every answer names the one it was made under, and permits follow what is in force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.clock import FixedClock
from api.decision_log import Journal
from api.keys import KeyRefused, KeyStore
from api.permits import Act
from api.permits.refusals import STALE_RULES
from api.publication import JAPAN, chain
from api.rulesets import Lifecycle, Release
from api.rulesets.recorded import replay
from api.service.context import ServiceContext
from api.service.settings import Settings
from api.storage.database import open_database
from tests.rulesets.conftest import REQUEST as USE
from tests.rulesets.conftest import Office
from tests.service.conftest import Running, caller, running

NOW = datetime(2016, 6, 1, 9, 0, tzinfo=JAPAN)  # a day that the rules of the small town know
TODAY = "2016-06-01"
ACT = {"name": "copy.register", "target": "copy", "handles": ["adr-kfmzq"]}
EVALUATE = "/access/v1/evaluation"
EVALUATION: dict[str, Any] = {
    "subject": {"type": "agency", "id": "町長"},
    "resource": {"type": "file", "id": "f"},
    "action": {"name": "use"},
    "context": {"municipality": "みなと町", "affair": "infant-medical", "procedure": "1", "on": "2016-05-01"},
}
REFUSED: dict[str, Any] = {"action": {"name": "can_read"}}
SMALL = caller("minato", body="990088", municipality="みなと町", agency="町長", section="子育て課")


@dataclass
class Town:
    """A service with a published bundle, and the office that publishes."""

    service: Running
    office: Office
    clock: FixedClock
    key: str

    @property
    def context(self) -> ServiceContext:
        return self.service.context

    def post(self, path: str, body: Any) -> dict[str, Any]:
        with self.service.as_(self.key) as client:
            answer = client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said

    def get(self, path: str) -> dict[str, Any]:
        with self.service.as_(self.key) as client:
            said: dict[str, Any] = client.get(path).json()
        return said

    def stop_looking(self) -> None:
        """From now on this worker does not see what is published until it is told to look."""
        self.context.rules.close()


@pytest.fixture
def town_service(database_url: str, tmp_path: Path) -> Iterator[Town]:
    clock = FixedClock(NOW)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    keys = KeyStore(home / "keys", clock)
    database = open_database(database_url)
    journal = Journal(database, clock)
    life = Lifecycle(database, home / "publications", keys, clock, journal=journal)
    office = Office(database, home, clock, keys, journal, life, Release(life))
    office.published()
    with running(Settings(home=home, database_url=database_url), None, clock) as service:
        yield Town(service, office, clock, service.add(SMALL))
    journal.close()
    database.close()


def test_every_answer_names_its_bundle(town_service: Town) -> None:
    service, office = town_service, town_service.office
    first = service.context.rules.current().name
    said = [service.post("/v1/decisions", USE), service.post("/v1/decisions?citations=ids", USE)]
    said += service.post("/v1/decisions", {"requests": [USE, USE]})["decisions"]
    granted = service.post("/v1/permits", {"request": USE | {"on": TODAY}, "act": ACT})
    said.append(granted["decision"])
    said.append(service.get(f"/v1/decisions/{said[0]['id']}"))
    said += [service.get(f"/v1/decisions/{said[0]['id']}/explanation"), service.post("/v1/attachments", USE)]
    said.append(service.post("/v1/explain", {"citation": "番号法第9条第2項"}))
    contexts = [service.post(EVALUATE, EVALUATION)]
    contexts += service.post("/access/v1/evaluations", EVALUATION | {"evaluations": [{}, REFUSED]})["evaluations"]
    said += [one["context"] for one in contexts]
    assert {one["bundle"] for one in said} == {first}
    assert all("bundle" not in one["decision"] for one in said if "decision" in one)  # not in what is replayed
    second = office.published(mended=True, base=first).name
    service.context.rules.refresh()
    assert first != second == service.post("/v1/decisions", USE)["bundle"]
    assert service.post(EVALUATE, EVALUATION)["context"]["bundle"] == second
    assert service.get(f"/v1/decisions/{said[0]['id']}")["bundle"] == first  # of the record, not of now
    again = replay(office.database, office.rules().of)
    assert (again.same, again.different, again.not_kept) == (10, 0, 0)


def test_the_same_call_again_names_the_bundle_of_the_first(town_service: Town) -> None:
    service, office = town_service, town_service.office
    first = service.context.rules.current().name
    bodies = {
        "/v1/decisions": USE,
        EVALUATE: EVALUATION,
        "/access/v1/evaluations": EVALUATION | {"evaluations": [{}, REFUSED]},
    }
    with service.service.as_(service.key) as client:

        def ask() -> list[bytes]:
            return [
                client.post(path, json=body, headers={"Idempotency-Key": f"key-{n}"}).content
                for n, (path, body) in enumerate(bodies.items())
            ]

        said = ask()
        office.published(mended=True, base=first)
        service.context.rules.refresh()
        assert ask() == said
    assert all(f'"bundle":"{first}"'.encode() in one for one in said)


# ---- permits ----------------------------------------------------------------------------------------


def test_a_worker_that_has_not_looked_issues_no_permit_under_the_old_rules(town_service: Town) -> None:
    """Two workers over one database: the one that has not polled must not issue with the new epoch."""
    service, office = town_service, town_service.office
    asked = {"request": USE | {"on": TODAY}, "act": ACT}
    first = service.context.rules.current()
    assert service.post("/v1/permits", asked)["permit"] is not None
    service.stop_looking()
    other = office.rules()
    other.refresh()
    second = office.published(mended=True, base=first.name)
    other.refresh()
    assert (other.current().name, service.context.rules.current().name) == (second.name, first.name)
    said = service.post("/v1/permits", asked)
    assert said["permit"] is None
    assert said["refusal"]["code"] == STALE_RULES
    assert said["decision"]["bundle"] == first.name
    service.context.rules.refresh()
    said = service.post("/v1/permits", asked)
    assert said["permit"] is not None
    assert said["decision"]["bundle"] == second.name


def test_automatic_answers_are_refused_a_permit_by_the_same_measure(town_service: Town) -> None:
    from linkage.permits_here import PermitsHere
    from linkage.refusal import Refusal

    service, office = town_service, town_service.office
    here = PermitsHere(service.context, "990088", "みなと町")
    act = Act("copy.register", "copy", ("adr-kfmzq",))
    assert here.permit(USE | {"on": TODAY}, act, "minato")
    service.stop_looking()
    office.published(mended=True, base=service.context.rules.current().name)
    with pytest.raises(Refusal, match=STALE_RULES):
        here.permit(USE | {"on": TODAY}, act, "minato")
    service.context.rules.refresh()
    assert here.permit(USE | {"on": TODAY}, act, "minato")


# ---- the chain of publications ----------------------------------------------------------------------


def test_what_came_into_force_stands_in_the_chain_of_publications(town_service: Town) -> None:
    """For `jorei … --known-at`: without anybody calling a command."""
    service, office = town_service, town_service.office

    def kept() -> list[str]:
        return [one.manifest.digest for one in chain(office.store, service.clock.now())]

    first = service.context.rules.current()
    assert kept() == [first.digest]
    service.clock.advance(timedelta(minutes=1))
    service.stop_looking()
    second = office.published(mended=True, base=first.name, on=NOW.date() + timedelta(days=1))
    service.context.rules.refresh()
    assert kept() == [first.digest]  # it is not in force yet
    service.clock.set(NOW + timedelta(days=1))
    service.context.rules.refresh()
    assert service.context.rules.current().name == second.name
    assert kept() == [first.digest, second.digest]


def test_a_key_refused_while_the_chain_is_written_stops_no_swap(town_service: Town) -> None:
    office = town_service.office

    def fails() -> None:
        raise KeyRefused("P0331", "壊れている", "直す")

    rules = office.rules(record=fails)
    assert rules.refresh().ready
    assert rules.current().name == town_service.context.rules.current().name
