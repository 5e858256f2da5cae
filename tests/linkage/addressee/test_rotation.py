"""Keys are rotated while the vault serves, and a rotation that was ended anywhere is taken up again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update

from api.keys import KeyStore
from api.storage.database import Database, open_database
from linkage.addressee import looking
from linkage.addressee import rotation as steps
from linkage.addressee.sealing import sealed_handle
from linkage.addressee.secrets import FolderSecrets
from linkage.addressee.values import Found
from linkage.addressee.vault import SEGMENTS, STRIDE, Vault, index_key
from linkage.refusal import Refusal
from linkage.storage.tables import vault_cell, vault_index, vault_key, vault_state
from tests.linkage.addressee.numbers import number
from tests.linkage.addressee.test_people import shown
from tests.linkage.world import OPERATOR, World

PEOPLE = 6


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    database = open_database(database_url)
    world = World(database, tmp_path)
    for place in range(PEOPLE):
        world.number(number(place), str(place))
    yield world
    database.close()


def everyone_is_there(world: World, people: int = PEOPLE) -> None:
    for place in range(people):
        found = world.search(number(place))
        assert found is not None
        assert found.current
        assert shown(world, found.handle)[0].number == number(place)


def keys(database: Database) -> list[tuple[int, str]]:
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(select(vault_key.c.id, vault_key.c.wrapped_by).order_by("id"))]


def test_every_cell_is_sealed_anew_and_old_keys_are_destroyed(world: World) -> None:
    with world.database.read() as connection:
        before = {(row.record, row.purpose): row.sealed for row in connection.execute(select(vault_cell))}
    assert list(world.rotation(batch=5, pause=0).keys()) == [5, 10, 2 * PEOPLE]
    with world.database.read() as connection:
        after = {(row.record, row.purpose): row for row in connection.execute(select(vault_cell))}
    assert after.keys() == before.keys()
    assert all(row.sealed != before[key] and row.key_id // STRIDE == 2 for key, row in after.items())
    cells = [id_ for id_, _ in keys(world.database) if id_ % STRIDE < SEGMENTS]
    assert cells == [2 * STRIDE + segment for segment in range(SEGMENTS)]
    assert {wrapped_by for _, wrapped_by in keys(world.database)} == {"kek-000002"}
    everyone_is_there(world)


def test_the_old_key_may_then_be_destroyed_and_not_before(world: World) -> None:
    rotation = world.rotation(pause=0)

    def unused() -> tuple[str, ...]:
        work = lambda ticket: steps.unused(ticket, world.vault, world.secrets.names())  # noqa: E731
        return world.gate.operate("vault.rotate", OPERATOR, work).result

    assert unused() == ()
    list(rotation.keys())
    assert unused() == ("kek-000001",)
    world.secrets.drop("kek-000001")
    with pytest.raises(ValueError):
        world.secrets.drop("kek-000002")
    fresh = Vault(FolderSecrets(world.keys))
    world.vault = fresh
    everyone_is_there(world)


def test_the_index_is_rotated(world: World) -> None:
    with world.database.read() as connection:
        before = set(connection.scalars(select(vault_index.c.blind)))
    assert list(world.rotation(batch=5, pause=0).index()) == [5, 10, 2 * PEOPLE]
    with world.database.read() as connection:
        rows = connection.execute(select(vault_index)).all()
        state = connection.execute(select(vault_state)).one()
    assert len(rows) == 2 * PEOPLE
    assert not before & {row.blind for row in rows}
    assert {row.generation for row in rows} == {2}
    assert (state.blinding, state.oldest_blinding) == (2, 2)
    assert [id_ for id_, _ in keys(world.database) if id_ % STRIDE >= SEGMENTS] == [index_key(2)]
    everyone_is_there(world)


def test_half_way_both_indexes_are_searched(world: World) -> None:
    run = world.rotation(batch=3, pause=0).index()
    assert next(run) == 3
    with world.database.read() as connection:
        assert set(connection.scalars(select(vault_index.c.generation))) == {1, 2}
    everyone_is_there(world)
    for place in range(PEOPLE):  # nobody is numbered a second time
        assert not world.number(number(place), str(place), system="zei").new
    assert world.number(number(99), "99").new
    assert list(run)[-1] == 2 * PEOPLE  # the new one stood under the new key from the first
    everyone_is_there(world)


def test_a_worker_with_old_keys_in_mind_goes_on(world: World) -> None:
    other = Vault(FolderSecrets(KeyStore(world.keys._folder, world.clock)))
    world.vault, mine = other, world.vault
    everyone_is_there(world)
    world.vault = mine
    list(world.rotation(pause=0).keys())
    list(world.rotation(pause=0).index())
    world.vault = other
    everyone_is_there(world)
    world.number(number(50), "50")
    world.vault = mine
    assert world.search(number(50)) is not None


def end(world: World, url: str, folder: Path, what: str, failpoint: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.linkage.addressee.rotating", url, str(folder), what]
    environment = {**os.environ, "JOREI_FAILPOINT": failpoint}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(("what", "again"), [("keys", "encrypt"), ("index", "again")])
@pytest.mark.parametrize("place", [1, 3])
def test_a_rotation_killed_anywhere_is_taken_up(
    world: World, database_url: str, tmp_path: Path, what: str, again: str, place: int
) -> None:
    ended = end(world, database_url, tmp_path, what, f"gate.before-commit:{place}")
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    everyone_is_there(world)
    ended = end(world, database_url, tmp_path, what if place == 1 else again, "")
    assert ended.returncode == 0, ended.stderr
    everyone_is_there(world)
    with world.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(vault_cell)) == 2 * PEOPLE
        assert connection.scalar(select(func.count()).select_from(vault_index)) == 2 * PEOPLE
        generations = {key_id // STRIDE for key_id in connection.scalars(select(vault_cell.c.key_id))}
        assert generations == {2 if what == "keys" else 1}
        assert set(connection.scalars(select(vault_index.c.generation))) == {2 if what == "index" else 1}


def test_rotation_under_load(world: World) -> None:
    """Searches and new people go on while everything is rotated; nobody is missed, nothing fails."""
    done = threading.Event()
    failures: list[BaseException] = []
    served = [0, 0]

    def search() -> None:
        while not done.is_set():
            for place in range(PEOPLE):
                found = world.search(number(place))
                if found is None or not found.current:
                    raise AssertionError(f"{place} was not found")
                served[0] += 1
                time.sleep(0.02)  # SQLite has no queue of writers: who asks again at once keeps the others out

    def enter() -> None:
        place = 1000
        while not done.is_set():
            known = world.number(number(place), str(place))
            if world.number(number(place), str(place), system="zei") != type(known)(known.handle, False):
                raise AssertionError(f"{place} was numbered twice")
            served[1] += 1
            place += 1
            time.sleep(0.02)

    def guarded(run: object) -> None:
        try:
            run()  # type: ignore[operator]
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(run,)) for run in (search, enter)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(2):
            list(world.rotation(batch=40).keys())
            list(world.rotation(batch=40).index())
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert not failures
    assert min(served) > 0
    everyone_is_there(world)
    with world.database.read() as connection:
        assert {row // STRIDE for row in connection.scalars(select(vault_cell.c.key_id))} <= {2, 3}


# ---- keys and cells that are wrong ---------------------------------------------------------------


def look(world: World, place: int) -> None:
    found = world.search(number(place))
    assert isinstance(found, Found)
    shown(world, found.handle)


def refusal(world: World, place: int = 0) -> str:
    with pytest.raises(Refusal) as raised:
        look(world, place)
    return raised.value.code


def test_another_key_folder_opens_nothing(world: World, tmp_path: Path) -> None:
    other = KeyStore(tmp_path / "other", world.clock)
    FolderSecrets(other).active()
    world.secrets = FolderSecrets(other)
    world.vault = Vault(world.secrets)
    assert refusal(world) == "G0631"  # same name of the key, other key
    world.vault = Vault(FolderSecrets(KeyStore(tmp_path / "empty", world.clock)))
    assert refusal(world) == "G0631"


def test_what_was_sealed_for_other_keys_is_not_opened(world: World, tmp_path: Path) -> None:
    sealed = world.sealed(number(0))
    world.vault = Vault(FolderSecrets(KeyStore(tmp_path / "empty", world.clock)))
    with pytest.raises(Refusal) as raised:
        world.do("addressee.search", (sealed_handle(sealed),), lambda t: looking.search(t, world.vault, sealed))
    assert raised.value.code == "G0634"


def test_a_vault_without_keys_refuses(database: Database, tmp_path: Path) -> None:
    world = World(database, tmp_path, set_up=False)
    world.secrets.active()
    with pytest.raises(Refusal) as raised:
        world.number(number(1), "1")
    assert raised.value.code == "G0633"


def test_a_cell_moved_to_another_person_is_not_shown(world: World) -> None:
    with world.database.begin() as connection:
        rows = connection.execute(select(vault_cell).where(vault_cell.c.purpose == "number")).all()
        for row, other in zip(rows, rows[1:] + rows[:1], strict=True):
            moved = {"sealed": other.sealed, "key_id": other.key_id}
            connection.execute(update(vault_cell).where(vault_cell.c.record == row.record).values(moved))
    assert {refusal(world, place) for place in range(PEOPLE)} == {"G0632"}


def test_a_flipped_bit_is_not_shown(world: World) -> None:
    with world.database.begin() as connection:
        for row in connection.execute(select(vault_cell).where(vault_cell.c.purpose == "number")).all():
            flipped = bytes([*row.sealed[:-1], row.sealed[-1] ^ 1])
            connection.execute(update(vault_cell).where(vault_cell.c.record == row.record).values(sealed=flipped))
    assert refusal(world) == "G0632"


def test_a_wrapped_key_put_in_the_place_of_another_opens_nothing(world: World) -> None:
    with world.database.begin() as connection:
        connection.execute(text("UPDATE vault_key SET wrapped = (SELECT wrapped FROM vault_key WHERE id = 768)"))
    world.vault = Vault(world.secrets)
    assert {refusal(world, place) for place in range(PEOPLE)} == {"G0631"}
