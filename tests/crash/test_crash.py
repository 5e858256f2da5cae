"""The real service killed with SIGKILL at named points and at any time, under load, on both databases."""

from __future__ import annotations

import os
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from api import failpoints
from tests.crash.__main__ import SEED
from tests.crash.checks import check
from tests.crash.load import Asked, History, Load
from tests.crash.place import Place
from tests.crash.rounds import POINTS, run
from tests.databases import Server, postgresql_server

__all__ = ["postgresql_server"]

ITERATIONS = int(os.environ.get("JOREI_CRASH_ITERATIONS", "12"))  # on each database
_LINKAGE = ("gate.", "inquiry.", "provision.", "mailbox.", "ack.")  # tests/linkage
_COMMAND = ("erase.", "ruleset.")  # tests/decision_log, tests/rulesets


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "sqlite":
        yield Place(tmp_path / "home", f"sqlite:///{tmp_path / 'jorei.db'}")
        return
    server: Server = request.getfixturevalue("postgresql_server")
    url = server.fresh()
    yield Place(tmp_path / "home", url)
    server.drop(url)


def test_killed_again_and_again(place: Place) -> None:
    """I1 to I5 and I7 hold after every end, and every point was one of them."""
    tally = run(place, ITERATIONS, SEED)
    assert tally.rounds == ITERATIONS
    if 2 * len(POINTS) <= ITERATIONS:
        assert set(tally.ended) == {*POINTS, "at any time"}
    assert tally.answered > 5 * ITERATIONS, "the load was none"
    assert tally.in_doubt >= ITERATIONS // 2, "nobody waited when the service died"
    assert tally.checkpoints > 0
    assert tally.redeemed > 0
    assert tally.replayed >= tally.answered


def test_every_point_that_the_service_reaches_is_among_them() -> None:
    others = {name for name in failpoints.NAMES if name.startswith(_LINKAGE + _COMMAND)}
    assert set(POINTS) == set(failpoints.NAMES) - others


def test_the_checks_see_what_is_wrong(tmp_path: Path) -> None:
    """A history that differs in one thing from what happened is told."""
    place = Place(tmp_path / "home", f"sqlite:///{tmp_path / 'jorei.db'}")
    with place.serving() as serving:
        load = Load(place, serving, SEED)
        while not load.history.seconds or not load.history.checkpoints:
            assert serving.process.poll() is None
        serving.kill()
        history = load.stop()
    assert check(place, history).answered > 0
    one = next(one for one in history.calls if one.path == "/v1/decisions" and "id" in one.text and one.answered)
    _told(place, history, deepcopy(one), one.text.replace('"id":"ev_', '"id":"ev_a'))
    _told(place, history, deepcopy(one), one.text)  # one index, answered twice
    used = next(one for one in history.calls if one.path.endswith("redeem") and one.answered)
    other = Asked(used.path, used.body, "act-another", status=200, text=used.text)
    _told(place, history, other, used.text)
    for wrong in (["used twice"], ["500"]):
        with pytest.raises(AssertionError):
            check(place, History(wrong=wrong))
    with place.database() as database, database.engine.begin() as connection:
        jti = used.said()["jti"]
        for table in ("permit_redemption", "permit_remote"):
            for trigger in connection.exec_driver_sql(
                f"SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'"
            ).fetchall():
                connection.exec_driver_sql(f"DROP TRIGGER {trigger[0]}")
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE jti = '{jti}'")
    with pytest.raises(AssertionError):
        check(place, history)


def _told(place: Place, history: History, added: Asked, text: str) -> None:
    added.text = text
    with pytest.raises(AssertionError):
        check(place, History(calls=[*history.calls, added], checkpoints=history.checkpoints))
    check(place, history)
