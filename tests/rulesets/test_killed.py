"""SIGKILL inside a publication: afterwards the old or the new bundle is in force, whole, and publishing goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random

import pytest

from api import failpoints
from api.decision_log import verify_at_start
from api.decision_log.keys import verifiers_of
from api.permits import epoch
from api.project import HOME
from api.publication import chain
from api.rulesets.drafts import State
from api.rulesets.shelf import Shelved, bundles
from tests.rulesets.conftest import CHIE, REQUEST, Office, refused

#: What is in force after the process ended there: the new bundle, or the old.
POINTS = {
    "ruleset.after-insert": False,
    "ruleset.after-epoch": False,
    "ruleset.before-commit": False,
    "ruleset.after-commit": True,
}
SEED = 20261126


def url_of(office: Office) -> str:
    return office.database.engine.url.render_as_string(hide_password=False)


@contextmanager
def started(office: Office, failpoint: str, *step: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.rulesets.publishing", url_of(office), str(office.home), *step]
    environment = os.environ | {failpoints.VARIABLE: failpoint}
    with subprocess.Popen(command, cwd=HOME, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def killed_at(office: Office, failpoint: str, *step: str) -> None:
    """Take a step that ends at a failpoint."""
    with started(office, failpoint, *step) as process:
        said, _ = process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL, (failpoint, said)
        assert said == "begun\n"


def after(office: Office, old: Shelved, draft: str) -> bool:
    """Whether the new bundle is in force; all that goes with it is there, or none of it is."""
    rules = office.rules()
    assert rules.refresh().ready, rules.status
    loaded = rules.current()
    new = loaded.name != old.name
    with office.database.read() as connection:
        shelved = bundles(connection)
        advanced = epoch.current(connection, "990088")
    assert loaded.name == shelved[-1].name
    assert len(shelved) == 1 + new
    assert advanced == 1 + new
    assert office.life.draft(draft).state is (State.PUBLISHED if new else State.APPROVED)
    assert loaded.desk.decide(REQUEST).lawful is not new  # the mended texts begin later
    assert loaded.second.agrees(loaded.judge.resolve(REQUEST), loaded.desk.decide(REQUEST))
    found = verify_at_start(office.database, office.home / "checkpoints", verifiers_of(office.keys))
    assert found.ok, found.faults
    return new


def go_on(office: Office, old: Shelved, draft: str, new: bool) -> None:
    """What was not published can be, and what was is not published twice."""
    office.clock.advance(timedelta(minutes=5))
    if new:
        refused("B0502", lambda: office.release.publish(draft, CHIE))
    else:
        office.release.publish(draft, CHIE)
    assert after(office, old, draft)


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_point_of_a_publication(office: Office, point: str) -> None:
    old = office.published()
    draft = office.approved(mended=True, base=old.name)
    killed_at(office, point, "publish", draft)
    new = after(office, old, draft)
    assert new is POINTS[point]
    go_on(office, old, draft, new)


def test_killed_at_any_time_of_a_publication(office: Office) -> None:
    old = office.published()
    draft = office.approved(mended=True, base=old.name)
    random = Random(SEED)
    for _ in range(4):
        with started(office, "", "publish", draft) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            time.sleep(random.uniform(0, 0.5))
            process.kill()
        if after(office, old, draft):
            break
    go_on(office, old, draft, after(office, old, draft))


def test_killed_while_texts_are_written(office: Office) -> None:
    """Texts that no draft names do no harm, and the same draft is made again over them."""
    old = office.published()
    killed_at(office, "ruleset.mid-write:2", "draft", old.name)
    with office.database.read() as connection:
        assert len(bundles(connection)) == 1
    assert list(office.store.rglob("*.part"))
    new = office.published(mended=True, base=old.name)
    rules = office.rules()
    assert rules.refresh().ready
    assert rules.current().name == new.name
    assert not rules.current().desk.decide(REQUEST).lawful


@pytest.mark.parametrize("point", ["ruleset.mid-write", "ruleset.before-record"])
def test_killed_while_the_chain_of_publications_is_written(office: Office, point: str) -> None:
    """The next worker that takes the bundle over writes what is missing, once."""
    made = office.published()
    killed_at(office, point, "record")
    for _ in range(2):
        office.clock.advance(timedelta(minutes=5))
        rules = office.rules(record=office.release.record_in_force)
        assert rules.refresh().ready
        kept = chain(office.store, office.clock.now())
        assert [one.manifest.digest for one in kept] == [made.digest]
    assert office.release.record_in_force() is None
    assert office.life.draft(made.draft).state is State.PUBLISHED


def test_every_point_is_among_them() -> None:
    named = {name for name in failpoints.NAMES if name.startswith("ruleset.")}
    assert named == {*POINTS, "ruleset.mid-write", "ruleset.before-record"}
