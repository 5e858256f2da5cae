"""The tables of the service. Times are milliseconds UTC, days ISO text, hashes and bodies blobs.

Owners of other parts may declare their tables in a module of their own, `tables.py` of their package, on this
`metadata`. Every table also stands in `migrations/versions`, written out; tests/storage compares the two.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, LargeBinary, MetaData, Table, Text

#: 64 bits; on SQLite the row's own number when it is the key.
Long = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    }
)

#: One row: how far the log goes, and the roots of its perfect subtrees, largest first.
log_head = Table(
    "log_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("chain", LargeBinary, nullable=False),  # SHA-256(chain before ‖ hash of the newest leaf)
    Column("peaks", LargeBinary, nullable=False),
    Column("newest_ms", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="single"),
)

log_entry = Table(
    "log_entry",
    metadata,
    Column("idx", Long, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("leaf", LargeBinary, nullable=False),  # canonical JSON, public
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("prev_hash", LargeBinary, nullable=False),  # the chain before this entry
)

#: Roots of perfect subtrees at the levels 8, 16, 24 …
log_node = Table(
    "log_node",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("pos", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
)

#: What a leaf commits to. Erased after its time; the leaf stays.
log_payload = Table(
    "log_payload",
    metadata,
    Column("idx", Long, primary_key=True, autoincrement=False),
    Column("salt", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("retain_until", Text),
    Index(None, "retain_until"),
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("size", Long, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

#: Permits used. Kept for ever.
permit_redemption = Table(
    "permit_redemption",
    metadata,
    Column("jti", Text, primary_key=True),
    Column("evaluation_id", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("redeemed_ms", BigInteger, nullable=False),
)

#: What a permit was decided under, by municipality.
state_epoch = Table(
    "state_epoch",
    metadata,
    Column("body", Text, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
)

#: Answers kept so that a call that is made again is answered as the first time.
idempotency = Table(
    "idempotency",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", Integer),  # none while the first call is under way
    Column("response", LargeBinary),
    Column("expires_ms", BigInteger, nullable=False),
    Index(None, "expires_ms"),
)

#: Tables whose rows are never changed or removed: triggers say so.
APPEND_ONLY = ("log_entry", "log_node", "checkpoint", "permit_redemption")
