"""What the tests of the log share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api import ids
from api.clock import FixedClock
from api.decision_log import Entry, Receipt, append, publish, verify
from api.decision_log.note import Checkpoint, Signer
from api.decision_log.verification import Verification
from api.publication import JAPAN
from api.storage.database import Database

ORIGIN = "jorei.example/log"
MORNING = datetime(2026, 11, 26, 9, tzinfo=JAPAN)
RETAINED = date(2027, 3, 31)


def signer(seed: int = 1) -> Signer:
    return Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


def clock(**later: int) -> FixedClock:
    return FixedClock(MORNING + timedelta(**later))


def entry(n: int = 0, *, retain: date | None = RETAINED) -> Entry:
    body = f'{{"n":{n},"request":"転入した者の税額"}}'.encode()
    return Entry(ids.new("ev"), "decision", {"outcome": "lawful", "ruleset": "sha256:ab"}, body, retain)


def grow(database: Database, sizes: Iterable[int] | int) -> list[Receipt]:
    """Append entries; one transaction for each size."""
    receipts: list[Receipt] = []
    for size in [sizes] if isinstance(sizes, int) else sizes:
        with database.begin() as connection:
            receipts += append(connection, [entry(n) for n in range(size)], clock())
    return receipts


def signed(database: Database, folder: Path) -> Checkpoint:
    return publish(database, folder, signer(), clock())[0]


def verified(database: Database, folder: Path) -> Verification:
    return verify(database, folder, signer().verifier)


def tamper(
    database: Database, *statements: str, tables: Sequence[str] = ("log_entry", "log_node", "checkpoint")
) -> None:
    """Do what only one who may drop triggers can do."""
    with database.begin() as connection:
        for table in tables:
            names = ["update", "delete"] + (["truncate"] if database.dialect == "postgresql" else [])
            on = f" ON {table}" if database.dialect == "postgresql" else ""
            for name in names:
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_{name}{on}")
        for statement in statements:
            assert connection.exec_driver_sql(statement).rowcount != 0, statement
