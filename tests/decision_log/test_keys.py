"""The key of the log out of the key store, rotated and revoked."""

from __future__ import annotations

from pathlib import Path

from api.decision_log import publish, verify, verify_at_start
from api.decision_log.keys import ORIGIN, signer_of, verifiers_of
from api.keys import KeyStore, Purpose, State
from api.storage.database import Database
from tests.decision_log.helping import clock, grow


def test_rotated_and_revoked(sqlite_database: Database, tmp_path: Path) -> None:
    keys, outside = KeyStore(tmp_path / "keys", clock()), tmp_path / "outside"
    grow(sqlite_database, 3)
    first = signer_of(keys)
    assert first.name == ORIGIN
    publish(sqlite_database, outside, first, clock(), verifiers_of(keys))
    kid = next(key.kid for purpose, key, _ in keys.listed() if purpose is Purpose.CHECKPOINT)

    keys.rotate(Purpose.CHECKPOINT)
    grow(sqlite_database, 2)
    publish(sqlite_database, outside, signer_of(keys), clock(), verifiers_of(keys))
    assert signer_of(keys).verifier != first.verifier
    found = verify(sqlite_database, outside, verifiers_of(keys))
    assert (found.ok, found.checkpoints) == (True, 2)

    keys.revoke(kid)
    assert [state for _, _, state in keys.listed()] == [State.REVOKED, State.ACTIVE]
    assert [one.revoked for one in verifiers_of(keys)] == [True, False]
    found = verify(sqlite_database, outside, verifiers_of(keys))
    assert (found.ok, found.checkpoints) == (True, 1)
    assert verify_at_start(sqlite_database, outside, verifiers_of(keys)).begun_at == 5
