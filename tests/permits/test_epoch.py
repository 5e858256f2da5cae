"""Epochs only go forward, one for each municipality and one for all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from api.clock import FixedClock
from api.permits import epoch
from api.storage.database import Database
from tests.permits.office import NOW


def test_forward_only(database: Database) -> None:
    clock = FixedClock(NOW)

    def move(body: str | None) -> int:
        with database.begin() as connection:
            return epoch.advance(connection, body, "規則の公開", clock)

    def now(body: str | None) -> int:
        with database.read() as connection:
            return epoch.current(connection, body)

    assert now("042021") == now(None) == 0
    assert [move("042021"), move("042021")] == [1, 2]
    assert (now("042021"), now("041009"), now(None)) == (2, 0, 0)
    move(epoch.EVERYBODY)
    assert (now("042021"), now("041009"), now(None)) == (3, 1, 1)
    move(None)
    assert (now("042021"), now("041009"), now(None)) == (3, 1, 2)
    with database.begin() as connection:
        assert epoch.held(connection, "042021") == 3
        assert epoch.held(connection, "131016") == 1
    assert now("131016") == 1


def test_none_is_lost_in_parallel(database: Database) -> None:
    clock = FixedClock(NOW)

    def move(_: int) -> None:
        with database.begin() as connection:
            epoch.advance(connection, "042021", "取消し", clock)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(move, range(40)))
    with database.read() as connection:
        assert epoch.current(connection, "042021") == 40
