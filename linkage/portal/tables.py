"""Tables of My Portal: log-ins, notices of services, and where in the log a person's entries stand."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

metadata = MetaData()

#: One-time log-in tickets, by the hash of what the counter hands out.
ticket = Table(
    "portal_ticket",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("person", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("representative", Text),
    Column("authority", Text),
    Column("issued_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger),
    Column("evaluation", Text, nullable=False),
)

#: Sessions, by the hash of their id.
session = Table(
    "portal_session",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("person", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("representative", Text),
    Column("authority", Text),
    Column("began_ms", BigInteger, nullable=False),
    Column("ends_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Column("evaluation", Text, nullable=False),
)

#: お知らせ: to everyone, or to one person.
notice = Table(
    "portal_notice",
    metadata,
    Column("id", Text, primary_key=True),
    Column("section", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("person", Text),
    Column("posted_ms", BigInteger, nullable=False),
    Column("first", Text, nullable=False),
    Column("last", Text),
    Column("evaluation", Text, nullable=False),
    Index("portal_notice_person", "person", "first"),
)

#: Entries of the log about a person that are no provision records: acts done, and acts refused.
trace = Table(
    "portal_trace",
    metadata,
    Column("person", Text, nullable=False),
    Column("idx", BigInteger, nullable=False),
    PrimaryKeyConstraint("person", "idx"),
)

#: How far the log has been read for them: one row.
position = Table(
    "portal_position",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("next", BigInteger, nullable=False),
)
