"""Tables of the files: which were created, the records in them, and their versions. What a version says is in the vault."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text

from linkage.storage.tables import NAMES

metadata = MetaData(naming_convention=NAMES)

#: Files that were created. `file` is the id in the register of assessments, which tells agency, affair and name.
file = Table(
    "file_created",
    metadata,
    Column("file", Text, primary_key=True),
    Column("evaluation", Text, nullable=False),  # the decision it rests on
    Column("created_ms", BigInteger, nullable=False),
    Column("closed_ms", BigInteger),
)

#: Records; `current` is the version that counts.
record = Table(
    "file_record",
    metadata,
    Column("id", Text, primary_key=True),
    Column("file", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("current", Integer, nullable=False),
    Index(None, "person"),
    Index(None, "file"),
)

#: Every version, with the decision by which it was written, and the case (retention) that says how long it is kept.
version = Table(
    "file_version",
    metadata,
    Column("record", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("evaluation", Text, nullable=False),
    Column("caller", Text, nullable=False),
    Column("written_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("record", "version"),
)
