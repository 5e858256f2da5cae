"""The simulator's own tables, in a database of its own. No Individual Number, no name, nothing that was provided in clear."""

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
    UniqueConstraint,
)

metadata = MetaData()

member = Table(
    "network_member",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("sign", Text, nullable=False),
    Column("seal", Text, nullable=False),
)

agency = Table(
    "network_agency",
    metadata,
    Column("code", Text, primary_key=True),
    Column("member", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("designations", Text, nullable=False),  # JSON list
)

assessment = Table(
    "network_assessment",
    metadata,
    Column("agency", Text, nullable=False),
    Column("subject", Text, nullable=False),  # JM… of the requester's affair, TM… of the provider's file
    Column("state", Text, nullable=False),
    Column("published", Text),
    Column("set_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("agency", "subject"),
)

#: 符号. Only the network can go from one agency's code to another's.
link_code = Table(
    "network_link_code",
    metadata,
    Column("code", Text, primary_key=True),
    Column("agency", Text, nullable=False),
    Column("person", Text, nullable=False),
    UniqueConstraint("agency", "person"),
)

#: J-LIS part: synthetic residents by the hash of their reference.
resident = Table(
    "jlis_resident",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("person", Text, nullable=False, unique=True),
)

#: J-LIS part: acquisition numbers by their hash; deleted when used or past their time.
acquisition = Table(
    "jlis_acquisition",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("agency", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Index("jlis_acquisition_expires", "expires_ms"),
)

inquiry = Table(
    "network_inquiry",
    metadata,
    Column("processing_number", Text, primary_key=True),
    Column("member", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # of the whole message: a repeated one is the same
    Column("provider_member", Text, nullable=False),
    Column("requester", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("provider_name", Text, nullable=False),
    Column("state", Text, nullable=False),  # notified | provided | refused
    Column("accepted_ms", BigInteger, nullable=False),
    Column("answered_ms", BigInteger),
    Column("answer_digest", LargeBinary),
    UniqueConstraint("member", "record_id"),
)

#: What waits for a member. A message is deleted when the member has kept it.
mailbox = Table(
    "network_mailbox",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("member", Text, nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("network_mailbox_member", "member", "due_ms"),
)

#: 番号法23条3項: one row when asked, one when answered; never changed.
record = Table(
    "network_record",
    metadata,
    Column("processing_number", Text, nullable=False),
    Column("event", Text, nullable=False),  # request | answer
    Column("person", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("processing_number", "event"),
    Index("network_record_person", "person"),
)
