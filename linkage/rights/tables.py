"""Tables of the requests of the person. Steps are added, never changed."""

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

request = Table(
    "rights_request",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("application", LargeBinary, nullable=False),
    Column("course", LargeBinary, nullable=False),  # what moves the last day
    Column("received", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("outcome", Text),
    Column("article", Text),
    Column("explanation", Text),
    Column("decided", Text),
    Column("carried_out", Text),
    Index("rights_request_person", "person", "received"),
    Index("rights_request_state", "state"),
)

step = Table(
    "rights_step",
    metadata,
    Column("request", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("step", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("evaluation", Text, nullable=False),
    PrimaryKeyConstraint("request", "seq"),
)

#: 提供先への通知（個人情報保護法97条）.
notice = Table(
    "rights_notice",
    metadata,
    Column("id", Text, primary_key=True),
    Column("request", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("article", Text, nullable=False),
    Column("records", Integer, nullable=False),  # how many of its records it is about
    Column("made_ms", BigInteger, nullable=False),
    Column("sent_ms", BigInteger),
    Index("rights_notice_request", "request"),
    Index("rights_notice_sent", "sent_ms"),
)

#: What was decided about a provision record that was not right; the record itself stays as it was written.
annotation = Table(
    "rights_annotation",
    metadata,
    Column("record", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("day", Text, nullable=False),
    PrimaryKeyConstraint("record", "request"),
)
