"""The invariants of ../docs/VERIFICATION.md, checked on a database that outlived its service, and on the next life."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

import httpx
import msgspec
from sqlalchemy import Connection, func, select, text, update

from api.decision_log import consistency_proof, head, note, root_at, verify
from api.decision_log.keys import verifiers_of
from api.decision_log.merkle import verify_consistency
from api.permits.tables import permit_remote
from api.service.idempotency import key_of
from api.storage.database import Database
from api.storage.tables import idempotency, log_entry, permit_redemption
from tests.crash.load import REDEEM, Asked, History
from tests.crash.place import Place

_UNDER_WAY_MS = 30_000  # how long a claim without a record counts as under way
_YOUNG = 50.0  # seconds in which a permit must still be good


@dataclass(frozen=True)
class Found:
    """What a check looked at, so that a test can see that it did."""

    size: int
    answered: int
    in_doubt: int
    checkpoints: int
    redeemed: int


def quiet(place: Place) -> None:
    """On PostgreSQL, wait until the sessions of a killed service ended: one may still be committing."""
    if not place.url.startswith("postgresql"):
        return
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with place.database() as database, database.engine.connect() as connection:
        until = time.monotonic() + 30
        while connection.scalar(text(others)):
            assert time.monotonic() < until, "sessions of a dead service stay"
            connection.rollback()
            time.sleep(0.01)


def check(place: Place, history: History) -> Found:
    """I1 to I4 on the database of a service that is dead."""
    quiet(place)
    assert history.wrong == [], history.wrong[:3]
    with place.database() as database:
        found = verify(database, place.home / "checkpoints", verifiers_of(place.keys))
        assert found.ok, found.faults
        with database.read() as connection:
            answered = _answered(connection, history)
            size = _contiguous(connection)
            signed = _checkpoints(connection, place, history)
            redeemed = _redeemed(connection, history)
        in_doubt = sum(one.status is None for one in history.calls)
        return Found(size, answered, in_doubt, signed, redeemed)


def _answered(connection: Connection, history: History) -> int:
    """I3: what was answered stands at the index that was answered, once."""
    said = [pair for one in history.calls for pair in one.decisions()]
    assert len({index for _, index in said}) == len(said), "two answers with one index"
    assert len({id_ for id_, _ in said}) == len(said), "two answers with one identifier"
    kept: dict[str, int] = {row.id: row.idx for row in connection.execute(select(log_entry.c.id, log_entry.c.idx))}
    missing = [pair for pair in said if kept.get(pair[0]) != pair[1]]
    assert missing == [], f"answered, not in the log: {missing}"
    return len(said)


def _contiguous(connection: Connection) -> int:
    """I4: indexes from 0 on, without gaps, as far as the head says."""
    size = head(connection).size
    count, least, most = connection.execute(
        select(func.count(), func.min(log_entry.c.idx), func.max(log_entry.c.idx))
    ).one()
    assert (count, least, most) == (size, 0 if size else None, size - 1 if size else None)
    return size


def _checkpoints(connection: Connection, place: Place, history: History) -> int:
    """I4: the log goes on from every checkpoint that a client was given."""
    size = head(connection).size
    last = root_at(connection, size)
    for signed in history.checkpoints:
        given = note.verify(signed, tuple(verifiers_of(place.keys)))
        assert given.size <= size, "a client holds a checkpoint beyond the log"
        if given.size:
            proof = consistency_proof(connection, given.size, size)
            assert verify_consistency(given.size, size, proof, given.root, last)
    return len(history.checkpoints)


def _redeemed(connection: Connection, history: History) -> int:
    """I1 and I2: a use, its receipt and its entry stand together, once; behind each stands an issued permit."""
    uses = set(connection.scalars(select(permit_redemption.c.jti)))
    receipts = list(connection.execute(select(permit_remote.c.jti, permit_remote.c.act_id)))
    leaves = [
        msgspec.json.decode(leaf)["permit"]
        for leaf in connection.scalars(select(log_entry.c.leaf).where(log_entry.c.kind == "redemption"))
    ]
    assert Counter(leaves) == dict.fromkeys(uses, 1)
    assert {one.jti for one in receipts} == uses
    issued = set(connection.scalars(select(log_entry.c.id).where(log_entry.c.kind == "permit")))
    assert uses <= issued, "redeemed, never issued"
    kept = {(one.jti, one.act_id) for one in receipts}
    for one in history.of(REDEEM):
        if one.answered:
            assert (one.said()["jti"], one.key) in kept, "told that it was redeemed, and it was not"
    return len(uses)


def retry(place: Place, client: httpx.Client, history: History, most: int = 40) -> int:
    """I5 in the next life: keys sent again get what was answered; those in doubt get one answer, and keep it."""
    doubtful = [one for one in history.calls if one.status is None]
    with place.database() as database:
        claimed = _claims(database)
        _age(database)
    for one in doubtful:
        first, second = one.again(client), one.again(client)
        if one.path == REDEEM:
            _redeem_settled(place, client, one, first, second)
            continue
        assert first.status_code == 200, first.text
        if one.path.endswith("/outcome"):
            continue
        assert second.status_code == 200, second.text
        assert first.content == second.content, "one key, two answers"
        one.status, one.text = 200, first.text
        if not one.path.endswith("evaluations") and len(one.decisions()) == 1:
            identifier = claimed.get(key_of(one.key.encode()))
            assert identifier in (None, one.decisions()[0][0]), "not the evaluation that was claimed"
    answered = [one for one in history.calls if one.answered and one not in doubtful]
    for one in answered[-most:]:
        again = one.again(client)
        assert again.status_code == 200, again.text
        if one.path == REDEEM:
            assert again.json() == one.said() | {"again": True}
        else:
            assert again.json() == one.said(), f"answered otherwise than before: {one.path} {one.text} {again.text}"
    return len(doubtful)


def _redeem_settled(
    place: Place, client: httpx.Client, one: Asked, first: httpx.Response, second: httpx.Response
) -> None:
    other = Asked(REDEEM, one.body, f"{one.key}-other").again(client)
    if first.status_code != 200:
        assert time.monotonic() - one.at > _YOUNG, first.text  # it ran out while the service was down
        assert other.status_code != 200
        return
    assert second.json() == first.json() | {"again": True}
    assert other.status_code == 409, other.text


def _claims(database: Database) -> dict[str, str]:
    with database.read() as connection:
        rows = connection.execute(select(idempotency.c.key, idempotency.c.response))
        return {row.key: bytes(row.response).decode() for row in rows}


def _age(database: Database) -> None:
    """Let half a minute pass for the claims: until then a key without a record counts as under way (409)."""
    with database.begin() as connection:
        connection.execute(update(idempotency).values(expires_ms=idempotency.c.expires_ms - _UNDER_WAY_MS))
