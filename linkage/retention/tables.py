"""Tables of retention: cases by procedure, holds, erasure jobs and what each of them erased."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text

from linkage.storage.tables import NAMES

metadata = MetaData(naming_convention=NAMES)

#: A person's case in a procedure: for how long what belongs to it is needed.
case = Table(
    "retention_case",
    metadata,
    Column("id", Text, primary_key=True),
    Column("handle", Text, nullable=False),
    Column("affair", Text, nullable=False),
    Column("procedure", Text, nullable=False),
    Column("opened", Text, nullable=False),
    Column("closed", Text),
    Column("keep_until", Text),
    Index(None, "handle"),
    Index(None, "keep_until"),
)

#: 消去の保留: an open request of the person, or a dispute.
hold = Table(
    "retention_hold",
    metadata,
    Column("id", Text, primary_key=True),
    Column("handle", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("source", Text, nullable=False),  # id of the request or of the dispute
    Column("placed", Text, nullable=False),
    Column("released", Text),
    Column("why_released", Text),
    Index(None, "handle"),
    Index(None, "source"),
)

#: Erasure jobs. `certificate` is there once it is done.
job = Table(
    "retention_job",
    metadata,
    Column("id", Text, primary_key=True),
    Column("before", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("finished_ms", BigInteger),
    Column("certificate", LargeBinary),
)

#: What each step of a job erased, written in the transaction that erased it.
done = Table(
    "retention_done",
    metadata,
    Column("job", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("operation", Text, nullable=False),
    PrimaryKeyConstraint("job", "kind", "seq"),
)

#: One row: whoever erases, and whoever holds back, has it alone.
lock = Table("retention_lock", metadata, Column("id", Integer, primary_key=True, autoincrement=False))
