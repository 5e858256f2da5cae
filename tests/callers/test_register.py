"""The register: what is written, what is kept of secrets, and that a change is felt at once, on both databases."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from api.callers import NotAuthenticated, RegisterUnavailable, Role
from api.callers.model import Caller
from api.callers.refused import RegisterRefused
from api.callers.register import Register
from api.callers.sealing import Sealer
from api.callers.tables import caller_key
from api.clock import FixedClock
from api.decision_log import JournalRefused
from api.keys import KeyStore
from api.permits.epoch import current
from api.storage.database import Database, open_database
from tests.callers.conftest import START, House, a_caller


def test_what_is_created_is_who_calls(house: House) -> None:
    made = house.add(agencies=frozenset({"教育委員会"}), per_minute=600)
    key = house.register.rotate_key(made.client_id)
    assert house.who(f"Bearer {key}") == made
    assert house.who(f"ApiKey {key}") == made
    assert house.who(key) == made, "AuthZEN's runners send the value as it is"


def test_an_api_key_is_kept_as_its_hash_only(house: House) -> None:
    house.add()
    key = house.register.rotate_key("child-medical")
    with house.database.read() as connection:
        kept = connection.execute(select(caller_key.c.hash)).scalar_one()
    assert bytes(kept) == hashlib.sha256(key.encode()).digest()
    assert key.startswith("jk_")
    assert len(key) == 3 + 52, "256 bits"


def test_a_secret_is_nowhere_in_the_database_in_clear(here: House, tmp_path: Path) -> None:
    here.add()
    secret, key = here.register.rotate_secret("child-medical"), here.register.rotate_key("child-medical")
    with here.database.begin() as connection:
        rows = [
            tuple(row)
            for table in ("caller", "caller_key", "log_payload", "log_entry")
            for row in connection.execute(text(f"SELECT * FROM {table}"))
        ]
    shown = b" ".join(v if isinstance(v, bytes) else str(v).encode() for row in rows for v in row)
    assert secret.encode() not in shown
    assert key.encode() not in shown
    kept = b"".join(p.read_bytes() for p in tmp_path.glob("jorei.db*"))
    assert secret.encode() not in kept
    assert key.encode() not in kept


def test_a_secret_sealed_for_one_client_does_not_open_for_another(keys: KeyStore) -> None:
    sealer = Sealer(keys)
    sealed = sealer.seal("js_secret", "one-client")
    assert sealer.unseal(sealed, "one-client") == "js_secret"
    with pytest.raises(RegisterRefused) as refused:
        sealer.unseal(sealed, "other-client")
    assert "js_secret" not in str(refused.value)
    flipped = sealed[:-1] + bytes([sealed[-1] ^ 1])
    with pytest.raises(RegisterRefused):
        sealer.unseal(flipped, "one-client")


def test_a_disabled_caller_is_refused_at_once_whatever_it_shows(house: House, clock: FixedClock) -> None:
    house.add()
    key, secret = house.register.rotate_key("child-medical"), house.register.rotate_secret("child-medical")
    clock.advance(timedelta(seconds=1))
    token, late = house.token(secret), house.assertion(secret)
    house.who(f"Bearer {key}")
    house.who(f"Bearer {token}")
    house.register.disable("child-medical")
    for credential in (key, token):
        with pytest.raises(NotAuthenticated):
            house.who(f"Bearer {credential}")
    assert house.ask_with(late).body["error"] == "invalid_client"


def test_another_process_feels_a_disabled_caller(database: Database, keys: KeyStore, clock: FixedClock) -> None:
    """Two houses on one database stand for two workers: only the database connects them."""
    one, other = House(database, keys, clock), House(database, keys, clock)
    one.add()
    key = one.register.rotate_key("child-medical")
    assert other.who(f"Bearer {key}").client_id == "child-medical"
    one.register.disable("child-medical")
    with pytest.raises(NotAuthenticated):
        other.who(f"Bearer {key}")


def test_in_the_process_that_changes_it_nothing_is_waited_for(build: Callable[..., House]) -> None:
    house = build()
    house.authenticator._every = 3_600.0
    house.add()
    key = house.register.rotate_key("child-medical")
    assert house.who(f"Bearer {key}").client_id == "child-medical"
    house.register.disable("child-medical")
    with pytest.raises(NotAuthenticated):
        house.who(f"Bearer {key}")


def test_what_was_remembered_lasts_a_second_at_most(
    sqlite_database: Database, keys: KeyStore, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = [1000.0]
    monkeypatch.setattr("api.callers.authenticator.time.monotonic", lambda: moment[0])
    one, other = House(sqlite_database, keys, clock), House(sqlite_database, keys, clock)
    other.authenticator._every = 1.0
    one.add()
    key = one.register.rotate_key("child-medical")
    other.who(f"Bearer {key}")
    one.register.disable("child-medical")
    moment[0] += 0.9
    other.who(f"Bearer {key}")
    moment[0] += 0.2
    with pytest.raises(NotAuthenticated):
        other.who(f"Bearer {key}")


def test_a_new_key_shuts_the_one_before_out(house: House) -> None:
    house.add()
    before, after = house.register.rotate_key("child-medical"), house.register.rotate_key("child-medical")
    with pytest.raises(NotAuthenticated):
        house.who(f"Bearer {before}")
    assert house.who(f"Bearer {after}").client_id == "child-medical"


def test_a_new_secret_shuts_the_one_before_and_its_tokens_out(house: House, clock: FixedClock) -> None:
    house.add()
    before = house.register.rotate_secret("child-medical")
    clock.advance(timedelta(seconds=1))
    token = house.token(before)
    house.who(f"Bearer {token}")
    after = house.register.rotate_secret("child-medical")
    with pytest.raises(NotAuthenticated):
        house.who(f"Bearer {token}")
    clock.advance(timedelta(seconds=1))
    assert house.ask_with(house.assertion(before)).status == 401
    house.who(f"Bearer {house.token(after)}")


def test_nobody_is_let_in_when_the_register_cannot_be_read(here: House) -> None:
    here.add()
    key = here.register.rotate_key("child-medical")
    here.who(f"Bearer {key}")
    with here.database.begin() as connection:
        connection.execute(text("ALTER TABLE caller_register RENAME TO gone"))
    with pytest.raises(RegisterUnavailable) as refused:
        here.who(f"Bearer {key}")
    assert refused.value.status == 503
    with here.database.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO caller_register"))
    assert here.who(f"Bearer {key}").client_id == "child-medical"


def test_every_change_is_in_the_decision_log_and_shutting_out_moves_the_epoch(house: House) -> None:
    house.add()
    house.register.rotate_key("child-medical")
    with house.database.read() as connection:
        before = current(connection, "042021")
    house.register.disable("child-medical")
    with house.database.read() as connection:
        assert current(connection, "042021") == before + 1
        leaves = connection.execute(text("SELECT kind, leaf FROM log_entry ORDER BY idx")).all()
    assert [kind for kind, _ in leaves] == ["caller"] * 3
    for (_, leaf), what in zip(leaves, ("created", "key", "disabled"), strict=True):
        assert f'"what":"{what}"'.encode() in bytes(leaf)


def test_somebody_can_be_shut_out_while_the_log_cannot_be_written(
    sqlite_database: Database, keys: KeyStore, clock: FixedClock
) -> None:
    def broken(*_: Any) -> None:
        raise JournalRefused("D0411", "止めています", "確かめてください")

    register = Register(sqlite_database, Sealer(keys), clock)
    register.create(a_caller())
    broken_register = Register(sqlite_database, Sealer(keys), clock, recorder=broken)
    with pytest.raises(JournalRefused):
        broken_register.create(a_caller("another-one"))
    broken_register.disable("child-medical")
    assert [(c.caller.client_id, c.disabled_ms is not None) for c in register.list()] == [("child-medical", True)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "A"},
        {"client_id": "c123456789012"},
        {"name": "番号１２３４５６７８９０１２"},
        {"section": "a\nb"},
        {"scopes": frozenset({"decision"})},
        {"scopes": frozenset({"jorei:ruleset:edit"})},
        {"roles": frozenset()},
        {"per_minute": 0},
        {"thumbprint": "short"},
    ],
    ids=str,
)
def test_what_no_caller_may_be_is_refused(here: House, wrong: dict[str, Any]) -> None:
    client_id = str(wrong.get("client_id", "child-medical"))
    rest = {name: value for name, value in wrong.items() if name != "client_id"}
    with pytest.raises(RegisterRefused) as refused:
        here.add(client_id, **rest)
    assert "123456789012" not in refused.value.lines()
    assert here.register.list() == []


def test_a_name_is_taken_once(house: House) -> None:
    house.add()
    with pytest.raises(RegisterRefused):
        house.add(role=Role.AUDITOR)
    assert len(house.register.list()) == 1


def test_a_caller_that_is_not_there_has_nothing_renewed(here: House) -> None:
    for change in (here.register.rotate_key, here.register.rotate_secret, here.register.disable):
        with pytest.raises(RegisterRefused):
            change("nobody-here")


def test_a_caller_survives_the_database_being_opened_anew(tmp_path: Path, keys: KeyStore) -> None:
    url = f"sqlite:///{tmp_path}/own.db"
    first = open_database(url)
    house = House(first, keys, FixedClock(START))
    made: Caller = house.add()
    key = house.register.rotate_key(made.client_id)
    first.close()
    second = open_database(url)
    assert House(second, keys, FixedClock(START)).who(f"Bearer {key}") == made
    second.close()
